"""The matches of a query into a file: the columns shown as CSV, or everything as DICOM JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from gui.background import Background
from gui.dialogs import Questions
from gui.redacted import WITHOUT, redaction_for

from .matches_table import ResultsTable


class MatchesSaving(QObject):
    """Asks where, and writes beside the window. `said` carries a sentence, at the beginning and at the end."""

    said = Signal(object)

    def __init__(self, table: ResultsTable, questions: Questions, parent: QWidget) -> None:
        super().__init__(parent)
        self._table, self._questions, self._view = table, questions, parent

    def ask_csv(self) -> None:
        self._ask("CSV (*.csv)", "matches.csv", self._table.csv_text)

    def ask_json(self) -> None:
        self._ask("DICOM JSON (*.json)", "matches.json", self._table.json_text)

    def ask_redacted_csv(self) -> None:
        """As CSV, without patients' data, AE titles and addresses."""
        self._ask("CSV (*.csv)", "matches-redacted.csv", partial(self._table.csv_text, redaction_for(self._view)))

    def ask_redacted_json(self) -> None:
        """As DICOM JSON, without patients' data, AE titles and addresses."""
        self._ask(
            "DICOM JSON (*.json)", "matches-redacted.json", partial(self._table.json_text, redaction_for(self._view))
        )

    def add_to(self, menu: QMenu, verb: str = "") -> None:
        """The ways of saving as entries of a menu. verb: what they begin with."""
        rows = (
            ("As &CSV, the columns shown…", self.ask_csv),
            ("As DICOM &JSON, everything…", self.ask_json),
            (f"As CSV &{WITHOUT}…", self.ask_redacted_csv),
            (f"As DICOM JSON wi&{WITHOUT[2:]}…", self.ask_redacted_json),
        )
        for text, ask in rows:
            menu.addAction(f"{verb} as{text[2:]}" if verb else text, ask)

    def _ask(self, pattern: str, name: str, make: Callable[[], str]) -> None:
        self._questions.save_file(self._view, "Save matches", pattern, name, partial(self._save, make))

    def _save(self, make: Callable[[], str], paths: tuple[Path, ...]) -> None:
        self.said.emit("Writing …")
        work = Background(partial(_write, paths[0], make))
        work.done.connect(self._saved)
        work.failed.connect(self._not_saved)
        work.begin()

    def _saved(self, path: object) -> None:
        self.said.emit(f"Saved to {path}.")

    def _not_saved(self, error: object) -> None:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        self.said.emit(f"Not saved: {reason}.")


def _write(path: Path, make: Callable[[], str]) -> Path:
    path.write_text(make(), encoding="utf-8", newline="")
    return path
