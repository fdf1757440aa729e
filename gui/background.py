"""Slow calls (the keyring, the engine's end) off the GUI thread, their result back in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import SIGNAL, QThread, Signal

from engine.workspace.errors import WorkspaceError

_running: set[Background] = set()
"""A thread object must outlive its thread; whoever asked may be gone by then."""


EXPECTED = (OSError, ValueError, WorkspaceError)
"""What the world and the user do wrong, with a sentence for them (`PreviewError` is one); the receiver tells it. All
else is a defect of ours."""


def is_expected(error: Exception) -> bool:
    """Whether it is one of these. A text that is in no way what it should be is told by who reads it: an error of
    Unicode that comes through is a defect."""
    return isinstance(error, EXPECTED) and not isinstance(error, UnicodeError)


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
            if not is_expected(self._error) or not self.receivers(SIGNAL("failed(PyObject)")):
                sys.excepthook(type(self._error), self._error, self._error.__traceback__)
            self.failed.emit(self._error)
        else:
            self.done.emit(self._result)


def wait_for_all() -> None:
    """Block until nothing runs any more: for the very end of the program."""
    for work in tuple(_running):
        work.wait()
    _running.clear()
