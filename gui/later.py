"""What can wait for a turn of Qt's loop of its own, so that keys and mouse come between it and what asked for it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Later(QObject):
    """`due` in the next turn after `ask`, once however often it was asked."""

    due = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.due)

    @property
    def waits(self) -> bool:
        """Whether something was asked for and is not told yet."""
        return self._timer.isActive()

    def ask(self) -> None:
        """Something has changed."""
        if not self.waits:
            self._timer.start(0)

    def settle(self) -> None:
        """Tell now what was asked for, if anything was."""
        if self.waits:
            self._timer.stop()
            self.due.emit()
