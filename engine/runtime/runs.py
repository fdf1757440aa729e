"""Notices that are alike, kept as one record until they are fetched: most are looked at late or never.

Each record gives `take(limit)`: the next notices, `limit` at most; `left`: whether there are more; `held`: the bytes of
PDUs it holds for them.
"""

from __future__ import annotations

from dataclasses import field

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import AnyNotice, Direction, MessageNotice, PduNotice, ProgressNotice
from engine.model.quick import quick
from engine.services.responses import SUCCESS, response_to
from engine.standard.lean import dataclass
from engine.standard.pdus import PDataTF
from engine.wire.commands import decode_command
from engine.wire.message_run import HEADERS, MessageRun

Times = tuple[float, float]
"""When something happened: seconds since the epoch, and of the monotonic clock."""
_pdu_notice, _message_notice, _progress_notice = quick(PduNotice), quick(MessageNotice), quick(ProgressNotice)
_encoded = quick(EncodedData)


@dataclass(slots=True, kw_only=True)
class PduRun:
    """P-DATA-TFs that differ in their bytes only. data: of each, as in `PduNotice`; the rest is the same for all."""

    data: list[bytes]
    association: int
    time: float
    clock: float
    direction: Direction
    size: int
    state_before: str
    event: str
    action: str
    state_after: str
    taken: int = 0

    @property
    def held(self) -> int:
        return sum(map(len, self.data))

    @property
    def left(self) -> bool:
        return self.taken < len(self.data)

    def take(self, limit: int) -> list[AnyNotice]:
        """The next notices, so many at most."""
        data = self.data[self.taken : self.taken + limit]
        self.taken += len(data)
        return [
            _pdu_notice(
                association=self.association,
                time=self.time,
                clock=self.clock,
                direction=self.direction,
                type=PDataTF.TYPE,
                data=one,
                size=self.size,
                state_before=self.state_before,
                event=self.event,
                action=self.action,
                state_after=self.state_after,
            )
            for one in data
        ]


