"""The status log as a user works it: watching, filtering, scrolling, copying, saving, stopping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from gui.models.log_model import LogModel
from gui.models.trace_target import TraceTarget
from gui.panels.log_panel import LogPanel
from gui.panels.log_save import AskWhere, LineWriter
from tests.gui import sample_notices as samples
from tests.gui.sample_notices import VERIFICATION, Conversation

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def panel(qtbot: QtBot) -> LogPanel:
    shown = LogPanel()
    qtbot.addWidget(shown)
    shown.resize(1280, 260)
    shown.show()
    return shown


@pytest.fixture
def filled(panel: LogPanel) -> LogPanel:
    panel.add_notices(samples.session())
    return panel


def echoes(count: int, association: int = 12) -> tuple[object, ...]:
    talk = Conversation(association)
    for _ in range(count):
        talk.exchange("C-ECHO", VERIFICATION)
    return tuple(talk.notices)


def column(panel: LogPanel, title: str) -> int:
    return next(i for i, c in enumerate(panel.model.columns) if c.title == title)


def texts(panel: LogPanel, title: str) -> list[str]:
    place = column(panel, title)
    return [str(panel.model.index(row, place).data()) for row in range(panel.model.rowCount())]


def type_filter(qtbot: QtBot, panel: LogPanel, text: str) -> None:
    panel.filter_line.clear()
    with qtbot.waitSignal(panel.model.filtered):
        qtbot.keyClicks(panel.filter_line, text)


def test_an_empty_log_teaches_the_first_echo(qtbot: QtBot, panel: LogPanel) -> None:
    assert panel.table.empty.isVisible()
    assert "Echo" in panel.table.empty.text()
    with qtbot.waitSignal(panel.echo_requested):
        panel.table.empty.linkActivated.emit("echo")


def test_rows_say_what_happened(filled: LogPanel) -> None:
    assert not filled.table.empty.isVisible()
    assert "17 rows" in filled.count.text()
    assert "FF00H ×14, 0000H" in texts(filled, "Status")
    assert "Refused: Move Destination unknown" in texts(filled, "Meaning")


def test_typing_filters_live_and_clearing_brings_all_back(qtbot: QtBot, filled: LogPanel) -> None:
    type_filter(qtbot, filled, "service:C-MOVE")
    assert set(texts(filled, "Service")) == {"C-MOVE"}
    assert filled.count.text() == "2 of 17 rows"
    with qtbot.waitSignal(filled.model.filtered):
        filled.filter_line.clear()
    assert filled.model.rowCount() == 17


def test_a_filter_without_match_says_so_and_offers_the_way_back(qtbot: QtBot, filled: LogPanel) -> None:
    type_filter(qtbot, filled, "zebra")
    assert "No row matches" in filled.table.empty.text()
    filled.table.empty.linkActivated.emit("clear")
    assert filled.model.rowCount() == 17


@pytest.mark.parametrize("text", ["#{}", "assoc:{}", "message:{}"])
@pytest.mark.parametrize("number", ["9" * 5000, "²"])
def test_a_number_that_none_has_matches_nothing(qtbot: QtBot, filled: LogPanel, text: str, number: str) -> None:
    with qtbot.waitSignal(filled.model.filtered):
        filled.set_filter(text.format(number))
    assert filled.model.rowCount() == 0


def test_new_rows_are_filtered_too(qtbot: QtBot, filled: LogPanel) -> None:
    type_filter(qtbot, filled, "assoc:99")
    filled.add_notices(echoes(2, association=98))
    filled.add_notices(echoes(3, association=99))
    assert filled.model.rowCount() == 3


def test_the_newest_row_stays_in_view_until_one_scrolls_up(qtbot: QtBot, panel: LogPanel) -> None:
    panel.add_notices(echoes(200))
    bar = panel.table.verticalScrollBar()
    assert bar.value() == bar.maximum()
    panel.add_notices(echoes(50))
    assert bar.value() == bar.maximum()
    bar.setValue(100)
    assert not panel.follow.isChecked()
    panel.add_notices(echoes(7))
    assert bar.value() == 100
    assert panel.newest.isVisible()
    assert panel.newest.text() == "↓ 7 new rows"
    qtbot.mouseClick(panel.newest, Qt.MouseButton.LeftButton)
    assert bar.value() == bar.maximum()
    assert panel.follow.isChecked()
    assert not panel.newest.isVisible()


def test_following_goes_on_when_the_panel_gets_smaller(panel: LogPanel) -> None:
    panel.add_notices(echoes(100))
    for height in (140, 300, 200):
        panel.resize(1280, height)
        assert panel.follow.isChecked()
        bar = panel.table.verticalScrollBar()
        assert bar.value() == bar.maximum()


def test_choosing_a_row_points_the_trace_at_it(qtbot: QtBot, filled: LogPanel) -> None:
    row = texts(filled, "Service").index("N-EVENT-REPORT")
    cell = filled.table.visualRect(filled.model.index(row, 3))
    filled.table.scrollTo(filled.model.index(row, 3))
    cell = filled.table.visualRect(filled.model.index(row, 3))
    with qtbot.waitSignal(filled.row_selected) as told:
        qtbot.mouseClick(filled.table.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    target = told.args[0]
    assert isinstance(target, TraceTarget)
    assert (target.association, target.sent) == (13, False)
    with qtbot.waitSignal(filled.row_selected) as told:
        qtbot.keyClick(filled.table, Qt.Key.Key_Up)
    assert told.args[0].association == 13


def test_rows_of_the_association_the_trace_shows_are_marked(filled: LogPanel) -> None:
    filled.set_shown_association(13)
    assert [t for t in texts(filled, "Association") if "◂" in t] == ["#13 ◂", "#13 ◂"]
    filled.set_shown_association(None)
    assert not [t for t in texts(filled, "Association") if "◂" in t]


def test_the_selection_outlives_a_filter(qtbot: QtBot, filled: LogPanel) -> None:
    row = texts(filled, "Service").index("C-STORE")
    filled.table.selectRow(row)
    with qtbot.assertNotEmitted(filled.row_selected):
        type_filter(qtbot, filled, "service:C-")
    assert texts(filled, "Service")[filled.table.currentIndex().row()] == "C-STORE"


def test_only_this_association(qtbot: QtBot, filled: LogPanel) -> None:
    filled.table.selectRow(texts(filled, "Service").index("N-EVENT-REPORT"))
    filled.only_this_association.trigger()
    assert filled.filter_line.text() == "assoc:13"
    assert filled.model.rowCount() == 2


def test_copying_gives_whole_rows_apart_by_tabs(qtbot: QtBot, filled: LogPanel) -> None:
    filled.table.selectRow(texts(filled, "Service").index("C-STORE"))
    qtbot.keyClick(filled.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    cells = QGuiApplication.clipboard().text().split("\t")
    assert len(cells) == len(filled.model.columns)
    assert cells[3] == "C-STORE"
    assert "Disk quota" in cells[-1]


def test_find_key_goes_to_the_filter(qtbot: QtBot, filled: LogPanel) -> None:
    filled.activateWindow()
    filled.table.setFocus()
    qtbot.waitUntil(filled.table.hasFocus)
    qtbot.keyClick(filled.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert filled.filter_line.hasFocus()


class Answer(QObject):
    """Stands in for the file dialog."""

    answered = Signal(object)
    answered_redacted = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def ask(self) -> None:
        self.answered.emit(self.path)


@pytest.mark.parametrize("name", ["log.txt", "log.jsonl"])
def test_saving_writes_the_rows_shown(qtbot: QtBot, filled: LogPanel, tmp_path: Path, name: str) -> None:
    filled.set_filter("service:C-")
    target = tmp_path / name
    answer = Answer(target)
    filled.ask_where = answer  # type: ignore[assignment]
    with qtbot.waitSignal(filled.said) as told:
        qtbot.mouseClick(filled.save_button, Qt.MouseButton.LeftButton)
    assert told.args[1] == "ok"
    lines = target.read_text(encoding="utf-8").splitlines()
    assert len(lines) == filled.model.rowCount()
    if name.endswith("jsonl"):
        assert {json.loads(line)["kind"] for line in lines} == {"status"}
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert filled.save_button.isEnabled()


def test_saving_names_that_are_no_text(qtbot: QtBot, tmp_path: Path) -> None:
    """A file's name may be bytes that are no UTF-8, and stands in what is said of it."""
    writer = LineWriter(tmp_path / "log.txt", ["/study/bad\udcff.dcm: not sent"])
    with qtbot.waitSignal(writer.finished):
        writer.start()
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == "/study/bad\\udcff.dcm: not sent\n"


