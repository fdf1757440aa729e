"""The built-in peer as the whole window shows it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.model.commands import (
    Listen,
    OneShot,
)
from engine.workspace.listening import ListenerSettings
from engine.workspace.workspace import Workspace
from gui.built_in_peer import reach_sentence
from gui.main_window import MainWindow
from gui.session import ListenerState
from tests.gui.shell.shell import Answers, click

# -- the built-in peer ------------------------------------------------------------------------------------------


def test_a_first_start_has_the_built_in_peer_selected_and_one_press_echoes_it(qtbot, tmp_path, bridge, fake):
    window = MainWindow(Workspace(tmp_path / "new"), bridge, Answers())
    qtbot.addWidget(window)
    window.resize(1520, 950)
    window.show()
    assert window.log.table.empty.isVisible()
    assert "Echo" in window.log.table.empty.text()
    window.built_in.start(introduce=True)
    qtbot.waitUntil(lambda: window.ae.current_peer is not None)
    assert window.ae.current_peer.name == "Built-in peer"
    assert window.ae.current_peer.port == 11112
    assert [c.abstract_syntax for c in window.ae.proposal().contexts] == ["1.2.840.10008.1.1"]
    assert window.toolbar.listener.text() == "Built-in peer · 11112"
    click(qtbot, window, "echo")
    qtbot.waitUntil(lambda: window.ae.peers_model.records[0].echo is not None)
    assert not window.log.table.empty.isVisible()
    window._closed = True


def test_following_the_empty_logs_advice_echoes_the_built_in_peer(window, qtbot, fake):
    window.log.table.empty.linkActivated.emit("echo")
    qtbot.waitUntil(lambda: len(fake.sent(OneShot)) == 1)
    assert fake.sent(OneShot)[0].proposal.peer.name == "Built-in peer"


def test_its_entry_is_not_forced_on_those_who_removed_it(window, qtbot, fake):
    window.built_in.start()
    qtbot.waitUntil(lambda: window.session.listener.listening)
    assert [s.peer.name for s in window.ae.peers_model.records] == ["Orthanc", "RIS"]


def test_settings_are_kept_and_a_running_peer_starts_anew(window, qtbot, fake, workspace):
    window.built_in.start()
    qtbot.waitUntil(lambda: window.session.listener.listening)
    window.actions_by_name["listener_settings"].trigger()
    dialog = window.built_in.dialog
    page = dialog.address
    assert not page.warning.isVisible()
    page.port.line.selectAll()
    qtbot.keyClicks(page.port.line, "11200")
    qtbot.keyClick(page.who.combo, Qt.Key.Key_Down)
    assert page.warning.isVisible()
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.listener.listening and window.session.listener.port == 11200)
    assert [(c.host, c.port) for c in fake.sent(Listen)] == [("127.0.0.1", 11112), ("", 11200)]
    assert "open to the network" in window.toolbar.listener.text()
    again = MainWindow(workspace, window.bridge, Answers())
    qtbot.addWidget(again)
    assert again.built_in.settings == ListenerSettings(host="", port=11200)
    again._closed = True


def test_stopping_it_is_shown(window, qtbot):
    window.built_in.start()
    qtbot.waitUntil(lambda: window.session.listener.listening)
    window.actions_by_name["stop_listening"].trigger()
    qtbot.waitUntil(lambda: window.toolbar.listener.text() == "Built-in peer off")
    assert window.actions_by_name["listen"].isEnabled()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ListenerState(listening=True, port=104, ae_title="X"), "Only programs on this computer"),
        (ListenerState(listening=True, host="", port=104, ae_title="X"), "Every computer on your network"),
        (ListenerState(), "stopped"),
        (ListenerState(sentence="The port is taken."), "taken"),
    ],
)
def test_who_can_reach_it_is_said_plainly(state, words):
    assert words in reach_sentence(state)
