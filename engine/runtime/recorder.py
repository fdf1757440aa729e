"""What passes on an association, told as notices and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from engine.conformance.echoes import Echo
from engine.conformance.stores import StoreSeen
from engine.conformance.watcher import Verdict, Watcher
from engine.model.association import Negotiated, NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import Direction, FindingNotice
from engine.model.tls import TlsVerdict
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.standard.pdus import PDataTF
from engine.wire.echo_form import EchoForm
from engine.wire.fragments import DataRun
from engine.wire.message_run import MessageRun
from engine.wire.pdus import PDU_HEADER, read_header
from engine.wire.store_form import StoreForm

from .context import Context
from .echo_records import EchoRecords
from .noting import Notes, head, names, pdu_notice
from .runs import Times
from .sent_stores import SentStores
from .store_records import StoreRecords

COPIED = 4096
"""Bytes of a P-DATA-TF sent that are copied so that it can be recorded later; what is longer may be in a buffer that is
used again."""


class Recorder(Notes):
    """Makes the notices of one association, and has everything that passes judged. requestor: our role.

    What messages are made of is recorded when the answer to it is out (`Context.record`), with the time it was met;
    everything else at once, after that.
    """

    def __init__(self, context: Context, association: int, requestor: bool, limits: Limits) -> None:
        super().__init__(context, association, limits)
        self._watching = Watcher(requestor, limits)
        self._held: list[Verdict] = []
        self._told: set[str] = set()
        self._last_was_wrong = False
        self.found = 0
        """How much was found, in all."""
        self.stores = StoreRecords(self, context)
        """Those of C-STOREs like one before that are received."""
        self.sent_stores = SentStores(self, context)
        """The same of those that are sent."""
        self.echoes = EchoRecords(self, context)
        """Those of C-ECHOs like one before."""

    @property
    def _watcher(self) -> Watcher:
        self.sent_stores.catch_up()
        return self._watching

    # -- what passes

    def _times(self, direction: Direction) -> Times:
        """When what passes now passed."""
        context = self._context
        return context.arrival() if direction is Direction.RECEIVED else context.departure()

    def pdu(self, event: p.PduReceived | p.PduSent) -> None:
        """A PDU passed, of whatever type and in any state, or bytes by force."""
        self._context.tell_rest()
        buffers: tuple[p.Buffer, ...]
        if isinstance(event, p.PduReceived):
            direction, data, size, buffers = Direction.RECEIVED, event.data, len(event.data), (event.data,)
            if event.type == PDataTF.TYPE and not self._keep(size):
                data = head(buffers)
        else:
            direction, size, buffers = Direction.SENT, sum(map(len, event.data)), event.data
            whole = event.type != PDataTF.TYPE or self._keep(size)
            data = b"".join(event.data) if whole else head(event.data)
        t = event.transition
        before, name, action, after = names(t)
        time, clock = self._times(direction)
        self._context.outbox.put(
            pdu_notice(
                association=self._association,
                time=time,
                clock=clock,
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
        self.sent_stores.catch_up()  # while the buffers of what was sent hold it
        if direction is Direction.SENT and whole is None:
            if sum(map(len, buffers)) > COPIED:
                context.tell_rest()
                self.told_data(direction, buffers, None, *context.departure())
                return
            whole = b"".join(buffers)
            buffers = (whole,)
        context.record(partial(self.told_data, direction, buffers, whole, *self._times(direction)))

    def told_data(
        self, direction: Direction, buffers: Sequence[p.Buffer], whole: bytes | None, time: float, clock: float
    ) -> None:
        """`data`, when it is its turn to be recorded. time, clock: when it passed."""
        self.note_data(direction, buffers, whole, time, clock)
        self.judge_data(direction, buffers, time)

    def judge_data(self, direction: Direction, buffers: Sequence[p.Buffer], time: float) -> None:
        verdicts = self._watcher.data(direction, buffers, time)
        if verdicts or self._held:
            self.judge(direction, verdicts)
        else:
            self._last_was_wrong = False

    def run(self, event: p.RunSent | p.RunReceived) -> None:
        """Many PDUs that are alike: one record, which becomes a notice for each when it is fetched."""
        context = self._context
        self.sent_stores.catch_up()
        if isinstance(event, p.RunSent):  # from a buffer that may be used again
            context.tell_rest()
            self.told_run(event, *context.departure())
        else:
            context.record(partial(self.told_run, event, *context.arrival()))

    def told_run(self, event: p.RunSent | p.RunReceived, time: float, clock: float) -> None:
        direction = Direction.SENT if isinstance(event, p.RunSent) else Direction.RECEIVED
        self.note_run(direction, event.run, event.transition, time, clock)
        self.judge_run(direction, event.run, time)

    def judge_run(self, direction: Direction, run: DataRun, time: float) -> None:
        self.judge(direction, self._watcher.run(direction, run, time))

    def matches(self, run: MessageRun, first: int) -> int:
        """How many messages of a run, from `first` on, are matches with which nothing is wrong and whose bytes are all
        kept; they have been judged, and `responses` tells them."""
        self._context.tell_rest()
        if self._held or not self._has_room(run.size(first)):
            return 0
        return self._watcher.matches(Direction.RECEIVED, run, first)

    def responses(self, run: MessageRun, first: int, end: int, invoked: dx.Invoked, context: NegotiatedContext) -> None:
        """Such matches arrived, from `first` to before `end`."""
        self._last_was_wrong = False
        self.note_responses(run, first, end, invoked, context, self._context.arrival())

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
        times = self._context.departure()
        self._context.record(partial(self.told_message, direction, ready, data, length, operation, within, times))

    def told_message(
        self,
        direction: Direction,
        ready: dx.Ready,
        data: EncodedData | FileData | None,
        length: int,
        operation: int | None,
        within: int | None,
        times: Times,
    ) -> None:
        """`message`, when it is its turn to be recorded."""
        self.note_message(direction, ready, data, length, operation, within, times)
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
        times: Times,
    ) -> None:
        """A message without data set passed, in either direction."""
        self.note_command(direction, context, command, command_bytes, operation, duration, times)
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
        times = self._context.arrival()
        self._context.record(partial(self.told_received, message, operation, duration, unsolicited, within, times))

    def told_received(
        self,
        message: dx.Received,
        operation: int | None,
        duration: float | None,
        unsolicited: bool,
        within: int | None,
        times: Times,
    ) -> None:
        """`received`, when it is its turn to be recorded."""
        self.note_received(message, operation, duration, unsolicited, within, times)
        if self._held:
            self._tell_held(Direction.RECEIVED, operation if operation is not None else within)

    # -- C-STOREs judged with their responses

    def is_clean(self, direction: Direction, seen: StoreSeen) -> bool:
        """As of the watcher, and nothing waits to be told."""
        self._last_was_wrong = False
        return not self._held and self._watcher.is_clean(direction, seen)

    def passed(self, direction: Direction, seen: StoreSeen) -> None:
        """Both passed."""
        self._last_was_wrong = False
        self._watching.passed(direction, seen)

    def turned(self, direction: Direction, answered: StoreSeen, seen: StoreSeen) -> bool:
        """The response to the one passed, and behind it the other one, a request: whether nothing is wrong with that,
        and nothing waits to be told."""
        self._last_was_wrong = False
        if self._held:
            self._watching.passed(direction, answered)
            return False
        return self._watching.turned(direction, answered, seen)

    def passes(self, direction: Direction, seen: StoreSeen, named: bool) -> bool:
        """Both at once, of a request that has been answered. named: as there."""
        self._last_was_wrong = False
        return not self._held and self._watcher.passes(direction, seen, named)

    def goes_on(self, direction: Direction, form: StoreForm, number: int, longest: int, answer: int) -> bool:
        """The quick twin of `passes`, as of the watcher."""
        self._last_was_wrong = False
        return not self._held and self._watcher.goes_on(direction, form, number, longest, answer)

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
        """Tell what was found in a PDU; what is found in its message waits until that is told."""
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
