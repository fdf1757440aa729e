"""Drives the engine for one command of the line: start, submit, print notices, end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.model.commands import Cancel, Command
from engine.model.notices import AnyNotice, StatusNotice

from .exits import OF_OUTCOME, Exit
from .output import Output

if TYPE_CHECKING:
    from engine.runtime.engine import Engine

TICK = 0.25
"""Seconds between looks for Ctrl-C while nothing happens."""
PATIENCE = 5.0
"""Seconds an interrupted operation gets to end by itself after it was cancelled."""


class Driver:
    """One engine for one run."""

    def __init__(self, engine: Engine, output: Output) -> None:
        self.engine = engine
        self.output = output

    def new_id(self) -> int:
        return self.engine.new_id()

    def submit(self, command: Command) -> None:
        self.engine.submit(command)

    def operate(
        self, command: Command, operation: int, watch: Callable[[AnyNotice], None] | None = None
    ) -> tuple[StatusNotice, Exit]:
        """Submit a command and print until its operation has ended. Ctrl-C cancels it; a second one ends at once."""
        self.submit(command)
        interrupted = False
        try:
            status = self._until_ended(operation, watch, None)
        except KeyboardInterrupt:
            interrupted = True
            self.output.error("Interrupted; cancelling.")
            self.submit(Cancel(operation=operation))
            status = self._until_ended(operation, watch, PATIENCE)
        if status is None:
            raise KeyboardInterrupt
        return status, Exit.INTERRUPTED if interrupted else OF_OUTCOME[status.outcome]

    def _until_ended(
        self, operation: int, watch: Callable[[AnyNotice], None] | None, patience: float | None
    ) -> StatusNotice | None:
        """The operation's end; None when it does not come within `patience` seconds."""
        waited = 0.0
        while patience is None or waited < patience:
            notices = self.engine.drain_wait(TICK)
            waited += TICK
            status: StatusNotice | None = None
            for notice in notices:
                self._tell(notice, watch)
                if isinstance(notice, StatusNotice) and notice.operation == operation:
                    status = notice
            if status is not None:
                return status
        return None

    def notices(self) -> Iterator[AnyNotice]:
        """Every notice, printed, for as long as the caller wants."""
        while True:
            for notice in self.engine.drain_wait(TICK):
                self._tell(notice, None)
                yield notice

    def _tell(self, notice: AnyNotice, watch: Callable[[AnyNotice], None] | None) -> None:
        self.output.notice(notice)
        if watch is not None:
            watch(notice)

    def rest(self) -> None:
        """Print what is left after the engine has stopped."""
        while notices := self.engine.drain():
            for notice in notices:
                self._tell(notice, None)


@contextmanager
def driving(output: Output) -> Iterator[Driver]:
    """An engine that runs inside and is stopped, associations released, at the end."""
    from engine.runtime.engine import Engine

    engine = Engine()
    engine.start()
    driver = Driver(engine, output)
    try:
        yield driver
    finally:
        engine.stop()
        driver.rest()
