"""Notices that are alike, kept as one record until they are fetched: most are looked at late or never.

Each record gives `take(limit)`: the next notices, `limit` at most; `left`: whether there are more; `held`: the bytes of
PDUs it holds for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from itertools import repeat

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import AnyNotice, Direction, MessageNotice, PduNotice, ProgressNotice
from engine.model.quick import quick
from engine.services.responses import SUCCESS, response_to
from engine.standard.lean import dataclass
from engine.standard.pdus import PDataTF
from engine.wire.message_run import HEADERS, MessageRun
from engine.wire.store_form import StoreForm

Times = tuple[float, float]
"""When something happened: seconds since the epoch, and of the monotonic clock."""
_pdu_notice, _message_notice, _progress_notice = quick(PduNotice), quick(MessageNotice), quick(ProgressNotice)
_encoded = quick(EncodedData)
States = tuple[str, str, str, str]
"""Of a P-DATA-TF, as in `PduNotice`: state, event, action, state."""


def pdu_notices(
    association: int, direction: Direction, kept: Iterable[bytes], sizes: Iterable[int], when: Times, states: States
) -> list[AnyNotice]:
    """Those of P-DATA-TFs that passed together. kept: what is kept of each; sizes: what each had, in bytes."""
    (time, clock), (before, event, action, after) = when, states
    return [
        _pdu_notice(
            association=association,
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
        for data, size in zip(kept, sizes, strict=False)
    ]


def message_notice(
    association: int,
    limits: Limits,
    direction: Direction,
    context: NegotiatedContext,
    operation: int | None,
    when: Times,
    command: CommandSet,
    command_bytes: bytes,
    data: EncodedData | FileData | None = None,
    length: int = 0,
    duration: float | None = None,
    within: int | None = None,
) -> MessageNotice:
    """That of a message on a context that was negotiated. length: bytes of its data set."""
    return _message_notice(
        association=association,
        limits=limits,
        operation=operation,
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
        duration=duration,
        within=within,
    )


@dataclass(slots=True, kw_only=True)
class PduRun:
    """P-DATA-TFs that differ in their bytes only. data: of each, as in `PduNotice`; the rest is the same for all."""

    data: list[bytes]
    association: int
    when: Times
    direction: Direction
    size: int
    states: States
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
        return pdu_notices(self.association, self.direction, data, repeat(self.size), self.when, self.states)


@dataclass(slots=True, kw_only=True)
class ResponseRun:
    """Pending responses that came one after the other and differ in their data sets only: of each the notices of its
    two P-DATA-TFs and of the message. next, end: those of the run not made yet. states: as in `PduNotice`."""

    run: MessageRun
    next: int
    end: int
    association: int
    operation: int
    when: Times
    duration: float
    context: NegotiatedContext
    command: CommandSet
    states: States
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
        run, association, when, context = self.run, self.association, self.when, self.context
        head, data, ends = run.head, run.data, run.ends
        for index in range(first, stop):
            pdu = data[ends[index] + len(head) : ends[index + 1]]
            sizes = len(head), len(pdu)
            made += pdu_notices(association, Direction.RECEIVED, (head, pdu), sizes, when, self.states)
            made.append(
                message_notice(
                    association,
                    self.limits,
                    Direction.RECEIVED,
                    context,
                    self.operation,
                    when,
                    self.command,
                    run.command_bytes,
                    _encoded(pdu[HEADERS:], context.transfer_syntax),
                    len(pdu) - HEADERS,
                    self.duration,
                )
            )


@dataclass(slots=True, kw_only=True)
class MadeAtOnce:
    """A record that makes all of its notices when the first of them are taken."""

    rest: list[AnyNotice] | None = None
    """Of its notices, once they are made, those not taken yet."""

    @property
    def left(self) -> bool:
        return self.rest is None or bool(self.rest)

    def take(self, limit: int) -> list[AnyNotice]:
        """The next notices, so many at most."""
        made = self._made() if self.rest is None else self.rest
        self.rest = made[limit:]
        return made[:limit] if self.rest else made

    def _made(self) -> list[AnyNotice]:
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class StoreRun(MadeAtOnce):
    """A C-STORE that arrived and was answered with success: the notices of its P-DATA-TFs, of the request, of the
    response's P-DATA-TF, and of the response.

    pdus: what is kept of each P-DATA-TF, and its size. form, number, uid: of the request, as of `StoreReceived`.
    command, answer: the P-DATA-TFs with the two command sets. arrived, answered: when (time, clock). states: as in
    `PduNotice`, of what is received and of what is sent.
    """

    association: int
    limits: Limits
    context: NegotiatedContext
    pdus: list[tuple[bytes, int]]
    form: StoreForm
    number: bytes
    uid: bytes
    command: bytes
    answer: bytes
    data: EncodedData | FileData | None
    data_length: int
    arrived: Times
    answered: Times
    states: tuple[States, States]
    held: int

    def _made(self) -> list[AnyNotice]:
        request = self.form.command(self.number, self.uid)
        (*kept, answer), (*sizes, answer_size) = zip(*self.pdus, strict=True)
        received, sent = self.states
        command, response = self.command[HEADERS:], self.answer[HEADERS:]
        own = self.association, self.limits
        arrived, answered, context = self.arrived, self.answered, self.context
        return [
            *pdu_notices(self.association, Direction.RECEIVED, kept, sizes, arrived, received),
            message_notice(
                *own, Direction.RECEIVED, context, None, arrived, request, command, self.data, self.data_length
            ),
            *pdu_notices(self.association, Direction.SENT, (answer,), (answer_size,), answered, sent),
            message_notice(*own, Direction.SENT, context, None, answered, response_to(request, SUCCESS), response),
        ]


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
