"""C-STOREs that are like one before: all of a request's bytes, and of its response's, but the Message ID and the SOP
Instance UID."""

from __future__ import annotations

import re
import struct
from dataclasses import field

from engine.model.command_set import (
    AFFECTED_INSTANCE,
    GROUP_LENGTH,
    MESSAGE_ID,
    RESPONDED_TO,
    CommandSet,
    Element,
    tag_of,
)
from engine.model.quick import quick
from engine.standard.lean import dataclass
from engine.standard.pdus import PDataTF

from .commands import HEADER, decode_command, decode_command_spans, decode_value
from .message_run import ALL_OF_COMMAND, HEADERS, HEADS
from .pdus import PDV_HEADER

UID_LENGTH = 64
AFFECTED_CLASS = tag_of("AffectedSOPClassUID")
_GROUP = struct.Struct("<HHII")
_BODY = HEADERS + _GROUP.size
"""Where a command set goes on in its P-DATA-TF, behind the group length."""
_command_set, _element = quick(CommandSet), quick(Element)
_uid = re.compile(rb"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*\0?").fullmatch


@dataclass(slots=True, eq=False)
class _Shape:
    """P-DATA-TFs with one whole command set each. Behind its group length stand `head`, the Message ID, `middle`, the
    length of the UID and the UID, `tail`. fixed: bytes of all but the UID. known: `begun`, by the size of the UID."""

    context_id: int
    head: bytes
    middle: bytes
    tail: bytes
    fixed: int
    known: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)

    def begun(self, size: int) -> tuple[bytes, bytes]:
        """Where the UID has so many bytes: what stands before the Message ID, and from that to the UID."""
        known = self.known.get(size)
        if known is None:
            body = self.fixed + size
            command = _GROUP.size + body
            pdu = HEADS.pack(PDataTF.TYPE, command + PDV_HEADER, command + 2, self.context_id, ALL_OF_COMMAND)
            group = _GROUP.pack(GROUP_LENGTH >> 16, GROUP_LENGTH & 0xFFFF, 4, body)
            between = self.middle + size.to_bytes(4, "little")
            known = self.known[size] = b"".join((pdu, group, self.head)), between
        return known

    def filled(self, number: bytes, uid: bytes) -> bytes:
        """The P-DATA-TF with this Message ID and UID, as they stand there."""
        before, between = self.begun(len(uid))
        return b"".join((before, number, between, uid, self.tail))


@dataclass(slots=True, eq=False)
class StoreForm:
    """What the C-STOREs of one presentation context have in common."""

    asked: _Shape
    answered: _Shape
    sop_class: bytes
    """The value of the request's SOP Class UID, padded as it is."""
    places: tuple[int, int]
    """Which of the request's elements are the Message ID and the SOP Instance UID."""
    read: dict[int, CommandSet] = field(default_factory=dict)
    """A request that was, by the size of its UID."""

    @property
    def context_id(self) -> int:
        return self.asked.context_id

    def own(self, pdu: bytes) -> tuple[bytes, bytes] | None:
        """Message ID and SOP Instance UID of the request in this P-DATA-TF, as they stand there; None where it is not
        alike, or its UID is none."""
        shape = self.asked
        size = len(pdu) - _BODY - shape.fixed
        if not 0 < size <= UID_LENGTH or size & 1:
            return None
        before, between = shape.known.get(size) or shape.begun(size)
        at = len(before)
        start = at + 2 + len(between)
        stop = start + size
        if not (pdu.startswith(before) and pdu.startswith(between, at + 2) and pdu.startswith(shape.tail, stop)):
            return None
        uid = pdu[start:stop]
        return None if _uid(uid) is None else (pdu[at : at + 2], uid)

    def covers(self, request: bytes) -> bool:
        """Whether a command set is alike."""
        size = len(request) - _GROUP.size - self.asked.fixed
        return 0 < size <= UID_LENGTH and self.own(self.asked.begun(size)[0][:HEADERS] + request) is not None

    def command(self, number: bytes, uid: bytes) -> CommandSet:
        """The command set of such a request, as `decode_command` gives it."""
        one = self.read.get(len(uid))
        if one is None:
            one = self.read[len(uid)] = decode_command(self.request(number, uid)[HEADERS:])
        elements, (own, named) = one.elements, self.places
        text = _element(AFFECTED_INSTANCE, decode_value(AFFECTED_INSTANCE, uid), uid)
        numbered = _element(MESSAGE_ID, int.from_bytes(number, "little"), number)
        alike = (*elements[:own], numbered, *elements[own + 1 : named], text, *elements[named + 1 :])
        return _command_set(alike, one.places)

    @staticmethod
    def takes(uid: bytes) -> bool:
        """Whether this, padded, is the UID of such a request."""
        return 0 < len(uid) <= UID_LENGTH and _uid(uid) is not None

    def request(self, number: bytes, uid: bytes) -> bytes:
        """The P-DATA-TF with such a request."""
        return self.asked.filled(number, uid)

    def answer(self, number: bytes, uid: bytes) -> bytes:
        """The P-DATA-TF with the response to such a request."""
        shape = self.answered
        before, between = shape.known.get(len(uid)) or shape.begun(len(uid))
        return b"".join((before, number, between, uid, shape.tail))


def store_form(context_id: int, request: bytes, response: bytes, maximum_length: int) -> StoreForm | None:
    """The form of this request's and this response's command sets; None where anything about them is unusual.

    maximum_length: of what receives the response; 0 for none.
    """
    asked, answered = _shape(context_id, request, MESSAGE_ID), _shape(context_id, response, RESPONDED_TO)
    if asked is None or answered is None:
        return None
    longest = _GROUP.size + answered.fixed + UID_LENGTH + PDV_HEADER
    if maximum_length and longest > maximum_length:
        return None
    command = decode_command(request)
    places = _places(command, MESSAGE_ID)
    assert places is not None, "it has a shape"
    sop_class = next((e.raw for e in command if e.tag == AFFECTED_CLASS), None)
    form = StoreForm(asked, answered, sop_class or b"", places)
    own = form.own(asked.begun(len(request) - _GROUP.size - asked.fixed)[0][:HEADERS] + request)
    return form if own is not None and form.answer(*own)[HEADERS:] == response else None


def _shape(context_id: int, data: bytes, number: int) -> _Shape | None:
    command, spans, issues = decode_command_spans(data)
    places = _places(command, number)
    if issues or places is None:
        return None
    numbered, named = (spans[place] for place in places)
    if spans[0] != (0, _GROUP.size) or numbered[1] - numbered[0] != HEADER + 2:
        return None
    head, middle = data[_GROUP.size : numbered[1] - 2], data[numbered[1] : named[0] + 4]
    tail = data[named[1] :]
    return _Shape(context_id, head, middle, tail, len(head) + 2 + len(middle) + 4 + len(tail))


def _places(command: CommandSet, number: int) -> tuple[int, int] | None:
    """Which elements are each message's own, one behind the other."""
    tags = [element.tag for element in command]
    if tags[:1] != [GROUP_LENGTH] or tags.count(number) != 1 or tags.count(AFFECTED_INSTANCE) != 1:
        return None
    places = tags.index(number), tags.index(AFFECTED_INSTANCE)
    return places if 0 < places[0] < places[1] else None
