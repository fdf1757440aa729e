"""Requests ready to be sent, and the quick way to one that was sent before."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.association import NegotiatedContext
from engine.model.command_set import MESSAGE_ID, CommandSet, Element
from engine.model.quick import quick
from engine.wire.commands import HEADER, decode_command_spans


@dataclass(frozen=True, slots=True)
class Ready:
    """A message ready to be fragmented."""

    context: NegotiatedContext
    command: CommandSet
    command_bytes: bytes


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

    def filled(self, number: int, context: NegotiatedContext) -> Ready:
        """The request with this Message ID."""
        place, elements = self.place, self.elements
        command = _command_set((*elements[:place], _element(MESSAGE_ID, number), *elements[place + 1 :]))
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
    return Form(command, has_data, decoded.command_field, elements, places[0], data[: end - 2], data[end:])
