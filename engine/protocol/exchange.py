"""The DIMSE exchange on one association: which response belongs to which request, in both directions (PS3.7 7.5, 9, 10).

Without socket, thread or clock: presentation data values and the time in; events, command sets to send and deadlines out. Data
sets are only carried.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from engine.model.association import Negotiated, NegotiatedContext
from engine.model.command_set import NO_DATA_SET, CommandSet, Element, tag_of
from engine.model.dataset import EncodedData, FileData
from engine.standard.messages import message_name
from engine.standard.sop_classes import sop_class
from engine.standard.status import StatusClass, status_class
from engine.wire.commands import encode_command
from engine.wire.fragments import Assembled, Reassembler, Sink, fragment
from engine.wire.issues import Issue

from .primitives import Buffer, Pdv

CANCEL = 0x0FFF
RESPONSE = 0x8000
_GROUP_LENGTH = tag_of("CommandGroupLength")
_MESSAGE_ID = tag_of("MessageID")
_DATA_SET_TYPE = tag_of("CommandDataSetType")


class ExchangeError(Exception):
    """The local user asked for what this association cannot do; the text is a sentence."""


class WindowFull(ExchangeError):
    """The asynchronous operations window allows no further operation now (PS3.7 D.3.3.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One whole message from the peer."""

    context_id: int
    abstract_syntax: str
    transfer_syntax: str
    command: CommandSet
    command_bytes: bytes
    data: EncodedData | FileData | None
    data_length: int
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request to be served; `key` names it for `respond`."""

    message: Received
    key: int


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """A response to `operation`; `duration` is seconds since the request was sent."""

    operation: int
    message: Received
    final: bool
    duration: float


@dataclass(frozen=True, slots=True)
class CancelReceived:
    """C-CANCEL-RQ; `key` is that of the request it cancels, None when no such request is being served."""

    message: Received
    key: int | None


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A message that belongs to nothing; `sentence` says why."""

    message: Received
    sentence: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No response to `operation` came in time."""

    operation: int


Event = RequestReceived | ResponseReceived | CancelReceived | Unsolicited | TimedOut


@dataclass(frozen=True, slots=True)
class Ready:
    """A message ready to be fragmented."""

    context: NegotiatedContext
    command: CommandSet
    command_bytes: bytes


@dataclass(slots=True)
class _Invoked:
    """An operation or notification this side invoked that has no final response yet."""

    operation: int
    message_id: int
    context_id: int
    command: CommandSet
    sent: float
    deadline: float | None


@dataclass(slots=True)
class _Served:
    """One the peer invoked."""

    key: int
    context_id: int
    command: CommandSet


@dataclass(slots=True)
class Exchange:
    """Both directions of one established association.

    timeout: seconds without a response before TimedOut; 0 for none.
    sink_for: where a data set that arrives goes (context, its command set's bytes); None: to memory.
    """

    negotiated: Negotiated
    requestor: bool
    timeout: float = 0.0
    sink_for: Callable[[NegotiatedContext, bytes], Sink | None] | None = None
    pack: bool = False
    _invoked: list[_Invoked] = field(default_factory=list)
    _served: list[_Served] = field(default_factory=list)
    _events: deque[Event] = field(default_factory=deque)
    _last_id: int = 0
    _last_key: int = 0
    _reassembler: Reassembler = field(init=False)
    _contexts: dict[int, NegotiatedContext] = field(init=False)

    def __post_init__(self) -> None:
        self._contexts = {c.id: c for c in self.negotiated.contexts if c.accepted}
        self._reassembler = Reassembler(self._sink_for)

    # -- sending

    def choose_context(self, command: CommandSet, context_id: int | None = None) -> NegotiatedContext:
        """The accepted context for a message: the one named; else that of its SOP Class, or of a Meta SOP Class or service
        that contains it (PS3.7 10.1). ExchangeError when there is none.
        """
        if context_id is not None:
            context = self._contexts.get(context_id)
            if context is None:
                raise ExchangeError(f"Presentation context {context_id} was not accepted on this association.")
            return context
        uid = command.sop_class_uid
        fits = [c for c in self._contexts.values() if c.abstract_syntax == uid]
        if not fits:
            fits = [c for c in self._contexts.values() if _contains(c.abstract_syntax, uid)]
        if not fits and not uid and self._contexts:
            fits = list(self._contexts.values())
        if not fits:
            raise ExchangeError(f"No accepted presentation context for SOP Class {uid or '(none given)'}.")
        return next((c for c in fits if self._role_fits(c, command)), fits[0])

    def _role_fits(self, context: NegotiatedContext, command: CommandSet) -> bool:
        as_scp = (command.command_field or 0) & ~RESPONSE == 0x0100
        ours = (context.requestor_scu, context.requestor_scp)
        if not self.requestor:
            ours = (ours[1], ours[0])
        return ours[1] if as_scp else ours[0]

    def can_invoke(self) -> bool:
        """Whether the asynchronous operations window has room for one more."""
        window = self.negotiated.window
        limit = window.invoked if self.requestor else window.performed
        return limit == 0 or len(self._invoked) < limit

    def request(
        self, command: CommandSet, operation: int, context: NegotiatedContext, has_data: bool, now: float
    ) -> Ready:
        """Fill in and register a request. WindowFull when the window has no room."""
        if not self.can_invoke():
            raise WindowFull(
                f"{len(self._invoked)} operation(s) are outstanding, all that the asynchronous operations window allows."
            )
        filled = self._fill(command, has_data)
        ready = Ready(context, filled, encode_command(filled))
        deadline = now + self.timeout if self.timeout else None
        message_id = filled.message_id or 0
        self._invoked.append(_Invoked(operation, message_id, context.id, filled, now, deadline))
        return ready

    def respond(self, command: CommandSet, context: NegotiatedContext, has_data: bool, key: int | None = None) -> Ready:
        """A response (or any other message that opens no operation), filled in. A final one ends the request `key`."""
        filled = self._fill(command, has_data)
        ready = Ready(context, filled, encode_command(filled))
        status = filled.status
        if status is None or status_class(status) is not StatusClass.PENDING:
            self._end_served(key, filled.responded_to)
        return ready

    def cancel(self, operation: int) -> Ready | None:
        """The C-CANCEL-RQ for an operation (PS3.7 9.3.2.3); None when it is not outstanding any more."""
        invoked = self._find(operation)
        if invoked is None:
            return None
        command = CommandSet.of(
            CommandField=CANCEL, MessageIDBeingRespondedTo=invoked.message_id, CommandDataSetType=NO_DATA_SET
        )
        return Ready(self._contexts[invoked.context_id], command, encode_command(command))

    def fragments(self, ready: Ready, chunks: Iterable[Buffer] | None) -> Iterator[list[Buffer]]:
        """Buffers of each P-DATA-TF of a message, under the receiver's maximum length."""
        return fragment(
            ready.context.id, ready.command_bytes, chunks, self.negotiated.send_maximum, pack=self.pack
        )

    def _fill(self, command: CommandSet, has_data: bool) -> CommandSet:
        """Values left None become what they must be; anything else stays as the user wants it."""
        made: list[Element] = []
        for element in command:
            if element.value is None and element.raw is None:
                if element.tag == _MESSAGE_ID:
                    element = Element(element.tag, self._next_id(), length=element.length)
                elif element.tag == _DATA_SET_TYPE:
                    element = Element(element.tag, 1 if has_data else NO_DATA_SET, length=element.length)
            made.append(element)
        return CommandSet(tuple(made))

    def _next_id(self) -> int:
        """The next Message ID from 1 to 65535 that is not outstanding (PS3.7 9.1.1.1.1)."""
        taken = {i.message_id for i in self._invoked}
        for _ in range(0xFFFF):
            self._last_id = self._last_id % 0xFFFF + 1
            if self._last_id not in taken:
                return self._last_id
        raise ExchangeError("All 65535 Message IDs are outstanding.")

    # -- receiving

    def receive(self, pdvs: Iterable[Pdv], now: float) -> None:
        """PDVs of one P-DATA-TF. Raises engine.wire.fragments.FragmentError when nothing sensible can follow; messages
        completed before the error are handled."""
        from engine.wire.fragments import FragmentError

        try:
            assembled = self._reassembler.feed(pdvs)
        except FragmentError as error:
            for message in error.completed:
                self._take(message, now)
            raise
        for message in assembled:
            self._take(message, now)

    def next_event(self) -> Event | None:
        return self._events.popleft() if self._events else None

    def _take(self, assembled: Assembled, now: float) -> None:
        message = self._received(assembled)
        field_value = message.command.command_field
        if field_value is None:
            self._events.append(Unsolicited(message, "A command set without Command Field (0000,0100)."))
        elif field_value == CANCEL:
            served = next((s for s in self._served if s.command.message_id == message.command.responded_to), None)
            self._events.append(CancelReceived(message, served.key if served else None))
        elif field_value & RESPONSE:
            self._take_response(message, now)
        else:
            self._last_key += 1
            self._served.append(_Served(self._last_key, message.context_id, message.command))
            self._events.append(RequestReceived(message, self._last_key))

    def _take_response(self, message: Received, now: float) -> None:
        number = message.command.responded_to
        candidates = [i for i in self._invoked if i.message_id == number]
        if not candidates:
            name = message_name(message.command.command_field)
            sentence = f"{name} answers Message ID {number}, which is not outstanding."
            self._events.append(Unsolicited(message, sentence))
            return
        invoked = next((i for i in candidates if i.context_id == message.context_id), candidates[0])
        status = message.command.status
        final = status is None or status_class(status) is not StatusClass.PENDING
        if final:
            self._invoked.remove(invoked)
        elif self.timeout:
            invoked.deadline = now + self.timeout
        self._events.append(ResponseReceived(invoked.operation, message, final, now - invoked.sent))

    def _received(self, a: Assembled) -> Received:
        context = self._contexts.get(a.context_id)
        syntax = context.transfer_syntax if context else ""
        data: EncodedData | FileData | None = None
        if isinstance(a.sunk, EncodedData | FileData):
            data = a.sunk
        elif a.data is not None:
            data = EncodedData(a.data, syntax)
        issues = a.issues
        if context is None:
            text = f"Presentation context {a.context_id} was not accepted on this association."
            issues = (*issues, Issue(text, 0, 0, "PS3.8 9.3.5.1"))
        return Received(
            context_id=a.context_id,
            abstract_syntax=context.abstract_syntax if context else "",
            transfer_syntax=syntax,
            command=a.command,
            command_bytes=a.command_bytes,
            data=data,
            data_length=a.data_length,
            issues=issues,
        )

    def _sink_for(self, context_id: int, command: bytes) -> Sink | None:
        context = self._contexts.get(context_id)
        return self.sink_for(context, command) if self.sink_for and context else None

    # -- what is outstanding

    @property
    def outstanding(self) -> tuple[int, ...]:
        """Operations this side invoked that have no final response yet, oldest first."""
        return tuple(i.operation for i in self._invoked)

    @property
    def serving(self) -> int:
        """Requests of the peer not finally answered yet."""
        return len(self._served)

    def progress_made(self, operation: int, now: float) -> None:
        """A long message is still being sent: its response is not due yet."""
        invoked = self._find(operation)
        if invoked is not None and self.timeout:
            invoked.deadline = now + self.timeout

    def forget(self, operation: int) -> None:
        """Stop waiting for an operation; a late response will be unsolicited."""
        self._invoked = [i for i in self._invoked if i.operation != operation]

    def abandon(self) -> tuple[int, ...]:
        """The association is gone: what was outstanding, and partial messages dropped (PS3.7 A.6)."""
        lost = self.outstanding
        self._invoked.clear()
        self._served.clear()
        self._reassembler.discard()
        return lost

    def next_timeout(self) -> float | None:
        return min((i.deadline for i in self._invoked if i.deadline is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        for invoked in [i for i in self._invoked if i.deadline is not None and i.deadline <= now]:
            self._invoked.remove(invoked)
            self._events.append(TimedOut(invoked.operation))

    def _find(self, operation: int) -> _Invoked | None:
        return next((i for i in self._invoked if i.operation == operation), None)

    def _end_served(self, key: int | None, message_id: int | None) -> None:
        for served in self._served:
            if served.key == key or (key is None and served.command.message_id == message_id):
                self._served.remove(served)
                return


def _contains(abstract_syntax: str, sop_class_uid: str) -> bool:
    """Whether a context of one SOP class may carry messages of another: a member of its Meta SOP Class, or a sibling in a
    service whose instances are shared (UPS, MPPS)."""
    outer, inner = sop_class(abstract_syntax), sop_class(sop_class_uid)
    if outer is None:
        return False
    if sop_class_uid in outer.members:
        return True
    return inner is not None and inner.kind == outer.kind == "normalized" and inner.service_class == outer.service_class
