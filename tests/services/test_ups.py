"""Unified Procedure Step as provider (PS3.4 CC)."""

from __future__ import annotations

import pytest

from engine.model.dataset import DataSet
from engine.services import ups as u
from engine.services.effects import Notify
from engine.services.matching import MOST_VALUES
from engine.standard import ups as s
from tests.services.playing import Stage, elements
from tests.services.whole_steps import whole_unified_step

PUSH, WATCH, PULL, EVENT, QUERY = u.UPS_CLASSES
PATIENT = 0x00100020
CODE = elements((0x00080100, "SH", "1"), (0x00080102, "SH", "99T"), (0x00080104, "LO", "One"))
PERFORMED = elements(
    (0x00404028, "SQ", CODE),
    (0x00404019, "SQ", CODE),
    (0x00404033, "SQ", ()),
    (0x00404050, "DT", "20260101"),
    (0x00404051, "DT", "20260102"),
)


def step(patient: str = "P1", state: str = "SCHEDULED") -> DataSet:
    """With all that either final state needs."""
    ending = elements(
        (s.PERFORMED_PROCEDURE, "SQ", PERFORMED),
        (s.PROGRESS_INFORMATION, "SQ", elements((0x0074100E, "SQ", CODE))),
    )
    return whole_unified_step(ProcedureStepState=state, PatientID=patient).merged(ending)


class Desk:
    """Everybody who works with one worklist: each request on the context of its SOP class."""

    def __init__(self) -> None:
        self.stage = Stage(PUSH, destinations=("ELSEWHERE",))

    def on(self, abstract_syntax: str, calling: str = "USER") -> Stage:
        self.stage.abstract_syntax, self.stage.calling = abstract_syntax, calling
        return self.stage

    def create(self, uid: str = "6.1", data: DataSet | None = None) -> int | None:
        stage = self.on(PUSH)
        stage.send("N-CREATE-RQ", data or step(), AffectedSOPClassUID=PUSH, AffectedSOPInstanceUID=uid)
        return stage.status

    def act(self, action: int, data: DataSet, uid: str = "6.1", calling: str = "USER") -> int | None:
        stage = self.on(PULL if action == 1 else WATCH, calling)
        stage.send("N-ACTION-RQ", data, RequestedSOPClassUID=PUSH, RequestedSOPInstanceUID=uid, ActionTypeID=action)
        return stage.status

    def to(self, state: str, key: str = "7.7") -> int | None:
        return self.act(1, elements((s.STEP_STATE, "CS", state), (s.TRANSACTION_UID, "UI", key or ())))

    def change(self, data: DataSet, uid: str = "6.1") -> int | None:
        stage = self.on(PULL)
        stage.send("N-SET-RQ", data, RequestedSOPClassUID=PUSH, RequestedSOPInstanceUID=uid)
        return stage.status

    def subscribe(self, uid: str = "6.1", who: str = "WATCHER", action: int = 3, **more: DataSet) -> int | None:
        data = elements((s.RECEIVING_AE, "AE", who), (s.DELETION_LOCK, "LO", "FALSE"))
        for keys in more.values():
            data = data.merged(keys)
        return self.act(action, data, uid, "WATCHER")

    def get(self, *tags: int) -> DataSet:
        stage = self.on(WATCH)
        stage.send(
            "N-GET-RQ", RequestedSOPClassUID=PUSH, RequestedSOPInstanceUID="6.1", AttributeIdentifierList=tags or None
        )
        data = stage.replies[-1].data
        assert data is not None
        return data

    @property
    def events(self) -> list[Notify]:
        return self.stage.events

    @property
    def told(self) -> list[tuple[int, str]]:
        return [(e.event_type_id, e.receiver) for e in self.events]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    assert desk.create() == 0
    return desk


