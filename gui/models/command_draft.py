"""A command set being written: the rows of its message, what was set by hand, and what fills itself in.

A draft is a value; every change gives another, so undo is keeping the old one. Nothing a user may want to send is
refused: a row may be left out, repeated, moved, given other bytes or a forced length, and any element may be added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from enum import Enum

from engine.model.association import DEFAULT_AE_TITLE
from engine.model.command_set import DATA_SET_TYPE, GROUP_LENGTH, MESSAGE_ID, STATUS, CommandSet, Element, Value
from engine.standard.elements import BY_KEYWORD, ELEMENTS
from engine.standard.lean import dataclass
from engine.standard.messages import DATA_SET_FOLLOWS, MESSAGES, NO_DATA_SET, FieldRow, MessageRow, When
from engine.standard.sop_classes import SopClass, sop_class
from engine.standard.status import StatusClass, status_class

PENDING = 0xFF00
DEFAULT_MESSAGE = MESSAGES["C-ECHO-RQ"]
_FILLED_ON_SENDING = frozenset({GROUP_LENGTH, MESSAGE_ID, DATA_SET_TYPE})
"""What a file leaves out unless it wants a certain value."""
_INSTANCES = frozenset(BY_KEYWORD[k].tag for k in ("AffectedSOPInstanceUID", "RequestedSOPInstanceUID"))
_MOVE_DESTINATION, _ANSWERED = (BY_KEYWORD[k].tag for k in ("MoveDestination", "MessageIDBeingRespondedTo"))
_KEPT_AS_WRITTEN = frozenset({_MOVE_DESTINATION, _ANSWERED})
"""What fills itself in from the association: a file keeps its own words for it, as it keeps placeholders."""


class Origin(Enum):
    """Where the value of a row comes from."""

    FIXED = "fixed"
    AUTO = "auto"
    SET = "set"
    LEFT_OUT = "left out"
    """A row the message would have, left out by hand."""
    OPTION = "option"
    """A row the message may have, not used."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the form.

    field: its row in the message's table, None for an element added by hand.
    included: chosen by hand; None follows the rule of the row.
    element: set by hand; None is filled in automatically.
    written: what the file it comes from says, where it is filled in automatically.
    """

    tag: int
    field: FieldRow | None = None
    included: bool | None = None
    element: Element | None = None
    written: Value = None

    @property
    def touched(self) -> bool:
        return self.included is not None or self.element is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What automatic values are made from."""

    abstract_syntax: str = ""
    """Of the presentation context."""
    has_elements: bool = False
    """The data set below has something in it."""
    data_set: bool | None = None
    """Whether a Data Set follows, chosen by hand; None follows the message's rule."""
    data_class_uid: str = ""
    data_instance_uid: str = ""
    request: CommandSet | None = None
    """The request a response answers."""
    last_request: int | None = None
    """Message ID of the last request of this draft's service: what a cancel means."""
    next_message_id: int = 1
    instances: tuple[tuple[str, str], ...] = ()
    """(SOP class, instance) pairs known to exist at the peer, latest last."""
    calling_ae_title: str = ""
    new_uid: str = "2.25.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message's command set in the making."""

    message: MessageRow = DEFAULT_MESSAGE
    lines: tuple[Line, ...] = field(default_factory=lambda: lines_of(DEFAULT_MESSAGE))
    around: Surroundings = field(default_factory=Surroundings)

    # questions

    @property
    def has_data_set(self) -> bool:
        """Whether a Data Set is to follow: as chosen, else as the message's rule and the editor say."""
        if self.around.data_set is not None:
            return self.around.data_set
        rule, status = self.message.data_set, self._status_by_hand()
        if rule.presence in ("always", "never"):
            return rule.presence == "always"
        if status in rule.must_with:
            return True
        return (self.around.has_elements and status not in rule.not_with) or (
            status is None and StatusClass.SUCCESS in rule.must_with
        )

    @property
    def sop_class(self) -> SopClass | None:
        """The SOP class the message is about: the data set's for a store, of a meta SOP class the member that fits."""
        around = self.around
        context = sop_class(around.abstract_syntax)
        if context is not None and context.message_sop_class and self.message.service.startswith("N-"):
            return sop_class(context.message_sop_class) or context
        if context is None or not context.members:
            return context
        members = [m for m in map(sop_class, context.members) if m is not None]
        fits = [m for m in members if self.message.service in m.scu_invokes + m.scp_invokes]
        return next((m for m in fits if m.uid == around.data_class_uid), fits[0] if fits else context)

    @property
    def sop_class_uid(self) -> str:
        """As sent: what was set by hand counts."""
        return self.preview().sop_class_uid or self.around.abstract_syntax

    def origin(self, line: Line) -> Origin:
        if not self.includes(line):
            return Origin.LEFT_OUT if line.included is False and self._by_rule(line) else Origin.OPTION
        if line.element is not None or line.field is None:
            return Origin.SET
        return Origin.AUTO if line.field.fixed is None else Origin.FIXED

    def includes(self, line: Line) -> bool:
        if line.included is not None:
            return line.included
        return line.element is not None or self._by_rule(line)

    def element(self, line: Line) -> Element:
        """As encoded, Message ID and group length filled in later when automatic."""
        if line.element is not None:
            return line.element
        return Element(line.tag, self.automatic(line))

    def command(self) -> CommandSet:
        """To send: an automatic Message ID is left to the engine."""
        return CommandSet(
            tuple(
                Element(line.tag) if line.tag == MESSAGE_ID and line.element is None else self.element(line)
                for line in self.lines
                if self.includes(line)
            )
        )

    def file_command(self) -> CommandSet:
        """To save: what is filled in on sending stays open, and what a file said stays as it was written."""
        return CommandSet(tuple(self._file_element(line) for line in self.lines if self.includes(line)))

    def _file_element(self, line: Line) -> Element:
        element = self.element(line)
        if line.element is not None:
            return element
        if line.tag in _FILLED_ON_SENDING:
            return Element(line.tag, line.written if line.written == element.value else None)
        if line.written is not None and (line.tag in _KEPT_AS_WRITTEN or is_placeholder(line.written)):
            return Element(line.tag, line.written)
        return element

    def preview(self) -> CommandSet:
        """As it will most likely go out: with the next Message ID."""
        return CommandSet(tuple(self.element(line) for line in self.lines if self.includes(line)))

    def automatic(self, line: Line) -> Value:
        """The value a row gets unless it is set by hand."""
        row, request = line.field, self.around.request
        decided = line.tag == DATA_SET_TYPE and self.around.data_set is not None
        if row is not None and row.fixed is not None and not decided:
            return row.fixed
        if row is not None and row.request_tag is not None and request is not None:
            value = request.get(row.request_tag)
            if value is not None:
                return value
        element = ELEMENTS.get(line.tag)
        rule = _AUTOMATIC.get(element.keyword) if element else None
        if rule is None:
            return 0 if row is not None and element is not None and element.vr == "US" else None
        made = rule(self)
        # A named placeholder of a file is as new a UID, and the same wherever the message says it.
        return line.written if made == self.around.new_uid and is_placeholder(line.written) else made

    def _status_by_hand(self) -> StatusClass | None:
        for line in self.lines:
            if line.tag == STATUS and line.element is not None:
                value = line.element.value
                return status_class(value) if isinstance(value, int) else StatusClass.UNKNOWN
        return None

    def _by_rule(self, line: Line) -> bool:
        row = line.field
        if row is None:
            return True
        if row.required is not None:
            request = self.around.request
            repeats = row.request_tag is not None and request is not None and request.find(row.request_tag) is not None
            return row.required or repeats
        return row.when is not None and _WHEN[row.when](self)

    # changes

    def with_line(self, index: int, line: Line | None) -> Draft:
        """The draft with one row replaced, or removed."""
        new = () if line is None else (line,)
        return replace(self, lines=(*self.lines[:index], *new, *self.lines[index + 1 :]))

    def with_new(self, index: int, line: Line) -> Draft:
        return replace(self, lines=(*self.lines[:index], line, *self.lines[index:]))

    def with_moved(self, index: int, by: int) -> tuple[Draft, int]:
        """A row moved: the wire order follows the form's."""
        target = max(0, min(len(self.lines) - 1, index + by))
        lines = list(self.lines)
        lines.insert(target, lines.pop(index))
        return replace(self, lines=tuple(lines)), target

    def with_message(self, message: MessageRow) -> Draft:
        """Another message; what was set by hand stays where the new message has the element."""
        kept = {line.tag: line for line in self.lines if line.touched and line.field is not None}
        lines = [
            replace(line, element=kept[line.tag].element, included=kept[line.tag].included)
            if line.tag in kept and (line.field is None or line.field.fixed is None)
            else line
            for line in lines_of(message)
        ]
        for line in self.lines:
            if line.field is None and message.field(line.tag) is None:
                lines.insert(_place(lines, line.tag), line)
        return replace(self, message=message, lines=tuple(lines))

    def place_for(self, tag: int) -> int:
        """Where an added element belongs in tag order."""
        return _place(self.lines, tag)


