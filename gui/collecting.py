"""When Python looks for garbage in cycles: in small pieces while there is work, thoroughly when there is none.

A thorough look stops both threads for 60 to 160 ms once some hundred thousand notices are kept, which is longer than
anything else in the window. Nearly all that is thrown away is no cycle and goes at once without it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QElapsedTimer, QObject, QTimer

_YOUNG = 2_000
"""New objects after which they are looked at: about 0.1 ms, and longer where two threads want the processor."""
_MIDDLE = 3
"""Looks at the young after which those that stayed are looked at once more: half a millisecond."""
_NEVER = 1_000_000
_LOOK = 1_000
"""Milliseconds between two questions whether it is quiet."""
_QUIET = 2_000
"""Milliseconds without a notice that are quiet: whoever waits for the next answer is not disturbed."""
_WORTH = 13
"""Looks at the middle generation that make a thorough one worth while: 100,000 objects."""
_LONGEST = 3_000
"""Such looks after which it is time even if it is never quiet: 25 million objects."""
_FROZEN = 20
"""Thorough looks at what is new after which everything is looked at."""


def settle() -> None:
    """The window stands: what it is made of stays to the end and is not looked at again."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    gc.enable()


@contextmanager
def nothing_collected() -> Iterator[None]:
    """For what Qt tells every widget of: it goes through a list made before, with Python's code in between, and the
    process dies of a widget on it that the garbage collector frees meanwhile."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


class Collector(QObject):
    """Looks thoroughly while nothing happens; `stir` is told of what happens."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._since = QElapsedTimer()
        self._since.start()
        self._looks = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(_LOOK)

    def stir(self, _batch: object = None) -> None:
        """Something happened."""
        self._since.restart()

    def look(self) -> bool:
        """Look thoroughly if it is worth it and the moment is good; whether it was done."""
        passed = gc.get_count()[2]
        if passed < (_WORTH if self._since.elapsed() >= _QUIET else _LONGEST):
            return False
        self._looks += 1
        if self._looks % _FROZEN == 0:
            gc.unfreeze()
        gc.collect()
        gc.freeze()  # what is kept now is notices and rows: without cycles, they go when they are forgotten
        return True
