"""Presentation contexts of an association, proposed and answered beside each other; the one looked at in full below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.model.association import NegotiatedContext
from gui.forms.details import Details
from gui.forms.entry_list import EntryList
from gui.forms.two_lines import give_two_lines
from gui.models import redacted_rows
from gui.models.lists import EntryModel
from gui.models.rows import RowTableModel
from gui.models.tables import PlainTable
from gui.models.trace_contexts import COLUMNS, context_rows, details, entry
from gui.models.trace_store import TraceAssociation
from gui.sound import sound
from gui.theme import LEAST_TABLE, SPACING

WIDE = 540
"""Pixels from which the contexts fit as a table; below it they are a list."""
_EMPTY = (
    "<b>No presentation contexts</b><br>When an association is opened, each context proposed and its answer has a row "
    "here."
)


class ContextsTab(QWidget):
    """Reads a `TraceAssociation`; knows nothing of others."""

    chosen = Signal(object)
    """The NegotiatedContext now current, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: RowTableModel[NegotiatedContext] = RowTableModel(COLUMNS, self, redact=redacted_rows.context)
        self.table = PlainTable(self.model, self, name="Presentation contexts")
        give_two_lines(self.table)
        self.entries: EntryModel[NegotiatedContext] = EntryModel(entry, self, redact=redacted_rows.negotiated_context)
        self.list = EntryList(
            self.entries, self, name="Presentation contexts", lead_sample="255", movable=False, many=False
        )
        self.stack = QStackedWidget(self)
        for view in (self.list, self.table):
            view.set_empty(_EMPTY)
            view.chosen.connect(self._chosen)
            self.stack.addWidget(view)
        self.details = Details(self, name="The selected presentation context")
        for part in (self.table, self.list, self.details):
            part.setMinimumHeight(LEAST_TABLE)
        self.details.hide()
        self._shown: tuple[NegotiatedContext, ...] = ()
        self._current: NegotiatedContext | None = None
        self._settling = False
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.stack)
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([320, 170])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING.normal, 0, 0)
        column.addWidget(splitter)

    @property
    def current(self) -> NegotiatedContext | None:
        """The context whose details are shown."""
        return self._current

    def show_association(self, record: TraceAssociation | None) -> None:
        """Show this association as it is now; the current context stays where it is among the new ones."""
        contexts = context_rows(record) if record is not None else ()
        if contexts == self._shown:
            return
        before = self._current.id if self._current is not None else None
        self._shown = contexts
        self._settling = True
        self.model.set_records(contexts)
        self.entries.set_records(contexts, reset=True)
        self._settling = False
        self._choose(before)

    def _choose(self, context_id: int | None) -> None:
        """The first context that was turned down, else the one with this ID, else the first."""
        rows = range(len(self._shown))
        refused = (r for r in rows if self._shown[r].result > 0)
        same = (r for r in rows if self._shown[r].id == context_id)
        row = next(refused, next(same, 0))
        self._select(row)
        self._set_current(self._shown[row] if self._shown else None)

    def _select(self, row: int) -> None:
        """Both views are at the same context."""
        if not self._shown:
            return
        self._settling = True
        if self.list.currentIndex().row() != row:
            self.list.select_row(row)
        if self.table.currentIndex().row() != row:
            self.table.selectRow(row)
        self._settling = False

    def _chosen(self, record: object) -> None:
        if self._settling or not isinstance(record, NegotiatedContext):
            return
        self._select(self._shown.index(record))
        self._set_current(record)

    def _set_current(self, context: NegotiatedContext | None) -> None:
        self._current = context
        self.details.setVisible(context is not None)
        self.details.set_lines(details(context) if context is not None else ())
        self.chosen.emit(context)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.stack.setCurrentIndex(1 if self.width() >= WIDE else 0)
