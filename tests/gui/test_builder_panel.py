"""The message builder driven as a user would: typing, clicking, keys only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from engine.conformance.commands import check_command
from engine.model.association import Negotiated, NegotiatedContext, Peer, Proposal, ProposedContext
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.model.notices import Direction, MessageNotice, Outcome, StatusNotice
from engine.standard.elements import BY_KEYWORD
from engine.standard.messages import MESSAGES
from engine.workspace.messages import template
from gui.dialogs import Questions
from gui.models.command_model import ORIGIN, VALUE
from gui.panels.builder_lower import DATA_SET, HISTORY, RESPONSE, TEXT
from gui.panels.builder_panel import BuilderPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MPPS = "1.2.840.10008.3.1.2.3.3"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
KEY = Qt.Key

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""Off screen there is no keyboard to grab and no window to raise for a completion list."""


class Answers(Questions):
    """Files chosen and questions answered at once."""

    def __init__(self) -> None:
        super().__init__()
        self.files: tuple[Path, ...] = ()
        self.asked: list[str] = []
        self.agree = True

    def ask(self, parent: QWidget, title: str, text: str, yes: str, on_yes: Callable[[], None]) -> None:
        self.asked.append(text)
        if self.agree:
            on_yes()

    def open_files(self, parent: QWidget, title: str, pattern: str, on_files: object) -> None:
        assert callable(on_files)
        on_files(self.files)

    def save_file(self, parent: QWidget, title: str, pattern: str, name: str, on_files: object) -> None:
        assert callable(on_files)
        on_files(self.files)


@dataclass
class Bench:
    """The panel and what it asked for."""

    panel: BuilderPanel
    questions: Answers
    sent: list[tuple[Outgoing, bool]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)

    def take(self, outgoing: Outgoing, one_shot: bool) -> None:
        self.sent.append((outgoing, one_shot))
        self.panel.operation_started(len(self.sent))

    @property
    def command(self) -> CommandSet:
        return self.panel.page.draft.preview()

    def row(self, keyword: str) -> int:
        tag = BY_KEYWORD[keyword].tag
        return next(i for i, line in enumerate(self.panel.page.draft.lines) if line.tag == tag)

    def cell(self, keyword: str, column: int = VALUE) -> str:
        return str(self.panel.page.command.index(self.row(keyword), column).data())

    def respond(self, status: int, field_: int, data: DataSet | None = None, **more: object) -> None:
        command = CommandSet.of(
            AffectedSOPClassUID=FIND,
            CommandField=field_,
            MessageIDBeingRespondedTo=1,
            CommandDataSetType=0x0101 if data is None else 1,
            Status=status,
            **more,  # type: ignore[arg-type]
        )
        self.panel.add_response(message(command, len(self.sent), data))

    def end(self, outcome: Outcome, status: int | None, sentence: str = "", operation: int = 0) -> None:
        self.panel.operation_ended(
            StatusNotice(
                operation=operation or len(self.sent),
                association=12,
                time=0,
                clock=0,
                outcome=outcome,
                service="C-FIND",
                sop_class_uid=FIND,
                status=status,
                sentence=sentence,
                duration=0.038,
            )
        )


def message(
    command: CommandSet, operation: int | None, data: object = None, direction: Direction = Direction.RECEIVED
) -> MessageNotice:
    return MessageNotice(
        association=12,
        operation=operation,
        time=0,
        clock=0,
        direction=direction,
        context_id=7,
        abstract_syntax=FIND,
        transfer_syntax=EXPLICIT,
        command=command,
        data=data,
        data_length=64,
        duration=0.004,  # type: ignore[arg-type]
    )


def context(number: int, uid: str, result: int = 0) -> NegotiatedContext:
    syntax = EXPLICIT if result == 0 else ""
    return NegotiatedContext(
        id=number, abstract_syntax=uid, proposed=(EXPLICIT, IMPLICIT), result=result, transfer_syntax=syntax
    )


