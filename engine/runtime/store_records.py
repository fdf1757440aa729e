"""The notices of C-STOREs received that are like one before (`storing_at_once`), judged with their responses in one
step where nothing is wrong with either; small ones that come one behind the other are judged and told together."""

from __future__ import annotations

from collections.abc import Sequence
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

SMALL = 16 * 1024
"""Bytes of a data set that is copied so that it can be told with the next ones: telling one by one costs more."""
TOGETHER = 16
"""C-STOREs that wait for each other."""
_received, _ready = quick(dx.Received), quick(dx.Ready)


@dataclass(slots=True, eq=False)
class Arrived:
    """A C-STORE like one before it, which is told when it is its turn: with its response where that went out before
    anything else was to be told.

    size: bytes of its data set. named: that is known to begin with its UIDs. pdus: the P-DATA-TFs with it. answer: that
    of the response.
    """

    event: p.StoreReceived
    context: NegotiatedContext
    size: int
    named: bool
    times: Times
    pdus: Sequence[memoryview]
    answer: bytes = b""
    answered: Times = (0.0, 0.0)


@dataclass(slots=True, eq=False)
class _Row:
    """Some one behind the other, with nothing between them."""

    records: StoreRecords
    stores: list[Arrived]

    def __call__(self) -> None:
        self.records.tell(self)


class StoreRecords:
    """Of one association."""

    def __init__(self, recorder: Recorder, context: Context) -> None:
        self._recorder, self._context = recorder, context
        self._clean = False
        """The C-STORE being told has been judged, its response too."""
        self._row: _Row | None = None
        """The one that waits; or the last of it, which is being answered, was told already."""
        self._found = 0
        """What had been found before it otherwise."""

    def received(
        self, event: p.StoreReceived, context: NegotiatedContext, size: int, named: bool, times: Times
    ) -> None:
        """A C-STORE like one before it arrived; `answered` follows. The rest as of `Arrived`."""
        arrived = Arrived(event, context, size, named, times, event.pdus)
        row = self._row
        if row is not None and self._context.waits_last(row):
            row.stores.append(arrived)
        else:
            self._row = _Row(self, [arrived])
            self._context.record(self._row)

    def answered(self, pdu: bytes) -> None:
        """It was answered with success by this P-DATA-TF."""
        row, context = self._row, self._context
        assert row is not None, "it was received"
        arrived, times = row.stores[-1], context.departure()
        if not context.waits_last(row):
            self._row = None
            context.record(partial(self._answered, arrived, pdu, times))
            return
        arrived.answer, arrived.answered = pdu, times
        if arrived.size <= SMALL and len(row.stores) < TOGETHER:
            arrived.pdus = [memoryview(bytes(pdu)) for pdu in arrived.pdus]  # the next one comes to where they are
            context.lasting = row
        else:
            self._row = context.lasting = None

    def tell(self, row: _Row) -> None:
        """What waits of these: one record of those where nothing is wrong with them and their responses."""
        stores, at = row.stores, 0
        if stores[-1].answer:
            self._row = None
        while at < len(stores):
            count = self._go_on(stores, at)
            if not count and stores[at].answer and self._passes(stores[at]):
                count = 1
            if count:
                self._clean = True
                self._recorder.note_stores(stores[at : at + count])
            else:
                self._tell_singly(stores[at])
            at += count or 1

    def _go_on(self, stores: list[Arrived], at: int) -> int:
        """How many from there on are like the one before, with which nothing was wrong, and so are their responses."""
        form, longest, answer = stores[at].event.form, 0, 0
        numbers: list[int] = []
        for arrived in stores[at:] if at else stores:
            event = arrived.event
            if not arrived.named or not arrived.answer or event.form is not form:
                break
            numbers.append(int.from_bytes(event.number, "little"))
            longest = max(longest, len(event.command), *map(len, arrived.pdus))
            answer = max(answer, len(arrived.answer))
        return self._recorder.go_on(Direction.RECEIVED, form, numbers, longest, answer) if numbers else 0

    def _tell_singly(self, arrived: Arrived) -> None:
        answer = arrived.answer
        self._clean = not answer and self._passes(arrived)
        self._tell_received(arrived)
        if answer:
            self._answered(arrived, answer, arrived.answered)

    def _passes(self, arrived: Arrived) -> bool:
        """Whether nothing is wrong with it and with the response, as it was with others of its form."""
        event = arrived.event
        form, pdus, command = event.form, arrived.pdus, len(event.command)
        answer = command - form.asked.fixed + form.answered.fixed
        front = b"" if arrived.named else bytes(pdus[0][HEADERS : HEADERS + IDENTITY])
        longest = max(command, *map(len, pdus))
        seen = StoreSeen(form, event.number, event.uid, front, longest, answer)
        return self._recorder.passes(Direction.RECEIVED, seen, arrived.named)

    def _tell_received(self, arrived: Arrived) -> None:
        event, context, times = arrived.event, arrived.context, arrived.times
        recorder, direction, clean = self._recorder, Direction.RECEIVED, self._clean
        self._found = recorder.found
        tell = recorder.note_data if clean else recorder.told_data
        tell(direction, (event.command,), event.command, *times)
        *many, last = arrived.pdus
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
            data = EncodedData(b"".join(pdu[HEADERS:] for pdu in arrived.pdus), context.transfer_syntax)
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

    def _answered(self, arrived: Arrived, pdu: bytes, times: Times) -> None:
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
