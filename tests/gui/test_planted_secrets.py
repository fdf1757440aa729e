"""Secrets typed into the window, and patients sent from it, searched for in all that a session leaves behind."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication

from engine.model.association import Policy, Rejection
from engine.model.identity import KnownIdentity, SecretHash
from engine.model.notices import AssociationNotice, AssociationPhase, ErrorNotice, ListenerNotice
from engine.model.tls import TlsSettings
from engine.runtime import machine_events
from engine.workspace.secrets import Secrets
from engine.workspace.settings import passphrase_name
from gui.dialogs import Questions, ReportDialog
from gui.report import Reporter
from tests.gui.staging import MemoryKeyring, staged
from tests.planted import ASSERTION, PASSCODE, PASSPHRASE, PATIENT, PATIENTS, SECRETS, TICKET, TOKEN, found, found_below
from tests.runtime.tls_files import make_files

IDENTITIES = {2: PASSCODE, 3: TICKET, 4: ASSERTION, 5: TOKEN}


class Saves(Questions):
    """Saves where it was told."""

    path = Path()

    def save_file(self, parent, title, pattern, name, on_files):
        on_files((self.path,))


@pytest.fixture
def keyring():
    return MemoryKeyring()


@pytest.fixture
def told():
    """Every notice of the session."""
    return []


@pytest.fixture
def reporter():
    made = Reporter()
    made.install()
    yield made
    made.remove()


@pytest.fixture
def window(qtbot, tmp_path, keyring, told, reporter):
    with staged(
        qtbot, tmp_path / "workspace", secrets=Secrets(keyring), questions=Saves(), reporter=reporter, told=told
    ) as made:
        yield made


def listen_with(qtbot, window, policy):
    settings = window.workspace.listener
    with qtbot.waitSignal(window.built_in.ready):
        window.built_in.set_settings(replace(settings, peer=replace(settings.peer, policy=policy)))


def type_identity(qtbot, window, keyring, kind):
    form = window.ae.negotiation
    window.ae.tabs.setCurrentWidget(form)
    form.identity_type.set_value(kind)
    form.identity_type.combo.activated.emit(form.identity_type.combo.currentIndex())
    if kind == 2:
        form.username.line.setText("ann")
        form.username.line.textEdited.emit("ann")
        qtbot.keyClick(form.username.line, Qt.Key.Key_Return)
    form.secret.line.clear()
    qtbot.keyClicks(form.secret.line, IDENTITIES[kind])
    qtbot.keyClick(form.secret.line, Qt.Key.Key_Return)
    form.flush()
    qtbot.waitUntil(lambda: IDENTITIES[kind] in keyring.kept.values())


def end_of_echo(qtbot, window, told):
    """Echo, and wait for the association to be over."""
    before = len(told)
    window.echo()

    def ends():
        return [n for n in told[before:] if isinstance(n, AssociationNotice) and n.requestor and n.outcome]

    qtbot.waitUntil(lambda: bool(ends()))
    return ends()[0]


def left_behind(qtbot, window, told, tmp_path, name):
    """What of the planted is in logs, clipboard, settings and files; all rows of the trace looked at."""
    found_there = []
    for path in (tmp_path / f"{name}.txt", tmp_path / f"{name}.jsonl"):
        window.log.save_to(path)
        qtbot.waitUntil(lambda: window.log._writer is None)
        assert path.stat().st_size
    window.copying.copy_association()
    found_there += found("the clipboard", QGuiApplication.clipboard().text(), SECRETS)
    pdus = window.trace.pdus
    for row in range(pdus.table.model().rowCount()):
        pdus.table.selectRow(row)
        found_there += found("the bytes shown", bytes(pdus.hex.data()), SECRETS)
    window.arrangement.save()
    QSettings().sync()
    found_there += found_below(tmp_path, SECRETS)
    found_there += found_below(Path(os.environ["HOME"]).parent, SECRETS)
    for notice in told:
        found_there += found(f"repr of {type(notice).__name__}", repr(notice), SECRETS)
    return found_there


@pytest.mark.parametrize("kind", IDENTITIES)
def test_what_was_typed_into_the_window(kind, window, qtbot, keyring, told, tmp_path, capfd):
    secret = IDENTITIES[kind]
    known = KnownIdentity(type=kind, name="ann", secret=SecretHash.of(secret.encode()))
    local = window.workspace.listener.policy.local
    type_identity(qtbot, window, keyring, kind)
    listen_with(qtbot, window, Policy(local=local, identities=(known,), require_identity=True))
    assert end_of_echo(qtbot, window, told).phase is AssociationPhase.RELEASED
    another = replace(known, secret=SecretHash.of(b"another"))
    listen_with(qtbot, window, Policy(local=local, identities=(another,), require_identity=True))
    assert end_of_echo(qtbot, window, told).phase is AssociationPhase.REJECTED
    listen_with(qtbot, window, Policy(local=local, reject=Rejection(2, 3, 2)))
    assert end_of_echo(qtbot, window, told).phase is AssociationPhase.REJECTED
    out, err = capfd.readouterr()
    assert not left_behind(qtbot, window, told, tmp_path, "log") + found("the terminal", out + err, SECRETS)


def test_a_defect_with_secrets_and_patients_in_its_message(
    window, qtbot, keyring, told, reporter, tmp_path, capfd, monkeypatch
):
    def fail(*_):
        raise LookupError(f"{SECRETS} {PATIENTS}")

    type_identity(qtbot, window, keyring, 2)
    monkeypatch.setattr(machine_events, "propose", fail)
    end_of_echo(qtbot, window, told)
    qtbot.waitUntil(lambda: window.findChild(ReportDialog) is not None)
    window.questions.path = tmp_path / "report.txt"
    dialog = window.findChild(ReportDialog)
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    dialog.reject()
    monkeypatch.undo()
    report = (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert "Unexpected LookupError at" in report and "tests/gui/test_planted_secrets.py" in report
    assert not found("the report", report, (*SECRETS, *PATIENTS))
    assert any(isinstance(n, ErrorNotice) and n.report for n in told)
    _, err = capfd.readouterr()
    assert not found("the terminal", err, (*SECRETS, *PATIENTS)) + left_behind(qtbot, window, told, tmp_path, "log")
    assert not found_below(tmp_path, PATIENTS)


def test_an_exception_in_a_slot_becomes_a_report_and_the_window_goes_on(window, qtbot, told, reporter, tmp_path, capfd):
    def fail(*_):
        raise KeyError(PATIENT)

    before = window.log.model.rowCount()
    with qtbot.captureExceptions() as raised:
        window.session.said.connect(fail)
        window.session.said.emit("anything", "text")
        window.session.said.disconnect(fail)
    capfd.readouterr()  # pytest-qt tells all
    reporter.hook(*raised[0])  # pytest-qt stands where the program has it
    qtbot.waitUntil(lambda: window.findChild(ReportDialog) is not None)
    window.findChild(ReportDialog).reject()
    assert end_of_echo(qtbot, window, told).phase is AssociationPhase.RELEASED
    qtbot.waitUntil(lambda: window.log.model.rowCount() > before)
    assert not found("the terminal", "".join(capfd.readouterr()), PATIENTS)


@pytest.mark.parametrize("kind", [LookupError, SystemExit])
def test_a_defect_in_the_engines_loop_leaves_the_session_as_it_is(kind, window, qtbot, told, reporter):
    """SystemExit goes past asyncio's own handler and stops the loop: the engine starts it again."""

    def fail():
        raise kind(PATIENT)

    assert end_of_echo(qtbot, window, told).phase is AssociationPhase.RELEASED
    rows, traced = window.log.model.rowCount(), window.trace.text()
    context = window.bridge._engine._context
    context.loop.call_soon_threadsafe(fail)
    qtbot.waitUntil(lambda: window.findChild(ReportDialog) is not None)
    window.findChild(ReportDialog).reject()
    assert window.session.listener.listening
    qtbot.waitUntil(lambda: window.log.model.rowCount() > rows)
    assert window.trace.text() == traced != ""
    assert end_of_echo(qtbot, window, told).phase is AssociationPhase.RELEASED
    assert not [n for n in told if PATIENT in repr(n)]


