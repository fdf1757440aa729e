"""We as SCU of Modality Performed Procedure Step and its Retrieve class, against a provider written with pynetdicom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from engine.model.notices import Outcome
from tests.interop.normalized_peers import MPPS, MPPS_RETRIEVE, made
from tests.interop.normalized_providers import Steps
from tests.interop.operating import Operator, outgoing

pytestmark = pytest.mark.interop

STEP = "1.2.826.0.1.3680043.9.7433.1"


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def provider(pynetdicom_scp: Callable[..., Any], steps: Steps) -> Any:
    return pynetdicom_scp([MPPS, MPPS_RETRIEVE], steps.handlers)


def in_progress() -> Dataset:
    scheduled = made(StudyInstanceUID="1.2.3.4", AccessionNumber="A1", ScheduledProcedureStepID="SPS1")
    return made(
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Prüfling^Nr1",
        PatientID="PAT001",
        PerformedProcedureStepID="PPS1",
        PerformedStationAETitle="CONSOLE",
        PerformedProcedureStepStartDate="20240101",
        PerformedProcedureStepStartTime="101112",
        PerformedProcedureStepStatus="IN PROGRESS",
        Modality="CT",
        ScheduledStepAttributesSequence=[scheduled],
        PerformedSeriesSequence=[],
    )


def test_a_step_from_in_progress_to_completed_on_one_association(
    operator: Operator, provider: Any, steps: Steps
) -> None:
    held = operator.open(provider, MPPS, MPPS_RETRIEVE)
    created = held.send("N-CREATE-RQ", in_progress(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID=STEP)
    assert (created.code, created.status.outcome) == (0x0000, Outcome.SUCCESS)
    assert created.data.PatientName == "Prüfling^Nr1"
    assert steps.seen.last(0x0140) == {
        "CommandField": 0x0140,
        "CommandDataSetType": 1,
        "AffectedSOPClassUID": MPPS,
        "AffectedSOPInstanceUID": STEP,
    }
    assert steps.held[STEP].ScheduledStepAttributesSequence[0].ScheduledProcedureStepID == "SPS1"

    completed = made(PerformedProcedureStepStatus="COMPLETED", PerformedProcedureStepEndDate="20240101")
    changed = held.send("N-SET-RQ", completed, RequestedSOPClassUID=MPPS, RequestedSOPInstanceUID=STEP)
    assert changed.code == 0x0000
    assert steps.seen.last(0x0120) == {
        "CommandField": 0x0120,
        "CommandDataSetType": 1,
        "RequestedSOPClassUID": MPPS,
        "RequestedSOPInstanceUID": STEP,
    }
    assert steps.held[STEP].PerformedProcedureStepStatus == "COMPLETED"

    got = held.send(
        "N-GET-RQ",
        RequestedSOPClassUID=MPPS_RETRIEVE,
        RequestedSOPInstanceUID=STEP,
        AttributeIdentifierList=(0x00400252, 0x00100020),
    )
    assert got.code == 0x0000
    assert steps.seen.last(0x0110) == {
        "CommandField": 0x0110,
        "CommandDataSetType": 0x0101,
        "RequestedSOPClassUID": MPPS_RETRIEVE,
        "RequestedSOPInstanceUID": STEP,
        "AttributeIdentifierList": [0x00400252, 0x00100020],
    }
    assert (got.data.PerformedProcedureStepStatus, got.data.PatientID) == ("COMPLETED", "PAT001")
    assert held.release().outcome is Outcome.SUCCESS
    assert operator.findings == []


def test_a_refusal_is_told_with_its_comment_and_error_id(operator: Operator, provider: Any, steps: Steps) -> None:
    steps.held[STEP] = made(PerformedProcedureStepStatus="COMPLETED")
    held = operator.open(provider, MPPS)
    late = held.send(
        "N-SET-RQ",
        made(PerformedProcedureStepStatus="DISCONTINUED"),
        RequestedSOPClassUID=MPPS,
        RequestedSOPInstanceUID=STEP,
    )
    assert (late.code, late.status.outcome) == (0x0110, Outcome.FAILURE)
    assert late.status.error_comment == "May no longer be updated"
    assert "May no longer be updated" in late.status.sentence
    assert late.command.number("ErrorID") == 0xA710


def test_one_attribute_is_a_list_of_one_and_an_unsupported_one_a_warning(
    operator: Operator, provider: Any, steps: Steps
) -> None:
    steps.held[STEP] = made(PerformedProcedureStepStatus="IN PROGRESS")
    held = operator.open(provider, MPPS_RETRIEVE)
    wanted = {"RequestedSOPClassUID": MPPS_RETRIEVE, "RequestedSOPInstanceUID": STEP}
    one = held.send("N-GET-RQ", **wanted, AttributeIdentifierList=(0x00400252,))
    assert one.code == 0x0000
    assert steps.seen.last(0x0110)["AttributeIdentifierList"] == 0x00400252
    two = held.send("N-GET-RQ", **wanted, AttributeIdentifierList=(0x00400252, 0x00100020))
    assert (two.code, two.status.outcome) == (0x0001, Outcome.WARNING)
    assert "attributes" in two.status.sentence.lower()


@pytest.mark.parametrize(("uid", "message", "status"), [(STEP, "N-CREATE", 0x0111), ("1.9.9", "N-SET", 0x0112)])
def test_duplicates_and_unknown_instances(
    operator: Operator, provider: Any, steps: Steps, uid: str, message: str, status: int
) -> None:
    steps.held[STEP] = in_progress()
    kind = "Affected" if message == "N-CREATE" else "Requested"
    values = {f"{kind}SOPClassUID": MPPS, f"{kind}SOPInstanceUID": uid}
    ended, _ = operator.one_shot(provider, [MPPS], [outgoing(f"{message}-RQ", in_progress(), **values)])
    assert (ended.status, ended.outcome) == (status, Outcome.FAILURE)
    assert f"{status:04X}H" in ended.sentence


def test_a_one_shot_of_two_messages_ends_with_the_worst(operator: Operator, provider: Any, steps: Steps) -> None:
    requested = {"RequestedSOPClassUID": MPPS, "RequestedSOPInstanceUID": STEP}
    messages = [
        outgoing("N-CREATE-RQ", in_progress(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID=STEP),
        outgoing("N-SET-RQ", made(PerformedProcedureStepStatus="DISCONTINUED"), **requested),
        outgoing("N-SET-RQ", made(PerformedProcedureStepStatus="COMPLETED"), **requested),
    ]
    ended, _ = operator.one_shot(provider, [MPPS], messages)
    assert ended.outcome is Outcome.FAILURE
    assert [s["CommandField"] for s in steps.seen.commands] == [0x0140, 0x0120, 0x0120]
    assert steps.held[STEP].PerformedProcedureStepStatus == "DISCONTINUED"


def test_a_message_without_its_context_is_not_sent_and_says_so(operator: Operator, provider: Any, steps: Steps) -> None:
    message = outgoing("N-CREATE-RQ", in_progress(), AffectedSOPClassUID="1.2.840.10008.5.1.1.1")
    ended, _ = operator.one_shot(provider, [MPPS], [message])
    assert ended.outcome is Outcome.NOT_SENT
    assert "Basic Film Session" in ended.sentence
    assert not steps.seen.commands
