"""The decoded tree of one PDU: a Qt model over the trace's nodes, linked to the bytes both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, cast

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from gui.sound import sound
from gui.theme import theme
from gui.tips import plain_tip

from .rows import COPY_ROLE, RECORD_ROLE, Index

COLUMNS = ("Field", "Value")
ISSUE_SIGN = "⚠"


class NodeLike(Protocol):
    """What the tree needs of a decoded node; `start` and `end` are offsets into the PDU's bytes."""

    @property
    def label(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def children(self) -> Sequence[NodeLike]: ...
    @property
    def clause(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def issue(self) -> str: ...


N = TypeVar("N", bound="NodeLike")


def twin(root: N | None, path: tuple[tuple[int, int], ...]) -> N | None:
    """The node at the same place of a tree of the same form; None where its form is another."""
    node = root
    for row, rows in path:
        if node is None or len(node.children) != rows:
            return None
        node = cast("N", node.children[row])
    return node


class NodeTreeModel(QAbstractItemModel):
    """Nodes are flattened into lists once; an index carries a node's number, never an object."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: list[NodeLike] = []
        self._parents: list[int] = []
        self._rows: list[int] = []
        self._children: list[list[int]] = []

    def set_root(self, root: NodeLike | None) -> None:
        """Show this node as the only top row; None empties the tree."""
        self.beginResetModel()
        self._nodes, self._parents, self._rows, self._children = [], [], [], []
        if root is not None:
            self._flatten(root)
        self.endResetModel()

    def _flatten(self, root: NodeLike) -> None:
        waiting = [(root, -1, 0)]
        while waiting:
            node, parent, row = waiting.pop()
            number = len(self._nodes)
            self._nodes.append(node)
            self._parents.append(parent)
            self._rows.append(row)
            self._children.append([0] * len(node.children))
            if parent >= 0:
                self._children[parent][row] = number
            waiting.extend((child, number, i) for i, child in enumerate(node.children))

    def node(self, index: Index) -> NodeLike | None:
        return self._nodes[index.internalId()] if index.isValid() else None

    def path(self, index: Index) -> tuple[tuple[int, int], ...] | None:
        """(row, how many rows there are) from the root down to a node; None for no node."""
        if not index.isValid():
            return None
        steps: list[tuple[int, int]] = []
        number = index.internalId()
        while (parent := self._parents[number]) >= 0:
            steps.append((self._rows[number], len(self._children[parent])))
            number = parent
        return tuple(reversed(steps))

    def index_at(self, offset: int) -> QModelIndex:
        """The deepest node over a byte; an invalid index when no node covers it."""
        if not self._nodes or not self._covers(0, offset):
            return QModelIndex()
        number = 0
        while True:
            inner = [c for c in self._children[number] if self._covers(c, offset)]
            if not inner:
                return self.createIndex(self._rows[number], 0, number)
            number = min(inner, key=self._width)

    def index_of_span(self, start: int, end: int) -> QModelIndex:
        """The narrowest node over start..end; an invalid index when there is none."""
        over = [n for n, node in enumerate(self._nodes) if node.start <= start and end <= node.end]
        if not over:
            return QModelIndex()
        number = min(over, key=self._width)
        return self.createIndex(self._rows[number], 0, number)

    def index_labelled(self, part: str) -> QModelIndex:
        """The first node (from the top) with these words in its label; an invalid index when there is none."""
        found = [n for n, node in enumerate(self._nodes) if part in node.label]
        if not found:
            return QModelIndex()
        number = min(found, key=lambda n: self._nodes[n].start)
        return self.createIndex(self._rows[number], 0, number)

    def _covers(self, number: int, offset: int) -> bool:
        return self._nodes[number].start <= offset < self._nodes[number].end

    def _width(self, number: int) -> int:
        return self._nodes[number].end - self._nodes[number].start

    # -- Qt -----------------------------------------------------------------------------------------------------

    @sound
    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        if not self._nodes or not 0 <= column < len(COLUMNS) or row < 0:
            return QModelIndex()
        if parent is None or not parent.isValid():
            return self.createIndex(0, column, 0) if row == 0 else QModelIndex()
        children = self._children[parent.internalId()]
        return self.createIndex(row, column, children[row]) if row < len(children) else QModelIndex()

    @sound
    def parent(self, index: Index | None = None) -> QModelIndex:  # type: ignore[override]
        if index is None or not index.isValid():
            return QModelIndex()
        number = self._parents[index.internalId()]
        return self.createIndex(self._rows[number], 0, number) if number >= 0 else QModelIndex()

    def rowCount(self, parent: Index | None = None) -> int:
        if parent is None or not parent.isValid():
            return 1 if self._nodes else 0
        return len(self._children[parent.internalId()]) if parent.column() == 0 else 0

    def columnCount(self, parent: Index | None = None) -> int:
        return len(COLUMNS)

    @sound
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    @sound
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.node(index)
        if node is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(node, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(tooltip(node))
        if role == Qt.ItemDataRole.ForegroundRole and node.issue:
            return theme().color("warning")
        if role == COPY_ROLE:
            return (node.label, node.value)[index.column()]
        return node if role == RECORD_ROLE else None


def _text(node: NodeLike, column: int) -> str:
    if column == 1:
        return node.value
    return f"{ISSUE_SIGN} {node.label}" if node.issue else node.label


def tooltip(node: NodeLike) -> str:
    """Everything about a node in a few lines: value, what it is, what is wrong, where it stands."""
    bytes_said = f"Bytes {node.start} to {node.end - 1}" if node.end > node.start else f"At byte {node.start}"
    first = f"{node.label}: {node.value}" if node.value else node.label
    issue = f"{ISSUE_SIGN} {node.issue}" if node.issue else ""
    return "\n".join(line for line in (first, node.detail, issue, bytes_said, node.clause) if line)