@pytest.mark.parametrize("typed", [PASSPHRASE, PASSPHRASE[:-1]], ids=["right", "wrong"])
def test_the_passphrase_of_the_built_in_peers_key(typed, window, qtbot, keyring, told, tmp_path, capfd):
    """Kept in the keyring; told nowhere, whether it fits or not, and whoever calls."""
    secrets = (*SECRETS, typed)
    certificate, key = make_files(tmp_path.parent / f"{tmp_path.name}-pem").apart("peer", passphrase=PASSPHRASE)
    settings, before = window.workspace.listener, len(told)
    keyring.kept[passphrase_name(key)] = typed
    tls = TlsSettings(certificate=certificate, key=key, passphrase=typed)
    window.built_in.set_settings(replace(settings, peer=replace(settings.peer, tls=tls)))

    def ended():
        return [n for n in told[before:] if isinstance(n, ListenerNotice) and (n.listening or n.sentence)]

    qtbot.waitUntil(lambda: bool(ended()) and (ended()[-1].listening is (typed == PASSPHRASE) or bool(ended()[1:])))
    if ended()[-1].listening:
        assert end_of_echo(qtbot, window, told).phase is AssociationPhase.RELEASED
    out, err = capfd.readouterr()
    found_there = [line for line in left_behind(qtbot, window, told, tmp_path, "log") if line]
    for notice in told:
        found_there += found(f"repr of {type(notice).__name__}", repr(notice), secrets)
    found_there += found_below(tmp_path, secrets) + found_below(Path(os.environ["HOME"]).parent, secrets)
    assert not found_there + found("the terminal", out + err, secrets)
