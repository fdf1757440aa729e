"""Every PDU of an association; of the one looked at, the decoded tree and the bytes, linked both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSplitter,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from engine.model.notices import PduNotice
from engine.standard.pdus import PDataTF
from engine.trace.explain import Node, explain_pdu
from gui.forms.growing_area import giving_area
from gui.forms.hex_view import HexView
from gui.models import redacted_rows
from gui.models.node_tree import NodeTreeModel, twin
from gui.models.rows import COPY_ROLE, RowTableModel
from gui.models.tables import CellDelegate, PlainTable
from gui.models.trace_lists import PDU_COLUMNS, pdu_filter
from gui.models.trace_places import sent_from, told_before
from gui.models.trace_secrets import without_secrets
from gui.models.trace_store import KEPT_PDUS
from gui.pace import Pace
from gui.redacted import copy_redacted_action, copy_text, redaction_for
from gui.sound import sound
from gui.theme import LEAST_TABLE, SPACING

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

WIDE = 900
"""Pixels from which tree and bytes stand beside each other."""
_TYPING_PAUSE = 120
_OPEN_LEVELS = {PDataTF.TYPE: 2}
"""Levels of the tree open at first: items have a summary, so they stay closed; a command set is what one looks for."""
_EMPTY = "<b>No PDUs yet</b><br>Each PDU sent and received has a row here, with the state it led to."
_NO_MATCH = "<b>No PDU matches the filter</b>"


class NodeTree(QTreeView):
    """The decoded tree with the rows of tables and its own copy."""

    def __init__(self, model: NodeTreeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._nodes = model
        self.redacted: Callable[[Redaction], tuple[bytes, Node | None]] | None = None
        """Bytes and tree of the PDU that may leave the program instead of the one shown."""
        self.setModel(model)
        self.setAccessibleName("Decoded PDU")
        self.setItemDelegate(CellDelegate(self))
        self.setUniformRowHeights(True)
        self.setIndentation(SPACING.large)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.sectionHandleDoubleClicked.connect(self._share)
        copy = QAction("&Copy", self)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy_current)
        self.addAction(copy)
        copy_redacted_action(self, self.copy_redacted)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def copy_current(self) -> None:
        index = self.currentIndex()
        if index.isValid():
            cells = (str(index.siblingAtColumn(c).data(COPY_ROLE) or "") for c in range(2))
            copy_text("\t".join(cells))

    def copy_redacted(self) -> None:
        """The same of the PDU that is told instead."""
        path = self._nodes.path(self.currentIndex())
        if path is None or self.redacted is None:
            return
        from engine.trace.redaction.stand_ins import LEFT_OUT

        found = twin(self.redacted(redaction_for(self))[1], path)
        copy_text(f"{found.label}\t{found.value}" if found is not None else LEFT_OUT)

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_current()
            return
        super().keyPressEvent(event)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        self.setColumnWidth(0, self.viewport().width() * 55 // 100)


class PdusTab(QWidget):
    """Shows the PDUs given; `selected` tells the one looked at."""

    selected = Signal(object)
    """The PduNotice now shown below, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: RowTableModel[PduNotice] = RowTableModel(
            PDU_COLUMNS, self, maximum=KEPT_PDUS, redact=redacted_rows.pdu
        )
        self.table = PlainTable(self.model, self, name="PDUs")
        self.table.set_empty(_EMPTY)
        self.filter_line = QLineEdit(self)
        self.filter_line.setPlaceholderText("Filter: P-DATA, received, Sta6, AE-3")
        self.filter_line.setAccessibleName("Filter the PDUs")
        self.filter_line.setClearButtonEnabled(True)
        self.count = QLabel(self)
        self.count.setProperty("role", "muted")
        self.nodes = NodeTreeModel(self)
        self.tree = NodeTree(self.nodes, self)
        self.hex = HexView(self, name="Bytes of the PDU")
        for view in (self.table, self.tree, self.hex):
            view.setMinimumHeight(LEAST_TABLE)
        self.hex.set_empty("Select a PDU to see its bytes.")
        self.note = QLabel(self)
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.note.hide()
        self._fresh: list[PduNotice] = []
        """PDUs the table does not show yet."""
        self._pace = Pace(self)
        self._pace.due.connect(self._publish)
        self._follow = False
        """Go to the end of the table when it is seen again."""
        self._pdu: PduNotice | None = None
        self._linking = False
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        inner = QWidget()
        area = giving_area(inner, self)  # first: Qt styles anew all that is in what gets another parent
        top = QHBoxLayout()
        top.setSpacing(SPACING.normal)
        top.addWidget(self.filter_line, 1)
        top.addWidget(self.count)
        self.below = QSplitter(Qt.Orientation.Vertical, inner)
        self.below.addWidget(self.tree)
        self.below.addWidget(self.hex)
        self.below.setChildrenCollapsible(False)
        self.below.setStretchFactor(0, 5)
        self.below.setStretchFactor(1, 4)
        splitter = QSplitter(Qt.Orientation.Vertical, inner)
        splitter.addWidget(self.table)
        splitter.addWidget(self.below)
        splitter.setChildrenCollapsible(False)
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 3)
        splitter.setSizes([180, 320])
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, SPACING.normal, 0, 0)
        column.setSpacing(SPACING.small)
        column.addLayout(top)
        column.addWidget(splitter, 1)
        column.addWidget(self.note)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def _connect(self) -> None:
        self.table.chosen.connect(self._chosen)
        self.tree.selectionModel().currentChanged.connect(self._node_chosen)
        self.hex.byte_selected.connect(self._byte_chosen)
        self.tree.redacted = self._redacted
        self.hex.redact = self._redacted_bytes
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_PAUSE)
        self._pause.timeout.connect(self._apply_filter)
        self.filter_line.textChanged.connect(self._filter_typed)
        self.filter_line.returnPressed.connect(self._apply_filter)

    # -- contents -----------------------------------------------------------------------------------------------

    def set_pdus(self, pdus: Iterable[PduNotice]) -> None:
        """Show the PDUs of another association."""
        self._fresh.clear()
        self.model.set_records(pdus)
        self._follow = False
        self._show(None)
        self._update_count()

    def add_pdus(self, pdus: Iterable[PduNotice]) -> None:
        """More of the same association; the view stays at the end when it is there."""
        self._fresh.extend(pdus)
        self._pace.ask()

    def _publish(self) -> None:
        if not self._fresh:
            return
        bar = self.table.verticalScrollBar()
        at_end = self._follow or (bar.value() == bar.maximum() and not self.table.currentIndex().isValid())
        fresh, self._fresh = self._fresh, []
        self.model.append(fresh)
        self._follow = at_end and not self.isVisible()
        if at_end and not self._follow:
            self.table.scrollToBottom()
        self._update_count()

    @sound
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._follow:
            self._follow = False
            self.table.scrollToBottom()

    def current_pdu(self) -> PduNotice | None:
        return self._pdu

    def select_at(self, time: float, sent: bool | None, *, message: bool = False, ahead: float | None = None) -> bool:
        """Select the PDU of this time, or else the one a message told then begins with; False when there is none.

        A message is told after its PDUs, in both directions; how an association goes on, before what is sent for it.
        ahead: see `TraceTarget`.
        """
        self._publish()
        records = self.model.records
        if sent is not None and (message or not sent):
            return self.select_position(told_before(records, time, sent, ahead=ahead))
        return self.select_position(sent_from(records, time, any_way=sent is None, ahead=ahead))

    def select_position(self, position: int) -> bool:
        """Select a PDU by its place among all; a filter that hides it is taken away."""
        if not 0 <= position < len(self.model.records):
            return False
        self._follow = False
        if self.model.row_of(position) < 0:
            self.filter_line.clear()
            self._apply_filter()
        index = self.model.index(self.model.row_of(position), 0)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.table.selectionModel().setCurrentIndex(index, flags)
        self.table.scrollTo(index)
        return True

    def highlight(self, start: int, end: int) -> None:
        """Select the node over these bytes of the current PDU, and mark exactly them."""
        index = self.nodes.index_of_span(start, end)
        if index.isValid():
            self._go_to(index)
        self.hex.highlight(start, end)

    def highlight_labelled(self, part: str) -> None:
        """Select the first node of the current PDU with these words in its label, if there is one."""
        index = self.nodes.index_labelled(part)
        if index.isValid():
            self.tree.setCurrentIndex(index)
            self.tree.scrollTo(index)

    def _update_count(self) -> None:
        shown, total = self.model.rowCount(), len(self.model.records)
        self.count.setText(f"{shown:,} of {total:,}")
        self.count.setVisible(shown != total)
        self.table.set_empty(_NO_MATCH if total else _EMPTY)

    def _filter_typed(self, _text: str) -> None:
        self._pause.start()

    def _apply_filter(self) -> None:
        self._pause.stop()
        self.model.set_filter(pdu_filter(self.filter_line.text()))
        self._update_count()

    # -- one PDU ------------------------------------------------------------------------------------------------

    def _chosen(self, record: object) -> None:
        if isinstance(record, PduNotice):
            self._show(record)

    def _show(self, pdu: PduNotice | None) -> None:
        if pdu is self._pdu:
            return
        self._pdu = pdu
        root = explain_pdu(pdu.data) if pdu is not None else None
        self.nodes.set_root(root)
        self.tree.expandToDepth(_OPEN_LEVELS.get(pdu.type, 0) if pdu is not None else 0)
        command = self.nodes.index_labelled("Command Set")
        if command.isValid():
            self.tree.scrollTo(command, QAbstractItemView.ScrollHint.PositionAtTop)
        data, hidden = without_secrets(pdu.data, root) if pdu is not None and root is not None else (b"", 0)
        self.hex.set_data(data)
        self._say(pdu, hidden)
        self.selected.emit(pdu)

    def _say(self, pdu: PduNotice | None, hidden: int) -> None:
        notes = []
        if pdu is not None and len(pdu.data) < pdu.size:
            notes.append(f"The first {len(pdu.data):,} of {pdu.size:,} bytes were kept.")
        if hidden:
            notes.append(f"{hidden} bytes of user identity are shown as asterisks.")
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))

    # -- tree and bytes -----------------------------------------------------------------------------------------

    def _node_chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        node = self.nodes.node(current)
        if node is not None and not self._linking:
            self.hex.highlight(node.start, node.end)

    def _byte_chosen(self, offset: object) -> None:
        index = self.nodes.index_at(offset) if isinstance(offset, int) else QModelIndex()
        node = self.nodes.node(index)
        if node is None:
            return
        self._go_to(index)
        cursor = self.hex.selection()
        self.hex.highlight(node.start, node.end)
        self.hex.select(*cursor)

    def _redacted(self, redaction: Redaction) -> tuple[bytes, Node | None]:
        data = redaction.pdu(self._pdu.data, self._pdu.size) if self._pdu is not None else b""
        return data, explain_pdu(data) if data else None

    def _redacted_bytes(self, redaction: Redaction, start: int, end: int) -> bytes:
        """Of the narrowest part of the PDU around a span: the bytes that are told instead may be more or fewer."""
        path = self.nodes.path(self.nodes.index_of_span(start, end))
        data, root = self._redacted(redaction)
        found = twin(root, path) if path is not None else None
        return data[found.start : found.end] if found is not None else b""

    def _go_to(self, index: QModelIndex) -> None:
        """Make a node current without telling the bytes, which asked for it."""
        self._linking = True
        self.tree.setCurrentIndex(index)
        self._linking = False
        self.tree.scrollTo(index)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        orientation = Qt.Orientation.Horizontal if self.width() >= WIDE else Qt.Orientation.Vertical
        if orientation is self.below.orientation():
            return
        self.below.setOrientation(orientation)
        bytes_width = self.hex.sizeHint().width()
        across = [self.width() - bytes_width, bytes_width]
        self.below.setSizes(across if orientation is Qt.Orientation.Horizontal else [500, 400])
