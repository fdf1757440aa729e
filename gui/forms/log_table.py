"""The rows of the status log as a table, and what of them may leave the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from gui.models.log_model import LogModel
from gui.models.log_text import SUB_OPERATIONS
from gui.models.tables import PlainTable
from gui.sound import sound

from .whole_rows import keep_rows_whole

if TYPE_CHECKING:
    from gui.models.log_redaction import RedactedLog


class LogTable(PlainTable):
    """Where the sub-operations have no room for their column, the detail says them."""

    def __init__(self, model: LogModel, parent: QWidget | None = None) -> None:
        self._log = model
        super().__init__(model, parent, name="Status log")
        self.setVerticalScrollMode(PlainTable.ScrollMode.ScrollPerItem)

    @sound
    def updateGeometries(self) -> None:
        super().updateGeometries()
        keep_rows_whole(self)

    def redacted_text(self) -> str:
        """The rows selected, with what the log knows of the names in them."""
        rows = [self._log.record(row) for row in self.selected_rows()]
        return "\n".join(redacted_log(self._log).copied_lines(rows)) if rows else ""

    def lay_out_columns(self) -> None:
        super().lay_out_columns()
        column = next(i for i, c in enumerate(self._log.columns) if c.title == SUB_OPERATIONS)
        self._log.set_counts_in_detail(self.isColumnHidden(column))


def redacted_log(model: LogModel) -> RedactedLog:
    """One export of rows of the log."""
    from engine.trace.redaction.redaction import Redaction
    from gui.models.log_redaction import RedactedLog

    return RedactedLog(model, dict(model.feed.peers), Redaction(), model.feed.lessons.all())
