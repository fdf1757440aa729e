"""User information of both sides beside each other; the row looked at in full below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gui.forms.details import Details
from gui.models import redacted_rows
from gui.models.rows import RowTableModel
from gui.models.tables import PlainTable
from gui.models.trace_information import COLUMNS, InformationRow, details, information_rows
from gui.models.trace_store import TraceAssociation
from gui.sound import sound
from gui.theme import LEAST_TABLE, SPACING

_EMPTY = (
    "<b>No user information</b><br>What both sides say of themselves when an association is opened has its rows here."
)


class InformationTab(QWidget):
    """Reads a `TraceAssociation`; knows nothing of others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: RowTableModel[InformationRow] = RowTableModel(COLUMNS, self, redact=redacted_rows.information)
        self.table = PlainTable(self.model, self, name="User information")
        self.table.set_empty(_EMPTY)
        self.table.chosen.connect(self._chosen)
        self.details = Details(self, name="The selected user information")
        for view in (self.table, self.details):
            view.setMinimumHeight(LEAST_TABLE)
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.table)
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([400, 96])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.normal, 0, 0)
        column.addWidget(splitter)
        self._record: TraceAssociation | None = None
        self._due = False

    def show_association(self, record: TraceAssociation | None) -> None:
        """Show this association as it is now, or as it is when the tab is seen next."""
        self._record, self._due = record, not self.isVisible()
        if not self._due:
            self._write()

    @sound
    def showEvent(self, event: QShowEvent) -> None:
        if self._due:
            self._due = False
            self._write()
        super().showEvent(event)

    def _write(self) -> None:
        record = self._record
        rows = information_rows(record) if record is not None else ()
        if rows == tuple(self.model.records):
            return
        before = self.table.currentIndex().row()
        self.model.set_records(rows)
        if rows:
            marked = next((i for i, row in enumerate(rows) if row.mark), 0)
            self.table.selectRow(before if 0 <= before < len(rows) else marked)
        else:
            self._chosen(None)

    def _chosen(self, record: object) -> None:
        self.details.set_lines(details(record) if isinstance(record, InformationRow) else ())
