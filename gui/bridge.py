"""The one object both threads touch.

The engine rings a bell without payload from its own thread; the ring becomes a queued signal into the GUI thread, which
fetches what waits at most every 30 ms and hands it on in one piece. The order at the end is: bell unhooked, engine
stopped and joined, bridge gone - a signal emitted after its QObject died would raise in the engine thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from engine.model.commands import Command
from engine.model.notices import AnyNotice

from .background import Background

INTERVAL = 30
"""Milliseconds between two fetches: 33 a second looks immediate, and one insertion a fetch stays cheap."""
FRAME = 4
"""Milliseconds one turn of Qt's loop may spend on what it fetches: a quarter of a frame of 60 a second. What it changed
is drawn in the same turn, and takes as long again and more; keys and mouse wait for both."""
BATCH, FIRST_BATCH, LEAST_BATCH = 500, 50, 10
"""Notices handed on in one piece, at most, at first and at least: as many as were taken in within `FRAME` lately. The
next kind may take much longer, so the most is little; a turn has several pieces while half of its time is left."""
LAST_BATCH = 2_000
"""Notices handed on when the engine has ended."""


class EngineLike(Protocol):
    """What of `engine.runtime.Engine` the window uses; tests give their own."""

    def start(self) -> None: ...

    def submit(self, command: Command) -> None: ...

    def stop(self) -> None: ...

    def replace(self) -> None: ...

    def drain(self, limit: int = ...) -> Sequence[AnyNotice]: ...

    def new_id(self) -> int: ...


class Bridge(QObject):
    """Commands in, notices out, in the GUI thread. `make_engine` is given the bell."""

    notices = Signal(object)
    """A tuple of notices, in order."""
    closed = Signal()
    """The engine has ended and its thread is joined."""

    _rung = Signal()

    def __init__(self, make_engine: Callable[[Callable[[], None]], EngineLike], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        self._heeded = False
        """What the last ring asks for is done, or will be."""
        self._since = QElapsedTimer()
        self._limit = FIRST_BATCH
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._fetch)
        self._rung.connect(self._heard, Qt.ConnectionType.QueuedConnection)
        self._rung.connect(self._make_sure, Qt.ConnectionType.QueuedConnection)
        self._ending: Background | None = None
        self._engine = make_engine(self._ring)

    def start(self) -> None:
        """Start the engine's thread."""
        self._engine.start()

    def submit(self, command: Command) -> None:
        """Hand a command over; after `close` it is dropped, for nobody is there to answer."""
        if self._open:
            self._engine.submit(command)

    def new_id(self) -> int:
        return self._engine.new_id()

    def replace(self) -> None:
        """Have an engine that does not answer replaced; returns at once."""
        self._engine.replace()

    def close(self) -> None:
        """Stop and join the engine here and now (blocks: for the end of the program and for tests)."""
        if self._ending is not None:
            self._ending.wait()
            return
        if self._shut():
            self._engine.stop()
            self._deliver(LAST_BATCH)

    def close_later(self) -> None:
        """Stop and join the engine without blocking; `closed` tells when it is done."""
        if not self._shut():
            return
        self._ending = Background(self._engine.stop)
        self._ending.finished.connect(self._ended)
        self._ending.begin()

    def _shut(self) -> bool:
        was_open, self._open = self._open, False
        self._timer.stop()
        return was_open

    def _ended(self) -> None:
        self._deliver(LAST_BATCH)
        self.closed.emit()

    def _ring(self) -> None:
        """The bell; called in the engine's thread."""
        if self._open:
            self._rung.emit()

    def _heard(self) -> None:
        if not self._open or self._timer.isActive():
            self._heeded = True
            return
        wait = INTERVAL - self._since.elapsed() if self._since.isValid() else 0
        if wait > 0:
            self._timer.start(wait)
        else:
            self._fetch()
        self._heeded = True

    def _make_sure(self) -> None:
        """The bell rings no more before all is fetched: a defect in `_heard` must not leave the window deaf."""
        heeded, self._heeded = self._heeded, False
        if not heeded and self._open and not self._timer.isActive():
            self._timer.start(INTERVAL)

    def _fetch(self) -> None:
        self._since.start()
        full = True  # whatever goes wrong, what waits is fetched
        try:
            while full and self._open and self._taken_for() < FRAME / 2:
                full = self._deliver_piece()
        finally:
            if full and self._open:  # what waits has half of the thread's time, the user the other half
                self._timer.start(max(1, round(self._taken_for())))

    def _taken_for(self) -> float:
        """Milliseconds of this turn until now."""
        return self._since.nsecsElapsed() / 1e6

    def _deliver_piece(self) -> bool:
        """Hand on one piece; whether more may wait."""
        before, limit = self._taken_for(), self._limit
        count = self._deliver(limit)
        took = self._taken_for() - before
        if took > FRAME:
            self._limit = max(LEAST_BATCH, min(limit, int(count * FRAME / took)))
        elif count == limit and took < FRAME / 2:  # only as many as were taken in tell that more can be
            self._limit = min(BATCH, 2 * limit)
        return count >= limit

    def _deliver(self, limit: int) -> int:
        batch = tuple(self._engine.drain(limit))
        if batch:
            self.notices.emit(batch)
        return len(batch)
