"""The modality's procedures played without a network: what each sends, waits for and says."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.command_set import CommandSet
from engine.model.dataset import DataSet
from engine.model.notices import Outcome
from engine.model.procedures.base import Procedure
from engine.model.procedures.modality import (
    AwaitCommitment,
    ChangePerformedStep,
    CreatePerformedStep,
    NotifyAvailability,
    RequestCommitment,
)
from engine.services.procedures.catalog import CATALOG, contexts_of
from engine.services.procedures.effects import Answered, Await, Effect, Invoke, Plan, Reply, Report, Verdict

CT = "1.2.840.10008.5.1.4.1.1.2"
ASKED = ((CT, "1.1"), (CT, "1.2"))
COMMITMENT = "1.2.840.10008.1.20.1"


def play(procedure: Procedure, replies: Iterable[Reply]) -> tuple[list[Effect], Verdict]:
    """The effects of a procedure that is given these answers, and its verdict. A Plan needs none."""
    answers = iter(replies)
    generator = CATALOG[type(procedure)].play(procedure, lambda: "2.25.1")
    seen: list[Effect] = []
    reply: Reply = None
    try:
        effect = next(generator)
        while True:
            seen.append(effect)
            reply = None if isinstance(effect, Plan) else next(answers)
            if isinstance(effect, Await) and isinstance(reply, Report) and not effect.wanted(reply):
                reply = None
            effect = generator.send(reply)
    except StopIteration as end:
        return seen, end.value


def answered(status: int = 0, outcome: Outcome = Outcome.SUCCESS, sentence: str = "0000H", **more: object) -> Answered:
    return Answered(command=CommandSet.of(Status=status, **more), outcome=outcome, sentence=sentence)  # type: ignore[arg-type]


def report(uid: str, good: tuple[str, ...] = (), bad: tuple[str, ...] = (), event: int = 1) -> Report:
    data = DataSet().put(0x00081195, "UI", uid)
    for tag, uids in ((0x00081199, good), (0x00081198, bad)):
        items = [
            DataSet().put(0x00081150, "UI", CT).put(0x00081155, "UI", u).put(0x00081197, "US", "274") for u in uids
        ]
        data = data.with_items(tag, *items) if items else data
    command = CommandSet.of(AffectedSOPClassUID=COMMITMENT, CommandField=0x0100, EventTypeID=event)
    return Report(association=4, command=command, data=data, sender="ARCHIVE")


def request(**more: object) -> RequestCommitment:
    return RequestCommitment(transaction_uid="2.25.9", asked=ASKED, **more)  # type: ignore[arg-type]


def test_a_step_is_created_with_the_users_uid() -> None:
    attributes = DataSet().put(0x00400252, "CS", "IN PROGRESS")
    effects, verdict = play(CreatePerformedStep(sop_instance_uid="2.25.3", attributes=attributes), [answered()])
    (sent,) = effects
    assert isinstance(sent, Invoke)
    assert sent.message.command.sop_instance_uid == "2.25.3"
    assert sent.message.data == attributes
    assert verdict == Verdict(Outcome.SUCCESS, "The step is IN PROGRESS.")


def test_another_uid_in_the_response_is_told() -> None:
    attributes = DataSet().put(0x00400252, "CS", "IN PROGRESS")
    asked = CreatePerformedStep(sop_instance_uid="2.25.3", attributes=attributes)
    _, verdict = play(asked, [answered(AffectedSOPInstanceUID="1.9")])
    assert "names another instance, 1.9" in verdict.sentence


def test_a_step_that_has_ended_says_so_by_its_error_id() -> None:
    asked = ChangePerformedStep(sop_instance_uid="2.25.3", changes=DataSet().put(0x00400252, "CS", "COMPLETED"))
    refused = answered(0x0110, Outcome.FAILURE, "0110H Processing Failure", ErrorID=0xA710)
    effects, verdict = play(asked, [refused])
    assert isinstance(effects[0], Invoke)
    assert effects[0].step == "Set the step COMPLETED"
    assert verdict.outcome is Outcome.FAILURE
    assert "A710H: it is completed or discontinued already" in verdict.sentence
    _, other = play(asked, [answered(0x0112, Outcome.FAILURE, "0112H No Such Object Instance")])
    assert "A710H" not in other.sentence


def test_a_warning_of_a_set_is_told_in_full() -> None:
    asked = ChangePerformedStep(sop_instance_uid="2.25.3", changes=DataSet())
    _, verdict = play(asked, [answered(0x0116, Outcome.WARNING, "0116H Attribute Value Out of Range")])
    assert verdict == Verdict(
        Outcome.WARNING, "The step is changed, with a warning: 0116H Attribute Value Out of Range"
    )


def test_all_committed() -> None:
    effects, verdict = play(request(), [answered(), report("2.25.9", ("1.1", "1.2"))])
    assert [type(e) for e in effects] == [Plan, Invoke, Await]
    assert isinstance(effects[2], Await)
    assert effects[2].only_here
    assert verdict == Verdict(Outcome.SUCCESS, "Committed: all 2 instances are safe with the peer.")
    (context,) = contexts_of(request())
    assert context.abstract_syntax == COMMITMENT


def test_some_failed() -> None:
    _, verdict = play(request(), [answered(), report("2.25.9", ("1.1",), ("1.2",), 2)])
    assert verdict.outcome is Outcome.FAILURE
    assert "1 failed with 0112H No such object instance" in verdict.sentence


def test_a_refused_request_waits_for_nothing() -> None:
    effects, verdict = play(request(), [answered(0x0110, Outcome.FAILURE, "0110H Processing Failure")])
    assert len(effects) == 2
    assert verdict.sentence == "The request was refused: 0110H Processing Failure"
    unsent = Answered(command=CommandSet(), outcome=Outcome.NOT_SENT, sentence="No accepted presentation context.")
    _, verdict = play(request(), [unsent])
    assert verdict.sentence == "No accepted presentation context.", "nobody has refused what was not sent"


def test_no_report_in_time() -> None:
    _, verdict = play(request(seconds=3.0), [answered(), None])
    assert verdict.outcome is Outcome.TIMED_OUT
    assert "no report came on this association within 3 s" in verdict.sentence
    assert "listen" in verdict.sentence
    _, listening = play(request(listening=True), [answered(), None])
    assert "on this association or a new one" in listening.sentence


def test_a_report_of_another_transaction_is_not_it_and_is_named() -> None:
    _, verdict = play(request(), [answered(), report("2.25.8", ("1.1", "1.2"))])
    assert verdict.outcome is Outcome.TIMED_OUT
    assert "A report about another transaction, 2.25.8, came from ARCHIVE." in verdict.sentence
    _, verdict = play(request(), [answered(), report("")])
    assert "A report without a Transaction UID came from ARCHIVE." in verdict.sentence


def test_the_report_need_not_be_waited_for() -> None:
    effects, verdict = play(request(seconds=0.0), [answered()])
    assert len(effects) == 2
    assert verdict.outcome is Outcome.SUCCESS


def test_the_report_of_an_earlier_request_is_awaited_on_a_later_association() -> None:
    effects, verdict = play(AwaitCommitment(transaction_uid="2.25.9", asked=ASKED), [report("2.25.9", ("1.1", "1.2"))])
    assert [type(e) for e in effects] == [Plan, Await]
    assert verdict.outcome is Outcome.SUCCESS


def test_every_study_is_notified_of_also_after_a_refusal() -> None:
    studies = tuple((f"2.25.{n}", DataSet().put(0x0020000D, "UI", f"1.{n}")) for n in (1, 2, 3))
    replies = [answered(), answered(0x0110, Outcome.FAILURE, "0110H"), answered()]
    effects, verdict = play(NotifyAvailability(notifications=studies), replies)
    assert sum(isinstance(e, Invoke) for e in effects) == 3
    assert verdict == Verdict(Outcome.FAILURE, "2 of 3 studies notified.")
    assert play(NotifyAvailability(notifications=()), [])[1].outcome is Outcome.NOT_SENT
