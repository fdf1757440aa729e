"""Unified procedure steps against Table CC.2.5-3: each requirement with a step that meets it and one that does not."""

from __future__ import annotations

import pytest

from engine.conformance.ups import check_create, check_final
from engine.model.dataset import DataSet
from engine.standard.ups import UpsAttribute, attributes
from engine.workspace.keys import with_keys
from engine.workspace.ups_steps import NewStep, Performed, canceled

START = "20260131120000"
GOOD = NewStep(
    label="Contouring",
    start=START,
    station="A^99T^Station A",
    workitem="110005^DCM^Interpretation",
    performer="D^99T^Doe",
    performer_name="Doe^Jane",
    performer_organization="Ward",
).data_set()
DONE = Performed(station="A^99T^Station A", workitem="110005^DCM^Interpretation", start=START, end=START).data_set()
STOPPED = canceled("110501^DCM^Equipment failure")


def paths(step: DataSet) -> list[str]:
    return [p.path for p in check_create(step)]


def test_a_whole_step_has_nothing_missing() -> None:
    assert paths(GOOD) == []


@pytest.mark.parametrize("row", [r for r in attributes() if r.create in ("1", "2", "2E")], ids=lambda r: r.keyword)
def test_each_required_attribute(row: UpsAttribute) -> None:
    (missing,) = check_create(GOOD.without(row.tag))
    assert (missing.path, missing.tag) == (row.keyword, row.tag)
    assert "missing" in missing.sentence


@pytest.mark.parametrize(
    ("key", "path", "words"),
    [
        ("ProcedureStepLabel=", "ProcedureStepLabel", "needs a value"),
        ("PatientID=", "PatientID", "needs a value"),
        ("TransactionUID=1.2", "TransactionUID", "must be empty"),
        ("ProcedureStepState=IN PROGRESS", "ProcedureStepState", "must be SCHEDULED"),
        ("ScheduledProcedureStepPriority=STAT", "ScheduledProcedureStepPriority", "must be HIGH or MEDIUM or LOW"),
        ("InputReadinessState=MAYBE", "InputReadinessState", "READY"),
        (
            "ScheduledHumanPerformersSequence[0].HumanPerformerName=",
            "ScheduledHumanPerformersSequence[0].HumanPerformerName",
            "type 1",
        ),
        (
            "ScheduledWorkitemCodeSequence[0].CodingSchemeDesignator=",
            "ScheduledWorkitemCodeSequence[0]",
            "Coding Scheme Designator",
        ),
        ("ScheduledWorkitemCodeSequence[0].LongCodeValue=X", "ScheduledWorkitemCodeSequence[0]", "one of"),
        ("ScheduledWorkitemCodeSequence[0].CodeMeaning=", "ScheduledWorkitemCodeSequence[0].CodeMeaning", "type 1"),
        ("InputInformationSequence[0].TypeOfInstances=DICOM", "InputInformationSequence[0]", "way to retrieve"),
        (
            "UnifiedProcedureStepPerformedProcedureSequence[0].PerformedProcedureStepEndDateTime=20260101",
            "UnifiedProcedureStepPerformedProcedureSequence[0].PerformedProcedureStepEndDateTime",
            "not allowed",
        ),
    ],
)
def test_what_a_value_must_be(key: str, path: str, words: str) -> None:
    found = [p for p in check_create(with_keys(GOOD, [key])) if p.path == path]
    assert any(words in p.sentence for p in found), found


def test_final_states() -> None:
    assert [p.path for p in check_final(GOOD, "COMPLETED")] == ["UnifiedProcedureStepPerformedProcedureSequence"]
    assert [p.path for p in check_final(GOOD, "CANCELED")] == ["ProcedureStepProgressInformationSequence"]
    assert check_final(GOOD.merged(DONE), "COMPLETED") == ()
    assert check_final(GOOD.merged(STOPPED), "CANCELED") == ()
    half = with_keys(
        GOOD.merged(DONE), ["UnifiedProcedureStepPerformedProcedureSequence[0].PerformedProcedureStepEndDateTime="]
    )
    (missing,) = check_final(half, "COMPLETED")
    assert missing.path.endswith("[0].PerformedProcedureStepEndDateTime")
