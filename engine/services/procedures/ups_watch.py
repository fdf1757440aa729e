"""Unified procedure steps as their user: subscriptions and the events they bring (PS3.4 CC.2.3, CC.2.4)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from engine.model.dataset import DataElement, DataSet
from engine.model.notices import Outcome
from engine.model.procedures.ups import ChangeSubscription, WatchSteps
from engine.model.ups import ups_event
from engine.standard.ups import (
    DELETION_LOCK,
    GLOBALS,
    RECEIVING_AE,
    STATE_REPORT,
    SUBSCRIBE,
    SUSPEND,
    UNSUBSCRIBE,
    UPS_EVENT,
    UPS_FILTERED_GLOBAL,
    UPS_GLOBAL,
    UPS_WATCH,
)

from .effects import (
    Answered,
    Await,
    Effect,
    Plan,
    Playing,
    Reopen,
    Reply,
    Report,
    Verdict,
    Watch,
    Watched,
    await_report,
    reopen,
    watch,
)
from .ups import NewUid, act, verdict

WATCH, AGAIN, REOPEN = "Watch for events", "Subscribe again", "Open the association again"
_NAMES = {SUBSCRIBE: "Subscribe", UNSUBSCRIBE: "Unsubscribe", SUSPEND: "Suspend the global subscription"}
_DONE = {SUBSCRIBE: "{} is subscribed to {}.", UNSUBSCRIBE: "{} is unsubscribed from {}."}
_SUSPENDED = "{} is not subscribed to steps to come any more; what it is subscribed to already stays."


def classes(_asked: ChangeSubscription | WatchSteps) -> tuple[str, ...]:
    """The Event class too, so that the provider can report on the same association."""
    return UPS_WATCH, UPS_EVENT


def change(asked: ChangeSubscription, _new_uid: NewUid) -> Playing:
    """One N-ACTION; after a subscription to a single step its initial event, where we are the receiver."""
    name = _NAMES[asked.action]
    awaited = asked.action == SUBSCRIBE and asked.sop_instance_uid not in GLOBALS and asked.seconds > 0
    if awaited:
        yield Plan((name, "Initial event"))
    answered = yield from _subscription(name, asked.action, asked)
    done = _DONE.get(asked.action, _SUSPENDED).format(asked.receiving_ae, _what(asked.sop_instance_uid))
    if not awaited or not answered.ok:
        return verdict(answered, done)
    report = yield from await_report(
        Await(step="Initial event", wanted=lambda r: _is_initial(r, asked.sop_instance_uid), seconds=asked.seconds)
    )
    event = ups_event(report.command, report.data) if report is not None else None
    if event is None:
        told = f"{done} Its initial event did not come within {asked.seconds:g} s (PS3.4 CC.2.4.3)."
        return replace(verdict(answered, told), outcome=Outcome.WARNING)
    return verdict(answered, f"{done} {event.sentence}.")


def watch_steps(asked: WatchSteps, _new_uid: NewUid) -> Playing:
    """Subscribe, watch, unsubscribe; the association opened again in between as often as asked for."""
    last = () if asked.keep else (_NAMES[UNSUBSCRIBE],)
    yield Plan((_NAMES[SUBSCRIBE], WATCH, *last))
    answered = yield from _subscription(_NAMES[SUBSCRIBE], SUBSCRIBE, asked)
    if not answered.ok:
        return verdict(answered)
    seen, stands = yield from _watch(asked, last)
    told = f"{seen.reports} event{'' if seen.reports == 1 else 's'} came."
    if not stands or (seen.lost and not asked.elsewhere):
        left = " The subscription stands: unsubscribe later." if stands else ""
        return Verdict(Outcome.ABORTED, f"{told} {seen.lost}{left}")
    if asked.keep:
        return Verdict(Outcome.SUCCESS, f"{told} The subscription stands.")
    again = yield from reopen(Reopen(step=REOPEN, closing=True))
    if not again.ok:
        return Verdict(again.outcome, f"{told} {again.sentence} The subscription stands: unsubscribe later.")
    answered = yield from _subscription(_NAMES[UNSUBSCRIBE], UNSUBSCRIBE, asked, closing=True)
    ended = verdict(answered, "Unsubscribed.")
    return replace(ended, sentence=f"{told} {ended.sentence}")


def _watch(asked: WatchSteps, last: tuple[str, ...]) -> Generator[Effect, Reply, tuple[Watched, bool]]:
    """All the watching there is, over as many associations as it takes (`lost`: what ended it too early); whether the
    subscription stands."""
    reports, seconds, left = 0, 0.0, asked.tries
    bound = left > 0 or not asked.elsewhere
    while True:
        watched = yield from watch(_effect(asked, reports, seconds, bound=bound))
        reports, seconds = reports + watched.reports, seconds + watched.seconds
        total = replace(watched, reports=reports, seconds=seconds)
        if not watched.lost or not bound or watched.by_user or not left:
            return total, True
        yield Plan((REOPEN, AGAIN, WATCH, *last))
        answered = yield from reopen(Reopen(step=REOPEN, tries=left, pause=asked.pause))
        if not answered.ok:
            return replace(total, lost=f"{watched.lost} {answered.sentence}"), True
        left -= 1  # a provider that lets go each time is not called for ever
        answered = yield from _subscription(AGAIN, SUBSCRIBE, asked)
        if not answered.ok:
            return replace(total, lost=f"It could not be subscribed again: {verdict(answered).sentence}"), False


def _effect(asked: WatchSteps, reports: int, seconds: float, *, bound: bool) -> Watch:
    """What is left to watch."""
    return Watch(
        step=WATCH,
        wanted=lambda report: _is_of(report, asked.sop_instance_uid),
        words=_words,
        seconds=None if asked.seconds is None else max(0.0, asked.seconds - seconds),
        most=None if asked.most is None else asked.most - reports,
        bound=bound,
    )


def _subscription(
    step: str, action: int, asked: ChangeSubscription | WatchSteps, *, closing: bool = False
) -> Generator[Effect, Reply, Answered]:
    """One of the three actions of Table CC.2.3-1."""
    data = DataSet((DataElement(RECEIVING_AE, "AE", (asked.receiving_ae,)),))
    if action == SUBSCRIBE:
        data = data.put(DELETION_LOCK, "LO", "TRUE" if asked.deletion_lock else "FALSE")
        if asked.sop_instance_uid == UPS_FILTERED_GLOBAL:
            data = data.merged(asked.keys)
    # What is filtered is given up with the global subscription, which has no filter of its own (CC.2.3.2).
    uid = asked.sop_instance_uid if action == SUBSCRIBE or asked.sop_instance_uid not in GLOBALS else UPS_GLOBAL
    return act(step, uid, action, data, UPS_WATCH, closing=closing)


def _what(uid: str) -> str:
    if uid == UPS_FILTERED_GLOBAL:
        return "all steps that match"
    return "all steps" if uid in GLOBALS else f"step {uid}"


def _is_of(report: Report, uid: str) -> bool:
    """Whether an event is about a step that is watched, or about the provider."""
    event = ups_event(report.command, report.data)
    return event is not None and (uid in GLOBALS or event.of_provider or event.sop_instance_uid == uid)


def _is_initial(report: Report, uid: str) -> bool:
    event = ups_event(report.command, report.data)
    return event is not None and event.kind == STATE_REPORT and event.sop_instance_uid == uid


def _words(report: Report) -> str:
    """Which step, what happened."""
    event = ups_event(report.command, report.data)
    assert event is not None
    return event.sentence if event.of_provider else f"{event.sop_instance_uid}: {event.sentence}"
