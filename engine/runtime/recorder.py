"""What an association does, told as notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from engine.conformance.echoes import Echo
from engine.conformance.watcher import StoreSeen, Verdict, Watcher
from engine.model.association import Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import Direction, FindingNotice, MessageNotice, PduNotice
from engine.model.quick import quick
from engine.model.remembering import by_its_identity
from engine.model.tls import TlsVerdict
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.upper_layer import INDICATED, REQUESTED
from engine.standard.pdus import PDataTF
from engine.wire.commands import decode_command
from engine.wire.echo_form import EchoForm
from engine.wire.fragments import DataRun
from engine.wire.message_run import HEADERS, MessageRun
from engine.wire.pdus import PDU_HEADER, read_header
from engine.wire.store_form import StoreForm

from .context import Context
from .echo_records import EchoRecords
from .runs import PduRun, ResponseRun, StoreRun
from .store_records import StoreRecords

KEPT_PDU_BYTES = 64 * 1024 * 1024
"""P-DATA-TF bytes copied into notices for one association. Beyond it only the first bytes of each are kept: a long
store session would fill the memory with pixels nobody looks at."""
KEPT_DATA_BYTES = 64 * 1024 * 1024
"""Bytes of data sets in memory given with the notices of one association. Beyond it those larger than `SMALL` are left
out, for the same reason; `data_length` still tells their size."""
COPIED = 4096
"""Bytes of a P-DATA-TF sent that are copied so that it can be recorded later; what is longer may be in a buffer that is
used again."""
SMALL = 64 * 1024
"""Bytes of a data set somebody may look at (an Identifier, an attribute list): always kept."""
HEAD = 256
"""Bytes of a P-DATA-TF kept after that: its header, the PDV's, and the beginning of the command set."""
_pdu_notice, _message_notice, _encoded = quick(PduNotice), quick(MessageNotice), quick(EncodedData)


@by_its_identity
def _names(t: p.Transition | None) -> tuple[str, str, str, str]:
    return (t.before.name, t.event.name, t.action, t.after.name) if t else ("", "", "", "")


_SENDING, _RECEIVING = _names(REQUESTED), _names(INDICATED)


