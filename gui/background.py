"""Slow calls (the keyring, the engine's end) off the GUI thread, their result back in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal


class Background(QThread):
    """Runs one function in a thread of its own; `done` tells the result in the GUI thread, `failed` the exception."""

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, work: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._result: Any = None
        self._error: Exception | None = None
        # `finished` comes from the QThread object, which lives in the GUI thread; so does this receiver.
        self.finished.connect(self._tell)

    def run(self) -> None:
        try:
            self._result = self._work()
        except Exception as error:  # noqa: BLE001 - told to the receiver, which decides
            self._error = error

    def _tell(self) -> None:
        if self._error is not None:
            self.failed.emit(self._error)
        else:
            self.done.emit(self._result)