def test_saving_under_a_name_no_file_can_have_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    writer = LineWriter(tmp_path / ("n" * 300), ["a line"])
    with qtbot.waitSignal(writer.failed) as told:
        writer.start()
    assert told.args[0].endswith("File name too long. Choose another folder.")


def test_saving_where_one_may_not_says_so(qtbot: QtBot, filled: LogPanel, tmp_path: Path) -> None:
    with qtbot.waitSignal(filled.said) as told:
        filled.save_to(tmp_path / "missing" / "log.txt")
    assert told.args[1] == "failure"
    assert "Choose another folder" in told.args[0]
    assert filled.save_button.isEnabled()


def test_saving_goes_on_while_rows_come_and_go(qtbot: QtBot, qapp: object, tmp_path: Path) -> None:
    panel = LogPanel(model=LogModel(maximum=3000))
    qtbot.addWidget(panel)
    panel.add_notices(echoes(2000))
    with qtbot.waitSignal(panel.said):
        panel.save_to(tmp_path / "log.txt")
        panel.add_notices(echoes(1500))
    assert len((tmp_path / "log.txt").read_text(encoding="utf-8").splitlines()) > 600


def test_the_question_is_a_dialog_that_does_not_block(qtbot: QtBot, panel: LogPanel, tmp_path: Path) -> None:
    assert isinstance(panel.ask_where, AskWhere)
    panel.save()
    dialog = panel.findChild(QFileDialog)
    assert dialog is not None
    with qtbot.waitSignal(panel.ask_where.answered) as told:
        dialog.fileSelected.emit(str(tmp_path / "x.txt"))
    assert told.args == [tmp_path / "x.txt"]
    dialog.reject()
    qtbot.waitUntil(panel.save_button.isEnabled)


