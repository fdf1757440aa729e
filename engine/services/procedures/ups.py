"""Unified procedure steps as their user: push and pull (PS3.4 Annex CC).

The messages of all its classes carry the Push class's UID, each through the context of the class that has its service
(CC.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from engine.conformance.ups import check_final
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Outcome
from engine.model.procedures.ups import ClaimStep, CreateStep, FinishStep, ReadStep, RequestCancel, SetStep
from engine.model.ups import step_text
from engine.model.whole_numbers import counted
from engine.services.responses import request_of
from engine.standard.ups import (
    ADVICE,
    ALREADY,
    CHANGE_STATE,
    IN_PROGRESS,
    REQUEST_CANCEL,
    STEP_STATE,
    TRANSACTION_UID,
    UPS_PULL,
    UPS_PUSH,
    UPS_WATCH,
    attributes,
)

from .effects import Answered, Effect, Invoke, Plan, Playing, Reply, Verdict, invoke

NewUid = Callable[[], str]
FINAL_STATE_NOT_MET = 0xC304
NO_MORE_CHANGES = 0xC300
READ, SET = "Read the step", "Set the final attributes"
NAMED = 4
"""Attributes named in a sentence that counts more."""


def pushes(_asked: CreateStep) -> tuple[str, ...]:
    return (UPS_PUSH,)


def pulls(_asked: ClaimStep | SetStep | FinishStep) -> tuple[str, ...]:
    return (UPS_PULL,)


def cancels(_asked: RequestCancel) -> tuple[str, ...]:
    """Either class has the action: whichever the provider accepts (PS3.4 CC.2.2)."""
    return UPS_PUSH, UPS_WATCH


def reads(asked: ReadStep) -> tuple[str, ...]:
    return (asked.context_uid,) if asked.context_uid else (UPS_WATCH, UPS_PULL, UPS_PUSH)


def create(asked: CreateStep, _new_uid: NewUid) -> Playing:
    """N-CREATE; the verdict has the UID of the step, which the provider may have chosen (PS3.7 10.1.5.1.4)."""
    command = request_of(
        "N-CREATE-RQ", AffectedSOPClassUID=UPS_PUSH, AffectedSOPInstanceUID=asked.sop_instance_uid or None
    )
    message = Outgoing(command=command, data=asked.attributes)
    answered = yield from invoke(Invoke(step="Create the step", message=message, context=UPS_PUSH))
    if not answered.ok:
        return verdict(answered)
    uid = answered.command.text("AffectedSOPInstanceUID") or asked.sop_instance_uid
    if not uid:
        sentence = "The step was created, but the response does not say under which SOP Instance UID."
        return Verdict(Outcome.WARNING, sentence)
    return verdict(answered, f"The step is SCHEDULED as {uid}.")


def claim(asked: ClaimStep, _new_uid: NewUid) -> Playing:
    """N-ACTION to IN PROGRESS."""
    answered = yield from _change_state("Claim the step", asked.sop_instance_uid, IN_PROGRESS, asked.transaction_uid)
    return verdict(answered, "The step is IN PROGRESS and ours to perform.", IN_PROGRESS)


def change(asked: SetStep, _new_uid: NewUid) -> Playing:
    """N-SET."""
    answered = yield from _set("Set the attributes", asked.sop_instance_uid, asked.changes, asked.transaction_uid)
    return verdict(answered, f"{counted(len(asked.changes), 'attribute')} set.")


def finish(asked: FinishStep, _new_uid: NewUid) -> Playing:
    """N-GET, N-SET of what the final state needs, N-ACTION to it."""
    to_state = f"Change its state to {asked.state}"
    yield Plan(((READ,) if asked.check else ()) + ((SET,) if asked.attributes else ()) + (to_state,))
    uid, key = asked.sop_instance_uid, asked.transaction_uid
    if asked.check:
        lacking = yield from _lacking(READ, uid, asked)
        if lacking:
            sentence = f"Nothing was set: {_listed(lacking)} needed before {asked.state} (PS3.4 CC.2.5.1.1)."
            return Verdict(Outcome.NOT_SENT, sentence)
    if asked.attributes:
        answered = yield from _set(SET, uid, asked.attributes, key)
        if not answered.ok:
            return verdict(answered)
    answered = yield from _change_state(to_state, uid, asked.state, key)
    if answered.command.status == FINAL_STATE_NOT_MET:
        lacking = yield from _lacking("Read what is missing", uid, asked)
        if lacking:
            told = verdict(answered)
            return Verdict(told.outcome, f"{told.sentence} Missing: {', '.join(lacking)}.")
    return verdict(answered, f"The step is {asked.state}.", asked.state)


def request_cancel(asked: RequestCancel, _new_uid: NewUid) -> Playing:
    """N-ACTION that asks for the cancellation."""
    data = asked.information if len(asked.information) else None
    answered = yield from act("Request the cancellation", asked.sop_instance_uid, REQUEST_CANCEL, data)
    return verdict(answered, "The request was accepted; whether the step is canceled is up to its performer.")


def read(asked: ReadStep, _new_uid: NewUid) -> Playing:
    """N-GET; the verdict says how far the step is."""
    answered = yield from _get(READ, asked.sop_instance_uid, asked.attributes, asked.context_uid)
    data = answered.data or DataSet()
    missing = sum(data.find(tag) is None for tag in asked.attributes)
    left = f" {counted(missing, 'attribute')} asked for did not come." if missing else ""
    return verdict(answered, f"{step_text(data) or counted(len(data), 'attribute') + ' read'}.{left}")


# -- shared by push, pull and watch


def act(
    step: str, uid: str, action: int, data: DataSet | None, context: str = "", *, closing: bool = False
) -> Generator[Effect, Reply, Answered]:
    """One N-ACTION."""
    command = request_of("N-ACTION-RQ", RequestedSOPClassUID=UPS_PUSH, RequestedSOPInstanceUID=uid, ActionTypeID=action)
    return invoke(Invoke(step=step, message=Outgoing(command=command, data=data), context=context, closing=closing))


def verdict(answered: Answered, done: str = "", state: str = "") -> Verdict:
    """The status in words, what was done, and what to do about it.

    state: the one asked for; a step that already was in a final state (B304H, B306H; PS3.4 CC.2.1.3) has not got it.
    """
    status = answered.command.status
    if answered.outcome is Outcome.SUCCESS:
        return Verdict(answered.outcome, done or answered.sentence)
    advice = ADVICE.get(status or 0, "")
    if (already := ALREADY.get(status or 0)) is not None:
        done = ""
        if state not in ("", already):
            done = "The step is not ours to perform." if state == IN_PROGRESS else f"The step is not {state}."
            advice = ADVICE[NO_MORE_CHANGES]
    parts = (answered.sentence.rstrip(".") + ".", done if answered.ok else "", advice)
    return Verdict(answered.outcome, " ".join(filter(None, parts)))


def _change_state(step: str, uid: str, state: str, key: str) -> Generator[Effect, Reply, Answered]:
    elements = [DataElement(STEP_STATE, "CS", (state,))]
    if key:
        elements.insert(0, DataElement(TRANSACTION_UID, "UI", (key,)))
    return act(step, uid, CHANGE_STATE, DataSet(tuple(elements)), UPS_PULL)


def _set(step: str, uid: str, changes: DataSet, key: str) -> Generator[Effect, Reply, Answered]:
    command = request_of("N-SET-RQ", RequestedSOPClassUID=UPS_PUSH, RequestedSOPInstanceUID=uid)
    data = changes.put(TRANSACTION_UID, "UI", key) if key else changes
    return invoke(Invoke(step=step, message=Outgoing(command=command, data=data), context=UPS_PULL))


def _get(step: str, uid: str, tags: tuple[int, ...], context: str) -> Generator[Effect, Reply, Answered]:
    command: CommandSet = request_of(
        "N-GET-RQ", RequestedSOPClassUID=UPS_PUSH, RequestedSOPInstanceUID=uid, AttributeIdentifierList=tags or None
    )
    return invoke(Invoke(step=step, message=Outgoing(command=command), context=context))


def _lacking(step: str, uid: str, asked: FinishStep) -> Generator[Effect, Reply, list[str]]:
    """What the final state needs and the step would not have, as far as it can be read."""
    tags = tuple(row.tag for row in attributes() if row.final in ("R", "P", "X"))
    answered = yield from _get(step, uid, tags, UPS_PULL)
    if not answered.ok:
        return []
    whole = (answered.data or DataSet()).merged(asked.attributes)
    return [problem.path for problem in check_final(whole, asked.state)]


def _listed(paths: list[str]) -> str:
    shown, more = ", ".join(paths[:NAMED]), len(paths) - NAMED
    return f"{shown}{f' and {more} more' if more > 0 else ''} {'is' if len(paths) == 1 else 'are'}"
