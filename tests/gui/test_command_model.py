"""The command set's form as a model: what rows show, how typed values are taken, undo."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtTest import QAbstractItemModelTester

from engine.conformance.commands import check_command
from engine.model.command_set import Element
from engine.standard.elements import BY_KEYWORD
from engine.standard.messages import MESSAGES
from gui.models.command_draft import Draft, Surroundings, lines_of
from gui.models.command_model import ADD_TEXT, ELEMENT, ORIGIN, TAG, USAGE, VALUE, CommandModel
from gui.models.command_values import About, parse, shown

COMMITMENT = "1.2.840.10008.1.20.1"


@pytest.fixture
def model(owner: QObject) -> CommandModel:
    model = CommandModel(QUndoStack(owner), owner)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    message = MESSAGES["N-ACTION-RQ"]
    model.load(Draft(message=message, lines=lines_of(message), around=Surroundings(abstract_syntax=COMMITMENT)))
    return model


def row(model: CommandModel, keyword: str) -> int:
    return next(i for i, e in enumerate(model.draft.lines) if e.tag == BY_KEYWORD[keyword].tag)


def cell(model: CommandModel, keyword: str, column: int = VALUE) -> object:
    return model.index(row(model, keyword), column).data()


def test_values_are_shown_with_their_meaning(model: CommandModel) -> None:
    assert cell(model, "CommandField") == "0130H  N-ACTION-RQ"
    assert cell(model, "RequestedSOPClassUID") == "Storage Commitment Push Model · 1.2.840.10008.1.20.1"
    assert cell(model, "CommandDataSetType") == "0101H  no Data Set"
    assert cell(model, "MessageID") == "1  next"
    assert str(cell(model, "ActionTypeID")).startswith("1  ")
    assert cell(model, "ActionTypeID", USAGE) == "M"
    assert [cell(model, k, ORIGIN) for k in ("CommandField", "MessageID")] == ["fixed", "auto"]
    assert model.index(model.rowCount() - 1, ELEMENT).data() == ADD_TEXT


def test_a_typed_value_is_set_and_can_be_reset_and_undone(model: CommandModel) -> None:
    index = model.index(row(model, "ActionTypeID"), VALUE)
    assert model.setData(index, "2")
    assert model.draft.preview().number("ActionTypeID") == 2 and cell(model, "ActionTypeID", ORIGIN) == "set"
    model.reset([index.row()])
    assert cell(model, "ActionTypeID", ORIGIN) == "auto"
    model.undo_stack.undo()
    assert model.draft.preview().number("ActionTypeID") == 2
    model.undo_stack.undo()
    assert not any(line.touched for line in model.draft.lines)


def test_unchecking_leaves_an_element_out(model: CommandModel) -> None:
    index = model.index(row(model, "ActionTypeID"), TAG)
    model.setData(index, Qt.CheckState.Unchecked.value, Qt.ItemDataRole.CheckStateRole)
    assert model.draft.preview().find("ActionTypeID") is None
    assert cell(model, "ActionTypeID", ORIGIN) == "left out"
    model.setData(index, Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert not model.draft.lines[index.row()].touched


def test_an_element_is_added_by_keyword_name_or_tag(model: CommandModel) -> None:
    assert model.add("Error Comment  (0000,0902)") == model.draft.place_for(0x902) - 1
    assert model.add("Priority") is not None
    assert model.add("0000,4321") is not None
    said: list[str] = []
    model.problem.connect(said.append)
    assert model.add("Priorty") is None and "Priority" in said[-1]
    tags = [e.tag for e in model.draft.preview()]
    assert tags == sorted(tags) and {0x902, 0x700, 0x4321} <= set(tags)


def test_rows_are_repeated_moved_and_removed(model: CommandModel) -> None:
    at = row(model, "MessageID")
    model.repeat(at)
    assert [e.tag for e in model.draft.preview()].count(0x110) == 2
    assert model.move(at, -1) == at - 1
    model.leave_out([at + 1])
    assert [e.tag for e in model.draft.preview()].count(0x110) == 1
    for _ in range(3):
        model.undo_stack.undo()
    assert model.draft.lines == lines_of(MESSAGES["N-ACTION-RQ"])


def test_findings_are_marked_at_their_row_and_kept_from_nothing(model: CommandModel) -> None:
    at = row(model, "ActionTypeID")
    model.leave_out([at])
    found = [f for f in check_command(model.draft.preview()) if f.tag == 0x1008]
    model.set_preview(100, {at: found})
    tooltip = model.index(at, VALUE).data(Qt.ItemDataRole.ToolTipRole)
    assert "error: " in tooltip and "PS3.7" in tooltip
    assert not model.index(at, VALUE).data(Qt.ItemDataRole.DecorationRole).isNull()
    assert model.index(0, VALUE).data() == "100"


@pytest.mark.parametrize(
    ("keyword", "text", "value"),
    [
        ("Status", "a801", 0xA801),
        ("Status", "A801H  Refused: Move Destination unknown", 0xA801),
        ("Status", "0x0110", 0x0110),
        ("Priority", "low", 2),
        ("CommandField", "N-GET-RQ", 0x0110),
        ("MessageID", "12", 12),
        ("AttributeIdentifierList", "PatientName\\(0010,0020)", (0x00100010, 0x00100020)),
        ("AffectedSOPInstanceUID", "1.2.3", "1.2.3"),
        ("ErrorComment", "no  luck", "no  luck"),
        ("MoveDestination", "", None),
    ],
)
def test_values_are_typed_in_the_usual_ways(keyword: str, text: str, value: object) -> None:
    element, sentence = parse(BY_KEYWORD[keyword].tag, text)
    assert element == Element(BY_KEYWORD[keyword].tag, value) and not sentence  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keyword", "text", "raw"),
    [
        ("MessageID", "abc", b"abc"),
        ("MessageID", "70000", b"\x70\x11\x01\x00"),
        ("MessageID", "-1", b"\xff\xff"),
        pytest.param("MessageID", "9" * 5000, b"9" * 5000, id="beyond what can be counted"),
        ("AttributeIdentifierList", "Nonsense", b"Nonsense"),
        ("AffectedSOPClassUID", "hex: 31 2E", b"1."),
    ],
)
def test_what_does_not_fit_is_sent_as_bytes_and_said(keyword: str, text: str, raw: bytes) -> None:
    element, sentence = parse(BY_KEYWORD[keyword].tag, text)
    assert element == Element(BY_KEYWORD[keyword].tag, raw=raw)
    assert bool(sentence) != text.startswith("hex")


def test_forced_bytes_and_lengths_are_said_in_words() -> None:
    text = shown(Element(0x110, raw=b"\x01", length=7), About())
    assert text == "hex: 01  1 bytes as given  length 7 written"


def test_surroundings_change_automatic_values_only(model: CommandModel) -> None:
    model.set_value(row(model, "ActionTypeID"), "9")
    model.surround(replace(model.draft.around, has_elements=True, next_message_id=4))
    assert cell(model, "CommandDataSetType") == "0001H  Data Set follows"
    assert cell(model, "MessageID") == "4  next"
    model.undo_stack.undo()
    assert cell(model, "MessageID") == "4  next"
