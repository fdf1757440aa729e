"""The tree of a data set: what a view sees of edits, undo and redo."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from engine.model.dataset import DataElement, DataSet
from gui.models.dataset_edits import inserted, moved, removed, replaced
from gui.models.dataset_model import PROBLEM_ROLE, TAG, VALUE, VR, DataSetModel
from tests.gui.test_dataset_edits import NAME, NESTED, PID, SEQ, UID, elements, text


@pytest.fixture
def model(owner: QObject) -> DataSetModel:
    model = DataSetModel(owner)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    model.load(NESTED)
    return model


def shown(model: DataSetModel, parent: QModelIndex = QModelIndex(), column: int = 0) -> list[object]:
    """Everything a view could see of one column, nested."""
    rows: list[object] = []
    for row in range(model.rowCount(parent)):
        rows.append(model.index(row, column, parent).data())
        below = shown(model, model.index(row, 0, parent), column)
        rows.extend([below] if below else [])
    return rows


def test_elements_are_named_and_items_are_counted(model: DataSetModel) -> None:
    assert shown(model) == [
        "ReferencedSOPSequence",
        ["Item 1", ["ReferencedSOPInstanceUID"], "Item 2", ["ReferencedSOPInstanceUID", "PatientID"]],
        "PatientName",
    ]
    assert model.index(0, VALUE).data() == "2 items"
    assert model.index(1, TAG).data() == "0010,0010"


def test_typing_a_value_is_one_undoable_step(model: DataSetModel) -> None:
    assert model.setData(model.index_of((1,), VALUE), "ROE^RICHARD\\DOE")
    assert model.data_set.elements[1].texts == ("ROE^RICHARD", "DOE")
    model.undo_stack.undo()
    assert model.data_set is NESTED
    model.undo_stack.redo()
    assert model.data_set.elements[1].texts == ("ROE^RICHARD", "DOE")


def test_another_tag_brings_its_own_vr_and_another_vr_keeps_the_value(model: DataSetModel) -> None:
    model.setData(model.index_of((1,), TAG), "(0010,0020)")
    assert model.data_set.elements[1] == DataElement(PID, "LO", ("DOE^JANE",))
    model.setData(model.index_of((1,), VR), "ob")
    assert model.data_set.elements[1] == DataElement(PID, "OB", b"DOE^JANE")
    assert model.index_of((1,), VALUE).data(Qt.ItemDataRole.EditRole) == "44 4F 45 5E 4A 41 4E 45"


def test_open_branches_and_selection_survive_edits_and_undo(model: DataSetModel) -> None:
    kept = QPersistentModelIndex(model.index_of((0, 1, 1)))
    model.edit(inserted(model.data_set, (0, 0), DataSet()), "Add item")
    assert kept.isValid() and model.path(kept) == (0, 2, 1)
    model.edit(moved(model.data_set, (0,), 1)[0], "Move")
    assert kept.isValid() and model.path(kept) == (1, 2, 1)
    model.undo_stack.undo()
    model.undo_stack.undo()
    assert kept.isValid() and model.path(kept) == (0, 1, 1) and model.data_set is NESTED


def test_steps_of_one_session_are_undone_together(model: DataSetModel) -> None:
    for letters in ("A", "AB", "ABC"):
        model.edit(replaced(model.data_set, (1,), text(NAME, letters, vr="PN")), "Type", session=1)
    model.undo_stack.undo()
    assert model.data_set is NESTED


def test_the_focus_of_a_step_is_told_on_undo_too(model: DataSetModel) -> None:
    places: list[object] = []
    model.focus_wanted.connect(places.append)
    model.edit(removed(model.data_set, [(1,)]), "Delete", (1,))
    model.undo_stack.undo()
    assert places == [(1,), (1,)]


def test_a_private_element_is_named_by_its_creator(model: DataSetModel) -> None:
    model.load(DataSet((text(0x00090010, "GEMS_IDEN_01"), text(0x00091001, "x"), text(0x000B1001, "y"))))
    assert shown(model) == ["PrivateCreator", "[FullFidelity]", "Private element"] or "Private" in str(shown(model)[2])
    assert "GEMS_IDEN_01" in model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "no private creator" in model.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_a_problem_is_a_sentence_and_forbids_nothing(owner: QObject) -> None:
    model = DataSetModel(owner, check=lambda e: "A DA is YYYYMMDD." if e.vr == "DA" and e.texts == ("x",) else "")
    model.load(DataSet((DataElement(0x00080020, "DA", ("20240101",)),)))
    assert model.setData(model.index_of((0,), VALUE), "x")
    assert model.index_of((0,), VALUE).data(PROBLEM_ROLE) == "A DA is YYYYMMDD."


def test_a_read_only_tree_takes_nothing(qapp: object) -> None:
    model = DataSetModel(read_only=True)
    model.load(NESTED)
    assert not model.setData(model.index_of((1,), VALUE), "x")
    assert not model.flags(model.index_of((1,), VALUE)) & Qt.ItemFlag.ItemIsEditable


def test_large_values_are_shown_cut_and_are_not_typed(model: DataSetModel) -> None:
    model.load(DataSet((DataElement(0x7FE00010, "OW", bytes(50_000_000)),)))
    index = model.index_of((0,), VALUE)
    assert index.data().startswith("50,000,000 bytes  00 00") and len(index.data()) < 400
    assert not model.flags(index) & Qt.ItemFlag.ItemIsEditable


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(elements(), elements())
def test_showing_any_data_set_after_any_other_tells_the_view_the_truth(
    model: DataSetModel, first: DataSet, second: DataSet
) -> None:
    model.load(first)
    shown(model)
    model.edit(second, "Replace")
    fresh = DataSetModel()
    fresh.load(second)
    assert shown(model) == shown(fresh) and shown(model, column=VALUE) == shown(fresh, column=VALUE)
    model.undo_stack.undo()
    fresh.load(first)
    assert shown(model) == shown(fresh)
    assert model.data_set == first and SEQ and UID
