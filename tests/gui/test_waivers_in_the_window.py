"""Waiving in the window: asked with a reason, kept in the workspace, listed, taken back, told by the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QTextBrowser

from engine.conformance.rules import RULES
from engine.conformance.waivers import Waiver
from engine.workspace.errors import WorkspaceError
from engine.workspace.workspace import Workspace
from gui.main_window import MainWindow
from gui.panels.trace_panel import FINDINGS
from gui.panels.waiver_dialogs import WaiveDialog, WaiversDialog
from tests.gui.test_findings_tab import ODD, RESERVED, conversation

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from gui.bridge import Bridge


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def window(qtbot: QtBot, workspace: Workspace, bridge: Bridge) -> MainWindow:
    window = MainWindow(workspace, bridge)
    qtbot.addWidget(window, before_close_func=_let_go)
    window.resize(1280, 800)
    window.show()
    window.session.notices.emit(tuple(conversation().notices))
    window.trace.show_association(12)
    qtbot.waitUntil(lambda: not window.log._pace.waits)
    return window


def _let_go(window: MainWindow) -> None:
    window._closed = True


def press(qtbot: QtBot, window: MainWindow, name: str) -> None:
    window.actions_by_name[name].trigger()


def waive_dialog(window: MainWindow) -> WaiveDialog:
    dialog = window.judging.dialog
    assert isinstance(dialog, WaiveDialog)
    return dialog


def test_the_first_finding_is_waived_by_keys(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F4)
    assert window.trace.tabs.currentIndex() == FINDINGS
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    dialog = waive_dialog(window)
    assert not dialog.accept_button.isEnabled()
    assert "A reason is needed" in dialog.reason.note_text()
    qtbot.keyClicks(dialog.reason.line, "ticket 17")
    qtbot.keyClick(dialog.reason.line, Qt.Key.Key_Return)
    title = window.trace.findings.peer
    assert title
    assert Workspace(workspace.folder).waivers == (Waiver(ODD, "ticket 17", title),)
    assert window.trace.tabs.tabText(FINDINGS) == "Findings 2+1"
    assert "ticket 17" in window.status.sentence.whole()


def test_a_finding_is_waived_for_every_peer(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, "next_finding")
    press(qtbot, window, "waive_finding")
    dialog = waive_dialog(window)
    dialog.peer.set_value("")
    qtbot.keyClicks(dialog.reason.line, "all of them do")
    dialog.accept()
    assert window.waivers.waivers == (Waiver(ODD, "all of them do", ""),)
    press(qtbot, window, "waive_finding")  # and no more
    assert window.waivers.waivers == ()
    assert window.trace.tabs.tabText(FINDINGS) == "Findings 3"


def test_nothing_chosen_is_said(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, "waive_finding")
    assert "No finding is chosen" in window.status.sentence.whole()
    assert window.judging.dialog is None


def test_all_waivers_are_listed_edited_and_taken_back(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    window.waivers.add(Waiver(ODD, "ticket 17", "OLDPACS"))
    window.waivers.add(Waiver(RESERVED, "harmless"))
    press(qtbot, window, "waivers")
    dialog = window.judging.dialog
    assert isinstance(dialog, WaiversDialog)
    assert [w.rule for w in dialog.model.records] == [ODD, RESERVED]
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    form = dialog.editing
    assert form.reason.value() == "ticket 17"
    form.reason.line.selectAll()
    qtbot.keyClicks(form.reason.line, "ticket 18")
    form.accept()
    assert window.waivers.waivers[0] == Waiver(ODD, "ticket 18", "OLDPACS")
    assert dialog.isVisible()  # Return opened the form, and did not close the list
    dialog.list.select_row(1)
    qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    assert [w.rule for w in window.waivers.waivers] == [ODD]
    qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    assert Workspace(workspace.folder).waivers == ()
    assert "Nothing is waived" in dialog.list.empty.text()
    assert not dialog.edit_button.isEnabled()
    dialog.reject()


def test_the_log_tells_what_is_waived_and_saves_it(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.waivers.add(Waiver(ODD, "ticket 17"))
    model = window.log.model
    rows = [[str(model.index(r, c).data() or "") for c in range(model.columnCount())] for r in range(model.rowCount())]
    told = [row for row in rows if ODD in row]
    assert [row[5] for row in told] == ["error, waived"]
    assert told[0][-1].startswith("Waived: ticket 17 · The fragment")
    for name in ("log.jsonl", "log.txt"):
        path = tmp_path / name
        window.log.save_to(path)
        qtbot.waitUntil(path.exists)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {line["rule"]: line for line in lines if line["kind"] == "finding"}
    assert found[ODD]["waived"] == "ticket 17"
    assert found[ODD]["clause"] == "PS3.8 E.1"
    assert found[ODD]["sentence"] == "The fragment of PDV 1 has 65 bytes, odd."
    assert found[RESERVED]["waived"] is None
    assert "Waived: ticket 17" in (tmp_path / "log.txt").read_text(encoding="utf-8")


def test_a_message_says_how_much_was_found_in_it(qtbot: QtBot, window: MainWindow) -> None:
    """What is about a PDU or about TLS has no message to stand beside."""
    talk = conversation(20)
    for rule in ("command.uid", "command.uid", "data.group", "pdata.split", "tls.version"):
        talk.finding(rule, f"Wrong by {rule}.", "PS3.7 9.3")
    window.session.notices.emit(tuple(talk.notices))
    model = window.log.model

    def details() -> list[str]:
        rows = (model.record(row) for row in range(model.rowCount()))
        return [model.view.found(row) for row in rows if row.association == 20 and row.shape.service == "C-ECHO"]

    qtbot.waitUntil(lambda: details() == ["3 findings"])
    window.waivers.add(Waiver("command.uid", "ticket 17"))
    assert details() == ["1 finding, 2 waived"]
    window.waivers.add(Waiver("data.group", "ticket 18"))
    assert details() == ["3 waived"]
    column = next(i for i, c in enumerate(model.columns) if c.title == "Detail")
    shown = [str(model.index(row, column).data()) for row in range(model.rowCount())]
    assert any(text.startswith("3 waived · Verification") for text in shown)


def test_what_a_rule_says_is_read_in_the_window(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, "next_finding")
    press(qtbot, window, "finding_rule")
    page = next(b for b in window.findChildren(QTextBrowser) if b.accessibleName() == f"Rule {ODD}")
    assert RULES[ODD].title in page.toPlainText()
    assert "PS3.8 E.1" in page.toPlainText()
    press(qtbot, window, "all_rules")
    page = next(b for b in window.findChildren(QTextBrowser) if b.accessibleName() == "Conformance rules")
    assert all(rule.title in page.toPlainText() for rule in RULES.values())


def test_a_rule_is_found_by_its_words(window: MainWindow) -> None:
    assert list(window.judging.rules("")) == []
    found = {each.detail: each for each in window.judging.rules("odd")}
    found[f"PS3.8 E.1 · {ODD}"].run()
    titles = [b.accessibleName() for b in window.findChildren(QTextBrowser)]
    assert f"Rule {ODD}" in titles


def test_waivers_that_cannot_be_saved_hold_and_are_told(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_waivers: object) -> None:
        raise WorkspaceError(workspace.folder / "waivers.toml", "no space left on device")

    monkeypatch.setattr(workspace, "save_waivers", fail)
    window.waivers.add(Waiver(ODD, "ticket 17"))
    assert "no space left" in window.status.sentence.whole()
    assert window.trace.tabs.tabText(FINDINGS) == "Findings 2+1"


def test_a_broken_file_of_waivers_is_told_at_the_start(qtbot: QtBot, workspace: Workspace, bridge: Bridge) -> None:
    workspace.folder.mkdir(parents=True)
    (workspace.folder / "waivers.toml").write_text('[[waiver]]\nrule = "no.such"\n', encoding="utf-8")
    window = MainWindow(Workspace(workspace.folder), bridge)
    qtbot.addWidget(window, before_close_func=_let_go)
    assert "waivers.toml, line 2" in window.status.sentence.whole()


def test_a_waiver_of_a_rule_we_do_not_have_is_named_once(qtbot: QtBot) -> None:
    """A workspace may be older or newer than the program."""
    form = WaiveDialog(Waiver("data.of-tomorrow", "known", ""), (), new=False)
    qtbot.addWidget(form)
    assert [label.text() for label in form.findChildren(QLabel) if "data.of-tomorrow" in label.text()] == [
        "data.of-tomorrow"
    ]
