"""Unified procedure steps as their user: push and pull against a provider written with pynetdicom, whole procedures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.model.commands import RunProcedure
from engine.model.dataset import DataSet
from engine.model.notices import Outcome, StatusNotice, StepNotice, StepState
from engine.model.procedures import ups as p
from engine.model.procedures.base import Procedure
from engine.workspace.ups_steps import NewStep, Performed, cancel_request, canceled, progress
from tests.interop.normalized_peers import UPS_PULL, UPS_PUSH, UPS_WATCH
from tests.interop.operating import Held, Operator
from tests.interop.peers import Peer
from tests.interop.ups_provider import CLASSES, UpsProvider

pytestmark = pytest.mark.interop

STEP, LOCK = "1.2.826.0.1.3680043.9.7433.71", "2.25.77"
START, END = "20260131120000", "20260131130000"
NEW = NewStep(label="Contouring", worklist="Planning", start=START, patient_name="Doe^Jane", patient_id="P1").data_set()
DONE = Performed(
    station="A^99T^Station A", workitem="110005^DCM^Interpretation", start=START, end=END, performer="D^99T^Doe"
).data_set()


def run(operator: Operator, where: Peer, asked: Procedure, **others: Any) -> StatusNotice:
    """A procedure to its end, on an association of its own."""
    command = begin(operator, where, asked, **others)
    return operator.wait(StatusNotice, lambda n: n.operation == command.operation)


def begin(operator: Operator, where: Peer, asked: Procedure, **others: Any) -> RunProcedure:
    proposal = replace(operator.proposal(where, ()), tls=others.pop("tls", None))
    command = RunProcedure(
        operation=operator.engine.new_id(),
        association=others.pop("association", 0) or operator.engine.new_id(),
        proposal=proposal,
        procedure=asked,
        **others,
    )
    operator.engine.submit(command)
    return command


def steps(operator: Operator, status: StatusNotice) -> dict[str, StepState]:
    """The last state of each step."""
    return {n.name: n.state for n in operator.all(StepNotice, lambda n: n.operation == status.operation)}


@pytest.fixture
def provider() -> UpsProvider:
    return UpsProvider()


@pytest.fixture
def where(pynetdicom_scp: Callable[..., Any], provider: UpsProvider) -> Any:
    return pynetdicom_scp(CLASSES, provider.handlers)


def push(operator: Operator, where: Peer, uid: str = STEP) -> StatusNotice:
    return run(operator, where, p.CreateStep(attributes=NEW, sop_instance_uid=uid))


def claim(operator: Operator, where: Peer, key: str = LOCK) -> StatusNotice:
    return run(operator, where, p.ClaimStep(sop_instance_uid=STEP, transaction_uid=key))


def finish(operator: Operator, where: Peer, state: str, data: DataSet | None = None, **others: Any) -> StatusNotice:
    key = others.pop("key", LOCK)
    asked = p.FinishStep(
        sop_instance_uid=STEP, transaction_uid=key, state=state, attributes=data or DataSet(), **others
    )
    return run(operator, where, asked)


def test_from_scheduled_to_completed(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    assert push(operator, where).sentence == f"The step is SCHEDULED as {STEP}."
    made = provider.steps[STEP]
    assert (made.ProcedureStepLabel, made.WorklistLabel, made.PatientID) == ("Contouring", "Planning", "P1")
    assert (made.TransactionUID, list(made.InputInformationSequence)) == ("", [])
    assert claim(operator, where).outcome is Outcome.SUCCESS
    told = progress("50", "Half", "Ann", "tel:1")
    assert (
        run(operator, where, p.SetStep(sop_instance_uid=STEP, changes=told, transaction_uid=LOCK)).outcome
        is Outcome.SUCCESS
    )
    read = run(operator, where, p.ReadStep(sop_instance_uid=STEP))
    assert read.sentence == "IN PROGRESS, 50 %; Half; contact Ann <tel:1>."
    ended = finish(operator, where, "COMPLETED", DONE)
    assert (ended.outcome, ended.sentence) == (Outcome.SUCCESS, "The step is COMPLETED.")
    assert set(steps(operator, ended).values()) == {StepState.DONE}
    (done,) = provider.steps[STEP].UnifiedProcedureStepPerformedProcedureSequence
    assert done.PerformedStationNameCodeSequence[0].CodeValue == "A"
    assert done.ActualHumanPerformersSequence[0].HumanPerformerCodeSequence[0].CodeMeaning == "Doe"
    assert provider.contexts == [
        ("create", UPS_PUSH),
        ("action 1", UPS_PULL),
        ("set", UPS_PULL),
        ("get", UPS_PUSH),
        ("get", UPS_PULL),
        ("set", UPS_PULL),
        ("action 1", UPS_PULL),
    ]
    assert operator.findings == []


def test_the_performer_cancels(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    push(operator, where)
    claim(operator, where)
    ended = finish(operator, where, "CANCELED", canceled("110501^DCM^Equipment failure", "Broken", END))
    assert ended.sentence == "The step is CANCELED."
    (told,) = provider.steps[STEP].ProcedureStepProgressInformationSequence
    assert (told.ReasonForCancellation, told.ProcedureStepCancellationDateTime) == ("Broken", END)
    again = finish(operator, where, "CANCELED", check=False)
    assert (again.outcome, "B304H" in again.sentence) == (Outcome.WARNING, True)
    assert "C300H" in claim(operator, where).sentence


def test_somebody_else_asks_for_the_cancellation(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    push(operator, where)
    asked = p.RequestCancel(sop_instance_uid=STEP, information=cancel_request("Patient left", contact_uri="tel:1"))
    assert run(operator, where, asked).outcome is Outcome.SUCCESS
    assert provider.steps[STEP].ProcedureStepState == "CANCELED"
    assert "B304H" in run(operator, where, p.RequestCancel(sop_instance_uid=STEP)).sentence


def test_a_request_to_cancel_goes_through_watch_where_push_is_not_accepted(
    operator: Operator, pynetdicom_scp: Callable[..., Any], provider: UpsProvider
) -> None:
    where = pynetdicom_scp([UPS_WATCH], provider.handlers)
    provider.steps[STEP] = Any  # type: ignore[assignment]
    provider.refuse["action 2"] = 0xC313
    ended = run(operator, where, p.RequestCancel(sop_instance_uid=STEP))
    assert "C313H" in ended.sentence
    assert provider.contexts == [("action 2", UPS_WATCH)]


def test_the_provider_may_choose_the_uid(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    created = push(operator, where, "")
    (uid,) = provider.steps
    assert uid in created.sentence


def test_what_is_wrong_with_keys_and_states(operator: Operator, where: Peer) -> None:
    assert "C307H" in claim(operator, where).sentence
    push(operator, where)
    changes = progress("5")
    early = run(operator, where, p.SetStep(sop_instance_uid=STEP, changes=changes, transaction_uid=LOCK))
    assert "Claim the step first" in early.sentence
    assert claim(operator, where).outcome is Outcome.SUCCESS
    taken = claim(operator, where, "2.25.78")
    assert (taken.outcome, "C302H" in taken.sentence) == (Outcome.FAILURE, True)
    for key in ("2.25.78", ""):
        wrong = run(operator, where, p.SetStep(sop_instance_uid=STEP, changes=changes, transaction_uid=key))
        assert "C301H" in wrong.sentence
    assert "C301H" in finish(operator, where, "COMPLETED", DONE, key="2.25.78").sentence
    assert finish(operator, where, "COMPLETED", DONE).outcome is Outcome.SUCCESS
    assert "B306H" in finish(operator, where, "COMPLETED", check=False).sentence
    late = run(operator, where, p.RequestCancel(sop_instance_uid=STEP))
    assert "C311H" in late.sentence


def test_a_final_state_that_is_not_met(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    push(operator, where)
    claim(operator, where)
    held_back = finish(operator, where, "COMPLETED")
    assert (held_back.outcome, provider.steps[STEP].ProcedureStepState) == (Outcome.NOT_SENT, "IN PROGRESS")
    refused = finish(operator, where, "COMPLETED", check=False)
    assert "C304H" in refused.sentence
    assert "Missing: UnifiedProcedureStepPerformedProcedureSequence" in refused.sentence


@pytest.mark.parametrize(
    ("what", "status", "outcome", "words"),
    [
        ("create", 0xB300, Outcome.WARNING, "Read the step to see what the provider changed"),
        ("create", 0xC309, Outcome.FAILURE, "created SCHEDULED"),
        ("set", 0xB305, Outcome.WARNING, "1 attribute set"),
        ("action 1", 0xC303, Outcome.FAILURE, "Create a new step"),
    ],
)
def test_other_statuses(
    operator: Operator, where: Peer, provider: UpsProvider, what: str, status: int, outcome: Outcome, words: str
) -> None:
    if what != "create":
        push(operator, where)
    provider.refuse[what] = status
    asked = {
        "create": lambda: push(operator, where),
        "set": lambda: run(operator, where, p.SetStep(sop_instance_uid=STEP, changes=progress("1"))),
        "action 1": lambda: claim(operator, where),
    }
    ended = asked[what]()
    assert ended.outcome is outcome
    assert f"{status:04X}H" in ended.sentence
    assert words in ended.sentence


def test_an_abort_in_the_middle_of_finishing(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    push(operator, where)
    claim(operator, where)
    provider.abort_after = "set"
    ended = finish(operator, where, "COMPLETED", DONE)
    assert ended.outcome is Outcome.ABORTED
    assert "Done: Read the step" in ended.sentence
    assert "Change its state to COMPLETED" in ended.sentence.split("Not done:")[1]
    provider.later.wait()


def test_a_class_the_provider_does_not_have_is_named(
    operator: Operator, pynetdicom_scp: Callable[..., Any], provider: UpsProvider
) -> None:
    ended = claim(operator, pynetdicom_scp([UPS_PUSH], provider.handlers))
    assert ended.outcome is Outcome.NOT_SENT
    assert "Pull" in ended.sentence


def test_all_on_one_association_that_is_open(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    held: Held = operator.open(where, *CLASSES)
    created = run(operator, where, p.CreateStep(attributes=NEW, sop_instance_uid=STEP), association=held.number)
    assert created.outcome is Outcome.SUCCESS
    for asked in (p.ClaimStep(sop_instance_uid=STEP, transaction_uid=LOCK), p.ReadStep(sop_instance_uid=STEP)):
        assert run(operator, where, asked, association=held.number).outcome is Outcome.SUCCESS
    assert held.release().outcome is Outcome.SUCCESS
