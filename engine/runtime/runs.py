"""Notices that are alike, kept as one record until they are fetched: most are looked at late or never.

Each record gives `take(limit)`: the next notices, `limit` at most; `left`: whether there are more; `held`: the bytes of
PDUs it holds for them.
"""

from __future__ import annotations

from dataclasses import field

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData
from engine.model.limits import Limits
from engine.model.notices import AnyNotice, Direction, MessageNotice, PduNotice, ProgressNotice
from engine.model.quick import quick
from engine.standard.lean import dataclass
from engine.standard.pdus import PDataTF
from engine.wire.message_run import HEADERS, MessageRun

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
        first, self.next = self.next, min(self.end, self.next + limit)
        return [
            _progress_notice(
                operation=self.operation, association=self.association, time=self.time, done=done, total=self.total
            )
            for done in range(first, self.next)
        ]


Run = PduRun | ResponseRun | ProgressRun
RUNS = frozenset({PduRun, ResponseRun, ProgressRun})
