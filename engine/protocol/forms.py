"""Requests ready to be sent, and the quick way to one that was sent before."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.association import NegotiatedContext
from engine.model.command_set import (
    COMMAND_FIELD,
    DATA_SET_TYPE,
    MESSAGE_ID,
    NO_DATA_SET,
    RESPONDED_TO,
    CommandSet,
    Element,
)
from engine.model.quick import quick
from engine.standard.lean import dataclass
from engine.wire.commands import HEADER, decode_command_spans, encode_command


@dataclass(frozen=True, slots=True)
class Ready:
    """A message ready to be fragmented."""

    context: NegotiatedContext
    command: CommandSet
    command_bytes: bytes


Alter = Callable[[CommandSet], CommandSet]
"""What a deliberate deviation makes of a filled command set."""
DATA_SET_FOLLOWS = 0x0001
"""Command Data Set Type we send with a Data Set: anything but 0101H would do (PS3.7 E.1)."""
_NUMBERS = (COMMAND_FIELD, MESSAGE_ID)
_ready, _element, _command_set = quick(Ready), quick(Element), quick(CommandSet)


@dataclass(frozen=True, slots=True)
class Form:
    """A request that is sent again and again: all but its Message ID, which is the element `place` and stands between
    `head` and `tail` of its bytes."""

    command: CommandSet
    has_data: bool
    command_field: int | None
    elements: tuple[Element, ...]
    place: int
    head: bytes
    tail: bytes
    places: dict[int, int]

    def filled(self, number: int, context: NegotiatedContext) -> Ready:
        """The request with this Message ID."""
        place, elements = self.place, self.elements
        command = _command_set((*elements[:place], _element(MESSAGE_ID, number), *elements[place + 1 :]), self.places)
        return _ready(context, command, self.head + number.to_bytes(2, "little") + self.tail)


def form_of(command: CommandSet, has_data: bool, ready: Ready) -> Form | None:
    """The form of a request, from how it was filled in. None where its Message ID is not ours to give, or anything
    about its elements is unusual."""
    places = [n for n, e in enumerate(command) if e.tag == MESSAGE_ID]
    if len(places) != 1 or command.elements[places[0]] != Element(MESSAGE_ID):
        return None
    decoded, spans, issues = decode_command_spans(ready.command_bytes)
    if issues or len(spans) != len(command.elements):
        return None
    start, end = spans[places[0]]
    if end - start != HEADER + 2:
        return None
    data, elements = ready.command_bytes, ready.command.elements
    by_tag = {e.tag: n for n, e in reversed(list(enumerate(elements)))}
    return Form(command, has_data, decoded.command_field, elements, places[0], data[: end - 2], data[end:], by_tag)


def fill(
    command: CommandSet, has_data: bool, next_id: Callable[[], int], responded_to: int | None = None
) -> CommandSet:
    """Values left None become what they must be (the encoder does the group length); the rest stays as it is."""
    elements = list(command.elements)
    for index, element in enumerate(elements):
        if element.value is not None or element.raw is not None:
            continue
        value: int | None = None
        if element.tag == MESSAGE_ID:
            value = next_id()
        elif element.tag == DATA_SET_TYPE:
            value = DATA_SET_FOLLOWS if has_data else NO_DATA_SET
        elif element.tag == RESPONDED_TO:
            value = responded_to
        if value is not None:
            elements[index] = _element(element.tag, value, None, element.length)
    return _command_set(tuple(elements))


def make_ready(context: NegotiatedContext, filled: CommandSet, alter: Alter | None) -> Ready:
    """A filled command set, encoded. CommandError when it cannot be."""
    command = alter(filled) if alter else filled
    return _ready(context, command, encode_command(command))


def is_plain(command: CommandSet) -> bool:
    """Whether what the peer decodes is what is encoded: numbers where they belong, and nothing deliberate."""
    for element in command.elements:
        if element.raw is not None or element.length is not None:
            return False
        if element.tag in _NUMBERS and type(element.value) is not int:
            return False
    return True
