"""The notices of C-STOREs sent that are like one before (`sending_at_once`), judged with their responses in one step
where nothing is wrong with either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from engine.conformance.stores import IDENTITY, StoreSeen
from engine.model.association import NegotiatedContext
from engine.model.command_set import AFFECTED_INSTANCE, RESPONDED_TO, CommandSet, Element
from engine.model.dataset import EncodedData, FileData
from engine.model.notices import Direction
from engine.model.quick import quick
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.forms import Form
from engine.protocol.straight_pdus import REQUESTED
from engine.standard.lean import dataclass
from engine.wire.commands import decode_command
from engine.wire.fragments import Cut, DataRun, cut_of, fragment_loaded
from engine.wire.message_run import HEADERS
from engine.wire.store_form import StoreForm

from .context import Context
from .runs import Times
from .store_turns import Stored

if TYPE_CHECKING:
    from engine.model.storing import FileResult

    from .recorder import Recorder

_received, _ready, _command_set, _element = quick(dx.Received), quick(dx.Ready), quick(CommandSet), quick(Element)


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
    replies: dict[int, CommandSet] = field(default_factory=dict)
    """A response by the size of its UID, which the group length counts."""

    def reply(self, number: bytes, uid: bytes) -> CommandSet:
        """`decode_command` of a response with these, as they stand there."""
        known = self.replies.get(len(uid))
        if known is None or known.places is None:
            known = self.replies[len(uid)] = decode_command(self.form.answer(number, uid)[HEADERS:])
        if known.places is None:
            return known
        elements = list(known.elements)
        own, instance = known.places[RESPONDED_TO], known.places[AFFECTED_INSTANCE]
        elements[own] = _element(RESPONDED_TO, int.from_bytes(number, "little"), number)
        elements[instance] = _element(AFFECTED_INSTANCE, uid.rstrip(b"\0").decode("ascii"), uid)
        return _command_set(tuple(elements), known.places)


@dataclass(slots=True, eq=False)
class StoreSent:
    """A C-STORE-RQ of ours, ready to go or gone. seen: it as it is judged. command: the P-DATA-TF with its command set.
    buffers: all of it, which hold it until the next one is sent, its data set as `cut` says."""

    kind: StoreKind
    message_id: int
    instance: str
    seen: StoreSeen
    command: bytes
    loaded: memoryview
    """The data set."""
    shown: EncodedData | FileData
    cut: Cut
    buffers: list[p.Buffer]
    answer: bytes
    """The P-DATA-TF with the response that is expected."""
    operation: int = 0
    """When it has gone."""
    time: float = 0.0
    """When its notices say it went."""

    @property
    def pdus(self) -> list[Sequence[p.Buffer] | DataRun]:
        """Its P-DATA-TFs."""
        return [(self.command,), *fragment_loaded(self.kind.context.id, self.loaded, self.kind.most)]

    @property
    def ready(self) -> dx.Ready:
        """It as any other message is known."""
        kind = self.kind
        return _ready(kind.context, kind.request.for_instance(self.instance, self.message_id), self.command[HEADERS:])


def composed(
    kind: StoreKind, number: int, instance: str, uid: bytes, loaded: memoryview, shown: EncodedData | FileData
) -> StoreSent:
    """A request of this kind with this Message ID, all of it. instance: its SOP Instance UID; uid: it as it travels."""
    own, form = number.to_bytes(2, "little"), kind.form
    cut = cut_of(kind.context.id, len(loaded), kind.most)
    command, answer = form.asked.filled(own, uid), form.answered.filled(own, uid)
    longest = max(len(command), cut.longest)
    seen = StoreSeen(form, own, uid, bytes(loaded[:IDENTITY]), longest, len(answer))
    buffers = cut.buffers(command, loaded)
    return StoreSent(kind, number, instance, seen, command, loaded, shown, cut, buffers, answer)


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
        self._asked: StoreSent | None = None
        """Sent, and clean if the expected response is what comes next."""
        self._found = 0
        """What had been found before it otherwise."""

    def sent(self, sent: StoreSent) -> None:
        """One was sent. Where nothing is wrong with it, it is judged with its response."""
        self._context.tell_rest()
        self._tell_sent(sent, self._recorder.is_clean(Direction.SENT, sent.seen))

    def _tell_sent(self, sent: StoreSent, clean: bool) -> None:
        context, recorder, direction = self._context, self._recorder, Direction.SENT
        sent.time, clock = context.departure()
        self._found = recorder.found
        for pdu in sent.pdus:
            if isinstance(pdu, DataRun):
                recorder.note_run(direction, pdu, REQUESTED, sent.time, clock)
            else:
                recorder.note_data(direction, pdu, sent.command if len(pdu) == 1 else None, sent.time, clock)
            if not clean:
                self._judge(pdu, sent.time)
        times = sent.time, clock
        recorder.told_message(direction, sent.ready, sent.shown, len(sent.loaded), sent.operation, None, times)
        self._asked = sent if clean else None

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
            sent, self._asked = self._asked, None
            for pdu in sent.pdus:
                self._judge(pdu, sent.time)

    def acknowledged(self, sent: StoreSent, response: CommandSet, duration: float, times: Times) -> None:
        """The response that was expected came."""
        self._context.record(partial(self._acknowledged, sent, response, duration, times))

    def _acknowledged(self, sent: StoreSent, response: CommandSet, duration: float, times: Times) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            self._recorder.passed(Direction.SENT, asked.seen)
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
        clean = asked is not None and recorder.turned(direction, answered.seen, sent.seen)
        if clean:
            gone = context.departure()
            sent.time = gone[0]
            recorder.note_turn(
                answered, duration, came, teller.stored(file, answered.kind.response), sent, next_file, gone
            )
            self._asked = sent
            return
        response = decode_command(answered.answer[HEADERS:])
        self._tell_answer(answered, response, duration, came, asked is not None)
        teller.tell_stored(file, response)
        teller.tell_sending(next_file, next_file.association or 0)
        self._tell_sent(sent, recorder.is_clean(direction, sent.seen))