NEGOTIATED = Negotiated(
    contexts=(context(1, VERIFICATION), context(3, COMMITMENT), context(5, CT, 3), context(7, FIND), context(9, MPPS)),
    calling_ae_title="CONSOLE",
    called_ae_title="ARCHIVE",
)


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    questions = Answers()
    panel = BuilderPanel(questions=questions)
    questions.setParent(panel)
    qtbot.addWidget(panel)
    panel.resize(640, 700)
    panel.show()
    bench = Bench(panel, questions)
    panel.send_requested.connect(bench.take)
    panel.cancel_requested.connect(bench.cancelled.append)
    panel.set_negotiated(NEGOTIATED, 12)
    return bench


def choose(qtbot: QtBot, bench: Bench, name: str) -> None:
    """Pick a message by typing its name in the list, as a keyboard user does."""
    box = bench.panel.page.top.pickers.message_box
    box.setFocus()
    box.set_value(name)
    box.activated.emit(box.currentIndex())


def edit(qtbot: QtBot, bench: Bench, keyword: str, text: str) -> None:
    """F2 on a row, type, Return."""
    view = bench.panel.page.pane.view
    view.setFocus()
    view.select(bench.row(keyword))
    qtbot.keyClick(view, KEY.Key_F2)
    editor = view.findChildren(QLineEdit)[-1]
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    commit(qtbot, editor)
    # Off screen, a closed completion list takes the window's activation with it.
    bench.panel.activateWindow()
    qtbot.waitUntil(view.hasFocus)


def commit(qtbot: QtBot, editor: QWidget) -> None:
    """Return in a cell's editor; the view takes the value when the event loop is free."""
    with qtbot.waitSignal(editor.destroyed):
        qtbot.keyClick(editor, KEY.Key_Return)


def test_an_echo_is_ready_and_ctrl_return_sends_it(qtbot: QtBot, bench: Bench) -> None:
    assert bench.cell("CommandField") == "0030H  C-ECHO-RQ"
    assert bench.panel.page.context.text == "1 · Verification · Explicit VR LE · accepted"
    assert bench.panel.page.pane.summary.whole() == "✓ No departure from PS3.7 9.3.5.1"
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
    outgoing, one_shot = bench.sent[0]
    assert not one_shot and outgoing.context_id == 1 and outgoing.data is None
    assert outgoing.command.sop_class_uid == VERIFICATION and outgoing.command.message_id is None


def test_without_an_association_send_is_one_shot_on_the_proposed_contexts(qtbot: QtBot, bench: Bench) -> None:
    proposal = Proposal(peer=Peer(), contexts=(ProposedContext(1, VERIFICATION, (EXPLICIT,)),))
    bench.panel.set_proposal(proposal)
    bench.panel.set_negotiated(None, None)
    assert bench.panel.page.context.text == "1 · Verification · Explicit VR LE · proposed"
    button = bench.panel.page.top.send_button
    assert button.text() == "Send one shot"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(20, 12))
    assert bench.sent[0][1]


def test_a_one_shot_brings_the_context_it_needs(qtbot: QtBot, bench: Bench) -> None:
    proposal = Proposal(peer=Peer(), contexts=(ProposedContext(1, VERIFICATION, (EXPLICIT,)),))
    bench.panel.set_proposal(proposal)
    bench.panel.set_negotiated(None, None)
    bench.panel.open_message(template("N-CREATE-RQ", MPPS))
    assert bench.panel.page.context.text == "Modality Performed Procedure Step · not proposed"
    bench.panel.send()
    assert bench.sent[0][0].context_id == 3
    proposed = bench.panel.proposal_for(proposal).contexts
    assert [(c.id, c.abstract_syntax) for c in proposed] == [(1, VERIFICATION), (3, MPPS)]


