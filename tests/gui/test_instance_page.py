"""The page that reads instances: the SOP class and what follows from it, attributes picked, the answer, repeating."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester

from engine.model.association import ProposedContext
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import StepState
from engine.standard.dictionary import attribute_by_keyword
from gui.dialogs import FormDialog
from gui.models.attribute_picks import AttributePicks
from gui.panels.service_instance import _changed
from tests.gui.mnemonics import clashing

CONFIGURATION = "1.2.840.10008.5.1.1.16.376"


def tag(keyword: str) -> int:
    row = attribute_by_keyword(keyword)
    assert row is not None
    return row.tag


@pytest.fixture
def page(live_window):
    """The page at a running built-in peer."""
    live_window.show_service("nget")
    return live_window.services.page


def ran(page, qtbot):
    qtbot.waitUntil(lambda: not page.running)
    return page.run_bar.sentence.text()


def listed(page):
    model = page.attributes.model
    return [model.data(model.index(n)) for n in range(model.rowCount())]


def test_one_press_reads_the_printer(page, qtbot):
    page.run_bar.run_button.setFocus()
    qtbot.keyClick(page.run_bar.run_button, Qt.Key.Key_Space)
    assert page.running
    assert "5 attributes read" in ran(page, qtbot)
    assert page.model.data_set.text(tag("PrinterStatus")) == "NORMAL"
    (step,) = page.steps.model.records
    assert step.state is StepState.DONE
    assert not page.steps.isVisible(), "of one step the bar says it all"


def test_typing_a_class_fills_in_its_instance_contexts_and_attributes(page, qtbot):
    page.sop_class.line.selectAll()
    qtbot.keyClicks(page.sop_class.line, "PrinterConfigurationRetrieval")
    assert page.instance.value() == "1.2.840.10008.5.1.1.17.376"
    assert listed(page) == ["PrinterConfigurationSequence"]
    page.instance.set_value("1.2.3")
    page.set_class("1.2.840.10008.5.1.1.16")
    assert page.instance.value() == "1.2.3", "what the user typed is the user's"
    assert page.through.combo.count() == 4, "as accepted, itself and two meta SOP classes"
    assert listed(page)[:2] == ["PrinterStatus", "PrinterStatusInfo"]


def test_any_sop_class_is_found_in_the_dialog(page, qtbot):
    qtbot.mouseClick(page.search_button, Qt.MouseButton.LeftButton)
    dialog = page.window().findChild(FormDialog)
    dialog.picker.line.selectAll()
    qtbot.keyClicks(dialog.picker.line, "display system")
    qtbot.keyClick(dialog.picker.line, Qt.Key.Key_Return)
    assert page.sop_class.value() == "Display System"
    page.start()
    assert "Success" in ran(page, qtbot)
    assert page.model.data_set.text(tag("ManufacturerModelName")) == "Built-in peer"


def test_attributes_are_picked_by_keyboard_from_class_and_dictionary(page, qtbot):
    picker = page.attributes
    qtbot.keyClicks(picker.line, "printer status")
    qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    picker.line.clear()
    qtbot.keyClicks(picker.line, "patient birth date")
    assert "PatientBirthDate" in listed(page)
    qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    assert picker.picked() == (tag("PrinterStatus"), tag("PatientBirthDate"))
    picker.line.clear()
    assert listed(page)[0] == "PatientBirthDate", "picked ones the class does not have stay in sight"
    assert picker.caption.text() == "Attributes: 2 picked"
    page.start()
    assert "1 of those asked for did not come" in ran(page, qtbot)
    assert "Missing: PatientBirthDate" in page.note.whole()
    qtbot.mouseClick(picker.none_button, Qt.MouseButton.LeftButton)
    assert picker.picked() == ()
    qtbot.mouseClick(picker.known_button, Qt.MouseButton.LeftButton)
    assert len(picker.picked()) == 9


def test_a_tick_by_mouse_and_a_tag_nobody_knows(page, qtbot):
    picker = page.attributes
    first = picker.list.visualRect(picker.model.index(0))
    qtbot.mouseClick(picker.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(12, first.center().y()))
    assert picker.picked() == (tag("PrinterStatus"),)
    qtbot.keyClicks(picker.line, "0009,1001")
    qtbot.keyClick(picker.line, Qt.Key.Key_Return)
    assert picker.picked()[-1] == 0x00091001
    picker.line.clear()
    qtbot.keyClicks(picker.line, "zzzz")
    assert picker.model.rowCount() == 0
    assert not picker._empty.isHidden()


def test_reading_again_and_again_until_cancelled(page, qtbot):
    page.every.line.setText("0.1")
    page.every.edited.emit(0.1)
    assert "again and again" in page.run_bar.run_button.text()
    page.start()
    qtbot.waitUntil(lambda: page._readings >= 3)
    assert page.note.whole().startswith("Reading ")
    qtbot.mouseClick(page.run_bar.cancel_button, Qt.MouseButton.LeftButton)
    said = ran(page, qtbot)
    assert said.startswith("Read ")
    assert "unchanged" in said


def test_on_the_association_held(page, qtbot, live_window):
    window = live_window
    context = ProposedContext(1, "1.2.840.10008.5.1.1.9", ("1.2.840.10008.1.2",))
    window.session.associate(replace(window.ae.proposal(), contexts=(context,)))
    qtbot.waitUntil(lambda: page.host.held() is not None)
    page.where.set_value("held")
    number = page.host.held().association
    page.start()
    assert "5 attributes read" in ran(page, qtbot)
    assert page.steps.model.records[0].association == number
    assert page.host.held() is not None, "it stays open"


def test_what_is_wrong_stands_beside_the_field_and_nothing_is_sent(page, qtbot):
    page.sop_class.line.selectAll()
    qtbot.keyClicks(page.sop_class.line, "NoSuchClass")
    page.start()
    assert not page.running
    assert page.sop_class.error()
    page.set_class(CONFIGURATION)
    page.instance.set_value("")
    page.start()
    assert not page.running
    assert "instance" in (page.instance.error() or "")


def test_a_failure_status_is_said_in_the_bar_and_the_step(page, qtbot):
    page.instance.set_value("1.2.3")
    page.start()
    assert "0112H" in ran(page, qtbot)
    assert page.steps.model.records[-1].state is StepState.FAILED


def test_the_answer_is_copied_saved_and_the_question_remembered(page, qtbot, tmp_path, live_window, monkeypatch):
    page.attributes.pick([tag("PrinterName")])
    page.start()
    ran(page, qtbot)
    page.copy_button.click()
    assert "PrinterName = BUILT-IN PRINTER" in QGuiApplication.clipboard().text().replace('"', "")
    file = tmp_path / "printer.txt"
    monkeypatch.setattr(page.host.questions, "save_file", lambda _p, _t, _f, _n, then: then((file,)))
    page.save_button.click()
    assert "PrinterName" in file.read_text(encoding="utf-8")
    again = type(page)(page.host)
    assert again.sop_class.value() == "Printer"
    assert again.attributes.picked() == (tag("PrinterName"),)
    again.deleteLater()


def test_changes_between_two_readings():
    def data(**values: str) -> DataSet:
        return DataSet(tuple(DataElement(tag(k), "CS", (v,)) for k, v in values.items()))

    old = data(PrinterStatus="NORMAL", PrinterStatusInfo="NORMAL")
    assert _changed(old, old) == []
    assert _changed(old, data(PrinterStatus="WARNING", PrinterName="A")) == [
        tag("PrinterStatus"),
        tag("PrinterStatusInfo"),
        tag("PrinterName"),
    ]


def test_the_list_is_a_sound_model(qtmodeltester: ModelTester):
    model = AttributePicks()
    model.set_known([tag("PrinterStatus"), tag("PrinterName")])
    model.search("patient")
    model.set_picked([tag("PatientID")])
    qtmodeltester.check(model)


@pytest.mark.parametrize("tab", [0, 1, 2])
def test_no_mnemonic_is_ambiguous_while_the_page_is_shown(page, live_window, tab):
    window = live_window
    window.ae.tabs.setCurrentIndex(tab)
    QApplication.processEvents()
    assert not clashing(window)
