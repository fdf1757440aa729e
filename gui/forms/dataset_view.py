"""The tree of a data set: navigation, copy and paste, and every edit by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from engine.model.dataset import DataElement, DataSet
from engine.workspace.dataset_text import DataSetTextError, dataset_text
from engine.workspace.pasted_text import parse_pasted
from gui.menus import add_actions, show_actions
from gui.models import dataset_edits as edits
from gui.models.dataset_edits import Path
from gui.models.dataset_model import ELEMENT, TAG, VALUE, VR, DataSetModel
from gui.models.dataset_values import element_name
from gui.models.tables import EmptyText
from gui.redacted import copy_redacted_title, copy_text, redaction_for
from gui.sound import sound
from gui.theme import mono_font

from .dataset_delegate import DataSetDelegate

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

_EDIT_KEYS = (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter)
NARROW = 560
"""Pixels below which keywords get more of the room than values: nested ones are cut first."""
COPY_LIMIT = 16 * 1024 * 1024
"""Bytes of values the clipboard takes as text: beyond, building the text would hold up the window."""


def _redacted(elements: DataSet, redaction: Redaction) -> DataSet:
    return redaction.data_set(elements)


class DataSetView(QTreeView):
    """A `DataSetModel` as a tree. `place_changed` carries the path of the current node; `said` a sentence to show."""

    place_changed = Signal(object)
    add_wanted = Signal()
    said = Signal(str)

    def __init__(self, model: DataSetModel, parent: QWidget | None = None, *, name: str = "Data set") -> None:
        super().__init__(parent)
        self.data_model = model
        self.redact: Callable[[DataSet, Redaction], DataSet] = _redacted
        """Of elements what of them may leave the program."""
        self.setModel(model)
        self.delegate = DataSetDelegate(self, model)
        self.delegate.said.connect(self.said)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName(name)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(16)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(30)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._empty = EmptyText(self)
        self._empty.hide()
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            signal.connect(self._count_changed)
        model.focus_wanted.connect(self.go_to)
        self.selectionModel().currentChanged.connect(self._current_changed)
        self._make_actions()
        self._count_changed()

    def _make_actions(self) -> None:
        copying = QKeySequence(QKeySequence.StandardKey.Copy).toString()
        changing = (
            ("&Add element…", "Insert", self.add_wanted.emit),
            ("&Edit value", "F2", self.edit_value),
            ("Change &VR", "Shift+F2", self.edit_vr),
            ("Change &tag", "Ctrl+F2", self.edit_tag),
            ("Add &item", "Ctrl+I", self.add_item),
            ("&Delete", "Delete", self.delete),
            ("Cu&t", QKeySequence(QKeySequence.StandardKey.Cut).toString(), self.cut),
            ("&Paste", QKeySequence(QKeySequence.StandardKey.Paste).toString(), self.paste),
            ("Move &up", "Alt+Up", self.move_up),
            ("Move &down", "Alt+Down", self.move_down),
            ("Put in tag &order", "", self.put_in_order),
        )
        always = (
            ("&Copy", copying, self.copy),
            (copy_redacted_title(), "", self.copy_redacted),
            ("E&xpand all", "Ctrl+Shift+E", self.expandAll),
            ("C&ollapse all", "Ctrl+Shift+K", self.collapseAll),
        )
        add_actions(self, (() if self.data_model.read_only else changing) + always)

    # where one is

    def set_empty(self, text: str) -> None:
        """What to say (rich text) while there is nothing."""
        self._empty.setText(text)
        self._count_changed()

    def place(self) -> Path:
        """Path of the current node; () when there is none. While rows are being removed the view lags behind."""
        return edits.existing(self.data_model.data_set, self.data_model.path(self.currentIndex()))

    def item_place(self) -> Path:
        """The item (or data set) a new element goes to: the current sequence's last item, or where the current is."""
        path = self.place()
        node = edits.node_at(self.data_model.data_set, path)
        if isinstance(node, DataSet):
            return path
        return (*path, len(node.items) - 1) if node.vr == "SQ" and node.items else path[:-1]

    def selected(self) -> list[Path]:
        """Paths of the selected nodes, in the tree's order; the current one when nothing is selected."""
        paths = sorted(self.data_model.path(i) for i in self.selectionModel().selectedRows())
        return paths or ([self.place()] if self.currentIndex().isValid() else [])

    def go_to(self, path: object) -> None:
        """Make the node at a path current, opening what is above it."""
        index = self.data_model.index_of(path if isinstance(path, tuple) else ())
        if not index.isValid():
            return
        above = index.parent()
        while above.isValid():
            self.expand(above)
            above = above.parent()
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(index, flags)
        self.scrollTo(index)

    # edits

    def add(self, elements: list[DataElement]) -> None:
        """Put elements where one is; a new sequence gets its first item."""
        elements = [DataElement(e.tag, "SQ", (DataSet(),)) if e.vr == "SQ" and not e.items else e for e in elements]
        words = f"Add {element_name(elements[0].tag)}" if len(elements) == 1 else f"Add {len(elements)} elements"
        new, paths = edits.put(self.data_model.data_set, self.item_place(), elements)
        self.data_model.edit(new, words, paths[-1])
        self.expand(self.data_model.index_of(paths[-1]))

    def add_item(self) -> None:
        """A new item after the current one, or at the end of the current sequence."""
        path, data_set = self.place(), self.data_model.data_set
        while path:
            node = edits.node_at(data_set, path)
            if isinstance(node, DataSet):
                place = (*path[:-1], path[-1] + 1)
            elif node.vr == "SQ":
                place = (*path, len(node.items))
            else:
                path = path[:-1]
                continue
            self.data_model.edit(edits.inserted(data_set, place, DataSet()), "Add item", place)
            return
        self.said.emit("An item belongs to a sequence: choose one, or add one by its keyword.")

    def delete(self) -> None:
        paths = self.selected()
        if paths:
            words = "Delete element" if len(paths) == 1 else f"Delete {len(paths)} elements"
            self.data_model.edit(edits.removed(self.data_model.data_set, paths), words, paths[0])

    def move_up(self) -> None:
        self._move(-1)

    def move_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        path = self.place()
        if path:
            new, target = edits.moved(self.data_model.data_set, path, by)
            if target != path:
                self.data_model.edit(new, "Move", target)

    def put_in_order(self) -> None:
        self.data_model.edit(edits.in_tag_order(self.data_model.data_set), "Put in tag order", ())

    def edit_value(self) -> None:
        """Edit the value; of a sequence or an item, open or close it."""
        index = self.currentIndex().siblingAtColumn(VALUE)
        if self.data_model.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.setCurrentIndex(index)
            self.edit(index)
        elif self.data_model.hasChildren(self.currentIndex()):
            row = index.siblingAtColumn(ELEMENT)
            self.setExpanded(row, not self.isExpanded(row))
        elif index.isValid() and not self.data_model.read_only:
            node = self.data_model.node(index)
            if isinstance(node, DataElement) and node.vr != "SQ":
                self.said.emit("Too many bytes to type: paste a smaller value, or load them from a file.")

    def edit_vr(self) -> None:
        self._edit_column(VR)

    def edit_tag(self) -> None:
        self._edit_column(TAG)

    def _edit_column(self, column: int) -> None:
        index = self.currentIndex().siblingAtColumn(column)
        if self.data_model.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)

    # clipboard

    def copy(self) -> None:
        """The selected elements as text, which pastes back as elements; of items, what is in them."""
        found = self._chosen()
        if sum(len(e.value) for e in found if isinstance(e.value, bytes)) > COPY_LIMIT:
            self.said.emit(f"More than {COPY_LIMIT >> 20} MB: too much for the clipboard.")
        elif found:
            copy_text(dataset_text(DataSet(tuple(found))))

    def copy_redacted(self) -> None:
        """The same elements, with only the values that may leave the program."""
        found = self._chosen()
        if found:
            copy_text(dataset_text(self.redact(DataSet(tuple(found)), redaction_for(self))))

    def _chosen(self) -> list[DataElement]:
        found: list[DataElement] = []
        paths = self.selected()
        for path in paths:
            node = edits.node_at(self.data_model.data_set, path)
            if not any(path[:n] in paths for n in range(1, len(path))):
                found += node.elements if isinstance(node, DataSet) else [node]
        return found

    def cut(self) -> None:
        self.copy()
        self.delete()

    def paste(self) -> None:
        """Elements from text, JSON or a dump; those with the same tag are replaced."""
        text = QGuiApplication.clipboard().text()
        try:
            pasted = parse_pasted(text)
        except DataSetTextError as error:
            self.said.emit(f"The clipboard holds no elements: {error}.")
            return
        elements = list(pasted.data_set)
        if elements:
            data_set, item = self.data_model.data_set, self.item_place()
            new, paths = edits.put(data_set, item, elements)
            self.data_model.edit(new, f"Paste {len(elements)} elements", paths[-1])
        if pasted.left_out:
            more = len(pasted.left_out) - 1
            self.said.emit(f"Left out: {pasted.left_out[0]}" + (f" And {more} more." if more else ""))

    # Qt

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _EDIT_KEYS and not event.modifiers() and self.state() != self.State.EditingState:
            self.edit_value()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self.currentIndex().column() > ELEMENT:
            self.setCurrentIndex(self.currentIndex().siblingAtColumn(ELEMENT))
            super().keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    @sound
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        show_actions(self, event.globalPos())

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()
        self._empty.setGeometry(self.viewport().rect())

    @sound
    def sizeHint(self) -> QSize:
        return QSize(560, 160)

    def _lay_out(self) -> None:
        width = self.viewport().width()
        text, mono = QFontMetrics(self.font()), QFontMetrics(mono_font())
        tag, vr = mono.horizontalAdvance("0000,0000") + 14, text.horizontalAdvance("OB") + 18
        narrow = width < NARROW
        self.setIndentation(12 if narrow else 16)
        share = 0.6 if narrow else 0.54
        self.setColumnWidth(ELEMENT, max(150, min(340, int((width - tag - vr) * share))))
        self.setColumnWidth(TAG, tag)
        self.setColumnWidth(VR, vr)

    def _count_changed(self) -> None:
        empty = self.data_model.rowCount() == 0
        self._empty.setVisible(empty and bool(self._empty.text()))
        self._empty.setGeometry(self.viewport().rect())

    def _current_changed(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        self.place_changed.emit(self.place())
