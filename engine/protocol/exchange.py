"""The DIMSE exchange on one association: which response belongs to which request, both ways (PS3.7 7.5, 9, 10).

Without socket, thread or clock: presentation data values and the time in; events, command sets to send and deadlines
out. Data sets are only carried. `composing` fills in what is sent; messages that are like one before may take the
`straight` way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from engine.model.association import Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.limits import Limits
from engine.standard.lean import dataclass
from engine.standard.messages import CANCEL, NO_DATA_SET
from engine.wire.commands import decode_command, encode_command
from engine.wire.echo_form import EchoForm, echo_form
from engine.wire.fragments import DataRun, fragment, fragment_in_runs, only_fragment
from engine.wire.reassembly import FragmentError, Reassembler, Sink

from .arrivals import Arrivals
from .composing import Composing
from .contexts import Contexts
from .exchange_events import (
    CancelReceived,
    Event,
    Received,
    RequestReceived,
    ResponseReceived,
    TimedOut,
    Unsolicited,
)
from .forms import Alter, Ready, fill, make_ready
from .outstanding import LARGEST_ID, Invoked, Outstanding
from .primitives import Buffer, Pdv
from .serving import Serving
from .straight import StraightWay

__all__ = [
    "CancelReceived",
    "Event",
    "Exchange",
    "ExchangeError",
    "Invoked",
    "Ready",
    "Received",
    "RequestReceived",
    "ResponseReceived",
    "TimedOut",
    "Unsolicited",
    "WindowFull",
]


class ExchangeError(Exception):
    """The local user asked for what this association cannot do; the text is a sentence."""


class WindowFull(ExchangeError):
    """The asynchronous operations window allows no further operation now (PS3.7 D.3.3.3)."""


@dataclass(slots=True)
class Exchange:
    """Both directions of one established association.

    timeout: seconds without a response before TimedOut; 0 for none.
    sink_for: where a data set that arrives goes (context, its command set's bytes); None: to memory.
    pack: command set and data set into one P-DATA-TF where they fit.
    straight: the way of messages that are like one before.
    """

    negotiated: Negotiated
    requestor: bool
    timeout: float = 0.0
    sink_for: Callable[[NegotiatedContext, bytes], Sink | None] | None = None
    pack: bool = False
    limits: Limits = field(default_factory=Limits)
    _invoked: Outstanding = field(init=False)
    _serving: Serving = field(default_factory=Serving)
    _arriving: dict[int, list[Invoked]] = field(default_factory=dict)
    _events: deque[Event] = field(default_factory=deque)
    _arrivals: Arrivals = field(init=False)
    straight: StraightWay = field(init=False)
    _reassembler: Reassembler = field(init=False)
    _contexts: Contexts = field(init=False)
    _window: int = field(init=False)
    _composing: Composing = field(default_factory=Composing)
    _chosen: tuple[CommandSet, str, NegotiatedContext] | None = None
    """The latest choice for a request."""

    def __post_init__(self) -> None:
        self._contexts = Contexts(self.negotiated.contexts, requestor=self.requestor)
        self._invoked = Outstanding(self.timeout)
        self._window = self._limit(ours=True)
        self._arrivals = Arrivals(self._invoked, self._serving, self._events, self._contexts, self._limit(ours=False))
        self._reassembler = Reassembler(
            self._sink_for, command_limit=self.limits.command_set, message_limit=self.limits.data_set
        )
        self.straight = StraightWay(
            self._invoked,
            self._serving,
            self._arriving,
            self._events,
            self._reassembler,
            self._contexts,
            self.limits,
            alone=self._window == 1 and not self.pack,
        )

    # -- sending

    def choose_context(
        self, command: CommandSet, context_id: int | None = None, transfer_syntax: str = ""
    ) -> NegotiatedContext:
        """The accepted context for a message. ExchangeError when there is none.

        The one named; that of the request a response or C-CANCEL-RQ belongs to; else the one that suits the SOP class
        best (`engine.protocol.contexts`). transfer_syntax: of a data set that is encoded already.
        """
        chosen = self._chosen
        if chosen is not None and chosen[0] is command and context_id is None and chosen[1] == transfer_syntax:
            return chosen[2]
        if context_id is None:
            context_id = self._context_of_exchange(command)
        if context_id is not None:
            named = self._contexts.by_id.get(context_id)
            if named is None:
                raise ExchangeError(f"Presentation context {context_id} was not accepted on this association.")
            return named
        context = self._contexts.best(command, transfer_syntax)
        if context is None:
            raise ExchangeError(f"No accepted presentation context for SOP Class {command.sop_class_uid or '(none)'}.")
        if not command.is_response and command.command_field != CANCEL:
            self._chosen = command, transfer_syntax, context
        return context

    def _context_of_exchange(self, command: CommandSet) -> int | None:
        """Context of what this message answers or cancels, if it does."""
        if command.is_response:
            served = self._serving.answered_by(command)
            return served.context_id if served else None
        if command.command_field == CANCEL:
            invoked = self._invoked.to_cancel(command.responded_to)
            return invoked.context_id if invoked else None
        return None

    def can_invoke(self) -> bool:
        """Whether the asynchronous operations window has room for one more."""
        return self._window == 0 or len(self._invoked) < self._window

    def _limit(self, *, ours: bool) -> int:
        """Requests outstanding at most, by us or by the peer; 0 is unlimited (PS3.7 D.3.3.3)."""
        window = self.negotiated.window
        return window.invoked if ours is self.requestor else window.performed

    def request(
        self,
        command: CommandSet,
        operation: int,
        context: NegotiatedContext,
        has_data: bool,
        now: float,
        alter: Alter | None = None,
    ) -> Ready:
        """Fill in and register a request. WindowFull when the window has no room, CommandError when it cannot be
        encoded; nothing is registered then.

        alter: what a deliberate deviation makes of the filled command set.
        """
        if not self.can_invoke():
            raise WindowFull(f"The asynchronous operations window is full: {len(self._invoked)} outstanding.")
        ready, number, asked = self._composing.request(command, context, has_data, self._next_id, alter)
        self._invoked.add(Invoked(operation, number, context.id, asked, now), now)
        return ready

    def respond(
        self,
        command: CommandSet,
        context: NegotiatedContext,
        has_data: bool,
        key: int | None = None,
        alter: Alter | None = None,
    ) -> Ready:
        """A response, filled in, or any other message that opens no operation. CommandError when it cannot be encoded.

        A final one ends the request `key`; without key, the one its Message ID Being Responded To tells. alter: as
        `request`.
        """
        if not command.is_response:
            invoked = self._invoked.to_cancel(command.responded_to)
            filled = fill(command, has_data, self._next_id, invoked.message_id if invoked else None)
            return make_ready(context, filled, alter)
        served = self._serving.find(key) if key else self._serving.answered_by(command)
        answered = served.command.message_id if served else None
        ready, pending = self._composing.response(command, context, has_data, self._next_id, answered, alter)
        if served is not None and not pending:
            self._serving.end(served)
        return ready

    @property
    def sent_again(self) -> CommandSet | None:
        """The latest request that was sent again as it was."""
        return self._composing.sent_again

    def echo_form(self, response: Received) -> EchoForm | None:
        """What that request, where it is a C-ECHO-RQ, and this final response have in common with others like them.
        None where there is more to them."""
        form, context = self._composing.form, self._contexts.by_id.get(response.context_id)
        if form is None or form.has_data or form.instance >= 0 or context is None or response.issues:
            return None
        try:
            if self.choose_context(form.command) is not context:
                return None
        except ExchangeError:  # it was sent where its SOP class does not belong
            return None
        asked = form.filled(form.command, 1, context)
        maximum = self.negotiated.send_maximum
        return echo_form(context, asked.command, asked.command_bytes, response.command_bytes, maximum)

    def cancel(self, operation: int) -> Ready | None:
        """The C-CANCEL-RQ for an operation (PS3.7 9.3.2.3); None when it is over already or its service has none."""
        invoked = self._invoked.find(operation)
        if invoked is None or not (invoked.service and invoked.service.cancel):
            return None
        command = CommandSet.of(
            CommandField=CANCEL, MessageIDBeingRespondedTo=invoked.message_id, CommandDataSetType=NO_DATA_SET
        )
        return Ready(self._contexts.by_id[invoked.context_id], command, encode_command(command))

    def fragments(
        self, ready: Ready, chunks: Iterable[Buffer] | None, maximum: int | None = None, *, runs: bool = False
    ) -> Iterator[list[Buffer] | DataRun]:
        """Buffers of each P-DATA-TF of a message, under the receiver's maximum length, or another one. runs: the bulk
        of a data set as runs."""
        length = self.negotiated.send_maximum if maximum is None else maximum
        if chunks is None:
            alone = only_fragment(ready.context.id, ready.command_bytes, length)
            if alone is not None:
                return iter((alone,))
        elif runs and not self.pack:
            return fragment_in_runs(ready.context.id, ready.command_bytes, chunks, length)
        return fragment(ready.context.id, ready.command_bytes, chunks, length, pack=self.pack)

    def _next_id(self) -> int:
        number = self._invoked.next_id()
        if number is None:
            raise WindowFull(f"All {LARGEST_ID} Message IDs are outstanding.")
        return number

    # -- receiving

    def receive(self, pdvs: Iterable[Pdv] | DataRun, now: float) -> None:
        """PDVs of one P-DATA-TF, or of a run of them. FragmentError when nothing sensible can follow; messages before
        it are handled."""
        if isinstance(pdvs, DataRun):
            if self._reassembler.takes_run(pdvs):
                self._moved_on(pdvs.context_id, now)
                return
            pdvs = [(pdvs.context_id, 0, memoryview(f)) for f in pdvs.fragments]
        elif not isinstance(pdvs, list):
            pdvs = list(pdvs)
        try:
            assembled = self._reassembler.feed(pdvs)
        except FragmentError as error:
            for message in error.completed:
                self._arrivals.take(message, now)
            raise
        for context_id, _, _ in pdvs if self._arriving else ():
            self._moved_on(context_id, now)
        for message in assembled:
            if self._arriving:
                self._arriving.pop(message.context_id, None)
            self._arrivals.take(message, now)

    def _moved_on(self, context_id: int, now: float) -> None:
        """More of a data set arrived."""
        for invoked in self._arriving.get(context_id, ()):
            self._invoked.moved_on(invoked, now)

    @property
    def has_events(self) -> bool:
        """Whether `next_event` has one."""
        return bool(self._events)

    def next_event(self) -> Event | None:
        """The oldest event not yet taken, or None."""
        return self._events.popleft() if self._events else None

    def _sink_for(self, context_id: int, command_bytes: bytes) -> Sink | None:
        """A command set is whole and a data set begins: while it arrives, what waits for it does not time out."""
        if len(self._invoked):
            command = self._reassembler.command_of(context_id) or decode_command(command_bytes)
            invoked = self._invoked.asked(command.responded_to, context_id)
            if not command.is_response:
                self._arriving[context_id] = self._invoked.with_sub_operations()
            elif invoked is not None:
                self._arriving[context_id] = [invoked]
        context = self._contexts.by_id.get(context_id)
        return self.sink_for(context, command_bytes) if self.sink_for and context else None

    # -- what is outstanding

    @property
    def taken(self) -> int:
        """Messages received whole."""
        return self._arrivals.taken + self.straight.taken

    @property
    def outstanding(self) -> tuple[int, ...]:
        """Operations this side invoked that have no final response yet, oldest first."""
        return self._invoked.operations

    @property
    def arriving(self) -> tuple[tuple[int, int, int], ...]:
        """(context ID, command bytes, data bytes) received so far of each message that is not whole."""
        return self._reassembler.pending

    @property
    def serving(self) -> int:
        """Requests of the peer not finally answered yet."""
        return len(self._serving)

    @property
    def held(self) -> int:
        """Bytes that requests of the peer keep until they are answered."""
        return self._serving.held

    def progress_made(self, operation: int, now: float) -> None:
        """What an operation asked for is still coming: its final response is not due yet."""
        invoked = self._invoked.find(operation)
        if invoked is not None:
            self._invoked.moved_on(invoked, now)

    def went(self, operation: int, now: float) -> None:
        """A request, or so much of it, has gone: its response is due from now on."""
        invoked = self._invoked.find(operation)
        if invoked is not None:
            invoked.sent = now
            self._invoked.moved_on(invoked, now)

    def forget(self, operation: int) -> None:
        """Stop waiting for an operation; a late response will be unsolicited."""
        invoked = self._invoked.find(operation)
        if invoked is not None:
            self._invoked.end(invoked, "is not waited for any more")

    def abandon(self) -> tuple[int, ...]:
        """The association is gone: what was outstanding, and partial messages dropped (PS3.7 A.6)."""
        lost = self.outstanding
        self._invoked.clear()
        self._serving.clear()
        self._arriving.clear()
        self._reassembler.discard()
        return lost

    def next_timeout(self) -> float | None:
        """When `handle_timeout` is due, in the caller's clock; None for never."""
        return self._invoked.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """TimedOut for every operation whose next response is overdue."""
        for invoked in self._invoked.overdue(now):
            self._invoked.end(invoked, "had timed out")
            self._events.append(TimedOut(invoked.operation))
