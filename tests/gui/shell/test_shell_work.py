"""The way of the work in the whole window: associate, echo, send, release; by clicks and by keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from engine.model.command_set import CommandSet
from engine.model.commands import (
    Abort,
    Cancel,
    OneShot,
    OpenAssociation,
    PlanStore,
    Send,
)
from engine.model.notices import AssociationPhase, Direction, MessageNotice
from gui.main_window import MainWindow
from tests.gui.shell.shell import COMMITMENT, ORTHANC, RIS, click, hold, said

# -- the way of the work ----------------------------------------------------------------------------------------


def test_echo_associate_send_release_by_mouse(window, qtbot, fake):
    click(qtbot, window, "echo")
    qtbot.waitUntil(lambda: window.ae.peers_model.records[0].echo is not None)
    assert "Success" in said(window)
    click(qtbot, window, "associate")
    qtbot.waitUntil(lambda: "Sta6 Association established" in window.toolbar.pill.text_shown())
    assert "1 of 1 context" in window.toolbar.pill.toolTip()
    assert "12.4 ms" in window.toolbar.pill.toolTip()
    assert "ready for data transfer" in window.toolbar.pill.toolTip()
    click(qtbot, window, "send")
    qtbot.waitUntil(lambda: len(fake.sent(Send)) == 1)
    click(qtbot, window, "release")
    qtbot.waitUntil(lambda: "Released" in window.toolbar.pill.text_shown())
    assert not window.toolbar.buttons["release"].isEnabled()


def test_the_same_by_keyboard(window, qtbot, fake):
    qtbot.keyClick(window, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    qtbot.keyClick(window, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: len(fake.sent(Send)) == 1)
    qtbot.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(fake.sent(Send)) == 2)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: fake.sent(Abort) != [])


def test_a_one_shot_needs_no_association(window, qtbot, fake):
    qtbot.keyClick(window, Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(fake.sent(OneShot)) == 1)
    assert fake.sent(OneShot)[0].proposal.peer == ORTHANC
    assert fake.sent(OpenAssociation) == []


def test_the_toolbars_peer_is_the_lists_peer(window, qtbot, fake):
    window.toolbar.peer.setFocus()
    qtbot.keyClick(window.toolbar.peer, Qt.Key.Key_Down)
    assert window.ae.current_peer == RIS
    window.ae.peers.list.select_row(0)
    assert window.toolbar.peer.currentText() == "Orthanc"
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert fake.sent(OneShot)[0].proposal.peer == ORTHANC


def test_a_rejection_is_seen_in_the_pill_and_told(window, qtbot, fake):
    fake.refuse_ports.add(4242)
    click(qtbot, window, "associate")
    qtbot.waitUntil(lambda: "Rejected" in window.toolbar.pill.text_shown())
    assert "called-AE-title-not-recognized" in said(window)
    assert window.status.sentence.property("role") == "error"


def test_what_cannot_be_done_now_is_greyed(window, qtbot):
    for name in ("release", "abort", "cancel"):
        assert not window.actions_by_name[name].isEnabled()
    assert window.actions_by_name["echo"].isEnabled()


def test_associating_without_contexts_says_what_is_missing(window, qtbot, fake):
    window.ae.contexts.list.selectAll()
    window.ae.contexts.remove()
    click(qtbot, window, "associate")
    assert "at least one" in said(window)
    assert fake.sent(OpenAssociation) == []


def test_the_menu_of_the_pill_switches_between_open_associations(window, qtbot, fake):
    first = window.session.associate(window.ae.proposal())
    second = window.session.associate(window.ae.proposal())
    qtbot.waitUntil(lambda: all(r.established for r in window.session.open_records()))
    assert window.session.current.association == second
    window.toolbar.pill.menu().aboutToShow.emit()
    actions = window.toolbar.pill.menu().actions()
    assert len(actions) == 2
    actions[0].trigger()
    assert window.session.current.association == first


def test_folders_are_planned_for_the_selected_peer_and_that_can_be_cancelled(window, qtbot, fake, questions, tmp_path):
    questions.files = (tmp_path,)
    fake.silent = True
    window.actions_by_name["store_folder"].trigger()
    assert window.workbench.shown == "services"
    (command,) = fake.sent(PlanStore)
    assert command.paths == (tmp_path,)
    qtbot.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert fake.sent(Cancel) == [Cancel(operation=command.operation)]


def test_the_association_is_copied_as_text(window, qtbot):
    window.actions_by_name["copy_association"].trigger()
    assert "no association" in said(window)
    click(qtbot, window, "associate")
    qtbot.waitUntil(lambda: window.session.current.established)
    qtbot.waitUntil(lambda: window.trace.text() != "")
    window.actions_by_name["copy_association"].trigger()
    assert "ORTHANC" in QGuiApplication.clipboard().text()


# -- what comes next --------------------------------------------------------------------------------------------


def test_the_first_echo_has_the_accent_and_then_send(window, qtbot):
    echo, send = window.toolbar.buttons["echo"], window.builder.page.top.send_button
    assert echo.property("primary") == "true" and send.property("primary") == "false"
    window.focus_echo()
    qtbot.waitUntil(lambda: "press Echo" in said(window))
    qtbot.keyClick(echo, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: echo.property("primary") == "false")
    assert send.property("primary") == "true"


def test_nothing_is_sent_without_a_peer(window):
    for _ in range(2):
        window.ae.peers.list.select_row(0)
        window.ae.peers.delete()
    assert not window.actions_by_name["send"].isEnabled()
    assert not window.builder.page.top.send_button.isEnabled()
    assert not window.builder.new_message().top.send_button.isEnabled()


# -- requests from the peer -------------------------------------------------------------------------------------


def request_from_peer(fake, association, message_id=5):
    command = CommandSet.of(
        AffectedSOPClassUID=COMMITMENT,
        CommandField=0x0100,
        MessageID=message_id,
        CommandDataSetType=1,
        AffectedSOPInstanceUID=f"{COMMITMENT}.1",
        EventTypeID=1,
    )
    fake.emit(
        MessageNotice(
            association=association,
            operation=None,
            time=1.0,
            clock=1.0,
            direction=Direction.RECEIVED,
            context_id=1,
            abstract_syntax=COMMITMENT,
            transfer_syntax="1.2.840.10008.1.2",
            command=command,
        )
    )


def test_requests_are_answered_by_hand_when_the_user_wants_it(window, qtbot, fake):
    actions = window.actions_by_name
    assert actions["auto_answer"].isChecked() and not actions["answer"].isEnabled()
    actions["auto_answer"].trigger()
    association = hold(window, qtbot)
    assert fake.sent(OpenAssociation)[-1].auto_answer is False
    request_from_peer(fake, association)
    qtbot.waitUntil(actions["answer"].isEnabled)
    assert "waits for your answer" in said(window)
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    message = window.builder.page.draft.preview()
    assert window.builder.page.draft.message.name == "N-EVENT-REPORT-RSP"
    assert message.responded_to == 5 and message.sop_class_uid == COMMITMENT
    window.builder.send()
    qtbot.waitUntil(lambda: len(fake.sent(Send)) == 1)
    assert fake.sent(Send)[0].association == association


def test_a_row_of_the_log_is_answered_while_it_waits(window, qtbot, fake):
    association = hold(window, qtbot)
    request_from_peer(fake, association, 5)
    request_from_peer(fake, association, 6)
    model = window.log.model
    qtbot.waitUntil(lambda: any(model.record(r).message_id == 6 for r in range(model.rowCount())))
    rows = [r for r in range(model.rowCount()) if model.record(r).message_id == 5]
    window.log.table.selectRow(rows[-1])
    qtbot.waitUntil(window.log.answer_action.isEnabled)  # the log and the requests that wait come at their own pace
    window.log.answer_action.trigger()
    assert window.builder.page.draft.preview().responded_to == 5
    opened = next(r for r in range(model.rowCount()) if model.record(r).message_id is None)
    window.log.table.selectRow(opened)
    assert not window.log.answer_action.isEnabled()
    window.log.table.selectRow(rows[-1])
    fake.phase(association, AssociationPhase.RELEASED, sentence="Released.")
    qtbot.waitUntil(lambda: not window.log.answer_action.isEnabled())
    assert not window.actions_by_name["answer"].isEnabled()


def test_the_choice_to_answer_by_hand_is_remembered(window, workspace, bridge, questions, qtbot):
    window.actions_by_name["auto_answer"].trigger()
    again = MainWindow(workspace, bridge, questions)
    qtbot.addWidget(again)
    assert not again.actions_by_name["auto_answer"].isChecked() and again.session.auto_answer is False
    again._closed = True
