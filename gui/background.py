"""Slow calls (the keyring, the engine's end) off the GUI thread, their result back in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QThread, Signal

_running: set[Background] = set()
"""A thread object must outlive its thread; whoever asked may be gone by then."""


class Background(QThread):
    """Runs one function in a thread of its own; `done` tells the result in the GUI thread, `failed` the exception."""

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
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

    def begin(self) -> None:
        """Start; the object lives until it is done."""
        _running.add(self)
        self.start()

    def _tell(self) -> None:
        _running.discard(self)
        if self._error is not None:
            self.failed.emit(self._error)
        else:
            self.done.emit(self._result)


def wait_for_all() -> None:
    """Block until nothing runs any more: for the very end of the program."""
    for work in tuple(_running):
        work.wait()
    _running.clear()
