"""The window as a picture, after the tour's echo: what a machine without a display shows, and the README too."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from engine.model.notices import Outcome

from .main_window import MainWindow
from .session import EchoReport

TIMEOUT = 30_000
"""Milliseconds after which the echo is given up."""
SETTLE = 400
"""Milliseconds from the result to the picture: the release comes with the next batches, and everything is painted."""


class Picture(QObject):
    """Echoes the built-in peer, saves what the window looks like, closes it. `code` is the exit code."""

    def __init__(self, window: MainWindow, file: Path, size: tuple[int, int]) -> None:
        super().__init__(window)
        self.code = 1
        self._window, self._file, self._size = window, file, size
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._give_up)
        window.session.echo_finished.connect(self._echoed)

    def begin(self) -> None:
        self._window.resize(*self._size)
        self._window.show()
        self._window.restore_panels()
        self._late.start(TIMEOUT)
        self._window.first_echo()

    def _echoed(self, report: EchoReport) -> None:
        self._late.stop()
        if report.outcome is not Outcome.SUCCESS:
            sys.stderr.write(f"The echo failed: {report.sentence}\n")
            self._window.close()
            return
        QTimer.singleShot(SETTLE, self._save)

    def _save(self) -> None:
        with suppress(OSError):  # then it cannot be written either, which is told
            self._file.parent.mkdir(parents=True, exist_ok=True)
        if self._window.grab().save(str(self._file)):
            self.code = 0
            sys.stdout.write(f"Echo successful; picture saved to {self._file}\n")
        else:
            sys.stderr.write(f"The picture cannot be written to {self._file}.\n")
        self._window.close()

    def _give_up(self) -> None:
        sys.stderr.write("The echo at the built-in peer did not end in time.\n")
        self._window.close()
