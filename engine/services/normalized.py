"""N-CREATE, N-SET, N-GET, N-DELETE, N-ACTION and N-EVENT-REPORT by PS3.7 10.1, for any SOP class, pure.

What a SOP class adds (MPPS's final states, print's image boxes, UPS's state machine) is a `Rules` object found by SOP
class UID; a class without one gets the plain behaviour, so that any SOP class can be tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace

from engine.conformance.names import check_uid
from engine.model.command_set import Value
from engine.model.dataset import DataSet
from engine.model.limits import USUAL, named
from engine.standard.lean import dataclass
from engine.standard.messages import EVENT_REPORT, N_ACTION, N_CREATE, N_DELETE, N_GET, N_SET, message_name
from engine.standard.sop_classes import SopClass
from engine.standard.status import is_known, statuses_for

from .effects import Notify, Reply, Request, Serving
from .responses import SUCCESS, response_to
from .rules import (
    ATTRIBUTE_LIST_WARNING,
    DUPLICATE_INSTANCE,
    INVALID_INSTANCE,
    NO_SUCH_ACTION,
    NO_SUCH_EVENT_TYPE,
    NO_SUCH_INSTANCE,
    PLAIN,
    PROCESSING_FAILURE,
    RESOURCE_LIMITATION,
    NormalizedStore,
    Refusal,
    Result,
    Rules,
    row_of,
)
from .state import NOTHING, Record, Shelf

OPTIONAL_NOT_SUPPORTED = 0x0001
"""Warning of the service classes that have it: some requested optional attributes are not supported."""


@dataclass(slots=True)
class NormalizedProvider:
    """Answers the six N- services with a store and the SOP classes' rules. size: of all that is held, in bytes."""

    store: NormalizedStore
    rules: dict[str, Rules] = field(default_factory=dict)
    size: int = USUAL.objects_size
    _passing: dict[int, Shelf] = field(default_factory=dict)

    def serve(self, request: Request) -> Serving:
        """The one response to a request, with the event reports that follow it."""
        yield self._reply(request)

    def ended(self, association: int) -> None:
        """An association is over, and the instances that do not outlive it with it."""
        self._passing.pop(association, None)

    def due(self, event: Notify, association: int) -> bool:
        """An event report is about to be sent; `association` is that of the request it follows from, 0 for none."""
        store = replace(self.store, passing=self._passing.get(association, Shelf("passing")))
        return self.rules.get(event.sop_class_uid, PLAIN).due(store, event)

    def _reply(self, request: Request) -> Reply:
        try:
            result = self._carried_out(request)
        except Refusal as refusal:
            extra: dict[str, Value] = {
                "ErrorID": refusal.error_id,
                "AttributeIdentifierList": refusal.attributes or None,
            }
            comment, has_data = refusal.comment, bool(refusal.data)
            command = response_to(request.command, refusal.status, comment=comment, has_data=has_data, extra=extra)
            beyond = comment if refusal.status == RESOURCE_LIMITATION else ""
            return Reply(command=command, data=refusal.data or None, refused=beyond)
        extra = {
            "AffectedSOPInstanceUID": result.sop_instance_uid or None,
            "AttributeIdentifierList": result.attributes or None,
        }
        command = response_to(request.command, result.status, has_data=bool(result.data), extra=extra)
        return Reply(command=command, data=result.data or None, events=result.events)

    def _carried_out(self, request: Request) -> Result:
        """All of an operation; where it is refused nothing of it. Raises Refusal."""
        row, store, state = row_of(request), self.store_of(request.association), self.store.state
        before, noted = self._held(), len(state.journal)
        store.passing.journal.clear()
        try:
            result = _Operation(request, row, store, self._rules_of(request)).result()
            self._demand_room(before)
        except Refusal:
            state.undo_from(noted)
            store.passing.undo(store.passing.journal)
            raise
        return result

    def _demand_room(self, before: int) -> None:
        """Refusal 0213H where more is held than before and than there may be."""
        held = self._held()
        if held > max(before, self.size):
            why = f"limit reached: normalized instances would hold {held} bytes of {self.size}"
            raise Refusal(RESOURCE_LIMITATION, f"{why}{named('objects_size', self.size)}")

    def _held(self) -> int:
        """Bytes of memory."""
        return self.store.state.size + sum(shelf.size for shelf in self._passing.values())

    def store_of(self, association: int) -> NormalizedStore:
        """The instances one association sees."""
        passing = self._passing.setdefault(association, Shelf("passing"))
        others = sum(map(len, self._passing.values())) - len(passing)
        return replace(self.store, passing=passing, others=others)

    def _rules_of(self, request: Request) -> Rules:
        return self.rules.get(request.command.sop_class_uid, PLAIN)


