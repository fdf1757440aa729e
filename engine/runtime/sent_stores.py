"""The notices of C-STOREs sent that are like one before (`sending_at_once`), judged with their responses in one step
where nothing is wrong with either."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from engine.conformance.stores import IDENTITY, StoreSeen
from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.notices import Direction
from engine.model.quick import quick
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.forms import Form
from engine.protocol.straight_pdus import REQUESTED
from engine.standard.lean import dataclass
from engine.wire.commands import decode_command
from engine.wire.fragments import DataRun
from engine.wire.message_run import HEADERS
from engine.wire.store_form import StoreForm

from .context import Context
from .runs import Times
from .store_turns import Stored

if TYPE_CHECKING:
    from engine.model.storing import FileResult

    from .recorder import Recorder

_received, _ready = quick(dx.Received), quick(dx.Ready)


@dataclass(slots=True, eq=False)
class StoreKind:
    """C-STOREs that are alike. request: before it is encoded. most: the receiver's maximum length, 0 for none.
    response: to the first of them; what it says of others is the same."""

    request: Form
    form: StoreForm
    most: int
    context: NegotiatedContext
    sop_class_uid: str
    response: CommandSet


@dataclass(slots=True, eq=False)
class StoreSent:
    """A C-STORE-RQ of ours, ready to go or gone. command: the P-DATA-TF with its command set. pdus: those with its data
    set, whose buffers hold it until the next one is sent."""

    kind: StoreKind
    message_id: int
    instance: str
    number: bytes
    uid: bytes
    """Both as they stand there."""
    command: bytes
    pdus: Sequence[list[p.Buffer] | DataRun]
    loaded: memoryview
    """The data set."""
    shown: EncodedData | FileData
    answer: bytes
    """The P-DATA-TF with the response that is expected."""
    operation: int = 0
    """When it has gone."""
    time: float = 0.0
    """When its notices say it went."""

    @property
    def buffers(self) -> list[p.Buffer]:
        """All of it, in order."""
        out: list[p.Buffer] = [self.command]
        for pdu in self.pdus:
            out += pdu.buffers if isinstance(pdu, DataRun) else pdu
        return out

    @property
    def ready(self) -> dx.Ready:
        """It as any other message is known."""
        kind = self.kind
        return _ready(kind.context, kind.request.for_instance(self.instance, self.message_id), self.command[HEADERS:])

    @property
    def seen(self) -> StoreSeen:
        """It as it is judged."""
        longest = len(self.command)
        for pdu in self.pdus:
            longest = max(longest, pdu.pdu_size if isinstance(pdu, DataRun) else sum(map(len, pdu)))
        front = bytes(self.loaded[:IDENTITY])
        return StoreSeen(self.kind.form, self.number, self.uid, front, longest, len(self.answer))


class Teller(Protocol):
    """Tells what becomes of files."""

    def stored(self, file: FileResult, response: CommandSet) -> Stored:
        """A file was stored with success, and is told of with other things: how."""

    def tell_stored(self, file: FileResult, response: CommandSet) -> None:
        """The same, told."""

    def tell_sending(self, file: FileResult, association: int) -> None:
        """Tell that a file is being sent."""


class SentStores:
    """Of one association."""

    def __init__(self, recorder: Recorder, context: Context) -> None:
        self._recorder, self._context = recorder, context
        self._asked: tuple[StoreSent, StoreSeen] | None = None
        """Sent, and clean if the expected response is what comes next."""
        self._found = 0
        """What had been found before it otherwise."""

    def sent(self, sent: StoreSent) -> None:
        """One was sent. Where nothing is wrong with it, it is judged with its response."""
        self._context.tell_rest()
        seen = sent.seen
        self._tell_sent(sent, seen, self._recorder.is_clean(Direction.SENT, seen))

    def _tell_sent(self, sent: StoreSent, seen: StoreSeen, clean: bool) -> None:
        context, recorder, direction = self._context, self._recorder, Direction.SENT
        sent.time, clock = context.wall(), context.now()
        self._found = recorder.found
        for pdu in ((sent.command,), *sent.pdus):
            if isinstance(pdu, DataRun):
                recorder.note_run(direction, pdu, REQUESTED, sent.time, clock)
            else:
                recorder.note_data(direction, pdu, sent.command if len(pdu) == 1 else None, sent.time, clock)
            if not clean:
                self._judge(pdu, sent.time)
        times = sent.time, clock
        recorder.told_message(direction, sent.ready, sent.shown, len(sent.loaded), sent.operation, None, times)
        self._asked = (sent, seen) if clean else None

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
            (sent, _), self._asked = self._asked, None
            for pdu in ((sent.command,), *sent.pdus):
                self._judge(pdu, sent.time)

    def acknowledged(self, sent: StoreSent, response: CommandSet, duration: float, times: Times) -> None:
        """The response that was expected came."""
        self._context.record(partial(self._acknowledged, sent, response, duration, times))

    def _acknowledged(self, sent: StoreSent, response: CommandSet, duration: float, times: Times) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            self._recorder.passed(Direction.SENT, asked[1])
        self._tell_answer(sent, response, duration, times, asked is not None)

    def _tell_answer(self, sent: StoreSent, response: CommandSet, duration: float, times: Times, judged: bool) -> None:
        recorder, direction, context = self._recorder, Direction.RECEIVED, sent.kind.context
        if judged:
            recorder.note_data(direction, (sent.answer,), sent.answer, *times)
        else:
            recorder.told_data(direction, (sent.answer,), sent.answer, *times)
            if recorder.found == self._found:
                recorder.note_clean(sent.kind.form)
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

    def turned(
        self,
        ended: tuple[StoreSent, FileResult],
        begun: tuple[StoreSent, FileResult],
        duration: float,
        came: Times,
        teller: Teller,
    ) -> None:
        """The response that was expected came, and the next request has gone since. Both with the file each is of."""
        context, recorder, direction = self._context, self._recorder, Direction.SENT
        context.tell_rest()
        (answered, file), (sent, next_file) = ended, begun
        asked, self._asked = self._asked, None
        seen = sent.seen
        if asked is not None:
            recorder.passed(direction, asked[1])
            if recorder.is_clean(direction, seen):
                gone = context.wall(), context.now()
                sent.time = gone[0]
                stored = teller.stored(file, answered.kind.response)
                recorder.note_turn(answered, duration, came, stored, sent, next_file, gone)
                self._asked = sent, seen
                return
        response = decode_command(answered.answer[HEADERS:])
        self._tell_answer(answered, response, duration, came, asked is not None)
        teller.tell_stored(file, response)
        teller.tell_sending(next_file, next_file.association or 0)
        self._tell_sent(sent, seen, recorder.is_clean(direction, seen))
