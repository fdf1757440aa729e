"""The view of `gui.models.lists`: two calm lines a record, reordered by dragging or with Alt+Up and Alt+Down."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QDropEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeySequence,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.models.lists import ENTRY_ROLE, Entry, EntryModel
from gui.models.rows import COPY_ROLE, RECORD_ROLE
from gui.models.tables import EmptyText
from gui.redacted import copy_redacted_action, copy_text, redaction_for
from gui.sound import sound
from gui.theme import SPACING, theme

_MARGIN = SPACING.normal
_GAP = SPACING.normal
SEPARATOR = " · "
"""Between the parts of a note."""


def lead_font() -> QFont:
    """The font of leads: figures of one width, so that titles line up."""
    return theme().mono_font()


def fitting_note(note: str, metrics: QFontMetrics, width: int) -> str:
    """Of a note in parts (`2.1 ms · just now`) as many as fit, and the first in any case."""
    while SEPARATOR in note and metrics.horizontalAdvance(note) > width:
        note = note.rpartition(SEPARATOR)[0]
    return note


class EntryDelegate(QStyledItemDelegate):
    """Draws an `Entry`. `lead_sample` is the widest lead there can be."""

    def __init__(self, parent: QWidget, lead_sample: str = "") -> None:
        super().__init__(parent)
        self._lead_sample = lead_sample

    @sound
    def sizeHint(self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        line = QFontMetrics(option.font).height()
        return QSize(120, 2 * line + 3 * SPACING.small)

    @sound
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, Entry):
            return
        self.initStyleOption(option, index)
        option.text = ""
        widget = option.widget
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        painter.save()
        self._draw(painter, option.rect.adjusted(_MARGIN, SPACING.small, -_MARGIN, -SPACING.small), option.font, entry)
        painter.restore()

    def _draw(self, painter: QPainter, rect: QRect, font: QFont, entry: Entry) -> None:
        metrics = QFontMetrics(font)
        line = metrics.height()
        top = QRect(rect.left(), rect.top(), rect.width(), line)
        if entry.icon is not None:
            size = SPACING.icon
            theme().icon(*entry.icon).paint(painter, QRect(top.left(), top.center().y() - size // 2 + 1, size, size))
            top.setLeft(top.left() + size + _GAP)
        if self._lead_sample:
            fixed = lead_font()
            width = QFontMetrics(fixed).horizontalAdvance(self._lead_sample)
            painter.setFont(fixed)
            painter.setPen(theme().color("muted"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRect(top.left(), top.top(), width, line), flags, entry.lead)
            top.setLeft(top.left() + width + _GAP)
            painter.setFont(font)
        bottom = QRect(top.left(), rect.bottom() - line + 1, rect.right() - top.left() + 1, line)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font)
        if entry.note:
            # The title keeps at least two fifths of the line; the tooltip has the whole of both.
            least = min(metrics.horizontalAdvance(entry.title), 2 * top.width() // 5)
            widest = max(0, top.width() - least - _GAP)
            note = metrics.elidedText(fitting_note(entry.note, metrics, widest), Qt.TextElideMode.ElideRight, widest)
            width = metrics.horizontalAdvance(note)
            painter.setPen(theme().color(entry.note_role))
            painter.drawText(QRect(top.right() - width + 1, top.top(), width, line), left, note)
            top.setRight(top.right() - width - _GAP)
        painter.setPen(theme().color("text"))
        painter.drawText(top, left, metrics.elidedText(entry.title, Qt.TextElideMode.ElideMiddle, top.width()))
        painter.setPen(theme().color("muted"))
        painter.drawText(bottom, left, metrics.elidedText(entry.detail, Qt.TextElideMode.ElideMiddle, bottom.width()))


class EntryList(QListView):
    """A list of entries. `opened` on Return or double click, `chosen` when the current record changes."""

    opened = Signal(object)
    chosen = Signal(object)
    """The current record, or None."""

    def __init__(
        self,
        model: EntryModel[Any],
        parent: QWidget | None = None,
        *,
        name: str,
        lead_sample: str = "",
        many: bool = True,
        movable: bool = True,
    ) -> None:
        super().__init__(parent)
        self._entries = model
        self.starts_at_first = False
        self._empty = EmptyText(self)
        self._empty.hide()
        self.setAccessibleName(name)
        self.setModel(model)
        self.setItemDelegate(EntryDelegate(self, lead_sample))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.ExtendedSelection if many else mode.SingleSelection)
        drag = QAbstractItemView.DragDropMode
        self.setDragDropMode(drag.InternalMove if movable else drag.NoDragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setDragDropOverwriteMode(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.activated.connect(self._activated)
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            signal.connect(self._count_changed)
        self.copy_action = self.add_action("&Copy", QKeySequence(QKeySequence.StandardKey.Copy), self.copy_selection)
        copy_redacted_action(self, self.copy_redacted)
        if movable:
            self.add_action("Move &up", "Alt+Up", self.move_up)
            self.add_action("Move &down", "Alt+Down", self.move_down)

    @sound
    def focusInEvent(self, event: QFocusEvent) -> None:
        """With `starts_at_first` the keyboard finds an entry to work on."""
        super().focusInEvent(event)
        by_mouse = event.reason() is Qt.FocusReason.MouseFocusReason
        if self.starts_at_first and not by_mouse and not self.selected_rows():
            self.select_row(max(0, self.currentIndex().row()))

    def add_action(self, text: str, keys: str | QKeySequence, slot: Any) -> QAction:
        """An action of the context menu, with a shortcut that works while the list has the focus."""
        action = QAction(text, self)
        action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(slot)
        self.addAction(action)
        return action

    def set_empty(self, text: str) -> None:
        """What to say (rich text) while the list is empty."""
        self._empty.setText(text)
        self._count_changed()

    @property
    def empty(self) -> EmptyText:
        return self._empty

    def current_record(self) -> Any:
        """The record of the current row, or None."""
        index = self.currentIndex()
        return index.data(RECORD_ROLE) if index.isValid() else None

    def selected_rows(self) -> list[int]:
        return sorted(i.row() for i in self.selectionModel().selectedIndexes())

    def select_row(self, row: int) -> None:
        """Make a row the current and only selected one."""
        if 0 <= row < self._entries.rowCount():
            self.setCurrentIndex(self._entries.index(row))

    def move_up(self) -> None:
        self._move(-1)

    def move_down(self) -> None:
        self._move(1)

    def copy_selection(self) -> None:
        texts = [str(self._entries.index(row).data(COPY_ROLE)) for row in self.selected_rows()]
        copy_text("\n".join(texts))

    def copy_redacted(self) -> None:
        """The same without patients' data, AE titles and addresses."""
        rows = self.selected_rows()
        redaction = redaction_for(self) if rows else None
        copy_text("\n".join(self._entries.copied_redacted(row, redaction) for row in rows) if redaction else "")

    @sound
    def dropEvent(self, event: QDropEvent) -> None:
        """Reordering by hand: the view's own way would take a copy out and in again and lose the record."""
        row = self.currentIndex().row()
        under = self.indexAt(event.position().toPoint())
        target = under.row() if under.isValid() else self._entries.rowCount()
        position = self.dropIndicatorPosition()
        if under.isValid() and position is QAbstractItemView.DropIndicatorPosition.BelowItem:
            target += 1
        if target > row:
            target -= 1
        # Ignored on purpose: after an accepted move the view would remove the row.
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if self._entries.move(row, target):
            self.select_row(target)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._empty.setGeometry(self.viewport().rect())

    def _move(self, by: int) -> None:
        row = self.currentIndex().row()
        if self._entries.move(row, row + by):
            self.select_row(row + by)

    def _count_changed(self) -> None:
        self._empty.setVisible(self._entries.rowCount() == 0 and bool(self._empty.text()))
        self._empty.setGeometry(self.viewport().rect())

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        self.chosen.emit(current.data(RECORD_ROLE) if current.isValid() else None)

    def _activated(self, index: QModelIndex) -> None:
        self.opened.emit(index.data(RECORD_ROLE))
