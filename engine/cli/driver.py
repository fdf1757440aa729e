"""Drives the engine for one command of the line: start, submit, print notices, end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import field
from types import FrameType
from typing import TYPE_CHECKING

from engine.model.commands import Abort, Cancel, Command
from engine.model.notices import (
    FINAL_PHASES,
    AnyNotice,
    AssociationNotice,
    EngineNotice,
    ErrorNotice,
    ListenerNotice,
    Outcome,
    StatusNotice,
)
from engine.standard.lean import dataclass

from .exits import OF_OUTCOME, Exit
from .loading import loaded
from .output import Output

if TYPE_CHECKING:
    from engine.runtime.engine import Engine

TICK = 0.25
"""Seconds between looks for Ctrl-C while nothing happens."""
REPLACED_AFTER = 30.0
"""Seconds until an engine that does not answer is replaced: nobody may be there to decide it."""
PATIENCE = 5.0
"""Seconds an interrupted operation gets to end by itself after it was cancelled, while nothing passes; then its
associations are aborted."""
LONGEST = 60.0
"""Seconds it gets in all: time for the rest of a large file, but there are peers that never heed a cancel."""


Watch = Callable[[AnyNotice], None]


@dataclass(slots=True)
class _Wanted:
    """The end of an operation, and of an association when one is named. open: associations of ours."""

    operation: int
    association: int | None
    status: StatusNotice | None = None
    closed: bool = False
    open: set[int] = field(default_factory=set)

    def see(self, notice: AnyNotice) -> None:
        if isinstance(notice, StatusNotice) and notice.operation == self.operation:
            self.status = notice
        elif isinstance(notice, AssociationNotice):
            over = notice.phase in FINAL_PHASES
            if notice.association == self.association:
                self.closed = over
            if over:
                self.open.discard(notice.association)
            elif notice.requestor:
                self.open.add(notice.association)

    @property
    def complete(self) -> bool:
        return self.status is not None and (self.association is None or self.closed)


class Driver:
    """One engine for one run."""

    def __init__(self, engine: Engine, output: Output) -> None:
        self.engine = engine
        self.output = output
        self._broke = self._silent = self._unheard = False
        self._listened: set[int] = set()

    def new_id(self) -> int:
        return self.engine.new_id()

    def submit(self, command: Command) -> None:
        self.engine.submit(command)

    def operate(
        self, command: Command, operation: int, watch: Watch | None = None, closing: int | None = None
    ) -> tuple[StatusNotice, Exit]:
        """Submit a command and print until its operation has ended. Ctrl-C cancels it; a second one ends at once.

        closing: an association whose end is waited for too, because something may still arrive on it.
        """
        wanted = _Wanted(operation, closing)

        def see(notice: AnyNotice) -> None:
            if watch is not None:
                watch(notice)
            wanted.see(notice)

        self.submit(command)
        interrupted = False
        try:
            self.until(lambda: wanted.complete, see)
        except KeyboardInterrupt:
            interrupted = True
            self.output.error("Interrupted; cancelling.")
            self.submit(Cancel(operation=operation))
            self.until(lambda: wanted.complete, see, PATIENCE)
            if wanted.status is None:  # what came of it so far is told all the same
                for number in tuple(wanted.open):
                    self.submit(Abort(association=number))
                # What had come before is printed yet, and a peer may send quicker than that goes.
                self.until(lambda: wanted.complete, see, PATIENCE, 10 * LONGEST)
        if wanted.status is None:
            raise KeyboardInterrupt
        code = OF_OUTCOME[wanted.status.outcome]
        if self.defect and code is not Exit.SUCCESS:
            code = Exit.DEFECT
        elif self._unheard and wanted.status.outcome is Outcome.NOT_SENT:
            code = Exit.CONNECTION_FAILED  # nothing was sent because the port cannot be listened on
        return wanted.status, Exit.INTERRUPTED if interrupted else code

    def until(
        self,
        done: Callable[[], bool],
        watch: Watch | None = None,
        patience: float | None = None,
        longest: float | None = None,
    ) -> None:
        """Print until `done` is true, or until nothing has passed for `patience` seconds, or all took `longest`
        (`LONGEST`)."""
        waited, begun = 0.0, self.engine.now()
        most = LONGEST if longest is None else longest
        while not done() and (patience is None or (waited < patience and self.engine.now() - begun < most)):
            notices = self.engine.drain_wait(TICK)
            waited += 0.0 if notices else TICK
            for notice in notices:
                self.tell(notice, watch)

    def notices(self) -> Iterator[AnyNotice]:
        """Every notice, printed, for as long as the caller wants."""
        while True:
            for notice in self.engine.drain_wait(TICK):
                self.tell(notice)
                yield notice

    def tell(self, notice: AnyNotice, watch: Watch | None = None) -> None:
        """Print a notice, of the engine's or of our own making."""
        self.output.tell(notice)
        if isinstance(notice, EngineNotice):
            self._silent = not notice.answers  # once it answers again it was held up, by a busy machine perhaps
        elif isinstance(notice, ErrorNotice) and notice.report:
            self._broke = True
        elif isinstance(notice, ListenerNotice):
            if notice.listening:
                self._listened.add(notice.listener)
            elif notice.listener not in self._listened:
                self._unheard = True
        if watch is not None:
            watch(notice)

    @property
    def defect(self) -> bool:
        """Whether the engine has told of a defect of its own, or has not answered to the end."""
        return self._broke or self._silent

    def rest(self) -> None:
        """Print what is left after the engine has stopped."""
        while notices := self.engine.drain():
            for notice in notices:
                self.tell(notice)


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM, and SIGHUP where there is one, end what runs inside as Ctrl-C does, so that a service manager's stop or
    a closed terminal releases associations. Where SIGHUP is ignored (`nohup`) it stays so."""

    def stop(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGTERM:  # the system and the shell may both tell of the closed terminal
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    hang_up: signal.Signals | None = getattr(signal, "SIGHUP", None)
    numbers = [signal.SIGTERM]
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        numbers.append(hang_up)
    try:
        previous = {number: signal.signal(number, stop) for number in numbers}
    except ValueError:  # not the main thread, which alone may set handlers
        yield
        return
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def driving(output: Output) -> Iterator[Driver]:
    """An engine that runs inside and is stopped, associations released, at the end."""
    from engine.runtime.engine import Engine

    loaded()
    engine = Engine(patience=REPLACED_AFTER)
    engine.start()
    driver = Driver(engine, output)
    with interruptible():
        try:
            yield driver
        finally:
            with suppress(KeyboardInterrupt):  # the peer's answer to a release is not waited for; what came is told
                engine.stop()
            driver.rest()
