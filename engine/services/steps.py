"""MPPS, storage commitment and UPS as provider (PS3.4 Annexes F, J, CC)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from engine.model.dataset import DataElement, DataSet

from .effects import Notify, Request
from .normalized import (
    INVALID_ARGUMENT,
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    NormalizedStore,
    Record,
    Refusal,
    Result,
    Rules,
)

MPPS = "1.2.840.10008.3.1.2.3.3"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
UPS_CLASSES = tuple(f"1.2.840.10008.5.1.4.34.6.{n}" for n in range(1, 6))
UPS_GLOBAL = "1.2.840.10008.5.1.4.34.5"
UPS_FILTERED_GLOBAL = "1.2.840.10008.5.1.4.34.5.1"

PPS_STATUS = 0x00400252
TRANSACTION_UID = 0x00081195
REFERENCED_SOPS = 0x00081199
FAILED_SOPS = 0x00081198
FAILURE_REASON = 0x00081197
REFERENCED_CLASS = 0x00081150
REFERENCED_INSTANCE = 0x00081155
RETRIEVE_AE_TITLE = 0x00080054
STEP_STATE = 0x00741000
INPUT_READINESS = 0x00404041
RECEIVING_AE = 0x00741234
DELETION_LOCK = 0x00741230


@dataclass(slots=True)
class MppsRules(Rules):
    """PS3.4 F.7.2: created IN PROGRESS, changed until COMPLETED or DISCONTINUED."""

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        status = record.attributes.text(PPS_STATUS)
        if not status:
            raise Refusal(MISSING_ATTRIBUTE, "Performed Procedure Step Status is missing")
        if status != "IN PROGRESS":
            raise Refusal(INVALID_ATTRIBUTE_VALUE, "created with a status other than IN PROGRESS")
        return record, Result()

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        if old.attributes.text(PPS_STATUS) != "IN PROGRESS":
            raise Refusal(
                PROCESSING_FAILURE, "Performed Procedure Step Object may no longer be updated", error_id=0xA710
            )
        if changes.find(PPS_STATUS) and changes.text(PPS_STATUS) not in ("IN PROGRESS", "COMPLETED", "DISCONTINUED"):
            raise Refusal(INVALID_ATTRIBUTE_VALUE, f"status {changes.text(PPS_STATUS)}")
        return replace(old, attributes=old.attributes.merged(changes)), Result()


@dataclass(slots=True)
class CommitmentRules(Rules):
    """PS3.4 J.3: the request is answered at once, the result follows as an event report."""

    held: Callable[[str], str]
    """SOP Class UID of a stored instance by its UID, "" when it is not held."""

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        if uid != STORAGE_COMMITMENT_INSTANCE:
            raise Refusal(NO_SUCH_INSTANCE, "not the Storage Commitment Push Model instance")
        transaction = data.text(TRANSACTION_UID)
        items = data.items(REFERENCED_SOPS)
        if not transaction or not items:
            missing = "Transaction UID" if not transaction else "Referenced SOP Sequence"
            raise Refusal(INVALID_ARGUMENT, f"{missing} is missing")
        good, bad = [], []
        for item in items:
            reason = self._failure(item)
            if reason:
                bad.append(item.put(FAILURE_REASON, "US", str(reason)))
            else:
                good.append(item)
        result = DataSet((DataElement(TRANSACTION_UID, "UI", (transaction,)),))
        result = result.put(RETRIEVE_AE_TITLE, "AE", request.called_ae_title)
        if good:
            result = result.merged(DataSet((DataElement(REFERENCED_SOPS, "SQ", tuple(good)),)))
        if bad:
            result = result.merged(DataSet((DataElement(FAILED_SOPS, "SQ", tuple(bad)),)))
        event = Notify(
            sop_class_uid=STORAGE_COMMITMENT,
            sop_instance_uid=STORAGE_COMMITMENT_INSTANCE,
            event_type_id=2 if bad else 1,
            data=result,
        )
        return Result(notify=(event,))

    def _failure(self, item: DataSet) -> int:
        """Failure Reason (0008,1197) of one reference, 0 when it is committed (PS3.3 C.14.1.1)."""
        have = self.held(item.text(REFERENCED_INSTANCE))
        if not have:
            return 0x0112
        return 0 if have == item.text(REFERENCED_CLASS) else 0x0119


UPS_STATES = ("SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED")
UPS_FINAL = ("COMPLETED", "CANCELED")


@dataclass(slots=True)
class UpsRules(Rules):
    """PS3.4 CC.2: SCHEDULED, then IN PROGRESS locked by a Transaction UID, then COMPLETED or CANCELED."""

    subscribers: dict[str, set[str]] = field(default_factory=dict)
    """AE titles by UPS instance UID (or the global instance)."""

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        state = record.attributes.text(STEP_STATE)
        if state != "SCHEDULED":
            raise Refusal(0xC309, "Procedure Step State must be SCHEDULED")
        record = replace(record, sop_class_uid=UPS_PUSH)
        return record, Result(notify=self._state_report(record, request))

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        state = old.attributes.text(STEP_STATE)
        if state in UPS_FINAL:
            raise Refusal(0xC300, "the UPS may no longer be updated")
        if state == "IN PROGRESS" and changes.text(TRANSACTION_UID) != old.attributes.text(TRANSACTION_UID):
            raise Refusal(0xC301, "the correct Transaction UID was not provided")
        if changes.find(STEP_STATE) is not None:
            raise Refusal(INVALID_ATTRIBUTE_VALUE, "the state is changed with N-ACTION")
        return replace(old, attributes=old.attributes.merged(changes)), Result()

    def get(self, store: NormalizedStore, record: Record) -> DataSet:
        """The Transaction UID is the lock's key and never given away (PS3.4 CC.2.7.2)."""
        return record.attributes.without(TRANSACTION_UID)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        actions = {1: self._state, 2: self._cancel, 3: self._subscribe, 4: self._unsubscribe, 5: self._suspend}
        return actions[action](store, request, uid, data)

    def _state(self, store: NormalizedStore, request: Request, uid: str, data: DataSet) -> Result:
        """Change UPS State (PS3.4 CC.2.1, Table CC.1.1-2)."""
        old = self._require(store, uid)
        now, wanted, key = old.attributes.text(STEP_STATE), data.text(STEP_STATE), data.text(TRANSACTION_UID)
        if wanted not in UPS_STATES or wanted == "SCHEDULED":
            raise Refusal(0xC303, "a UPS may only become SCHEDULED by N-CREATE")
        if now in UPS_FINAL:
            if now == wanted:
                return Result(status={"CANCELED": 0xB304, "COMPLETED": 0xB306}[now])
            raise Refusal(0xC300, "the UPS may no longer be updated")
        if now == "IN PROGRESS" and wanted == "IN PROGRESS":
            raise Refusal(0xC302, "the UPS is already IN PROGRESS")
        if now == "SCHEDULED" and wanted != "IN PROGRESS":
            raise Refusal(0xC310, "the UPS is not yet IN PROGRESS")
        if not key or (now == "IN PROGRESS" and key != old.attributes.text(TRANSACTION_UID)):
            raise Refusal(0xC301, "the correct Transaction UID was not provided")
        changes = DataSet((DataElement(TRANSACTION_UID, "UI", (key,)), DataElement(STEP_STATE, "CS", (wanted,))))
        new = replace(old, attributes=old.attributes.merged(changes))
        store.put(new)
        return Result(notify=self._state_report(new, request))

    def _cancel(self, store: NormalizedStore, request: Request, uid: str, data: DataSet) -> Result:
        """Request UPS Cancel (PS3.4 CC.2.2): a scheduled one is cancelled by us, a running one's performer is told."""
        old = self._require(store, uid)
        state = old.attributes.text(STEP_STATE)
        if state == "COMPLETED":
            raise Refusal(0xC311, "the UPS is already COMPLETED")
        if state == "CANCELED":
            return Result(status=0xB304)
        if state == "IN PROGRESS":
            return Result(notify=self._report(old, 2, data, request) if self._watched(old, request) else ())
        new = replace(old, attributes=old.attributes.put(STEP_STATE, "CS", "CANCELED"))
        store.put(new)
        return Result(notify=self._state_report(new, request))

    def _subscribe(self, store: NormalizedStore, request: Request, uid: str, data: DataSet) -> Result:
        receiver = data.text(RECEIVING_AE).strip()
        if not receiver:
            raise Refusal(INVALID_ARGUMENT, "Receiving AE is missing")
        if uid not in (UPS_GLOBAL, UPS_FILTERED_GLOBAL):
            self._require(store, uid)
        self.subscribers.setdefault(uid, set()).add(receiver)
        record = store.held.get(uid)
        return Result(notify=self._state_report(record, request) if record else ())

    def _unsubscribe(self, store: NormalizedStore, request: Request, uid: str, data: DataSet) -> Result:
        receiver = data.text(RECEIVING_AE).strip()
        if uid in (UPS_GLOBAL, UPS_FILTERED_GLOBAL):
            for receivers in self.subscribers.values():
                receivers.discard(receiver)
        else:
            self._require(store, uid)
            self.subscribers.get(uid, set()).discard(receiver)
        return Result()

    def _suspend(self, store: NormalizedStore, request: Request, uid: str, data: DataSet) -> Result:
        if uid not in (UPS_GLOBAL, UPS_FILTERED_GLOBAL):
            raise Refusal(0xC314, "only a global subscription can be suspended")
        self.subscribers.get(uid, set()).discard(data.text(RECEIVING_AE).strip())
        return Result()

    def _require(self, store: NormalizedStore, uid: str) -> Record:
        record = store.held.get(uid)
        if record is None or record.sop_class_uid != UPS_PUSH:
            raise Refusal(0xC307, "no such UPS instance")
        return record

    def _watched(self, record: Record, request: Request) -> bool:
        """Whether the AE on this association subscribed to the instance or to all of them."""
        who = request.calling_ae_title
        uids = (record.sop_instance_uid, UPS_GLOBAL, UPS_FILTERED_GLOBAL)
        return any(who in self.subscribers.get(uid, ()) for uid in uids)

    def _state_report(self, record: Record, request: Request) -> tuple[Notify, ...]:
        """UPS State Report (event type 1, PS3.4 CC.2.4)."""
        if not self._watched(record, request):
            return ()
        state = record.attributes.text(STEP_STATE)
        readiness = record.attributes.text(INPUT_READINESS) or "READY"
        data = DataSet((DataElement(INPUT_READINESS, "CS", (readiness,)), DataElement(STEP_STATE, "CS", (state,))))
        return self._report(record, 1, data, request)

    def _report(self, record: Record, event: int, data: DataSet, request: Request) -> tuple[Notify, ...]:
        return (
            Notify(sop_class_uid=UPS_PUSH, sop_instance_uid=record.sop_instance_uid, event_type_id=event, data=data),
        )
