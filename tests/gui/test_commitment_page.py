"""Storage commitment and instance availability in the window: asked, reported at once or much later, kept."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.model.association import Peer
from engine.model.command_set import CommandSet
from engine.model.commitment import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE, Fate
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Direction, MessageNotice
from engine.wire.datasets import encode_dataset, write_file
from engine.workspace.modality_records import Transaction, asked_for, transactions
from gui.forms.references_form import ListDialog

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"


@pytest.fixture
def study(tmp_path):
    """A folder with two CT images of a series."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number in (1, 2):
        texts = ((0x00080016, "UI", CT), (0x00080018, "UI", f"1.9.{number}"))
        ids = ((0x0020000D, "UI", "1.2.3"), (0x0020000E, "UI", "1.2.3.4"))
        data = DataSet(tuple(DataElement(tag, vr, (value,)) for tag, vr, value in (*texts, *ids)))
        write_file(folder / f"{number}.dcm", encode_dataset(data, EXPLICIT), EXPLICIT, CT, f"1.9.{number}")
    return folder


@pytest.fixture
def page(live_window):
    """The commitment page at a running built-in peer."""
    live_window.show_service("commit")
    return live_window.services.page


def gather(page, qtbot, *paths) -> None:
    page.sources.add_paths(paths)
    qtbot.waitUntil(lambda: not page.sources.reading)


def store(window, qtbot, folder) -> None:
    """By the store page."""
    window.show_service("store")
    page = window.services.page
    page.add_paths((folder,))
    qtbot.waitUntil(lambda: not page.running and page.plan.sending > 0)
    page.start()
    qtbot.waitUntil(lambda: not page.running)


def ask(page, qtbot) -> None:
    page.run_bar.run_button.setFocus()
    qtbot.keyClick(page.run_bar.run_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not page.running)


def reported(uid: str, *good: str, event: int = 1) -> MessageNotice:
    """An N-EVENT-REPORT-RQ as it arrives on some association."""
    items = tuple(DataSet().put(0x00081150, "UI", CT).put(0x00081155, "UI", u) for u in good)
    data = DataSet().put(0x00081195, "UI", uid).with_items(0x00081199, *items)
    command = CommandSet.of(
        AffectedSOPClassUID=STORAGE_COMMITMENT,
        AffectedSOPInstanceUID=STORAGE_COMMITMENT_INSTANCE,
        CommandField=0x0100,
        EventTypeID=event,
    )
    return MessageNotice(
        association=77, operation=None, time=1_800_000_000.0, clock=1.0, direction=Direction.RECEIVED, context_id=1,
        abstract_syntax=STORAGE_COMMITMENT, transfer_syntax=EXPLICIT, command=command, data=data,
    )  # fmt: skip


def test_what_was_just_stored_is_committed(live_window, qtbot, study):
    store(live_window, qtbot, study)
    live_window.show_service("commit")
    page = live_window.services.page
    page.sources.stored_button.click()
    qtbot.waitUntil(lambda: not page.sources.reading)
    assert page.sources.summary.text() == "2 instances · 1 series · 1 study"
    ask(page, qtbot)
    assert page.run_bar.sentence.text() == "Committed: all 2 instances are safe with the peer."
    assert [r.fate for r in page.instances.records] == [Fate.COMMITTED, Fate.COMMITTED]
    (kept,) = transactions(page.host.workspace.folder).all()
    assert kept.committed
    assert kept.sender == "Built-in peer"


def test_instances_the_peer_has_not_are_told_one_by_one(page, qtbot, study):
    gather(page, qtbot, study / "1.dcm")
    ask(page, qtbot)
    assert "Not committed: 0 of 1 instance" in page.run_bar.sentence.text()
    (row,) = page.instances.records
    assert row.sentence == "0112H No such object instance: the SCP does not have it"


def test_without_instances_the_button_says_so(page, qtbot):
    assert not page.run_bar.run_button.isEnabled()
    assert page.run_bar.sentence.text() == "Say first which instances."
    assert not page.sources.stored_button.isEnabled()


