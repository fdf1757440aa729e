"""Following a print job to its end: by its event reports, and by asking for it while none comes (PS3.4 H.4.5). What the
printer reports of itself meanwhile is told with it (H.4.6.2.2)."""

from __future__ import annotations

from collections.abc import Generator

from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.services.print_rules import (
    EXECUTION_STATUS,
    EXECUTION_STATUS_INFO,
    PRINT_JOB,
    PRINTER,
    PRINTER_STATUS_INFO,
)
from engine.standard.lean import dataclass
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
    waited, again, asking, meanwhile = 0.0, False, True, ""
    last = Job(Outcome.WARNING, "nothing was reported of it")
    while waited < seconds or not again:
        left = max(0.0, seconds - waited)
        patience = min(PATIENCE, left) if asking else left
        report = yield from await_report(
            Await(step=step, wanted=lambda r: _is_of(r, uid), seconds=patience, again=again, patient=True, read=_said)
        )
        again = True
        if report is not None:
            outcome, told = _said(report)
            if report.command.sop_class_uid == PRINTER:
                meanwhile = told
            elif _final(report):
                return _ended(outcome, told, meanwhile)
            else:
                last = Job(Outcome.WARNING, told)
            continue
        waited += patience
        if not asking:
            continue
        answered = yield from invoke(Invoke(step=step, message=get_job(uid), context=PRINT_JOB, again=True, read=_read))
        state = (answered.data or DataSet()).text(EXECUTION_STATUS).strip()
        asking = bool(state)
        if state in _OUTCOMES:
            return _ended(answered.outcome, answered.sentence, meanwhile)
        if state:
            last = Job(Outcome.WARNING, f"still {answered.sentence} after {seconds:g} s")
    return _ended(Outcome.WARNING, last.told, meanwhile)


def _ended(outcome: Outcome, told: str, meanwhile: str) -> Job:
    if not meanwhile:
        return Job(outcome, told)
    return Job(outcome if outcome is Outcome.FAILURE else Outcome.WARNING, f"{told}; meanwhile {meanwhile}")


def _is_of(report: Report, uid: str) -> bool:
    """Whether it is about the job, or about the printer."""
    if report.command.sop_class_uid == PRINTER:
        return True
    return report.command.sop_class_uid == PRINT_JOB and report.command.sop_instance_uid == uid


def _event(report: Report) -> str:
    """ "DONE" for Event Type ID 3."""
    number = report.command.number("EventTypeID") or 0
    row = sop_class(report.command.sop_class_uid)
    return (row.event_types.get(number, f"event {number}") if row else f"event {number}").upper()


def _final(report: Report) -> bool:
    return _event(report) in _OUTCOMES


def _said(report: Report) -> Judged:
    state, data = _event(report), report.data or DataSet()
    if report.command.sop_class_uid == PRINTER:
        info = data.text(PRINTER_STATUS_INFO).strip()
        outcome = Outcome.SUCCESS if state == "NORMAL" else Outcome.WARNING
        return outcome, f"the printer said {state}" + (f" ({info})" if info and info != state else "")
    return _OUTCOMES.get(state, Outcome.SUCCESS), _with_info(state, data)


def _read(answered: Answered) -> Judged | None:
    data = answered.data or DataSet()
    state = data.text(EXECUTION_STATUS).strip()
    if not state:
        return None
    return _OUTCOMES.get(state, Outcome.SUCCESS if state in _OPEN else Outcome.WARNING), _with_info(state, data)


def _with_info(state: str, data: DataSet) -> str:
    info = data.text(EXECUTION_STATUS_INFO).strip()
    return f"{state} ({info})" if info and info != "NORMAL" else state
