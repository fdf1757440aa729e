"""A C-STORE like one before it, sent as a whole and its answer recognised by its bytes: the straight way of what
`writer` and `exchange` do for any request. `tests/runtime/test_sending_at_once.py` holds one against the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.quick import quick
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.forms import Form, store_form_of
from engine.protocol.straight import FORMS
from engine.services.responses import SUCCESS
from engine.standard.lean import dataclass
from engine.standard.messages import RESPONSE_BIT, STORE
from engine.standard.state_table import Sta
from engine.wire.commands import decode_command, encode_value
from engine.wire.fragments import LARGEST_RUN, DataRun, fragment_loaded
from engine.wire.message_run import HEADERS
from engine.wire.pdus import PDV_HEADER
from engine.wire.store_form import UID_LENGTH, StoreForm, store_form

from .invocation import Ended, Response
from .store_records import StoreSent

if TYPE_CHECKING:
    from .association import Association

_ready = quick(dx.Ready)


@dataclass(slots=True, eq=False)
class _Kind:
    """C-STOREs that are alike. request: before it is encoded. most: the receiver's maximum length, 0 for none."""

    request: Form
    form: StoreForm
    most: int


class SendingAtOnce:
    """Of one association."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self._kinds: dict[int, _Kind] = {}
        """By presentation context."""
        self._learned = 0
        self._latest: tuple[int, CommandSet, dx.Ready] | None = None
        """The request that went the long way last, with its operation and as it was given."""
        self._sent: StoreSent | None = None
        """It went out, and its response is expected."""

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
        association, kind = self._association, self._kinds.get(context.id)
        exchange, machine = association.exchange, association.machine
        if kind is None or exchange is None or machine.state is not Sta.Sta6 or not 0 < len(loaded) <= LARGEST_RUN:
            return False
        if not kind.request.fits(command):
            return False
        uid = encode_value(command.elements[kind.request.instance])
        if not kind.form.takes(uid) or (number := exchange.straight.next_alone()) is None:
            return False
        own = number.to_bytes(2, "little"), uid
        pdu = kind.form.request(*own)
        pdus = fragment_loaded(context.id, loaded, kind.most)
        out: list[p.Buffer] = [pdu]
        for buffers in pdus:
            out += buffers.buffers if isinstance(buffers, DataRun) else buffers
        machine.send_quietly(*out)
        association.link.flush()
        now = association.context.now()
        machine.straight.expected = answer = kind.form.answer(*own)
        ready = _ready(context, kind.request.numbered(command, number), pdu[HEADERS:])
        exchange.straight.sent(operation, number, context.id, STORE, now)
        association.messages.expect(operation, ready, now).take = take
        self._sent = sent = StoreSent(kind.form, *own, ready, operation, pdu, pdus, loaded, shown, len(loaded), answer)
        association.recorder.stores.sent(sent)
        return True

    def answered(self, event: p.AnswerReceived) -> bool:
        """What was expected came: the operation is over. False where that has to be received as others are."""
        association, sent = self._association, self._sent
        exchange = association.exchange
        if sent is None or exchange is None or event.data is not sent.answer:
            return False
        invoked = exchange.straight.answered(int.from_bytes(sent.number, "little"), sent.form.context_id)
        if invoked is None:
            return False
        self._sent = None
        response = decode_command(sent.answer[HEADERS:])
        association.recorder.stores.acknowledged(sent, response, association.context.now() - invoked.sent)
        association.messages.take_final(sent.operation, response)
        return True

    def goes_otherwise(self, command: CommandSet, ready: dx.Ready, operation: int) -> None:
        """A request goes the long way: others like it may be learned from it."""
        self._latest = operation, command, ready

    def learn(self, event: dx.ResponseReceived) -> None:
        """A final response came the long way: requests like the one it answers can go the straight way from now on."""
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
            self._kinds[ready.context.id] = _Kind(request, form, most)
