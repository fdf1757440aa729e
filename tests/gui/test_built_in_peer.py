"""The built-in peer in the window: settings that make it start anew, TLS shown plainly, errors in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trustme
from PySide6.QtCore import Qt

from engine.model.association import Policy
from engine.model.commands import Listen, MoveDestination, PeerSettings
from engine.model.notices import AssociationPhase
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings
from engine.workspace.listening import ListenerSettings
from engine.workspace.secrets import Secrets
from engine.workspace.settings import passphrase_name
from engine.workspace.workspace import Workspace
from gui.built_in_peer import calling_it, reach_sentence
from gui.main_window import MainWindow
from gui.session import ListenerState
from tests.gui.staging import MemoryKeyring
from tests.gui.test_tls_of_peers_in_the_window import choose
from tests.runtime.tls_files import PASSPHRASE, Files


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path, trustme.CA())


@pytest.fixture
def keyring():
    return MemoryKeyring()


@pytest.fixture
def workspace(tmp_path, keyring):
    return Workspace(tmp_path / "workspace", Secrets(keyring))


@pytest.fixture
def window(qtbot, workspace, bridge):
    made = MainWindow(workspace, bridge)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made._closed = True


def listening(window):
    return window.session.listener.listening


def test_tls_is_set_up_shown_and_its_passphrase_kept(window, qtbot, fake, workspace, keyring, files):
    certificate, key = files.apart("peer", passphrase=PASSPHRASE)
    window.built_in.start(introduce=True)
    qtbot.waitUntil(lambda: listening(window))
    assert "TLS" not in window.toolbar.listener.text()
    window.actions_by_name["listener_settings"].trigger()
    dialog = window.built_in.dialog
    dialog.show_page(dialog.tls)
    form = dialog.tls.form
    choose(form.profile, TlsProfile.BCP195)
    form.certificate.set_value(str(certificate))
    form.key.set_value(str(key))
    qtbot.keyClicks(form.passphrase.line, PASSPHRASE)
    choose(form.clients, ClientCertificates.REQUIRE)
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: listening(window) and "TLS" in window.toolbar.listener.text())
    sent = fake.sent(Listen)[-1].settings.tls
    assert (sent.passphrase, sent.client_certificates) == (PASSPHRASE, ClientCertificates.REQUIRE)
    assert window.toolbar.listener.text() == "Built-in peer · 11112 · TLS"
    assert "clients must show a certificate" in window.toolbar.listener.toolTip()
    assert PASSPHRASE not in (workspace.folder / "listener.toml").read_text()
    qtbot.waitUntil(lambda: keyring.kept == {passphrase_name(key): PASSPHRASE})
    # Its entry in the list can be echoed as it stands.
    tls = window.ae.proposal().tls
    assert (tls.ca_file, tls.certificate, tls.passphrase) == (certificate, certificate, PASSPHRASE)
    assert not tls.check_host_name


def test_a_passphrase_of_the_keyring_is_there_at_the_next_start(window, qtbot, fake, workspace, keyring, files):
    certificate, key = files.apart("peer", passphrase=PASSPHRASE)
    keyring.kept[passphrase_name(key)] = PASSPHRASE
    tls = TlsSettings(certificate=certificate, key=key)
    destination = MoveDestination(ae_title="D", host="h", port=1, tls=tls)
    peer = PeerSettings(policy=Policy(), tls=tls, destinations=(destination,))
    workspace.save_listener(ListenerSettings(peer=peer))
    window.built_in.start()
    window.built_in.start()  # while the keyring is still asked
    qtbot.waitUntil(lambda: listening(window))
    (command,) = fake.sent(Listen)
    assert [command.settings.tls.passphrase, command.settings.destinations[0].tls.passphrase] == [PASSPHRASE] * 2
    window.actions_by_name["listener_settings"].trigger()
    dialog = window.built_in.dialog
    assert dialog.accept_button.isEnabled()
    dialog.reject()


def test_users_that_cannot_be_read_keep_it_from_starting(window, qtbot, fake, workspace, tmp_path):
    workspace.save_listener(ListenerSettings(users=tmp_path / "none.toml"))
    window.built_in.start()
    qtbot.waitUntil(lambda: "not started" in window.status.sentence.whole())
    assert not fake.sent(Listen)
    assert "none.toml: cannot be read" in window.toolbar.listener.toolTip()
    users = tmp_path / "none.toml"
    users.write_text('[[user]]\ntype = 1\nname = "ann"\n')
    window.built_in.start()
    qtbot.waitUntil(lambda: listening(window))
    assert [k.name for k in fake.sent(Listen)[-1].settings.policy.identities] == ["ann"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ListenerState(listening=True, port=1, tls=TlsSettings()), "Only TLS is spoken (BCP 195 RFC 8996, 9325 TLS)"),
        (ListenerState(listening=True, port=1, tls=TlsSettings()), "clients need no certificate."),
        (ListenerState(listening=True, host="", port=1), "without encryption"),
        (ListenerState(listening=True, host="", port=1, tls=TlsSettings()), "Every computer on your network"),
    ],
)
def test_its_state_says_what_is_spoken(state, words):
    assert words in reach_sentence(state)
    assert ("without encryption" in reach_sentence(state)) is (state.tls is None)


def test_settings_saved_while_it_starts_are_the_ones_it_ends_up_with(window, qtbot, fake, workspace, files):
    fake.silent = True
    window.built_in.start()
    assert window.session.listener.starting
    window.built_in.set_settings(ListenerSettings(port=11200))
    (first,) = fake.sent(Listen)
    fake.silent = False
    fake._answer(first)
    qtbot.waitUntil(lambda: listening(window) and window.session.listener.port == 11200)
    # And while the keyring is asked.
    window.built_in.stop()
    qtbot.waitUntil(lambda: not listening(window))
    tls = TlsSettings(certificate=files.issue("peer"))
    workspace.save_listener(ListenerSettings(port=11300, peer=PeerSettings(tls=tls)))
    window.built_in.start()
    window.built_in.set_settings(ListenerSettings(port=11400))
    qtbot.waitUntil(lambda: listening(window))
    assert [c.port for c in fake.sent(Listen)] == [11112, 11200, 11400]


@pytest.mark.parametrize("width", [900, 1024, 1280, 1920])
def test_its_state_fits_whatever_the_width(width, window, qtbot):
    toolbar = window.toolbar
    state = ListenerState(listening=True, host="", port=11112, tls=TlsSettings())
    toolbar.setMinimumWidth(0)
    toolbar.show_listener(state)
    toolbar.resize(width, toolbar.height())
    assert "11112 · TLS · open" in toolbar.listener.text()
    assert toolbar.listener.text() in toolbar.listener.texts
    assert "Built-in peer" in toolbar.listener.accessibleName()
    if width >= 1280:
        assert toolbar.listener.text() == "Built-in peer · 11112 · TLS · open to the network"


def test_our_own_calls_to_it_trust_its_certificate(files):
    certificate = files.issue("peer")
    plain = TlsSettings(certificate=certificate, ca_file=files.ca)
    assert calling_it(None) is None
    asked = calling_it(plain)
    assert (asked.ca_file, asked.certificate, asked.key) == (certificate, None, None)
    shown = calling_it(replace(plain, client_certificates=ClientCertificates.REQUEST))
    assert (shown.certificate, shown.client_certificates) == (certificate, ClientCertificates.NONE)


def test_a_real_tls_listener_is_echoed_and_a_plain_client_named(live_window, qtbot, files):
    """Over TCP: our entry speaks TLS; a client without it is told, and named on both sides."""
    window = live_window
    tls = TlsSettings(certificate=files.issue("peer"))
    settings = window.workspace.listener
    with qtbot.waitSignal(window.built_in.ready):
        window.built_in.set_settings(replace(settings, peer=replace(settings.peer, tls=tls)))
    assert window.toolbar.listener.text().endswith("· TLS")
    with qtbot.waitSignal(window.session.echo_finished) as echoed:
        window.echo()
    assert echoed.args[0].outcome.value == "success", echoed.args[0].sentence
    plain = replace(window.ae.proposal(), tls=None)
    with qtbot.waitSignal(window.session.echo_finished) as echoed:
        window.session.echo(plain)
    assert "the other side speaks TLS and this side does not" in echoed.args[0].sentence
    failed = [r for r in window.session._records.values() if not r.requestor and r.phase is AssociationPhase.FAILED]
    assert ["sent an A-ASSOCIATE-RQ without TLS" in r.sentence for r in failed] == [True]
    table = window.log.table.model()

    def cells() -> list[str]:
        return [str(table.index(r, c).data()) for r in range(table.rowCount()) for c in range(table.columnCount())]

    qtbot.waitUntil(lambda: any("without TLS" in cell for cell in cells()))  # rows are shown a moment later


def test_a_key_that_does_not_fit_is_said_in_words(live_window, qtbot, files):
    window = live_window
    certificate, _ = files.apart("one")
    _, other = files.apart("two")
    settings = window.workspace.listener
    tls = TlsSettings(certificate=certificate, key=other)
    window.built_in.set_settings(replace(settings, peer=replace(settings.peer, tls=tls)))
    qtbot.waitUntil(lambda: "key" in window.toolbar.listener.toolTip(), timeout=30_000)
    assert window.toolbar.listener.text() == "Built-in peer off"
    window.workspace.save_listener(settings)