def test_clearing_empties_the_log(qtbot: QtBot, filled: LogPanel) -> None:
    qtbot.mouseClick(filled.clear_button, Qt.MouseButton.LeftButton)
    assert filled.model.rowCount() == 0
    assert filled.table.empty.isVisible()
    filled.add_notices(echoes(1))
    assert filled.model.rowCount() == 1


def test_progress_is_shown_counted_and_can_be_cancelled(qtbot: QtBot, panel: LogPanel) -> None:
    assert not panel.progress.isVisible()
    panel.add_notices((samples.progress(7, 120, 500, failed=2, bytes=12_300_000, sentence="Sending IM000120"),))
    qtbot.waitUntil(panel.progress.isVisible)
    (line,) = panel.progress.lines()
    assert line.counts.text() == "120 of 500 · ✕ 2 failed · 12.3 MB"
    assert line.bar.value() == 240
    with qtbot.waitSignal(panel.cancel_requested) as told:
        qtbot.mouseClick(line.cancel, Qt.MouseButton.LeftButton)
    assert told.args == [7]
    assert not line.cancel.isEnabled()
    talk = Conversation()
    talk.ended(7, "Cancelled after 121 files.")
    panel.add_notices(tuple(talk.notices))
    assert not panel.progress.isVisible()


def test_what_ends_in_the_turn_it_began_in_never_moves_the_log(qtbot: QtBot, panel: LogPanel) -> None:
    talk = Conversation()
    talk.ended(7, "Sent.")
    panel.add_notices((samples.progress(7, 1, 2, sentence="Sending"), *talk.notices))
    panel.add_notices((samples.progress(8, 1, 2, sentence="Sending more"),))
    qtbot.waitUntil(panel.progress.isVisible)
    assert [line.operation for line in panel.progress.lines()] == [8]


def test_many_operations_leave_room_for_the_log(qtbot: QtBot, panel: LogPanel) -> None:
    panel.add_notices(tuple(samples.progress(n, 1, None, sentence=f"Operation {n}") for n in range(5)))
    qtbot.waitUntil(lambda: len(panel.progress.lines()) == 5)
    assert sum(line.isVisible() for line in panel.progress.lines()) == 3


def test_counts_have_a_column_where_there_is_room_and_are_in_the_detail_where_not(filled: LogPanel) -> None:
    place = column(filled, "Sub-operations")
    row = texts(filled, "Sub-operations").index("10 ✓  1 ✕  1 !")
    assert filled.table.isColumnHidden(place)
    assert "10 completed, 1 failed, 1 warning" in texts(filled, "Detail")[row]
    filled.resize(1920, 260)
    assert not filled.table.isColumnHidden(place)
    assert "completed" not in texts(filled, "Detail")[row]
    assert filled.table.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("height", [230, 241, 253, 260])
def test_at_the_tail_the_top_row_is_whole(panel: LogPanel, qtbot: QtBot, height: int) -> None:
    panel.resize(1280, height)
    panel.add_notices(echoes(40))
    table = panel.table
    first = table.rowAt(0)
    assert first > 0 and table.rowViewportPosition(first) == 0
    last = panel.model.rowCount() - 1
    assert table.rowViewportPosition(last) + table.rowHeight(last) == table.viewport().height()
