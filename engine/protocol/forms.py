"""Requests ready to be sent, and the quick way to one that was sent before."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import is_

from engine.model.association import NegotiatedContext
from engine.model.command_set import (
    AFFECTED_INSTANCE,
    COMMAND_FIELD,
    DATA_SET_TYPE,
    GROUP_LENGTH,
    MESSAGE_ID,
    RESPONDED_TO,
    CommandSet,
    Element,
)
from engine.model.quick import quick
from engine.standard.lean import dataclass
from engine.standard.messages import DATA_SET_FOLLOWS, NO_DATA_SET
from engine.wire.commands import HEADER, decode_command_spans, encode_command, encode_value


@dataclass(frozen=True, slots=True)
class Ready:
    """A message ready to be fragmented."""

    context: NegotiatedContext
    command: CommandSet
    command_bytes: bytes


Alter = Callable[[CommandSet], CommandSet]
"""What a deliberate deviation makes of a filled command set."""
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
    `head` and `tail` of its bytes; and, where there is an `instance` (else -1), its Affected SOP Instance UID, the
    element of that place, which stands between `tail` and `end`. The group length counts it: without it, `length`.
    """

    command: CommandSet
    has_data: bool
    command_field: int | None
    elements: tuple[Element, ...]
    place: int
    head: bytes
    tail: bytes
    places: dict[int, int]
    instance: int = -1
    length: int = 0
    end: bytes = b""

    def fits(self, command: CommandSet) -> bool:
        """Whether `filled` gives this request."""
        if command is self.command:
            return True
        place = self.instance
        return place > 0 and alike(command, self.command, place) and is_plain_uid(command.elements[place])

    def filled(self, command: CommandSet, number: int, context: NegotiatedContext) -> Ready:
        """The request, which fits, with this Message ID."""
        place, elements, instance = self.place, self.elements, self.instance
        own = _element(MESSAGE_ID, number)
        if instance < 0:
            made = _command_set((*elements[:place], own, *elements[place + 1 :]), self.places)
            return _ready(context, made, self.head + number.to_bytes(2, "little") + self.tail)
        made, value = self.numbered(command, number), encode_value(command.elements[instance])
        size = len(value).to_bytes(4, "little")
        count = (self.length + len(value)).to_bytes(4, "little")
        parts = (_GROUP_LENGTH, count, self.head, number.to_bytes(2, "little"), self.tail, size, value, self.end)
        return _ready(context, made, b"".join(parts))

    def numbered(self, command: CommandSet, number: int) -> CommandSet:
        """The request, which fits and has an instance, as a command set with this Message ID."""
        return self._with(command.elements[self.instance], number)

    def for_instance(self, uid: str, number: int) -> CommandSet:
        """The same for an instance with this UID."""
        return self._with(_element(AFFECTED_INSTANCE, uid), number)

    def _with(self, uid: Element, number: int) -> CommandSet:
        place, elements, instance = self.place, self.elements, self.instance
        own = _element(MESSAGE_ID, number)
        return _command_set(
            (*elements[:place], own, *elements[place + 1 : instance], uid, *elements[instance + 1 :]), self.places
        )


def alike(one: CommandSet, other: CommandSet, place: int) -> bool:
    """Whether two command sets are made of the same elements but for that at `place`."""
    mine, its = one.elements, other.elements
    return (
        len(mine) == len(its)
        and all(map(is_, mine[:place], its))
        and all(map(is_, mine[place + 1 :], its[place + 1 :]))
    )


def instance_of(command: CommandSet, latest: CommandSet) -> int:
    """The place of the Affected SOP Instance UID where a request differs from the one before it in that alone; else
    -1."""
    place = next((n for n, e in enumerate(command.elements) if e.tag == AFFECTED_INSTANCE), -1)
    return place if place > 0 and alike(command, latest, place) and is_plain_uid(command.elements[place]) else -1


def store_form_of(command: CommandSet, ready: Ready) -> Form | None:
    """The form of requests for other instances, from how one with a data set was filled in; None as `form_of`."""
    place = instance_of(command, command)
    return form_of(command, True, ready, place) if place > 0 else None


def is_plain_uid(element: Element) -> bool:
    """Whether it is an Affected SOP Instance UID with nothing deliberate about it."""
    value = element.value
    plain = element.tag == AFFECTED_INSTANCE and element.raw is None and element.length is None
    return plain and type(value) is str and _plain_uid(value) is not None


def form_of(command: CommandSet, has_data: bool, ready: Ready, instance: int = -1) -> Form | None:
    """The form of a request, from how it was filled in. None where its Message ID is not ours to give, or anything
    about its elements is unusual. instance: the place of the SOP Instance UID that differs from one to the next."""
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
    field = decoded.command_field
    if instance < 0:
        return Form(command, has_data, field, elements, places[0], data[: end - 2], data[end:], by_tag)
    if instance < places[0] or places[0] == 0 or command.elements[0] != Element(GROUP_LENGTH):
        return None
    begin, stop = spans[instance]
    head, tail, rest = data[HEADER + 4 : end - 2], data[end : begin + 4], data[stop:]
    length = len(head) + 2 + len(tail) + 4 + len(rest)
    return Form(command, has_data, field, elements, places[0], head, tail, by_tag, instance, length, rest)


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