def test_the_states_in_order_and_out_of_order(desk: Desk) -> None:
    assert desk.to("COMPLETED") == 0xC310
    assert desk.to("CANCELED") == 0xC310
    assert desk.to("SCHEDULED") == 0xC303
    assert desk.to("PAUSED") == 0x0115
    assert desk.to("IN PROGRESS", "") == 0xC301
    assert desk.to("IN PROGRESS") == 0
    assert desk.to("IN PROGRESS") == 0xC302
    assert desk.to("COMPLETED", "8.8") == 0xC301
    assert desk.to("COMPLETED") == 0
    assert desk.to("COMPLETED") == 0xB306
    assert desk.to("CANCELED") == 0xC300
    assert desk.to("IN PROGRESS") == 0xC300


def test_a_performer_may_cancel(desk: Desk) -> None:
    assert [desk.to("IN PROGRESS"), desk.to("CANCELED"), desk.to("CANCELED")] == [0, 0, 0xB304]
    assert desk.to("COMPLETED") == 0xC300


def test_a_final_state_needs_its_attributes(desk: Desk) -> None:
    key = elements((s.TRANSACTION_UID, "UI", "7.7"))
    desk.to("IN PROGRESS")
    started = elements((s.PERFORMED_PROCEDURE, "SQ", PERFORMED.without(0x00404051)), (s.PROGRESS_INFORMATION, "SQ", ()))
    assert desk.change(key.merged(started)) == 0
    assert (desk.to("COMPLETED"), desk.stage.final.text("ErrorComment")) == (
        0xC304,
        "without PerformedProcedureStepEndDateTime",
    )
    assert desk.to("CANCELED") == 0xC304, "no reason code"
    assert desk.change(key.merged(elements((s.PERFORMED_PROCEDURE, "SQ", PERFORMED)))) == 0
    assert desk.to("COMPLETED") == 0


@pytest.mark.parametrize(("state", "status"), [("IN PROGRESS", 0xC309), ("COMPLETED", 0xC309), ("", 0x0121)])
def test_a_step_begins_scheduled(desk: Desk, state: str, status: int) -> None:
    assert desk.create("6.2", whole_unified_step(ProcedureStepState=state)) == status
    assert desk.stage.final.find("AffectedSOPInstanceUID") is None, "nothing was created"


def test_a_step_is_created_whole(desk: Desk) -> None:
    lacking = whole_unified_step().without(s.STEP_LABEL, 0x00741202)
    assert desk.create("6.2", lacking) == 0x0120
    assert desk.stage.final.get("AttributeIdentifierList") == (0x00741202, s.STEP_LABEL), "types 2 and 1"
    assert desk.create("6.2", whole_unified_step(ProcedureStepLabel="")) == 0x0121
    assert desk.create("6.2", whole_unified_step(ScheduledProcedureStepPriority="SOON")) == 0x0106
    data = desk.stage.replies[-1].data
    assert data is not None and [e.tag for e in data] == [0x00741200], "the value in question comes back"
    assert desk.create("6.2", whole_unified_step().without(s.STEP_STATE)) == 0x0120
    assert desk.stage.final.find("AffectedSOPInstanceUID") is None, "nothing was created"
    assert desk.create("6.2", whole_unified_step()) == 0


def test_items_of_its_sequences_are_whole_too(desk: Desk) -> None:
    def station(*code: tuple[int, str, str]) -> DataSet:
        return whole_unified_step().merged(elements((0x00404025, "SQ", elements(*code))))

    value, scheme, meaning = (0x00080100, "SH", "1"), (0x00080102, "SH", "99T"), (0x00080104, "LO", "One")
    assert desk.create("6.2", station(value, meaning)) == 0x0120, "type 1C: the scheme of a Code Value"
    assert desk.stage.final.get("AttributeIdentifierList") == (0x00080102,)
    assert desk.create("6.2", station(scheme, meaning)) == 0x0120, "one of the three values"
    assert desk.create("6.2", station(value, scheme)) == 0x0120
    assert desk.stage.final.get("AttributeIdentifierList") == (0x00080104,), "type 1: Code Meaning"
    assert desk.create("6.2", station(value, scheme, meaning)) == 0


