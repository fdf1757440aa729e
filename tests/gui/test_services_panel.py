"""The services beside the message builder: which is shown, and a page from its form to the verdict."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex

from gui.panels.service_rows import SERVICES
from gui.panels.services_panel import PAGES


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


def test_without_a_peer_the_button_is_grey_and_says_why(live_window):
    window = live_window
    window.ae.peers.list.clearSelection()
    window.ae.peers.list.setCurrentIndex(QModelIndex())
    window.show_service("nget")
    bar = window.services.page.run_bar
    assert not bar.run_button.isEnabled()
    assert "peer" in bar.sentence.text()
