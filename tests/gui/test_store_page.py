"""The Store page: what is added is planned, shown, sent, and the rest sent again; by keyboard and by dropping."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QAbstractItemModelTester

from engine.model.notices import AssociationNotice
from engine.model.storing import FileResult, FileState, Order, PlannedFile, ProposalStyle, StoreOptions, StorePlan
from engine.wire import datasets
from gui.models.store_rows import SHOWN, StoreModel, matcher
from gui.panels.store_options import StoreOptionsDialog, told
from tests.gui.mnemonics import clashing
from tests.runtime.console import CT, EXPLICIT, keys

MANY = 50_000
JPEG = "1.2.840.10008.1.2.4.50"


def write(path: Path, uid: str, syntax: str = EXPLICIT) -> Path:
    path.parent.mkdir(exist_ok=True)
    data = datasets.encode_dataset(keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P"), EXPLICIT)
    datasets.write_file(path, data, syntax, CT, uid)
    return path


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Three files that can go, one that cannot, one that is none."""
    for number in range(3):
        write(tmp_path / "study" / f"{number}.dcm", f"1.2.3.{number}", JPEG if number == 2 else EXPLICIT)
    (tmp_path / "study" / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"\xff" * 50)
    (tmp_path / "study" / "notes.txt").write_text("not DICOM")
    return tmp_path / "study"


@pytest.fixture
def page(live_window):
    live_window.show_service("store")
    return live_window.services.page


def states(page) -> dict[str, str]:
    return {r.file.path.name: r.state.value for r in page.model.records}


def test_a_folder_is_planned_and_nothing_sent_before_store_is_pressed(live_window, page, qtbot, study):
    assert page.run_bar.sentence.text() == "Add files first."
    assert not page.run_bar.run_button.isEnabled()
    told_of: list[object] = []
    live_window.session.notices.connect(told_of.extend)
    page.add_paths((study,))
    qtbot.waitUntil(lambda: not page.running)
    assert states(page) == {
        "0.dcm": "planned", "1.dcm": "planned", "2.dcm": "planned",
        "broken.dcm": "cannot go", "notes.txt": "passed over",
    }  # fmt: skip
    assert page.summary.text() == (
        "3 files (180 bytes) on 1 association with 3 presentation contexts. 1 file cannot go. 1 passed over."
    )
    assert page.run_bar.run_button.text() == "S&tore 3 files"
    assert not [n for n in told_of if isinstance(n, AssociationNotice)]
    page.run_bar.run_button.setFocus()
    qtbot.keyClick(page.run_bar.run_button, Qt.Key.Key_Space)
    assert page.running
    qtbot.waitUntil(lambda: not page.running)
    assert list(states(page).values()) == ["stored", "stored", "stored", "cannot go", "passed over"]
    assert "3 of 4 files stored, 1 cannot go." in page.run_bar.sentence.text()
    assert not page.retry_button.isVisible()


def test_the_peer_can_be_asked_first(live_window, page, qtbot, study):
    page.add_paths((study,))
    qtbot.waitUntil(lambda: not page.running)
    page.model.take([FileResult(number=0, path=study / "0.dcm", state=FileState.FAILED)])
    page.ask_button.click()
    qtbot.waitUntil(lambda: not page.running)
    row = page.model.records[2]
    assert row.state is FileState.PLANNED
    assert row.contexts == "5"
    assert row.association.startswith("#")
    assert page.model.records[0].state is FileState.PLANNED


def test_what_was_not_stored_is_sent_again(live_window, page, qtbot, study):
    page.add_paths((study,))
    qtbot.waitUntil(lambda: not page.running)
    peer = live_window.ae.current_peer
    live_window.built_in.stop()
    qtbot.waitUntil(lambda: not live_window.session.listener.listening)
    assert peer is not None
    page.start()
    qtbot.waitUntil(lambda: not page.running)
    assert set(states(page).values()) == {"not sent", "cannot go", "passed over"}
    assert page.retry_button.isVisible()
    with qtbot.waitSignal(live_window.built_in.ready):
        live_window.built_in.start(introduce=True)
    page.retry_button.click()
    qtbot.waitUntil(lambda: not page.running)
    assert list(states(page).values())[:3] == ["stored"] * 3
    assert not page.retry_button.isVisible()


