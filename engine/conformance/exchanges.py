"""Requests, responses and cancels of one association: which belongs to which, and in which order (PS3.7 7.5, 9, 10)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from engine.model.association import Negotiated
from engine.model.command_set import MESSAGE_ID, RESPONDED_TO, STATUS
from engine.standard.messages import SERVICES
from engine.standard.status import StatusClass, status_text

from .findings import Finding
from .items import named
from .message import Message, Operation

REMEMBERED = 1024
"""Message IDs of finished operations remembered for each side: a late response or cancel comes soon or never."""
_AFTER_CANCEL = (StatusClass.FAILURE, StatusClass.WARNING)
_PROMISES = (StatusClass.SUCCESS, StatusClass.WARNING)


class Exchanges:
    """The operations of both sides."""

    def __init__(self) -> None:
        self._negotiated: Negotiated | None = None
        self._open: dict[bool, list[Operation]] = {True: [], False: []}
        self._ended: dict[bool, OrderedDict[int, None]] = {True: OrderedDict(), False: OrderedDict()}
        self._told_again: set[bool] = set()
        self._limits = {True: 0, False: 0}
        """Requests outstanding at most, by side; 0 for no limit."""
        self._roles: dict[tuple[bool, int, str], bool] = {}

    def established(self, negotiated: Negotiated) -> None:
        """What both sides agreed on."""
        self._negotiated = negotiated
        self._limits = {True: negotiated.window.invoked, False: negotiated.window.performed}
        self._roles.clear()

    def outstanding(self, by_requestor: bool) -> list[Operation]:
        """Operations this side invoked that have no final response yet, oldest first."""
        return self._open[by_requestor]

    def names(self, by_requestor: bool) -> list[str]:
        """The same in words."""
        return [f"the response to {o.request.name} {o.request.message_id}" for o in self._open[by_requestor]]

    # -- a command set is whole

    def command(self, message: Message) -> None:
        """Its findings are kept with the message, until it is whole."""
        if message.kind == "request":
            running = self._open[message.from_requestor]
            if not self._is_free(message, running):
                message.findings += self._request(message)
            message.operation = Operation(message)
            running.append(message.operation)
        elif message.kind == "response":
            message.operation = operation = self._asked(message)
            if operation is None or not self._is_plain(message, operation):
                for check in self._OF_RESPONSE:
                    message.findings += check(self, message, operation)
        elif message.kind == "cancel":
            message.operation = self._find(message.from_requestor, message.responded_to)
            message.findings += self._cancel(message, message.operation)

    def plainly_asked(self, response: Message) -> Operation | None:
        """The request this is a response to, where nothing can be wrong with its place."""
        operation = self._asked(response)
        return operation if operation is not None and self._is_plain(response, operation) else None

    def passes(self, by_requestor: bool, number: int) -> bool:
        """Whether nothing can be wrong with the place of a request of this side with this Message ID, and nothing else
        is under way."""
        return not self._open[True] and not self._open[False] and number not in self._ended[by_requestor]

    def has_place(self, by_requestor: bool, number: int, unread: int) -> bool:
        """Whether nothing can be wrong with the place of a request of this side with this Message ID, where others have
        passed before and it has the role. unread: requests of the side that are outstanding and were not read."""
        running, limit = self._open[by_requestor], self._limits[by_requestor]
        if number in self._ended[by_requestor] or (limit and len(running) + unread >= limit):
            return False
        return not running or number not in [o.request.message_id for o in running]

    def ended_plainly(self, by_requestor: bool, number: int, context_id: int, command: bytes) -> bool:
        """End the operation this side invoked with this command set, where nothing can be wrong with the place of its
        final response; False where there is no such."""
        operation = self._find(by_requestor, number)
        if operation is None or not operation.whole or operation.cancelled:
            return False
        if operation.request.context_id != context_id or operation.request.data != command:
            return False
        self._end(operation)
        return True

    def passed(self, by_requestor: bool, number: int) -> None:
        """Such a request came and was answered."""
        self._note_ended(by_requestor, number)

    def goes_by(self, by_requestor: bool, number: int) -> bool:
        """`passes`, and then `passed`."""
        ended = self._ended[by_requestor]
        if self._open[True] or self._open[False] or number in ended:
            return False
        ended[number] = None
        if len(ended) > REMEMBERED:
            ended.popitem(last=False)
        return True

    def whole(self, message: Message) -> None:
        """The message is whole: what follows from it."""
        operation = message.operation
        if operation is None:
            return
        if message.kind == "request":
            operation.whole = True
        elif message.kind == "cancel":
            operation.cancelled = True
        elif message.is_final:
            self._end(operation)
        else:
            operation.responses += 1

    def _end(self, operation: Operation) -> None:
        operation.final = True
        operation.request.operation = None  # no cycle is left for the garbage collector
        running, number = self._open[operation.by_requestor], operation.request.message_id
        if operation in running:
            running.remove(operation)
        if number is not None:
            self._note_ended(operation.by_requestor, number)

    def _note_ended(self, by_requestor: bool, number: int) -> None:
        ended = self._ended[by_requestor]
        ended.pop(number, None)
        ended[number] = None
        if len(ended) > REMEMBERED:
            ended.popitem(last=False)  # of a plain dict, whoever looks for the first passes all that are gone

    def _find(self, by_requestor: bool, number: int | None) -> Operation | None:
        return next((o for o in self._open[by_requestor] if o.request.message_id == number), None)

    def _asked(self, response: Message) -> Operation | None:
        """The request a response is to; of several with its Message ID rather the one on its context."""
        number = response.responded_to
        running = self._open[not response.from_requestor]
        if len(running) == 1:
            return running[0] if running[0].request.message_id == number else None
        found = None
        for operation in running:
            if operation.request.message_id == number:
                if operation.request.context_id == response.context_id:
                    return operation
                found = found or operation
        return found

    def _may(self, m: Message) -> bool:
        """Whether the side has the role for this service on this context; asked for every request."""
        key = (m.from_requestor, m.context_id, m.service)
        may = self._roles.get(key)
        if may is None:
            may = self._roles[key] = self._negotiated is None or not [*_role(m)]
        return may

    def _is_free(self, m: Message, running: list[Operation]) -> bool:
        """A request about whose place nothing can be wrong, as nearly all are."""
        number = m.message_id
        if number in self._ended[m.from_requestor] or not self._may(m):
            return False
        limit = self._limits[m.from_requestor]
        if limit and len(running) >= limit:
            return False
        return not running or number not in [o.request.message_id for o in running]

    @staticmethod
    def _is_plain(m: Message, operation: Operation) -> bool:
        """A response about whose place nothing can be wrong, as nearly all are."""
        return (
            operation.whole
            and not operation.cancelled
            and m.context_id == operation.request.context_id
            and m.status_class is not StatusClass.CANCEL
        )

    # -- rules of requests

    def _request(self, m: Message) -> Iterator[Finding]:
        number, running = m.message_id, self._open[m.from_requestor]
        if running and any(o.request.message_id == number for o in running):
            sentence = f"{m.name} has the Message ID {number} of a request that is not answered yet."
            yield m.about("exchange.message-id-reused", sentence, MESSAGE_ID)
        elif number in self._ended[m.from_requestor] and m.from_requestor not in self._told_again:
            self._told_again.add(m.from_requestor)
            sentence = f"Message ID {number} was used before on this association (told once for each side)."
            yield m.about("exchange.message-id-again", sentence, MESSAGE_ID)
        if self._negotiated is not None:
            yield from self._window(m, len(running) + 1)
            yield from _role(m)

    def _window(self, m: Message, count: int) -> Iterator[Finding]:
        limit = self._limits[m.from_requestor]
        if limit and count > limit:
            sentence = f"{m.name} is request {count} outstanding; the asynchronous operations window is {limit}."
            yield m.about("exchange.window", sentence, MESSAGE_ID)

    # -- rules of responses

    def _unsolicited(self, m: Message, operation: Operation | None) -> Iterator[Finding]:
        if operation is not None:
            return
        number = m.responded_to
        if number in self._ended[not m.from_requestor]:
            sentence = f"{m.name} comes after the final response to Message ID {number}."
            yield m.about("exchange.after-final", sentence, RESPONDED_TO)
        else:
            sentence = f"{m.name} answers Message ID {number}, but no such request was made."
            if number is None:
                sentence = f"{m.name} does not say which request it answers."
            yield m.about("exchange.unsolicited", sentence, RESPONDED_TO)

    def _context(self, m: Message, operation: Operation | None) -> Iterator[Finding]:
        if operation is not None and operation.request.context_id != m.context_id:
            asked = operation.request.context_id
            sentence = f"{m.name} comes on context {m.context_id}; its request came on {asked}."
            yield m.about("exchange.response-context", sentence)

    def _early(self, m: Message, operation: Operation | None) -> Iterator[Finding]:
        if operation is not None and not operation.whole and m.status_class in _PROMISES:
            came = operation.request.body_length
            sentence = f"{m.name} tells {m.status_class.value} after {came} bytes of the Data Set, before it ended."
            yield m.about("exchange.early-success", sentence, STATUS)

    def _cancelled(self, m: Message, operation: Operation | None) -> Iterator[Finding]:
        if operation is None or m.status is None:
            return
        word = status_text(m.status, m.service, operation.request.command.sop_class_uid) if m.status else ""
        if m.status_class is StatusClass.CANCEL and not operation.cancelled:
            yield m.about("exchange.cancel-unasked", f"The status is {word}, but nobody cancelled.", STATUS)
        elif operation.cancelled and m.service == "C-FIND" and m.status_class in _AFTER_CANCEL:
            sentence = f"The cancelled {m.service} ended with {word}."
            yield m.about("exchange.cancel-status", sentence, STATUS)

    _OF_RESPONSE = (_unsolicited, _context, _early, _cancelled)

    # -- rules of cancels

    def _cancel(self, m: Message, operation: Operation | None) -> Iterator[Finding]:
        number = m.responded_to
        if operation is not None:
            service = SERVICES.get(operation.request.service)
            if service is None or not service.cancel:
                sentence = f"{operation.request.name} {number} cannot be cancelled."
                yield m.about("exchange.cancel-unknown", sentence, RESPONDED_TO)
        elif number in self._ended[m.from_requestor]:
            sentence = f"{m.name} comes after the final response to Message ID {number}; it is ignored."
            yield m.about("exchange.cancel-late", sentence, RESPONDED_TO)
        else:
            sentence = f"{m.name} is for Message ID {number}, but no such request was made."
            yield m.about("exchange.cancel-unknown", sentence, RESPONDED_TO)


def _role(m: Message) -> Iterator[Finding]:
    """Operations are for the SCU to invoke, notifications for the SCP (PS3.7 7.5, D.3.3.4)."""
    if m.context is None or not m.context.accepted:
        return
    scu, scp = m.context.requestor_scu, m.context.requestor_scp
    if not m.from_requestor:
        scu, scp = scp, scu
    service = SERVICES.get(m.service)
    word, allowed = ("SCP", scp) if service and service.type == "notification" else ("SCU", scu)
    if not allowed:
        side = "requestor" if m.from_requestor else "acceptor"
        sentence = f"{m.name} comes from the {side}, which is not {word} of {named(m.abstract_syntax)}."
        yield m.about("exchange.role", sentence)
