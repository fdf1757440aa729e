"""The notices of C-STOREs that are like one before (`storing_at_once`, `sending_at_once`), judged with their responses
in one step where nothing is wrong with either."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.conformance.stores import IDENTITY, StoreSeen
from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.notices import Direction
from engine.model.quick import quick
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.straight_pdus import REQUESTED
from engine.services.responses import SUCCESS, response_to
from engine.standard.lean import dataclass
from engine.wire.commands import decode_command
from engine.wire.fragments import DataRun, run_of
from engine.wire.message_run import HEADERS
from engine.wire.store_form import StoreForm

from .context import Context
from .runs import Times

if TYPE_CHECKING:
    from .recorder import Recorder

_received, _ready = quick(dx.Received), quick(dx.Ready)


@dataclass(slots=True)
class StoreSent:
    """A C-STORE-RQ as it went out. command: the P-DATA-TF with its command set. pdus: those with its data set, whose
    buffers hold it until the next one is sent."""

    form: StoreForm
    number: bytes
    uid: bytes
    ready: dx.Ready
    operation: int
    command: bytes
    pdus: Sequence[list[p.Buffer] | DataRun]
    front: memoryview
    """The data set's beginning, at least."""
    shown: EncodedData | FileData
    size: int
    answer: bytes
    """The P-DATA-TF with the response that is expected."""


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
        self._asked: tuple[StoreSent, StoreSeen, float] | None = None
        """Sent, and clean if the expected response is what comes next; when."""

    # -- received

    def received(self, event: p.StoreReceived, context: NegotiatedContext, times: Times) -> None:
        """A C-STORE like one before it arrived; `answered` follows."""
        self._latest = partial(self._received, event, context, times)
        self._context.record(self._latest)

    def _received(self, event: p.StoreReceived, context: NegotiatedContext, times: Times) -> None:
        self._clean = self._passes(event)
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

    def _passes(self, event: p.StoreReceived) -> bool:
        """Whether nothing is wrong with it and with the response, as it was with others of its form."""
        first, form = event.pdus[0], event.form
        answer = len(event.command) - form.asked.fixed + form.answered.fixed
        front = bytes(first[HEADERS : HEADERS + IDENTITY])
        seen = StoreSeen(form, event.number, event.uid, front, max(len(event.command), *map(len, event.pdus)), answer)
        if not self._recorder.is_clean(Direction.RECEIVED, seen):
            return False
        self._recorder.passed(Direction.RECEIVED, seen)
        return True

    def answered(self, event: p.StoreReceived, pdu: bytes, context: NegotiatedContext) -> None:
        """It was answered with success by this P-DATA-TF."""
        times, waits = (self._context.wall(), self._context.now()), self._latest
        if waits is not None and self._context.take_back(waits):
            self._context.record(partial(self._both, event, pdu, context, waits.args[2], times))
        else:
            self._context.record(partial(self._answered, event, pdu, context, times))
        self._latest = None

    def _both(
        self, event: p.StoreReceived, pdu: bytes, context: NegotiatedContext, arrived: Times, times: Times
    ) -> None:
        """Request and response with nothing between them."""
        self._clean = self._passes(event)
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

    # -- sent

    def sent(self, sent: StoreSent) -> None:
        """A C-STORE like one before it was sent. Where nothing is wrong with it, it is judged with its response."""
        context, recorder, direction = self._context, self._recorder, Direction.SENT
        context.tell_rest()
        time, clock = context.wall(), context.now()
        sizes = [pdu.pdu_size if isinstance(pdu, DataRun) else sum(map(len, pdu)) for pdu in sent.pdus]
        longest, front = max(len(sent.command), *sizes), bytes(sent.front[:IDENTITY])
        seen = StoreSeen(sent.form, sent.number, sent.uid, front, longest, len(sent.answer))
        clean = recorder.is_clean(direction, seen)
        self._found = recorder.found
        for pdu in ((sent.command,), *sent.pdus):
            if isinstance(pdu, DataRun):
                recorder.note_run(direction, pdu, REQUESTED, time, clock)
            else:
                recorder.note_data(direction, pdu, sent.command if len(pdu) == 1 else None, time, clock)
            if not clean:
                self._judge(pdu, time)
        recorder.told_message(direction, sent.ready, sent.shown, sent.size, sent.operation, None, (time, clock))
        self._asked = (sent, seen, time) if clean else None

    def _judge(self, pdu: Sequence[p.Buffer] | DataRun, time: float) -> None:
        if isinstance(pdu, DataRun):
            self._recorder.judge_run(Direction.SENT, pdu, time)
        else:
            self._recorder.judge_data(Direction.SENT, pdu, time)

    def catch_up(self) -> None:
        """Something else than the expected response comes next: the request is judged by itself, before it."""
        if self._asked is not None:
            self._context.tell_rest()  # that response may have come already
        if self._asked is not None:
            (sent, _, time), self._asked = self._asked, None
            for pdu in ((sent.command,), *sent.pdus):
                self._judge(pdu, time)

    def acknowledged(self, sent: StoreSent, response: CommandSet, duration: float) -> None:
        """The response that was expected came."""
        times = self._context.wall(), self._context.now()
        self._context.record(partial(self._acknowledged, sent, response, duration, times))

    def _acknowledged(self, sent: StoreSent, response: CommandSet, duration: float, times: Times) -> None:
        recorder, direction, context = self._recorder, Direction.RECEIVED, sent.ready.context
        asked, self._asked = self._asked, None
        if asked is not None:
            recorder.passed(Direction.SENT, asked[1])
            recorder.note_data(direction, (sent.answer,), sent.answer, *times)
        else:
            recorder.told_data(direction, (sent.answer,), sent.answer, *times)
            self._learn(sent.form)
        message = _received(
            context_id=context.id,
            abstract_syntax=context.abstract_syntax,
            transfer_syntax=context.transfer_syntax,
            command=response,
            command_bytes=sent.answer[HEADERS:],
            data=None,
            data_length=0,
        )
        recorder.told_received(message, sent.operation, duration, False, None, times)

    def _learn(self, form: StoreForm) -> None:
        """A request and its response of this form were judged."""
        if self._recorder.found == self._found:
            self._recorder.note_clean(form)