class Recorder:
    """Makes the notices of one association, and has everything that passes judged. requestor: our role.

    What messages are made of is recorded when the answer to it is out (`Context.record`), with the time it was met;
    everything else at once, after that.
    """

    def __init__(self, context: Context, association: int, requestor: bool, limits: Limits) -> None:
        self._context = context
        self._association = association
        self._kept = 0
        self._kept_data = 0
        self._limits = limits
        self._watching = Watcher(requestor, limits)
        self._held: list[Verdict] = []
        self._told: set[str] = set()
        self._last_was_wrong = False
        self.found = 0
        """How much was found, in all."""
        self.stores = StoreRecords(self, context)
        """Those of C-STOREs like one before."""
        self.echoes = EchoRecords(self, context)
        """Those of C-ECHOs like one before."""

    @property
    def _watcher(self) -> Watcher:
        self.stores.catch_up()
        return self._watching

    # -- what passes

    def pdu(self, event: p.PduReceived | p.PduSent) -> None:
        self._context.tell_rest()
        buffers: tuple[p.Buffer, ...]
        if isinstance(event, p.PduReceived):
            direction, data, size, buffers = Direction.RECEIVED, event.data, len(event.data), (event.data,)
            if event.type == PDataTF.TYPE and not self._keep(size):
                data = data[:HEAD]
        else:
            direction, size, buffers = Direction.SENT, sum(map(len, event.data)), event.data
            whole = event.type != PDataTF.TYPE or self._keep(size)
            data = b"".join(event.data) if whole else _head(event.data)
        t = event.transition
        before, name, action, after = _names(t)
        time = self._context.wall()
        self._context.outbox.put(
            _pdu_notice(
                association=self._association,
                time=time,
                clock=self._context.now(),
                direction=direction,
                type=event.type,
                data=data,
                size=size,
                state_before=before,
                event=name,
                action=action,
                state_after=after,
            )
        )
        if isinstance(event, p.PduSent) and t is None:
            for one in _pdus(data):
                self.judge(direction, self._watcher.pdu(direction, (one,), None, time))
        else:
            pdu = event.pdu if isinstance(event, p.PduReceived) else None
            verdicts = self._watcher.pdu(direction, buffers, pdu, time)
            if verdicts or self._held:
                self.judge(direction, verdicts)
            else:
                self._last_was_wrong = False

    def data(self, direction: Direction, buffers: Sequence[p.Buffer], whole: bytes | None = None) -> None:
        """A P-DATA-TF of an established association, in one buffer or several; the quick twin of `pdu`. whole: it in
        one piece, where there is such."""
        context = self._context
        self.stores.catch_up()  # while the buffers of what was sent hold it
        if direction is Direction.SENT and whole is None:
            if sum(map(len, buffers)) > COPIED:
                context.tell_rest()
                self.told_data(direction, buffers, None, context.wall(), context.now())
                return
            whole = b"".join(buffers)
            buffers = (whole,)
        context.record(partial(self.told_data, direction, buffers, whole, context.wall(), context.now()))

    def told_data(
        self, direction: Direction, buffers: Sequence[p.Buffer], whole: bytes | None, time: float, clock: float
    ) -> None:
        self.note_data(direction, buffers, whole, time, clock)
        self.judge_data(direction, buffers, time)

    def judge_data(self, direction: Direction, buffers: Sequence[p.Buffer], time: float) -> None:
        verdicts = self._watcher.data(direction, buffers, time)
        if verdicts or self._held:
            self.judge(direction, verdicts)
        else:
            self._last_was_wrong = False

    def note_data(
        self, direction: Direction, buffers: Sequence[p.Buffer], whole: bytes | None, time: float, clock: float
    ) -> None:
        size = sum(map(len, buffers)) if whole is None else len(whole)
        context = self._context
        kept = self._kept + size
        if kept > KEPT_PDU_BYTES or not context.outbox.has_room:
            data = _head(buffers)
        else:
            self._kept = kept
            data = b"".join(buffers) if whole is None else whole
        before, event, action, after = _SENDING if direction is Direction.SENT else _RECEIVING
        context.outbox.put(
            _pdu_notice(
                association=self._association,
                time=time,
                clock=clock,
                direction=direction,
                type=PDataTF.TYPE,
                data=data,
                size=size,
                state_before=before,
                event=event,
                action=action,
                state_after=after,
            )
        )

    def run(self, event: p.RunSent | p.RunReceived) -> None:
        """Many PDUs that are alike: one record, which becomes a notice for each when it is fetched."""
        context = self._context
        self.stores.catch_up()
        if isinstance(event, p.RunSent):  # from a buffer that may be used again
            context.tell_rest()
            self.told_run(event, context.wall(), context.now())
        else:
            context.record(partial(self.told_run, event, context.wall(), context.now()))

    def told_run(self, event: p.RunSent | p.RunReceived, time: float, clock: float) -> None:
        direction = Direction.SENT if isinstance(event, p.RunSent) else Direction.RECEIVED
        self.note_run(direction, event.run, event.transition, time, clock)
        self.judge_run(direction, event.run, time)

    def judge_run(self, direction: Direction, run: DataRun, time: float) -> None:
        self.judge(direction, self._watcher.run(direction, run, time))

    def note_run(self, direction: Direction, run: DataRun, t: p.Transition, time: float, clock: float) -> None:
        size = run.pdu_size
        whole = min(len(run), max(0, KEPT_PDU_BYTES - self._kept) // size) if self._context.outbox.has_room else 0
        self._kept += whole * size
        fragments, header, rest = run.fragments, run.header, HEAD - len(run.header)
        data = [b"".join((header, f)) for f in fragments[:whole]]
        data += [header + f[:rest] for f in fragments[whole:]]
        self._context.outbox.put(
            PduRun(
                data=data,
                association=self._association,
                time=time,
                clock=clock,
                direction=direction,
                size=size,
                state_before=t.before.name,
                event=t.event.name,
                action=t.action,
                state_after=t.after.name,
            )
        )

    def matches(self, run: MessageRun, first: int) -> int:
        """How many messages of a run, from `first` on, are matches with which nothing is wrong and whose bytes are all
        kept; they have been judged, and `responses` tells them."""
        self._context.tell_rest()
        if self._held or not self._context.outbox.has_room or self._kept + run.size(first) > KEPT_PDU_BYTES:
            return 0
        return self._watcher.matches(Direction.RECEIVED, run, first)

    def responses(self, run: MessageRun, first: int, end: int, invoked: dx.Invoked, context: NegotiatedContext) -> None:
        """Such matches arrived, from `first` to before `end`."""
        now, held = self._context.now(), run.ends[end] - run.ends[first]
        self._kept += held
        self._last_was_wrong = False
        self._context.outbox.put(
            ResponseRun(
                limits=self._limits,
                run=run,
                next=first,
                end=end,
                association=self._association,
                operation=invoked.operation,
                time=self._context.wall(),
                clock=now,
                duration=now - invoked.sent,
                context=context,
                command=decode_command(run.command_bytes),
                states=_RECEIVING,
                held=held,
            )
        )

    def _keep(self, size: int) -> bool:
        if self._kept + size > KEPT_PDU_BYTES or not self._context.outbox.has_room:
            return False
        self._kept += size
        return True

    def message(
        self,
        direction: Direction,
        ready: dx.Ready,
        data: EncodedData | FileData | None,
        length: int,
        operation: int | None,
        within: int | None = None,
    ) -> None:
        """A message was sent."""
        times = self._context.wall(), self._context.now()
        self._context.record(partial(self.told_message, direction, ready, data, length, operation, within, times))

    def told_message(
        self,
        direction: Direction,
        ready: dx.Ready,
        data: EncodedData | FileData | None,
        length: int,
        operation: int | None,
        within: int | None,
        times: tuple[float, float],
    ) -> None:
        context = ready.context
        self._context.outbox.put(
            _message_notice(
                association=self._association,
                limits=self._limits,
                operation=operation,
                time=times[0],
                clock=times[1],
                direction=direction,
                context_id=context.id,
                abstract_syntax=context.abstract_syntax,
                transfer_syntax=context.transfer_syntax,
                command=ready.command,
                command_bytes=ready.command_bytes,
                data=None if data is None else self._keep_data(data),
                data_length=length,
                within=within,
            )
        )
        if self._held:
            self._tell_held(direction, operation if operation is not None else within)

    def told_command(
        self,
        direction: Direction,
        context: NegotiatedContext,
        command: CommandSet,
        command_bytes: bytes,
        operation: int,
        duration: float | None,
        times: tuple[float, float],
    ) -> None:
        """A message without data set passed, in either direction."""
        self._context.outbox.put(
            _message_notice(
                association=self._association,
                limits=self._limits,
                operation=operation,
                time=times[0],
                clock=times[1],
                direction=direction,
                context_id=context.id,
                abstract_syntax=context.abstract_syntax,
                transfer_syntax=context.transfer_syntax,
                command=command,
                command_bytes=command_bytes,
                duration=duration,
            )
        )
        if self._held:
            self._tell_held(direction, operation)

    def received(
        self,
        message: dx.Received,
        operation: int | None,
        *,
        duration: float | None = None,
        unsolicited: bool = False,
        within: int | None = None,
    ) -> None:
        """A message arrived."""
        times = self._context.wall(), self._context.now()
        self._context.record(partial(self.told_received, message, operation, duration, unsolicited, within, times))

    def told_received(
        self,
        message: dx.Received,
        operation: int | None,
        duration: float | None,
        unsolicited: bool,
        within: int | None,
        times: tuple[float, float],
    ) -> None:
        data = message.data
        self._context.outbox.put(
            _message_notice(
                association=self._association,
                limits=self._limits,
                operation=operation,
                time=times[0],
                clock=times[1],
                direction=Direction.RECEIVED,
                context_id=message.context_id,
                abstract_syntax=message.abstract_syntax,
                transfer_syntax=message.transfer_syntax,
                command=message.command,
                command_bytes=message.command_bytes,
                data=None if data is None else self._keep_data(data),
                data_length=message.data_length,
                duration=duration,
                unsolicited=unsolicited,
                within=within,
            )
        )
        if self._held:
            self._tell_held(Direction.RECEIVED, operation if operation is not None else within)

    def note_store(
        self,
        event: p.StoreReceived,
        answer: bytes,
        context: NegotiatedContext,
        arrived: tuple[float, float],
        answered: tuple[float, float],
    ) -> None:
        """A C-STORE like one before it and its response, with which nothing is wrong: one record for all of them."""
        outbox, kept, has_room = self._context.outbox, self._kept, self._context.outbox.has_room
        pdus: list[tuple[bytes, int]] = []
        for pdu in (event.command, *event.pdus, answer):
            size = len(pdu)
            if has_room and kept + size <= KEPT_PDU_BYTES:
                kept += size
                pdus.append((bytes(pdu), size))
            else:
                pdus.append((bytes(pdu[:HEAD]), size))
        size, data = event.size, None
        if self.keeps_data(size):
            data = self._keep_data(_encoded(b"".join([pdu[HEADERS:] for pdu in event.pdus]), context.transfer_syntax))
        outbox.put(
            StoreRun(
                association=self._association,
                limits=self._limits,
                context=context,
                pdus=pdus,
                command=event.command[HEADERS:],
                response=answer[HEADERS:],
                data=data,
                data_length=size,
                arrived=arrived,
                answered=answered,
                states=(_RECEIVING, _SENDING),
                held=kept - self._kept,
            )
        )
        self._kept = kept

    def keeps_data(self, size: int) -> bool:
        """Whether a data set of so many bytes would be given with its notice."""
        return size <= SMALL or self._kept_data + size <= KEPT_DATA_BYTES

    def _keep_data(self, data: EncodedData | FileData | None) -> EncodedData | FileData | None:
        if not isinstance(data, EncodedData) or len(data.data) <= SMALL:
            return data
        if self._kept_data + len(data.data) > KEPT_DATA_BYTES:
            return None
        self._kept_data += len(data.data)
        return data

    # -- C-STOREs judged with their responses

    def is_clean(self, direction: Direction, seen: StoreSeen) -> bool:
        """As of the watcher, and nothing waits to be told."""
        self._last_was_wrong = False
        return not self._held and self._watcher.is_clean(direction, seen)

    def passed(self, direction: Direction, seen: StoreSeen) -> None:
        """Both passed."""
        self._last_was_wrong = False
        self._watching.passed(direction, seen)

    def note_clean(self, form: StoreForm) -> None:
        """Nothing was found in a request and its response of this form."""
        self._watching.note_clean(form)

    # -- C-ECHOs judged by their form

    def echo_passes(self, echo: Echo) -> bool:
        """As of the watcher, and nothing waits to be told."""
        self._last_was_wrong = False
        return not self._held and self._watcher.echo(echo)

    def echo_answer_passes(self, direction: Direction, form: EchoForm, number: int) -> bool:
        """The same of the response."""
        self._last_was_wrong = False
        return not self._held and self._watcher.echo_answered(direction, form, number)

    def note_clean_echo(self, form: EchoForm) -> None:
        """Nothing was found in a request and its response of this form."""
        self._watching.note_clean_echo(form)

    # -- what is found

    def established(self, negotiated: Negotiated) -> None:
        """Both sides agreed."""
        self._context.tell_rest()
        self._watcher.established(negotiated)

    def closed(self, pending: int) -> None:
        """The peer closed the connection, `pending` bytes into a PDU."""
        self._context.tell_rest()
        self._tell(self._watcher.closed(Direction.RECEIVED, pending, self._context.wall()))

    def not_closed(self, seconds: float) -> None:
        """The peer has not closed the connection `seconds` after the association's end."""
        self._context.tell_rest()
        self._tell(self._watcher.not_closed(Direction.RECEIVED, seconds, self._context.wall()))

    def tls(self, verdict: TlsVerdict) -> None:
        """A TLS handshake has ended."""
        self._context.tell_rest()
        self._tell(self._watcher.tls(verdict, self._context.wall()))

    def broken(self, rule: str, sentence: str) -> None:
        """The engine cannot go on with what came; told unless the watcher has told it with the PDU."""
        self._context.tell_rest()
        if not self._last_was_wrong and rule not in self._told:
            self._tell(self._watcher.broken(rule, sentence))

    def judge(self, direction: Direction, verdicts: list[Verdict]) -> None:
        if self._held:
            self._tell_held(direction, None)  # of a message nobody took
        self._last_was_wrong = False
        self.found += len(verdicts)
        for verdict in verdicts:
            self._last_was_wrong = self._last_was_wrong or verdict.finding.severity == "error"
            if verdict.message:
                self._held.append(verdict)
            else:
                self._tell([verdict])

    def _tell_held(self, direction: Direction, operation: int | None) -> None:
        """The message that findings are about has been told, so they can follow."""
        if self._held:
            held = [v for v in self._held if v.direction is direction]
            self._held = [v for v in self._held if v.direction is not direction]
            self._tell(held, operation)

    def _tell(self, verdicts: list[Verdict], operation: int | None = None) -> None:
        for verdict in verdicts:
            finding = verdict.finding
            self._told.add(finding.rule)
            self._context.outbox.put(
                FindingNotice(
                    association=self._association,
                    time=verdict.time,
                    direction=verdict.direction,
                    rule=finding.rule,
                    severity=finding.severity,
                    sentence=finding.sentence,
                    clause=finding.clause,
                    evidence=finding.evidence,
                    operation=operation,
                )
            )


def _pdus(data: bytes) -> Iterator[bytes]:
    """Bytes sent by force cut into the PDUs they say they are; the rest as it is."""
    while data:
        header = read_header(data)
        size = len(data) if header is None else PDU_HEADER + header[1]
        yield data[:size]
        data = data[size:]


def _head(buffers: Sequence[p.Buffer]) -> bytes:
    out = b""
    for buffer in buffers:
        out += bytes(memoryview(buffer)[: HEAD - len(out)])
        if len(out) >= HEAD:
            break
    return out
