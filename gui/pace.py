"""Looks that follow quick changes: at once while changes are few, ten times a second while they are many."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

INTERVAL = 100
"""Milliseconds between two looks under load: nobody reads a counter more than ten times a second."""
AT_ONCE = 5
"""Looks that are had at once after a quiet while, so that what a person does is answered without delay."""


class Pace(QObject):
    """`due` at once after `ask`, or once for many askings when too much was asked for lately."""

    due = Signal()

    def __init__(self, parent: QObject, interval: int = INTERVAL) -> None:
        super().__init__(parent)
        self._interval = interval
        self._since = QElapsedTimer()
        self._since.start()
        self._credit = float(AT_ONCE)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.settle)

    @property
    def waits(self) -> bool:
        """Whether something was asked for and is not told yet."""
        return self._timer.isActive()

    def ask(self) -> None:
        """Something has changed."""
        if self.waits:
            return
        passed = self._since.elapsed()
        credit = min(AT_ONCE, self._credit + passed / self._interval)
        if credit >= 1:
            self._credit = credit - 1
            self._since.restart()
            self.due.emit()
        else:  # in a turn of its own: whoever asks has done something in this one already
            self._timer.start(max(1, self._interval - passed))

    def settle(self) -> None:
        """Tell now."""
        self._timer.stop()
        self._since.restart()
        self.due.emit()
