"""Messages that came whole: which request each belongs to (PS3.7 7.5), and what is odd about it."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from engine.model.dataset import EncodedData, FileData
from engine.model.quick import quick
from engine.standard.lean import dataclass
from engine.standard.messages import CANCEL, RESPONSE_BIT, message_name
from engine.wire.issues import Issue
from engine.wire.reassembly import Assembled

from .contexts import Contexts
from .exchange_events import (
    CancelReceived,
    Event,
    Received,
    RequestReceived,
    ResponseReceived,
    Unsolicited,
    is_pending,
)
from .outstanding import ANSWERED, Outstanding
from .serving import Serving

_received, _response_received = quick(Received), quick(ResponseReceived)


@dataclass(slots=True)
class Arrivals:
    """Of one exchange, whose parts these are. window: requests of the peer outstanding at most; 0 is unlimited. taken:
    messages so far."""

    _invoked: Outstanding
    _serving: Serving
    _events: deque[Event]
    _contexts: Contexts
    _window: int
    taken: int = 0

    def take(self, assembled: Assembled, now: float) -> None:
        """A message is whole: the event that tells what it is."""
        self.taken += 1
        message = self._received(assembled)
        number = message.command.command_field
        if number is None:
            self._events.append(Unsolicited(message, "The command set has no Command Field (0000,0100)."))
        elif number == CANCEL:
            self._take_cancel(message)
        elif number & RESPONSE_BIT:
            self._take_response(message, now)
        else:
            self._take_request(message, now)

    def _take_cancel(self, message: Received) -> None:
        served = self._serving.with_id(message.command.responded_to)
        self._events.append(CancelReceived(message, served.key if served else None))

    def _take_request(self, message: Received, now: float) -> None:
        number, limit = message.command.message_id, self._window
        if limit and len(self._serving) >= limit:
            text = f"It is request {len(self._serving) + 1} outstanding; the asynchronous operations window is {limit}."
            message = _noted(message, text, "PS3.7 D.3.3.3")
        if number is not None and self._serving.with_id(number) is not None:
            message = _noted(
                message, f"Its Message ID {number} is that of a request not answered yet.", "PS3.7 9.1, 10.1"
            )
        for invoked in self._invoked.with_sub_operations():
            self._invoked.moved_on(invoked, now)
        self._events.append(RequestReceived(message, self._serving.add(message)))

    def _take_response(self, message: Received, now: float) -> None:
        number = message.command.responded_to
        invoked = self._invoked.asked(number, message.context_id)
        if invoked is None:
            name, why = message_name(message.command.command_field), self._invoked.why_not(number)
            which = "" if number is None else f" ({number})"
            sentence = f"{name} came unasked: the Message ID it answers{which} {why}."
            self._events.append(Unsolicited(message, sentence))
            return
        if invoked.context_id != message.context_id:
            text = f"The response came on context {message.context_id}, the request went on {invoked.context_id}."
            message = _noted(message, text, "PS3.8 E.1")
        final = not is_pending(message.command)
        if final:
            self._invoked.end(invoked, ANSWERED)
        elif invoked.has_pending:
            self._invoked.moved_on(invoked, now)
        self._events.append(_response_received(invoked.operation, message, final, now - invoked.sent))

    def _received(self, a: Assembled) -> Received:
        context = self._contexts.by_id.get(a.context_id)
        syntax = context.transfer_syntax if context else ""
        data = a.sunk if isinstance(a.sunk, EncodedData | FileData) else None
        if a.data is not None:
            data = EncodedData(a.data, syntax)
        message = _received(
            context_id=a.context_id,
            abstract_syntax=context.abstract_syntax if context else "",
            transfer_syntax=syntax,
            command=a.command,
            command_bytes=a.command_bytes,
            data=data,
            data_length=a.data_length,
            issues=a.issues,
        )
        if context is None:
            text = f"Presentation context {a.context_id} was not accepted on this association."
            message = _noted(message, text, "PS3.8 9.3.5.1")
        return message


def _noted(message: Received, text: str, clause: str) -> Received:
    return replace(message, issues=(*message.issues, Issue(text, 0, 0, clause)))
