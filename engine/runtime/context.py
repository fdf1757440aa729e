"""What every part of the engine thread shares: the loop, the clocks, the outbox."""

from __future__ import annotations

import asyncio
import itertools
import time
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from engine.model.defects import report_of
from engine.model.notices import AnyNotice, ErrorNotice
from engine.wire.framer import Unfinished

from . import sentences
from .alarms import Alarms
from .outbox import Outbox
from .report_board import ReportBoard
from .retrievals import Retrievals

if TYPE_CHECKING:
    from .association import Association
    from .connection import Connection
    from .listener import Listener


T = TypeVar("T")
UNWIRED = 2.0
"""Seconds for connections that were cut to tell so; each takes a turn of the loop."""
UNFETCHED_AGAIN = 60.0
"""Seconds until that nothing is received is told anew: who reads slowly has it happen many times."""
ACCEPTING_TURNS = 4
"""Turns of the loop from accept() to an association, and one to spare."""


class Context:
    """One per engine; used in its thread only, but for `new_id`."""

    def __init__(self, outbox: Outbox, ids: Iterator[int] | None = None) -> None:
        """ids: of the one before it, which go on."""
        self.outbox = outbox
        self.ids = ids or itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.links: set[Connection] = set()
        """Connections that are open, so that none outlives the engine."""
        self.associations: dict[int, Association] = {}
        """Every association of either role that is not over, by its number."""
        self.reports = ReportBoard(self.spawn)
        """Event reports that arrive, for the procedures that await them."""
        self.unfinished = Unfinished()
        """What PDUs under way hold of memory, on all connections."""
        self.held = Unfinished()
        """What data sets under way hold of memory, on all connections."""
        self.retrievals = Retrievals()
        """C-GETs and C-MOVEs under way, for the C-STOREs that belong to them."""
        self.listeners: dict[int, Listener] = {}
        """Those that listen, by their number."""
        self.closing = False
        """The engine is being stopped: nothing new begins."""
        self.unfetched = False
        """Nothing is received, as nobody fetches what is told."""
        self._tell_unfetched_from = 0.0
        self.alarms = Alarms(self.now)
        """Deadlines, for `loop`."""
        self.answering = False
        """What was just received is being answered: records wait until the answer is out."""
        self._untold: deque[Callable[[], None]] = deque()
        self._telling = False
        self.arrived = 0.0
        """When what is being taken in had arrived, in monotonic seconds; 0 where that is now."""
        self.went = 0.0
        """When what was sent last began to be written, in monotonic seconds; 0 where what is told as sent goes yet."""
        self._arrival = self._departure = (0.0, 0.0)
        """What was last told of either, for people and monotonic."""
        self.loop: asyncio.AbstractEventLoop

    def new_id(self) -> int:
        """A number not given before; safe from any thread (one step of a C iterator)."""
        return next(self.ids)

    def notify(self, notice: AnyNotice) -> None:
        """Tell it, after what waits; with that while an answer is under way. What is just being recorded tells at
        once."""
        if self._telling or not self._untold:
            self.outbox.put(notice)
        elif self.answering:
            self._untold.append(partial(self.outbox.put, notice))
        else:
            self.tell_rest()
            self.outbox.put(notice)

    def record(self, tell: Callable[[], None]) -> None:
        """Have something recorded by `tell`, in its turn: at once, or while an answer is under way when that is out, so
        that the peer works on while we do."""
        if self.answering:
            self._untold.append(tell)
        else:
            self.tell_rest()
            tell()

    def waits_last(self, tell: Callable[[], None]) -> bool:
        """Whether what is to be recorded by `tell` still waits, and nothing is to come behind it."""
        return bool(self._untold) and self._untold[-1] is tell

    def tell_rest(self) -> None:
        """Record what waits."""
        if self._untold:
            self._telling = True
            try:
                while self._untold:
                    self._untold.popleft()()
            finally:
                self._telling = False

    now = staticmethod(time.perf_counter)
    """Monotonic seconds, for deadlines and durations."""
    wall = staticmethod(time.time)
    """Seconds since the epoch, for people."""

    def came(self) -> float:
        """When what is being received had arrived, in monotonic seconds: earlier than now where we were busy."""
        return self.arrived or self.now()

    def arrival(self) -> tuple[float, float]:
        """The same, for people and monotonic. It is the same for all that arrived together: the two clocks are never
        read at once, and a message is not to be told as earlier than its PDU."""
        if (came := self.arrived) != self._arrival[1]:
            self._arrival = self._dated(came)
        return self._arrival if came else (self.wall(), self.now())

    def departure(self) -> tuple[float, float]:
        """When what is told as sent went, for people and monotonic. Its answer may be there before we have our turn
        again. The same for all that went together, as of `arrival`."""
        if (went := self.went) != self._departure[1]:
            self._departure = self._dated(went)
        return self._departure if went else (self.wall(), self.now())

    def _dated(self, moment: float) -> tuple[float, float]:
        """A moment in monotonic seconds, for people and monotonic."""
        return self.wall() - (self.now() - moment), moment

    def not_fetched(self) -> None:
        """Tell, once until it is and not each second, that nothing is received as nobody fetches what is told."""
        if self.unfetched:
            return
        self.unfetched = True
        if (now := self.now()) >= self._tell_unfetched_from:
            self._tell_unfetched_from = now + UNFETCHED_AGAIN
            self.error(sentences.not_fetched(len(self.outbox)))

    def spawn(self, work: Coroutine[Any, Any, None], what: str) -> asyncio.Task[None]:
        """Run a coroutine in the loop; what it raises becomes an ErrorNotice instead of vanishing."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._finished(done, what))
        return task

    def begin(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """As `spawn`, but the first steps are taken now, and only what has to wait becomes a task: most of what answers
        a request does not. Until it waits it has no task of its own, so it must set no time limit before."""
        try:
            waits_for = work.send(None)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - as of a task
            self.failed(error, what)
            return
        self.spawn(go_on(work, waits_for), what)

    def _finished(self, task: asyncio.Task[Any], what: str) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.failed(error, what)

    def failed(self, error: BaseException, what: str) -> None:
        """Tell of a defect. what: was going on."""
        self.error(f"{what} failed unexpectedly: {type(error).__name__}.", report=report_of(error))

    def error(
        self, sentence: str, association: int | None = None, operation: int | None = None, report: str = ""
    ) -> None:
        """Tell what went wrong on our side, in a sentence. report: of a defect, what and where in the program."""
        self.notify(
            ErrorNotice(
                time=self.wall(), sentence=sentence, association=association, operation=operation, report=report
            )
        )

    async def finish_tasks(self, timeout: float) -> None:
        """Wait for what still runs, then cancel the rest."""
        tasks = [t for t in self._tasks if t is not asyncio.current_task()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=timeout)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1.0)

    async def close_links(self) -> None:
        """Cut what is still connected: associations that wait in Sta13 for the peer to close."""
        await settled()
        for link in list(self.links):
            link.kill()
        deadline = self.now() + UNWIRED
        while self.links and self.now() < deadline:
            await asyncio.sleep(0)
        for link in list(self.links):  # whose end was not told, by a defect of ours
            link.sever()
        self.links.clear()


async def go_on(work: Coroutine[Any, Any, T], waits_for: Any) -> T:
    """The rest of a coroutine that waits for something already."""
    return await _rest(work, waits_for)  # a task takes no generator itself from CPython 3.12 on


@types.coroutine
def _rest(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    while True:
        try:
            got = yield waits_for
        except BaseException as error:  # noqa: BLE001 - cancelled, or what it waits for failed: its own affair
            step = partial(work.throw, error)
        else:
            step = partial(work.send, got)
        try:
            waits_for = step()
        except StopIteration as done:
            return cast(T, done.value)


async def settled() -> None:
    """Let connections that were accepted become associations, which can be ended: asyncio takes a turn of the loop each
    for its task, the transport and `connection_made`."""
    for _ in range(ACCEPTING_TURNS):
        await asyncio.sleep(0)
