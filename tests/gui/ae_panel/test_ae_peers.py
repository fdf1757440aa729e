"""Peers and the local AE in the AE configuration, driven as a user would: typing, clicking, keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.model.association import Peer
from engine.model.limits import Limits
from engine.model.notices import Outcome
from engine.workspace.settings import EchoResult
from engine.workspace.workspace import Workspace
from gui.models.peers import age_text, duration_text, echo_text, free_name
from gui.panels.ae_local import check_version_name
from gui.panels.ae_peer_dialog import PeerDialog, check_host
from tests.gui.ae_panel.panel import ORTHANC, RIS, VERIFICATION, again, report, type_over


def test_the_first_peer_is_selected_and_proposed(panel):
    assert panel.proposal().peer == ORTHANC
    assert [c.abstract_syntax for c in panel.proposal().contexts] == [VERIFICATION]


def test_adding_a_peer_by_typing(panel, qtbot, workspace):
    qtbot.mouseClick(panel.peers.add_button, Qt.MouseButton.LeftButton)
    dialog = panel.peers.dialog
    type_over(qtbot, dialog.name.line, "PACS test")
    type_over(qtbot, dialog.ae_title.line, "ARCHIVE")
    assert not dialog.accept_button.isEnabled()
    qtbot.keyClicks(dialog.host.line, "2001:db8::17")
    type_over(qtbot, dialog.port.line, "11112")
    qtbot.keyClick(dialog.port.line, Qt.Key.Key_Return)
    peer = Peer(name="PACS test", ae_title="ARCHIVE", host="2001:db8::17", port=11112)
    assert panel.current_peer == peer
    assert [s.peer for s in again(workspace).peers] == [ORTHANC, RIS, peer]
    assert panel.peers.dialog is None


@pytest.mark.parametrize(
    ("field", "text", "word"),
    [
        ("ae_title", "A TITLE OF MORE THAN 16", "16"),
        ("ae_title", "", "AE title"),
        ("ae_title", "BACK\\SLASH", "\\"),
        ("host", "a b", "spaces"),
        ("host", "http://pacs", "protocol"),
        ("host", "pacs:104", "port"),
        ("port", "70000", "65535"),
        ("port", "x", "not a whole number"),
        ("name", "RIS", "Another peer"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_while_typing(panel, qtbot, field, text, word):
    panel.peers.edit()
    dialog = panel.peers.dialog
    typed = getattr(dialog, field)
    type_over(qtbot, typed.line, text)
    assert word in typed.note_text()
    assert typed.note_text().startswith("✕")
    assert not dialog.accept_button.isEnabled()
    dialog.reject()


def test_a_new_form_is_not_red_before_anybody_typed(panel, qtbot):
    panel.peers.add()
    dialog = panel.peers.dialog
    assert "is needed" in dialog.host.note_text() and "✕" not in dialog.host.note_text()
    assert not dialog.accept_button.isEnabled()
    qtbot.keyClicks(dialog.host.line, "a")
    qtbot.keyClick(dialog.host.line, Qt.Key.Key_Backspace)
    assert dialog.host.note_text().startswith("✕")
    dialog.reject()


def test_echo_tries_unsaved_values_and_shows_the_answer_in_the_form(panel, qtbot, workspace):
    panel.peers.edit()
    dialog = panel.peers.dialog
    type_over(qtbot, dialog.port.line, "4243")
    with qtbot.waitSignal(panel.echo_requested) as told:
        qtbot.mouseClick(dialog.echo_button, Qt.MouseButton.LeftButton)
    asked = told.args[0].peer
    assert (asked.host, asked.port) == ("127.0.0.1", 4243)
    assert not dialog.echo_button.isEnabled()
    assert again(workspace).peers[0].peer == ORTHANC
    panel.echo_reported(report(ORTHANC))
    assert "…" in dialog.answer.text()
    panel.echo_reported(report(asked))
    assert dialog.answer.text() == "Success in 1.90 ms."
    assert dialog.echo_button.isEnabled()
    dialog.reject()


def test_an_echo_that_fails_says_why(panel, qtbot):
    panel.peers.edit()
    dialog = panel.peers.dialog
    qtbot.mouseClick(dialog.echo_button, Qt.MouseButton.LeftButton)
    sentence = "127.0.0.1:4242 refused the connection: nothing listens there."
    panel.echo_reported(report(ORTHANC, Outcome.CONNECTION_FAILED, None, sentence))
    assert dialog.answer.text() == sentence
    assert dialog.answer.property("role") == "error"
    dialog.reject()


def test_the_list_remembers_the_last_echo(panel, workspace):
    panel.echo_reported(report(RIS, Outcome.REJECTED, None, "rejected"))
    assert again(workspace).peers[1].echo.outcome == "rejected"
    assert again(workspace).peers[0].echo is None


def test_an_echo_on_its_way_is_shown(panel):
    panel.echo_started(RIS)
    assert "echo …" in panel.peers_model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    panel.echo_reported(report(RIS))
    assert "1.90 ms" in panel.peers_model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)


def test_another_address_forgets_the_echo_of_the_old_one(panel, qtbot, workspace):
    panel.echo_reported(report(ORTHANC))
    panel.peers.edit()
    type_over(qtbot, panel.peers.dialog.name.line, "Archive")
    panel.peers.dialog.accept()
    assert again(workspace).peers[0].echo is not None
    panel.peers.edit()
    type_over(qtbot, panel.peers.dialog.host.line, "elsewhere")
    panel.peers.dialog.accept()
    assert again(workspace).peers[0].echo is None


def test_the_list_by_keyboard(panel, qtbot, workspace, questions):
    peers = panel.peers.list
    peers.setFocus()
    qtbot.keyClick(peers, Qt.Key.Key_Down)
    assert panel.current_peer == RIS
    qtbot.keyClick(peers, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [s.peer.name for s in again(workspace).peers] == ["RIS", "Orthanc"]
    assert panel.current_peer == RIS
    qtbot.keyClick(peers, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert [s.peer.name for s in again(workspace).peers] == ["RIS", "RIS copy", "Orthanc"]
    qtbot.keyClick(peers, Qt.Key.Key_Delete)
    assert questions.asked == ["Delete the peer RIS copy from the list?"]
    assert [s.peer.name for s in again(workspace).peers] == ["RIS", "Orthanc"]
    qtbot.keyClick(peers, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "@" in QGuiApplication.clipboard().text()
    qtbot.keyClick(peers, Qt.Key.Key_Return)
    assert panel.peers.dialog is not None
    qtbot.keyClick(panel.peers.dialog, Qt.Key.Key_Escape)
    assert panel.peers.dialog is None


def test_an_empty_list_teaches(panel, qtbot):
    panel.peers.delete()
    panel.peers.delete()
    assert panel.peers.list.empty.isVisible()
    assert "Add peer" in panel.peers.list.empty.text()
    assert panel.current_peer is None
    assert not panel.peers.edit_button.isEnabled()


def test_local_values_are_used_at_once_and_kept_when_the_field_is_left(panel, qtbot, workspace):
    panel.tabs.setCurrentWidget(panel.local)
    type_over(qtbot, panel.local.ae_title.line, "CONSOLE2")
    assert panel.proposal().local.ae_title == "CONSOLE2"
    qtbot.keyClick(panel.local.ae_title.line, Qt.Key.Key_Return)
    type_over(qtbot, panel.local.maximum.line, "0")
    type_over(qtbot, panel.local.timeouts["dimse"].line, "2.5")
    type_over(qtbot, panel.local.limits["depth"].line, "900")
    assert "between 1 and 200" in panel.local.limits["depth"].note_text() and not panel.local.is_valid()
    type_over(qtbot, panel.local.limits["depth"].line, "9")
    type_over(qtbot, panel.local.limits["memory"].line, "2 MiB")
    assert panel.proposal().limits == Limits(depth=9, memory=2 << 20)
    panel.flush()
    kept = again(workspace)
    assert kept.local.ae_title == "CONSOLE2"
    assert kept.limits == kept.proposal(Peer()).limits == Limits(depth=9, memory=2 << 20)
    assert kept.local.maximum_length == 0
    assert kept.timeouts.dimse == 2.5


def test_wrong_local_values_are_told_and_not_kept(panel, qtbot, workspace):
    panel.tabs.setCurrentWidget(panel.local)
    type_over(qtbot, panel.local.class_uid.line, "1.02.3")
    qtbot.keyClick(panel.local.class_uid.line, Qt.Key.Key_Return)
    assert panel.local.class_uid.note_text().startswith("✕")
    assert again(workspace).local == Workspace(workspace.folder / "other").local


@pytest.mark.parametrize(("name", "right"), [("A" * 16, True), ("A" * 17, False), ("Größe", False), ("", True)])
def test_version_names(name, right):
    assert (check_version_name(name) is None) is right


@pytest.mark.parametrize(("host", "right"), [("localhost", True), ("::1", True), ("10.0.0.1", True), ("", False)])
def test_hosts(host, right):
    assert (check_host(host) is None) is right


def test_the_forms_get_the_room_of_the_contexts_and_give_it_back(panel, qtbot):
    height = panel.contexts.height()
    panel.tabs.setCurrentWidget(panel.local)
    assert not panel.contexts.list.isVisible()
    assert panel.contexts.header.note.text() == "1 of 128"
    qtbot.mouseClick(panel.contexts.unfold_button, Qt.MouseButton.LeftButton)
    assert panel.contexts.list.isVisible()
    qtbot.waitUntil(lambda: abs(panel.contexts.height() - height) < 4)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "just now"), (61, "1 min ago"), (3600 * 5, "5 h ago"), (86400 * 3, "3 days ago"), (-5, "just now")],
)
def test_ages(seconds, text):
    assert age_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0019, "1.90 ms"), (0.0124, "12.4 ms"), (0.25, "250 ms"), (1.2, "1.20 s"), (61.0, "61.0 s")],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text


def test_echo_texts():
    assert echo_text(None, 0) == "not echoed yet"
    assert echo_text(EchoResult(outcome="success", time=0, round_trip=0.0012), 130) == "1.20 ms · 2 min ago"
    assert echo_text(EchoResult(outcome="rejected", time=0), 5) == "rejected · just now"


def test_names_stay_different():
    assert free_name("A", ["B"]) == "A"
    assert free_name("A", ["A", "A 2"]) == "A 3"


def test_an_ipv6_address_may_stand_in_brackets(qtbot):
    dialog = PeerDialog(Peer(name="Six", ae_title="SIX", host="[::1]", port=104), (), adding=True)
    qtbot.addWidget(dialog)
    assert dialog.peer().host == "::1"
