"""The tree of a data set: an item model over an immutable `DataSet`, every change an undoable step.

The model holds the present data set and rows made when a view asks for them. A change gives it another data set;
what differs is found by comparing, so the view keeps its selection and open branches, on undo as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.model.dataset import DataElement, DataSet
from engine.standard.elements import tag_text
from engine.workspace.names import parse_tag
from gui.sound import sound

from .dataset_edits import Node, Path, children, replaced
from .dataset_values import (
    EDIT_LIMIT,
    default_vr,
    display_text,
    edit_text,
    element_name,
    is_private,
    known,
    tag_digits,
    with_text,
    with_vr,
)
from .rows import Index

NO_PARENT = QModelIndex()
COLUMNS = ("Element", "Tag", "VR", "Value")
ELEMENT, TAG, VR, VALUE = range(4)
PROBLEM_ROLE = Qt.ItemDataRole.UserRole + 1
"""The sentence that says what is wrong with the value, or ""."""
UNDO_LIMIT = 500
"""Steps kept: old data sets share what did not change, so a step costs little; 500 is more than a person retraces."""


class _Row:
    """One element or item; `rows` is None until a view asked for the children. `number` is an item's, as shown: it
    follows `place` only once the view knows of the insertion or removal that moved it."""

    __slots__ = ("id", "node", "number", "parent", "place", "rows")

    def __init__(self, number: int, parent: _Row | None, place: int, node: Node) -> None:
        self.id, self.parent, self.place, self.node = number, parent, place, node
        self.number = place + 1
        self.rows: list[_Row] | None = None


class _Change(QUndoCommand):
    """From one data set to another; steps with the same `session` (typing in the text view) become one."""

    def __init__(self, model: DataSetModel, old: DataSet, new: DataSet, words: str, focus: Path | None, session: int):
        super().__init__(words)
        self._model, self._old, self.new, self._focus, self.session = model, old, new, focus, session

    def redo(self) -> None:
        self._model.show(self.new, self._focus)

    def undo(self) -> None:
        self._model.show(self._old, self._focus)

    def id(self) -> int:
        return self.session

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other.session != self.session:
            return False
        self.new = other.new
        return True


class DataSetModel(QAbstractItemModel):
    """The tree. `changed` follows every change of the data set; `focus_wanted` carries the path a change touched."""

    changed = Signal()
    focus_wanted = Signal(object)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        read_only: bool = False,
        check: Callable[[DataElement], str] | None = None,
        describe: Callable[[DataElement], str] = display_text,
        undo_stack: QUndoStack | None = None,
    ) -> None:
        super().__init__(parent)
        self.read_only = read_only
        self.undo_stack = QUndoStack(self) if undo_stack is None else undo_stack
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self._check = check
        self._describe = describe
        self._ids: dict[int, _Row] = {}
        self._next_id = 0
        self._root = self._row(None, 0, DataSet())

    @property
    def data_set(self) -> DataSet:
        return cast(DataSet, self._root.node)

    # changes

    def edit(self, new: DataSet, words: str, focus: Path | None = None, session: int = -1) -> None:
        """Make `new` the data set, as an undoable step called `words` ("Delete 2 elements")."""
        if not self.read_only and new is not self.data_set:
            self.undo_stack.push(_Change(self, self.data_set, new, words, focus, session))

    def load(self, new: DataSet) -> None:
        """Start over with another data set and an empty history."""
        self.undo_stack.clear()
        self.beginResetModel()
        self._ids.clear()
        self._root = self._row(None, 0, new)
        self.endResetModel()
        self.changed.emit()

    def show(self, new: DataSet, focus: Path | None = None) -> None:
        """Show another data set, changing only the rows that differ."""
        self._sync(self._root, new)
        self.changed.emit()
        if focus is not None:
            self.focus_wanted.emit(focus)

    # paths

    def path(self, index: Index) -> Path:
        row: _Row | None = self._at(index)
        places: list[int] = []
        while row is not None and row.parent is not None:
            places.append(row.place)
            row = row.parent
        return tuple(reversed(places))

    def index_of(self, path: Path, column: int = 0) -> QModelIndex:
        """The index at a path; the nearest that exists when it does not."""
        index = QModelIndex()
        for place in path:
            count = self.rowCount(index)
            if not count:
                break
            index = self.index(min(place, count - 1), 0, index)
        return index.siblingAtColumn(column) if index.isValid() else index

    def node(self, index: Index) -> Node:
        """The element or item; the data set for the invalid index."""
        return self._at(index).node

    def creator(self, index: Index) -> str:
        """The private creator that reserves the block of an element, or ""."""
        row = self._at(index)
        if isinstance(row.node, DataSet) or row.parent is None:
            return ""
        if not is_private(row.node.tag) or not row.node.tag & 0xFF00:
            return ""
        wanted = row.node.tag & 0xFFFF0000 | row.node.tag >> 8 & 0xFF
        siblings = (s.node for s in self._rows(row.parent) if isinstance(s.node, DataElement))
        return next((e.texts[0] for e in siblings if e.tag == wanted and e.texts), "")

    # QAbstractItemModel

    @sound
    def index(self, row: int, column: int, parent: Index = NO_PARENT) -> QModelIndex:
        rows = self._rows(self._at(parent))
        if (parent.isValid() and parent.column() > 0) or not (0 <= row < len(rows) and 0 <= column < len(COLUMNS)):
            return QModelIndex()
        return self.createIndex(row, column, rows[row].id)

    @sound
    def parent(self, index: Index = NO_PARENT) -> QModelIndex:  # type: ignore[override]
        parent = self._at(index).parent if index.isValid() else None
        if parent is None or parent.parent is None:
            return QModelIndex()
        return self.createIndex(parent.place, 0, parent.id)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        return 0 if parent.isValid() and parent.column() > 0 else len(self._rows(self._at(parent)))

    @sound
    def hasChildren(self, parent: Index = NO_PARENT) -> bool:
        if parent.isValid() and parent.column() > 0:
            return False
        row = self._at(parent)
        return bool(children(row.node) if row.rows is None else row.rows)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        return len(COLUMNS)

    @sound
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    @sound
    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        node = self._at(index).node
        if self.read_only or isinstance(node, DataSet):
            return flags
        if index.column() in (TAG, VR) or (index.column() == VALUE and self.editable(node)):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    @staticmethod
    def editable(element: DataElement) -> bool:
        """Whether the value can be typed: not a sequence's, not one larger than a line."""
        return element.vr != "SQ" and not (isinstance(element.value, bytes) and len(element.value) > EDIT_LIMIT)

    def problem(self, element: DataElement) -> str:
        """What is wrong with an element's value, in a sentence, or ""."""
        return self._check(element) if self._check else ""

    @sound
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._at(index)
        node, column = row.node, index.column()
        if isinstance(node, DataSet):
            words = f"Item {row.number}" if column == ELEMENT else ""
            return words if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._shown(index, node)
        if role == Qt.ItemDataRole.EditRole:
            return (element_name(node.tag), tag_digits(node.tag), node.vr, edit_text(node))[column]
        if role == PROBLEM_ROLE:
            return self.problem(node)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(index, node)
        return None

    @sound
    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node = self._at(index).node
        if role != Qt.ItemDataRole.EditRole or self.read_only or isinstance(node, DataSet):
            return False
        new = self._edited(node, index.column(), str(value))
        if new is None or new == node:
            return False
        path = self.path(index)
        self.edit(replaced(self.data_set, path, new), f"Change {element_name(node.tag)}", path)
        return True

    # inside

    def _shown(self, index: Index, element: DataElement) -> str:
        if index.column() == VALUE:
            return self._describe(element)
        if index.column() == ELEMENT:
            return element_name(element.tag, self.creator(index))
        return tag_digits(element.tag) if index.column() == TAG else element.vr

    def _tooltip(self, index: Index, element: DataElement) -> str:
        creator = self.creator(index)
        row = known(element.tag, creator)
        lines = [f"{tag_text(element.tag)} {row.name if row else element_name(element.tag, creator)}"]
        if row is not None:
            lines.append(f"VR {row.vr}, VM {row.vm}" + (", retired" if row.retired else ""))
        if is_private(element.tag) and element.tag & 0xFF00:
            lines.append(f"Private, of {creator}" if creator else "Private, and no private creator reserves its block")
        return "\n".join([*lines, self._describe(element), self.problem(element)]).strip()

    @staticmethod
    def _edited(element: DataElement, column: int, text: str) -> DataElement | None:
        if column == VALUE:
            return None if text == edit_text(element) else with_text(element, text)
        if column == VR:
            return with_vr(element, text.strip().upper()) if len(text.strip()) == 2 else None
        tag = parse_tag(text)
        if tag is None:
            return None
        standard = element.vr == default_vr(element.tag)
        moved = DataElement(tag, element.vr, element.value)
        return with_vr(moved, default_vr(tag)) if standard and default_vr(tag) != "UN" else moved

    def _row(self, parent: _Row | None, place: int, node: Node) -> _Row:
        self._next_id += 1
        row = self._ids[self._next_id] = _Row(self._next_id, parent, place, node)
        return row

    def _at(self, index: Index) -> _Row:
        return self._ids[index.internalId()] if index.isValid() else self._root

    def _rows(self, row: _Row) -> list[_Row]:
        if row.rows is None:
            row.rows = [self._row(row, i, node) for i, node in enumerate(children(row.node))]
        return row.rows

    def _index(self, row: _Row, column: int = 0) -> QModelIndex:
        return QModelIndex() if row.parent is None else self.createIndex(row.place, column, row.id)

    def _sync(self, row: _Row, new: Node) -> None:
        """Make `row` and what is below it show `new`."""
        if row.node is new:
            return
        rows = self._rows(row)
        row.node = new
        if row.parent is not None:
            self.dataChanged.emit(self._index(row), self._index(row, len(COLUMNS) - 1))
        nodes = children(new)
        first = _common(rows, nodes)
        last = _common(rows[first:][::-1], nodes[first:][::-1])
        before, after = rows[first : len(rows) - last], nodes[first : len(nodes) - last]
        if len(before) == len(after) and not self._rotate(row, first, before, after):
            for child, node in zip(before, after, strict=True):
                self._sync(child, node)
        elif len(before) != len(after):
            self._remove(row, first, len(before))
            self._insert(row, first, after)

    def _rotate(self, row: _Row, first: int, before: Sequence[_Row], after: Sequence[Node]) -> bool:
        """One node moved among its siblings: done as a move, so that it stays open and selected."""
        if len(before) < 2:
            return False
        nodes = [child.node for child in before]
        last = first + len(before) - 1
        if _same(nodes[1:] + nodes[:1], after):
            source, target = first, last + 1
        elif _same(nodes[-1:] + nodes[:-1], after):
            source, target = last, first
        else:
            return False
        parent = self._index(row)
        self.beginMoveRows(parent, source, source, parent, target)
        rows = self._rows(row)
        child = rows.pop(source)
        rows.insert(target - (target > source), child)
        self._number(row)
        self.endMoveRows()
        self._relabel(row)
        return True

    def _remove(self, row: _Row, first: int, count: int) -> None:
        if not count:
            return
        self.beginRemoveRows(self._index(row), first, first + count - 1)
        rows = self._rows(row)
        gone, rows[first : first + count] = rows[first : first + count], []
        while gone:
            child = gone.pop()
            del self._ids[child.id]
            gone.extend(child.rows or ())
        self._number(row)
        self.endRemoveRows()
        self._relabel(row)

    def _insert(self, row: _Row, first: int, nodes: Sequence[Node]) -> None:
        if not nodes:
            return
        self.beginInsertRows(self._index(row), first, first + len(nodes) - 1)
        self._rows(row)[first:first] = [self._row(row, first + i, node) for i, node in enumerate(nodes)]
        self._number(row)
        self.endInsertRows()
        self._relabel(row)

    @staticmethod
    def _number(row: _Row) -> None:
        for place, child in enumerate(row.rows or ()):
            child.place = place

    def _relabel(self, row: _Row) -> None:
        """Items are counted: those that moved have another name now."""
        if isinstance(row.node, DataElement):
            for child in row.rows or ():
                if child.number != child.place + 1:
                    child.number = child.place + 1
                    self.dataChanged.emit(self._index(child), self._index(child))


def _common(rows: Sequence[_Row], nodes: Sequence[Node]) -> int:
    """How many leading rows already show these nodes."""
    least = min(len(rows), len(nodes))
    return next((i for i in range(least) if rows[i].node is not nodes[i] and rows[i].node != nodes[i]), least)


def _same(left: Sequence[Node], right: Sequence[Node]) -> bool:
    return all(a is b for a, b in zip(left, right, strict=True))
