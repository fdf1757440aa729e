"""The decoded tree: Qt's own rules, and the way from a byte to a node and back."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from gui.models.node_tree import ISSUE_SIGN, NodeTreeModel


@dataclass(frozen=True, slots=True)
class Leaf:
    label: str
    value: str
    start: int
    end: int
    children: tuple[Leaf, ...] = ()
    clause: str = ""
    detail: str = ""
    issue: str = ""


PDU = Leaf(
    "A-RELEASE-RQ",
    "05H",
    0,
    10,
    (
        Leaf("PDU-type", "05H", 0, 1),
        Leaf("PDU-length", "4", 2, 6, issue="PDU-length is 4, but 5 bytes follow."),
        Leaf("Item", "", 6, 10, (Leaf("Item-type", "20H", 6, 7), Leaf("Item-length", "0", 7, 9)), clause="PS3.8 9.3"),
    ),
)


@pytest.fixture
def model(qapp: object) -> NodeTreeModel:
    tree = NodeTreeModel()
    QAbstractItemModelTester(tree, QAbstractItemModelTester.FailureReportingMode.Fatal, tree)
    tree.set_root(PDU)
    return tree


def label(index: QModelIndex) -> str:
    return str(index.siblingAtColumn(0).data())


def test_the_tree_is_the_nodes(model: NodeTreeModel) -> None:
    top = model.index(0, 0)
    assert model.rowCount() == 1
    assert [label(model.index(r, 0, top)) for r in range(model.rowCount(top))] == [
        "PDU-type",
        f"{ISSUE_SIGN} PDU-length",
        "Item",
    ]
    item = model.index(2, 0, top)
    assert label(model.index(1, 0, item)) == "Item-length"
    assert model.parent(model.index(1, 0, item)) == item
    assert model.index(0, 1, top).data() == "05H"


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(0, "PDU-type"), (1, "A-RELEASE-RQ"), (3, f"{ISSUE_SIGN} PDU-length"), (8, "Item-length"), (9, "Item")],
)
def test_a_byte_gives_the_deepest_node(model: NodeTreeModel, offset: int, expected: str) -> None:
    assert label(model.index_at(offset)) == expected


def test_a_byte_outside_gives_none(model: NodeTreeModel) -> None:
    assert not model.index_at(10).isValid()
    model.set_root(None)
    assert not model.index_at(0).isValid()
    assert model.rowCount() == 0


def test_a_span_gives_the_narrowest_node_over_it(model: NodeTreeModel) -> None:
    assert label(model.index_of_span(6, 9)) == "Item"
    assert label(model.index_of_span(7, 9)) == "Item-length"
    assert not model.index_of_span(7, 99).isValid()


def test_what_is_odd_is_marked_by_sign_colour_and_words(model: NodeTreeModel) -> None:
    odd = model.index(1, 0, model.index(0, 0))
    assert odd.data().startswith(ISSUE_SIGN)
    assert odd.data(Qt.ItemDataRole.ForegroundRole) is not None
    assert "but 5 bytes follow" in odd.data(Qt.ItemDataRole.ToolTipRole)
    item = model.index(2, 0, model.index(0, 0))
    assert "PS3.8 9.3" in item.data(Qt.ItemDataRole.ToolTipRole)
    assert "Bytes 6 to 9" in item.data(Qt.ItemDataRole.ToolTipRole)
