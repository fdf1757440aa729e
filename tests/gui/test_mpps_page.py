"""A modality's day in the window against the built-in peer: item, step in progress, completed, discontinued."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine.model.association import Peer
from engine.model.dataset import DataElement, DataSet
from engine.standard.performed_steps import COMPLETED, DISCONTINUED, IN_PROGRESS
from engine.wire.datasets import encode_dataset, write_file
from engine.workspace.modality_records import step_records
from gui.panels.step_dialogs import BeginStepDialog, EndStepDialog, ItemDialog
from tests.gui.mnemonics import clashing

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"


@pytest.fixture
def page(live_window):
    """The page at a running built-in peer."""
    live_window.show_service("mpps")
    return live_window.services.page


@pytest.fixture
def study(tmp_path):
    """A folder with two CT images of a series."""
    folder = tmp_path / "study"
    folder.mkdir()
    for number in (1, 2):
        texts = ((0x00080016, "UI", CT), (0x00080018, "UI", f"1.9.{number}"), (0x0008103E, "LO", "Thin"))
        ids = ((0x0020000D, "UI", "1.2.3"), (0x0020000E, "UI", "1.2.3.4"))
        data = DataSet(tuple(DataElement(tag, vr, (value,)) for tag, vr, value in (*texts, *ids)))
        write_file(folder / f"{number}.dcm", encode_dataset(data, EXPLICIT), EXPLICIT, CT, f"1.9.{number}")
    return folder


def find(page, qtbot) -> None:
    qtbot.keyClick(page.form.first_field(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.running)


def begin(page, qtbot, row: int = 0) -> None:
    """A step from an item of the worklist, by keyboard."""
    page.tabs.setCurrentIndex(0)
    page.worklist.select_row(row)
    page.worklist.setFocus()
    qtbot.keyClick(page.worklist, Qt.Key.Key_Return)
    assert isinstance(page.dialog, BeginStepDialog)
    qtbot.keyClick(page.dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.running)


def states(page) -> list[str]:
    return [step.state for step in page.model.records]


def test_the_worklist_is_listed_and_an_item_shown_whole(page, qtbot):
    find(page, qtbot)
    assert [item.patient for item in page.items.records] == ["CONSOLE^ALPHA", "CONSOLE^BRAVO", "CONSOLE^CHARLIE"]
    assert page.run_bar.sentence.text() == "3 items · 0000H Matching is complete."
    page.item_button.click()
    assert isinstance(page.dialog, ItemDialog)
    page.dialog.reject()
    assert page.dialog is None


def test_an_empty_answer_says_what_to_try(page, qtbot):
    page.form.set_value("PatientName", "NOBODY*")
    find(page, qtbot)
    assert page.items.rowCount() == 0
    assert "no such item" in page.worklist.empty.text()
    assert not page.begin_button.isEnabled()


def test_a_step_from_item_to_completed_by_keyboard(page, qtbot, study):
    find(page, qtbot)
    page.worklist.select_row(0)
    page.begin_selected()
    dialog = page.dialog
    assert isinstance(dialog, BeginStepDialog)
    assert "CONSOLE^ALPHA" in dialog.intro.text()
    dialog.description.line.clear()
    qtbot.keyClicks(dialog.description.line, "Chest, low dose")
    assert dialog.data_set().text(0x00400254) == "Chest, low dose"
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.running)
    assert page.run_bar.sentence.text() == "The step is IN PROGRESS."
    assert page.tabs.currentIndex() == 1
    assert page.tabs.tabText(1) == "Performed steps (1 in progress)"
    assert states(page) == [IN_PROGRESS]
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    ending = page.dialog
    assert isinstance(ending, EndStepDialog)
    ending.sources.add_paths((study,))
    qtbot.waitUntil(lambda: not ending.sources.reading)
    assert ending.sources.summary.text() == "2 instances · 1 series · 1 study"
    (series,) = ending.data_set().items(0x00400340)
    assert len(series.items(0x00081140)) == 2
    ending.accept_button.click()
    qtbot.waitUntil(lambda: not page.running)
    assert page.run_bar.sentence.text() == "The step is COMPLETED."
    assert states(page) == [COMPLETED]
    (kept,) = step_records(page.host.workspace.folder).all()
    assert (kept.state, kept.patient) == (COMPLETED, "CONSOLE^ALPHA")
    assert kept.attributes.items(0x00400340) == (series,)


def test_a_modalitys_day(page, qtbot, study, live_window):
    """Worklist item, in progress, stored, completed with what was stored, committed: page to page, nothing typed."""
    window = live_window
    find(page, qtbot)
    begin(page, qtbot)
    window.show_service("store")
    store = window.services.page
    store.add_paths((study,))
    qtbot.waitUntil(lambda: not store.running and store.plan.sending > 0)
    store.start()
    qtbot.waitUntil(lambda: not store.running)
    window.show_service("mpps")
    page.complete()
    ending = page.dialog
    ending.sources.stored_button.click()
    qtbot.waitUntil(lambda: not ending.sources.reading)
    ending.accept_button.click()
    qtbot.waitUntil(lambda: not page.running)
    assert states(page) == [COMPLETED]
    window.show_service("commit")
    commit = window.services.page
    commit.sources.stored_button.click()
    qtbot.waitUntil(lambda: not commit.sources.reading)
    commit.start()
    qtbot.waitUntil(lambda: not commit.running)
    assert commit.run_bar.sentence.text() == "Committed: all 2 instances are safe with the peer."
    _seen_and_edited_at_the_provider(window, qtbot)


def _seen_and_edited_at_the_provider(window, qtbot):
    """The objects of that day in the emulators' window; one of them is edited there."""
    window.opening.show_emulators()
    provider = window.opening.emulators
    qtbot.waitUntil(lambda: len(provider.objects.of("storage")) == 2)
    for emulator, told in (("mpps", COMPLETED), ("commitment", "reported")):
        provider.show_emulator(emulator)
        qtbot.waitUntil(lambda told=told: provider.table.model().index(0, 2).data() == told)
    provider.show_emulator("worklist")
    row = next(r for r in range(3) if "ALPHA" in provider.table.model().index(r, 1).data())
    provider.table.selectRow(row)
    provider.editor.line.setText("PatientID = CHANGED")
    qtbot.keyClick(provider.editor.line, Qt.Key.Key_Return)
    provider.save()
    qtbot.waitUntil(lambda: "CHANGED" in provider.table.model().index(row, 1).data())