def test_contexts_that_allow_the_message_come_first_and_others_stay_possible(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    pickers = bench.panel.page.top.pickers
    texts = [getattr(v, "text", "") for v in pickers.context_box.values()]
    assert texts[0] == "7 · Study Root Q/R - FIND · Explicit VR LE · accepted"
    assert "5 · CT Image Storage · abstract-syntax-not-supported" in texts[1:]
    assert len(pickers.message_box.values()) == len(MESSAGES)
    assert pickers.message_box.values()[0] == "C-FIND-RQ"
    other = next(v for v in pickers.context_box.values() if getattr(v, "id", None) == 5)
    pickers.context_box.set_value(other)
    pickers.context_box.activated.emit(pickers.context_box.currentIndex())
    assert bench.command.sop_class_uid == CT
    assert "departure" in bench.panel.page.pane.summary.whole()
    bench.panel.send()
    assert bench.sent[0][0].context_id == 5


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_is_built_by_picking_it(qtbot: QtBot, bench: Bench, name: str) -> None:
    choose(qtbot, bench, name)
    page = bench.panel.page
    assert page.draft.message.name == name and page.preview.data and not page.preview.problem
    found = check_command(bench.command, None, page.draft.has_data_set)
    assert not [f for f in found if f.severity == "error" and f.rule != "command.service-of-sop-class"]
    bench.panel.send()
    outgoing = bench.sent[0][0]
    assert outgoing.command.command_field == MESSAGES[name].command_field
    assert (outgoing.data is not None) == page.draft.has_data_set


def test_a_typed_value_is_set_and_backspace_takes_it_back(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "N-ACTION-RQ")
    edit(qtbot, bench, "RequestedSOPInstanceUID", "1.2.3")
    assert bench.command.sop_instance_uid == "1.2.3" and bench.cell("RequestedSOPInstanceUID", ORIGIN) == "set"
    assert bench.panel.tabs.tabText(0).endswith("●")
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_Backspace)
    assert bench.cell("RequestedSOPInstanceUID", ORIGIN) == "auto"
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.command.sop_instance_uid == "1.2.3"


