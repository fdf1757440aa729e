"""The built-in peer as Unified Procedure Step provider, used by pynetdicom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from engine.model.commands import MoveDestination, StopListening
from engine.model.notices import ErrorNotice, ListenerNotice, MessageNotice
from tests.interop.normalized_peers import (
    UPS_EVENT,
    UPS_GLOBAL,
    UPS_PULL,
    UPS_PUSH,
    UPS_WATCH,
    Seen,
    User,
    made,
    unified_step,
    user,
)
from tests.interop.operating import Operator
from tests.interop.peers import Peer

pytestmark = pytest.mark.interop

STEP, LOCK = "1.2.826.0.1.3680043.9.7433.41", "1.2.826.0.1.3680043.9.7433.42"
CODE = made(CodeValue="1", CodingSchemeDesignator="99T", CodeMeaning="One")
ALL = (UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_EVENT)


def scheduled(patient: str = "P1", **more: Any) -> Dataset:
    """With all that either final state needs."""
    performed = made(
        PerformedStationNameCodeSequence=[CODE],
        PerformedWorkitemCodeSequence=[CODE],
        PerformedProcedureStepStartDateTime="20260101",
        PerformedProcedureStepEndDateTime="20260102",
        OutputInformationSequence=[],
    )
    return unified_step(
        PatientID=patient,
        UnifiedProcedureStepPerformedProcedureSequence=[performed],
        ProcedureStepProgressInformationSequence=[made(ProcedureStepDiscontinuationReasonCodeSequence=[CODE])],
        **more,
    )


def create(who: User, uid: str = STEP, data: Dataset | None = None) -> int:
    return int(who.assoc.send_n_create(data or scheduled(), UPS_PUSH, uid)[0].Status)


def to(who: User, state: str, key: str = LOCK, uid: str = STEP) -> Dataset:
    data = made(ProcedureStepState=state, TransactionUID=key)
    status, _ = who.assoc.send_n_action(data, 1, UPS_PUSH, uid, meta_uid=UPS_PULL)
    return status  # type: ignore[no-any-return]


def change(who: User, uid: str = STEP, **values: Any) -> int:
    return int(who.assoc.send_n_set(made(**values), UPS_PUSH, uid, meta_uid=UPS_PULL)[0].Status)


def watch(who: User, uid: str = STEP, receiver: str = "USER", action: int = 3) -> int:
    data = made(ReceivingAE=receiver, DeletionLock="FALSE")
    return int(who.assoc.send_n_action(data, action, UPS_PUSH, uid, meta_uid=UPS_WATCH)[0].Status)


def cancel(who: User, uid: str = STEP) -> int:
    data = made(ReasonForCancellation="Patient left")
    return int(who.assoc.send_n_action(data, 2, UPS_PUSH, uid, meta_uid=UPS_PUSH)[0].Status)


@pytest.fixture
def peer(operator: Operator) -> Peer:
    return operator.listen()


@pytest.fixture
def desk(peer: Peer) -> Iterator[User]:
    """One user with all classes, and one scheduled step."""
    with user(peer, *ALL) as desk:
        assert create(desk) == 0x0000
        yield desk


def test_push_pull_and_perform(operator: Operator, desk: User) -> None:
    found = list(desk.assoc.send_c_find(made(ProcedureStepState="SCHEDULED", SOPInstanceUID=""), UPS_PULL))
    assert [status.Status for status, _ in found] == [0xFF00, 0x0000]
    assert found[0][1].SOPInstanceUID == STEP
    assert to(desk, "IN PROGRESS").Status == 0x0000
    assert change(desk, ProcedureStepLabel="Done", TransactionUID=LOCK) == 0x0000
    got, data = desk.assoc.send_n_get([0x00741000, 0x00741204], UPS_PUSH, STEP, meta_uid=UPS_WATCH)
    assert (got.Status, data.ProcedureStepState, data.ProcedureStepLabel) == (0x0000, "IN PROGRESS", "Done")
    assert to(desk, "COMPLETED").Status == 0x0000
    assert desk.answer(0x8130) == {
        "CommandField": 0x8130,
        "CommandDataSetType": 0x0101,
        "Status": 0x0000,
        "AffectedSOPClassUID": UPS_PUSH,
        "AffectedSOPInstanceUID": STEP,
        "ActionTypeID": 1,
    }
    assert operator.findings == []
    assert operator.errors == []


def test_a_step_lacking_what_the_table_asks_for_is_refused(desk: User) -> None:
    lacking = scheduled()
    del lacking.ProcedureStepLabel, lacking.WorklistLabel
    assert create(desk, "1.2.7", lacking) == 0x0120
    assert desk.answer(0x8140)["AttributeIdentifierList"] == [0x00741202, 0x00741204]
    assert create(desk, "1.2.7", scheduled(InputReadinessState="")) == 0x0121
    assert create(desk, "1.2.7", scheduled(ProcedureStepState="IN PROGRESS")) == 0xC309
    assert create(desk, "1.2.7") == 0x0000, "nothing was created before"


def test_the_state_machine_says_no(desk: User) -> None:
    assert create(desk, STEP + ".1", scheduled(ProcedureStepState="IN PROGRESS")) == 0xC309
    assert "AffectedSOPInstanceUID" not in desk.answer(0x8140)
    early = to(desk, "COMPLETED")
    assert (early.Status, bool(early.ErrorComment)) == (0xC310, True)
    assert to(desk, "SCHEDULED").Status == 0xC303
    assert to(desk, "IN PROGRESS", "").Status == 0xC301
    assert to(desk, "IN PROGRESS", uid=STEP + ".9").Status == 0xC307
    assert to(desk, "IN PROGRESS").Status == 0x0000
    assert to(desk, "IN PROGRESS").Status == 0xC302
    assert change(desk, ProcedureStepLabel="X") == 0xC301
    assert change(desk, ProcedureStepLabel="X", TransactionUID=STEP) == 0xC301
    assert to(desk, "COMPLETED", STEP).Status == 0xC301
    assert to(desk, "COMPLETED").Status == 0x0000
    assert to(desk, "COMPLETED").Status == 0xB306
    assert to(desk, "CANCELED").Status == 0xC300
    assert change(desk, ProcedureStepLabel="X", TransactionUID=LOCK) == 0xC300
    assert cancel(desk) == 0xC311


def test_reading_and_unknown_steps(desk: User) -> None:
    get = desk.assoc.send_n_get
    some, data = get([0x00741000, 0x00081195], UPS_PUSH, STEP, meta_uid=UPS_WATCH)
    assert (some.Status, [e.keyword for e in data]) == (0x0001, ["ProcedureStepState"]), "the lock's key is not given"
    assert get([], UPS_PUSH, STEP + ".9", meta_uid=UPS_PULL)[0].Status == 0xC307
    assert change(desk, STEP + ".9", ProcedureStepLabel="X") == 0xC307
    assert create(desk) == 0x0111
    wrong, _ = desk.assoc.send_n_set(made(PatientID="X"), UPS_PUSH, STEP)
    assert wrong.Status == 0x0211, "N-SET is of the Pull class"


def test_a_subscriber_hears_of_every_change_on_its_association(operator: Operator, desk: User) -> None:
    assert watch(desk) == 0x0000
    desk.wait_events(1)
    to(desk, "IN PROGRESS")
    desk.wait_events(2)
    progress = made(ProcedureStepProgress="50", ProcedureStepDiscontinuationReasonCodeSequence=[CODE])
    change(desk, ProcedureStepProgressInformationSequence=[progress], TransactionUID=LOCK)
    desk.wait_events(3)
    assert cancel(desk) == 0x0000
    desk.wait_events(4)
    assert to(desk, "CANCELED").Status == 0x0000
    events = desk.wait_events(5)
    assert [kind for kind, _, _, _ in events] == [1, 1, 3, 2, 1]
    assert {(uid, context) for _, uid, context, _ in events} == {(STEP, UPS_EVENT)}
    states = [told.ProcedureStepState for kind, _, _, told in events if kind == 1]
    assert states == ["SCHEDULED", "IN PROGRESS", "CANCELED"]
    assert events[2][3].ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 50
    assert (events[3][3].RequestingAE, events[3][3].ReasonForCancellation) == ("USER", "Patient left")
    assert desk.seen.last(0x0100) == {
        "CommandField": 0x0100,
        "CommandDataSetType": 1,
        "AffectedSOPClassUID": UPS_PUSH,
        "AffectedSOPInstanceUID": STEP,
        "EventTypeID": 1,
    }
    assert operator.findings == []
    assert operator.errors == []


def test_a_watcher_on_another_association_hears_it_too(operator: Operator, peer: Peer, desk: User) -> None:
    with user(peer, UPS_WATCH, UPS_EVENT, ae_title="WATCHER") as watcher:
        assert watch(watcher, UPS_GLOBAL, "WATCHER") == 0x0000
        to(desk, "IN PROGRESS")
        create(desk, STEP + ".1")
        told = watcher.wait_events(2)
        assert [(uid, data.ProcedureStepState) for _, uid, _, data in told] == [
            (STEP, "IN PROGRESS"),
            (STEP + ".1", "SCHEDULED"),
        ]
        assert not desk.events
        assert watch(watcher, UPS_GLOBAL, "WATCHER", 4) == 0x0000
        to(desk, "COMPLETED")
        assert len(watcher.events) == 2
    assert operator.errors == []


def test_who_watches_all_is_told_that_the_peer_stops(operator: Operator, peer: Peer) -> None:
    listening = operator.all(ListenerNotice)[-1]
    with user(peer, UPS_WATCH, UPS_EVENT) as watcher:
        assert watch(watcher, UPS_GLOBAL) == 0x0000
        operator.engine.submit(StopListening(listener=listening.listener))
        ((kind, uid, context, told),) = watcher.wait_events(1)
        assert (kind, uid, context) == (4, UPS_GLOBAL, UPS_EVENT)
        assert told.SCPStatus == "GOING DOWN"
        operator.wait(ListenerNotice, lambda n: not n.listening)
    assert operator.errors == []


def test_a_watcher_at_home_is_called(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    """The receiver need not be who subscribes; it is reached as a destination of the peer."""
    told: list[str] = []
    seen = Seen()

    def report(event: evt.Event) -> tuple[int, None]:
        told.append(event.event_information.ProcedureStepState)
        return 0x0000, None

    home = pynetdicom_scp([UPS_EVENT], [seen.handler, (evt.EVT_N_EVENT_REPORT, report)], ae_title="HOME")
    peer = operator.listen(destinations=(MoveDestination(ae_title="HOME", host=home.host, port=home.port),))
    with user(peer, *ALL) as desk:
        create(desk)
        assert watch(desk, receiver="NOBODY") == 0xC308
        assert watch(desk, receiver="HOME") == 0x0000
        operator.wait(MessageNotice, lambda m: m.command.command_field == 0x8100)
    assert told == ["SCHEDULED"]
    assert seen.last(0x0100)["AffectedSOPInstanceUID"] == STEP
    assert operator.errors == []


def test_who_cannot_be_reached_is_said(operator: Operator, peer: Peer) -> None:
    with user(peer, UPS_PUSH, UPS_WATCH) as desk:
        create(desk)
        assert watch(desk) == 0x0000
        operator.wait(ErrorNotice, lambda e: "Unified Procedure Step - Event" in e.sentence)


def test_cancel_without_anybody_listening(desk: User) -> None:
    to(desk, "IN PROGRESS")
    assert cancel(desk) == 0xC312
    assert watch(desk, action=5) == 0xC314
