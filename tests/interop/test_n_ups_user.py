"""We as SCU of the Unified Procedure Step classes, against a provider written with pynetdicom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from engine.model.notices import Outcome
from tests.interop.normalized_peers import (
    UPS_EVENT,
    UPS_PULL,
    UPS_PUSH,
    UPS_WATCH,
    made,
)
from tests.interop.normalized_providers import Worklist
from tests.interop.operating import Held, Operator, data_of

pytestmark = pytest.mark.interop

N_EVENT_REPORT_RQ = 0x0100
STEP, LOCK = "1.2.826.0.1.3680043.9.7433.6.1", "1.2.826.0.1.3680043.9.7433.6.2"


@pytest.fixture
def worklist() -> Worklist:
    return Worklist()


@pytest.fixture
def held(operator: Operator, pynetdicom_scp: Callable[..., Any], worklist: Worklist) -> Held:
    classes = [UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_EVENT]
    return operator.open(pynetdicom_scp(classes, worklist.handlers), *classes)


def scheduled() -> Dataset:
    return made(
        ProcedureStepState="SCHEDULED",
        ProcedureStepLabel="Contouring",
        InputReadinessState="READY",
        ScheduledProcedureStepPriority="MEDIUM",
        PatientID="PAT001",
        TransactionUID="",
    )


def act(held: Held, action: int, data: Dataset) -> Any:
    return held.send(
        "N-ACTION-RQ", data, RequestedSOPClassUID=UPS_PUSH, RequestedSOPInstanceUID=STEP, ActionTypeID=action
    )


def create(held: Held) -> Any:
    return held.send("N-CREATE-RQ", scheduled(), AffectedSOPClassUID=UPS_PUSH, AffectedSOPInstanceUID=STEP)


def test_a_step_from_scheduled_to_completed_each_message_through_its_class(held: Held, worklist: Worklist) -> None:
    """All carry the Push class's UID, each goes through the context whose class has the service (PS3.4 CC.3.1.1)."""
    assert create(held).code == 0x0000
    found = held.send(
        "C-FIND-RQ", made(ProcedureStepState="SCHEDULED", SOPInstanceUID=""), AffectedSOPClassUID=UPS_PULL
    )
    assert [r.command.status for r in found.responses] == [0xFF00, 0x0000]
    assert data_of(found.responses[0]).SOPInstanceUID == STEP
    assert act(held, 1, made(ProcedureStepState="IN PROGRESS", TransactionUID=LOCK)).code == 0x0000
    assert worklist.seen.last(0x0130) == {
        "CommandField": 0x0130,
        "CommandDataSetType": 1,
        "RequestedSOPClassUID": UPS_PUSH,
        "RequestedSOPInstanceUID": STEP,
        "ActionTypeID": 1,
    }
    requested = {"RequestedSOPClassUID": UPS_PUSH, "RequestedSOPInstanceUID": STEP}
    assert held.send("N-SET-RQ", made(ProcedureStepLabel="Done?"), **requested).code == 0xC301
    assert held.send("N-SET-RQ", made(ProcedureStepLabel="Done", TransactionUID=LOCK), **requested).code == 0x0000
    assert act(held, 1, made(ProcedureStepState="COMPLETED", TransactionUID=LOCK)).code == 0x0000
    again = act(held, 1, made(ProcedureStepState="COMPLETED", TransactionUID=LOCK))
    assert (again.code, again.status.outcome) == (0xB306, Outcome.WARNING)
    late = act(held, 2, made(ReasonForCancellation="Too late"))
    assert (late.code, late.status.error_comment) == (0xC311, "Already COMPLETED")
    got = held.send("N-GET-RQ", **requested, AttributeIdentifierList=(0x00741000, 0x00741204))
    assert (got.data.ProcedureStepState, got.data.ProcedureStepLabel) == ("COMPLETED", "Done")
    assert worklist.seen.last(0x0110)["AttributeIdentifierList"] == [0x00741000, 0x00741204]
    through = dict(worklist.contexts)
    assert (through[0x0140], through[0x0020], through[0x0120]) == (UPS_PUSH, UPS_PULL, UPS_PULL)
    changed_state = [c for message, c in worklist.contexts if message == 0x0130]
    assert changed_state == [UPS_PULL, UPS_PULL, UPS_PULL, UPS_PUSH], "the last asked for a cancel"
    assert held.operator.findings == []


def test_events_of_a_subscription_on_the_same_association(held: Held, worklist: Worklist) -> None:
    create(held)
    subscribed = act(held, 3, made(ReceivingAE="CONSOLE", DeletionLock="FALSE"))
    assert subscribed.code == 0x0000
    assert worklist.contexts[-1] == (0x0130, UPS_WATCH)
    held.received(N_EVENT_REPORT_RQ, 1)
    act(held, 2, made(ReasonForCancellation="Patient left"))
    reports = held.received(N_EVENT_REPORT_RQ, 2)
    assert [data_of(r).ProcedureStepState for r in reports] == ["SCHEDULED", "CANCELED"]
    assert {r.abstract_syntax for r in reports} == {UPS_EVENT}
    assert {(r.command.sop_class_uid, r.command.sop_instance_uid) for r in reports} == {(UPS_PUSH, STEP)}
    assert worklist.later.wait() == [0x0000, 0x0000]


def test_an_event_through_the_wrong_class_is_refused(held: Held, worklist: Worklist) -> None:
    """UPS Pull has no notifications; the provider gets told (PS3.4 CC.3.1)."""
    create(held)
    told: list[int] = []

    def send(assoc: Any) -> None:
        status, _ = assoc.send_n_event_report(None, 1, UPS_PUSH, STEP, meta_uid=UPS_PULL)
        told.append(status.Status)

    worklist.after_get = send
    held.send("N-GET-RQ", RequestedSOPClassUID=UPS_PUSH, RequestedSOPInstanceUID=STEP)
    worklist.later.wait()
    assert told == [0x0211]


def test_refusals_in_words(held: Held, worklist: Worklist) -> None:
    started = scheduled()
    started.ProcedureStepState = "IN PROGRESS"
    refused = held.send("N-CREATE-RQ", started, AffectedSOPClassUID=UPS_PUSH, AffectedSOPInstanceUID=STEP)
    assert (refused.code, refused.status.error_comment) == (0xC309, "Not SCHEDULED")
    unknown = held.send("N-GET-RQ", RequestedSOPClassUID=UPS_PUSH, RequestedSOPInstanceUID=STEP)
    assert (unknown.code, unknown.status.outcome) == (0xC307, Outcome.FAILURE)
    assert "C307H" in unknown.status.sentence
    query = held.send("C-FIND-RQ", made(PatientID=""), AffectedSOPClassUID=UPS_PULL)
    assert (query.code, query.status.error_comment) == (0xA900, "State is needed")
    assert query.status.offending_elements == (0x00741000,)