def test_discontinued_with_a_reason(page, qtbot):
    find(page, qtbot)
    begin(page, qtbot, 1)
    page.discontinue_button.click()
    dialog = page.dialog
    assert isinstance(dialog, EndStepDialog)
    texts = [dialog.reason.combo.itemText(n) for n in range(dialog.reason.combo.count())]
    place = next(n for n, text in enumerate(texts) if "Patient died" in text)
    dialog.reason.combo.setCurrentIndex(place)
    dialog.reason.combo.activated.emit(place)
    (reason,) = dialog.data_set().items(0x00400281)
    assert reason.text(0x00080100) == "110504"
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: not page.running)
    assert states(page) == [DISCONTINUED]


def test_a_step_that_has_ended_is_refused_and_stays_as_it_is(page, qtbot):
    find(page, qtbot)
    begin(page, qtbot)
    page.complete()
    page.dialog.accept()
    qtbot.waitUntil(lambda: not page.running)
    page.discontinue()
    assert "A710H" in page.dialog.note.text()
    page.dialog.accept()
    qtbot.waitUntil(lambda: not page.running)
    assert "0110H" in page.run_bar.sentence.text()
    assert states(page) == [COMPLETED]


def test_a_step_that_was_not_scheduled(page, qtbot):
    page.unscheduled_button.click()
    dialog = page.dialog
    assert isinstance(dialog, BeginStepDialog)
    qtbot.keyClicks(dialog.patient_name.line, "Doe^Jane")
    dialog.modality.line.clear()
    assert "Modality" not in dialog.note.text(), "OT stands for what is not told"
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: not page.running)
    (step,) = page.model.records
    assert (step.patient, step.state) == ("Doe^Jane", IN_PROGRESS)


def test_a_step_of_an_earlier_session_is_completed_at_its_own_peer(page, qtbot):
    """Kept by text file; whatever peer is selected now."""
    find(page, qtbot)
    begin(page, qtbot)
    (step,) = step_records(page.host.workspace.folder).all()
    page.host.desk.forget_step(step.uid)
    assert page.model.rowCount() == 0
    step_records(page.host.workspace.folder).save(step)  # as the command line would, or the session before
    page.show_steps()
    other = Peer(name="Elsewhere", ae_title="ELSEWHERE", host="127.0.0.1", port=1)
    assert page.host.proposal_to(other).peer == other
    assert page.host.proposal_to(step.peer).peer == page.host.proposal().peer
    page.complete()
    page.dialog.accept()
    qtbot.waitUntil(lambda: not page.running)
    assert states(page) == [COMPLETED]


def test_the_query_is_remembered(page, qtbot, live_window):
    field = page.form.fields["PatientName"]
    qtbot.keyClicks(field.line, "CONS*")
    again = type(page)(page.host)
    assert again.form.values()["PatientName"] == "CONS*"
    again.deleteLater()


@pytest.mark.parametrize("name", ["mpps", "commit", "ian"])
@pytest.mark.parametrize("tab", [0, 1, 2])
def test_no_mnemonic_shown_at_once_is_ambiguous(live_window, name, tab):
    window = live_window
    window.show_service(name)
    window.ae.tabs.setCurrentIndex(tab)
    page = window.services.page
    for place in range(page.tabs.count() if hasattr(page, "tabs") else 1):
        if hasattr(page, "tabs"):
            page.tabs.setCurrentIndex(place)
        assert not clashing(window)


def test_a_dialog_that_is_closed_sends_nothing(page, qtbot):
    find(page, qtbot)
    page.begin_selected()
    qtbot.keyClick(page.dialog, Qt.Key.Key_Escape)
    assert not page.running
    assert page.model.rowCount() == 0


def test_forgetting_a_step_sends_nothing(page, qtbot):
    find(page, qtbot)
    begin(page, qtbot)
    page.forget_button.click()
    assert page.model.rowCount() == 0
    assert not page.complete_button.isEnabled()
    assert "No step" in page.list.empty.text()


def test_a_step_without_an_answer_is_in_doubt(page, qtbot, monkeypatch):
    from engine.model.notices import Outcome, StatusNotice

    find(page, qtbot)
    page.begin_selected()
    monkeypatch.setattr(page.host, "run", lambda *_: 9999)
    page.dialog.accept()
    status = StatusNotice(
        operation=9999, association=0, time=0.0, clock=0.0, outcome=Outcome.ABORTED, service="", sentence="Aborted."
    )
    page.host.operation_ended.emit(status)
    (step,) = page.model.records
    assert step.doubt == "No answer came."
    assert not step.settled
    assert Path(page.host.workspace.folder, "performed-steps", f"{step.uid}.toml").exists()
