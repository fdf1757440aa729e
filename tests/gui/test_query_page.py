"""The Query and retrieve page: ask, go down, retrieve; by keyboard and mouse, at the built-in peer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from engine.model.commands import StoreFiles
from engine.services.responses import response_to
from engine.standard.sop_classes import sop_classes
from engine.wire import datasets
from gui.dialogs import Questions
from gui.forms.title_dialog import TitleDialog
from gui.models.inbound_rows import InboundModel
from tests.runtime.console import CT, EXPLICIT, keys, proposal
from tests.runtime.scripted import Conversation, scripted

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
WORKLIST = "1.2.840.10008.5.1.4.31"


def write(path: Path, number: int) -> Path:
    """Two patients with a study each, two instances a study."""
    patient = number // 2
    uid = f"1.2.3.{number}"
    data = keys(
        SOPClassUID=CT,
        SOPInstanceUID=uid,
        PatientName=f"{('DOE', 'ROE')[patient]}^JANE",
        PatientID=f"P{patient}",
        StudyDate="20240131",
        StudyInstanceUID=f"1.2.3.9.{patient}",
        SeriesInstanceUID=f"1.2.3.8.{patient}",
        Modality="CT",
    )
    datasets.write_file(path, datasets.encode_dataset(data, EXPLICIT), EXPLICIT, CT, uid)
    return path


@pytest.fixture
def page(live_window, qtbot, tmp_path):
    """The page at the built-in peer, which holds four instances."""
    window = live_window
    files = tuple(write(tmp_path / f"{n}.dcm", n) for n in range(4))
    host = window.services.host
    with qtbot.waitSignal(host.operation_ended):
        host.run(StoreFiles(operation=0, association=0, proposal=host.proposal(), paths=files))
    window.show_service("query")
    window.services.page.retrieve_bar.set_folder(tmp_path / "got")
    return window.services.page


def find(page, qtbot, **values: str) -> None:
    for path, value in values.items():
        page.form.set_value(path, value)
    page.start()
    qtbot.waitUntil(lambda: not page.running)


def column(page, keyword: str) -> list[str]:
    tag = keys(**{keyword: ""}).elements[0].tag
    return [m.text(tag) for m in page.matches.matches()]


def test_return_in_a_field_asks_and_the_matches_stand_in_the_table(page, qtbot):
    field = page.form.fields["PatientName"].line
    field.setFocus()
    qtbot.keyClicks(field, "DOE*")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not page.running)
    assert column(page, "PatientName") == ["DOE^JANE"]
    assert page.tabs.tabText(0) == "Matches (1)"
    assert page.run_bar.sentence.text().startswith("1 match · 0000H")
    assert page.matches.table.hasFocus()


def test_every_model_that_can_be_queried_is_offered(page):
    known = {s.uid for s in sop_classes().values() if "C-FIND" in s.scu_invokes}
    choice = page.head.model
    assert {choice.itemData(n) for n in range(choice.count())} == known


@pytest.mark.parametrize("uid", sorted(s.uid for s in sop_classes().values() if "C-FIND" in s.scu_invokes))
def test_each_model_is_asked_without_an_error_of_ours(page, qtbot, uid):
    page.set_model(uid)
    find(page, qtbot)
    assert page.run_bar.sentence.text()
    assert page.matches.total >= 0


def test_down_from_patient_to_images_and_back_by_the_trail(page, qtbot):
    page.set_model("1.2.840.10008.5.1.4.1.2.1.1")
    find(page, qtbot)
    assert column(page, "PatientID") == ["P0", "P1"]
    page.matches.table.selectRow(1)
    for level in ("STUDY", "SERIES", "IMAGE"):
        assert page.tabs.down_button.isEnabled()
        qtbot.mouseClick(page.tabs.down_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not page.running)
        assert page.form.level == level
        assert page.form.values()["PatientID"] == "P1"
    assert column(page, "SOPInstanceUID") == ["1.2.3.2", "1.2.3.3"]
    assert not page.tabs.down_button.isVisible()
    assert [b.text().split(":")[0] for b in page.trail.buttons] == ["Patients", "Studies", "Series"]
    qtbot.mouseClick(page.trail.buttons[0], Qt.MouseButton.LeftButton)
    assert page.form.level == "PATIENT"
    assert column(page, "PatientID") == ["P0", "P1"]
    assert page.matches.table.selected_rows() == [1]
    assert page.trail.isHidden()


def test_alt_right_and_alt_left_go_down_and_up(page, qtbot):
    find(page, qtbot, PatientID="P0")
    page.matches.table.setFocus()
    qtbot.keyClick(page.matches.table, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: not page.running and page.form.level == "SERIES")
    assert page.matches.total == 1
    qtbot.keyClick(page.matches.table, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert page.form.level == "STUDY"


def test_the_selected_study_is_got_into_the_folder_with_each_instance_listed(page, qtbot, tmp_path):
    find(page, qtbot, PatientID="P0")
    qtbot.mouseClick(page.retrieve_bar.button, Qt.MouseButton.LeftButton)
    assert page.running
    qtbot.waitUntil(lambda: not page.running)
    assert page.tabs.currentIndex() == 1
    assert page.tabs.tabText(1) == "Retrieved (2)"
    assert [r.stored for r in page.inbound.records] == [True, True]
    assert "2 instances arrived here." in page.run_bar.sentence.text()
    assert len(list((tmp_path / "got").glob("*.dcm"))) == 2


def test_a_move_to_us_is_received_by_the_built_in_peer_and_kept_in_the_folder(page, qtbot, tmp_path):
    find(page, qtbot)
    page.matches.table.selectAll()
    page.retrieve_bar.choose("C-MOVE to us")
    page.matches.table.setFocus()
    qtbot.keyClick(page.matches.table, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not page.running)
    assert "4 instances arrived here." in page.run_bar.sentence.text()
    assert page.inbound.count == 4
    assert len(list((tmp_path / "got").glob("*.dcm"))) == 4
    store = page.window().log.model.store
    rows = [store.detail(n) for n in range(200) if n in store]
    assert any("(C-MOVE)" in text for text in rows)


def test_an_unknown_destination_is_said_with_what_to_enter_at_the_peer(page, qtbot):
    find(page, qtbot, PatientID="P0")
    page.retrieve_bar.choose("C-MOVE to other AE")
    page._allow()
    assert not page.retrieve_bar.button.isEnabled()
    page.retrieve_bar.title.setFocus()
    qtbot.keyClicks(page.retrieve_bar.title, "NOBODY")
    assert page.retrieve_bar.button.isEnabled()
    page.retrieve()
    qtbot.waitUntil(lambda: not page.running)
    assert "does not know “NOBODY”" in page.run_bar.sentence.text()


def test_matches_of_several_patients_are_retrieved_one_after_the_other(page, qtbot):
    page.set_model("1.2.840.10008.5.1.4.1.2.1.1")
    find(page, qtbot)
    page.matches.table.selectAll()
    page.retrieve()
    qtbot.waitUntil(lambda: "retrievals" in page.run_bar.sentence.text())
    assert page.run_bar.sentence.text().startswith("2 of 2 retrievals went well; 4 instances arrived here.")


def test_stop_after_sends_a_cancel_and_a_wrong_number_is_marked(page, qtbot):
    page.set_model("1.2.840.10008.5.1.4.1.2.1.1")
    qtbot.keyClicks(page.head.limit, "x")
    page.start()
    assert not page.running
    page.head.limit.setText("9" * 5000)  # pasted: beyond what can be counted
    page.start()
    assert not page.running
    page.head.limit.clear()
    qtbot.keyClicks(page.head.limit, "1")
    find(page, qtbot)
    said = page.run_bar.sentence.text()
    assert "FE00H" in said or "C-CANCEL-RQ was sent after 1;" in said  # with two matches it may come too late


def at_peer(page, monkeypatch, peer) -> None:
    """The page asks this peer instead of the selected one."""
    monkeypatch.setattr(page.host, "proposal", lambda: replace(proposal(peer), contexts=()))


def test_cancel_by_button_while_matches_come(page, qtbot, monkeypatch):
    def script(talk: Conversation) -> None:
        talk.accept()
        context, command = talk.read_command()
        match = datasets.encode_dataset(keys(PatientID="1"), EXPLICIT)
        talk.send(talk.message(context, response_to(command, 0xFF00, has_data=True), match))
        talk.read_command()  # the C-CANCEL-RQ
        talk.send(talk.message(context, response_to(command, 0xFE00)))
        talk.wait_closed()

    with scripted(script) as peer:
        at_peer(page, monkeypatch, peer)
        page.start()
        qtbot.waitUntil(lambda: page.matches.total == 1)
        qtbot.mouseClick(page.run_bar.cancel_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: not page.running)
    assert page.run_bar.sentence.text().startswith("1 match · FE00H")


def test_a_long_error_comment_does_not_fill_the_page(page, qtbot, monkeypatch):
    def script(talk: Conversation) -> None:
        talk.accept()
        context, request = talk.read_command()
        talk.send(talk.message(context, response_to(request, 0xC000).with_values(ErrorComment="A" * 100_000)))
        talk.wait_closed()

    with scripted(script) as peer:
        at_peer(page, monkeypatch, peer)
        page.start()
        qtbot.waitUntil(lambda: not page.running)
    assert page.run_bar.sentence.text().endswith("AAA… (100000 characters).")
    assert len(page.run_bar.sentence.text()) < 500


def test_a_retrieval_that_is_cut_off_says_what_was_done_and_what_was_not(page, qtbot, monkeypatch):
    find(page, qtbot, PatientID="P0")

    def script(talk: Conversation) -> None:
        talk.accept()
        context, command = talk.read_command()
        counts = {
            "NumberOfRemainingSuboperations": 4,
            "NumberOfCompletedSuboperations": 1,
            "NumberOfFailedSuboperations": 0,
            "NumberOfWarningSuboperations": 0,
        }
        talk.send(talk.message(context, response_to(command, 0xFF00, extra=counts)))
        talk.reset()

    with scripted(script) as peer:
        at_peer(page, monkeypatch, peer)
        page.retrieve()
        qtbot.waitUntil(lambda: not page.running)
    said = page.run_bar.sentence.text()
    assert "cut off before its final response. Done: 0 instances arrived here." in said
    assert "The peer's last counts: 1 completed, 4 not done." in said


def test_a_worklist_is_asked_and_nothing_of_it_is_retrieved(page, qtbot):
    page.set_model(WORKLIST)
    find(page, qtbot)
    assert page.matches.total > 0
    assert page.retrieve_bar.isHidden()
    assert page.head.level.isHidden()


def test_a_query_is_kept_as_text_and_loaded_again(page, qtbot):
    page.form.set_value("StudyDate", "last 7 days")
    page.save()
    (dialog,) = page.window().findChildren(TitleDialog)
    dialog.title.line.selectAll()
    qtbot.keyClicks(dialog.title.line, "My week")
    qtbot.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    file = page.host.workspace.folder / "queries" / "my-week.toml"
    assert 'StudyDate = "last 7 days"' in file.read_text()
    page.set_model(WORKLIST)
    page.menu.fill()
    next(a for a in page.menu.actions() if a.text() == "My week").trigger()
    assert page.form.values()["StudyDate"] == "last 7 days"
    assert page.head.chosen_level == "STUDY"


def test_a_query_of_ones_own_is_removed_on_a_yes(page, monkeypatch, qtbot):
    asked = []
    monkeypatch.setattr(Questions, "ask", lambda _self, _parent, _title, text, _verb, yes: (asked.append(text), yes()))
    page.host.workspace.save_query(page.form.saved("Mine & yours"))
    page.menu.fill()
    own = next(a.menu() for a in page.menu.actions() if a.text() == "&Remove a query")
    (removal,) = own.actions()
    assert removal.text() == "Mine && yours…"
    removal.trigger()
    assert asked == ["Remove the query Mine & yours? Its file in the workspace is deleted."]
    assert "Mine & yours" not in [q.title for q in page.host.workspace.queries()]


def test_a_query_that_cannot_be_removed_is_told(page, monkeypatch, qtbot):
    def refuse(_query):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Questions, "ask", lambda _self, _parent, _title, _text, _verb, yes: yes())
    monkeypatch.setattr(page.host.workspace, "delete_query", refuse)
    page.host.workspace.save_query(page.form.saved("Mine"))
    page.menu.fill()
    own = next(a.menu() for a in page.menu.actions() if a.text() == "&Remove a query")
    with qtbot.waitSignal(page.menu.said) as told:
        own.actions()[0].trigger()
    assert told.args == ["The query is not removed: Permission denied."]


def test_model_way_and_folder_are_remembered(page, live_window):
    page.set_model("1.2.840.10008.5.1.4.1.2.1.1", "SERIES")
    page.retrieve_bar.choose("C-MOVE to us")
    page._keep()
    again = type(page)(live_window.services.host)
    assert (again.form.sop_class_uid, again.form.level) == (page.form.sop_class_uid, "SERIES")
    assert again.retrieve_bar.goal == page.retrieve_bar.goal
    assert again.retrieve_bar.folder == page.retrieve_bar.folder
    again.deleteLater()


def test_the_folder_is_chosen_by_a_dialog(page, monkeypatch, tmp_path):
    monkeypatch.setattr(Questions, "open_folder", lambda _self, _parent, _title, tell: tell((tmp_path / "other",)))
    page.retrieve_bar.choose_folder()
    assert page.retrieve_bar.folder == tmp_path / "other"


def test_the_list_of_what_arrived_is_a_sound_model(qtbot):
    model = InboundModel()
    QAbstractItemModelTester(model)
    model.take((), 1)
    assert model.count == 0