def test_an_enumeration_is_edited_in_a_list_and_takes_any_value(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    view = bench.panel.page.pane.view
    view.select(bench.row("Priority"))
    qtbot.keyClick(view, KEY.Key_Return)
    box = view.findChildren(QComboBox)[-1]
    assert [box.itemText(i) for i in range(box.count())] == ["0000H  MEDIUM", "0001H  HIGH", "0002H  LOW"]
    box.setEditText("7")
    edit_line = box.lineEdit()
    assert edit_line is not None
    qtbot.keyClick(edit_line, KEY.Key_Return)
    qtbot.waitUntil(lambda: bench.command.number("Priority") != 0)
    assert bench.command.number("Priority") == 7
    assert "departure" in bench.panel.page.pane.summary.whole()
    bench.panel.send()
    assert bench.sent[0][0].command.number("Priority") == 7


def test_delete_leaves_out_and_space_takes_in_again(qtbot: QtBot, bench: Bench) -> None:
    view = bench.panel.page.pane.view
    view.setFocus()
    view.select(bench.row("AffectedSOPClassUID"))
    qtbot.keyClick(view, KEY.Key_Delete)
    assert bench.command.find("AffectedSOPClassUID") is None
    assert bench.panel.page.pane.summary.whole().startswith("✕ ")
    tip = bench.panel.page.command.index(bench.row("AffectedSOPClassUID"), VALUE).data(Qt.ItemDataRole.ToolTipRole)
    assert "PS3.7" in tip
    view.select(bench.row("AffectedSOPClassUID"))
    qtbot.keyClick(view, KEY.Key_Space)
    assert bench.command.sop_class_uid == VERIFICATION


def test_insert_adds_any_element_by_completion(qtbot: QtBot, bench: Bench) -> None:
    view = bench.panel.page.pane.view
    view.setFocus()
    qtbot.keyClick(view, KEY.Key_Insert)
    editor = view.findChildren(QLineEdit)[-1]
    qtbot.keyClicks(editor, "ErrorComment")
    commit(qtbot, editor)
    assert bench.command.find("ErrorComment") is not None


def test_bytes_of_the_chosen_row_are_marked(qtbot: QtBot, bench: Bench) -> None:
    page = bench.panel.page
    page.pane.view.select(bench.row("MessageID"))
    start, end = page.pane.hex.highlighted()
    assert page.preview.data[start:end] == bytes.fromhex("0000 1001 02000000 0100")
    assert bytes(page.pane.hex.data()) == page.preview.data
    page.pane.hex.byte_selected.emit(0)
    assert page.pane.view.currentIndex().row() == 0


def test_a_data_set_is_built_with_keys_only(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-FIND-RQ")
    page = bench.panel.page
    editor = page.tabs.data.editor
    editor.view.setFocus()
    qtbot.keyClick(editor.view, KEY.Key_Insert)
    qtbot.keyClicks(editor.line, "PatientName = DOE^*")
    qtbot.keyClick(editor.line, KEY.Key_Return)
    qtbot.keyClicks(editor.line, "ScheduledProcedureStepSequence")
    qtbot.keyClick(editor.line, KEY.Key_Return)
    editor.view.setCurrentIndex(page.data_set.index_of((1, 0)))
    qtbot.keyClicks(editor.line, "Modality = CT\\MR")
    qtbot.keyClick(editor.line, KEY.Key_Return)
    sequence = page.data_set.data_set.elements[1]
    assert page.data_set.data_set.text(0x00100010) == "DOE^*"
    assert sequence.items[0].elements[0] == DataElement(0x00080060, "CS", ("CT", "MR"))
    bench.panel.send()
    assert bench.sent[0][0].data == page.data_set.data_set


def test_a_wrong_value_is_said_and_sent_all_the_same(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-STORE-RQ")
    page = bench.panel.page
    line = page.tabs.data.editor.line
    qtbot.keyClicks(line, "StudyDate = yesterday")
    assert "DA" in page.tabs.data.editor.words.text()
    qtbot.keyClick(line, KEY.Key_Return)
    assert "DA" in page.tabs.data.editor.words.text()
    bench.panel.send()
    assert isinstance(bench.sent[0][0].data, DataSet)


def test_elements_are_copied_and_pasted_as_text(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-STORE-RQ")
    view = bench.panel.page.tabs.data.editor.view
    QGuiApplication.clipboard().setText("PatientID = 7\nStudyDate = 20240101\n")
    view.setFocus()
    qtbot.keyClick(view, KEY.Key_V, Qt.KeyboardModifier.ControlModifier)
    model = bench.panel.page.data_set
    assert [e.tag for e in model.data_set] == [0x00080020, 0x00100020]
    view.selectAll()
    qtbot.keyClick(view, KEY.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(view, KEY.Key_Delete)
    assert not len(model.data_set)
    qtbot.keyClick(view, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(model.data_set) == 2
    assert "(0010,0020) LO PatientID = 7" in QGuiApplication.clipboard().text()


def test_the_text_view_changes_the_tree_and_says_where_it_does_not_read(qtbot: QtBot, bench: Bench) -> None:
    choose(qtbot, bench, "C-STORE-RQ")
    tabs = bench.panel.page.tabs
    tabs.tabs.setCurrentIndex(TEXT)
    qtbot.keyClicks(tabs.text.edit, "PatientID = 7")
    qtbot.keyClick(tabs.text.edit, KEY.Key_Return)
    qtbot.keyClicks(tabs.text.edit, "PatientNam")
    assert tabs.text.words.text().startswith("▲ Line 2: ")
    qtbot.keyClicks(tabs.text.edit, "e = DOE")
    assert bench.panel.page.data_set.data_set.text(0x00100010) == "DOE"
    tabs.tabs.setCurrentIndex(DATA_SET)
    bench.panel.page.undo_stack.undo()
    assert not len(bench.panel.page.data_set.data_set)
    tabs.tabs.setCurrentIndex(TEXT)
    assert tabs.text.edit.toPlainText() == ""


def test_placeholders_stay_in_the_form_and_are_filled_in_when_sent(bench: Bench) -> None:
    bench.panel.open_message(template("N-CREATE-RQ", MPPS))
    page = bench.panel.page
    assert page.context.id == 9
    page.top.times.setValue(2)
    assert page.top.send_button.text() == "Send × 2"
    bench.panel.send()
    first, second = (o.command.sop_instance_uid for o, _ in bench.sent)
    assert first.startswith("2.25.") and second.startswith("2.25.") and first != second
    assert "{uid" in page.message_file().command.sop_instance_uid


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
    for name, save in (("found.csv", response.save_csv), ("found.json", response.save_json)):
        bench.questions.files = (tmp_path / name,)
        save()
        qtbot.waitUntil(lambda name=name: (tmp_path / name).exists() and "written" in response.note.text())
    assert (tmp_path / "found.csv").read_bytes() == b"PatientName\r\nDOE^JANE\r\n"
    assert '"Alphabetic": "DOE^JANE"' in (tmp_path / "found.json").read_text()


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


def test_message_files_are_saved_and_opened(bench: Bench, tmp_path: Path, qtbot: QtBot) -> None:
    choose(qtbot, bench, "N-ACTION-RQ")
    edit(qtbot, bench, "ActionTypeID", "2")
    bench.questions.files = (tmp_path / "mine.toml",)
    view = bench.panel.page.pane.view
    qtbot.keyClick(view, KEY.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.tabText(0) == "mine"
    qtbot.keyClick(view, KEY.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.count() == 2
    assert bench.panel.page.message_file() == bench.panel._pages[0].message_file()
    (tmp_path / "mine.toml").write_text("message = 3", encoding="utf-8")
    said: list[str] = []
    bench.panel.said.connect(lambda sentence, _role: said.append(sentence))
    bench.panel.ask_open()
    assert "mine.toml" in said[0] and "mine.toml" in bench.panel.page.pane.summary.whole()


def test_a_file_is_sent_with_its_own_bytes_or_edited(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    body = bytes.fromhex("08001600") + b"UI\x1a\x00" + CT.encode() + b"\0"
    body += bytes.fromhex("08001800") + b"UI\x06\x001.2.3\0"
    meta = bytes.fromhex("02001000") + b"UI\x14\x00" + EXPLICIT.encode() + b"\0"
    head = bytes.fromhex("02000000") + b"UL\x04\x00" + len(meta).to_bytes(4, "little")
    path.write_bytes(bytes(128) + b"DICM" + head + meta + body)
    choose(qtbot, bench, "C-STORE-RQ")
    bench.questions.files = (path,)
    bench.panel.ask_send_file()
    page = bench.panel.page
    qtbot.waitUntil(lambda: bench.command.sop_instance_uid == "1.2.3")
    bench.panel.send()
    assert bench.sent[0][0].data == FileData(path)
    page.tabs.tabs.setCurrentIndex(DATA_SET)
    qtbot.mouseClick(page.tabs.data.edit_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.data_set.data_set.text(0x00080018) == "1.2.3")
    bench.panel.send()
    assert isinstance(bench.sent[1][0].data, DataSet)


def test_dicom_json_is_loaded(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text('{"00100020": {"vr": "LO", "Value": ["7"]}}', encoding="utf-8")
    bench.questions.files = (path,)
    bench.panel.ask_json()
    assert bench.panel.page.data_set.data_set.text(0x00100020) == "7"


def test_tabs_are_added_renamed_and_closed_by_keys(qtbot: QtBot, bench: Bench) -> None:
    view = bench.panel.page.pane.view
    view.setFocus()
    qtbot.keyClick(view, KEY.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.count() == 2
    qtbot.keyClick(bench.panel.tabs, KEY.Key_F2)
    name = bench.panel.tabs.findChild(QLineEdit)
    assert name is not None
    qtbot.keyClicks(name, "Second")
    qtbot.keyClick(name, KEY.Key_Return)
    assert bench.panel.tabs.tabText(1) == "Second"
    edit(qtbot, bench, "MessageID", "5")
    bench.questions.agree = False
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.count() == 2 and "not saved" in bench.questions.asked[0]
    bench.questions.agree = True
    qtbot.keyClick(bench.panel.page.pane.view, KEY.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert bench.panel.tabs.count() == 1


def test_whether_a_data_set_follows_can_be_decided_by_hand(qtbot: QtBot, bench: Bench) -> None:
    box = bench.panel.page.tabs.mode_box
    qtbot.keyClick(box, KEY.Key_Down)
    assert bench.command.has_data_set and "departure" in bench.panel.page.pane.summary.whole()
    bench.panel.send()
    assert bench.sent[0][0].data == DataSet()


def test_every_template_of_the_menu_opens(bench: Bench) -> None:
    bench.panel._fill_templates()
    menus = [bench.panel.template_menu]
    count = 0
    while menus:
        for action in menus.pop().actions():
            if action.menu() is not None:
                menus.append(action.menu())  # type: ignore[arg-type]
            elif not action.isSeparator():
                action.trigger()
                count += 1
    assert count > 60
    assert not bench.panel.page.preview.problem