@dataclass(slots=True)
class _Operation:
    """One request under way."""

    request: Request
    row: SopClass | None
    store: NormalizedStore
    rules: Rules

    def result(self) -> Result:
        command = self.request.command
        for keyword in ("AffectedSOPInstanceUID", "RequestedSOPInstanceUID"):
            if isinstance(named := command.get(keyword), tuple) and len(named) > 1:
                raise Refusal(INVALID_INSTANCE)  # the first may be somebody's
        operations: dict[int, Callable[[], Result]] = {
            EVENT_REPORT: self._event_report,
            N_GET: self._get,
            N_SET: self._set,
            N_ACTION: self._action,
            N_CREATE: self._create,
            N_DELETE: self._delete,
        }
        return operations[command.command_field or 0]()

    @property
    def _data(self) -> DataSet:
        return self.request.identifier or NOTHING

    def _instance(self) -> Record:
        command, missing = self.request.command, self.rules.missing
        listed = is_known(missing, message_name(command.command_field), command.sop_class_uid)
        return self.store.require(
            command.sop_instance_uid, self._instance_class(), missing if listed else NO_SUCH_INSTANCE
        )

    def _instance_class(self) -> str:
        return self.rules.instances or self.request.command.sop_class_uid

    def _create(self) -> Result:
        uid = self.request.command.sop_instance_uid or self.store.new_uid()
        if check_uid(uid):
            raise Refusal(INVALID_INSTANCE)
        if self.store.find(uid):
            raise Refusal(DUPLICATE_INSTANCE)
        record = Record(self._instance_class(), uid, self._data, passing=self.rules.passing)
        kept, result = self.rules.create(self.store, self.request, record)
        self.store.put(kept)
        return replace(result, sop_instance_uid=uid)

    def _set(self) -> Result:
        old = self._instance()
        if not self._data:
            raise Refusal(PROCESSING_FAILURE, "no Modification List")
        kept, result = self.rules.change(self.store, self.request, old, self._data)
        self.store.put(kept)
        return result

    def _get(self) -> Result:
        attributes = self.rules.get(self.store, self._instance())
        listed = self.request.command.get("AttributeIdentifierList")
        values = listed if isinstance(listed, tuple) else (listed,)
        wanted = tuple(dict.fromkeys(v for v in values if isinstance(v, int)))
        if not wanted:
            return Result(data=attributes)
        found = DataSet(tuple(e for e in attributes if e.tag in wanted))
        missing = tuple(t for t in wanted if found.find(t) is None)
        if not missing:
            return Result(data=found)
        own = statuses_for("N-GET", self.request.command.sop_class_uid)
        if any(row.first == OPTIONAL_NOT_SUPPORTED for row in own):
            return Result(OPTIONAL_NOT_SUPPORTED, found)
        return Result(ATTRIBUTE_LIST_WARNING, found, attributes=missing)

    def _delete(self) -> Result:
        self.rules.delete(self.store, self._instance())
        return Result(SUCCESS)

    def _action(self) -> Result:
        command = self.request.command
        action = command.number("ActionTypeID")
        known = self.row.action_types if self.row else {}
        if action is None or (known and action not in known):
            raise Refusal(NO_SUCH_ACTION)
        return self.rules.act(self.store, self.request, command.sop_instance_uid, action, self._data)

    def _event_report(self) -> Result:
        """We are the SCU here: the event is taken note of (PS3.7 10.1.1)."""
        event = self.request.command.number("EventTypeID")
        known = self.row.event_types if self.row else {}
        if event is None or (known and event not in known):
            raise Refusal(NO_SUCH_EVENT_TYPE)
        self.rules.heed(self.request, event, self._data)
        return Result()
