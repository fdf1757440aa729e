"""A C-STORE like one before it, sent as a whole and its answer recognised by its bytes: the straight way of what
`writer` and `exchange` do for any request. `tests/runtime/test_sending_at_once.py` holds one against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.services.responses import SUCCESS
from engine.standard.messages import RESPONSE_BIT, STORE
from engine.standard.state_table import Sta
from engine.wire.commands import decode_command
from engine.wire.fragments import DataRun
from engine.wire.message_run import HEADERS
from engine.wire.store_form import StoreForm, store_form

from .outgoing import Encoded
from .store_records import StoreSent

if TYPE_CHECKING:
    from .association import Association

FORMS = 64
"""Forms learned on one association: files of few kinds follow each other, and learning takes its time."""


class SendingAtOnce:
    """Of one association."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self._forms: dict[int, StoreForm] = {}
        """By presentation context."""
        self._learned = 0
        self._latest: tuple[int, dx.Ready] | None = None
        """The request that went the long way last, and its operation."""
        self._sent: StoreSent | None = None
        """It went out, and its response is expected."""

    def sends(self, ready: dx.Ready, encoded: Encoded, loaded: memoryview, operation: int) -> bool:
        """Send a request that is registered, and expect its response. False where anything about it is new: nothing has
        happened then.

        encoded: of the data set that is `loaded`, which stays as it is until the response is there.
        """
        association, context = self._association, ready.context
        exchange, machine = association.exchange, association.machine
        if exchange is None or not exchange.one_at_a_time or exchange.pack or machine.state is not Sta.Sta6:
            return False
        form = self._forms.get(context.id)
        first, *pdus = exchange.fragments(ready, encoded.chunks, runs=True)
        command = b"".join(first.buffers if isinstance(first, DataRun) else first)
        own = form.own(command) if form is not None else None
        if form is None or own is None:
            self._latest = operation, ready
            return False
        answer = form.answer(*own)
        out: list[p.Buffer] = [command]
        for pdu in pdus:
            out += pdu.buffers if isinstance(pdu, DataRun) else pdu
        machine.expected = answer
        machine.send_quietly(*out)
        association.link.flush()
        self._sent = sent = StoreSent(
            form, *own, ready, operation, command, pdus, loaded, encoded.shown, encoded.size, answer
        )
        association.recorder.stores.sent(sent)
        exchange.progress_made(operation, association.context.now())
        return True

    def answered(self, event: p.AnswerReceived) -> bool:
        """What was expected came: the operation is over. False where that has to be received as others are."""
        association, sent = self._association, self._sent
        exchange = association.exchange
        if sent is None or exchange is None or event.data is not sent.answer:
            return False
        duration = exchange.answered(sent.operation, association.context.now())
        if duration is None:
            return False
        self._sent = None
        response = decode_command(sent.answer[HEADERS:])
        association.recorder.stores.acknowledged(sent, response, duration)
        association.messages.take_final(sent.operation, response)
        return True

    def learn(self, event: dx.ResponseReceived) -> None:
        """A final response came the long way: requests like the one it answers can go the straight way from now on."""
        (operation, ready), message = self._latest or (None, None), event.message
        self._latest = None
        negotiated = self._association.negotiated
        if ready is None or operation != event.operation or negotiated is None or self._learned >= FORMS:
            return
        command = message.command
        if command.command_field != STORE | RESPONSE_BIT or command.status != SUCCESS or message.issues:
            return
        if message.data_length or message.context_id != ready.context.id:
            return
        self._learned += 1
        form = store_form(ready.context.id, ready.command_bytes, message.command_bytes, negotiated.receive_maximum)
        if form is not None:
            self._forms[ready.context.id] = form
