"""Each service by keyboard alone: where it begins, where Tab goes, and how it says that nobody answered."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QTabWidget, QWidget

from engine.model.association import Peer
from gui.forms.eliding_combo import ElidingCombo
from gui.panels.service_page import NOTHING_CAME
from gui.panels.service_rows import SERVICES

NAMES = [row.name for row in SERVICES]


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def walk(qtbot, inside: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Where the keyboard goes with Tab until it is out of a widget."""
    seen = [focus()]
    while inside.isAncestorOf(focus()):
        qtbot.keyClick(focus(), key)
        assert focus() not in seen, f"Tab comes back to {focus().accessibleName()}"
        seen.append(focus())
    return seen[:-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_service_begins_where_it_is_asked_and_tab_goes_down_the_page_and_out(live_window, qtbot, name):
    live_window.show_service(name)
    page = live_window.services.page
    assert page.isAncestorOf(focus())
    seen = walk(qtbot, live_window.services)
    bar = page.run_bar
    if bar.run_button in seen:
        place = seen.index(bar.run_button)
        top = bar.mapTo(page, bar.rect().topLeft()).y()
        heights = [w.mapTo(page, w.rect().center()).y() for w in seen]
        assert all(height < top for height in heights[:place])
        assert all(height > top for height in heights[place + 1 :])


@pytest.mark.parametrize("name", NAMES)
def test_back_tab_comes_out_at_the_top(live_window, qtbot, name):
    live_window.show_service(name)
    services = live_window.services
    seen = walk(qtbot, services, Qt.Key.Key_Backtab)
    assert services.choice in seen


@pytest.mark.parametrize("name", ["builder", *NAMES])
def test_every_stop_of_the_window_is_reached_by_tab_and_has_a_name(live_window, qtbot, name):
    window = live_window
    window.focus_panel("builder") if name == "builder" else window.show_service(name)
    window.toolbar.peer.setFocus()
    seen: list[QWidget] = []
    while focus() not in seen:
        seen.append(focus())
        qtbot.keyClick(focus(), Qt.Key.Key_Tab)
    stops = [w for w in window.findChildren(QWidget) if w.isVisible() and w.isEnabled() and w.focusProxy() is None]
    missed = [w for w in stops if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w not in seen]
    assert [w.accessibleName() or type(w).__name__ for w in missed] == []
    assert [type(w).__name__ for w in seen if not (w.accessibleName() or getattr(w, "text", str)())] == []


def test_tab_comes_to_a_tab_bar_before_what_it_shows(live_window, qtbot):
    window = live_window
    window.focus_panel("builder")
    window.builder.new_message()  # its parts were made after those of all panels
    window.show_service("ups")
    window.focus_panel("builder")
    window.toolbar.peer.setFocus()
    seen: list[QWidget] = []
    while focus() not in seen:
        seen.append(focus())
        qtbot.keyClick(focus(), Qt.Key.Key_Tab)
    shown = [tabs for tabs in window.findChildren(QTabWidget) if tabs.isVisible()]
    assert len(shown) == 3, "AE configuration, the lower part of the builder, trace"
    for tabs in shown:
        stops = [n for n, widget in enumerate(seen) if tabs.currentWidget().isAncestorOf(widget)]
        bar = seen.index(tabs.tabBar())
        assert stops and stops == list(range(stops[0], stops[-1] + 1)), "what it shows comes in one run"
        corner = tabs.cornerWidget()
        between = [seen.index(corner)] if corner is not None else []
        assert [bar, *between] == list(range(bar, stops[0])), "and right after it"
    order = [window.toolbar, window.ae, window.builder, window.trace, window.log]
    places = [[n for n, widget in enumerate(seen) if panel.isAncestorOf(widget)] for panel in order]
    assert [n for panel in places for n in panel] == list(range(len(seen))), "panel after panel, as they stand"


def test_tab_goes_round_the_whole_window_and_through_the_service(live_window, qtbot):
    live_window.show_service("query")
    start = focus()
    for _ in range(150):
        qtbot.keyClick(focus(), Qt.Key.Key_Tab)
        if focus() is live_window.toolbar.buttons["echo"]:
            break
    assert focus() is live_window.toolbar.buttons["echo"]
    assert start.isVisible()


@pytest.mark.parametrize("name", ["query", "mpps", "ups"])
def test_where_nobody_listens_the_empty_list_says_where_to_look(live_window, qtbot, name):
    window = live_window
    window.ae.peers.put(Peer(name="Nobody", host="127.0.0.1", port=9))
    window.ae.peers.select("Nobody")
    window.show_service(name)
    page = window.services.page
    page.start()
    qtbot.waitUntil(lambda: not page.running)
    assert "refused the connection" in page.run_bar.sentence.text()
    lists = {"query": lambda: page.matches.table, "mpps": lambda: page.worklist, "ups": lambda: page.list}
    assert lists[name]().empty.text() == NOTHING_CAME


def test_a_long_name_ends_in_dots_and_not_in_half_a_letter(qtbot):
    combo = ElidingCombo()
    qtbot.addWidget(combo)
    combo.addItems(["Short", "The archive of the imaging department on the second floor"])
    combo.resize(160, 30)
    assert combo.shown_text() == "Short"
    combo.setCurrentIndex(1)
    assert combo.shown_text().startswith("The archive") and combo.shown_text().endswith("…")
    assert combo.currentText().endswith("second floor")
    assert not combo.grab().isNull()


def test_a_built_in_peer_that_was_stopped_is_off_and_not_failed(live_window, qtbot):
    window = live_window
    window.session.stop_listening()
    qtbot.waitUntil(lambda: not window.session.listener.listening)
    assert window.toolbar.listener.property("reach") == "muted"
    with qtbot.waitSignal(window.built_in.ready):
        window.built_in.start()
    assert window.toolbar.listener.property("reach") == "ok"
    window.session.listening_failed("The settings cannot be read.", 11112)
    assert window.toolbar.listener.property("reach") == "failure"