def test_changes_need_the_key_while_in_progress(desk: Desk) -> None:
    priority, key = elements((0x00741200, "CS", "HIGH")), elements((s.TRANSACTION_UID, "UI", "7.7"))
    assert desk.change(priority) == 0
    assert desk.change(priority.merged(key)) == 0xC310, "a key for what is not locked"
    desk.to("IN PROGRESS")
    assert desk.change(priority) == 0xC301
    assert desk.change(priority.merged(key)) == 0
    assert desk.change(key.put(s.STEP_STATE, "CS", "COMPLETED")) == 0x0106
    desk.to("COMPLETED")
    assert desk.change(priority.merged(key)) == 0xC300


def test_unknown_steps(desk: Desk) -> None:
    assert desk.change(elements((PATIENT, "LO", "X")), "6.9") == 0xC307
    assert desk.act(1, elements((s.STEP_STATE, "CS", "IN PROGRESS")), "6.9") == 0xC307
    assert desk.act(2, DataSet(), "6.9") == 0xC307
    assert desk.subscribe("6.9") == 0xC307
    desk.on(WATCH).send("N-GET-RQ", RequestedSOPClassUID=PUSH, RequestedSOPInstanceUID="6.9")
    assert desk.stage.status == 0xC307


def test_actions_belong_to_their_classes(desk: Desk) -> None:
    stage = desk.on(PUSH)
    stage.send("N-ACTION-RQ", RequestedSOPClassUID=PUSH, RequestedSOPInstanceUID="6.1", ActionTypeID=1)
    assert stage.status == 0x0123, "Change UPS State is the Pull class's"
    desk.on(PULL).send("N-CREATE-RQ", step(), AffectedSOPClassUID=PUSH)
    assert stage.status == 0x0211


def test_the_lock_s_key_is_never_given_away(desk: Desk) -> None:
    desk.to("IN PROGRESS")
    assert desk.get().find(s.TRANSACTION_UID) is None
    assert len(desk.get(s.STEP_STATE, s.TRANSACTION_UID)) == 1
    assert desk.stage.status == 0x0001
    desk.on(PULL).send("C-FIND-RQ", elements((s.TRANSACTION_UID, "UI", ())), AffectedSOPClassUID=PULL)
    found = desk.stage.replies[0].data
    assert found is not None
    assert not found.text(s.TRANSACTION_UID)


def test_find_by_state(desk: Desk) -> None:
    desk.create("6.2", step("P2"))
    desk.to("IN PROGRESS")
    keys = elements((s.STEP_STATE, "CS", "SCHEDULED"), (PATIENT, "LO", ()), (0x00080018, "UI", ()))
    for abstract in (PULL, WATCH, QUERY):
        desk.on(abstract).send("C-FIND-RQ", keys, AffectedSOPClassUID=abstract)
        (found,) = [r.data for r in desk.stage.replies[:-1]]
        assert found is not None
        assert (found.text(PATIENT), found.text(0x00080018)) == ("P2", "6.2")


