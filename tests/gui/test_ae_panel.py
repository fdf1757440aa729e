"""AE configuration, driven as a user would: typing, clicking, keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.model.association import AsyncWindow, ExtendedNegotiation, Peer, ProposedContext, Role
from engine.model.limits import Limits
from engine.model.notices import Outcome
from engine.workspace.secrets import Secrets
from engine.workspace.settings import EchoResult, SavedPeer
from engine.workspace.workspace import Workspace
from gui.dialogs import Questions
from gui.models.peers import age_text, duration_text, echo_text, free_name
from gui.panels.ae_local import check_version_name
from gui.panels.ae_panel import AEPanel
from gui.panels.ae_peer_dialog import PeerDialog, check_host
from gui.session import EchoReport

ORTHANC = Peer(name="Orthanc", ae_title="ORTHANC", host="127.0.0.1", port=4242)
RIS = Peer(name="RIS", ae_title="WLM", host="ris.example.org", port=2104)
VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"


class Yes(Questions):
    """Answers yes, and remembers what was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def ask(self, parent, title, text, yes, on_yes):
        self.asked.append(text)
        on_yes()


class MemoryKeyring:
    def __init__(self):
        self.kept = {}

    def get_password(self, service, name):
        return self.kept.get(name)

    def set_password(self, service, name, secret):
        self.kept[name] = secret

    def delete_password(self, service, name):
        del self.kept[name]


@pytest.fixture
def keyring():
    return MemoryKeyring()


@pytest.fixture
def workspace(tmp_path, keyring):
    made = Workspace(tmp_path / "workspace", Secrets(keyring))
    made.save_peers((SavedPeer(peer=ORTHANC), SavedPeer(peer=RIS)))
    return made


@pytest.fixture
def questions():
    return Yes()


@pytest.fixture
def panel(qtbot, workspace, questions):
    made = AEPanel(workspace, questions)
    qtbot.addWidget(made)
    made.resize(340, 760)
    made.show()
    return made


def again(workspace):
    """What a next start reads."""
    return Workspace(workspace.folder, workspace.secrets)


def type_over(qtbot, line, text):
    line.selectAll()
    qtbot.keyClicks(line, text)
    if not text:
        qtbot.keyClick(line, Qt.Key.Key_Delete)


def report(peer, outcome=Outcome.SUCCESS, round_trip=0.0019, sentence=""):
    return EchoReport(operation=1, peer=peer, outcome=outcome, time=1e9, round_trip=round_trip, sentence=sentence)


# -- peers ------------------------------------------------------------------------------------------------------


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


# -- local AE ---------------------------------------------------------------------------------------------------


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


# -- contexts ---------------------------------------------------------------------------------------------------


def test_a_context_is_found_by_words_and_added(panel, qtbot, workspace):
    qtbot.mouseClick(panel.contexts.add_button, Qt.MouseButton.LeftButton)
    dialog = panel.contexts.dialog
    assert not dialog.accept_button.isEnabled()
    qtbot.keyClicks(dialog.picker.line, "ct image")
    assert dialog.picker.uids() == (CT,)
    dialog.role.set_value(Role.BOTH)
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    kept = again(workspace).contexts.contexts
    assert [(c.id, c.abstract_syntax) for c in kept] == [(1, VERIFICATION), (3, CT)]
    assert kept[1].role is Role.BOTH
    assert kept[1].transfer_syntaxes == ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")


@pytest.mark.parametrize("text", ["CTImageStorage", CT])
def test_keyword_and_uid_find_it_too(panel, qtbot, text):
    panel.contexts.search_for(text)
    assert panel.contexts.dialog.picker.uids() == (CT,)
    panel.contexts.dialog.reject()


def test_a_private_uid_can_be_proposed(panel, qtbot):
    panel.contexts.search_for("")
    dialog = panel.contexts.dialog
    qtbot.keyClicks(dialog.picker.line, "1.2.826.0.1.3680043.2.1545.99")
    qtbot.keyClick(dialog.picker.line, Qt.Key.Key_Return)
    assert panel.proposal().contexts[-1].abstract_syntax == "1.2.826.0.1.3680043.2.1545.99"