def _place(lines: tuple[Line, ...] | list[Line], tag: int) -> int:
    return next((i for i, line in enumerate(lines) if line.tag > tag), len(lines))


def lines_of(message: MessageRow) -> tuple[Line, ...]:
    """A message's rows, untouched."""
    return tuple(Line(row.tag, row) for row in message.fields)


def is_placeholder(value: Value) -> bool:
    """Whether a value stands for a UID known on sending: made then, or told by a response."""
    return isinstance(value, str) and value.startswith(("{uid", "{response "))


def draft_of(message: MessageRow, command: CommandSet, around: Surroundings) -> Draft:
    """A draft that saves exactly this command set, and sends it but for what names the peer's things anew.

    What equals the automatic value stays automatic; a placeholder for an instance too, as the builder knows what exists
    at the peer. Not in N-CREATE: there it is the wish to give the new instance its UID.
    """
    draft = Draft(message=message, lines=lines_of(message), around=around)
    lines: list[Line] = []
    for element in command:
        row = message.field(element.tag)
        row = None if any(line.tag == element.tag for line in lines) else row
        line = Line(element.tag, row)
        same = row is not None and draft.includes(line) and _fills_itself_in(draft, line, element)
        lines.append(replace(line, written=element.value) if same else replace(line, element=element))
    present = {line.tag for line in lines}
    for line in draft.lines:
        if line.tag not in present:
            absent = replace(line, included=False) if draft.includes(line) else line
            lines.insert(_place(lines, line.tag), absent)
    return replace(draft, lines=tuple(lines))


