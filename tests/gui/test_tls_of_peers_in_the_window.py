"""TLS as a user sets it up and sees it: the form of a peer, the proposal, the verdict in trace and state pill."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from engine.model.association import Peer, Proposal
from engine.model.notices import AssociationNotice, AssociationPhase
from engine.model.tls import Certificate, TlsProfile, TlsSettings, TlsVerdict
from engine.workspace.secrets import Secrets
from engine.workspace.settings import SavedPeer, passphrase_name
from engine.workspace.workspace import Workspace
from gui.dialogs import Questions
from gui.models.trace_information import TLS, details, information_rows
from gui.models.trace_store import TraceStore
from gui.panels.ae_panel import AEPanel
from gui.records import AssociationRecord
from gui.state_pill import StatePill
from tests.gui.staging import MemoryKeyring

PEER = Peer(name="Archive", ae_title="PACS", host="pacs.example", port=2762)
PASSPHRASE = "correct horse"
VERDICT = TlsVerdict(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    peer_certificate=Certificate(subject="CN=pacs.example", issuer="CN=Hospital CA"),
    verified=True,
    host_name="pacs.example",
    host_name_matches=True,
)
UNVERIFIED = replace(VERDICT, verified=False, reason="its issuer is not among the trusted")


class Picks(Questions):
    """Chooses the file it was given."""

    def __init__(self):
        super().__init__()
        self.path = None

    def open_files(self, parent, title, pattern, on_files):
        on_files((self.path,))


@pytest.fixture
def questions():
    return Picks()


@pytest.fixture
def keyring():
    return MemoryKeyring()


@pytest.fixture
def workspace(tmp_path, keyring):
    made = Workspace(tmp_path / "workspace", Secrets(keyring))
    made.save_peers((SavedPeer(peer=PEER),))
    return made


@pytest.fixture
def panel(qtbot, workspace, questions):
    made = AEPanel(workspace, questions)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def pem(tmp_path):
    """A certificate and an encrypted key, as far as the form looks into them."""
    certificate, key = tmp_path / "our.pem", tmp_path / "our.key"
    certificate.write_text("-----BEGIN CERTIFICATE-----\n", encoding="ascii")
    key.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", encoding="ascii")
    return certificate, key


@pytest.fixture
def dialog(panel):
    panel.peers.edit()
    shown = panel.peers.dialog
    yield shown
    if panel.peers.dialog is not None:
        shown.reject()


def choose(field, value):
    field.set_value(value)
    field.combo.activated.emit(field.combo.currentIndex())


def test_a_peer_is_plain_tcp_until_a_profile_is_chosen(panel, dialog):
    assert dialog.tls.settings() is None and dialog.tls.details.isHidden()
    assert panel.proposal().tls is None
    choose(dialog.tls.profile, TlsProfile.BCP195)
    assert not dialog.tls.details.isHidden()
    dialog.accept()
    assert panel.proposal().tls == TlsSettings()
    assert panel.peers_model.records[0].tls == TlsSettings()


def test_files_are_picked_and_the_passphrase_goes_to_the_keyring(panel, dialog, qtbot, workspace, keyring, pem):
    certificate, key = pem
    form = dialog.tls
    choose(form.profile, TlsProfile.MODIFIED)
    form._questions.path = certificate
    form._browse(form.certificate)
    form._questions.path = key
    form._browse(form.key)
    assert "passphrase" in form.passphrase.note_text() and not dialog.accept_button.isEnabled()
    qtbot.keyClicks(form.passphrase.line, PASSPHRASE)
    assert dialog.accept_button.isEnabled()
    dialog.accept()
    assert panel.proposal().tls == TlsSettings(
        profile=TlsProfile.MODIFIED, certificate=certificate, key=key, passphrase=PASSPHRASE
    )
    qtbot.waitUntil(lambda: keyring.kept.get(passphrase_name(key)) == PASSPHRASE)
    assert PASSPHRASE not in (workspace.folder / "peers.toml").read_text(encoding="utf-8")
    again = AEPanel(Workspace(workspace.folder, Secrets(keyring)))
    qtbot.addWidget(again)
    qtbot.waitUntil(lambda: again.proposal().tls is not None and again.proposal().tls.passphrase == PASSPHRASE)


@pytest.mark.parametrize(
    ("field", "text", "word"),
    [
        ("ca", "/no/such/file.pem", "cannot be read"),
        ("certificate", "~nobody-of-that-name/x.pem", "home folder that ~nobody-of-that-name stands for"),
        ("key", "~nobody-of-that-name/x.pem", "home folder that ~nobody-of-that-name stands for"),
        ("ca", "key", "no certificate"),
        ("key", "key", "certificate"),
    ],
)
def test_what_is_wrong_with_a_file_stands_beside_its_field(dialog, qtbot, pem, field, text, word):
    choose(dialog.tls.profile, TlsProfile.BCP195)
    typed = getattr(dialog.tls, field)
    qtbot.keyClicks(typed.line, str(pem[1]) if text == "key" else text)
    assert word in typed.note_text() and typed.note_text().startswith("✕")
    assert not dialog.accept_button.isEnabled() and not dialog.echo_button.isEnabled()
    choose(dialog.tls.profile, None)
    assert dialog.accept_button.isEnabled()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(dialog, qtbot, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    choose(dialog.tls.profile, TlsProfile.BCP195)
    qtbot.keyClicks(dialog.tls.ca.line, str(tmp_path / "pipe"))
    assert "cannot be read" in dialog.tls.ca.note_text()


def test_echo_tries_tls_before_it_is_saved(panel, dialog, qtbot):
    choose(dialog.tls.profile, TlsProfile.BCP195)
    qtbot.mouseClick(dialog.tls.verify.box, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(dialog.tls.server_name.line, "archive")
    assert "⚠" in dialog.tls.verify.note_text()
    with qtbot.waitSignal(panel.echo_requested) as told:
        qtbot.mouseClick(dialog.echo_button, Qt.MouseButton.LeftButton)
    assert told.args[0].tls == TlsSettings(verify=False, server_name="archive")
    assert panel.proposal().tls is None


def notice(verdict):
    return AssociationNotice(
        time=1.0,
        association=1,
        clock=1.0,
        phase=AssociationPhase.ESTABLISHED,
        requestor=True,
        peer=PEER,
        proposal=Proposal(peer=PEER, tls=TlsSettings()),
        tls=verdict,
    )


@pytest.mark.parametrize("verdict", [VERDICT, UNVERIFIED])
def test_the_trace_says_what_the_handshake_came_to(verdict):
    store = TraceStore()
    store.take([notice(verdict)])
    row = information_rows(store.associations[1])[0]
    assert row.label == TLS and "TLSv1.3" in row.answered and "TLS_AES_256_GCM_SHA384" in row.answered
    assert ("not verified" in row.answered) is (verdict is UNVERIFIED) and bool(row.mark) is (verdict is UNVERIFIED)
    told = "\n".join(text for _label, text in details(row))
    assert "CN=pacs.example" in told and "CN=Hospital CA" in told
    assert verdict.reason in told


def test_the_pill_says_that_an_association_is_encrypted_and_when_nobody_knows_with_whom(qtbot):
    pill = StatePill()
    qtbot.addWidget(pill)
    record = AssociationRecord(association=1, peer=PEER, phase=AssociationPhase.ESTABLISHED, state="Sta6", tls=VERDICT)
    pill.show_record(record)
    assert "TLSv1.3" in pill.accessibleName() and "CN=pacs.example" in pill.toolTip()
    pill.show_record(replace(record, tls=UNVERIFIED))
    assert "not verified" in pill.accessibleName()
