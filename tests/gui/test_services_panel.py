"""The services beside the message builder: which is shown, and a page from its form to the verdict."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt

from engine.model.notices import StepState
from gui.panels.service_rows import SERVICES
from gui.panels.services_panel import PAGES


@pytest.fixture
def page(live_window):
    """The N-GET page at a running built-in peer."""
    live_window.show_service("nget")
    return live_window.services.page


def test_every_service_has_a_page_and_a_command(live_window):
    window = live_window
    assert {row.name for row in SERVICES} == set(PAGES)
    for row in SERVICES:
        window.actions_by_name[f"service_{row.name}"].trigger()
        assert window.workbench.shown == "services"
        assert window.services.choice.currentData() == row.name
        assert window.services.summary.text() == row.summary


def test_the_titles_switch_between_builder_and_services(live_window):
    window = live_window
    assert window.workbench.shown == "builder"
    assert window.builder.isVisible()
    window.actions_by_name["focus_services"].trigger()
    assert window.services.isVisible()
    assert not window.builder.isVisible()
    window.actions_by_name["focus_builder"].trigger()
    assert window.builder.isVisible()


def test_nget_by_keyboard_shows_the_attributes_and_the_verdict(page, qtbot):
    page.sop_class.editor.setFocus()
    qtbot.keyClicks(page.sop_class.editor, "Printer")
    qtbot.keyClicks(page.instance.editor, "PrinterInstance")
    page.run_bar.run_button.setFocus()
    qtbot.keyClick(page.run_bar.run_button, Qt.Key.Key_Space)
    assert page.running
    assert not page.run_bar.run_button.isEnabled()
    qtbot.waitUntil(lambda: not page.running)
    assert "PrinterStatus = NORMAL" in page.result.toPlainText()
    assert "5 attributes read" in page.run_bar.sentence.text()
    (step,) = page.steps.model.records
    assert step.state is StepState.DONE
    assert page.run_bar.run_button.isEnabled()


def test_what_is_wrong_in_the_form_stands_beside_the_field_and_nothing_is_sent(page, qtbot):
    qtbot.keyClicks(page.sop_class.editor, "NoSuchClass")
    page.start()
    assert not page.running
    assert "NoSuchClass" in (page.sop_class.error() or "")


def test_a_failure_status_is_said_in_the_bar_and_the_step(page, qtbot):
    page.sop_class.set_value("Printer")
    page.instance.set_value("1.2.3")
    page.start()
    qtbot.waitUntil(lambda: not page.running)
    assert "0112H" in page.run_bar.sentence.text()
    assert page.steps.model.records[-1].state is StepState.FAILED


def test_without_a_peer_the_button_is_grey_and_says_why(live_window):
    window = live_window
    window.ae.peers.list.clearSelection()
    window.ae.peers.list.setCurrentIndex(QModelIndex())
    window.show_service("nget")
    bar = window.services.page.run_bar
    assert not bar.run_button.isEnabled()
    assert "peer" in bar.sentence.text()
