"""The window on a screen of 1920 by 1080 at 200 %, 960 by 500: nothing is cut where it could be said shorter."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QListView, QScrollArea, QTabBar, QToolButton

from engine.model.association import ProposedContext
from engine.workspace.listening import TlsSettings
from gui.forms.entry_list import fitting_note
from gui.giving_button import GivingButton, fitting
from gui.models.tables import EmptyText
from gui.panels.builder_lower import RESPONSE
from gui.panels.service_rows import SERVICES
from gui.session import ListenerState
from gui.theme import LEAST_TABLE, theme

VERIFICATION, IMPLICIT = "1.2.840.10008.1.1", "1.2.840.10008.1.2"
SIZE = (960, 500)


@pytest.fixture
def made_narrow(undress, qapp, request, qtbot):
    """The window at 960 by 500 after it was wider, in its own look, which stands before there are widgets."""
    theme().apply(qapp, "light")
    live_window = request.getfixturevalue("live_window")
    live_window.resize(*SIZE)
    qtbot.waitUntil(lambda: live_window.size().toTuple() == SIZE)
    return live_window


@pytest.fixture
def narrow(made_narrow, qtbot):
    """The same with its panels as it would begin."""
    made_narrow.restore_panels()
    qtbot.waitUntil(lambda: made_narrow.size().toTuple() == SIZE)
    return made_narrow


def is_whole(button: GivingButton) -> bool:
    return button.width() >= button.width_with(button.text())


def test_the_longest_state_of_the_toolbar_fits(narrow, qtbot):
    window, bar = narrow, narrow.toolbar
    window.ae.contexts.replace_with((ProposedContext(1, VERIFICATION, (IMPLICIT,)),))
    window.associate()
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    bar.show_listener(ListenerState(listening=True, host="", port=11112, tls=TlsSettings(), faults=2))
    qtbot.waitUntil(lambda: is_whole(bar.pill) and is_whole(bar.listener))
    assert window.size().toTuple() == SIZE
    assert "Sta6" in bar.pill.text()
    assert "11112 · TLS · open" in bar.listener.text() and "faults" in bar.listener.text()
    shown = [bar.peer, *bar.buttons.values(), bar.pill, bar.listener, bar.find_button]
    edges = [(w.geometry().left(), w.geometry().right()) for w in shown]
    assert all(left > before for (_, before), (left, _) in itertools.pairwise(edges))
    assert edges[-1][1] < bar.width()


def test_more_is_said_where_there_is_room_again(narrow, qtbot):
    bar = narrow.toolbar
    assert "Built-in peer" not in bar.listener.text()
    narrow.resize(1280, 800)
    qtbot.waitUntil(lambda: "Built-in peer" in bar.listener.text())


@pytest.mark.parametrize("service", [row.name for row in SERVICES])
def test_no_service_makes_the_window_wider_or_scrolls_sideways(made_narrow, qtbot, service):
    made_narrow.show_service(service)
    QApplication.processEvents()
    page = made_narrow.services.page
    area = next(a for a in made_narrow.services.findChildren(QScrollArea) if a.isAncestorOf(page))
    qtbot.waitUntil(lambda: area.verticalScrollBar().isVisible())  # which takes room
    assert made_narrow.size().toTuple() == SIZE
    assert page.minimumSizeHint().width() <= area.viewport().width()


def test_every_part_of_the_panels_fits_and_nothing_lies_over_another(narrow, qtbot):
    for tabs in (narrow.ae.tabs, narrow.trace.tabs, narrow.builder.page.tabs.tabs):
        for place in range(tabs.count()):
            tabs.setCurrentIndex(place)
            QApplication.processEvents()
            assert narrow.size().toTuple() == SIZE, tabs.tabText(place)
    narrow.echo()
    qtbot.waitUntil(narrow.trace.copy_button.isEnabled)
    QApplication.processEvents()
    assert narrow.size().toTuple() == SIZE
    entries = (narrow.ae.peers.list, narrow.ae.contexts.list)
    assert [view.viewport().height() >= view.sizeHintForRow(0) for view in entries] == [True, True]
    tables = (narrow.builder.page.pane.view, narrow.log.table)
    room = [(view.viewport().height(), view.verticalHeader().defaultSectionSize()) for view in tables]
    assert [has >= needs for has, needs in room] == [True, True], room


def test_a_failure_makes_the_window_no_higher_and_tab_still_shows_all_of_a_pdu(narrow, qtbot):
    narrow.actions_by_name["stop_listening"].trigger()
    qtbot.waitUntil(lambda: not narrow.session.listener.listening)
    narrow.echo()
    qtbot.waitUntil(narrow.trace.banner.isVisible)
    trace = narrow.trace
    trace.tabs.setCurrentWidget(trace.pdus)
    for _ in range(5):
        QApplication.processEvents()
    assert narrow.size().toTuple() == SIZE
    trace.pdus.filter_line.setFocus()
    for view in (trace.pdus.table, trace.pdus.tree, trace.pdus.hex):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert view.hasFocus()
        assert view.visibleRegion().boundingRect().height() > LEAST_TABLE // 2


def test_bytes_and_words_of_a_message_make_the_window_no_higher(narrow, qtbot):
    narrow.workbench.show_panel("builder")
    page = narrow.builder.page
    page.pane.bytes_button.click()
    for _ in range(5):
        QApplication.processEvents()
    assert page.pane.hex.isVisible()
    assert narrow.size().toTuple() == SIZE


def test_a_text_for_nothing_yet_is_read_from_its_beginning_where_it_is_too_high(qtbot):
    view = QListView()
    qtbot.addWidget(view)
    text = EmptyText(view, "<b>Nothing yet</b><br>first do this,<br>then do that")
    view.show()
    text.show()
    text.resize(200, 20)
    assert text.alignment() & Qt.AlignmentFlag.AlignTop
    text.resize(200, 200)
    assert text.alignment() & Qt.AlignmentFlag.AlignVCenter


def test_titles_get_shorter_and_no_panel_loses_a_button_without_a_key(narrow, qtbot):
    builder, ae = narrow.builder, narrow.ae
    narrow.workbench.show_panel("builder")
    heading = narrow.workbench._switches[0].buttons["builder"]
    assert heading.text() == "Builder" and heading.accessibleName() == "Message builder, shown"
    assert builder.menu_button.width() < 60
    hidden = [b for b in (ae.peers.up_button, ae.peers.down_button) if b.isHidden()]
    assert all("Alt+" in b.toolTip() for b in hidden)
    assert narrow.log.table.horizontalScrollBar().maximum() == 0
    narrow.resize(1600, 900)
    narrow.restore_panels()
    qtbot.waitUntil(lambda: heading.text() == "Message builder")
    assert not ae.peers.up_button.isHidden()


def test_a_tab_of_the_builder_shows_its_name_and_its_close_button(narrow, qtbot):
    narrow.workbench.show_panel("builder")
    tabs = narrow.builder.tabs
    for _ in range(3):
        narrow.builder.new_message()
        tabs.set_name(tabs.currentIndex(), "Storage commitment: ask")
    qtbot.waitUntil(lambda: tabs.tabRect(tabs.currentIndex()).right() < tabs.width())
    arrows = [b for b in tabs.findChildren(QToolButton) if b.autoRepeat() and b.isVisible()]
    edge = min(b.x() for b in arrows)
    button = tabs.tabButton(tabs.currentIndex(), QTabBar.ButtonPosition.RightSide)
    assert button.isVisible() and button.x() >= 0 and button.geometry().right() < edge


def test_all_tabs_below_a_message_are_seen_after_its_response(narrow, qtbot):
    narrow.workbench.show_panel("builder")
    lower = narrow.builder.page.tabs
    lower.response.title_changed.emit("Response · 0000H Success")
    bar = lower.tabs.tabBar()
    qtbot.waitUntil(lambda: bar.tabRect(bar.count() - 1).right() < bar.width())
    assert lower.tabs.tabToolTip(RESPONSE) == "Response · 0000H Success"
    narrow.resize(1600, 900)
    qtbot.waitUntil(lambda: lower.tabs.tabText(RESPONSE) == "&Response · 0000H Success")


def test_no_field_of_the_local_ae_is_cut(narrow, qtbot):
    narrow.ae.tabs.setCurrentWidget(narrow.ae.local)
    form = narrow.ae.local
    qtbot.waitUntil(lambda: form.widget().width() <= form.viewport().width())
    narrow.resize(1600, 900)
    one, other = (form.limits[name].geometry() for name in list(form.limits)[:2])
    qtbot.waitUntil(lambda: form.widget().width() <= form.viewport().width())
    assert one.x() < other.x() or one.y() < other.y()


def test_the_time_of_an_echo_is_whole(narrow):
    metrics = narrow.fontMetrics()
    wide = metrics.horizontalAdvance("2.01 ms · just now")
    assert fitting_note("2.01 ms · just now", metrics, wide) == "2.01 ms · just now"
    assert fitting_note("2.01 ms · just now", metrics, wide - 1) == "2.01 ms"
    assert fitting_note("no answer", metrics, 1) == "no answer"


def test_copied_is_said_on_the_button_and_taken_back(narrow, qtbot):
    narrow.echo()
    qtbot.waitUntil(narrow.trace.copy_button.isEnabled)
    narrow.resize(1280, 800)
    qtbot.waitUntil(lambda: narrow.trace.copy_button.text() == "Copy as text")
    narrow.trace.copy_button.click()
    QApplication.processEvents()
    assert narrow.trace.copy_button.text() == "Copied"
    narrow.trace._copy_again()
    assert narrow.trace.copy_button.text() == "Copy as text"


def test_the_texts_give_way_in_turn_and_never_more_than_needed(qtbot):
    first, second = GivingButton(), GivingButton()
    for button, texts in ((first, ("long long long", "long", "l")), (second, ("wide wide wide", "w"))):
        qtbot.addWidget(button)
        button.say(texts)

    def room(*texts: str) -> int:
        return first.width_with(texts[0]) + second.width_with(texts[1])

    both = (first, second)
    assert fitting(both, room("long long long", "wide wide wide")) == ("long long long", "wide wide wide")
    assert fitting(both, room("long", "wide wide wide")) == ("long", "wide wide wide")
    assert fitting(both, room("long", "w")) == ("long", "w")
    assert fitting(both, 0) == ("l", "w")
