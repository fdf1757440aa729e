"""The window when the engine breaks for good, and when something fails where nobody catches it."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QThread, QtMsgType
from PySide6.QtWidgets import QPlainTextEdit

from engine.model.notices import AssociationPhase, Outcome, StatusNotice
from engine.runtime.defects import reported
from gui.background import Background
from gui.dialogs import ReportDialog
from gui.report import Reporter
from tests.gui.staging import staged
from tests.runtime.scripted import scripted

SECRET = "DOE^JOHN"


def fail(*_):
    raise LookupError(SECRET)


@pytest.fixture
def reporter():
    made = Reporter()
    made.install()
    with reported(made.take_error):
        yield made
    made.remove()


@pytest.fixture
def window(qtbot, tmp_path, reporter):
    with staged(qtbot, tmp_path / "workspace", reporter=reporter) as made:
        yield made


def echoed(qtbot, window):
    with qtbot.waitSignal(window.session.echo_finished, timeout=30_000) as told:
        window.first_echo()
    return told.args[0]


def test_the_window_goes_on_with_a_new_engine(window, qtbot, tmp_path):
    def silent(talk):
        talk.accept()
        talk.wait_closed()

    assert echoed(qtbot, window).outcome is Outcome.SUCCESS
    port = window.session.listener.port
    window.associate()
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    held = window.session.current.association
    rows, traced = window.log.model.rowCount(), window.trace.text()
    ends = []
    window.session.operation_ended.connect(ends.append)
    with scripted(silent) as peer:
        proposal = window.ae.proposal(replace(window.ae.current_peer, port=peer.port))
        operation = window.session.echo(proposal)
        qtbot.waitUntil(lambda: any(r.established and r.peer.port == peer.port for r in window.session.open_records()))
        loop = window.bridge._engine._context.loop
        loop.call_soon_threadsafe(lambda: setattr(loop._selector, "select", fail))
        qtbot.waitUntil(lambda: window.findChild(ReportDialog) is not None, timeout=30_000)
        qtbot.waitUntil(lambda: any(isinstance(n, StatusNotice) and n.operation == operation for n in ends))
    dialogs = window.findChildren(ReportDialog)
    qtbot.waitUntil(lambda: any("is replaced by a new one" in d.words.text() for d in dialogs))
    for dialog in dialogs:
        assert SECRET not in dialog.findChild(QPlainTextEdit).toPlainText()
        dialog.reject()
    (lost,) = [n for n in ends if n.operation == operation]
    assert lost.outcome is Outcome.ABORTED and lost.sentence.startswith("Lost: ")
    assert window.session.record(held).phase is AssociationPhase.FAILED
    assert "the engine of the console itself broke" in window.session.record(held).sentence
    assert window.session.open_records() == ()
    qtbot.waitUntil(lambda: window.log.model.rowCount() > rows)
    assert traced
    qtbot.waitUntil(lambda: window.session.listener.listening and window.session.listener.port == port)
    assert echoed(qtbot, window).outcome is Outcome.SUCCESS


def told_by(qtbot, reporter, cause):
    """The one report that something leads to."""
    with qtbot.waitSignal(reporter.reported) as told:
        cause()
    assert SECRET not in told.args[0]
    return told.args[0]


def test_what_a_thread_does_not_catch_becomes_a_report(qtbot, reporter):
    threads = []
    reporter.reported.connect(lambda *_: threads.append(QThread.currentThread()))

    def cause():
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    assert "Unexpected LookupError at" in told_by(qtbot, reporter, cause)
    assert threads == [QThread.currentThread()]


def test_what_fails_while_an_object_goes_becomes_a_report(qtbot, reporter):
    class Going:
        def __del__(self):
            raise KeyError(SECRET)

    assert "Unexpected KeyError at" in told_by(qtbot, reporter, Going)


@pytest.mark.parametrize("received", [True, False])
def test_what_fails_beside_becomes_a_report(received, qtbot, reporter, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", reporter.hook)
    failed = []
    work = Background(fail)
    if received:
        work.failed.connect(failed.append)
    assert "Unexpected LookupError at" in told_by(qtbot, reporter, work.begin)
    assert len(failed) == received


def test_what_the_world_does_wrong_is_the_receivers_to_tell(qtbot, reporter, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", reporter.hook)
    told = []
    reporter.reported.connect(lambda text, _words: told.append(text))

    def missing():
        raise FileNotFoundError(SECRET)

    work = Background(missing)
    with qtbot.waitSignal(work.failed):
        work.begin()
    assert told == []


def test_what_is_critical_to_qt_becomes_a_report_without_its_text(qtbot, reporter):
    told = told_by(
        qtbot, reporter, lambda: reporter.heard(QtMsgType.QtCriticalMsg, f"QFile::open: {SECRET} cannot be opened")
    )
    assert "QtCriticalMsg in QFile::open" in told
    reporter.heard(QtMsgType.QtWarningMsg, "anything")
