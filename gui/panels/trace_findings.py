"""What departs from the Standard on an association; choosing one leads to its PDU."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.model.notices import FindingNotice
from gui.forms.header import text_button
from gui.models.rows import RowTableModel
from gui.models.tables import PlainTable
from gui.models.trace_lists import FINDING_COLUMNS
from gui.theme import SPACING

KEPT = 50_000
"""Findings of one association shown: a peer that is wrong in every message of a long night."""
_EMPTY = "<b>No findings</b><br>What was sent and received on this association follows the Standard as far as checked."


class FindingsTab(QWidget):
    """Shows the findings given."""

    chosen = Signal(object)
    """The FindingNotice now current."""
    opened = Signal(object)
    """The FindingNotice whose PDU the user wants to see."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: RowTableModel[FindingNotice] = RowTableModel(FINDING_COLUMNS, self, maximum=KEPT)
        self.table = PlainTable(self.model, self, name="Findings")
        self.table.set_empty(_EMPTY)
        self.details = QLabel(self)
        self.details.setWordWrap(True)
        self.details.setTextFormat(Qt.TextFormat.PlainText)
        self.details.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.show_pdu = text_button("Show the PDU", self._open, self, icon="trace")
        self.details.hide()
        self.show_pdu.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.normal, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addWidget(self.table, 1)
        column.addWidget(self.details)
        column.addWidget(self.show_pdu, 0, Qt.AlignmentFlag.AlignLeft)
        self.table.chosen.connect(self._chosen)
        self.table.activated_record.connect(self.opened)

    def set_findings(self, findings: Iterable[FindingNotice]) -> None:
        """Show the findings of another association."""
        self.model.set_records(findings)
        self._chosen(None)

    def add_findings(self, findings: Iterable[FindingNotice]) -> None:
        self.model.append(findings)

    def _chosen(self, record: object) -> None:
        found = record if isinstance(record, FindingNotice) else None
        if found is not None:
            evidence = f"Seen in: {found.evidence.text}" if found.evidence.text else ""
            lines = (f"{found.severity.capitalize()}: {found.sentence}", evidence, f"{found.clause}, rule {found.rule}")
            self.details.setText("\n".join(line for line in lines if line))
            self.chosen.emit(found)
        self.details.setVisible(found is not None)
        self.show_pdu.setVisible(found is not None)

    def _open(self) -> None:
        record = self.table.current_record()
        if record is not None:
            self.opened.emit(record)
