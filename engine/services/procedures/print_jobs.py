"""Following a print job to its end: by its event reports, and by asking for it while none comes (PS3.4 H.4.5)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.services.print_rules import EXECUTION_STATUS, EXECUTION_STATUS_INFO, PRINT_JOB
from engine.standard.sop_classes import sop_class

from .effects import Answered, Await, Effect, Invoke, Judged, Reply, Report, await_report, invoke
from .print_messages import get_job

PATIENCE = 2.0
"""Seconds without a report after which the job is asked for."""
_OUTCOMES = {"DONE": Outcome.SUCCESS, "FAILURE": Outcome.FAILURE}
_OPEN = ("PENDING", "PRINTING")


@dataclass(frozen=True, slots=True)
class Job:
    """How a print job ended, as far as it was followed."""

    outcome: Outcome
    told: str


def follow(step: str, uid: str, seconds: float) -> Generator[Effect, Reply, Job]:
    """Until DONE or FAILURE, or `seconds` have passed. One step, whatever it takes."""
    waited, again = 0.0, False
    asking = True
    last = Job(Outcome.WARNING, "nothing was reported of it")
    while waited < seconds or not again:
        patience = min(PATIENCE, max(0.0, seconds - waited)) if asking else max(0.0, seconds - waited)
        report = await_report(
            Await(step=step, wanted=lambda r: _is_of(r, uid), seconds=patience, again=again, patient=True, read=_said)
        )
        came = yield from report
        again = True
        if came is not None:
            last = Job(*_said(came))
            if _final(came):
                return last
            continue
        waited += patience
        if not asking:
            continue
        answered = yield from invoke(Invoke(step=step, message=get_job(uid), context=PRINT_JOB, again=True, read=_read))
        state = (answered.data or DataSet()).text(EXECUTION_STATUS).strip()
        asking = bool(state)
        if state in _OUTCOMES:
            return Job(answered.outcome, answered.sentence)
        if state:
            last = Job(Outcome.WARNING, f"still {answered.sentence} after {seconds:g} s")
    return Job(Outcome.WARNING, last.told)


def _is_of(report: Report, uid: str) -> bool:
    return report.command.sop_class_uid == PRINT_JOB and report.command.sop_instance_uid == uid


def _event(report: Report) -> str:
    """ "DONE" for Event Type ID 3."""
    number = report.command.number("EventTypeID") or 0
    row = sop_class(PRINT_JOB)
    return (row.event_types.get(number, f"event {number}") if row else f"event {number}").upper()


def _final(report: Report) -> bool:
    return _event(report) in _OUTCOMES


def _said(report: Report) -> Judged:
    state = _event(report)
    return _OUTCOMES.get(state, Outcome.SUCCESS), _with_info(state, report.data or DataSet())


def _read(answered: Answered) -> Judged | None:
    data = answered.data or DataSet()
    state = data.text(EXECUTION_STATUS).strip()
    if not state:
        return None
    return _OUTCOMES.get(state, Outcome.SUCCESS if state in _OPEN else Outcome.WARNING), _with_info(state, data)


def _with_info(state: str, data: DataSet) -> str:
    info = data.text(EXECUTION_STATUS_INFO).strip()
    return f"{state} ({info})" if info and info != "NORMAL" else state
