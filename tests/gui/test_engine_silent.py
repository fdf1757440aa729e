"""The window while its engine does not answer: said with a report, replaced when wanted, and no wait at the end."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit

from engine.model.notices import AssociationPhase, Outcome
from engine.runtime import pulse
from gui.dialogs import Questions, SilenceDialog
from tests.gui.staging import staged

SECRET = "DOE^JOHN"


class Saves(Questions):
    """Saves where it was told."""

    def save_file(self, parent, title, pattern, name, on_files):
        on_files((self.path / name,))


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(pulse, "BEAT", 0.1)
    questions = Saves()
    questions.path = tmp_path
    with staged(qtbot, tmp_path / "workspace", questions=questions) as made:
        yield made


@pytest.fixture
def over():
    """Lets go what holds the engine up."""
    made = threading.Event()
    yield made
    made.set()


def hold_up(window, over):
    """The engine's loop calls something that does not return until it is over."""
    entered = threading.Event()

    def kept(_patient):
        entered.set()
        over.wait()

    window.bridge._engine._context.loop.call_soon_threadsafe(kept, SECRET)
    entered.wait()


def shown(qtbot, window):
    """The dialog that tells of it; a slow machine may have looked silent before."""

    def of_ours():
        dialog = window.silence.dialog
        return dialog is not None and "kept" in dialog.findChild(QPlainTextEdit).toPlainText()

    qtbot.waitUntil(of_ours, timeout=30_000)
    return window.silence.dialog


def test_it_is_said_where_it_is_and_that_it_answers_again(window, qtbot, tmp_path, over):
    window.associate()
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    hold_up(window, over)
    dialog = shown(qtbot, window)
    assert SECRET not in dialog.findChild(QPlainTextEdit).toPlainText()
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    saved = (tmp_path / "dimse-console-report.txt").read_text(encoding="utf-8")
    assert "kept" in saved and SECRET not in saved
    over.set()
    qtbot.waitUntil(lambda: "The engine answers again, after" in dialog.note.text())
    assert not dialog.replace_button.isEnabled()
    dialog.reject()
    qtbot.waitUntil(lambda: window.silence.dialog is None)
    assert window.session.current.established
    window.log.save_to(tmp_path / "log.txt")
    qtbot.waitUntil(lambda: window.log._writer is None)
    log = (tmp_path / "log.txt").read_text(encoding="utf-8")
    assert "The engine has not answered for" in log and "The engine answers again, after" in log


def test_it_is_replaced_when_the_user_wants_it(window, qtbot, over):
    port = window.session.listener.port
    window.associate()
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    held = window.session.current.association
    hold_up(window, over)
    dialog = shown(qtbot, window)
    qtbot.mouseClick(dialog.replace_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.record(held).phase is AssociationPhase.FAILED, timeout=30_000)
    assert window.silence.dialog is None
    qtbot.waitUntil(lambda: window.session.listener.listening and window.session.listener.port == port)
    with qtbot.waitSignal(window.session.echo_finished, timeout=30_000) as told:
        window.first_echo()
    assert told.args[0].outcome is Outcome.SUCCESS
    assert not window.findChildren(SilenceDialog)


def test_the_window_closes_though_its_engine_is_blocked(window, over, qtbot):
    window.associate()
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    hold_up(window, over)  # and the fixture closes it