@dataclass(slots=True, kw_only=True)
class ResponseRun:
    """Pending responses that came one after the other and differ in their data sets only: of each the notices of its
    two P-DATA-TFs and of the message. next, end: those of the run not made yet. states: as in `PduNotice`."""

    run: MessageRun
    next: int
    end: int
    association: int
    operation: int
    time: float
    clock: float
    duration: float
    context: NegotiatedContext
    command: CommandSet
    states: tuple[str, str, str, str]
    held: int
    limits: Limits
    rest: list[AnyNotice] = field(default_factory=list)

    @property
    def left(self) -> bool:
        return self.next < self.end or bool(self.rest)

    def take(self, limit: int) -> list[AnyNotice]:
        """The next notices, so many at most."""
        made = self.rest
        stop = min(self.end, self.next + max(0, limit - len(made) + 2) // 3)
        self._make(self.next, stop, made)
        self.next = stop
        self.rest = made[limit:]
        return made[:limit] if self.rest else made

    def _make(self, first: int, stop: int, made: list[AnyNotice]) -> None:
        run, association, time, clock, context = self.run, self.association, self.time, self.clock, self.context
        head, data, ends, command_bytes = run.head, run.data, run.ends, run.command_bytes
        before, event, action, after = self.states
        for index in range(first, stop):
            pdu = data[ends[index] + len(head) : ends[index + 1]]
            made += [
                _pdu_notice(
                    association=association,
                    time=time,
                    clock=clock,
                    direction=Direction.RECEIVED,
                    type=PDataTF.TYPE,
                    data=one,
                    size=len(one),
                    state_before=before,
                    event=event,
                    action=action,
                    state_after=after,
                )
                for one in (head, pdu)
            ]
            made.append(
                _message_notice(
                    association=association,
                    limits=self.limits,
                    operation=self.operation,
                    time=time,
                    clock=clock,
                    direction=Direction.RECEIVED,
                    context_id=context.id,
                    abstract_syntax=context.abstract_syntax,
                    transfer_syntax=context.transfer_syntax,
                    command=self.command,
                    command_bytes=command_bytes,
                    data=_encoded(pdu[HEADERS:], context.transfer_syntax),
                    data_length=len(pdu) - HEADERS,
                    duration=self.duration,
                )
            )


@dataclass(slots=True, kw_only=True)
class StoreRun:
    """A C-STORE that arrived and was answered with success: the notices of its P-DATA-TFs, of the request, of the
    response's P-DATA-TF, and of the response.

    pdus: what is kept of each P-DATA-TF, and its size. command, response: the two command sets. arrived, answered: when
    (time, clock). states: as in `PduNotice`, of what is received and of what is sent.
    """

    association: int
    limits: Limits
    context: NegotiatedContext
    pdus: list[tuple[bytes, int]]
    command: bytes
    response: bytes
    data: EncodedData | FileData | None
    data_length: int
    arrived: Times
    answered: Times
    states: tuple[tuple[str, str, str, str], tuple[str, str, str, str]]
    held: int
    rest: list[AnyNotice] | None = None
    """Of its notices, once they are made, those not taken yet."""

    @property
    def left(self) -> bool:
        return self.rest is None or bool(self.rest)

    def take(self, limit: int) -> list[AnyNotice]:
        made = self._made() if self.rest is None else self.rest
        self.rest = made[limit:]
        return made[:limit] if self.rest else made

    def _made(self) -> list[AnyNotice]:
        request = decode_command(self.command)
        *came, answer = self.pdus
        made: list[AnyNotice] = [self._pdu(Direction.RECEIVED, pdu, self.arrived, self.states[0]) for pdu in came]
        made.append(self._message(Direction.RECEIVED, request, self.command, self.arrived, self.data, self.data_length))
        made.append(self._pdu(Direction.SENT, answer, self.answered, self.states[1]))
        response = response_to(request, SUCCESS)
        made.append(self._message(Direction.SENT, response, self.response, self.answered, None, 0))
        return made

    def _pdu(
        self,
        direction: Direction,
        pdu: tuple[bytes, int],
        when: Times,
        states: tuple[str, str, str, str],
    ) -> PduNotice:
        data, size = pdu
        before, event, action, after = states
        return _pdu_notice(
            association=self.association,
            time=when[0],
            clock=when[1],
            direction=direction,
            type=PDataTF.TYPE,
            data=data,
            size=size,
            state_before=before,
            event=event,
            action=action,
            state_after=after,
        )

    def _message(
        self,
        direction: Direction,
        command: CommandSet,
        command_bytes: bytes,
        when: Times,
        data: EncodedData | FileData | None,
        length: int,
    ) -> MessageNotice:
        context = self.context
        return _message_notice(
            association=self.association,
            limits=self.limits,
            operation=None,
            time=when[0],
            clock=when[1],
            direction=direction,
            context_id=context.id,
            abstract_syntax=context.abstract_syntax,
            transfer_syntax=context.transfer_syntax,
            command=command,
            command_bytes=command_bytes,
            data=data,
            data_length=length,
        )


@dataclass(slots=True, kw_only=True)
class ProgressRun:
    """An operation moved on one by one, from `next` to `end` - 1 done."""

    next: int
    end: int
    operation: int
    association: int
    time: float
    total: int | None
    held: int = 0

    @property
    def left(self) -> bool:
        return self.next < self.end

    def take(self, limit: int) -> list[AnyNotice]:
        """The next notices, so many at most."""
        first, self.next = self.next, min(self.end, self.next + limit)
        return [
            _progress_notice(
                operation=self.operation, association=self.association, time=self.time, done=done, total=self.total
            )
            for done in range(first, self.next)
        ]


Run = PduRun | ResponseRun | StoreRun | ProgressRun
RUNS = frozenset({PduRun, ResponseRun, StoreRun, ProgressRun})
