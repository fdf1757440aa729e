"""The command set's table: keys, bytes and lengths by hand, what it says where there is little room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QUndoStack

from engine.model.command_set import Element
from engine.standard.elements import BY_KEYWORD
from engine.standard.messages import MESSAGES
from gui.forms.command_element_dialog import ElementDialog
from gui.forms.command_view import SHORT, SHORTEST, CommandView
from gui.models.command_draft import Draft, Surroundings, lines_of
from gui.models.command_model import ELEMENT, ORIGIN, TAG, USAGE, VR, CommandModel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

KEY = Qt.Key
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
MESSAGE_ID = BY_KEYWORD["MessageID"].tag


@pytest.fixture
def view(qtbot: QtBot) -> CommandView:
    stack = QUndoStack()
    model = CommandModel(stack)
    view = CommandView(model)
    model.setParent(view)
    stack.setParent(view)
    qtbot.addWidget(view)
    message = MESSAGES["C-ECHO-RQ"]
    around = Surroundings(abstract_syntax="1.2.840.10008.1.1")
    model.load(Draft(message=message, lines=lines_of(message), around=around))
    view.resize(700, 300)
    view.show()
    view.setFocus()
    view.select(3)
    return view


def draft(view: CommandView) -> Draft:
    model = view.model()
    assert isinstance(model, CommandModel)
    return model.draft


def test_a_row_is_repeated_and_moved_by_keys(qtbot: QtBot, view: CommandView) -> None:
    qtbot.keyClick(view, KEY.Key_D, CTRL)
    assert [e.tag for e in draft(view).preview()].count(MESSAGE_ID) == 2
    qtbot.keyClick(view, KEY.Key_Up, ALT)
    qtbot.keyClick(view, KEY.Key_Up, ALT)
    assert view.currentIndex().row() == 2 and draft(view).lines[2].tag == MESSAGE_ID


def test_bytes_and_length_are_given_by_hand(qtbot: QtBot, view: CommandView) -> None:
    qtbot.keyClick(view, KEY.Key_B, CTRL)
    dialog = view.findChild(ElementDialog)
    assert dialog is not None
    qtbot.keyClicks(dialog.bytes.line, "01 0")
    assert not dialog.bytes.is_valid()
    qtbot.keyClicks(dialog.bytes.line, "2 03")
    assert dialog.bytes.is_valid()
    qtbot.keyClicks(dialog.length.line, "8")
    with qtbot.waitSignal(dialog.destroyed):
        dialog.accept()
    assert draft(view).preview().find(MESSAGE_ID) == Element(MESSAGE_ID, raw=b"\x01\x02\x03", length=8)
    view.activateWindow()
    qtbot.waitUntil(view.hasFocus)
    qtbot.keyClick(view, KEY.Key_Backspace)
    assert not draft(view).lines[3].touched


def test_a_value_is_given_in_the_dialog_too(qtbot: QtBot, view: CommandView) -> None:
    qtbot.keyClick(view, KEY.Key_B, CTRL)
    dialog = view.findChild(ElementDialog)
    assert dialog is not None
    dialog.value.line.clear()
    qtbot.keyClicks(dialog.value.line, "12")
    with qtbot.waitSignal(dialog.destroyed):
        dialog.accept()
    assert draft(view).preview().message_id == 12


def test_a_value_length_that_is_none_is_told_and_not_dropped(qtbot: QtBot, view: CommandView) -> None:
    qtbot.keyClick(view, KEY.Key_B, CTRL)
    dialog = view.findChild(ElementDialog)
    assert dialog is not None
    qtbot.keyClicks(dialog.length.line, "eight")
    assert dialog.length.error() == "eight is not a whole number."
    assert not dialog.accept_button.isEnabled()
    dialog.accept()
    assert dialog.isVisible()
    dialog.reject()


def test_rows_are_copied_as_text(qtbot: QtBot, view: CommandView) -> None:
    view.selectAll()
    qtbot.keyClick(view, KEY.Key_C, CTRL)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert "0000,0002\tAffected SOP Class UID\tUI\tM\t1.2.840.10008.1.1" in lines


def test_columns_give_way_where_there_is_little_room(view: CommandView) -> None:
    model = view.model()
    assert not view.isColumnHidden(VR) and model.index(1, TAG).data() == "0000,0002"
    view.resize(SHORT - 20, 300)
    assert view.isColumnHidden(VR) and model.index(1, TAG).data() == "0002"
    view.resize(SHORTEST - 50, 300)
    assert view.isColumnHidden(TAG) and view.isColumnHidden(USAGE)
    assert model.index(1, ORIGIN).data() == "M auto"
    assert model.index(1, ELEMENT).data(Qt.ItemDataRole.CheckStateRole) is Qt.CheckState.Checked
    assert "0000,0002" in model.index(1, ELEMENT).data(Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize("height", [100, 111, 123])
def test_no_row_is_cut_at_either_end(view: CommandView, height: int) -> None:
    view.resize(700, height)
    row = view.rowHeight(0)
    assert view.viewport().height() % row == 0
    view.scrollToBottom()
    first, last = view.rowAt(0), view.model().rowCount() - 1
    assert first > 0 and view.rowViewportPosition(first) == 0
    assert view.rowViewportPosition(last) + row == view.viewport().height()
