"""Requests ready to be sent, and the quick way to one that was sent before."""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.model.association import NegotiatedContext
from engine.model.command_set import (
    AFFECTED_INSTANCE,
    COMMAND_FIELD,
    DATA_SET_TYPE,
    GROUP_LENGTH,
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
_GROUP_LENGTH, _INSTANCE_TAG = (
    encode_command(CommandSet((Element(tag, 0 if tag == GROUP_LENGTH else ""),)))[:-4]
    for tag in (GROUP_LENGTH, AFFECTED_INSTANCE)
)
"""Up to the value of the group length; the tag alone."""
_plain_uid = re.compile(r"[0-9.]{1,64}", re.ASCII).fullmatch
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


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """A response that is given again and again: all but its Message ID Being Responded To and its Affected SOP Instance
    UID, the elements `answered` and `named` (-1: it has none). Of its bytes behind the group length, `head` is what
    stands before the first, `middle` what is between the two, `tail` what follows."""

    elements: tuple[Element, ...]
    answered: int
    named: int
    head: bytes
    middle: bytes
    tail: bytes
    pending: bool

    def alike(self, command: CommandSet) -> bool:
        """Whether a command set is such a response."""
        return _alike(self.elements, command.elements, self.answered, self.named)

    def filled(self, command: CommandSet, context: NegotiatedContext) -> Ready | None:
        """The response encoded; None where its own two elements are not as usual."""
        own = command.elements[self.answered]
        number = own.value
        if own.raw is not None or own.length is not None or type(number) is not int or not 0 <= number <= 0xFFFF:
            return None
        body = self.head + number.to_bytes(2, "little") + self.middle
        if self.named >= 0:
            own = command.elements[self.named]
            uid = own.value
            if own.raw is not None or own.length is not None or type(uid) is not str or _plain_uid(uid) is None:
                return None
            size = len(uid) + len(uid) % 2
            body += _INSTANCE_TAG + size.to_bytes(4, "little") + uid.encode() + b"\0" * (size - len(uid)) + self.tail
        return _ready(context, command, _GROUP_LENGTH + len(body).to_bytes(4, "little") + body)


def _alike(one: tuple[Element, ...], other: tuple[Element, ...], answered: int, named: int) -> bool:
    """Whether all elements but these two are the same, and the tags of these."""
    if len(one) != len(other) or one[answered].tag != other[answered].tag or one[:answered] != other[:answered]:
        return False
    if named < 0:
        return one[answered + 1 :] == other[answered + 1 :]
    if one[named].tag != other[named].tag or one[answered + 1 : named] != other[answered + 1 : named]:
        return False
    return one[named + 1 :] == other[named + 1 :]


def answer_form_of(ready: Ready, pending: bool) -> AnswerForm | None:
    """The form of a response, from how one was encoded. None where anything about its elements is unusual."""
    elements, data = ready.command.elements, ready.command_bytes
    tags = [element.tag for element in elements]
    if not is_plain(ready.command) or tags[:1] != [GROUP_LENGTH] or tags.count(RESPONDED_TO) != 1:
        return None
    if [e.tag for e in elements if e.value is None] != [GROUP_LENGTH] or tags.count(AFFECTED_INSTANCE) > 1:
        return None
    answered = tags.index(RESPONDED_TO)
    named = tags.index(AFFECTED_INSTANCE) if AFFECTED_INSTANCE in tags else -1
    if -1 < named < answered:
        return None
    _, spans, issues = decode_command_spans(data)
    if issues or len(spans) != len(elements) or spans[answered][1] - spans[answered][0] != HEADER + 2:
        return None
    start, at = spans[0][1], spans[answered][1]
    until, after = spans[named] if named >= 0 else (len(data), len(data))
    form = AnswerForm(elements, answered, named, data[start : at - 2], data[at:until], data[after:], pending)
    again = form.filled(ready.command, ready.context)
    return form if again is not None and again.command_bytes == data else None


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