def _fills_itself_in(draft: Draft, line: Line, element: Element) -> bool:
    """Whether a file's element may follow the association and the data set, nothing of the file's being lost."""
    tag, value = element.tag, element.value
    if element.raw is not None or element.length is not None:
        return False
    if value is None and tag in _FILLED_ON_SENDING:
        return True
    if tag == MESSAGE_ID:
        return False
    if tag in _INSTANCES and is_placeholder(value):
        return draft.message.service != "N-CREATE" or draft.message.kind == "response"
    if tag in _INSTANCES and any(value == instance for _sop_class, instance in draft.around.instances):
        return False
    if tag == _MOVE_DESTINATION and value == DEFAULT_AE_TITLE:
        return True
    return value is not None and value == draft.automatic(line)


# What fills itself in

_WHEN: dict[When, Callable[[Draft], bool]] = {
    When.PENDING: lambda d: _status_class(d) is StatusClass.PENDING,
    When.DATA_SET: lambda d: d.has_data_set,
    When.UID_ASSIGNED: lambda d: _status_class(d) is StatusClass.SUCCESS,
}


def _status_class(draft: Draft) -> StatusClass:
    line = next((line for line in draft.lines if line.tag == STATUS), None)
    value = draft.element(line).value if line is not None else None
    return status_class(value) if isinstance(value, int) else StatusClass.UNKNOWN


def _sop_class(draft: Draft) -> Value:
    around, row = draft.around, draft.sop_class
    if around.request is not None and draft.message.kind == "response":
        return around.request.sop_class_uid or around.abstract_syntax
    return row.uid if row is not None else around.abstract_syntax or around.data_class_uid


def _instance(draft: Draft) -> Value:
    around, row = draft.around, draft.sop_class
    if draft.message.kind == "response":
        return (around.request.sop_instance_uid if around.request is not None else "") or around.new_uid
    if draft.message.service == "C-STORE":
        return around.data_instance_uid or around.new_uid
    if row is not None and row.well_known_instance:
        return row.well_known_instance
    known = [instance for uid, instance in around.instances if row is None or uid == row.uid]
    return known[-1] if known and draft.message.service != "N-CREATE" else around.new_uid


def _answered(draft: Draft) -> Value:
    around = draft.around
    if draft.message.kind == "cancel":
        return around.last_request if around.last_request is not None else max(1, around.next_message_id - 1)
    request = around.request.message_id if around.request is not None else None
    return 1 if request is None else request


def _status(draft: Draft) -> Value:
    pending = StatusClass.PENDING in draft.message.data_set.must_with and draft.has_data_set
    return PENDING if pending else 0


def _type_id(names: str) -> Callable[[Draft], Value]:
    def first(draft: Draft) -> Value:
        row = draft.sop_class
        types: dict[int, str] = getattr(row, names) if row is not None else {}
        first_type: int = next(iter(types), 1)
        return first_type

    return first


_AUTOMATIC: dict[str, Callable[[Draft], Value]] = {
    "AffectedSOPClassUID": _sop_class,
    "RequestedSOPClassUID": _sop_class,
    "MessageID": lambda d: d.around.next_message_id,
    "MessageIDBeingRespondedTo": _answered,
    "MoveDestination": lambda d: d.around.calling_ae_title,
    "CommandDataSetType": lambda d: DATA_SET_FOLLOWS if d.has_data_set else NO_DATA_SET,
    "Status": _status,
    "AffectedSOPInstanceUID": _instance,
    "RequestedSOPInstanceUID": _instance,
    "EventTypeID": _type_id("event_types"),
    "ActionTypeID": _type_id("action_types"),
}
