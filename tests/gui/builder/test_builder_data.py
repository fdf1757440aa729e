"""Data sets in the message builder, driven as a user would: typing, clicking, keys only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.model.dataset import DataElement, DataSet
from engine.workspace.messages import template
from gui.panels.builder_lower import DATA_SET, TEXT
from tests.gui.builder.bench import KEY, MPPS, Bench, choose

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""Off screen there is no keyboard to grab and no window to raise for a completion list."""


def test_a_data_set_is_built_with_keys_only(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    page = bench.panel.page
    editor = page.tabs.data.editor
    editor.view.setFocus()
    qtbot.keyClick(editor.view, KEY.Key_Insert)
    qtbot.keyClicks(editor.line, "PatientName = DOE^*")
    qtbot.keyClick(editor.line, KEY.Key_Return)
    qtbot.keyClicks(editor.line, "ScheduledProcedureStepSequence")
    qtbot.keyClick(editor.line, KEY.Key_Return)
    editor.view.setCurrentIndex(page.data_set.index_of((1, 0)))
    qtbot.keyClicks(editor.line, "Modality = CT\\MR")
    qtbot.keyClick(editor.line, KEY.Key_Return)
    sequence = page.data_set.data_set.elements[1]
    assert page.data_set.data_set.text(0x00100010) == "DOE^*"
    assert sequence.items[0].elements[0] == DataElement(0x00080060, "CS", ("CT", "MR"))
    bench.panel.send()
    assert bench.sent[0][0].data == page.data_set.data_set


def test_a_message_without_data_set_does_not_ask_for_one(qtbot: QtBot, bench: Bench) -> None:
    tabs = bench.panel.page.tabs
    empty = tabs.data.editor.view._empty
    choose(qtbot, bench, "C-ECHO-RQ")
    assert "C-ECHO-RQ has no data set" in empty.text()
    tabs.mode_box.setCurrentIndex(1)
    tabs.mode_box.activated.emit(1)
    assert "No elements yet" in empty.text()
    choose(qtbot, bench, "C-FIND-RQ")
    assert "No elements yet" in bench.panel.page.tabs.data.editor.view._empty.text()


def test_a_wrong_value_is_said_and_sent_all_the_same(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-STORE-RQ")
    page = bench.panel.page
    line = page.tabs.data.editor.line
    qtbot.keyClicks(line, "StudyDate = yesterday")
    assert "DA" in page.tabs.data.editor.words.text()
    qtbot.keyClick(line, KEY.Key_Return)
    assert "DA" in page.tabs.data.editor.words.text()
    bench.panel.send()
    assert isinstance(bench.sent[0][0].data, DataSet)


def test_elements_are_copied_and_pasted_as_text(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-STORE-RQ")
    view = bench.panel.page.tabs.data.editor.view
    QGuiApplication.clipboard().setText("PatientID = 7\nStudyDate = 20240101\n")
    view.setFocus()
    qtbot.keyClick(view, KEY.Key_V, Qt.KeyboardModifier.ControlModifier)
    model = bench.panel.page.data_set
    assert [e.tag for e in model.data_set] == [0x00080020, 0x00100020]
    view.selectAll()
    qtbot.keyClick(view, KEY.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(view, KEY.Key_Delete)
    assert not len(model.data_set)
    qtbot.keyClick(view, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(model.data_set) == 2
    assert "(0010,0020) LO PatientID = 7" in QGuiApplication.clipboard().text()


def test_the_text_view_changes_the_tree_and_says_where_it_does_not_read(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-STORE-RQ")
    tabs = bench.panel.page.tabs
    tabs.tabs.setCurrentIndex(TEXT)
    qtbot.keyClicks(tabs.text.edit, "PatientID = 7")
    qtbot.keyClick(tabs.text.edit, KEY.Key_Return)
    qtbot.keyClicks(tabs.text.edit, "PatientNam")
    assert tabs.text.words.text().startswith("▲ Line 2: ")
    qtbot.keyClicks(tabs.text.edit, "e = DOE")
    assert bench.panel.page.data_set.data_set.text(0x00100010) == "DOE"
    tabs.tabs.setCurrentIndex(DATA_SET)
    bench.panel.page.undo_stack.undo()
    assert not len(bench.panel.page.data_set.data_set)
    tabs.tabs.setCurrentIndex(TEXT)
    assert tabs.text.edit.toPlainText() == ""


def test_placeholders_stay_in_the_form_and_are_filled_in_when_sent(bench: Bench) -> None:
    bench.panel.open_message(template("N-CREATE-RQ", MPPS))
    page = bench.panel.page
    assert page.context.id == 9
    page.top.times.setValue(2)
    assert page.top.send_button.text() == "Send × 2"
    bench.panel.send()
    first, second = (o.command.sop_instance_uid for o, _ in bench.sent)
    assert first.startswith("2.25.") and second.startswith("2.25.") and first != second
    assert "{uid" in page.message_file().command.sop_instance_uid
