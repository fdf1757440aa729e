"""How the window ends: what is open, what is kept, and what is told of our own errors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine.model.commands import (
    Abort,
    Cancel,
    Release,
    RunProcedure,
)
from engine.model.notices import AssociationPhase, ErrorNotice, Outcome
from engine.model.procedures.ups import WatchSteps
from engine.standard.messages import MESSAGES
from engine.workspace.workspace import Workspace
from gui.closing import PATIENCE
from gui.main_window import MainWindow
from gui.report import Reporter
from tests.gui.shell.shell import Answers, closed, hold, opened_again, said

# -- the end ----------------------------------------------------------------------------------------------------


def test_closing_with_associations_open_releases_them_then_stops_the_engine(window, qtbot, fake):
    window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: window.session.current.established)
    with qtbot.waitSignal(window.ended):
        window.close()
    assert len(fake.sent(Release)) == 1
    assert not fake.running
    assert not window.isVisible()


def test_a_peer_that_does_not_answer_is_waited_for_and_then_aborted(window, qtbot, fake):
    window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: window.session.current.established)
    fake.silent = True
    window.close()
    assert window.isVisible()
    assert fake.running
    qtbot.waitUntil(lambda: window._closing.dialog is not None, timeout=PATIENCE * 10)
    assert window._closing.dialog.text.text() == "Releasing 1 association …"
    fake.silent = False
    with qtbot.waitSignal(window.ended):
        qtbot.mouseClick(window._closing.dialog.abort_button, Qt.MouseButton.LeftButton)
    assert len(fake.sent(Abort)) == 1
    assert not fake.running


def test_closing_lets_a_procedure_take_back_what_it_set_up_before_anything_is_released(window, qtbot, fake):
    window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: window.session.current.established)
    held = window.session.current.association
    asked = WatchSteps(receiving_ae="CONSOLE")
    watch = RunProcedure(operation=0, association=0, proposal=window.ae.proposal(), procedure=asked)
    operation = window.session.run(watch, held)
    window.close()
    assert [c.operation for c in fake.sent(Cancel)] == [operation]
    qtbot.waitUntil(lambda: window._closing.dialog is not None, timeout=PATIENCE * 10)
    assert window._closing.dialog.text.text() == "Ending the procedures that run …"
    assert not fake.sent(Release)
    with qtbot.waitSignal(window.ended):
        fake._status(held, operation, Outcome.SUCCESS, None, "Unsubscribed.")
    assert len(fake.sent(Release)) == 1


def test_a_procedure_that_does_not_end_does_not_hold_the_window(window, qtbot, fake, monkeypatch):
    monkeypatch.setattr("gui.closing.TIDY_TIME", 50)
    asked = WatchSteps(receiving_ae="CONSOLE")
    window.session.run(RunProcedure(operation=0, association=0, proposal=window.ae.proposal(), procedure=asked))
    with qtbot.waitSignal(window.ended):
        window.close()
    assert not fake.running


def test_a_peer_that_ignores_even_that_does_not_hold_the_window(window, qtbot, fake, monkeypatch):
    monkeypatch.setattr("gui.closing.RELEASE_TIME", 50)
    monkeypatch.setattr("gui.closing.ABORT_TIME", 50)
    window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: window.session.current.established)
    fake.silent = True
    with qtbot.waitSignal(window.ended):
        window.close()
        window.close()
    assert not fake.running


def test_the_fields_being_typed_in_are_kept_when_the_window_closes(window, qtbot, workspace):
    window.ae.tabs.setCurrentWidget(window.ae.local)
    window.ae.local.ae_title.line.selectAll()
    qtbot.keyClicks(window.ae.local.ae_title.line, "LATE")
    with qtbot.waitSignal(window.ended):
        window.close()
    assert Workspace(workspace.folder).local.ae_title == "LATE"


def test_an_association_that_ends_while_closing_is_no_error(window, qtbot, fake):
    association = hold(window, qtbot)
    before = window.log.model.total
    fake.silent = True
    window.close()
    fake.emit(ErrorNotice(time=1.0, sentence=f"Release was not possible: #{association}", association=association))
    fake.phase(association, AssociationPhase.RELEASED, sentence="Released.")
    with qtbot.waitSignal(window.ended):
        pass
    assert "not possible" not in said(window)
    assert window.log.model.total == before + 1


def test_the_tabs_of_the_builder_are_there_again_after_a_restart(window, qtbot, workspace, bridge, questions, tmp_path):
    first = window.builder.page
    first.set_message(MESSAGES["C-FIND-RQ"])
    first.rename("Looking for Jane")
    window.builder.new_message().set_message(MESSAGES["N-GET-RQ"])
    path = tmp_path / "kept.toml"
    window.builder.save(path)
    window.builder.new_message()
    window.builder.show_page(first)
    closed(window, qtbot)
    assert not any("not saved" in str(text) for text in questions.told)
    again = opened_again(qtbot, workspace, bridge, questions).builder
    assert [p.tab_text for p in again.pages] == ["Looking for Jane ●", "kept"]
    assert [p.draft.message.name for p in again.pages] == ["C-FIND-RQ", "N-GET-RQ"]
    assert again.page is again.pages[0]
    assert again.file_of(again.pages[1]) == path


def test_a_file_that_has_gone_leaves_its_message_marked_as_changed(
    window, qtbot, workspace, bridge, questions, tmp_path
):
    path = tmp_path / "gone.toml"
    window.builder.page.set_message(MESSAGES["N-GET-RQ"])
    window.builder.save(path)
    closed(window, qtbot)
    path.unlink()
    again = opened_again(qtbot, workspace, bridge, questions).builder
    assert again.page.changed and again.file_of(again.page) is None


def test_a_draft_that_does_not_read_is_said_and_set_aside(window, qtbot, workspace, bridge, questions):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    closed(window, qtbot)
    (draft,) = (workspace.folder / "drafts").glob("*.toml")
    draft.write_text("message = ", encoding="utf-8")
    again = opened_again(qtbot, workspace, bridge, questions)
    assert draft.name in said(again)
    assert not draft.exists() and draft.with_name(f"{draft.name}.unreadable").exists()
    assert again.builder.page.untouched


def test_messages_that_cannot_be_kept_are_asked_about_before_the_window_closes(window, qtbot, questions, workspace):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    workspace.folder.mkdir(parents=True, exist_ok=True)
    (workspace.folder / "drafts").write_text("in the way", encoding="utf-8")
    closed(window, qtbot)
    assert any("changed and not saved" in str(text) for text in questions.told)


def test_old_drafts_that_may_not_be_deleted_keep_no_window_open(window, qtbot, workspace, monkeypatch):
    old = workspace.folder / "drafts" / "9.toml"
    old.parent.mkdir(parents=True)
    old.write_text("message = 'C-ECHO-RQ'", encoding="utf-8")

    def refuse(_path, missing_ok=False):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(old), "unlink", refuse)
    closed(window, qtbot)
    monkeypatch.undo()
    assert old.exists()


def kept(window, qtbot):
    """What is written meanwhile stands in the workspace."""
    window.drafts.keep()
    qtbot.waitUntil(lambda: window.drafts._work is None)
    window.store.sync()


def test_messages_outlive_a_program_that_is_killed(window, qtbot, workspace, bridge, questions):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    kept(window, qtbot)
    window.builder.new_message().set_message(MESSAGES["N-GET-RQ"])
    kept(window, qtbot)
    window.drafts.leave()  # killed: the system takes its lock
    again = opened_again(qtbot, workspace, bridge, questions)
    assert [p.draft.message.name for p in again.builder.pages] == ["C-FIND-RQ", "N-GET-RQ"]
    assert all(p.changed for p in again.builder.pages)


@pytest.mark.parametrize("cut", [True, False], ids=["cut by a power failure", "of a process with our number"])
def test_messages_come_back_though_the_lock_of_their_window_stands_there(
    window, qtbot, workspace, bridge, questions, cut
):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    kept(window, qtbot)
    lock = workspace.folder / "drafts.lock"
    words = "" if cut else lock.read_text(encoding="utf-8")
    window.drafts.leave()
    lock.write_text(words, encoding="utf-8")
    assert names(opened_again(qtbot, workspace, bridge, questions)) == ["C-FIND-RQ"]


def test_what_was_closed_is_not_kept_and_nothing_is_written_twice(window, qtbot, workspace):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    window.builder.new_message().set_message(MESSAGES["N-GET-RQ"])
    kept(window, qtbot)
    drafts = workspace.folder / "drafts"
    before = {p.name: p.stat().st_mtime_ns for p in drafts.iterdir()}
    assert len(before) == 2
    kept(window, qtbot)
    assert {p.name: p.stat().st_mtime_ns for p in drafts.iterdir()} == before
    window.builder.close_message(1)
    kept(window, qtbot)
    (left,) = drafts.iterdir()
    assert "C-FIND-RQ" in left.read_text(encoding="utf-8")


def test_what_is_being_kept_as_the_window_closes_takes_nothing_from_what_is_saved(
    window, qtbot, workspace, bridge, questions
):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    window.drafts.keep()
    window.builder.new_message().set_message(MESSAGES["N-GET-RQ"])
    closed(window, qtbot)
    again = opened_again(qtbot, workspace, bridge, questions)
    assert [p.draft.message.name for p in again.builder.pages] == ["C-FIND-RQ", "N-GET-RQ"]


def names(window):
    return [p.draft.message.name for p in window.builder.pages if not p.blank]


def test_a_second_window_of_the_workspace_neither_takes_nor_loses_the_messages_of_the_first(
    window, qtbot, workspace, bridge, questions
):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    kept(window, qtbot)
    other = opened_again(qtbot, workspace, bridge, questions)
    assert names(other) == []
    other.builder.page.set_message(MESSAGES["N-GET-RQ"])
    kept(other, qtbot)
    window.builder.new_message().set_message(MESSAGES["N-SET-RQ"])
    other._closed = False
    closed(window, qtbot)
    other.builder.new_message().set_message(MESSAGES["N-ACTION-RQ"])
    with qtbot.waitSignal(other.ended):
        other.close()
    again = opened_again(qtbot, workspace, bridge, questions)
    assert names(again) == ["C-FIND-RQ", "N-SET-RQ", "N-GET-RQ", "N-ACTION-RQ"]
    kept(again, qtbot)
    assert len(list(workspace.folder.glob("drafts*/*.toml"))) == 4  # all of them hers now


def test_what_a_second_window_left_is_kept_until_the_next_one_has_written_it(
    window, qtbot, workspace, bridge, questions
):
    other = opened_again(qtbot, workspace, bridge, questions)
    other.builder.page.set_message(MESSAGES["N-GET-RQ"])
    kept(other, qtbot)
    other.drafts.leave()
    window.drafts.leave()
    for _ in range(2):  # the first is killed before it has written anything
        again = opened_again(qtbot, workspace, bridge, questions)
        assert names(again) == ["N-GET-RQ"]
        again.drafts.leave()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_only_the_user_may_read_what_is_kept_of_messages(window, qtbot, workspace):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    kept(window, qtbot)
    folder = workspace.folder / "drafts"
    assert [p.stat().st_mode & 0o777 for p in (folder, *folder.iterdir())] == [0o700, 0o600]
    window.builder.new_message().set_message(MESSAGES["N-GET-RQ"])
    closed(window, qtbot)
    assert {p.stat().st_mode & 0o777 for p in folder.iterdir()} == {0o600}


def test_a_killed_program_never_brings_a_message_back_under_the_name_of_another_file(
    window, qtbot, workspace, bridge, questions, tmp_path, monkeypatch
):
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    window.builder.save(tmp_path / "find.toml")
    window.builder.new_message().set_message(MESSAGES["N-GET-RQ"])
    kept(window, qtbot)
    window.builder.close_message(0)
    monkeypatch.setattr(window.drafts, "_written", lambda: None)  # killed in between
    window.drafts.keep()
    window.drafts._work.wait()
    window.drafts.leave()
    again = opened_again(qtbot, workspace, bridge, questions)
    found = [(p.draft.message.name, again.builder.file_of(p)) for p in again.builder.pages]
    assert found == [("C-FIND-RQ", tmp_path / "find.toml"), ("N-GET-RQ", None)]


def test_a_workspace_that_cannot_be_written_is_no_defect_while_one_works(window, qtbot, workspace, questions):
    workspace.folder.mkdir(parents=True, exist_ok=True)
    (workspace.folder / "drafts").write_text("in the way", encoding="utf-8")
    window.builder.page.set_message(MESSAGES["C-FIND-RQ"])
    kept(window, qtbot)
    (workspace.folder / "drafts").unlink()
    kept(window, qtbot)
    assert len(list((workspace.folder / "drafts").iterdir())) == 1


# -- our own errors ---------------------------------------------------------------------------------------------


def test_an_unexpected_error_gives_a_report_without_values(qtbot, tmp_path, window):
    reporter = Reporter()
    window.questions.files = (tmp_path / "report.txt",)
    told = []
    reporter.reported.connect(lambda text, _words: told.append(text))
    try:
        raise ValueError("DOE^JOHN is not a date")
    except ValueError as error:
        reporter.hook(type(error), error, error.__traceback__)
        reporter.hook(type(error), error, error.__traceback__)
    assert len(told) == 1
    assert "ValueError" in told[0]
    assert "test_shell_end.py" in told[0]
    assert "DOE" not in told[0]
    assert str(Path.home()) not in told[0]


def test_a_defect_of_the_engine_gives_the_same_report(qtbot, window, bridge):
    reporter = Reporter()
    told = []
    reporter.reported.connect(lambda text, _words: told.append(text))
    bridge.notices.connect(reporter.take)
    before = window.session.open_records()
    for sentence in ("once", "twice"):
        bridge.notices.emit((ErrorNotice(time=0.0, sentence=sentence, report="Unexpected KeyError at\n  a/b.py:1 f"),))
    bridge.notices.emit((ErrorNotice(time=0.0, sentence="no defect"),))
    assert len(told) == 1
    assert told[0].startswith("DIMSE Console") and "Unexpected KeyError at" in told[0]
    assert window.session.open_records() == before


def test_the_report_can_be_saved(qtbot, window, questions, tmp_path):
    questions.files = (tmp_path / "report.txt",)
    window.show_report("what happened")
    from gui.dialogs import ReportDialog

    dialog = window.findChild(ReportDialog)
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == "what happened\n"
    dialog.reject()


def test_problems_of_the_workspace_are_said_at_the_start(qtbot, tmp_path, bridge):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "peers.toml").write_text("[[peer]\n", encoding="utf-8")
    window = MainWindow(Workspace(folder), bridge, Answers())
    qtbot.addWidget(window)
    assert "peers.toml" in said(window)
    window._closed = True


def test_incoming_associations_show_in_the_menu_of_the_pill(window, qtbot, fake):
    fake.phase(90, AssociationPhase.ESTABLISHED, requestor=False)
    qtbot.waitUntil(lambda: window.session.record(90) is not None)
    window.toolbar.pill.menu().aboutToShow.emit()
    assert "called us" in window.toolbar.pill.menu().actions()[0].text()
