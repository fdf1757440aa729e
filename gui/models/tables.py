"""The view that goes with `rows`: even rows, columns that share the width, text shortened where it should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gui.menus import show_actions
from gui.redacted import MOST_ROWS, copy_redacted_action, copy_text, redaction_for, refuse_to_copy
from gui.sound import sound
from gui.theme import SPACING, mono_font, theme

from .rows import COPY_ROLE, ELIDE_MIDDLE_ROLE, RECORD_ROLE, Column, RowTableModel

__all__ = [
    "COPY_ROLE",
    "ELIDE_MIDDLE_ROLE",
    "RECORD_ROLE",
    "CellDelegate",
    "Column",
    "EmptyText",
    "PlainTable",
    "RowTableModel",
    "row_height",
]

_PADDING = 20
"""Pixels a cell or header needs beside its text."""
_ICON_ROOM = SPACING.icon + 6


def row_height(widget: QWidget) -> int:
    """Height of a row in every table and tree of the window, so that they line up."""
    return QFontMetrics(widget.font()).height() + SPACING.row


class CellDelegate(QStyledItemDelegate):
    """Shortens UIDs in the middle, keeps meaning colours on selected rows, gives trees the rows of tables."""

    @sound
    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        model = index.model()
        if isinstance(model, RowTableModel):
            _dress(option, index, model)
            return
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        if index.data(ELIDE_MIDDLE_ROLE):
            option.textElideMode = Qt.TextElideMode.ElideMiddle
        ink = index.data(Qt.ItemDataRole.ForegroundRole)
        if isinstance(ink, QColor):
            option.palette.setColor(QPalette.ColorRole.HighlightedText, ink)

    @sound
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        parent = self.parent()
        if isinstance(parent, QWidget):
            size.setHeight(row_height(parent))
        return size


def _dress(option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, model: RowTableModel[Any]) -> None:
    """What Qt's delegate does with seven calls of the model, with one: each call through C++ waits for its turn at the
    interpreter, which under load is most of what a cell costs."""
    look = model.look(index.row(), index.column())
    option.index = index  # type: ignore[assignment]
    option.styleObject = None  # type: ignore[assignment]
    option.state &= ~QStyle.StateFlag.State_HasFocus
    option.displayAlignment = look.alignment
    if look.font is not None:
        option.font = look.font
        option.fontMetrics = QFontMetrics(look.font)
    if look.middle:
        option.textElideMode = Qt.TextElideMode.ElideMiddle
    if look.ink is not None:
        option.palette.setColor(QPalette.ColorRole.Text, look.ink)
        option.palette.setColor(QPalette.ColorRole.HighlightedText, look.ink)
    features = option.features | QStyleOptionViewItem.ViewItemFeature.HasDisplay
    if look.icon is not None:
        features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
        option.icon = look.icon
        option.decorationSize = look.icon.actualSize(option.decorationSize)
    option.features = features
    option.text = look.text


class EmptyText(QLabel):
    """What an empty list says in its own space: what it is for and what to do first."""

    link = Signal(str)

    def __init__(self, view: QAbstractItemView, text: str = "") -> None:
        super().__init__(text, view.viewport())
        self.setProperty("role", "empty")
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.linkActivated.connect(self.link)
        theme().changed.connect(self._recolour)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        """In the middle, but from its beginning where there is no room for all of it."""
        super().resizeEvent(event)
        fits = self.heightForWidth(self.width()) <= self.height()
        upright = Qt.AlignmentFlag.AlignVCenter if fits else Qt.AlignmentFlag.AlignTop
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | upright)

    def _recolour(self) -> None:
        """Qt keeps for links the colour of the moment in which the text was set."""
        text = self.text()
        self.clear()
        self.setText(text)


class PlainTable(QTableView):
    """A table of records. `activated_record` on Return or double click, `chosen` when the current row changes."""

    activated_record = Signal(object)
    chosen = Signal(object)
    """The record now current, or None."""

    def __init__(
        self, model: RowTableModel[Any] | None = None, parent: QWidget | None = None, *, name: str = ""
    ) -> None:
        super().__init__(parent)
        self._rows: RowTableModel[Any] | None = None
        self._laying_out = False
        self._own_widths: dict[int, int] = {}
        self._of_header: QItemSelectionModel | None = None
        self._laid_out_for = -1
        self._empty = EmptyText(self)
        self._empty.hide()
        self.setAccessibleName(name)
        self.setItemDelegate(CellDelegate(self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setIconSize(QSize(SPACING.icon, SPACING.icon))
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(12)
        rows.setDefaultSectionSize(row_height(self))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setMinimumSectionSize(24)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.sectionResized.connect(self._section_resized)
        header.sectionDoubleClicked.connect(self._section_double_clicked)
        self.activated.connect(self._activated)
        self.copy_action = QAction("&Copy", self)
        self.copy_action.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        self.copy_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.copy_action.triggered.connect(self.copy_selection)
        self.addAction(self.copy_action)
        self.copy_redacted_action = copy_redacted_action(self, self.copy_redacted)
        if model is not None:
            self.set_rows(model)

    # -- contents -----------------------------------------------------------------------------------------------

    def set_rows(self, model: RowTableModel[Any]) -> None:
        """Show a model; its columns decide the widths."""
        self._rows = model
        self._own_widths.clear()
        self.setModel(model)
        # The header asks at each paint whether whole columns are selected: with a million rows selected that takes
        # seconds, and it shows nothing of it.
        before, self._of_header = self._of_header, QItemSelectionModel(model, self.horizontalHeader())
        self.horizontalHeader().setSelectionModel(self._of_header)
        if before is not None:
            before.deleteLater()
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            signal.connect(self._count_changed)
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.lay_out_columns()
        self._count_changed()

    def set_empty(self, text: str) -> None:
        """What to say (rich text) while there is no row."""
        if text == self._empty.text():
            return
        self._empty.setText(text)
        self._count_changed()

    @property
    def empty(self) -> EmptyText:
        return self._empty

    def current_record(self) -> object | None:
        index = self.currentIndex()
        if self._rows is None or not index.isValid() or index.row() >= self._rows.rowCount():
            return None
        found: object = self._rows.record(index.row())
        return found

    def selected_rows(self) -> list[int]:
        """Row numbers selected, in order."""
        if self._rows is None:
            return []
        # Not Qt's list of rows: of a million it takes ten seconds.
        return sorted({row for rows in self._ranges() for row in rows})

    def copy_selection(self) -> None:
        """The selected rows on the clipboard, columns apart by tabs, UIDs whole."""
        if self._copies():
            copy_text(self.selection_text())

    def copy_redacted(self) -> None:
        """The same without patients' data, AE titles and addresses."""
        if self._copies():
            copy_text(self.redacted_text())

    def _ranges(self) -> list[range]:
        """The rows selected, those that stand together as one."""
        chosen = self.selectionModel().selection()
        found = (chosen.at(n) for n in range(chosen.size()))
        return [range(r.top(), r.bottom() + 1) for r in found]

    def _copies(self) -> bool:
        count = sum(map(len, self._ranges())) if self._rows is not None else 0
        if count > MOST_ROWS:
            refuse_to_copy(self, count)
        return count <= MOST_ROWS

    def selection_text(self) -> str:
        rows = self._rows
        return "\n".join(map(rows.copied, self.selected_rows())) if rows is not None else ""

    def redacted_text(self) -> str:
        """As `selection_text`, of what may leave the program."""
        rows, selected = self._rows, self.selected_rows()
        if rows is None or not selected:
            return ""
        redaction = redaction_for(self)
        return "\n".join(rows.copied_redacted(row, redaction) for row in selected)

    # -- widths -------------------------------------------------------------------------------------------------

    def lay_out_columns(self) -> None:
        """Share the width: each column its least, the rest by weight; the least important hide where it is short."""
        if self._rows is None:
            return
        columns = self._rows.columns
        least = [self._own_widths.get(i, self._least(c)) for i, c in enumerate(columns)]
        room = self.viewport().width()
        shown = self._fitting(columns, least, room)
        left = max(0, room - sum(least[i] for i in shown))
        weights = {i: columns[i].weight for i in shown if i not in self._own_widths}
        total = sum(weights.values())
        self._laying_out = True
        for index in range(len(columns)):
            self.setColumnHidden(index, index not in shown)
            if index in shown:
                share = left * weights.get(index, 0) // total if total else 0
                self.setColumnWidth(index, least[index] + share)
        self._laying_out = False

    def _fitting(self, columns: Sequence[Column[Any]], least: list[int], room: int) -> set[int]:
        """Which columns are shown in so many pixels; `least` becomes smaller where even that is too much."""
        shown = set(range(len(columns)))
        for index in sorted(shown, key=lambda i: -columns[i].priority):
            if sum(least[i] for i in shown) <= room or columns[index].priority <= 0:
                break
            shown.discard(index)
        self._squeeze(columns, least, shown, room)
        for index in sorted((i for i in shown if columns[i].priority < 0), key=lambda i: columns[i].priority):
            if sum(least[i] for i in shown) > room:
                shown.discard(index)
        return shown

    def _squeeze(self, columns: Sequence[Column[Any]], least: list[int], shown: set[int], room: int) -> None:
        """Where even the least widths are too much, columns that can shorten their text give way before it scrolls."""
        head = QFontMetrics(self.horizontalHeader().font())
        for index in sorted(shown, key=lambda i: -least[i]):
            column = columns[index]
            over = sum(least[i] for i in shown) - room
            if over <= 0:
                return
            if column.weight and index not in self._own_widths:
                floor = max(head.horizontalAdvance(column.title) + _PADDING, 2 * least[index] // 5)
                least[index] = max(floor, least[index] - over)

    def _least(self, column: Column[Any]) -> int:
        cell = QFontMetrics(mono_font() if column.mono else self.font())
        head = QFontMetrics(self.horizontalHeader().font())
        icon = _ICON_ROOM if column.icon else 0
        return max(cell.horizontalAdvance(column.sample) + icon, head.horizontalAdvance(column.title)) + _PADDING

    def _section_resized(self, section: int, _old: int, new: int) -> None:
        if not self._laying_out and new > 0:
            self._own_widths[section] = new

    def _section_double_clicked(self, section: int) -> None:
        """Back to the width the table gives."""
        self._own_widths.pop(section, None)
        self.lay_out_columns()

    # -- Qt -----------------------------------------------------------------------------------------------------

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != self._laid_out_for:  # the height changes with every batch of a log
            self._laid_out_for = event.size().width()
            self.lay_out_columns()
        self._empty.setGeometry(self.viewport().rect())

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
            return
        super().keyPressEvent(event)

    @sound
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        show_actions(self, event.globalPos())

    def _count_changed(self) -> None:
        empty = self._rows is None or self._rows.rowCount() == 0
        self._empty.setVisible(empty and bool(self._empty.text()))
        if empty:
            self._empty.setGeometry(self.viewport().rect())

    def _current_changed(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        self.chosen.emit(self.current_record())

    def _activated(self, index: QModelIndex) -> None:
        if self._rows is not None and index.isValid():
            self.activated_record.emit(self._rows.record(index.row()))