def test_several_at_once_with_the_keyboard(panel, qtbot):
    panel.contexts.add()
    dialog = panel.contexts.dialog
    qtbot.keyClicks(dialog.picker.line, "mr image storage")
    dialog.picker.list.selectAll()
    count = len(dialog.picker.uids())
    assert count > 1
    assert dialog.accept_button.text() == f"Add {count} contexts"
    dialog.accept()
    assert len(panel.proposal().contexts) == 1 + count


def test_transfer_syntaxes_are_ticked_and_filtered(panel, qtbot):
    panel.contexts.list.select_row(0)
    panel.contexts.edit()
    dialog = panel.contexts.dialog
    qtbot.keyClicks(dialog.syntaxes.filter, "jpeg 2000 lossless only")
    shown = [i for i in range(dialog.syntaxes.list.count()) if not dialog.syntaxes.list.item(i).isHidden()]
    item = dialog.syntaxes.list.item(shown[0])
    dialog.syntaxes.list.setCurrentItem(item)
    qtbot.keyClick(dialog.syntaxes.list, Qt.Key.Key_Space)
    dialog.accept()
    (context,) = panel.proposal().contexts
    assert context.transfer_syntaxes[-1] == "1.2.840.10008.1.2.4.90"
    assert context.id == 1


def test_no_transfer_syntax_is_remarked_but_allowed(panel, qtbot):
    panel.contexts.list.select_row(0)
    panel.contexts.edit()
    dialog = panel.contexts.dialog
    dialog.syntaxes.none()
    assert dialog.remark.isVisible()
    dialog.accept()
    assert panel.proposal().contexts[0].transfer_syntaxes == ()


