"""The notices of C-STOREs received that are like one before (`storing_at_once`), judged with their responses in one
step where nothing is wrong with either."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.conformance.stores import IDENTITY, StoreSeen
from engine.model.association import NegotiatedContext
from engine.model.dataset import EncodedData
from engine.model.notices import Direction
from engine.model.quick import quick
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.services.responses import SUCCESS, response_to
from engine.wire.commands import decode_command
from engine.wire.fragments import run_of
from engine.wire.message_run import HEADERS
from engine.wire.store_form import StoreForm

from .context import Context
from .runs import Times

if TYPE_CHECKING:
    from .recorder import Recorder

_received, _ready = quick(dx.Received), quick(dx.Ready)


class StoreRecords:
    """Of one association."""

    def __init__(self, recorder: Recorder, context: Context) -> None:
        self._recorder, self._context = recorder, context
        self._clean = False
        """The C-STORE being told has been judged, its response too."""
        self._latest: partial[None] | None = None
        """How the C-STORE that is being answered is recorded."""
        self._found = 0
        """What had been found before it otherwise."""

    def received(self, event: p.StoreReceived, context: NegotiatedContext, named: bool, times: Times) -> None:
        """A C-STORE like one before it arrived; `answered` follows. named: its data set is known to begin with its
        UIDs."""
        self._latest = partial(self._received, event, context, named, times)
        self._context.record(self._latest)

    def _received(self, event: p.StoreReceived, context: NegotiatedContext, named: bool, times: Times) -> None:
        self._clean = self._passes(event, named)
        self._tell_received(event, context, times)

    def _tell_received(self, event: p.StoreReceived, context: NegotiatedContext, times: Times) -> None:
        recorder, direction, clean = self._recorder, Direction.RECEIVED, self._clean
        self._found = recorder.found
        tell = recorder.note_data if clean else recorder.told_data
        tell(direction, (event.command,), event.command, *times)
        *many, last = event.pdus
        if len(many) > 1 and len(set(map(len, many))) == 1:
            run = run_of(many)
            recorder.note_run(direction, run, event.transition, *times)
            if not clean:
                recorder.judge_run(direction, run, times[0])
            many = []
        for pdu in (*many, last):
            tell(direction, (pdu,), None, *times)
        size, data = event.size, None
        if recorder.keeps_data(size):
            data = EncodedData(b"".join(pdu[HEADERS:] for pdu in event.pdus), context.transfer_syntax)
        command = event.command[HEADERS:]
        message = _received(
            context_id=context.id,
            abstract_syntax=context.abstract_syntax,
            transfer_syntax=context.transfer_syntax,
            command=decode_command(command),
            command_bytes=command,
            data=data,
            data_length=size,
        )
        recorder.told_received(message, None, None, False, None, times)

    def _passes(self, event: p.StoreReceived, named: bool) -> bool:
        """Whether nothing is wrong with it and with the response, as it was with others of its form."""
        form, pdus = event.form, event.pdus
        answer = len(event.command) - form.asked.fixed + form.answered.fixed
        front = b"" if named else bytes(pdus[0][HEADERS : HEADERS + IDENTITY])
        longest = max(len(event.command), *map(len, pdus))
        seen = StoreSeen(form, event.number, event.uid, front, longest, answer)
        return self._recorder.passes(Direction.RECEIVED, seen, named)

    def answered(self, event: p.StoreReceived, pdu: bytes, context: NegotiatedContext) -> None:
        """It was answered with success by this P-DATA-TF."""
        times, waits = (self._context.wall(), self._context.now()), self._latest
        if waits is not None and self._context.take_back(waits):
            self._context.record(partial(self._both, pdu, times, *waits.args))
        else:
            self._context.record(partial(self._answered, event, pdu, context, times))
        self._latest = None

    def _both(
        self,
        pdu: bytes,
        times: Times,
        event: p.StoreReceived,
        context: NegotiatedContext,
        named: bool,
        arrived: Times,
    ) -> None:
        """Request and response with nothing between them."""
        self._clean = self._passes(event, named)
        if self._clean:
            self._recorder.note_store(event, pdu, context, arrived, times)
        else:
            self._tell_received(event, context, arrived)
            self._answered(event, pdu, context, times)

    def _answered(self, event: p.StoreReceived, pdu: bytes, context: NegotiatedContext, times: Times) -> None:
        recorder = self._recorder
        if self._clean:
            recorder.note_data(Direction.SENT, (pdu,), pdu, *times)
        else:
            recorder.told_data(Direction.SENT, (pdu,), pdu, *times)
            self._learn(event.form)
        response = response_to(decode_command(event.command[HEADERS:]), SUCCESS)
        ready = _ready(context, response, pdu[HEADERS:])
        recorder.told_message(Direction.SENT, ready, None, 0, None, None, times)

    def _learn(self, form: StoreForm) -> None:
        """A request and its response of this form were judged."""
        if self._recorder.found == self._found:
            self._recorder.note_clean(form)
