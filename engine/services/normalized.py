"""Normalized instances of the built-in peer: N-CREATE, N-SET, N-GET, N-DELETE, N-ACTION by PS3.7 10.1, pure.

What a SOP class adds (MPPS's final states, print's image boxes, UPS's state machine) is a `Rules` object found by SOP
class UID; a class without one gets the plain behaviour, so that any SOP class can be tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from engine.model.dataset import DataSet
from engine.standard.sop_classes import SopClass, sop_class

from .effects import Notify, Reply, Request, Serving
from .responses import SUCCESS, response_to

ATTRIBUTE_LIST_WARNING = 0x0107
INVALID_ATTRIBUTE_VALUE = 0x0106
PROCESSING_FAILURE = 0x0110
DUPLICATE_INSTANCE = 0x0111
NO_SUCH_INSTANCE = 0x0112
NO_SUCH_EVENT_TYPE = 0x0113
INVALID_ARGUMENT = 0x0115
NO_SUCH_SOP_CLASS = 0x0118
CLASS_INSTANCE_CONFLICT = 0x0119
MISSING_ATTRIBUTE = 0x0120
NO_SUCH_ACTION = 0x0123
UNRECOGNIZED_OPERATION = 0x0211
"""PS3.7 Annex C."""


NOTHING = DataSet()


class Refusal(Exception):
    """An operation ends with this status; the text is the Error Comment."""

    def __init__(self, status: int, comment: str, error_id: int | None = None) -> None:
        super().__init__(comment)
        self.status = status
        self.comment = comment
        self.error_id = error_id


@dataclass(frozen=True, slots=True)
class Record:
    """One normalized instance."""

    sop_class_uid: str
    sop_instance_uid: str
    attributes: DataSet = NOTHING


@dataclass(frozen=True, slots=True)
class Result:
    """What an operation gives besides its status: a reply data set, event reports to send after it."""

    status: int = SUCCESS
    data: DataSet | None = None
    notify: tuple[Notify, ...] = ()
    sop_instance_uid: str = ""


@dataclass(slots=True)
class NormalizedStore:
    """All normalized instances by SOP Instance UID; `new_uid` makes UIDs, given from outside for repeatable tests."""

    new_uid: Callable[[], str]
    held: dict[str, Record] = field(default_factory=dict)

    def require(self, uid: str, sop_class_uid: str = "") -> Record:
        """The instance, or Refusal 0112H / 0119H (PS3.7 C.5.14, C.5.6)."""
        record = self.held.get(uid)
        if record is None:
            raise Refusal(NO_SUCH_INSTANCE, f"no instance {uid}"[:64])
        if (
            sop_class_uid
            and record.sop_class_uid != sop_class_uid
            and not _related(record.sop_class_uid, sop_class_uid)
        ):
            raise Refusal(CLASS_INSTANCE_CONFLICT, "instance is of another SOP Class")
        return record

    def put(self, record: Record) -> None:
        self.held[record.sop_instance_uid] = record

    def of_class(self, *sop_class_uids: str) -> list[Record]:
        return [r for r in self.held.values() if r.sop_class_uid in sop_class_uids]


def _related(have: str, asked: str) -> bool:
    """UPS and MPPS classes work on each other's instances: the same service class."""
    a, b = sop_class(have), sop_class(asked)
    return a is not None and b is not None and a.service_class == b.service_class and "Print" not in a.service_class


class Rules:
    """What a SOP class adds to the plain behaviour. Methods raise Refusal or return what is to be kept or answered."""

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        return record, Result(data=record.attributes)

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        return replace(old, attributes=old.attributes.merged(changes)), Result(data=changes)

    def get(self, store: NormalizedStore, record: Record) -> DataSet:
        return record.attributes

    def delete(self, store: NormalizedStore, record: Record) -> None:
        store.held.pop(record.sop_instance_uid, None)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        store.require(uid)
        return Result(data=data if len(data) else None)


PLAIN = Rules()


