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
from engine.standard.lean import dataclass
from engine.wire.commands import decode_command
from engine.wire.fragments import run_of
from engine.wire.message_run import HEADERS
from engine.wire.store_form import StoreForm

from .context import Context
from .runs import Times

if TYPE_CHECKING:
    from .recorder import Recorder

_received, _ready = quick(dx.Received), quick(dx.Ready)


@dataclass(slots=True, eq=False)
class _Arrived:
    """A C-STORE like one before it, which is told when it is its turn: with its response where that went out before
    anything else was to be told.

    size: bytes of its data set. named: that is known to begin with its UIDs. answer: the P-DATA-TF of the response.
    """

    records: StoreRecords
    event: p.StoreReceived
    context: NegotiatedContext
    size: int
    named: bool
    times: Times
    answer: bytes = b""
    answered: Times = (0.0, 0.0)

    def __call__(self) -> None:
        self.records.tell(self)


class StoreRecords:
    """Of one association."""

    def __init__(self, recorder: Recorder, context: Context) -> None:
        self._recorder, self._context = recorder, context
        self._clean = False
        """The C-STORE being told has been judged, its response too."""
        self._latest: _Arrived | None = None
        """The one that is being answered."""
        self._found = 0
        """What had been found before it otherwise."""

    def received(
        self, event: p.StoreReceived, context: NegotiatedContext, size: int, named: bool, times: Times
    ) -> None:
        """A C-STORE like one before it arrived; `answered` follows. The rest as of `_Arrived`."""
        self._latest = _Arrived(self, event, context, size, named, times)
        self._context.record(self._latest)

    def answered(self, pdu: bytes) -> None:
        """It was answered with success by this P-DATA-TF."""
        arrived, self._latest = self._latest, None
        assert arrived is not None, "it was received"
        times = self._context.departure()
        if self._context.waits_last(arrived):
            arrived.answer, arrived.answered = pdu, times
        else:
            self._context.record(partial(self._answered, arrived, pdu, times))

    def tell(self, arrived: _Arrived) -> None:
        """What waits of it: one record where nothing is wrong with it and its response."""
        event, answer, recorder = arrived.event, arrived.answer, self._recorder
        if answer and (
            (
                arrived.named
                and recorder.goes_on(
                    Direction.RECEIVED,
                    event.form,
                    int.from_bytes(event.number, "little"),
                    max(len(event.command), *map(len, event.pdus)),
                    len(answer),
                )
            )
            or self._passes(arrived)
        ):
            self._clean = True
            recorder.note_store(event, arrived.size, answer, arrived.context, arrived.times, arrived.answered)
            return
        self._clean = not answer and self._passes(arrived)
        self._tell_received(event, arrived.context, arrived.times)
        if answer:
            self._answered(arrived, answer, arrived.answered)

    def _passes(self, arrived: _Arrived) -> bool:
        """Whether nothing is wrong with it and with the response, as it was with others of its form."""
        event = arrived.event
        form, pdus, command = event.form, event.pdus, len(event.command)
        answer = command - form.asked.fixed + form.answered.fixed
        front = b"" if arrived.named else bytes(pdus[0][HEADERS : HEADERS + IDENTITY])
        longest = max(command, *map(len, pdus))
        seen = StoreSeen(form, event.number, event.uid, front, longest, answer)
        return self._recorder.passes(Direction.RECEIVED, seen, arrived.named)

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

    def _answered(self, arrived: _Arrived, pdu: bytes, times: Times) -> None:
        recorder, event = self._recorder, arrived.event
        if self._clean:
            recorder.note_data(Direction.SENT, (pdu,), pdu, *times)
        else:
            recorder.told_data(Direction.SENT, (pdu,), pdu, *times)
            self._learn(event.form)
        response = response_to(decode_command(event.command[HEADERS:]), SUCCESS)
        ready = _ready(arrived.context, response, pdu[HEADERS:])
        recorder.told_message(Direction.SENT, ready, None, 0, None, None, times)

    def _learn(self, form: StoreForm) -> None:
        """A request and its response of this form were judged."""
        if self._recorder.found == self._found:
            self._recorder.note_clean(form)
