"""The data set editor by keyboard: items, private elements, VR, tag, order, what is said about values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLineEdit

from engine.model.dataset import DataElement, DataSet
from engine.trace.explain import value_problem
from gui.forms.dataset_editor import DataSetEditor
from gui.forms.dataset_text_view import TEXT_LIMIT, DataSetTextView
from gui.models.dataset_model import TAG, VALUE, DataSetModel
from gui.models.dataset_values import parse_new, with_vr
from tests.gui.test_dataset_edits import NAME, NESTED, PID, SEQ, UID, text

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

KEY = Qt.Key
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def editor(qtbot: QtBot) -> DataSetEditor:
    model = DataSetModel(check=value_problem)
    editor = DataSetEditor(model)
    model.setParent(editor)
    qtbot.addWidget(editor)
    editor.resize(560, 400)
    editor.show()
    model.load(NESTED)
    editor.view.setFocus()
    return editor


def type_in(qtbot: QtBot, editor: DataSetEditor, words: str) -> None:
    editor.line.setFocus()
    editor.line.clear()
    qtbot.keyClicks(editor.line, words)
    qtbot.keyClick(editor.line, KEY.Key_Return)


def test_items_are_added_moved_and_deleted(qtbot: QtBot, editor: DataSetEditor) -> None:
    view, model = editor.view, editor.model
    view.go_to((0, 0))
    qtbot.keyClick(view, KEY.Key_I, CTRL)
    assert len(model.data_set.elements[0].items) == 3 and view.place() == (0, 1)
    qtbot.keyClick(view, KEY.Key_Down, ALT)
    assert view.place() == (0, 2) and not len(model.data_set.elements[0].items[2])
    qtbot.keyClick(view, KEY.Key_Delete)
    assert model.data_set == NESTED
    view.go_to((1,))
    qtbot.keyClick(view, KEY.Key_I, CTRL)
    assert "sequence" in editor.words.text()


def test_an_element_goes_where_one_is(qtbot: QtBot, editor: DataSetEditor) -> None:
    editor.view.go_to((0, 0, 0))
    assert "ReferencedSOPSequence item 1" in editor.line.placeholderText()
    type_in(qtbot, editor, "ReferencedSOPClassUID = 1.2.9")
    assert editor.model.data_set.elements[0].items[0].text(0x00081150) == "1.2.9"


def test_an_element_without_value_is_edited_at_once(qtbot: QtBot, editor: DataSetEditor) -> None:
    editor.view.go_to((1,))
    type_in(qtbot, editor, "patient id")
    line = editor.view.findChildren(QLineEdit)[-1]
    qtbot.keyClicks(line, "12\\13")
    with qtbot.waitSignal(line.destroyed):
        qtbot.keyClick(line, KEY.Key_Return)
    assert editor.model.data_set.elements[2] == DataElement(PID, "LO", ("12", "13"))


def test_private_elements_take_their_creators_vr_or_the_one_written(qtbot: QtBot, editor: DataSetEditor) -> None:
    editor.view.go_to((1,))
    type_in(qtbot, editor, "0019,0010 = GEMS_ACQU_01")
    type_in(qtbot, editor, "0019,1002 = 7")
    type_in(qtbot, editor, "(0019,10FF) OB = 01 02")
    found = editor.model.data_set
    assert found.find(0x00190010) == DataElement(0x00190010, "LO", ("GEMS_ACQU_01",))
    assert found.find(0x00191002) == DataElement(0x00191002, "SL", ("7",))
    assert found.find(0x001910FF) == DataElement(0x001910FF, "OB", b"\x01\x02")


def test_vr_and_tag_are_changed_in_place(qtbot: QtBot, editor: DataSetEditor) -> None:
    editor.view.go_to((1,))
    qtbot.keyClick(editor.view, KEY.Key_F2, Qt.KeyboardModifier.ShiftModifier)
    box = editor.view.findChildren(QComboBox)[-1]
    box.setCurrentText("LT")
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: editor.model.data_set.elements[1].vr == "LT")
    index = editor.model.index_of((1,), TAG)
    editor.model.setData(index, "00104000")
    assert editor.model.data_set.elements[1].tag == 0x00104000


def test_what_is_wrong_is_said_while_typing_and_kept(qtbot: QtBot, editor: DataSetEditor) -> None:
    editor.view.go_to((1,))
    type_in(qtbot, editor, "StudyDate = 2024-01-01")
    assert editor.words.text().startswith("▲ ")
    assert editor.model.data_set.text(0x00080020) == "2024-01-01"
    editor.view.go_to((2,))
    assert editor.words.isHidden()
    type_in(qtbot, editor, "NoSuchThing")
    assert "NoSuchThing" in editor.words.text()


def test_elements_are_put_in_order_and_undone(qtbot: QtBot, editor: DataSetEditor) -> None:
    model = editor.model
    model.load(DataSet((text(PID, "1"), text(UID, "2", vr="UI"))))
    editor.view.put_in_order()
    assert [e.tag for e in model.data_set] == [UID, PID]
    qtbot.mouseClick(editor.undo_button, Qt.MouseButton.LeftButton)
    assert [e.tag for e in model.data_set] == [PID, UID]
    assert editor.redo_button.isEnabled() and not editor.undo_button.isEnabled()


def test_return_opens_and_closes_a_sequence(qtbot: QtBot, editor: DataSetEditor) -> None:
    editor.view.go_to((0,))
    qtbot.keyClick(editor.view, KEY.Key_Return)
    assert editor.view.isExpanded(editor.model.index_of((0,)))
    assert editor.model.index_of((0,), VALUE).data() == "2 items" and SEQ and NAME


def test_large_values_stay_out_of_the_text(qtbot: QtBot) -> None:
    model = DataSetModel()
    view = DataSetTextView(model)
    model.setParent(view)
    qtbot.addWidget(view)
    model.load(DataSet((DataElement(0x7FE00010, "OW", bytes(TEXT_LIMIT + 2)),)))
    view.refresh()
    assert view.edit.isReadOnly() and "tree" in view.words.text()


@pytest.mark.parametrize(
    ("words", "element"),
    [
        ("PatientName", DataElement(NAME, "PN")),
        ("Patient's Name = A^B", DataElement(NAME, "PN", ("A^B",))),
        ("(0010,0010)=A", DataElement(NAME, "PN", ("A",))),
        ("00100010 LO = A", DataElement(NAME, "LO", ("A",))),
        ("PixelData = 01 02", DataElement(0x7FE00010, "OW", b"\x01\x02")),
        ("ReferencedSOPSequence", DataElement(SEQ, "SQ")),
        ("TextValue = a\\b", DataElement(0x0040A160, "UT", ("a\\b",))),
    ],
)
def test_elements_are_written_in_the_usual_ways(words: str, element: DataElement) -> None:
    assert parse_new(words) == (element, "")


def test_a_value_is_carried_over_where_that_has_a_meaning() -> None:
    assert with_vr(DataElement(PID, "OB", b"12 "), "LO").texts == ("12",)
    assert with_vr(DataElement(PID, "OB", b"\x01\x02"), "LO").texts == ()
    assert with_vr(DataElement(PID, "LO", ("123",)), "UN").value == b"123\0"
    assert with_vr(DataElement(PID, "LO", ("1",)), "SQ").value == ()


def test_undo_takes_back_what_the_current_place_stands_in(qtbot: QtBot, editor: DataSetEditor) -> None:
    stack = editor.model.undo_stack
    editor.model.load(DataSet())
    for words in ("PatientID = 1", "ReferencedStudySequence", "ReferencedSOPClassUID = 1.2", "StudyDate = 20260101"):
        type_in(qtbot, editor, words)
    assert "item 1" in editor.line.placeholderText()
    while stack.canUndo():
        stack.undo()
        editor.view.item_place()
    assert not len(editor.model.data_set)
    while stack.canRedo():
        stack.redo()
    assert len(editor.model.data_set) == 2


def test_what_other_programs_print_is_pasted(qtbot: QtBot, editor: DataSetEditor) -> None:
    editor.model.load(DataSet())
    for printed in ("(0010,0010) PN [Doe^John]  #   8, 1 PatientName", '{"00100020": {"vr": "LO", "Value": ["12"]}}'):
        QGuiApplication.clipboard().setText(printed)
        editor.view.paste()
    assert editor.model.data_set.text(NAME) == "Doe^John" and editor.model.data_set.text(PID) == "12"
    QGuiApplication.clipboard().setText("(7FE0,0010) Pixel Data   OW: Array of 524288 elements")
    editor.view.paste()
    assert "Left out" in editor.words.text()
