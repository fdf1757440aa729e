"""The user's procedures of the unified procedure step, played by hand: what is sent, what is said of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.model.command_set import CommandSet
from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.model.procedures import ups as p
from engine.model.ups import ups_event
from engine.services.procedures import effects as fx
from engine.services.procedures.catalog import CATALOG, contexts_of
from engine.services.responses import request_of, response_to
from engine.standard import ups as s
from engine.standard.status import StatusClass, lookup
from tests.runtime.console import keys, tag
from tests.services.playing import elements

UID, KEY = "1.2.3", "2.25.7"
Answer = int | tuple[int, DataSet] | fx.Watched | fx.Report | fx.Answered | None
CODE = keys(CodeValue="1", CodingSchemeDesignator="99T", CodeMeaning="One")
PERFORMED = keys(
    PerformedStationNameCodeSequence=[CODE],
    PerformedWorkitemCodeSequence=[CODE],
    OutputInformationSequence=[],
    PerformedProcedureStepStartDateTime="20260101",
    PerformedProcedureStepEndDateTime="20260102",
)
READ = keys(
    ScheduledProcedureStepPriority="LOW",
    ScheduledProcedureStepStartDateTime="20260101",
    InputReadinessState="READY",
    ProcedureStepState="IN PROGRESS",
)


def answered(message: Any, answer: Answer) -> Any:
    """A status (with a data set) as the response to what is invoked; anything else as it is."""
    status, data = answer if isinstance(answer, tuple) else (answer, None)
    if not isinstance(status, int):
        return answer
    command = response_to(message.command, status, has_data=data is not None)
    row = lookup(status, "N-ACTION", s.UPS_PUSH)
    outcomes = {StatusClass.SUCCESS: Outcome.SUCCESS, StatusClass.WARNING: Outcome.WARNING}
    outcome = outcomes.get(row.klass, Outcome.FAILURE)
    return fx.Answered(command=command, data=data, outcome=outcome, sentence=f"{status:04X}H {row.meaning}")


def play(procedure: Any, *answers: Answer) -> tuple[list[fx.Effect], fx.Verdict]:
    """The effects but for plans, each with the next answer; and the verdict. Every context named is proposed."""
    generator = CATALOG[type(procedure)].play(procedure, lambda: "2.25.1")
    proposed = {c.abstract_syntax for c in contexts_of(procedure)}
    left, seen = list(answers), []
    try:
        effect = next(generator)
        while True:
            if isinstance(effect, fx.Plan):
                effect = generator.send(None)
                continue
            seen.append(effect)
            if isinstance(effect, fx.Invoke):
                assert not effect.context or effect.context in proposed
                assert effect.message.command.sop_class_uid == s.UPS_PUSH
            effect = generator.send(answered(getattr(effect, "message", None), left.pop(0)))
    except StopIteration as end:
        assert not left, f"not asked for: {left}"
        return seen, end.value


def sent(effect: fx.Effect) -> tuple[CommandSet, DataSet]:
    assert isinstance(effect, fx.Invoke)
    data = effect.message.data
    return effect.message.command, data if isinstance(data, DataSet) else DataSet()


def report(kind: int, data: DataSet | None, uid: str = UID) -> fx.Report:
    command = request_of(
        "N-EVENT-REPORT-RQ", AffectedSOPClassUID=s.UPS_PUSH, AffectedSOPInstanceUID=uid, EventTypeID=kind
    )
    return fx.Report(association=1, command=command, data=data)


class TestPush:
    def test_create_tells_the_uid_the_provider_chose(self) -> None:
        generator = CATALOG[p.CreateStep].play(p.CreateStep(attributes=READ), lambda: "2.25.1")
        effect = next(generator)
        command, data = sent(effect)
        assert (command.sop_instance_uid, data) == ("", READ)
        with pytest.raises(StopIteration) as end:
            generator.send(
                fx.Answered(command=CommandSet.of(Status=0, AffectedSOPInstanceUID="1.9"), sentence="0000H Success")
            )
        assert end.value.value == fx.Verdict(Outcome.SUCCESS, "The step is SCHEDULED as 1.9.")

    def test_created_with_modifications_says_what_to_do(self) -> None:
        _, verdict = play(p.CreateStep(attributes=READ, sop_instance_uid=UID), 0xB300)
        assert verdict.outcome is Outcome.WARNING
        assert "SCHEDULED as 1.2.3" in verdict.sentence
        assert "Read the step" in verdict.sentence

    def test_request_cancel_goes_through_whichever_class_is_accepted(self) -> None:
        asked = p.RequestCancel(sop_instance_uid=UID, information=keys(ReasonForCancellation="Left"))
        (effect,), verdict = play(asked, 0)
        command, data = sent(effect)
        assert (command.number("ActionTypeID"), data.text(tag("ReasonForCancellation"))) == (2, "Left")
        assert [c.abstract_syntax for c in contexts_of(asked)] == [s.UPS_PUSH, s.UPS_WATCH]
        assert "up to its performer" in verdict.sentence


class TestPull:
    def test_claim_sends_the_key(self) -> None:
        (effect,), verdict = play(p.ClaimStep(sop_instance_uid=UID, transaction_uid=KEY), 0)
        _, data = sent(effect)
        assert (data.text(s.STEP_STATE), data.text(s.TRANSACTION_UID)) == ("IN PROGRESS", KEY)
        assert verdict.outcome is Outcome.SUCCESS

    def test_set_puts_the_key_in_only_when_there_is_one(self) -> None:
        changes = keys(ProcedureStepLabel="X")
        for key in (KEY, ""):
            asked = p.SetStep(sop_instance_uid=UID, changes=changes, transaction_uid=key)
            (effect,), verdict = play(asked, 0)
            assert sent(effect)[1].text(s.TRANSACTION_UID) == key
            assert (sent(effect)[1].find(s.TRANSACTION_UID) is None) == (not key)
            assert verdict.sentence == "1 attribute set."

    @pytest.mark.parametrize(
        ("status", "advice"),
        [
            (0xC300, "never changed again"),
            (0xC301, "Transaction UID of the claim"),
            (0xC302, "request its cancellation"),
            (0xC303, "new step"),
            (0xC307, "Check the SOP Instance UID"),
            (0xC310, "Claim the step first"),
            (0xB304, "not ours to perform. A step that is COMPLETED or CANCELED is never changed again"),
            (0xB306, "not ours to perform. A step that is COMPLETED or CANCELED is never changed again"),
        ],
    )
    def test_each_status_says_what_to_do(self, status: int, advice: str) -> None:
        _, verdict = play(p.ClaimStep(sop_instance_uid=UID, transaction_uid=KEY), status)
        assert f"{status:04X}H" in verdict.sentence
        assert advice in verdict.sentence
        assert verdict.outcome is (Outcome.WARNING if status < 0xC000 else Outcome.FAILURE)

    @pytest.mark.parametrize("status", [0xB304, 0xB306])
    def test_a_claim_of_a_step_that_is_over_is_not_ours(self, status: int) -> None:
        _, verdict = play(p.ClaimStep(sop_instance_uid=UID, transaction_uid=KEY), status)
        assert "IN PROGRESS" not in verdict.sentence and "and ours" not in verdict.sentence

    @pytest.mark.parametrize(
        ("state", "words"),
        [("CANCELED", "Nothing was left to do"), ("COMPLETED", "The step is not COMPLETED. A step that is")],
    )
    def test_finishing_a_step_that_is_canceled_already(self, state: str, words: str) -> None:
        asked = p.FinishStep(sop_instance_uid=UID, transaction_uid=KEY, state=state, attributes=keys(), check=False)
        _, verdict = play(asked, 0xB304)
        assert words in verdict.sentence and f"The step is {state}" not in verdict.sentence

    def test_a_cancellation_of_what_is_canceled_is_up_to_nobody(self) -> None:
        _, verdict = play(p.RequestCancel(sop_instance_uid=UID, information=keys()), 0xB304)
        assert "Nothing was left to do" in verdict.sentence and "performer" not in verdict.sentence

    def test_finish_reads_sets_and_changes_in_this_order(self) -> None:
        final = keys(UnifiedProcedureStepPerformedProcedureSequence=[PERFORMED])
        asked = p.FinishStep(sop_instance_uid=UID, transaction_uid=KEY, state="COMPLETED", attributes=final)
        effects, verdict = play(asked, (0, READ), 0, 0)
        assert [sent(e)[0].command_field for e in effects] == [0x0110, 0x0120, 0x0130]
        assert sent(effects[1])[1].text(s.TRANSACTION_UID) == KEY
        assert verdict == fx.Verdict(Outcome.SUCCESS, "The step is COMPLETED.")

    def test_finish_goes_no_further_when_something_is_missing(self) -> None:
        asked = p.FinishStep(sop_instance_uid=UID, transaction_uid=KEY, state="COMPLETED")
        effects, verdict = play(asked, (0, READ))
        assert len(effects) == 1
        assert verdict.outcome is Outcome.NOT_SENT
        assert "UnifiedProcedureStepPerformedProcedureSequence is needed before COMPLETED" in verdict.sentence

    def test_unchecked_the_provider_says_no_and_what_is_missing_is_read(self) -> None:
        asked = p.FinishStep(sop_instance_uid=UID, transaction_uid=KEY, state="CANCELED", check=False)
        effects, verdict = play(asked, 0xC304, (0, READ))
        assert [sent(e)[0].command_field for e in effects] == [0x0130, 0x0110]
        assert verdict.outcome is Outcome.FAILURE
        assert "Missing: ProcedureStepProgressInformationSequence" in verdict.sentence

    def test_a_step_that_cannot_be_read_is_finished_all_the_same(self) -> None:
        asked = p.FinishStep(sop_instance_uid=UID, transaction_uid=KEY, state="COMPLETED")
        effects, verdict = play(asked, 0x0110, 0)
        assert len(effects) == 2
        assert verdict.outcome is Outcome.SUCCESS

    def test_what_cannot_be_set_ends_it(self) -> None:
        final = keys(UnifiedProcedureStepPerformedProcedureSequence=[PERFORMED])
        asked = p.FinishStep(
            sop_instance_uid=UID, transaction_uid=KEY, state="COMPLETED", attributes=final, check=False
        )
        effects, verdict = play(asked, 0xC301)
        assert len(effects) == 1
        assert "C301H" in verdict.sentence


class TestWatch:
    def test_read_says_how_far_it_is(self) -> None:
        progress = keys(ProcedureStepProgress="50", ProcedureStepProgressDescription="Half")
        data = keys(ProcedureStepState="IN PROGRESS", ProcedureStepProgressInformationSequence=[progress])
        _, verdict = play(p.ReadStep(sop_instance_uid=UID), (0, data))
        assert verdict.sentence == "IN PROGRESS, 50 %; Half."

    def test_subscriptions_carry_what_table_cc_2_3_1_asks_for(self) -> None:
        asked = p.ChangeSubscription(
            action=3,
            receiving_ae="ME",
            sop_instance_uid=s.UPS_FILTERED_GLOBAL,
            deletion_lock=True,
            keys=keys(WorklistLabel="A"),
        )
        (effect,), _ = play(asked, 0)
        _, data = sent(effect)
        assert (data.text(s.RECEIVING_AE), data.text(s.DELETION_LOCK), data.text(tag("WorklistLabel"))) == (
            "ME",
            "TRUE",
            "A",
        )
        for action in (4, 5):
            (effect,), verdict = play(p.ChangeSubscription(action=action, receiving_ae="ME"), 0)
            command, data = sent(effect)
            assert (command.sop_instance_uid, [e.tag for e in data]) == (s.UPS_GLOBAL, [s.RECEIVING_AE])
            assert verdict.outcome is Outcome.SUCCESS

    @pytest.mark.parametrize(
        ("status", "advice"),
        [(0xC308, "at the provider"), (0xC314, "global"), (0xC315, "sends no events"), (0xB301, "without the lock")],
    )
    def test_what_a_refused_subscription_says(self, status: int, advice: str) -> None:
        _, verdict = play(p.ChangeSubscription(action=3, receiving_ae="ME"), status)
        assert advice in verdict.sentence

    def test_the_initial_event_is_awaited(self) -> None:
        asked = p.ChangeSubscription(action=3, receiving_ae="ME", sop_instance_uid=UID, seconds=1.0)
        effects, verdict = play(asked, 0, report(1, keys(ProcedureStepState="SCHEDULED")))
        assert isinstance(effects[1], fx.Await)
        assert not effects[1].wanted(report(1, None, "1.2.9"))
        assert "UPS State Report: SCHEDULED" in verdict.sentence
        _, verdict = play(asked, 0, None)
        assert verdict.outcome is Outcome.WARNING
        assert "did not come within 1 s" in verdict.sentence

    def test_watch_subscribes_watches_and_unsubscribes(self) -> None:
        effects, verdict = play(
            p.WatchSteps(receiving_ae="ME"), 0, fx.Watched(reports=2), fx.Answered(command=CommandSet()), 0
        )
        assert [type(e) for e in effects] == [fx.Invoke, fx.Watch, fx.Reopen, fx.Invoke]
        assert sent(effects[3])[0].number("ActionTypeID") == 4
        assert isinstance(effects[3], fx.Invoke) and effects[3].closing
        assert verdict == fx.Verdict(Outcome.SUCCESS, "2 events came. Unsubscribed.")

    def test_a_refused_subscription_ends_it(self) -> None:
        effects, verdict = play(p.WatchSteps(receiving_ae="ME"), 0xC308)
        assert len(effects) == 1
        assert verdict.outcome is Outcome.FAILURE

    def test_a_lost_association_is_told(self) -> None:
        lost = fx.Watched(reports=1, lost="It was aborted.")
        _, verdict = play(p.WatchSteps(receiving_ae="ME"), 0, lost)
        assert verdict.outcome is Outcome.ABORTED
        assert "It was aborted. The subscription stands" in verdict.sentence

    def test_a_lost_association_is_opened_again_on_wish(self) -> None:
        good = fx.Answered(command=CommandSet())
        asked = p.WatchSteps(receiving_ae="ME", tries=2, most=5, seconds=10.0)
        lost = fx.Watched(reports=2, seconds=4.0, lost="It was aborted.")
        effects, verdict = play(asked, 0, lost, good, 0, fx.Watched(reports=1, seconds=6.0), good, 0)
        watches = [e for e in effects if isinstance(e, fx.Watch)]
        assert [(w.most, w.seconds) for w in watches] == [(5, 10.0), (3, 6.0)]
        assert verdict == fx.Verdict(Outcome.SUCCESS, "3 events came. Unsubscribed.")

    def test_it_is_not_opened_for_ever(self) -> None:
        good, lost = fx.Answered(command=CommandSet()), fx.Watched(reports=0, lost="Gone.")
        effects, verdict = play(p.WatchSteps(receiving_ae="ME", tries=1), 0, lost, good, 0, lost)
        assert sum(isinstance(e, fx.Reopen) for e in effects) == 1
        assert verdict.outcome is Outcome.ABORTED

    def test_what_the_user_ended_is_left_ended(self) -> None:
        lost = fx.Watched(reports=0, lost="We aborted.", by_user=True)
        _, verdict = play(p.WatchSteps(receiving_ae="ME", tries=5), 0, lost)
        assert verdict.outcome is Outcome.ABORTED

    def test_where_events_come_elsewhere_too_the_association_may_go(self) -> None:
        good = fx.Answered(command=CommandSet())
        effects, verdict = play(
            p.WatchSteps(receiving_ae="ME", elsewhere=True), 0, fx.Watched(reports=1, lost="Released."), good, 0
        )
        watch = effects[1]
        assert isinstance(watch, fx.Watch) and not watch.bound
        assert verdict.outcome is Outcome.SUCCESS

    @pytest.mark.parametrize(
        ("watched", "about", "wanted"),
        [(UID, UID, True), (UID, "1.9", False), (s.UPS_GLOBAL, "1.9", True), (UID, s.UPS_GLOBAL, True)],
    )
    def test_events_of_what_is_watched_and_of_the_provider(self, watched: str, about: str, wanted: bool) -> None:
        asked = p.WatchSteps(receiving_ae="ME", sop_instance_uid=watched, keep=True)
        effects, verdict = play(asked, 0, fx.Watched(reports=0))
        watch = effects[1]
        assert isinstance(watch, fx.Watch)
        assert watch.wanted(report(1, READ, about)) is wanted
        assert "stands" in verdict.sentence


CASES: list[tuple[int, Callable[[], DataSet], str]] = [
    (1, lambda: READ, "UPS State Report: IN PROGRESS, input READY"),
    (
        1,
        lambda: keys(
            ProcedureStepState="CANCELED",
            ReasonForCancellation="Left",
            ProcedureStepDiscontinuationReasonCodeSequence=[CODE],
        ),
        "UPS State Report: CANCELED; Left (One)",
    ),
    (
        2,
        lambda: keys(RequestingAE="DESK", ReasonForCancellation="Left", ContactDisplayName="Ann", ContactURI="tel:1"),
        "UPS Cancel Requested: by DESK; Left; contact Ann <tel:1>",
    ),
    (
        3,
        lambda: keys(
            ProcedureStepProgressInformationSequence=[
                keys(ProcedureStepProgress="5", ProcedureStepProgressDescription="A")
            ]
        ),
        "UPS Progress Report: 5 %; A",
    ),
    (
        4,
        lambda: keys(
            SCPStatus="RESTARTED", SubscriptionListStatus="COLD START", UnifiedProcedureStepListStatus="WARM START"
        ),
        "SCP Status Change: RESTARTED; subscriptions COLD START (lost: subscribe again); steps WARM START (kept)",
    ),
    (
        5,
        lambda: keys(ScheduledStationNameCodeSequence=[CODE], HumanPerformerOrganization="Ward"),
        "UPS Assigned: One; Ward",
    ),
    (9, DataSet, "Event type 9"),
]


@pytest.mark.parametrize(("kind", "data", "sentence"), CASES)
def test_events_in_words(kind: int, data: Callable[[], DataSet], sentence: str) -> None:
    told = report(kind, data())
    event = ups_event(told.command, told.data)
    assert event is not None
    assert event.sentence == sentence


def test_garbage_is_an_event_all_the_same() -> None:
    unreadable = ups_event(report(1, None).command, None)
    assert unreadable is not None
    assert "no information" in unreadable.sentence
    assert ups_event(request_of("N-EVENT-REPORT-RQ", AffectedSOPClassUID="1.2"), None) is None
    odd = elements((s.PROGRESS_INFORMATION, "LO", "x"), (s.STEP_STATE, "SQ", ()))
    for kind in range(1, 6):
        assert ups_event(report(kind, odd).command, odd) is not None
