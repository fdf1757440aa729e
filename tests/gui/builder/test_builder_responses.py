"""Responses, history, requests to answer and what later messages mean, in the message builder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.notices import Direction, Outcome
from engine.workspace.messages import template
from gui.models.command_model import ORIGIN
from gui.panels.builder_lower import HISTORY, RESPONSE
from tests.gui.builder.bench import (
    COMMITMENT,
    CT,
    EXPLICIT,
    KEY,
    MPPS,
    VERIFICATION,
    Bench,
    choose,
    edit,
    message,
)

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""Off screen there is no keyboard to grab and no window to raise for a completion list."""


def test_matches_fill_a_table_and_a_row_shows_the_whole_identifier(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    bench.panel.page.data_set.load(
        DataSet(tuple(DataElement(tag, vr) for tag, vr in ((0x00100010, "PN"), (0x00100020, "LO"), (0x0020000D, "UI"))))
    )
    bench.panel.send()
    response = bench.panel.page.tabs.response
    assert bench.panel.page.tabs.tabs.currentIndex() == RESPONSE and response.cancel_button.isVisible()
    for number in range(30):
        name, key = ("BETA^B", "10") if number % 2 else ("ALPHA^A", "9")
        elements = (DataElement(0x00100010, "PN", (name,)), DataElement(0x00100020, "LO", (key,)))
        bench.respond(0xFF00, 0x8020, data=DataSet(elements))
    qtbot.waitUntil(lambda: response.table.results.rowCount() == 30)
    assert "30 matches" in response.status.text()
    qtbot.mouseClick(response.cancel_button, Qt.MouseButton.LeftButton)
    assert bench.cancelled == [1]
    bench.respond(0x0000, 0x8020)
    bench.end(Outcome.SUCCESS, 0)
    qtbot.waitUntil(lambda: "38.0 ms" in response.status.text())
    assert response.status.text().startswith("✓ 0000H") and not response.cancel_button.isVisible()
    header = response.table.horizontalHeader()
    column = next(i for i, c in enumerate(response.table.results.columns) if c.title == "PatientID")
    header.sectionClicked.emit(column)
    assert [response.table.results.record(r).text((0x00100020,)) for r in (0, 29)] == ["9", "10"]
    header.sectionClicked.emit(column)
    response.table.selectRow(0)
    assert response.model.data_set.text(0x00100010) == "BETA^B"
    response.table.show_column((0x0020000D,), False)
    assert [c.title for c in response.table.results.columns] == ["#", "PatientName", "PatientID"]
    assert bench.panel.page.tabs.tabs.tabText(RESPONSE) == "&Response · 0000H Success"


def test_matches_are_saved_as_csv_and_json(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    bench.panel.send()
    bench.respond(0xFF00, 0x8020, data=DataSet((DataElement(0x00100010, "PN", ("DOE^JANE",)),)))
    bench.respond(0x0000, 0x8020)
    response = bench.panel.page.tabs.response
    qtbot.waitUntil(lambda: response.table.results.rowCount() == 1)
    for name, save in (("found.csv", response.saving.ask_csv), ("found.json", response.saving.ask_json)):
        bench.questions.files = (tmp_path / name,)
        save()
        qtbot.waitUntil(lambda name=name: (tmp_path / name).exists() and "Saved" in response.note.text())
    assert (tmp_path / "found.csv").read_bytes() == b"PatientName\r\nDOE^JANE\r\n"
    assert '"Alphabetic": "DOE^JANE"' in (tmp_path / "found.json").read_text()


def test_matches_that_cannot_be_written_are_told(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    response = bench.panel.page.tabs.response
    bench.questions.files = (tmp_path / "gone" / "found.csv",)
    response.saving.ask_csv()
    qtbot.waitUntil(lambda: response.note.text() == "Not saved: No such file or directory.")


def test_a_hundred_thousand_matches_arrive_in_few_insertions(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    bench.panel.send()
    inserted: list[int] = []
    response = bench.panel.page.tabs.response
    bench.respond(0xFF00, 0x8020, data=DataSet((DataElement(0x00100010, "PN", ("DOE",)),)))
    qtbot.waitUntil(lambda: response.table.results.rowCount() == 1)
    response.table.results.rowsInserted.connect(lambda _p, first, last: inserted.append(last - first + 1))
    found = EncodedData(bytes.fromhex("10002000") + b"LO\x02\x007 ", EXPLICIT)
    pending = CommandSet.of(CommandField=0x8020, MessageIDBeingRespondedTo=1, CommandDataSetType=1, Status=0xFF00)
    notice = message(pending, 1, found)
    for _ in range(100_000):
        bench.panel.add_response(notice)
    qtbot.waitUntil(lambda: response.table.results.rowCount() == 100_001)
    assert len(inserted) <= 3
    assert response.table.results.record(100_000).text((0x00100020,)) == "7"


def test_a_large_data_set_is_read_beside_and_shown(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "N-GET-RQ")
    bench.panel.send()
    body = bytes.fromhex("E07F1000") + b"OW\0\0" + (8_000_000).to_bytes(4, "little") + bytes(8_000_000)
    command = CommandSet.of(CommandField=0x8110, MessageIDBeingRespondedTo=1, CommandDataSetType=1, Status=0)
    notice = message(command, 1, EncodedData(body, EXPLICIT))
    object.__setattr__(notice, "data_length", len(body))
    bench.panel.add_response(notice)
    response = bench.panel.page.tabs.response
    qtbot.waitUntil(lambda: response.model.data_set.find(0x7FE00010) is not None)
    last = response.model.index(response.model.rowCount() - 1, 3)
    assert last.data().startswith("8,000,000 bytes")


def test_a_failure_says_status_comment_and_ends_in_the_history(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    bench.panel.send()
    bench.respond(0xA700, 0x8020, ErrorComment="disk full")
    bench.end(Outcome.FAILURE, 0xA700)
    response = bench.panel.page.tabs.response
    qtbot.waitUntil(lambda: "A700H" in response.status.text())
    assert response.status.text().startswith("✕ A700H") and "disk full" in response.status.text()
    history = bench.panel.page.tabs.history
    assert history.model.index(0, 2).data().startswith("✕ A700H")
    assert history.model.index(0, 3).data() == "38.0 ms"


def test_an_operation_that_never_was_says_why(qtbot: QtBot, bench: Bench) -> None:
    bench.panel.send()
    bench.end(Outcome.TIMED_OUT, None, "No response within 60 s.")
    status = bench.panel.page.tabs.response.status
    qtbot.waitUntil(lambda: status.text() == "✕ No response within 60 s.")


def test_responses_that_come_after_their_end_still_find_the_tab(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    bench.panel.send()
    bench.end(Outcome.SUCCESS, 0)
    bench.respond(0xFF00, 0x8020, data=DataSet((DataElement(0x00100010, "PN", ("DOE",)),)))
    bench.respond(0x0000, 0x8020)
    response = bench.panel.page.tabs.response
    qtbot.waitUntil(lambda: response.status.text().startswith("✓ 0000H") and "1 match" in response.status.text())
    assert "38.0 ms" in response.status.text() and response.cancel_button.isHidden()


def test_a_line_of_the_history_is_taken_back(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    edit(qtbot, bench, "MessageID", "77")
    bench.panel.send()
    choose(qtbot, bench, "C-ECHO-RQ")
    page = bench.panel.page
    page.tabs.tabs.setCurrentIndex(HISTORY)
    page.tabs.history.table.selectRow(0)
    page.tabs.history.table.setFocus()
    qtbot.keyClick(page.tabs.history.table, KEY.Key_Return)
    assert page.draft.message.name == "C-FIND-RQ" and bench.command.message_id == 77


def test_a_received_request_is_answered_with_its_values(qtbot: QtBot, bench: Bench) -> None:
    request = CommandSet.of(
        AffectedSOPClassUID=COMMITMENT,
        CommandField=0x0100,
        MessageID=9,
        CommandDataSetType=0x0101,
        AffectedSOPInstanceUID="1.2.840.10008.1.20.1.1",
        EventTypeID=1,
    )
    notice = message(request, None)
    bench.panel.add_response(notice)
    bench.panel.answer(notice)
    assert bench.panel.tabs.count() == 2
    assert bench.command.command_field == 0x8100 and bench.command.responded_to == 9
    assert bench.panel.page.top.request_box.isVisible()
    assert "N-EVENT-REPORT-RQ 9" in bench.panel.page.top.request_box.currentText()
    bench.panel.send()
    assert bench.sent[0][0].context_id == 7


def test_message_ids_follow_what_was_sent(qtbot: QtBot, bench: Bench) -> None:
    echo = CommandSet.of(AffectedSOPClassUID=VERIFICATION, CommandField=0x0030, MessageID=6, CommandDataSetType=0x0101)
    bench.panel.add_response(message(echo, None, direction=Direction.SENT))
    qtbot.waitUntil(lambda: bench.cell("MessageID") == "7  next")


def test_created_instances_are_meant_by_later_messages(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "N-CREATE-RQ")
    bench.panel.send()
    created = CommandSet.of(
        AffectedSOPClassUID=MPPS,
        CommandField=0x8140,
        MessageIDBeingRespondedTo=1,
        CommandDataSetType=0x0101,
        Status=0,
        AffectedSOPInstanceUID="1.2.3.4",
    )
    bench.panel.add_response(message(created, 1))
    choose(qtbot, bench, "N-SET-RQ")
    qtbot.waitUntil(lambda: bench.command.sop_instance_uid == "1.2.3.4")


def test_a_template_means_the_instance_that_exists_and_the_data_set_sent(qtbot: QtBot, bench: Bench) -> None:
    bench.panel.open_message(template("C-STORE-RQ", CT))
    bench.panel.page.data_set.load(DataSet((DataElement(0x00080018, "UI", ("1.2.9",)),)))
    assert bench.command.sop_instance_uid == "1.2.9"
    bench.panel.known.instances.append((MPPS, "1.2.8"))
    bench.panel.new_message().load(template("N-SET-RQ", MPPS))
    assert bench.command.sop_instance_uid == "1.2.8" and bench.cell("RequestedSOPInstanceUID", ORIGIN) == "auto"
    bench.panel.known.instances.clear()
    bench.panel.page.refresh()
    assert bench.panel.page.preview_command().sop_instance_uid.startswith("2.25.")
    assert bench.panel.message_file().command.sop_instance_uid == "{uid mpps}"
