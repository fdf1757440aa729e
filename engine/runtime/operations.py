"""Operations a face has started: how each is cancelled, and the notice that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import field, replace
from pathlib import Path

from engine.model.association import Negotiated
from engine.model.notices import Outcome, ProgressNotice, StatusNotice
from engine.model.quick import quick
from engine.services.retrieval_verdict import Judgement
from engine.standard.lean import dataclass

from . import sentences
from .association import Association
from .context import Context
from .invocation import Ended, Invocation, Response, status_notice
from .runs import ProgressRun

_progress_notice = quick(ProgressNotice)
_AS_IT_IS = Judgement(None, "")


@dataclass(slots=True)
class Operation:
    """One operation id under way."""

    context: Context
    number: int
    association: int
    started: float
    cancelled: bool = False
    on_cancel: Callable[[], Awaitable[object]] | None = None
    waiting: Callable[[], None] | None = None
    """Wakes it where it waits for what may never come."""
    total: int | None = None
    told: bool = False
    """Its StatusNotice is out."""
    tidies: bool = False
    """What it has set up at the peer it takes back when it is cancelled."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    opening: set[Association] = field(default_factory=set)
    """Associations on their way, which Cancel gives up."""

    def progress(self, done: int, *, failed: int = 0, warning: int = 0, size: int = 0, sentence: str = "") -> None:
        """Tell that it moved on. size: bytes so far."""
        self.context.notify(self.progressed(done, failed, warning, size, sentence))

    def progressed(
        self, done: int, failed: int = 0, warning: int = 0, size: int = 0, sentence: str = ""
    ) -> ProgressNotice:
        """The notice of that."""
        return _progress_notice(
            operation=self.number,
            association=self.association,
            time=self.context.wall(),
            done=done,
            total=self.total,
            failed=failed,
            warning=warning,
            bytes=size,
            sentence=sentence,
        )

    def progress_each(self, first: int, last: int) -> None:
        """`progress` for each count from `first` to `last`."""
        if first == last:
            self.progress(first)
            return
        self.context.tell_rest()
        self.context.outbox.put(
            ProgressRun(
                next=first,
                end=last + 1,
                operation=self.number,
                association=self.association,
                time=self.context.wall(),
                total=self.total,
            )
        )

    def end(
        self,
        outcome: Outcome,
        sentence: str,
        *,
        service: str = "",
        completed: int | None = None,
        failed: int | None = None,
        warning: int | None = None,
        remaining: int | None = None,
        unfinished: tuple[Path, ...] = (),
        received: int | None = None,
        verdict: str = "",
    ) -> None:
        """The one StatusNotice of an operation that has no single final response."""
        now = self.context.now()
        self.context.notify(
            StatusNotice(
                operation=self.number,
                association=self.association,
                time=self.context.wall(),
                clock=now,
                outcome=outcome,
                service=service,
                sentence=sentence,
                duration=now - self.started,
                completed=completed,
                failed=failed,
                warning=warning,
                remaining=remaining,
                unfinished=unfinished,
                received=received,
                verdict=verdict,
            )
        )
        self.told = True

    def end_with(
        self,
        invocation: Invocation,
        response: Response,
        judgement: Judgement = _AS_IT_IS,
        received: int | None = None,
        failed_instances: tuple[str, ...] = (),
    ) -> StatusNotice:
        """The StatusNotice of an operation that is one DIMSE operation."""
        notice = status_notice(
            invocation,
            response.command,
            association=self.association,
            time=self.context.wall(),
            clock=self.context.now(),
        )
        notice = replace(
            notice,
            outcome=judgement.outcome or notice.outcome,
            verdict=judgement.sentence,
            received=received,
            failed_instances=failed_instances,
        )
        self.context.notify(notice)
        self.told = True
        return notice


@dataclass(slots=True)
class Operations:
    """All operations under way, by id."""

    context: Context
    _running: dict[int, Operation] = field(default_factory=dict)

    @property
    def running(self) -> tuple[Operation, ...]:
        return tuple(self._running.values())

    def begin(self, number: int, association: int) -> Operation:
        operation = Operation(self.context, number, association, self.context.now())
        self._running[number] = operation
        return operation

    async def run(self, operation: Operation, work: Awaitable[None], service: str = "") -> None:
        """Run a procedure; however it ends, its StatusNotice is sent and it is forgotten."""
        try:
            await work
        except Ended as ended:
            operation.end(ended.outcome, ended.sentence, service=service)
        except asyncio.CancelledError:
            operation.end(Outcome.ABORTED, "The engine was stopped before it ended.", service=service)
            raise
        except Exception as error:
            operation.end(Outcome.NOT_SENT, f"An unexpected error ended it: {type(error).__name__}.")
            raise
        finally:
            self.forget(operation.number)

    def settle(self, operation: Operation) -> None:
        """Whatever ran it is over: where that failed before it could say so, it is said here."""
        if not operation.told:
            operation.end(Outcome.NOT_SENT, "An unexpected error ended it.")
        self.forget(operation.number)

    def forget(self, number: int | None) -> None:
        """It is over, or was never begun."""
        operation = self._running.pop(number, None) if number is not None else None
        if operation is not None:
            self.context.retrievals.end(operation.number)
            operation.ended.set()

    async def cancel(self, number: int) -> None:
        """The user wants this operation to end: associations that are being opened for it are given up, and it asks its
        peer."""
        operation = self._running.get(number)
        if operation is None:
            return
        operation.cancelled = True
        for association in tuple(operation.opening):
            association.abort(why=_cancelled(association))
        if operation.on_cancel is not None:
            await operation.on_cancel()

    def give_up(self) -> None:
        """The engine is being stopped: no operation begins anything more, or waits for what may come."""
        for operation in self._running.values():
            operation.cancelled = True
            if operation.waiting is not None:
                operation.waiting()

    async def tidied(self, seconds: float) -> None:
        """Wait so long at most for those that take back what they have set up."""
        waits = [self.context.loop.create_task(o.ended.wait()) for o in self._running.values() if o.tidies]
        if waits:
            _, late = await asyncio.wait(waits, timeout=seconds)
            for wait in late:
                wait.cancel()


async def opened(association: Association, operation: Operation) -> Negotiated:
    """Open an association for an operation; Cancel gives up meanwhile. Raises Ended."""
    if operation.cancelled:
        why = _cancelled(association)
        association.abort(why=why)
        raise Ended(*why)
    operation.opening.add(association)
    try:
        return await association.open()
    finally:
        operation.opening.discard(association)


def _cancelled(association: Association) -> tuple[Outcome, str]:
    return Outcome.CANCELLED, f"Cancelled while connecting to {sentences.address(association.peer)}."


async def finish(association: Association, operation: Operation, invocation: Invocation) -> Response:
    """Read an invocation to its end; Cancel sends its C-CANCEL-RQ."""

    async def cancel() -> None:
        sent = await association.messages.cancel(invocation.operation)
        if not sent and association.end is None and operation.total is None:
            sentence = f"{invocation.service} has no C-CANCEL-RQ (PS3.7 9.3): its response is waited for."
            association.context.error(sentence, association.number, operation.number)

    operation.on_cancel = cancel
    if operation.cancelled:
        await cancel()
    try:
        return await invocation.final()
    finally:
        operation.on_cancel = None
        association.messages.close_invocation(invocation.operation)