def test_only_the_selected_are_sent(page, qtbot, study):
    page.add_paths((study,))
    qtbot.waitUntil(lambda: not page.running)
    page.table.selectRow(1)
    page.store_selected()
    qtbot.waitUntil(lambda: not page.running)
    assert list(states(page).values())[:3] == ["planned", "stored", "planned"]


@pytest.mark.filterwarnings("ignore:.*QDragEnterEvent:DeprecationWarning")  # 6.12 wants the QPointF 6.11 refuses
def test_files_are_dropped_and_the_table_is_narrowed(page, qtbot, study):
    urls = QMimeData()
    urls.setUrls([QUrl.fromLocalFile(str(study))])
    action, button, no_keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(page.rect().center(), action, urls, button, no_keys)
    page.dragEnterEvent(enter)
    assert enter.isAccepted()
    page.dropEvent(QDropEvent(QPointF(5, 5), action, urls, button, no_keys))
    qtbot.waitUntil(lambda: not page.running)
    assert page.model.rowCount() == 5
    qtbot.keyClicks(page.filter_line, "jpeg 2.dcm")
    assert [page.model.record(n).file.path.name for n in range(page.model.rowCount())] == ["2.dcm"]
    page.filter_line.clear()
    page.shown.setCurrentIndex([title for title, _ in SHOWN].index("Cannot go"))
    page.shown.activated.emit(page.shown.currentIndex())
    assert [page.model.record(n).file.path.name for n in range(page.model.rowCount())] == ["broken.dcm"]
    page.clear()
    assert page.model.rowCount() == 0
    assert not page.run_bar.run_button.isEnabled()


def test_more_can_be_added_while_the_plan_is_made(page, qtbot, study, tmp_path):
    page.add_paths((study,))
    assert page.running
    page.add_paths((write(tmp_path / "more" / "late.dcm", "1.2.9"),))
    qtbot.waitUntil(lambda: not page.running and len(page.model.records) == 6)
    assert states(page)["late.dcm"] == "planned"


def test_options_change_the_plan_and_are_told(page, qtbot, study):
    page.add_paths((study,))
    qtbot.waitUntil(lambda: not page.running)
    page.ask_options()
    dialog = next(w for w in page.window().findChildren(StoreOptionsDialog))
    assert not clashing(dialog)
    dialog.style_choice.set_value(ProposalStyle.TOGETHER)
    dialog.order.set_value(Order.SMALLEST)
    dialog.parallel.set_value(2)
    dialog.resume.set_value(True)
    dialog.accept()
    qtbot.waitUntil(lambda: not page.running)
    assert len(page.plan.associations) == 2
    assert page.chosen.text() == (
        "One for each SOP class, all its transfer syntaxes, smallest first, 2 associations at once, "
        "going on after an abort."
    )


def test_a_wrong_number_keeps_the_options_from_being_applied(qtbot):
    dialog = StoreOptionsDialog(StoreOptions(repeat=3))
    qtbot.addWidget(dialog)
    assert dialog.options() == StoreOptions(repeat=3)
    qtbot.keyClicks(dialog.parallel.line, "x")
    assert not dialog.accept_button.isEnabled()
    assert told(StoreOptions()) == ""


def test_the_model_keeps_qts_rules_and_is_quick_with_many_rows(qapp):
    files = tuple(
        PlannedFile(number=n, path=Path(f"/study/{n:05}.dcm"), sop_class_uid=CT, transfer_syntax=EXPLICIT)
        for n in range(MANY)
    )
    model = StoreModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_plan(StorePlan(files[:50]))
    model.take([FileResult(number=7, path=files[7].path, state=FileState.STORED)])
    model.set_filter(matcher("", SHOWN[3][1]))
    assert model.rowCount() == 1
    del tester
    changes: list[object] = []
    model.set_filter(None)
    model.dataChanged.connect(lambda *what: changes.append(what))
    model.set_plan(StorePlan(files))
    model.take(FileResult(number=n, path=f.path, state=FileState.PLANNED) for n, f in enumerate(files))
    assert len(changes) == 1
    assert len(model.unfinished()) == MANY
