"""Watching unified procedure steps: subscriptions and events, with pynetdicom's providers and our own, over TLS too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import LocalAE, Policy
from engine.model.commands import Abort, Cancel, Listen, PeerSettings, RunProcedure
from engine.model.dataset import DataSet
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    ListenerNotice,
    Outcome,
    StatusNotice,
    StepNotice,
    StepState,
)
from engine.model.procedures import ups as p
from engine.model.tls import TlsSettings
from engine.workspace.keys import with_keys
from tests.interop.normalized_peers import UPS_GLOBAL, UPS_WATCH, made
from tests.interop.operating import TIMEOUTS, Operator
from tests.interop.peers import Peer
from tests.interop.test_ups_procedures import DONE, LOCK, NEW, STEP, begin, claim, finish, push, run, steps
from tests.interop.ups_provider import CLASSES, UPS_FILTERED_GLOBAL, UpsProvider
from tests.runtime.tls_files import PASSPHRASE, make_files

pytestmark = pytest.mark.interop
WATCHING = "Watch for events"


@pytest.fixture
def provider() -> UpsProvider:
    return UpsProvider()


@pytest.fixture
def where(pynetdicom_scp: Callable[..., Any], provider: UpsProvider) -> Any:
    return pynetdicom_scp(CLASSES, provider.handlers)


def listening(title: str = "CONSOLE") -> Listen:
    policy = Policy(ae_titles=(title,), local=LocalAE(ae_title=title), timeouts=TIMEOUTS)
    return Listen(listener=99_999, port=0, settings=PeerSettings(policy=policy))


def watch(operator: Operator, where: Peer, uid: str = STEP, **others: Any) -> RunProcedure:
    """Begin to watch; returns once it is subscribed."""
    listen, tls = others.pop("listen", None), others.pop("tls", None)
    asked = p.WatchSteps(receiving_ae="CONSOLE", sop_instance_uid=uid, **others)
    command = begin(operator, where, asked, listen=listen, tls=tls)
    operator.wait(StepNotice, lambda n: _is(n, command, WATCHING, StepState.RUNNING))
    return command


def told(operator: Operator, command: RunProcedure) -> list[str]:
    """What the watching has said so far."""
    return [
        n.sentence
        for n in operator.all(StepNotice, lambda n: _is(n, command, WATCHING, StepState.RUNNING))
        if n.sentence
    ]


def wait_for(operator: Operator, command: RunProcedure, count: int) -> list[str]:
    operator.wait(StepNotice, lambda _: len(told(operator, command)) >= count)
    return told(operator, command)


def ended(operator: Operator, command: RunProcedure, *, cancel: bool = False) -> StatusNotice:
    if cancel:
        operator.engine.submit(Cancel(operation=command.operation))
    return operator.wait(StatusNotice, lambda n: n.operation == command.operation)


def _is(notice: StepNotice, command: RunProcedure, name: str, state: StepState) -> bool:
    return (notice.operation, notice.name, notice.state) == (command.operation, name, state)


def test_events_on_the_same_association_until_it_is_cancelled(
    operator: Operator, where: Peer, provider: UpsProvider
) -> None:
    push(operator, where)
    command = watch(operator, where)
    wait_for(operator, command, 1)
    # What the provider tells of on its own goes to the subscriber's association.
    provider.later.wait()
    live = provider.associations[-1]
    provider.send(live, 3, STEP, made(ProcedureStepProgressInformationSequence=[made(ProcedureStepProgress="40")]))
    provider.send(live, 2, STEP, made(RequestingAE="DESK", ReasonForCancellation="Left"))
    provider.send(live, 5, STEP, made(HumanPerformerOrganization="Ward"))
    status = made(
        SCPStatus="GOING DOWN", SubscriptionListStatus="WARM START", UnifiedProcedureStepListStatus="WARM START"
    )
    provider.send(live, 4, UPS_GLOBAL, status)
    provider.send(live, 1, "1.2.9", made(ProcedureStepState="SCHEDULED", InputReadinessState="READY"))
    assert wait_for(operator, command, 5) == [
        f"{STEP}: UPS State Report: SCHEDULED, input READY",
        f"{STEP}: UPS Progress Report: 40 %",
        f"{STEP}: UPS Cancel Requested: by DESK; Left",
        f"{STEP}: UPS Assigned: Ward",
        "SCP Status Change: GOING DOWN; subscriptions WARM START (kept); steps WARM START (kept)",
    ]
    status = ended(operator, command, cancel=True)
    assert (status.outcome, status.sentence) == (Outcome.SUCCESS, "5 events came. Unsubscribed.")
    assert provider.subscribed == {}
    assert [w for w in provider.contexts if w[0].startswith("action")] == [
        ("action 3", UPS_WATCH),
        ("action 4", UPS_WATCH),
    ]
    assert operator.findings == []


def test_a_program_that_ends_unsubscribes_first(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    push(operator, where)
    command = watch(operator, where)
    assert provider.subscribed
    operator.engine.stop()
    status = ended(operator, command)
    assert "Unsubscribed." in status.sentence
    assert provider.subscribed == {}
    (end,) = operator.all(AssociationNotice, lambda n: n.association == command.association and n.outcome is not None)
    assert end.phase is AssociationPhase.RELEASED


def test_events_on_associations_the_provider_opens_to_our_listener(
    operator: Operator, where: Peer, provider: UpsProvider
) -> None:
    command = watch(operator, where, UPS_GLOBAL, listen=listening(), elsewhere=True, most=3)
    provider.call = ("127.0.0.1", operator.wait(ListenerNotice, lambda n: n.listening).port)
    push(operator, where)
    wait_for(operator, command, 1)
    claim(operator, where)
    wait_for(operator, command, 2)
    finish(operator, where, "COMPLETED", DONE)
    status = ended(operator, command)
    assert status.sentence == "3 events came. Unsubscribed."
    states = [t.rsplit(": ", 1)[1] for t in told(operator, command)]
    assert states == ["SCHEDULED, input READY", "IN PROGRESS, input READY", "COMPLETED, input READY"]
    assert provider.later.wait() == [0, 0, 0]
    assert operator.findings == []


def test_events_at_the_running_built_in_peer_outlast_the_association(
    operator: Operator, where: Peer, provider: UpsProvider
) -> None:
    own = operator.listen(policy=Policy(ae_titles=("CONSOLE",), timeouts=TIMEOUTS))
    provider.call = ("127.0.0.1", own.port)
    push(operator, where)
    command = watch(operator, where, elsewhere=True)
    wait_for(operator, command, 1)
    provider.lose()
    operator.end_of(command.association)
    claim(operator, where)
    wait_for(operator, command, 2)
    status = ended(operator, command, cancel=True)
    assert status.outcome is Outcome.SUCCESS
    assert steps(operator, status)["Open the association again"] is StepState.DONE
    assert provider.subscribed == {}


def test_a_lost_association_is_told_and_the_subscription_stands(
    operator: Operator, where: Peer, provider: UpsProvider
) -> None:
    push(operator, where)
    command = watch(operator, where)
    wait_for(operator, command, 1)
    provider.lose()
    status = ended(operator, command)
    assert status.outcome is Outcome.ABORTED
    assert "The subscription stands" in status.sentence
    assert steps(operator, status)[WATCHING] is StepState.WARNING
    asked = p.ChangeSubscription(action=4, receiving_ae="CONSOLE", sop_instance_uid=STEP)
    assert run(operator, where, asked).outcome is Outcome.SUCCESS


def test_a_lost_association_is_opened_again_on_wish(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    push(operator, where)
    command = watch(operator, where, tries=3, most=2)
    wait_for(operator, command, 1)
    provider.lose()
    status = ended(operator, command)
    assert status.sentence == "2 events came. Unsubscribed.", "the second one is the state after subscribing again"
    assert steps(operator, status)["Subscribe again"] is StepState.DONE


def test_what_the_user_aborts_is_not_opened_again(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    push(operator, where)
    command = watch(operator, where, tries=3)
    operator.engine.submit(Abort(association=command.association))
    status = ended(operator, command)
    assert status.outcome is Outcome.ABORTED
    assert len(operator.all(AssociationNotice, lambda n: n.phase is AssociationPhase.CONNECTING)) == 2


@pytest.mark.parametrize(
    ("refused", "words"),
    [(0xC308, "at the provider"), (0xC315, "sends no events"), (0x0124, "does not allow it")],
)
def test_a_subscription_that_is_refused(
    operator: Operator, where: Peer, provider: UpsProvider, refused: int, words: str
) -> None:
    provider.refuse["action 3"] = refused
    status = run(operator, where, p.WatchSteps(receiving_ae="CONSOLE"))
    assert status.outcome is Outcome.FAILURE
    assert words in status.sentence
    assert steps(operator, status)["Unsubscribe"] is StepState.SKIPPED


def test_an_unknown_receiver_and_an_unknown_step(operator: Operator, where: Peer) -> None:
    nobody = run(operator, where, p.ChangeSubscription(action=3, receiving_ae="NOBODY"))
    assert "C308H" in nobody.sentence
    unknown = run(operator, where, p.ChangeSubscription(action=3, receiving_ae="CONSOLE", sop_instance_uid="1.2.9"))
    assert "C307H" in unknown.sentence


def test_one_step_with_its_initial_event_and_a_lock_that_is_not_granted(
    operator: Operator, where: Peer, provider: UpsProvider
) -> None:
    push(operator, where)
    provider.refuse["action 3"] = 0xB301
    asked = p.ChangeSubscription(
        action=3, receiving_ae="CONSOLE", sop_instance_uid=STEP, deletion_lock=True, seconds=20.0
    )
    status = run(operator, where, asked)
    assert status.outcome is Outcome.WARNING
    assert "B301H" in status.sentence
    assert "UPS State Report: SCHEDULED" in status.sentence
    assert steps(operator, status)["Initial event"] is StepState.DONE


def test_filtered_and_suspended(operator: Operator, where: Peer, provider: UpsProvider) -> None:
    keys = with_keys(DataSet(), ["WorklistLabel=Planning"])
    asked = p.ChangeSubscription(action=3, receiving_ae="CONSOLE", sop_instance_uid=UPS_FILTERED_GLOBAL, keys=keys)
    assert run(operator, where, asked).sentence == "CONSOLE is subscribed to all steps that match."
    assert list(provider.subscribed) == [UPS_FILTERED_GLOBAL]
    assert run(operator, where, p.ChangeSubscription(action=5, receiving_ae="CONSOLE")).outcome is Outcome.SUCCESS
    push(operator, where)
    one = p.ChangeSubscription(action=5, receiving_ae="CONSOLE", sop_instance_uid=STEP)
    assert "C314H" in run(operator, where, one).sentence


# --- our own provider ---


def test_the_built_in_peer_from_push_to_completed_seen_by_a_watcher(operator: Operator) -> None:
    where = operator.listen()
    command = watch(operator, where, UPS_GLOBAL, most=3)
    assert push(operator, where).outcome is Outcome.SUCCESS
    wait_for(operator, command, 1)
    assert claim(operator, where).outcome is Outcome.SUCCESS
    wait_for(operator, command, 2)
    assert "C304H" in finish(operator, where, "COMPLETED", check=False).sentence
    assert finish(operator, where, "COMPLETED", DONE).outcome is Outcome.SUCCESS
    status = ended(operator, command)
    assert status.sentence == "3 events came. Unsubscribed."
    assert operator.findings == []


def test_over_tls(operator: Operator, tmp_path: Path) -> None:
    files = make_files(tmp_path / "tls")
    certificate, key = files.apart("peer")
    where = operator.listen(tls=TlsSettings(ca_file=files.ca, certificate=certificate, key=key, passphrase=PASSPHRASE))
    ours = TlsSettings(ca_file=files.ca)
    asked = p.CreateStep(attributes=NEW, sop_instance_uid=STEP)
    assert run(operator, where, asked, tls=ours).outcome is Outcome.SUCCESS
    command = watch(operator, where, tls=ours, most=2)
    wait_for(operator, command, 1)
    claimed = run(operator, where, p.ClaimStep(sop_instance_uid=STEP, transaction_uid=LOCK), tls=ours)
    assert claimed.outcome is Outcome.SUCCESS
    assert ended(operator, command).sentence == "2 events came. Unsubscribed."
