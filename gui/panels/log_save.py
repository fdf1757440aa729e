"""Saving the log: asking where, and writing in small pieces so that the window stays awake."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TextIO

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gui.redacted import WITHOUT

TEXT_FILTER = "Text, columns apart by tabs (*.txt)"
JSON_FILTER = "JSON lines (*.jsonl)"
REDACTED_TEXT_FILTER = f"Text, {WITHOUT} (*.txt)"
REDACTED_JSON_FILTER = f"JSON lines, {WITHOUT} (*.jsonl)"
_REDACTED = (REDACTED_TEXT_FILTER, REDACTED_JSON_FILTER)
_PIECE, _PIECES, _LONG = 50, 10, 10
"""Lines written in one go, at most ten times or until 10 ms have passed: those of a redacted log take their time."""


class AskWhere(QObject):
    """The question where to save, and what. Tests put an object with the same signals and `ask` in its place."""

    answered = Signal(object)
    """The Path chosen; nothing is told when the user changed their mind."""
    answered_redacted = Signal(object)
    """The Path, of a log without patients' data, AE titles and addresses."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent

    def ask(self) -> None:
        dialog = QFileDialog(self._window, "Save status log")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([TEXT_FILTER, JSON_FILTER, *_REDACTED])
        dialog.setDefaultSuffix("txt")
        dialog.selectFile("status-log.txt")
        dialog.filterSelected.connect(self._filter_selected)
        dialog.fileSelected.connect(self._selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _filter_selected(self, chosen: str) -> None:
        dialog = self.sender()
        if isinstance(dialog, QFileDialog):
            suffix = "jsonl" if chosen in (JSON_FILTER, REDACTED_JSON_FILTER) else "txt"
            dialog.setDefaultSuffix(suffix)
            dialog.selectFile(f"status-log{'-redacted' if chosen in _REDACTED else ''}.{suffix}")

    def _selected(self, chosen: str) -> None:
        dialog = self.sender()
        redacted = isinstance(dialog, QFileDialog) and dialog.selectedNameFilter() in _REDACTED
        (self.answered_redacted if redacted else self.answered).emit(Path(chosen))


class LineWriter(QObject):
    """Writes lines into a file beside the target, which takes its place only when all is written."""

    finished = Signal(object)
    """The Path, complete."""
    failed = Signal(object)
    """A sentence; the target is as it was."""

    def __init__(self, path: Path, lines: Iterable[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._lines: Iterator[str] = iter(lines)
        self._stream: TextIO | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._write)

    def start(self) -> None:
        try:
            self._stream = self._part.open("w", encoding="utf-8", errors="backslashreplace", newline="\n")
        except OSError as error:
            self._fail(error)
            return
        self._timer.start()

    def stop(self) -> None:
        """Give up; nothing is left behind."""
        if self._stream is not None:
            self._discard()

    def _write(self) -> None:
        if self._stream is None:
            return
        try:
            since = QElapsedTimer()
            since.start()
            for _ in range(_PIECES):
                piece = list(islice(self._lines, _PIECE))
                self._stream.writelines(f"{line}\n" for line in piece)
                if len(piece) < _PIECE:
                    break
                if since.elapsed() >= _LONG:
                    return
            else:
                return
            self._stream.close()
            os.replace(self._part, self._path)  # noqa: PTH105 - replaces on Windows too
        except OSError as error:
            self._fail(error)
            return
        self._stream = None
        self._timer.stop()
        self.finished.emit(self._path)

    def _fail(self, error: OSError) -> None:
        self._discard()
        self.failed.emit(f"Cannot save to {self._path}: {error.strerror or error}. Choose another folder.")

    def _discard(self) -> None:
        self._timer.stop()
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        with suppress(OSError):  # what hindered the writing may hinder this, and has been told
            self._part.unlink(missing_ok=True)
