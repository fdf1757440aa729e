"""The straight way through the exchange, of messages that are like one before and need not be put together.

Whoever takes it has seen by a message's bytes that it is whole and what it says (`wire.echo_form`, `wire.store_form`,
`wire.message_run`); here it is asked for its place alone. Where that is not beyond doubt the answer is None, nothing
has happened, and the message has to be sent or received as others are.
"""

from __future__ import annotations

from collections import deque

from engine.model.association import NegotiatedContext
from engine.model.limits import Limits
from engine.standard.lean import dataclass
from engine.wire.commands import decode_command
from engine.wire.message_run import MessageRun
from engine.wire.reassembly import Reassembler

from .contexts import Contexts
from .exchange_events import Event, is_pending
from .outstanding import ANSWERED, Invoked, Outstanding
from .serving import Serving

FORMS = 64
"""Forms of a kind learned on one association: peers and users send few kinds of message in turn, and learning takes its
time."""


@dataclass(slots=True)
class StraightWay:
    """That of one association; it works on what its exchange has under way. alone: only one request of ours may be
    outstanding, and its command set goes in a PDU of its own. taken: messages received so."""

    invoked: Outstanding
    serving: Serving
    arriving: dict[int, list[Invoked]]
    events: deque[Event]
    reassembler: Reassembler
    contexts: Contexts
    limits: Limits
    alone: bool
    taken: int = 0

    # -- requests of ours, sent like one before; all of a C-ECHO's response and of a C-STORE's is known before it comes

    def next_id(self) -> int | None:
        """The Message ID of a request; None where all are outstanding. Room in the window is the caller's to see to."""
        return self.invoked.next_id()

    def next_alone(self) -> int | None:
        """The same, where only one request may be outstanding at a time and none is; else None."""
        return self.invoked.next_id() if self.alone and not len(self.invoked) else None

    def following(self) -> int | None:
        """What `next_alone` gives when the request under way has been answered; None where it gives none then."""
        return self.invoked.following if self.alone else None

    def sent(self, operation: int, number: int, context_id: int, command_field: int, now: float) -> None:
        """A request with this Message ID goes out: its response is expected."""
        self.invoked.add(Invoked(operation, number, context_id, command_field, now), now)

    def follows(self, before: Invoked, operation: int, context_id: int, now: float) -> None:
        """The request with the Message ID that was `following` goes out, as the one just answered did."""
        number = self.invoked.next_id()
        assert number is not None, "none is outstanding"
        before.operation, before.message_id, before.context_id, before.sent = operation, number, context_id, now
        self.invoked.add(before, now)

    def answered(self, number: int, context_id: int) -> Invoked | None:
        """The final response to the request with this Message ID came on this context, whole, in one P-DATA-TF and
        without data set: the operation it ends."""
        if self.arriving or self.events or not self.reassembler.rests:
            return None
        invoked = self.invoked.asked(number, context_id)
        if invoked is None or invoked.context_id != context_id:
            return None
        self.taken += 1
        self.reassembler.passed(context_id, has_data=False)
        self.invoked.end(invoked, ANSWERED)
        return invoked

    # -- Pending responses that are alike

    def answered_by(self, run: MessageRun) -> Invoked | None:
        """The operation to which these messages are Pending responses; `pending` tells how many were taken."""
        command = decode_command(run.command_bytes)
        if not command.is_response or not is_pending(command) or not command.has_data_set:
            return None
        if not self.reassembler.rests or run.largest > min(self.limits.data_set, self.limits.memory):
            return None
        invoked = self.invoked.asked(command.responded_to, run.context_id)
        known = invoked is not None and invoked.context_id == run.context_id in self.contexts.by_id
        known = known and invoked is not None and invoked.has_pending
        return invoked if known else None

    def pending(self, invoked: Invoked, count: int, now: float) -> NegotiatedContext:
        """So many Pending responses to this operation, each with a data set, were taken; the context they came on."""
        self.taken += count
        self.reassembler.passed(invoked.context_id)
        self.invoked.moved_on(invoked, now)
        return self.contexts.by_id[invoked.context_id]

    # -- requests of the peer, answered at once

    def passes(self, context_id: int, command: int, data: int) -> NegotiatedContext | None:
        """The context of a request whose command set and data set have so many bytes, where nothing else is under way;
        `passed` tells that it was answered."""
        limits = self.limits
        if len(self.serving) or self.arriving or len(self.invoked) or self.events or not self.reassembler.rests:
            return None
        if command > limits.command_set or data > min(limits.data_set, limits.memory):
            return None
        return self.contexts.by_id.get(context_id)

    def passed(self, context_id: int) -> None:
        """Such a request came and was answered."""
        self.taken += 1
        self.serving.passed()
        self.reassembler.passed(context_id)
