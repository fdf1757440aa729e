"""A C-STORE like one before it, sent as a whole and its answer recognised by its bytes: the straight way of what
`writer` and `exchange` do for any request. `tests/runtime/test_sending_at_once.py` holds one against the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.storing import FileResult, PlannedFile
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.forms import store_form_of
from engine.protocol.straight import FORMS
from engine.services.responses import SUCCESS
from engine.standard.lean import dataclass
from engine.standard.messages import RESPONSE_BIT, STORE
from engine.standard.state_table import Sta
from engine.wire.commands import decode_command, encode_value
from engine.wire.fragments import LARGEST_RUN
from engine.wire.message_run import HEADERS
from engine.wire.pdus import PDV_HEADER
from engine.wire.store_form import UID_LENGTH, store_form

from .invocation import Ended, Response
from .sent_stores import StoreKind, StoreSent, Teller, composed

if TYPE_CHECKING:
    from .association import Association


class Series(Protocol):
    """Sends one file after the other."""

    @property
    def teller(self) -> Teller:
        """Who tells what becomes of them."""

    def moves_on(self, file: FileResult) -> int | None:
        """The file under way has been answered: whether this one, the next, is to be sent now. The number of its
        operation, which has begun then; else None."""

    def sent(self, file: FileResult, operation: int) -> Callable[[Response | Ended], None]:
        """It has gone: who takes what comes of it otherwise than by the response that is expected."""

    def look_ahead(self) -> None:
        """All has been told: there is time to get the next one ready."""

    def fail(self, error: Exception) -> None:
        """A defect of ours."""


@dataclass(slots=True, eq=False)
class _Next:
    """The request that goes when the one before has been answered. before: the file that is of."""

    sent: StoreSent
    file: FileResult
    before: FileResult
    series: Series


class SendingAtOnce:
    """Of one association."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self._kinds: dict[int, StoreKind] = {}
        """By presentation context."""
        self._learned = 0
        self._latest: tuple[int, CommandSet, dx.Ready] | None = None
        """The request that went the long way last, with its operation and as it was given."""
        self._sent: StoreSent | None = None
        """It went out, and its response is expected."""
        self._next: _Next | None = None

    def sends(
        self,
        command: CommandSet,
        context: NegotiatedContext,
        loaded: memoryview,
        shown: EncodedData | FileData,
        operation: int,
        take: Callable[[Response | Ended], None],
    ) -> bool:
        """Send a request, and expect its response. False where anything about it is new: nothing has happened then.

        loaded: its data set, which stays as it is until the response is there. It is registered only when it is on its
        way, since nothing can be received before that.
        """
        self._next = None
        association, kind = self._association, self._kinds.get(context.id)
        exchange, machine = association.exchange, association.machine
        if kind is None or exchange is None or machine.state is not Sta.Sta6 or not 0 < len(loaded) <= LARGEST_RUN:
            return False
        if not kind.request.fits(command):
            return False
        own = command.elements[kind.request.instance]
        uid = encode_value(own)
        if not kind.form.takes(uid) or (number := exchange.straight.next_alone()) is None:
            return False
        sent = composed(kind, number, str(own.value), uid, loaded, shown)
        machine.send_quietly(*sent.buffers)
        association.link.flush()
        now = association.link.last_activity
        exchange.straight.sent(operation, number, context.id, STORE, now)
        self._expect(sent, operation)
        association.messages.expect(operation, sent.ready, now).take = take
        association.recorder.sent_stores.sent(sent)
        return True

    def _expect(self, sent: StoreSent, operation: int) -> None:
        """It went out as this operation."""
        self._association.machine.straight.expected = sent.answer
        sent.operation = operation
        self._sent = sent

    def prepare(
        self, file: FileResult, header: PlannedFile, loaded: memoryview, before: FileResult, series: Series
    ) -> None:
        """Make the request of a file ready while the peer takes in the one before, where nothing about it is new: it
        goes when that has been answered with success. Nothing is kept of it where it comes otherwise."""
        self._next = None
        exchange, kind = self._association.exchange, self._kinds.get(file.context_id or 0)
        if self._sent is None or exchange is None or kind is None or kind.sop_class_uid != header.sop_class_uid:
            return
        if not 0 < len(loaded) <= LARGEST_RUN or header.transfer_syntax != kind.context.transfer_syntax:
            return
        instance = header.sop_instance_uid
        uid = _padded(instance)
        if not kind.form.takes(uid) or (number := exchange.straight.following()) is None:
            return
        sent = composed(kind, number, instance, uid, loaded, header.data)
        self._next = _Next(sent, file, before, series)

    def answered(self, event: p.AnswerReceived) -> bool:
        """What was expected came: the operation is over. False where that has to be received as others are."""
        association, sent = self._association, self._sent
        exchange = association.exchange
        if sent is None or exchange is None or event.data is not sent.answer:
            return False
        invoked = exchange.straight.answered(sent.message_id, sent.kind.context.id)
        if invoked is None:
            return False
        self._sent, context = None, association.context
        came = context.arrival()
        duration = max(0.0, came[1] - invoked.sent)
        following, self._next = self._next, None
        if following is not None and self._goes_on(exchange, following, sent, invoked, duration, came):
            return True
        response = decode_command(sent.answer[HEADERS:])
        association.recorder.sent_stores.acknowledged(sent, response, duration, came)
        association.messages.take_final(sent.operation, response)
        return True

    def _goes_on(
        self,
        exchange: dx.Exchange,
        following: _Next,
        answered: StoreSent,
        invoked: dx.Invoked,
        duration: float,
        came: tuple[float, float],
    ) -> bool:
        """Send what is ready at once, and then tell both. False where anything stands against it: nothing has happened
        then."""
        association, sent, series = self._association, following.sent, following.series
        machine, messages, straight = association.machine, association.messages, exchange.straight
        if machine.state is not Sta.Sta6 or not machine.told_all or not association.link.free or not messages.is_free:
            return False
        if straight.following() != sent.message_id:
            return False
        try:
            operation = series.moves_on(following.file)
            if operation is None:
                return False
            machine.send_quietly(*sent.buffers)
            association.link.flush()
            now = association.link.last_activity
            straight.follows(invoked, operation, sent.kind.context.id, now)
            self._expect(sent, operation)
            messages.follow(answered.operation, operation, now, series.sent(following.file, operation))
            association.recorder.sent_stores.turned(
                (answered, following.before), (sent, following.file), duration, came, series.teller
            )
            series.look_ahead()
            association.link.hasten()
        except Exception as error:  # noqa: BLE001 - a defect of ours ends the operation, not the connection
            series.fail(error)
        return True

    def goes_otherwise(self, command: CommandSet, ready: dx.Ready, operation: int) -> None:
        """A request goes the long way: others like it may be learned from it."""
        self._latest = operation, command, ready
        self._sent = None

    def learn(self, event: dx.ResponseReceived) -> None:
        """A final response came the long way: requests like the one it answers can go the straight way from now on."""
        self._next = None
        latest, self._latest = self._latest, None
        negotiated, message = self._association.negotiated, event.message
        if latest is None or latest[0] != event.operation or negotiated is None or self._learned >= FORMS:
            return
        _, command, ready = latest
        if message.command.command_field != STORE | RESPONSE_BIT or message.command.status != SUCCESS:
            return
        if message.issues or message.data_length or message.context_id != ready.context.id:
            return
        most = negotiated.send_maximum
        if most and len(ready.command_bytes) + UID_LENGTH + PDV_HEADER > most:
            return
        self._learned += 1
        request = store_form_of(command, ready)
        form = store_form(ready.context.id, ready.command_bytes, message.command_bytes, negotiated.receive_maximum)
        if form is not None and request is not None:
            context, sop_class = ready.context, command.sop_class_uid
            self._kinds[context.id] = StoreKind(request, form, most, context, sop_class, message.command)


def _padded(uid: str) -> bytes:
    """A UID as it travels (PS3.5 9.1); what is none as something that is none."""
    value = uid.encode("ascii", "replace")
    return value + b"\0" if len(value) & 1 else value