def test_a_typed_list(page, qtbot):
    page.sources.ask_list()
    dialog = next(w for w in page.window().findChildren(ListDialog))
    assert not dialog.accept_button.isEnabled()
    qtbot.keyClicks(dialog.lines.text, "CTImageStorage abc")
    assert "not a UID" in dialog.lines.error()
    assert not dialog.accept_button.isEnabled()
    dialog.lines.text.clear()
    qtbot.keyClicks(dialog.lines.text, "CTImageStorage 1.2.3")
    dialog.accept_button.click()
    assert page.sources.summary.text() == "1 instance"
    assert page.run_bar.run_button.isEnabled()
    page.sources.clear_button.click()
    assert not page.run_bar.run_button.isEnabled()


def test_files_that_hold_no_instance_are_told(page, qtbot, tmp_path):
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"nothing")
    gather(page, qtbot, bad)
    assert page.sources.summary.text() == "No instance found; 1 file left out"
    assert "bad.dcm" in page.sources.summary.toolTip()


def test_a_report_of_an_earlier_session_is_matched_whatever_is_shown(live_window, qtbot):
    """The page has never been shown; the transaction is in the workspace from before."""
    made = Transaction(uid="2.25.5", peer=Peer(), instances=asked_for([(CT, "1.1"), (CT, "1.2")]), changed=1.0)
    transactions(live_window.workspace.folder).save(made)
    live_window.session.notices.emit((reported("2.25.5", "1.1", "1.2"),))
    known = transactions(live_window.workspace.folder).find("2.25.5")
    assert known.committed
    live_window.show_service("commit")
    page = live_window.services.page
    page.tabs.setCurrentIndex(1)
    assert page.list.current_record().uid == "2.25.5"
    assert [r.fate for r in page.instances.records] == [Fate.COMMITTED, Fate.COMMITTED]
    assert not page.later_button.isEnabled()


def test_a_report_nobody_asked_for_is_named(page, qtbot):
    with qtbot.waitSignal(page.host.said) as said:
        page.host.session.notices.emit((reported("2.25.6", "1.1"),))
    assert "2.25.6" in said.args[0]


def test_a_transaction_without_a_report_waits_on_a_new_association(page, qtbot):
    peer = page.host.proposal().peer
    made = Transaction(uid="2.25.5", peer=peer, instances=asked_for([(CT, "1.1")]), changed=1.0)
    page.host.desk.keep_transaction(made)
    assert page.tabs.tabText(1) == "Transactions (1 without a report)"
    page.tabs.setCurrentIndex(1)
    page.list.select_row(0)
    page.wait.set_value(60)
    page.later_button.click()
    assert page.running
    qtbot.waitUntil(lambda: any(s.name == "Await its report" for s in page.steps.model.records))
    page.cancel()
    qtbot.waitUntil(lambda: not page.running)
    assert page.later_button.isEnabled()
    page.forget_button.click()
    assert page.model.rowCount() == 0


def test_without_the_built_in_peer_a_listener_of_its_own_is_offered(live_window, qtbot, study):
    live_window.show_service("commit")
    page = live_window.services.page
    assert page.listening.isVisible()
    assert not page.listen.isVisible()
    live_window.built_in.stop()
    qtbot.waitUntil(lambda: not live_window.session.listener.listening)
    assert page.listen.isVisible()
    assert not page.listening.isVisible()
    page.listen.box.click()
    page.port.line.clear()
    gather(page, qtbot, study)
    page.refresh()
    assert page.run_bar.sentence.text() == "Mend what is marked first."


def test_a_refused_connection_leaves_a_doubt(page, qtbot, study):
    gather(page, qtbot, study)
    page.window().built_in.stop()
    qtbot.waitUntil(lambda: not page.host.session.listener.listening)
    ask(page, qtbot)
    (kept,) = transactions(page.host.workspace.folder).all()
    assert not kept.reported
    assert kept.doubt


def test_availability_is_notified_study_by_study(live_window, qtbot, study):
    live_window.show_service("ian")
    page = live_window.services.page
    assert page.run_bar.sentence.text() == "Say first which instances."
    gather(page, qtbot, study)
    assert page.heading.text() == "The first of 1 notification"
    ask(page, qtbot)
    assert "0000H" in page.run_bar.sentence.text()
    (step,) = page.steps.model.records
    assert step.name == "Notify of study 1.2.3"


def test_availability_needs_the_study(live_window, qtbot):
    from engine.workspace.reference_text import parse_references

    live_window.show_service("ian")
    page = live_window.services.page
    page.sources.add(parse_references("CTImageStorage 1.2.3"))
    assert "study and series of 1 instance are not known" in page.run_bar.sentence.text()
