"""Tooltips show what peers, files and users have written as it is, also where it looks like HTML."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import Qt as Texts
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.forms.header import OneLine
from gui.models.lists import Entry, EntryModel
from gui.models.node_tree import NodeTreeModel
from gui.models.tables import Column, RowTableModel
from gui.panels.builder_tabs import MessageTabs
from tests.gui.test_node_tree import Leaf

LOOKS_LIKE_HTML = "<b>DOE</b> <img src='scan.png'> & <br>"


def tip_of(model: QAbstractItemModel, row: int = 0, column: int = 0) -> str:
    return str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole))


def cell() -> str:
    model = RowTableModel((Column("Comment", str, tooltip=str),))
    model.set_records([LOOKS_LIKE_HTML])
    return tip_of(model)


def entry() -> str:
    model = EntryModel[str](lambda text: Entry(title=text, tooltip=text))
    model.set_records((LOOKS_LIKE_HTML,))
    return tip_of(model)


def node() -> str:
    model = NodeTreeModel()
    model.set_root(Leaf("AE title", LOOKS_LIKE_HTML, 0, 1, detail=LOOKS_LIKE_HTML))
    return tip_of(model)


def sentence() -> str:
    label = OneLine()
    label.resize(20, 20)
    label.say(LOOKS_LIKE_HTML)
    return label.toolTip()


def tab() -> str:
    tabs = MessageTabs()
    tabs.addTab("")
    tabs.set_name(0, LOOKS_LIKE_HTML)
    return tabs.tabToolTip(0)


@pytest.mark.parametrize("place", [cell, entry, node, sentence, tab], ids=lambda f: f.__name__)
def test_nothing_of_a_text_that_looks_like_html_is_taken_for_html(qapp: QApplication, place: Callable[[], str]) -> None:
    tip = place()
    shown = QTextDocumentFragment.fromHtml(tip).toPlainText() if Texts.mightBeRichText(tip) else tip
    assert LOOKS_LIKE_HTML in shown.replace("\xa0", " ")


def test_a_tab_named_like_html_is_renamed_from_that_name(qtbot: QtBot) -> None:
    tabs = MessageTabs()
    qtbot.addWidget(tabs)
    tabs.addTab("")
    tabs.set_name(0, LOOKS_LIKE_HTML)
    qtbot.keyClick(tabs, Qt.Key.Key_F2)
    assert tabs._edit.text() == LOOKS_LIKE_HTML
