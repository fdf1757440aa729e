"""Procedures of several steps: what each step told, where they run, and how they end when they are cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from engine.model.commands import Abort, Cancel, Outgoing, RunProcedure
from engine.model.notices import MessageNotice, Outcome, StepNotice, StepState
from engine.model.procedures.base import Procedure
from engine.model.procedures.instance import ReadInstance
from engine.services.procedures import catalog
from engine.services.procedures.effects import Await, Invoke, Plan, Playing, Verdict, await_report, invoke
from engine.services.responses import request_of

from .console import VERIFICATION, Console, echo_rq, keys, proposal, tag

PRINTER, PRINTER_INSTANCE = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.17"
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"


@dataclass(frozen=True, slots=True)
class Echoes(Procedure):
    """Echo, await a report that may never come, echo again."""

    seconds: float = 0.05
    closing: bool = False


def _play(asked: Echoes, _new_uid: Any) -> Playing:
    yield Plan(("First echo", "Report", "Last echo"))
    yield from invoke(Invoke(step="First echo", message=echo_rq()))
    report = yield from await_report(
        Await(step="Report", wanted=lambda r: r.command.sop_class_uid == COMMITMENT, seconds=asked.seconds)
    )
    last = yield from invoke(Invoke(step="Last echo", message=echo_rq(), closing=asked.closing))
    return Verdict(last.outcome, "reported" if report is not None else "nothing reported")


@pytest.fixture(autouse=True)
def _echoes(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = catalog.Entry("Echoes", _play, lambda _asked: (VERIFICATION, COMMITMENT))
    monkeypatch.setitem(catalog.CATALOG, Echoes, entry)


def _run(console: Console, where: Any, procedure: Procedure, **others: Any) -> RunProcedure:
    asked = proposal(where)
    asked = type(asked)(local=asked.local, peer=asked.peer, timeouts=asked.timeouts)
    return RunProcedure(
        operation=console.new_id(),
        association=others.pop("association", 0) or console.new_id(),
        proposal=asked,
        procedure=procedure,
        **others,
    )


def _steps(console: Console, operation: int) -> dict[str, StepState]:
    """The last state of each step."""
    return {n.name: n.state for n in console.of(StepNotice, lambda n: n.operation == operation)}


def test_nget_reads_what_was_asked_for_and_tells_its_step(console: Console) -> None:
    peer = console.listen()
    asked = ReadInstance(
        sop_class_uid=PRINTER, sop_instance_uid=PRINTER_INSTANCE, attributes=(tag("PrinterStatus"), tag("PatientName"))
    )
    command = _run(console, peer, asked)
    status = console.run(command)
    assert status.outcome in (Outcome.SUCCESS, Outcome.WARNING)
    assert "1 of those asked for did not come" in status.sentence
    (step,) = console.of(StepNotice, lambda n: n.operation == command.operation and n.duration is not None)
    assert step.service == "N-GET"
    assert step.sop_instance_uid == PRINTER_INSTANCE
    assert step.status is not None
    assert console.ended(command.association).outcome is Outcome.SUCCESS


def test_nget_again_and_again_until_cancelled(console: Console) -> None:
    asked = ReadInstance(sop_class_uid=PRINTER, sop_instance_uid=PRINTER_INSTANCE, every=0.01)
    command = _run(console, console.listen(), asked)
    console.submit(command)
    done = [StepState.DONE]

    def readings() -> int:
        return len(console.of(StepNotice, lambda n: n.operation == command.operation and n.state in done))

    console.wait(StepNotice, lambda _: readings() >= 3)
    console.submit(Cancel(operation=command.operation))
    status = console.status(command.operation)
    assert status.outcome is Outcome.SUCCESS, "that is how a watch ends"
    assert "unchanged" in status.sentence
    assert {n.step for n in console.of(StepNotice, lambda n: n.operation == command.operation)} == {0}, "one step"


def test_nget_so_many_times(console: Console) -> None:
    asked = ReadInstance(sop_class_uid=PRINTER, sop_instance_uid=PRINTER_INSTANCE, every=0.01, times=2)
    assert console.run(_run(console, console.listen(), asked)).sentence.startswith("Read 2 times, unchanged.")


def test_nget_of_a_unified_procedure_step_names_the_push_class(console: Console) -> None:
    """PS3.4 CC.3.1.1: whatever the context, messages name UPS Push."""
    pull, push = "1.2.840.10008.5.1.4.34.6.3", "1.2.840.10008.5.1.4.34.6.1"
    asked = ReadInstance(sop_class_uid=pull, sop_instance_uid="1.2.3", context_uid=pull)
    command = _run(console, console.listen(), asked)
    assert "C307H" in console.run(command).sentence
    (sent,) = console.of(MessageNotice, lambda n: n.operation == command.operation and not n.command.is_response)
    assert (sent.abstract_syntax, sent.command.sop_class_uid) == (pull, push)


def test_the_plan_is_told_before_the_first_step(console: Console) -> None:
    command = _run(console, console.listen(), Echoes())
    assert console.run(command).outcome is Outcome.SUCCESS
    told = [(n.name, n.state) for n in console.of(StepNotice, lambda n: n.operation == command.operation)]
    assert told[:4] == [
        ("First echo", StepState.PLANNED),
        ("Report", StepState.PLANNED),
        ("Last echo", StepState.PLANNED),
        ("First echo", StepState.RUNNING),
    ]
    assert _steps(console, command.operation)["Report"] is StepState.WARNING


def test_a_report_counts_wherever_it_arrives(console: Console) -> None:
    """The event report comes on another association than the procedure's."""
    peer = console.listen()
    other = console.open(proposal(peer, COMMITMENT))
    command = _run(console, peer, Echoes(seconds=20.0))
    console.submit(command)
    console.wait(StepNotice, lambda n: n.name == "Report" and n.state is StepState.RUNNING)
    instance = keys(ReferencedSOPClassUID=PRINTER, ReferencedSOPInstanceUID="1.2.3")
    request = request_of(
        "N-ACTION-RQ", RequestedSOPClassUID=COMMITMENT, RequestedSOPInstanceUID=COMMITMENT_INSTANCE, ActionTypeID=1
    )
    data = keys(TransactionUID="2.25.1", ReferencedSOPSequence=[instance])
    console.send(other, Outgoing(command=request, data=data))
    status = console.status(command.operation)
    assert status.sentence == "reported"
    console.release(other)


