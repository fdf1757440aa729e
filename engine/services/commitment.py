"""Storage Commitment Push Model as provider, and what its user heeds (PS3.4 Annex J)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.model.commitment import (
    FAILED_SOPS,
    FAILURE_REASON,
    FAILURES_EXIST,
    REFERENCED_CLASS,
    REFERENCED_INSTANCE,
    REFERENCED_SOPS,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    SUCCESSFUL,
    TRANSACTION_UID,
)
from engine.model.dataset import DataElement, DataSet

from .effects import Notify, Request
from .rules import (
    CLASS_INSTANCE_CONFLICT,
    INVALID_ARGUMENT,
    NO_SUCH_INSTANCE,
    NormalizedStore,
    Refusal,
    Result,
    Rules,
    sequence,
)

RETRIEVE_AE_TITLE = 0x00080054

HeldClass = Callable[[str], str]
"""SOP Class UID of a stored instance by its UID, "" when it is not held."""


def sorted_out(items: Iterable[DataSet], held: HeldClass) -> tuple[tuple[DataSet, ...], tuple[DataSet, ...]]:
    """References to what is held, and those to what is not with their Failure Reason (PS3.3 C.14.1.1)."""
    good: list[DataSet] = []
    bad: list[DataSet] = []
    for item in items:
        have = held(item.text(REFERENCED_INSTANCE))
        if have and have == item.text(REFERENCED_CLASS):
            good.append(item)
        else:
            reason = CLASS_INSTANCE_CONFLICT if have else NO_SUCH_INSTANCE
            bad.append(item.put(FAILURE_REASON, "US", str(reason)))
    return tuple(good), tuple(bad)


@dataclass(slots=True)
class CommitmentRules(Rules):
    """PS3.4 J.3: the request is answered at once, the result follows as an event report."""

    held: HeldClass

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        if uid != STORAGE_COMMITMENT_INSTANCE:
            raise Refusal(NO_SUCH_INSTANCE)
        transaction, items = data.text(TRANSACTION_UID), data.items(REFERENCED_SOPS)
        if not transaction or not items:
            raise Refusal(INVALID_ARGUMENT)
        good, bad = sorted_out(items, self.held)
        told = DataSet((DataElement(TRANSACTION_UID, "UI", (transaction,)),))
        told = told.put(RETRIEVE_AE_TITLE, "AE", request.called_ae_title)
        told = told.merged(sequence(REFERENCED_SOPS, *good)) if good else told
        told = told.merged(sequence(FAILED_SOPS, *bad)) if bad else told
        event = Notify(
            sop_class_uid=STORAGE_COMMITMENT,
            sop_instance_uid=STORAGE_COMMITMENT_INSTANCE,
            event_type_id=FAILURES_EXIST if bad else SUCCESSFUL,
            data=told,
        )
        return Result(events=(event,))

    def heed(self, request: Request, event: int, data: DataSet) -> None:
        """A result without its transaction or without references says nothing."""
        needed = FAILED_SOPS if event == FAILURES_EXIST else REFERENCED_SOPS
        if not data.text(TRANSACTION_UID) or not data.items(needed):
            raise Refusal(INVALID_ARGUMENT)
