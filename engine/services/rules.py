"""What a SOP class adds to the plain behaviour of normalized instances, and where those instances are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import ClassVar

from engine.model.dataset import DataElement, DataSet
from engine.model.limits import USUAL, named
from engine.standard.lean import dataclass
from engine.standard.messages import EVENT_REPORT, message_for
from engine.standard.sop_classes import SopClass, sop_class

from .effects import Notify, Request
from .responses import SUCCESS
from .state import Record, Shelf, State

INVALID_ATTRIBUTE_VALUE = 0x0106
ATTRIBUTE_LIST_WARNING = 0x0107
PROCESSING_FAILURE = 0x0110
DUPLICATE_INSTANCE = 0x0111
NO_SUCH_INSTANCE = 0x0112
NO_SUCH_EVENT_TYPE = 0x0113
INVALID_ARGUMENT = 0x0115
INVALID_INSTANCE = 0x0117
NO_SUCH_SOP_CLASS = 0x0118
CLASS_INSTANCE_CONFLICT = 0x0119
MISSING_ATTRIBUTE = 0x0120
MISSING_ATTRIBUTE_VALUE = 0x0121
NOT_SUPPORTED = 0x0122
NO_SUCH_ACTION = 0x0123
UNRECOGNIZED_OPERATION = 0x0211
RESOURCE_LIMITATION = 0x0213
"""PS3.7 Annex C."""

FIRST_NORMALIZED = EVENT_REPORT
"""Command Fields from here on are DIMSE-N requests (PS3.7 E.1)."""


class Refusal(Exception):
    """An operation ends with this status.

    comment: Error Comment, where the status may have one. error_id: Error ID. attributes: Attribute Identifier List.
    data: what the response returns of the request, the values in question.
    """

    def __init__(
        self,
        status: int,
        comment: str = "",
        *,
        error_id: int | None = None,
        attributes: tuple[int, ...] = (),
        data: DataSet | None = None,
    ) -> None:
        super().__init__(comment)
        self.status = status
        self.comment = comment
        self.error_id = error_id
        self.attributes = attributes
        self.data = data


@dataclass(frozen=True, slots=True)
class Result:
    """What an operation gives besides its status: a reply data set, event reports to send after it."""

    status: int = SUCCESS
    data: DataSet | None = None
    events: tuple[Notify, ...] = ()
    sop_instance_uid: str = ""
    attributes: tuple[int, ...] = ()


@dataclass(slots=True)
class NormalizedStore:
    """Normalized instances by SOP Instance UID, as one association sees them.

    new_uid: makes UIDs, given from outside for repeatable tests. state: what lasts, the same for every association.
    passing: instances of this association; others: how many are of other associations. most: instances at once.
    """

    new_uid: Callable[[], str]
    state: State = field(default_factory=State)
    passing: Shelf = field(default_factory=lambda: Shelf("passing"))
    others: int = 0
    most: int = USUAL.objects

    @property
    def held(self) -> Shelf:
        return self.state.normalized

    def find(self, uid: str) -> Record | None:
        return self.passing.get(uid) or self.held.get(uid)

    def require(self, uid: str, sop_class_uid: str, missing: int = NO_SUCH_INSTANCE) -> Record:
        """The instance; else Refusal with `missing`, or 0119H when it is of another SOP class."""
        record = self.find(uid)
        if record is None:
            raise Refusal(missing, f"no instance {uid}")
        if record.sop_class_uid != sop_class_uid:
            raise Refusal(CLASS_INSTANCE_CONFLICT)
        return record

    def put(self, record: Record) -> None:
        """Keep an instance, or its newer state. Refusal 0213H when there are too many."""
        uid, there = record.sop_instance_uid, self.passing if record.passing else self.held
        if uid not in there and len(self.held) + len(self.passing) + self.others >= self.most:
            why = f"limit reached: {self.most} normalized instances held"
            raise Refusal(RESOURCE_LIMITATION, f"{why}{named('objects', self.most)}")
        there.put(uid, record)

    def remove(self, uid: str) -> None:
        self.passing.remove(uid)
        self.held.remove(uid)

    def of_class(self, sop_class_uid: str) -> list[Record]:
        return [r for there in (self.held, self.passing) for r in there.values() if r.sop_class_uid == sop_class_uid]


class Rules:
    """What a SOP class adds to the plain behaviour. Methods raise Refusal or return what is to be kept or answered.

    instances: SOP class UID of its instances, "" when it is its own. missing: status for an instance that is not there.
    """

    instances: ClassVar[str] = ""
    missing: ClassVar[int] = NO_SUCH_INSTANCE
    passing: ClassVar[bool] = False

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        """N-CREATE (PS3.7 10.1.5): the instance to keep, and what is answered. `Refusal` where the SOP class does not
        allow it."""
        return record, Result(data=record.attributes)

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        """N-SET (PS3.7 10.1.3): the instance with these changes, and what is answered. `Refusal` as `create`."""
        return replace(old, attributes=old.attributes.merged(changes)), Result(data=changes)

    def get(self, store: NormalizedStore, record: Record) -> DataSet:
        """N-GET (PS3.7 10.1.2): the attributes there are to be read."""
        return record.attributes

    def delete(self, store: NormalizedStore, record: Record) -> None:
        """N-DELETE (PS3.7 10.1.6): take the instance away, with what goes with it."""
        store.remove(record.sop_instance_uid)

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        """N-ACTION (PS3.7 10.1.4): do it, and say what is answered. `Refusal` as `create`."""
        store.require(uid, self.instances or request.command.sop_class_uid, self.missing)
        return Result()

    def heed(self, request: Request, event: int, data: DataSet) -> None:
        """Take note of an event report that came to us."""

    def due(self, store: NormalizedStore, event: Notify) -> bool:
        """An event report of ours is about to be sent: False when nobody needs it any more."""
        return True


PLAIN = Rules()


def row_of(request: Request) -> SopClass | None:
    """The SOP class whose services, actions and events apply; None when nothing is known of it (private, retired).

    Raises Refusal when the message's SOP class is not one of the presentation context (PS3.7 9.1, 10.1) or does not
    have the service: the classes of a family that share one SOP class UID in messages (UPS) differ in their services.
    """
    uid, abstract = request.command.sop_class_uid, request.context.abstract_syntax
    normalized = (request.command.command_field or 0) >= FIRST_NORMALIZED
    context = sop_class(abstract)
    fitting: tuple[str, ...] = (abstract,)
    if context and normalized:
        fitting = context.members or (context.message_sop_class or abstract,)
    if uid not in fitting:
        raise Refusal(NO_SUCH_SOP_CLASS if normalized else NOT_SUPPORTED, "SOP Class is not the context's")
    row = sop_class(uid) if context and context.members else context
    services = (*row.scu_invokes, *row.scp_invokes) if row else ()
    if row is None or not services:
        return None
    message = message_for(request.command.command_field or 0)
    if message is None or message.service not in services:
        raise Refusal(UNRECOGNIZED_OPERATION)
    return row


def reference(class_uid: str, instance_uid: str) -> DataSet:
    """Referenced SOP Class and Instance UID (PS3.3 10.8)."""
    return DataSet((DataElement(0x00081150, "UI", (class_uid,)), DataElement(0x00081155, "UI", (instance_uid,))))


def referenced(data: DataSet, sequence: int) -> list[str]:
    """Instance UIDs a sequence of references names."""
    return [item.text(0x00081155) for item in data.items(sequence)]


def sequence(tag: int, *items: DataSet) -> DataSet:
    """A data set of one sequence."""
    return DataSet((DataElement(tag, "SQ", items),))


def picked(data: DataSet, *tags: int) -> DataSet:
    """Those elements of a data set."""
    return DataSet(tuple(e for e in data if e.tag in tags))