class TestWatching:
    def test_a_subscriber_is_told_at_once_and_of_every_change(self, desk: Desk) -> None:
        assert desk.subscribe() == 0
        assert desk.told == [(1, "WATCHER")]
        desk.to("IN PROGRESS")
        (event,) = desk.events
        assert (event.sop_class_uid, event.abstract_syntax, event.receiver) == (PUSH, EVENT, "WATCHER")
        assert event.data is not None
        assert (event.data.text(s.STEP_STATE), event.data.text(u.INPUT_READINESS)) == ("IN PROGRESS", "READY")
        assert desk.subscribe(action=4) == 0
        desk.to("COMPLETED")
        assert not desk.events

    def test_everybody_who_watches_is_told(self, desk: Desk) -> None:
        desk.subscribe()
        assert desk.subscribe(who="ELSEWHERE") == 0
        assert desk.told == [(1, "ELSEWHERE")], "the initial report is the new one's"
        desk.to("IN PROGRESS")
        assert desk.told == [(1, "WATCHER"), (1, "ELSEWHERE")]

    def test_an_ae_nobody_knows_cannot_be_told(self, desk: Desk) -> None:
        assert desk.subscribe(who="NOBODY") == 0xC308
        assert desk.subscribe(who="") == 0x0115

    def test_global_means_all_there_are_and_all_to_come(self, desk: Desk) -> None:
        assert desk.subscribe(s.UPS_GLOBAL) == 0
        desk.create("6.2")
        assert desk.told == [(1, "WATCHER")]
        desk.to("IN PROGRESS")
        assert desk.told == [(1, "WATCHER")]

    def test_global_with_a_lock_tells_of_all_there_are_at_once(self, desk: Desk) -> None:
        desk.create("6.2")
        desk.subscribe("6.2")
        assert desk.subscribe(s.UPS_GLOBAL, keys=elements((s.DELETION_LOCK, "LO", "TRUE"))) == 0
        assert [e.sop_instance_uid for e in desk.events] == ["6.1"], "the other is known already"

    def test_suspended_means_no_new_ones(self, desk: Desk) -> None:
        desk.subscribe(s.UPS_GLOBAL)
        assert desk.subscribe(s.UPS_GLOBAL, action=5) == 0
        desk.create("6.2")
        assert not desk.events
        desk.to("IN PROGRESS")
        assert desk.told == [(1, "WATCHER")]
        assert desk.subscribe("6.1", action=5) == 0xC314

    def test_unsubscribed_means_none(self, desk: Desk) -> None:
        desk.subscribe(s.UPS_GLOBAL)
        assert desk.subscribe(s.UPS_GLOBAL, action=4) == 0
        desk.to("IN PROGRESS")
        assert not desk.events

    def test_filtered_by_keys(self, desk: Desk) -> None:
        assert desk.subscribe(s.UPS_FILTERED_GLOBAL, keys=elements((PATIENT, "LO", "P2"))) == 0
        desk.to("IN PROGRESS")
        assert not desk.events
        desk.create("6.2", step("P2"))
        assert desk.told == [(1, "WATCHER")]

    def test_keys_with_very_many_values_are_refused(self, desk: Desk) -> None:
        """Each step to come would hold up everybody while it is compared with them."""
        for count, status in ((MOST_VALUES, 0), (MOST_VALUES + 1, 0x0115)):
            keys = elements((PATIENT, "LO", tuple(f"A{n}*B" for n in range(count))))
            assert desk.subscribe(s.UPS_FILTERED_GLOBAL, keys=keys) == status

    def test_progress_and_readiness_are_reported(self, desk: Desk) -> None:
        desk.subscribe()
        progress = elements((0x00741004, "DS", "50"))
        desk.change(elements((u.PROGRESS, "SQ", (progress,))))
        (event,) = desk.events
        assert event.event_type_id == 3
        assert event.data is not None
        assert event.data.items(u.PROGRESS)[0].text(0x00741004) == "50"
        desk.change(elements((u.INPUT_READINESS, "CS", "INCOMPLETE")))
        assert desk.told == [(1, "WATCHER")]
        desk.change(elements((u.INPUT_READINESS, "CS", "INCOMPLETE")))
        assert not desk.events


class TestCancelRequest:
    def test_a_scheduled_step_is_cancelled(self, desk: Desk) -> None:
        desk.subscribe()
        assert desk.act(2, elements((0x00741238, "LT", "Patient left"))) == 0
        (event,) = desk.events
        assert event.data is not None
        assert (event.data.text(s.STEP_STATE), event.data.text(0x00741238)) == ("CANCELED", "Patient left")
        assert desk.get(s.STEP_STATE).text(s.STEP_STATE) == "CANCELED"
        assert desk.act(2, DataSet()) == 0xB304

    def test_the_performer_of_a_running_one_is_told(self, desk: Desk) -> None:
        desk.to("IN PROGRESS")
        assert desk.act(2, DataSet()) == 0xC312, "nobody listens"
        desk.subscribe()
        assert desk.act(2, elements((0x00741238, "LT", "Patient left"))) == 0
        (event,) = desk.events
        assert event.event_type_id == 2
        assert event.data is not None
        assert (event.data.text(u.REQUESTING_AE), event.data.text(0x00741238)) == ("USER", "Patient left")
        assert desk.get(s.STEP_STATE).text(s.STEP_STATE) == "IN PROGRESS"

    def test_a_completed_one_is_not(self, desk: Desk) -> None:
        desk.to("IN PROGRESS")
        desk.to("COMPLETED")
        assert desk.act(2, DataSet()) == 0xC311