@dataclass(slots=True)
class NormalizedProvider:
    """Answers the six N- services with a store and the SOP classes' rules."""

    store: NormalizedStore
    rules: dict[str, Rules] = field(default_factory=dict)

    def serve(self, request: Request) -> Serving:
        operations: dict[int, Callable[[Request], Result]] = {
            0x0100: self._event_report,
            0x0110: self._get,
            0x0120: self._set,
            0x0130: self._action,
            0x0140: self._create,
            0x0150: self._delete,
        }
        field_value = request.command.command_field or 0
        try:
            self._check_class(request)
            result = operations[field_value](request)
        except Refusal as refusal:
            yield Reply(
                command=response_to(
                    request.command, refusal.status, comment=refusal.comment, extra={"ErrorID": refusal.error_id}
                )
            )
            return
        extra = {"AffectedSOPInstanceUID": result.sop_instance_uid or None}
        has_data = result.data is not None and len(result.data) > 0
        command = response_to(request.command, result.status, has_data=has_data, extra=extra)
        yield Reply(command=command, data=result.data if has_data else None)
        for notice in result.notify:  # not `yield from`: a tuple's iterator takes no answers
            yield notice  # noqa: UP028

    def _check_class(self, request: Request) -> None:
        """The SOP Class must be the context's, a member of its Meta SOP Class, or of its service class (PS3.7 10.1)."""
        uid, abstract = request.command.sop_class_uid, request.context.abstract_syntax
        if not uid:
            raise Refusal(MISSING_ATTRIBUTE, "no SOP Class UID in the request")
        if uid == abstract:
            return
        row = sop_class(abstract)
        if row and (uid in row.members or _related(abstract, uid)):
            return
        raise Refusal(NO_SUCH_SOP_CLASS, "SOP Class is not of this presentation context")

    def _rules(self, uid: str) -> Rules:
        return self.rules.get(uid, PLAIN)

    def _create(self, request: Request) -> Result:
        command = request.command
        uid = command.sop_instance_uid or self.store.new_uid()
        if uid in self.store.held:
            raise Refusal(DUPLICATE_INSTANCE, "SOP Instance exists already")
        record = Record(command.sop_class_uid, uid, request.identifier or DataSet())
        kept, result = self._rules(command.sop_class_uid).create(self.store, request, record)
        self.store.put(kept)
        return replace(result, sop_instance_uid=uid)

    def _set(self, request: Request) -> Result:
        command = request.command
        old = self.store.require(command.sop_instance_uid, command.sop_class_uid)
        changes = request.identifier
        if changes is None or not len(changes):
            raise Refusal(MISSING_ATTRIBUTE, "no Modification List")
        kept, result = self._rules(command.sop_class_uid).change(self.store, request, old, changes)
        self.store.put(kept)
        return result

    def _get(self, request: Request) -> Result:
        command = request.command
        record = self.store.require(command.sop_instance_uid, command.sop_class_uid)
        attributes = self._rules(command.sop_class_uid).get(self.store, record)
        wanted = command.get("AttributeIdentifierList")
        tags = (wanted,) if isinstance(wanted, int) else wanted if isinstance(wanted, tuple) else ()
        numbers = tuple(t for t in tags if isinstance(t, int))
        if not numbers:
            return Result(data=attributes)
        data = DataSet(tuple(e for e in attributes if e.tag in numbers))
        return Result(data=data, status=SUCCESS if len(data) == len(set(numbers)) else ATTRIBUTE_LIST_WARNING)

    def _delete(self, request: Request) -> Result:
        command = request.command
        record = self.store.require(command.sop_instance_uid, command.sop_class_uid)
        self._rules(command.sop_class_uid).delete(self.store, record)
        return Result()

    def _action(self, request: Request) -> Result:
        command = request.command
        action = command.number("ActionTypeID")
        known = _types(request, lambda row: row.action_types)
        if action is None or (known and action not in known):
            raise Refusal(NO_SUCH_ACTION, f"no action type {action}")
        rules = self._rules(command.sop_class_uid)
        return rules.act(self.store, request, command.sop_instance_uid, action, request.identifier or DataSet())

    def _event_report(self, request: Request) -> Result:
        """We are the SCU here: the event is taken note of (PS3.7 10.1.1)."""
        event = request.command.number("EventTypeID")
        known = _types(request, lambda row: row.event_types)
        if event is None or (known and event not in known):
            raise Refusal(NO_SUCH_EVENT_TYPE, f"no event type {event}")
        return Result()


def _types(request: Request, of: Callable[[SopClass], Iterable[int]]) -> tuple[int, ...]:
    """Action or event types of the context's SOP class (every UPS class shares one SOP Class UID in messages), else of the
    message's; () when neither lists any."""
    rows = (sop_class(request.context.abstract_syntax), sop_class(request.command.sop_class_uid))
    return next((types for row in rows if row and (types := tuple(of(row)))), ())
