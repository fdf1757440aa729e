"""Unified Procedure Step as provider (PS3.4 Annex CC): the state machine, and who is told of what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import zip_longest
from typing import ClassVar

from engine.conformance.ups import Departure, UpsProblem, check_create, check_final
from engine.model.dataset import DataElement, DataSet
from engine.standard.lean import dataclass
from engine.standard.ups import (
    ASSIGNED,
    CANCEL_REQUESTED,
    CANCELED,
    CHANGE_STATE,
    COMPLETED,
    DELETION_LOCK,
    GLOBALS,
    IN_PROGRESS,
    PROGRESS_REPORT,
    RECEIVING_AE,
    SCHEDULED,
    SCP_STATUS_CHANGE,
    STATE_REPORT,
    STEP_STATE,
    SUSPEND,
    TRANSACTION_UID,
    UNSUBSCRIBE,
    UPS_EVENT,
    UPS_FILTERED_GLOBAL,
    UPS_GLOBAL,
    UPS_PULL,
    UPS_PUSH,
    UPS_QUERY,
    UPS_WATCH,
)

from .effects import Notify, Request
from .matching import matches, of_too_many_values
from .rules import (
    INVALID_ARGUMENT,
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    MISSING_ATTRIBUTE_VALUE,
    NormalizedStore,
    Refusal,
    Result,
    Rules,
    picked,
)
from .state import NOTHING, Record, State

UPS_CLASSES = (UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_EVENT, UPS_QUERY)

PROGRESS = 0x00741002
INPUT_READINESS = 0x00404041
REQUESTING_AE = 0x00741236
CANCEL_REASONS = (0x00741238, 0x0074100E)
"""Reason For Cancellation, Procedure Step Discontinuation Reason Code Sequence."""
STATIONS, PERFORMERS = 0x00404025, 0x00404034
"""Scheduled Station Name Code Sequence, Scheduled Human Performers Sequence."""
PERFORMER_CODES, PERFORMER_ORGANIZATION = 0x00404009, 0x00404036
SCP_STATUS, SUBSCRIPTION_LIST_STATUS, STEP_LIST_STATUS = 0x00741242, 0x00741244, 0x00741246
NOT_KEYS = frozenset({RECEIVING_AE, DELETION_LOCK, TRANSACTION_UID})

ALREADY_CANCELED, ALREADY_COMPLETED = 0xB304, 0xB306
NO_LONGER_UPDATED = 0xC300
WRONG_TRANSACTION = 0xC301
ALREADY_IN_PROGRESS = 0xC302
ONLY_BY_CREATE = 0xC303
FINAL_STATE_NOT_MET = 0xC304
NO_SUCH_UPS = 0xC307
RECEIVER_UNKNOWN = 0xC308
NOT_SCHEDULED = 0xC309
NOT_IN_PROGRESS = 0xC310
COMPLETED_ALREADY = 0xC311
PERFORMER_UNREACHABLE = 0xC312
ACTION_NOT_APPROPRIATE = 0xC314

RESTARTED, GOING_DOWN = "RESTARTED", "GOING DOWN"
_NO_LONGER = "the UPS may no longer be updated"
_KEY = "the correct Transaction UID was not provided"


@dataclass(frozen=True, slots=True)
class Watch:
    """A global subscription: steps to come that match these keys; none match all (PS3.4 CC.2.3).

    lock: Deletion Lock, TRUE or FALSE.
    """

    receiver: str
    keys: DataSet = NOTHING
    lock: str = "FALSE"

    def takes(self, record: Record) -> bool:
        return matches(self.keys, record.attributes, NOT_KEYS)


@dataclass(slots=True)
class Subscriptions:
    """Who is told about which step, kept with the state: by SOP Instance UID, and the global subscriptions."""

    state: State

    def receivers(self, record: Record) -> tuple[str, ...]:
        return tuple(self._held(record.sop_instance_uid))

    def locking(self, record: Record) -> tuple[str, ...]:
        """Whose Deletion Lock is on the step: it is to be there until they unsubscribe (PS3.4 CC.2.3.3)."""
        return tuple(r for r, lock in self._held(record.sop_instance_uid).items() if lock == "TRUE")

    def add(self, record: Record, receiver: str, lock: str) -> None:
        """Subscribe; a second time only the lock is as it was asked for last (PS3.4 CC.2.3.3)."""
        uid = record.sop_instance_uid
        self._keep(uid, {**self._held(uid), receiver: "TRUE" if lock == "TRUE" else "FALSE"})

    def add_global(self, uid: str, watch: Watch, steps: Iterable[Record]) -> list[Record]:
        """Steps there are and steps to come; returns those it was not subscribed to before."""
        keys = watch.keys.put(RECEIVING_AE, "AE", watch.receiver).put(DELETION_LOCK, "LO", watch.lock)
        self.state.watches.put(_key(uid, watch.receiver), Record(UPS_PUSH, uid, keys))
        taken = [r for r in steps if watch.takes(r)]
        new = [r for r in taken if watch.receiver not in self.receivers(r)]
        for record in taken:
            self.add(record, watch.receiver, watch.lock)
        return new

    def created(self, record: Record) -> None:
        for held in self.state.watches.values():
            told = held.attributes
            watch = Watch(told.text(RECEIVING_AE), told.without(*NOT_KEYS), told.text(DELETION_LOCK))
            if watch.takes(record):
                self.add(record, watch.receiver, watch.lock)

    def remove(self, uid: str, receiver: str) -> None:
        self._keep(uid, {r: lock for r, lock in self._held(uid).items() if r != receiver})

    def forget(self, record: Record) -> None:
        self._keep(record.sop_instance_uid, {})

    def remove_global(self, receiver: str) -> None:
        for uid in GLOBALS:
            self.suspend(uid, receiver)
        for uid in self.state.subscriptions:
            self.remove(uid, receiver)

    def suspend(self, uid: str, receiver: str) -> None:
        """Steps to come are not told of any more, those subscribed to are (PS3.4 CC.2.3.1)."""
        self.state.watches.remove(_key(uid, receiver))

    def _held(self, uid: str) -> dict[str, str]:
        """Receivers of a step with their Deletion Locks."""
        held = self.state.subscriptions.get(uid)
        if held is None:
            return {}
        receivers, locks = held.attributes.texts(RECEIVING_AE), held.attributes.texts(DELETION_LOCK)
        return dict(zip_longest(receivers, locks[: len(receivers)], fillvalue="FALSE"))

    def _keep(self, uid: str, held: dict[str, str]) -> None:
        told = (
            DataElement(DELETION_LOCK, "LO", tuple(held.values())),
            DataElement(RECEIVING_AE, "AE", tuple(held)),
        )
        if held:
            self.state.subscriptions.put(uid, Record(UPS_PUSH, uid, DataSet(told)))
        else:
            self.state.subscriptions.remove(uid)


def _key(uid: str, receiver: str) -> str:
    return f"{uid} {receiver}"


def scp_status(state: State, status: str, *, warm: bool = True) -> tuple[Notify, ...]:
    """SCP Status Change, for everybody with a global subscription (PS3.4 CC.2.4.3): RESTARTED or GOING DOWN.

    warm: steps and subscriptions are there again as they were.
    """
    told = DataSet((DataElement(SCP_STATUS, "CS", (status,)),))
    if status == RESTARTED:
        kind = "WARM START" if warm else "COLD START"
        told = told.put(SUBSCRIPTION_LIST_STATUS, "CS", kind).put(STEP_LIST_STATUS, "CS", kind)
    receivers = dict.fromkeys(record.attributes.text(RECEIVING_AE) for record in state.watches.values())
    return tuple(
        Notify(
            sop_class_uid=UPS_PUSH,
            sop_instance_uid=UPS_GLOBAL,
            event_type_id=SCP_STATUS_CHANGE,
            data=told,
            abstract_syntax=UPS_EVENT,
            receiver=receiver,
        )
        for receiver in receivers
    )


def _must_be_whole(step: DataSet) -> None:
    """Refuse a step that lacks what Table CC.2.5-3 of PS3.4 requires; what it has too much is a finding and no more."""
    if step.text(STEP_STATE) not in ("", SCHEDULED):
        raise Refusal(NOT_SCHEDULED, "Procedure Step State must be SCHEDULED")
    departures: dict[Departure, list[UpsProblem]] = {}
    for problem in check_create(step):
        departures.setdefault(problem.departure, []).append(problem)
    if missing := departures.get(Departure.MISSING):
        tags = tuple(sorted({p.about for p in missing}))
        raise Refusal(MISSING_ATTRIBUTE, _named(missing), attributes=tags)
    if empty := departures.get(Departure.EMPTY):
        raise Refusal(MISSING_ATTRIBUTE_VALUE, _named(empty), data=picked(step, *(p.tag for p in empty)))
    if wrong := departures.get(Departure.VALUE):
        raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(step, *(p.tag for p in wrong)))


def _named(problems: Iterable[UpsProblem]) -> str:
    """Their attributes, as far as an Error Comment holds them (PS3.7 Table E.1-2: LO, 64 characters)."""
    return ", ".join(dict.fromkeys(p.path.split(".")[-1] for p in problems))[:64]


@dataclass(slots=True)
class UpsRules(Rules):
    """PS3.4 CC.2: SCHEDULED, then IN PROGRESS locked by a Transaction UID, then COMPLETED or CANCELED.

    known: whether event reports can be sent to an AE title that has not called us.
    """

    instances: ClassVar[str] = UPS_PUSH
    missing: ClassVar[int] = NO_SUCH_UPS

    known: Callable[[str], bool]
    subscriptions: Subscriptions

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        _must_be_whole(record.attributes)
        self.subscriptions.created(record)
        return record, Result(events=self._state_report(record))

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        """Set (PS3.4 CC.2.6): the state is not changed so; one in progress only by who has its Transaction UID."""
        self._may_update(old, changes.text(TRANSACTION_UID), bool(changes.text(TRANSACTION_UID)))
        if changes.find(STEP_STATE) is not None:
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(changes, STEP_STATE))
        new = replace(old, attributes=old.attributes.merged(changes.without(TRANSACTION_UID)))
        events: tuple[Notify, ...] = ()
        if changes.text(INPUT_READINESS) not in ("", old.attributes.text(INPUT_READINESS)):
            events += self._state_report(new)
        if changes.find(PROGRESS) is not None:
            events += self._report(new, PROGRESS_REPORT, picked(changes, PROGRESS))
        events += self._assigned(old, new)
        return new, Result(events=events)

    def get(self, store: NormalizedStore, record: Record) -> DataSet:
        """The Transaction UID is the lock's key and never given away (PS3.4 CC.2.7.2)."""
        return record.attributes.without(TRANSACTION_UID)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        if action > 2:
            return self._watching(store, request, uid, action, data)
        step = store.require(uid, UPS_PUSH, NO_SUCH_UPS)
        if action == CHANGE_STATE:
            return self._change_state(store, step, data)
        return self._cancel(store, request, step, data)

    def edited(self, before: Record | None, after: Record) -> tuple[Notify, ...]:
        """What watchers are told when a step was made or changed on the provider's side."""
        if before is None:
            self.subscriptions.created(after)
            return self._state_report(after)
        changed = before.attributes.text(STEP_STATE) != after.attributes.text(STEP_STATE)
        return (*(self._state_report(after) if changed else ()), *self._assigned(before, after))

    def removing(self, step: Record) -> str:
        """A step is to be removed on the provider's side: why it must stay, or "", its subscriptions gone with it."""
        if holders := self.subscriptions.locking(step):
            who = ", ".join(holders)
            return f"{who} subscribed to the step with a Deletion Lock: remove the subscription first."
        self.subscriptions.forget(step)
        return ""

    def _may_update(self, step: Record, key: str, needs_progress: bool) -> None:
        state = step.attributes.text(STEP_STATE)
        if state in (COMPLETED, CANCELED):
            raise Refusal(NO_LONGER_UPDATED, _NO_LONGER)
        if state == SCHEDULED and needs_progress:
            raise Refusal(NOT_IN_PROGRESS, "the UPS is not yet IN PROGRESS")
        if state == IN_PROGRESS and (not key or key != step.attributes.text(TRANSACTION_UID)):
            raise Refusal(WRONG_TRANSACTION, _KEY)

    def _change_state(self, store: NormalizedStore, step: Record, data: DataSet) -> Result:
        """Change UPS State (PS3.4 CC.2.1, Table CC.1.1-2)."""
        now, wanted, key = step.attributes.text(STEP_STATE), data.text(STEP_STATE), data.text(TRANSACTION_UID)
        if wanted == SCHEDULED:
            raise Refusal(ONLY_BY_CREATE, "a UPS may only become SCHEDULED by N-CREATE")
        if wanted not in (IN_PROGRESS, COMPLETED, CANCELED):
            raise Refusal(INVALID_ARGUMENT, data=data)
        if now == wanted and now in (COMPLETED, CANCELED):
            return Result(ALREADY_CANCELED if now == CANCELED else ALREADY_COMPLETED)
        if now == wanted == IN_PROGRESS:
            raise Refusal(ALREADY_IN_PROGRESS, "the UPS is already IN PROGRESS")
        self._may_update(step, key, wanted != IN_PROGRESS)
        if not key:
            raise Refusal(WRONG_TRANSACTION, _KEY)
        if wanted != IN_PROGRESS and (lacking := check_final(step.attributes, wanted)):
            raise Refusal(FINAL_STATE_NOT_MET, f"without {', '.join(p.path.split('.')[-1] for p in lacking)}")
        new = step.put(TRANSACTION_UID, "UI", key).put(STEP_STATE, "CS", wanted)
        store.put(new)
        return Result(events=self._state_report(new))

    def _cancel(self, store: NormalizedStore, request: Request, step: Record, data: DataSet) -> Result:
        """Request UPS Cancel (PS3.4 CC.2.2): a scheduled one is cancelled by us, a running one's performer is told."""
        state = step.attributes.text(STEP_STATE)
        if state == COMPLETED:
            raise Refusal(COMPLETED_ALREADY, "the UPS is already COMPLETED")
        if state == CANCELED:
            return Result(ALREADY_CANCELED)
        if state == IN_PROGRESS:
            asked = data.put(REQUESTING_AE, "AE", request.calling_ae_title)
            events = self._report(step, CANCEL_REQUESTED, asked)
            if not events:
                raise Refusal(PERFORMER_UNREACHABLE, "nobody has subscribed to the UPS")
            return Result(events=events)
        new = step.put(STEP_STATE, "CS", CANCELED)
        store.put(new)
        return Result(events=self._state_report(new, picked(data, *CANCEL_REASONS)))

    def _watching(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        """Subscribe, Unsubscribe, Suspend Global Subscription (PS3.4 CC.2.3)."""
        receiver = data.text(RECEIVING_AE).strip()
        if not receiver:
            raise Refusal(INVALID_ARGUMENT, data=data or None)
        if receiver != request.calling_ae_title and not self.known(receiver):
            raise Refusal(RECEIVER_UNKNOWN, f"Receiving AE {receiver} is unknown")
        lock = "TRUE" if data.text(DELETION_LOCK) == "TRUE" else "FALSE"
        if uid in GLOBALS:
            keys = data.without(*NOT_KEYS) if uid == UPS_FILTERED_GLOBAL else NOTHING
            if of_too_many_values(keys) is not None:  # compared with each step to come
                raise Refusal(INVALID_ARGUMENT)
            return self._watching_all(store, uid, action, Watch(receiver, keys, lock))
        step = store.require(uid, UPS_PUSH, NO_SUCH_UPS)
        if action == SUSPEND:
            raise Refusal(ACTION_NOT_APPROPRIATE, "only a global subscription can be suspended")
        if action == UNSUBSCRIBE:
            self.subscriptions.remove(uid, receiver)
            return Result()
        self.subscriptions.add(step, receiver, lock)
        return Result(events=self._state_report(step, only=receiver))

    def _watching_all(self, store: NormalizedStore, uid: str, action: int, watch: Watch) -> Result:
        """The same of all steps, or those that match: those there are and those to come."""
        if action == SUSPEND:
            self.subscriptions.suspend(uid, watch.receiver)
            return Result()
        if action == UNSUBSCRIBE:
            self.subscriptions.remove_global(watch.receiver)
            return Result()
        new = self.subscriptions.add_global(uid, watch, store.of_class(UPS_PUSH))
        told = new if watch.lock == "TRUE" else ()  # Table CC.2.3-2
        return Result(events=tuple(e for step in told for e in self._state_report(step, only=watch.receiver)))

    def _assigned(self, old: Record, new: Record) -> tuple[Notify, ...]:
        """UPS Assigned, when a station or people were named or others (PS3.4 CC.2.4.3)."""
        now = new.attributes
        if all(now.find(tag) == old.attributes.find(tag) for tag in (STATIONS, PERFORMERS)):
            return ()
        told = picked(now, STATIONS)
        for performer in now.items(PERFORMERS)[:1]:
            told = told.merged(picked(performer, PERFORMER_CODES, PERFORMER_ORGANIZATION))
        return self._report(new, ASSIGNED, told)

    def _state_report(self, step: Record, more: DataSet = NOTHING, only: str = "") -> tuple[Notify, ...]:
        """UPS State Report. only: the receiver who has just subscribed."""
        state, readiness = step.attributes.text(STEP_STATE), step.attributes.text(INPUT_READINESS) or "READY"
        told = DataSet((DataElement(INPUT_READINESS, "CS", (readiness,)), DataElement(STEP_STATE, "CS", (state,))))
        return self._report(step, STATE_REPORT, told.merged(more), only)

    def _report(self, step: Record, event: int, data: DataSet, only: str = "") -> tuple[Notify, ...]:
        """Event reports of every UPS class carry the Push class and go through the Event class's context (CC.3.1)."""
        receivers = (only,) if only else self.subscriptions.receivers(step)
        return tuple(
            Notify(
                sop_class_uid=UPS_PUSH,
                sop_instance_uid=step.sop_instance_uid,
                event_type_id=event,
                data=data,
                abstract_syntax=UPS_EVENT,
                receiver=receiver,
            )
            for receiver in receivers
        )