def test_contexts_are_reordered_and_removed_by_keyboard(panel, qtbot, workspace):
    panel.contexts.add_contexts((ProposedContext(1, CT, ("1.2.840.10008.1.2",)),))
    listed = panel.contexts.list
    listed.setFocus()
    assert listed.currentIndex().row() == 1
    qtbot.keyClick(listed, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [(c.id, c.abstract_syntax) for c in again(workspace).contexts.contexts] == [(1, CT), (3, VERIFICATION)]
    qtbot.keyClick(listed, Qt.Key.Key_Delete)
    assert [(c.id, c.abstract_syntax) for c in again(workspace).contexts.contexts] == [(1, VERIFICATION)]


def test_presets_replace_or_add_and_can_be_made(panel, qtbot, workspace):
    panel.contexts.presets_wanted.emit()
    titles = [a.text() for a in panel.contexts._menu.actions()]
    assert "Verification" in titles
    storage = next(p for p in workspace.presets() if p.title.startswith("Storage"))
    panel.contexts.replace_with(storage.contexts)
    assert [c.abstract_syntax for c in panel.proposal().contexts] == [c.abstract_syntax for c in storage.contexts]
    panel.contexts.preset_wanted.emit("Mine")
    assert "Mine" in [p.title for p in again(workspace).presets()]


def test_beyond_128_the_limit_is_explained_with_the_count(panel, workspace):
    everything = [p for p in workspace.presets() if p.title.startswith("Everything")]
    panel.contexts.replace_with(everything[0].contexts)
    assert panel.contexts.header.note.text() == "128 of 128"
    assert not panel.contexts.limit.isVisible()
    panel.contexts.add_contexts((ProposedContext(1, "1.2.3.4", ("1.2.840.10008.1.2",)),))
    assert panel.contexts.limit.isVisible()
    assert "129 of 128" in panel.contexts.limit.text()
    assert len(panel.proposal().contexts) == 128
    assert len(again(workspace).contexts.contexts) == 129


# -- identity & negotiation -------------------------------------------------------------------------------------


def test_user_identity_with_a_passcode_that_only_the_keyring_gets(panel, qtbot, workspace, keyring):
    panel.tabs.setCurrentWidget(panel.negotiation)
    form = panel.negotiation
    assert not form.username.isVisible()
    qtbot.keyClicks(form.identity_type.combo, "2")
    assert form.username.isVisible()
    assert "needed" in form.username.note_text()
    qtbot.keyClicks(form.username.line, "alice")
    qtbot.keyClick(form.username.line, Qt.Key.Key_Return)
    qtbot.keyClicks(form.secret.line, "s3cret")
    qtbot.keyClick(form.secret.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "s3cret" in keyring.kept.values())
    identity = panel.proposal().user_identity
    assert (identity.type, identity.primary, identity.secondary) == (2, b"alice", b"s3cret")
    written = "".join(f.read_text(encoding="utf-8") for f in workspace.folder.rglob("*.toml"))
    assert "alice" in written
    assert "s3cret" not in written
    later = AEPanel(again(workspace))
    qtbot.addWidget(later)
    qtbot.waitUntil(lambda: later.proposal().user_identity.secondary == b"s3cret")


def test_another_user_does_not_get_the_first_ones_passcode(panel, qtbot, keyring):
    keyring.kept["user-identity:2:alice"] = "s3cret"
    form = panel.negotiation
    panel.tabs.setCurrentWidget(form)
    qtbot.keyClicks(form.username.line, "alice")
    form.identity_type.set_value(2)
    form.identity_type.combo.activated.emit(2)
    qtbot.waitUntil(lambda: form.secret.value() == "s3cret")
    qtbot.keyClicks(form.username.line, "x")
    assert form.secret.value() == ""


def test_the_asynchronous_window(panel, qtbot, workspace):
    panel.tabs.setCurrentWidget(panel.negotiation)
    form = panel.negotiation
    assert panel.proposal().async_window is None
    qtbot.keyClick(form.window_on.box, Qt.Key.Key_Space)
    type_over(qtbot, form.invoked.line, "8")
    type_over(qtbot, form.performed.line, "0")
    qtbot.keyClick(form.performed.line, Qt.Key.Key_Return)
    assert panel.proposal().async_window == AsyncWindow(8, 0)
    assert again(workspace).contexts.async_window == AsyncWindow(8, 0)


def test_extended_negotiation_takes_hexadecimal_bytes(panel, qtbot, workspace):
    panel.tabs.setCurrentWidget(panel.negotiation)
    panel.negotiation.extended.add()
    dialog = panel.negotiation.extended.dialog
    qtbot.keyClicks(dialog.picker.line, "study root find")
    qtbot.keyClicks(dialog.options.bytes.line, "01 0")
    assert "missing" in dialog.options.bytes.note_text()
    qtbot.keyClicks(dialog.options.bytes.line, "1")
    dialog.accept()
    expected = (ExtendedNegotiation("1.2.840.10008.5.1.4.1.2.2.1", b"\x01\x01"),)
    assert panel.proposal().extended == expected
    assert again(workspace).contexts.extended == expected
    panel.negotiation.extended.list.select_row(0)
    panel.negotiation.extended.remove()
    assert panel.proposal().extended == ()


def test_common_extended_negotiation(panel, qtbot, workspace):
    panel.negotiation.common.add()
    dialog = panel.negotiation.common.dialog
    qtbot.keyClicks(dialog.picker.line, CT)
    qtbot.keyClicks(dialog.related.line, "1.2.a")
    assert dialog.related.note_text().startswith("✕ 1.2.a")
    type_over(qtbot, dialog.related.line, "")
    dialog.accept()
    assert again(workspace).contexts.common_extended[0].sop_class_uid == CT


def test_what_cannot_be_written_is_said(panel, qtbot, workspace, monkeypatch):
    def refuse(_peers):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workspace, "save_peers", refuse)
    with qtbot.waitSignal(panel.failed) as told:
        panel.peers.duplicate()
    assert "No space left" in told.args[0]


# -- words ------------------------------------------------------------------------------------------------------


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
