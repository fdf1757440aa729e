"""C-ECHOs that are like one before: all of a request's bytes, and of its response's, but the Message ID."""

from __future__ import annotations

from dataclasses import field

from engine.model.association import NegotiatedContext
from engine.model.command_set import COMMAND_FIELD, MESSAGE_ID, RESPONDED_TO, CommandSet, Element
from engine.model.quick import quick
from engine.standard.lean import dataclass
from engine.standard.messages import ECHO, RESPONSE_BIT
from engine.standard.pdus import PDataTF

from .commands import HEADER, decode_command_spans
from .message_run import ALL_OF_COMMAND, HEADERS, HEADS
from .pdus import PDV_HEADER

_element, _command_set = quick(Element), quick(CommandSet)


@dataclass(slots=True, eq=False)
class _Shape:
    """P-DATA-TFs with one whole command set each: `head`, the Message ID, `tail`. command: that of one of them, in
    which it is the element `place`; places: of each tag."""

    head: bytes
    tail: bytes
    command: CommandSet
    place: int
    size: int = field(init=False)
    places: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.size = len(self.head) + 2 + len(self.tail)
        self.places = {e.tag: n for n, e in reversed(list(enumerate(self.command)))}

    def pdu(self, number: int) -> bytes:
        """That with this Message ID."""
        return self.head + number.to_bytes(2, "little") + self.tail

    def with_number(self, own: Element) -> CommandSet:
        elements, place = self.command.elements, self.place
        return _command_set((*elements[:place], own, *elements[place + 1 :]), self.places)


@dataclass(slots=True, eq=False)
class EchoForm:
    """What the C-ECHO-RQs of one presentation context have in common, and the responses to them."""

    context: NegotiatedContext
    asked: _Shape
    answered: _Shape

    def request(self, number: int) -> tuple[bytes, CommandSet]:
        """The P-DATA-TF of the request with this Message ID, and its command set as it was composed."""
        return self.asked.pdu(number), self.asked.with_number(_element(MESSAGE_ID, number))

    def command(self, number: int) -> bytes:
        """The bytes of the command set of that request."""
        shape = self.asked
        return shape.head[HEADERS:] + number.to_bytes(2, "little") + shape.tail

    def number(self, pdu: bytes) -> int:
        """The Message ID Being Responded To of the response in this P-DATA-TF; -1 where it is not alike."""
        shape = self.answered
        head = shape.head
        if len(pdu) != shape.size or not pdu.startswith(head) or not pdu.endswith(shape.tail):
            return -1
        at = len(head)
        return pdu[at] | pdu[at + 1] << 8

    def answers(self, command: bytes) -> bool:
        """Whether these are the bytes of a command set of such a response."""
        shape = self.answered
        head = shape.head[HEADERS:]
        return len(command) == shape.size - HEADERS and command.startswith(head) and command.endswith(shape.tail)

    def response(self, number: int) -> CommandSet:
        """The command set of such a response, as it is decoded."""
        return self.answered.with_number(_element(RESPONDED_TO, number, number.to_bytes(2, "little")))


def echo_form(
    context: NegotiatedContext, command: CommandSet, request: bytes, response: bytes, maximum_length: int
) -> EchoForm | None:
    """The form of this request's and this response's command sets; None where they are no C-ECHO, or anything about
    them is unusual.

    command: the request as it was composed. maximum_length: of what receives it; 0 for none.
    """
    if maximum_length and len(request) + PDV_HEADER > maximum_length:
        return None
    decoded, answer = decode_command_spans(request)[0], decode_command_spans(response)[0]
    if [e.tag for e in decoded] != [e.tag for e in command]:
        return None
    asked = _shape(context.id, request, ECHO, MESSAGE_ID, command)
    answered = _shape(context.id, response, ECHO | RESPONSE_BIT, RESPONDED_TO, answer)
    return EchoForm(context, asked, answered) if asked is not None and answered is not None else None


def _shape(context_id: int, data: bytes, kind: int, number: int, command: CommandSet) -> _Shape | None:
    decoded, spans, issues = decode_command_spans(data)
    tags = [element.tag for element in decoded]
    if issues or tags.count(COMMAND_FIELD) != 1 or decoded.command_field != kind or decoded.has_data_set:
        return None
    if tags.count(number) != 1 or tags.count(MESSAGE_ID) + tags.count(RESPONDED_TO) != 1 or len(data) % 2:
        return None
    place = tags.index(number)
    start, end = spans[place]
    if end - start != HEADER + 2:
        return None
    pdu = HEADS.pack(PDataTF.TYPE, len(data) + PDV_HEADER, len(data) + 2, context_id, ALL_OF_COMMAND)
    return _Shape(pdu + data[: end - 2], data[end:], command, place)
