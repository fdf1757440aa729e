"""Modality Performed Procedure Step as user: created IN PROGRESS, then completed or discontinued (PS3.4 F.7.2)."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.commands import Outgoing
from engine.model.notices import Outcome
from engine.model.procedures.modality import ChangePerformedStep, CreatePerformedStep
from engine.services.responses import request_of
from engine.services.steps import PPS_STATUS
from engine.standard.performed_steps import FINAL_STATES, MPPS, NO_LONGER_UPDATED

from .effects import Answered, Invoke, Playing, Verdict, invoke


def classes(_asked: CreatePerformedStep | ChangePerformedStep) -> tuple[str, ...]:
    return (MPPS,)


def create(asked: CreatePerformedStep, _new_uid: Callable[[], str]) -> Playing:
    """One N-CREATE. The UID is the SCU's (PS3.4 F.7.2.1.2); a response that names another is told."""
    command = request_of("N-CREATE-RQ", AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID=asked.sop_instance_uid)
    message = Outgoing(command=command, data=asked.attributes)
    answered = yield from invoke(Invoke(step="Create the step", message=message, context=MPPS))
    if not answered.ok:
        return Verdict(answered.outcome, answered.sentence)
    state = asked.attributes.text(PPS_STATUS)
    named = answered.command.sop_instance_uid
    other = f" The response names another instance, {named}." if named not in ("", asked.sop_instance_uid) else ""
    return Verdict(answered.outcome, _done(f"The step is {state}", answered) + other)


def change(asked: ChangePerformedStep, _new_uid: Callable[[], str]) -> Playing:
    """One N-SET."""
    state = asked.changes.text(PPS_STATUS)
    step = f"Set the step {state}" if state in FINAL_STATES else "Change the step"
    command = request_of("N-SET-RQ", RequestedSOPClassUID=MPPS, RequestedSOPInstanceUID=asked.sop_instance_uid)
    message = Outgoing(command=command, data=asked.changes)
    answered = yield from invoke(Invoke(step=step, message=message, context=MPPS))
    if answered.ok:
        return Verdict(answered.outcome, _done(f"The step is {state or 'changed'}", answered))
    why = ""
    if answered.command.number("ErrorID") == NO_LONGER_UPDATED:
        why = f" Error ID {NO_LONGER_UPDATED:04X}H: it is completed or discontinued already (PS3.4 F.7.2.2.4)."
    return Verdict(answered.outcome, f"{answered.sentence.rstrip('.')}.{why}")


def _done(what: str, answered: Answered) -> str:
    """What was reached; a warning is told in full."""
    return f"{what}." if answered.outcome is Outcome.SUCCESS else f"{what}, with a warning: {answered.sentence}"
