"""Storage Commitment Push Model as provider, and what its user heeds (PS3.4 Annex J)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace

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
from engine.model.emulation import CommitmentOptions, ReportOn
from engine.model.limits import MIB
from engine.model.objects import COMMITMENTS
from engine.standard.lean import dataclass

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
from .state import Change, Record, State

RETRIEVE_AE_TITLE = 0x00080054
DUPLICATE_TRANSACTION = 0x0131
"""Failure Reason: the Transaction UID is in use already (PS3.3 C.14.1.1)."""

NO_CHOICE = CommitmentOptions()
HeldClass = Callable[[str], str]
"""SOP Class UID of a stored instance by its UID, "" when it is not held."""


def sorted_out(
    items: Iterable[DataSet], held: HeldClass, options: CommitmentOptions = NO_CHOICE
) -> tuple[tuple[DataSet, ...], tuple[DataSet, ...]]:
    """References to what is held, and those to what is not with their Failure Reason (PS3.3 C.14.1.1).

    options: which fail by choice.
    """
    good: list[DataSet] = []
    bad: list[DataSet] = []
    for number, item in enumerate(items, start=1):
        if options.fail_every and number % options.fail_every == 0:
            bad.append(item.put(FAILURE_REASON, "US", str(options.reason)))
            continue
        uids = item.texts(REFERENCED_INSTANCE)
        have = held(uids[0]) if len(uids) == 1 else ""  # the item is told as it is: no other UID may stand in it
        if have and item.texts(REFERENCED_CLASS) == (have,):
            good.append(item)
        else:
            reason = CLASS_INSTANCE_CONFLICT if have else NO_SUCH_INSTANCE
            bad.append(item.put(FAILURE_REASON, "US", str(reason)))
    return tuple(good), tuple(bad)


@dataclass(slots=True)
class CommitmentRules(Rules):
    """PS3.4 J.3: the request is answered at once, the result follows as an event report.

    Transactions are kept, so that one under way outlives the process and none is taken twice: the second request of a
    Transaction UID fails in its report, and what is kept of the first stays as it is.
    """

    held: HeldClass
    state: State
    options: CommitmentOptions = field(default_factory=CommitmentOptions)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        """N-ACTION: safekeeping is asked for; what is kept is reported apart (PS3.4 J.3.2, J.3.3)."""
        if uid != STORAGE_COMMITMENT_INSTANCE:
            raise Refusal(NO_SUCH_INSTANCE)
        transaction, items = data.text(TRANSACTION_UID), data.items(REFERENCED_SOPS)
        if not transaction or len(data.texts(TRANSACTION_UID)) > 1 or not items:
            raise Refusal(INVALID_ARGUMENT)
        used = transaction in self.state.commitments
        good, bad = sorted_out(items, self.held, self.options)
        if used:  # reported or not: a Transaction UID is never used again (PS3.4 J.3.3)
            good, bad = (), tuple(i.put(FAILURE_REASON, "US", str(DUPLICATE_TRANSACTION)) for i in items)
        told = DataSet((DataElement(TRANSACTION_UID, "UI", (transaction,)),))
        told = told.put(RETRIEVE_AE_TITLE, "AE", request.called_ae_title)
        told = told.merged(sequence(REFERENCED_SOPS, *good)) if good else told
        told = told.merged(sequence(FAILED_SOPS, *bad)) if bad else told
        record = Record(STORAGE_COMMITMENT, transaction, told.merged(_private(request.calling_ae_title)))
        if not used:
            kept = self.state.commitments
            while len(kept) and (len(kept) >= MAX_TRANSACTIONS or kept.size > MAX_SIZE):
                kept.remove(next(iter(kept)))
            kept.put(transaction, record)
        return Result(events=(replace(report_of(record, self.options), receiver=""),))

    def heed(self, request: Request, event: int, data: DataSet) -> None:
        """A result without its transaction or without references says nothing."""
        needed = FAILED_SOPS if event == FAILURES_EXIST else REFERENCED_SOPS
        if not data.text(TRANSACTION_UID) or not data.items(needed):
            raise Refusal(INVALID_ARGUMENT)


MAX_TRANSACTIONS, MAX_SIZE = 10_000, 256 * MIB
"""Kept to be looked at, for as long as there are no more of them and they take no more memory, half a million
references: the oldest goes first. Nothing is refused for it, so that nobody needs to set it."""
_CREATOR, _RECEIVER, _REPORTED = 0x00090010, 0x00091001, 0x00091002
"""Private attributes of a kept transaction: whom its report is for, and whether it was taken."""


def _private(receiver: str) -> DataSet:
    rows = ((_CREATOR, "LO", "DIMSE CONSOLE"), (_RECEIVER, "AE", receiver), (_REPORTED, "CS", "NO"))
    return DataSet(tuple(DataElement(tag, vr, (value,)) for tag, vr, value in rows))


def report_of(record: Record, options: CommitmentOptions) -> Notify:
    """The event report of a transaction (PS3.4 J.3.3)."""
    told = record.attributes.without(_CREATOR, _RECEIVER, _REPORTED)
    return Notify(
        sop_class_uid=STORAGE_COMMITMENT,
        sop_instance_uid=STORAGE_COMMITMENT_INSTANCE,
        event_type_id=FAILURES_EXIST if told.items(FAILED_SOPS) else SUCCESSFUL,
        data=told,
        receiver=record.attributes.text(_RECEIVER),
        route=options.report,
        delay=options.delay,
        # Where no other association may take it, the one it belongs to is over for good.
        retries=0 if options.report is ReportOn.SAME else options.retries,
        retry_after=options.retry_after,
    )


def committed(changes: Iterable[Change]) -> tuple[str, ...]:
    """SOP Instance UIDs whose safekeeping is promised by what was changed."""
    records = (c.after for c in changes if c.shelf == COMMITMENTS and c.before is None and c.after is not None)
    return tuple(i.text(REFERENCED_INSTANCE) for r in records for i in r.attributes.items(REFERENCED_SOPS))


def unreported(state: State) -> tuple[Record, ...]:
    """Transactions whose report was not taken yet."""
    return tuple(r for r in state.commitments.values() if r.attributes.text(_REPORTED) == "NO")


def reported(state: State, event: Notify) -> None:
    """Note that a report was taken, if it is one of a transaction."""
    transaction = event.data.text(TRANSACTION_UID) if event.data else ""
    record = state.commitments.get(transaction) if event.sop_class_uid == STORAGE_COMMITMENT else None
    if record is not None and report_of(record, NO_CHOICE).data == event.data:  # not that of a duplicate
        state.commitments.put(transaction, record.put(_REPORTED, "CS", "YES"))
