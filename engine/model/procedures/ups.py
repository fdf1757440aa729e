"""Unified procedure steps: create, perform, look at, watch (PS3.4 Annex CC)."""

from __future__ import annotations

from dataclasses import field

from engine.model.dataset import DataSet
from engine.standard.lean import dataclass
from engine.standard.ups import UPS_GLOBAL

from .base import Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStep(Procedure):
    """N-CREATE of a step (PS3.4 CC.2.5). sop_instance_uid "": the provider chooses it."""

    attributes: DataSet
    sop_instance_uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStep(Procedure):
    """Change UPS State to IN PROGRESS (PS3.4 CC.2.1). The Transaction UID is the key to the step from then on."""

    sop_instance_uid: str
    transaction_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep(Procedure):
    """N-SET of a step (PS3.4 CC.2.6). transaction_uid "": none is sent, as for a step that is still SCHEDULED.
    changes without a Transaction UID."""

    sop_instance_uid: str
    changes: DataSet
    transaction_uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishStep(Procedure):
    """Set what the final state needs, then Change UPS State to it (PS3.4 CC.2.1, CC.2.5.1.1).

    state: COMPLETED or CANCELED. attributes: set first, () nothing. check: read the step before, and go no further
    when the final state needs more than there is.
    """

    sop_instance_uid: str
    transaction_uid: str
    state: str
    attributes: DataSet = field(default_factory=DataSet)
    check: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCancel(Procedure):
    """Request UPS Cancel of a step somebody else performs (PS3.4 CC.2.2). information: Table CC.2.2-1, all optional."""

    sop_instance_uid: str
    information: DataSet = field(default_factory=DataSet)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStep(Procedure):
    """N-GET of a step (PS3.4 CC.2.7). attributes: tags, () all there are. context_uid: abstract syntax of the context,
    "" whichever of Watch, Pull and Push is accepted."""

    sop_instance_uid: str
    attributes: tuple[int, ...] = ()
    context_uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSubscription(Procedure):
    """Subscribe, unsubscribe, or suspend the global subscription (PS3.4 CC.2.3).

    action: Action Type ID 3, 4 or 5. sop_instance_uid: a step, or a well-known instance for all. keys: of a filtered
    global subscription. seconds: how long the initial event of a single step is waited for, 0 not at all: it comes to
    the receiving AE, which may be another than we.
    """

    action: int
    receiving_ae: str
    sop_instance_uid: str = UPS_GLOBAL
    deletion_lock: bool = False
    keys: DataSet = field(default_factory=DataSet)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSteps(Procedure):
    """Subscribe, tell of the events as they come until the user cancels, unsubscribe (PS3.4 CC.2.3, CC.2.4).

    seconds, most: an end before that. tries: how often the association is opened again when it ends meanwhile; 0 leaves
    it. elsewhere: event reports also come on associations the provider opens to us, so that its end is not the end.
    keep: do not unsubscribe.
    """

    receiving_ae: str
    sop_instance_uid: str = UPS_GLOBAL
    deletion_lock: bool = False
    keys: DataSet = field(default_factory=DataSet)
    seconds: float | None = None
    most: int | None = None
    tries: int = 0
    pause: float = 5.0
    elsewhere: bool = False
    keep: bool = False