def test_an_open_association_is_used_and_stays_open(console: Console) -> None:
    peer = console.listen()
    association = console.open(proposal(peer, PRINTER, VERIFICATION))
    asked = ReadInstance(sop_class_uid=PRINTER, sop_instance_uid=PRINTER_INSTANCE)
    status = console.run(_run(console, peer, asked, association=association))
    assert status.outcome in (Outcome.SUCCESS, Outcome.WARNING)
    assert console.send(association, echo_rq()).outcome is Outcome.SUCCESS
    console.release(association)


def test_a_class_that_was_not_accepted_is_named(console: Console) -> None:
    peer = console.listen()
    association = console.open(proposal(peer, VERIFICATION))
    asked = ReadInstance(sop_class_uid=PRINTER, sop_instance_uid=PRINTER_INSTANCE)
    status = console.run(_run(console, peer, asked, association=association))
    assert status.outcome is Outcome.NOT_SENT
    assert "Printer" in status.sentence
    console.release(association)


def test_cancel_ends_the_wait_and_what_follows_is_not_done(console: Console) -> None:
    command = _run(console, console.listen(), Echoes(seconds=600.0))
    console.submit(command)
    console.wait(StepNotice, lambda n: n.name == "Report" and n.state is StepState.RUNNING)
    console.submit(Cancel(operation=command.operation))
    status = console.status(command.operation)
    assert status.outcome is Outcome.CANCELLED
    assert "Done: First echo." in status.sentence
    assert "Not done: Report, Last echo." in status.sentence
    assert _steps(console, command.operation)["Last echo"] is StepState.SKIPPED


def test_what_tidies_up_is_done_after_a_cancel_too(console: Console) -> None:
    command = _run(console, console.listen(), Echoes(seconds=600.0, closing=True))
    console.submit(command)
    console.wait(StepNotice, lambda n: n.name == "Report" and n.state is StepState.RUNNING)
    console.submit(Cancel(operation=command.operation))
    assert console.status(command.operation).outcome is Outcome.SUCCESS
    assert _steps(console, command.operation)["Last echo"] is StepState.DONE


def test_an_abort_in_the_middle_tells_what_was_done_and_what_was_not(console: Console) -> None:
    command = _run(console, console.listen(), Echoes(seconds=1.0))
    console.submit(command)
    console.wait(StepNotice, lambda n: n.name == "Report" and n.state is StepState.RUNNING)
    console.submit(Abort(association=command.association))
    status = console.status(command.operation)
    assert status.outcome is Outcome.ABORTED
    assert "Done: First echo" in status.sentence
    assert "Last echo" in status.sentence.split("Not done:")[1]


def test_stopping_the_engine_ends_a_wait(console: Console) -> None:
    command = _run(console, console.listen(), Echoes(seconds=600.0))
    console.submit(command)
    console.wait(StepNotice, lambda n: n.name == "Report" and n.state is StepState.RUNNING)
    console.close()
    assert console.status(command.operation).outcome in (Outcome.CANCELLED, Outcome.ABORTED)
