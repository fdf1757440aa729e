"""What a modality reports: the step it performs, the instances it wants kept, the instances that are available."""

from __future__ import annotations

from engine.model.commitment import Asked
from engine.model.dataset import DataSet
from engine.standard.lean import dataclass

from .base import Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePerformedStep(Procedure):
    """N-CREATE of a Modality Performed Procedure Step (PS3.4 F.7.2.1)."""

    sop_instance_uid: str
    attributes: DataSet


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePerformedStep(Procedure):
    """N-SET of a Modality Performed Procedure Step, to complete or discontinue it, or while it goes on (PS3.4
    F.7.2.2)."""

    sop_instance_uid: str
    changes: DataSet


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCommitment(Procedure):
    """N-ACTION of Storage Commitment, then its N-EVENT-REPORT on whatever association (PS3.4 J.3)."""

    transaction_uid: str
    asked: tuple[Asked, ...]
    seconds: float = 10.0
    """How long the report is waited for; 0: not at all."""
    listening: bool = False
    """Somebody listens on this side, so the report may come on an association the SCP opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitCommitment(Procedure):
    """Keep an association open for the N-EVENT-REPORT of an earlier request: some SCPs report on the next association
    of the SCU (PS3.4 J.3.3)."""

    transaction_uid: str
    asked: tuple[Asked, ...]
    seconds: float = 30.0
    listening: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyAvailability(Procedure):
    """N-CREATE of Instance Availability Notifications, one for each study (PS3.4 R.3.2)."""

    notifications: tuple[tuple[str, DataSet], ...]
    """(SOP Instance UID, attributes) of each."""
