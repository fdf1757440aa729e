"""The page of unified procedure steps at the running built-in peer: from a new step to its end, claims, events."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QAbstractButton, QLabel

from engine.model.association import Peer
from engine.model.notices import Outcome, StatusNotice
from engine.wire import datasets
from engine.workspace.ups_claims import UNSURE, Claim, Claims
from gui.forms.ups_dialogs import AskCancelDialog, CancelDialog, CompleteDialog, NewStepDialog, ProgressDialog
from gui.forms.ups_events import WatchDialog
from gui.models.ups_rows import ACTIONS, StepRow, standing, why_not
from gui.panels.step_dialogs import ItemDialog
from tests.gui.mnemonics import clashing
from tests.runtime.console import CT, EXPLICIT, keys

UID = "1.2.826.0.1.3680043.9.7433.91"


@pytest.fixture
def page(live_window):
    live_window.show_service("ups")
    return live_window.services.page


def write(path, uid):
    """A file without a study and a series."""
    data = datasets.encode_dataset(keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P"), EXPLICIT)
    datasets.write_file(path, data, EXPLICIT, CT, uid)


def dialog_of(page, kind):
    """The dialog of this kind that is open."""
    return next(d for d in page.window().findChildren(kind) if d.isVisible())


def finished(page, qtbot):
    qtbot.waitUntil(lambda: not page.running)


def create(page, qtbot, label="Contouring", uid=UID):
    page.new_button.click()
    dialog = dialog_of(page, NewStepDialog)
    dialog.label.set_value(label)
    dialog.uid.set_value(uid)
    dialog.judge()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    finished(page, qtbot)


def press(page, qtbot, name):
    button = page.step_actions.buttons[name]
    assert button.isEnabled(), button.toolTip()
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)


def free(page) -> set[str]:
    return {name for name, button in page.step_actions.buttons.items() if button.isEnabled()}


def verdict(page) -> str:
    return page.run_bar.sentence.text()


def test_one_press_asks_the_built_in_peer(page, qtbot):
    assert free(page) == set()
    assert "Select a step" in page.step_actions.line.whole()
    page.run_bar.run_button.click()
    finished(page, qtbot)
    assert "0 steps" in verdict(page)
    assert "no such step" in page.list.empty.text()


def test_from_new_to_completed(page, qtbot):
    QAbstractItemModelTester(page.list.rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    create(page, qtbot)
    assert verdict(page) == f"The step is SCHEDULED as {UID}."
    assert free(page) == {"claim", "read", "ask_cancel", "subscribe", "watch"}
    assert "Claim it first." in page.step_actions.buttons["progress"].toolTip()
    press(page, qtbot, "claim")
    finished(page, qtbot)
    (row,) = page.list.rows.records
    assert (row.state, row.ours) == ("IN PROGRESS", True)
    assert free(page) == {"progress", "complete", "cancel_step", "read", "subscribe", "watch"}
    (claim,) = Claims(page.host.workspace.folder).all()
    assert (claim.sop_instance_uid, claim.label, claim.doubt) == (UID, "Contouring", "")
    press(page, qtbot, "progress")
    dialog = dialog_of(page, ProgressDialog)
    dialog.description.set_value("Half")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    finished(page, qtbot)
    page.question.state.set_value("IN PROGRESS")
    page.start()
    finished(page, qtbot)
    (row,) = page.list.rows.records
    assert "50 %; Half" in row.details
    press(page, qtbot, "complete")
    qtbot.keyClick(dialog_of(page, CompleteDialog), Qt.Key.Key_Return)
    finished(page, qtbot)
    assert verdict(page) == "The step is COMPLETED."
    assert page.steps.isVisible()
    assert [s.name for s in page.steps.model.records][-1] == "Change its state to COMPLETED"
    assert Claims(page.host.workspace.folder).all() == ()
    assert free(page) == {"read", "subscribe", "watch"}


def test_the_performer_cancels_with_a_code(page, qtbot):
    create(page, qtbot)
    press(page, qtbot, "claim")
    finished(page, qtbot)
    press(page, qtbot, "cancel_step")
    dialog = dialog_of(page, CancelDialog)
    assert dialog.code.combo.count() > 20
    dialog.reason.set_value("Broken")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    finished(page, qtbot)
    assert page.list.rows.records[0].state == "CANCELED"
    assert "CANCELED" in page.step_actions.buttons["claim"].toolTip()


def test_asking_for_the_cancellation_of_a_step_nobody_performs(page, qtbot):
    create(page, qtbot)
    press(page, qtbot, "ask_cancel")
    qtbot.keyClick(dialog_of(page, AskCancelDialog), Qt.Key.Key_Return)
    finished(page, qtbot)
    assert "accepted" in verdict(page)
    page.start()
    finished(page, qtbot)
    assert page.list.rows.rowCount() == 0, "it is not SCHEDULED any more"


def test_a_step_somebody_else_took_meanwhile(page, qtbot):
    create(page, qtbot)
    press(page, qtbot, "claim")
    finished(page, qtbot)
    Claims(page.host.workspace.folder).forget(UID, page.host.proposal().peer)
    page.list.update_row(StepRow(uid=UID, state="SCHEDULED"))
    page.refresh()
    press(page, qtbot, "claim")
    finished(page, qtbot)
    assert "C302H" in verdict(page)
    assert "choose another step" in verdict(page)
    (row,) = page.list.rows.records
    assert (row.state, row.ours) == ("IN PROGRESS", False), "learnt from the status"
    assert free(page) == {"read", "ask_cancel", "subscribe", "watch"}
    assert Claims(page.host.workspace.folder).all() == ()


def test_a_long_error_comment_does_not_fill_the_page(page, qtbot):
    ended = StatusNotice(
        operation=1,
        association=1,
        time=0.0,
        clock=0.0,
        outcome=Outcome.FAILURE,
        status=0xC000,
        service="C-FIND",
        sentence="",
        error_comment="A" * 100_000,
    )
    page._find_ended(ended)
    assert verdict(page).endswith("AAA… (100000 characters).") and len(verdict(page)) < 500


def test_details_are_shown(page, qtbot):
    create(page, qtbot)
    press(page, qtbot, "read")
    finished(page, qtbot)
    dialog = dialog_of(page, ItemDialog)
    assert dialog.windowTitle() == "Contouring"
    dialog.reject()
    page.list.setFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    finished(page, qtbot)
    assert page.list.rows.records[0].state == "IN PROGRESS", "Return claims what is free"


def test_what_the_table_asks_for_stands_beside_the_fields_and_is_sent_all_the_same(page, qtbot):
    page.new_button.click()
    dialog = dialog_of(page, NewStepDialog)
    assert dialog.accept_button.text() == "&Create"
    dialog.label.line.clear()
    qtbot.keyClicks(dialog.performer.line, "D^99T^Doe")
    assert "type 1" in dialog.label.error()
    assert "type 1" in dialog.performer_name.error()
    assert dialog.accept_button.text() == "&Create all the same"
    dialog.station.line.clear()
    qtbot.keyClicks(dialog.station.line, "x")
    assert dialog.station.error() == "A code is VALUE^SCHEME^MEANING."
    assert not dialog.accept_button.isEnabled(), "what is no code cannot be encoded"
    dialog.station.line.clear()
    dialog.judge()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    finished(page, qtbot)
    assert "0121H" in verdict(page), "it was sent, and the built-in peer holds it against the same table"


def test_input_instances_come_from_files(page, qtbot, tmp_path):
    write(tmp_path / "1.dcm", "1.2.3.1")
    write(tmp_path / "2.dcm", "1.2.3.2")
    page.new_button.click()
    dialog = dialog_of(page, NewStepDialog)
    assert not dialog.retrieve.isVisible()
    dialog.references.add_paths((tmp_path / "1.dcm", tmp_path / "2.dcm"))
    qtbot.waitUntil(lambda: len(dialog.references.references) == 2 and not dialog.references.reading)
    assert dialog.retrieve.value() == "DIMSEPEER"
    attributes, _ = dialog.build()
    (item,) = attributes.items(0x00404021)
    assert [i.text(0x00081155) for i in item.items(0x00081199)] == ["1.2.3.1", "1.2.3.2"]
    assert item.items(0x0040E021)[0].text(0x00080054) == "DIMSEPEER"
    assert dialog.accept_button.text() == "&Create all the same", "the files name no study and series"
    assert "Study and Series" in dialog.note.text()
    dialog.reject()


@pytest.mark.parametrize("kind", [NewStepDialog, CompleteDialog, ProgressDialog, CancelDialog, AskCancelDialog])
def test_mnemonics_of_a_dialog_differ(page, kind):
    more = (page.host, "1.2", "A^B^C") if kind in (NewStepDialog, CompleteDialog) else ()
    dialog = kind(*more, page.window())
    texts = [w.text() for kind in (QAbstractButton, QLabel) for w in dialog.findChildren(kind)]
    letters = Counter(found[1].lower() for t in texts if (found := re.search(r"&([^&\s])", t)))
    assert not [letter for letter, number in letters.items() if number > 1]
    dialog.deleteLater()


def test_claims_of_an_earlier_session_are_finished(live_window, qtbot, tmp_path):
    claims = Claims(live_window.workspace.folder if hasattr(live_window, "workspace") else tmp_path / "workspace")
    peer = live_window.ae.current_peer
    claims.put(Claim(sop_instance_uid=UID, transaction_uid="2.25.5", peer=peer, label="Old", doubt=UNSURE))
    claims.put(Claim(sop_instance_uid="1.2.3", transaction_uid="2.25.6", peer=Peer(ae_title="OTHER")))
    live_window.show_service("ups")
    page = live_window.services.page
    assert page.tabs.tabText(1) == "Claimed (2)"
    page.tabs.setCurrentIndex(1)
    page.claimed.select_row([c.sop_instance_uid for c in page.claimed.known].index(UID))
    assert "complete" in free(page)
    press(page, qtbot, "complete")
    qtbot.keyClick(dialog_of(page, CompleteDialog), Qt.Key.Key_Return)
    finished(page, qtbot)
    assert "C307H" in verdict(page)
    assert page.tabs.tabText(1) == "Claimed (2)", "nothing says that it is over"


def test_a_claim_is_forgotten_when_the_user_says_so(page, qtbot, monkeypatch):
    create(page, qtbot)
    press(page, qtbot, "claim")
    finished(page, qtbot)
    asked: list[str] = []

    def ask(_parent, _title, text, _yes, on_yes):
        asked.append(text)
        on_yes()

    monkeypatch.setattr(page.host.questions, "ask", ask)
    page.tabs.setCurrentIndex(1)
    page.claimed.select_row(0)
    page.claimed.ask_forget()
    assert "nobody can finish" in asked[0]
    assert page.claimed.known == ()
    assert not page.list.rows.records[0].ours


def test_a_broken_file_of_claims_is_told_and_nothing_is_sent(page, qtbot):
    create(page, qtbot)
    Claims(page.host.workspace.folder).path.write_text("[[step", encoding="utf-8")
    press(page, qtbot, "claim")
    assert not page.running
    assert "claimed-steps.toml" in verdict(page)
    page.tabs.setCurrentIndex(1)
    page.refresh()
    assert "claimed-steps.toml" in page.claimed.empty.text()


def test_what_a_provider_answers_to_a_subscription_is_shown_as_it_is(page):
    assert page.events.state.textFormat() is Qt.TextFormat.PlainText


def test_events_fill_while_watching_and_rows_follow(page, qtbot):
    page.tabs.setCurrentIndex(2)
    page.events.watch_button.click()
    qtbot.waitUntil(lambda: "Subscribed" in page.events.state.text())
    assert page.events.state.text() == "Subscribed to all steps."
    assert page.events.watch_button.text() == "Stop"
    create(page, qtbot)
    qtbot.waitUntil(lambda: len(page.events.model.records) == 1)
    page.tabs.setCurrentIndex(0)
    assert "already" in page.step_actions.buttons["watch"].toolTip()
    press(page, qtbot, "claim")
    finished(page, qtbot)
    qtbot.waitUntil(lambda: len(page.events.model.records) == 2)
    newest = page.events.model.records[0]
    assert (newest.event.state, newest.label) == ("IN PROGRESS", "Contouring")
    assert page.tabs.tabText(2) == "Events (2)"
    page.events.toggle()
    qtbot.waitUntil(lambda: not page.events.watching)
    assert page.events.state.text() == "2 events came. Unsubscribed."
    page.events.list.select_row(0)
    page.tabs.setCurrentIndex(2)
    page.events.opened.emit(newest)
    assert page.tabs.currentIndex() == 0


def test_the_window_may_be_closed_while_watching(page, qtbot):
    page.events.toggle()
    qtbot.waitUntil(lambda: "Subscribed" in page.events.state.text())


def test_an_association_that_ends_is_opened_again(page, qtbot):
    create(page, qtbot)
    press(page, qtbot, "watch")
    qtbot.waitUntil(lambda: len(page.events.model.records) == 1)
    session = page.host.session
    theirs = next(r for r in session.open_records() if not r.requestor)
    session.make_current(theirs.association)
    session.abort()
    qtbot.waitUntil(lambda: len(page.events.model.records) == 2)
    assert page.events.watching
    qtbot.waitUntil(lambda: "Subscribed" in page.events.state.text())
    page.events.toggle()
    qtbot.waitUntil(lambda: not page.events.watching)
    assert "Unsubscribed" in page.events.state.text()


def test_watching_one_step_and_subscribing_without_watching(page, qtbot):
    create(page, qtbot)
    press(page, qtbot, "subscribe")
    finished(page, qtbot)
    assert "UPS State Report: SCHEDULED" in page.events.state.text()
    press(page, qtbot, "watch")
    qtbot.waitUntil(lambda: "Subscribed to Contouring" in page.events.state.text())
    qtbot.waitUntil(lambda: len(page.events.model.records) == 2)
    page.events.toggle()
    qtbot.waitUntil(lambda: not page.events.watching)
    for action in page.events.subscriptions:
        action.trigger()
        finished(page, qtbot)
        assert "DIMSECONSOLE" in verdict(page)


def test_how_to_watch_is_remembered(page, qtbot):
    page.events.ask_options()
    dialog = dialog_of(page, WatchDialog)
    dialog.receiver.set_value("ELSEWHERE")
    dialog.port.line.clear()
    qtbot.keyClicks(dialog.port.line, "70000")
    assert not dialog.accept_button.isEnabled()
    dialog.port.line.clear()
    qtbot.keyClicks(dialog.port.line, "11999")
    dialog.lock.set_value(True)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    command = page.events.command("1.2.3")
    assert (command.procedure.receiving_ae, command.procedure.deletion_lock) == ("ELSEWHERE", True)
    assert command.listen.port == 11999
    page.events.watch("1.2.3", "a step")
    qtbot.waitUntil(lambda: not page.events.watching)
    assert "C308H" in page.events.state.text()


def test_keys_and_class_are_asked_for(page, qtbot):
    create(page, qtbot)
    page.question.keys_button.click()
    assert page.question.form.isVisible()
    page.question.form.set_value("ProcedureStepLabel", "Nothing*")
    page.question.through.combo.setCurrentIndex(2)
    page.start()
    finished(page, qtbot)
    assert "0 steps" in verdict(page)
    assert [e.tag for e in page.question.matching()] == [0x00741000, 0x00741204]


def test_without_a_peer_everything_is_grey(page):
    window = page.window()
    window.ae.peers.list.clearSelection()
    window.ae.peers.list.setCurrentIndex(QModelIndex())
    assert not page.new_button.isEnabled()
    assert not page.events.watch_button.isEnabled()
    assert "peer" in verdict(page)


@pytest.mark.parametrize(
    ("row", "can"),
    [
        (None, set()),
        (StepRow(uid="1", state="SCHEDULED"), {"claim", "read", "ask_cancel", "subscribe", "watch"}),
        (StepRow(uid="1", state="IN PROGRESS"), {"read", "ask_cancel", "subscribe", "watch"}),
        (
            StepRow(uid="1", state="IN PROGRESS", ours=True),
            {"progress", "complete", "cancel_step", "read", "subscribe", "watch"},
        ),
        (StepRow(uid="1", state="COMPLETED", ours=True), {"read", "subscribe", "watch"}),
        (StepRow(uid="1"), {"claim", "read", "ask_cancel", "subscribe", "watch"}),
    ],
)
def test_what_can_be_done_in_each_state(row, can):
    assert {a.name for a in ACTIONS if not why_not(a.name, row)} == can
    assert standing(row)


@pytest.mark.parametrize("tab", [0, 1, 2])
def test_no_mnemonic_shown_at_once_is_ambiguous(page, tab):
    window = page.window()
    page.question.keys_button.setChecked(True)
    page.tabs.setCurrentIndex(tab)
    assert not clashing(window)
