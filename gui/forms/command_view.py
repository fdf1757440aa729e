"""The command set's table: everything by keyboard, widths that suit 560 pixels and more."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.menus import add_actions, show_actions
from gui.models.command_model import (
    ELEMENT,
    NO_TAGS,
    ORIGIN,
    ROOMY,
    SHORT_TAGS,
    TAG,
    USAGE,
    VALUE,
    VR,
    CommandModel,
)
from gui.models.rows import COPY_ROLE
from gui.models.tables import row_height
from gui.redacted import copy_redacted_title, copy_text, redaction_for
from gui.sound import sound
from gui.theme import SPACING, mono_font

from .command_delegate import CommandDelegate
from .command_element_dialog import ElementDialog
from .whole_rows import keep_rows_whole

SHORT, SHORTEST = 680, 550
"""Pixels below which VR and the tags' group give way, and the tags themselves; the tooltips keep saying them."""
_EDIT_KEYS = (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class CommandView(QTableView):
    """The form of a `CommandModel`. `row_chosen` carries the row now current (-1: none)."""

    row_chosen = Signal(int)

    def __init__(self, model: CommandModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.delegate = CommandDelegate(self, model)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName("Command set")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setIconSize(QSize(SPACING.icon, SPACING.icon))
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(row_height(self))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._make_actions()
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.clicked.connect(self._clicked)

    def _make_actions(self) -> None:
        table = (
            ("&Edit value", "F2", self.edit_value),
            ("&Bytes and length…", "Ctrl+B", self.edit_bytes),
            ("&Reset to automatic", "Backspace", self.reset_rows),
            ("&Leave out", "Delete", self.leave_out),
            ("Re&peat element", "Ctrl+D", self.repeat),
            ("Move &up", "Alt+Up", self.move_up),
            ("Move &down", "Alt+Down", self.move_down),
            ("&Add element…", "Insert", self.add_element),
            ("&Copy", QKeySequence(QKeySequence.StandardKey.Copy).toString(), self.copy),
            (copy_redacted_title(), "", self.copy_redacted),
        )
        add_actions(self, table)

    # what the actions do

    def rows(self) -> list[int]:
        """Selected rows, else the current one."""
        chosen = sorted({i.row() for i in self.selectionModel().selectedRows()})
        return chosen or ([self.currentIndex().row()] if self.currentIndex().isValid() else [])

    def edit_value(self) -> None:
        row = self.currentIndex().row()
        if row >= 0:
            adds = self._model.line(row) is None
            index = self._model.index(row, ELEMENT if adds else VALUE)
            self.setCurrentIndex(index)
            self.edit(index)

    def edit_bytes(self) -> None:
        row = self.currentIndex().row()
        line = self._model.line(row)
        if line is not None:
            ElementDialog(self._model, row, line, self).open()

    def reset_rows(self) -> None:
        self._model.reset(self.rows())

    def leave_out(self) -> None:
        self._model.leave_out(self.rows())

    def repeat(self) -> None:
        row = self.currentIndex().row()
        if self._model.line(row) is not None:
            self._model.repeat(row)
            self.select(row + 1)

    def move_up(self) -> None:
        self._move(-1)

    def move_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        row = self.currentIndex().row()
        if self._model.line(row) is not None:
            self.select(self._model.move(row, by))

    def add_element(self) -> None:
        self.select(self._model.rowCount() - 1)
        self.edit_value()

    def copy(self) -> None:
        lines = []
        for row in self.rows():
            cells = (self._model.index(row, c).data(COPY_ROLE) for c in (TAG, ELEMENT, VR, USAGE, VALUE))
            lines.append("\t".join(str(c or "") for c in cells))
        copy_text("\n".join(lines))

    def copy_redacted(self) -> None:
        """The same elements, with only the values that may leave the program."""
        copy_text(self._model.redacted_text(self.rows(), redaction_for(self)))

    def select(self, row: int) -> None:
        index = self._model.index(row, VALUE)
        self.selectionModel().setCurrentIndex(
            index, QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        )
        self.scrollTo(index)

    # Qt

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.key() in _EDIT_KEYS and not event.modifiers() and self.state() != self.State.EditingState:
            self.edit_value()
        elif event.key() == Qt.Key.Key_Space and self._model.line(row) is not None:
            index = self._model.index(row, self._model.check_column)
            on = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Checked
            self._model.include(row, not on)
        else:
            super().keyPressEvent(event)

    @sound
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        show_actions(self, event.globalPos())

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @sound
    def updateGeometries(self) -> None:
        super().updateGeometries()
        keep_rows_whole(self)

    @sound
    def sizeHint(self) -> QSize:
        rows = min(self._model.rowCount(), 9)
        return QSize(560, self.horizontalHeader().height() + rows * row_height(self) + 4)

    def _lay_out(self) -> None:
        """Element and Value share what the others leave."""
        width = self.viewport().width()
        text, mono = QFontMetrics(self.font()), QFontMetrics(mono_font())
        room = ROOMY if width >= SHORT else SHORT_TAGS if width >= SHORTEST else NO_TAGS
        self._model.set_room(room)
        self.setColumnHidden(VR, room != ROOMY)
        self.setColumnHidden(TAG, room == NO_TAGS)
        self.setColumnHidden(USAGE, room == NO_TAGS)
        fixed = {
            TAG: mono.horizontalAdvance("0000,0000" if room == ROOMY else "0000") + 46,
            VR: text.horizontalAdvance("UL") + 22,
            USAGE: text.horizontalAdvance("Usage") + 18,
            ORIGIN: text.horizontalAdvance("left out" if room != NO_TAGS else "M left out") + 24,
        }
        for column, wanted in fixed.items():
            self.setColumnWidth(column, wanted)
        left = width - sum(w for c, w in fixed.items() if not self.isColumnHidden(c))
        box = 24 if room == NO_TAGS else 0
        longest = text.horizontalAdvance("Requested SOP Instance UID") + 20 + box
        element = max(120, min(longest, int(left * 0.54)))
        self.setColumnWidth(ELEMENT, element)
        self.setColumnWidth(VALUE, max(80, left - element))

    def _clicked(self, index: QModelIndex) -> None:
        if self._model.line(index.row()) is None:
            self.edit_value()

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self.row_chosen.emit(current.row())
