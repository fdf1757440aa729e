"""What the six N- services answer for any SOP class (PS3.7 10.1), and the smaller service classes."""

from __future__ import annotations

import pytest

from engine.model.dataset import DataElement, DataSet
from engine.model.references import Reference
from engine.workspace.availability import notifications
from tests.services.playing import Stage, elements, hold

PRIVATE = "1.2.826.0.1.3680043.9.7433.5"
VERIFICATION = "1.2.840.10008.5.1.4.34.8"
COMMITMENT = "1.2.840.10008.1.20.1"
MEDIA = "1.2.840.10008.5.1.1.33"
CT = "1.2.840.10008.5.1.4.1.1.2"
NAME, PATIENT = 0x00100010, 0x00100020


class TestPlain:
    """A SOP class nobody knows has all services."""

    def stage(self) -> Stage:
        stage = Stage(PRIVATE)
        stage.send(
            "N-CREATE-RQ", elements((PATIENT, "LO", "P1")), AffectedSOPClassUID=PRIVATE, AffectedSOPInstanceUID="4.4"
        )
        return stage

    def ask(self, stage: Stage, message: str, data: DataSet | None = None, uid: str = "4.4", **more: object) -> int:
        values = {"RequestedSOPClassUID": PRIVATE, "RequestedSOPInstanceUID": uid, **more}
        stage.send(f"{message}-RQ", data, **values)  # type: ignore[arg-type]
        assert stage.status is not None
        return stage.status

    def test_what_was_created_is_changed_read_and_deleted(self) -> None:
        stage = self.stage()
        assert self.ask(stage, "N-SET", elements((NAME, "PN", "DOE"))) == 0
        assert self.ask(stage, "N-GET") == 0
        data = stage.replies[-1].data
        assert data is not None
        assert (data.text(NAME), data.text(PATIENT)) == ("DOE", "P1")
        assert self.ask(stage, "N-ACTION", ActionTypeID=7) == 0
        assert stage.final.number("ActionTypeID") == 7
        assert self.ask(stage, "N-DELETE") == 0
        assert self.ask(stage, "N-GET") == 0x0112

    def test_attributes_that_are_not_there_are_named(self) -> None:
        stage = self.stage()
        assert self.ask(stage, "N-GET", AttributeIdentifierList=(PATIENT, NAME)) == 0x0107
        assert stage.final.get("AttributeIdentifierList") == (NAME,)
        data = stage.replies[-1].data
        assert data is not None
        assert [e.tag for e in data] == [PATIENT]

    def test_a_list_of_one_attribute(self) -> None:
        stage = self.stage()
        assert self.ask(stage, "N-GET", AttributeIdentifierList=PATIENT) == 0
        data = stage.replies[-1].data
        assert data is not None
        assert len(data) == 1

    def test_an_instance_of_another_class_is_a_conflict(self) -> None:
        stage = self.stage()
        stage.abstract_syntax = PRIVATE + "1"
        stage.send("N-GET-RQ", RequestedSOPClassUID=PRIVATE + "1", RequestedSOPInstanceUID="4.4")
        assert stage.status == 0x0119

    def test_instances_last_beyond_their_association(self) -> None:
        stage = self.stage()
        stage.peer.ended(stage.association)
        stage.association = 2
        assert self.ask(stage, "N-GET") == 0

    def test_nothing_to_set_is_a_processing_failure(self) -> None:
        stage = self.stage()
        stage.send("N-SET-RQ", DataSet(), RequestedSOPClassUID=PRIVATE, RequestedSOPInstanceUID="4.4")
        assert stage.status == 0x0110
        assert stage.final.text("ErrorComment")

    def test_what_is_no_uid_is_no_instance(self) -> None:
        stage = Stage(PRIVATE)
        stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=PRIVATE, AffectedSOPInstanceUID="1.02")
        assert stage.status == 0x0117

    def test_a_client_in_a_loop_meets_a_limit(self) -> None:
        stage = self.stage()
        stage.peer.normalized.store.most = len(stage.peer.normalized.store.held) + 1
        seen = []
        for _ in range(2):
            stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=PRIVATE)
            seen.append(stage.status)
        assert seen == [0, 0x0213]
        assert self.ask(stage, "N-SET", elements((NAME, "PN", "DOE"))) == 0, "what is there may still be changed"


@pytest.mark.parametrize(
    ("context", "uid", "message", "status"),
    [
        (COMMITMENT, "1.2.840.10008.1.1", "N-GET", 0x0118),
        (COMMITMENT, COMMITMENT, "N-GET", 0x0211),
        (CT, CT, "N-GET", 0x0211),
        (CT, "1.2.840.10008.5.1.4.1.1.4", "N-GET", 0x0118),
        ("1.2.840.10008.3.1.2.3.3", "1.2.840.10008.3.1.2.3.3", "N-GET", 0x0211),
        ("1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.9", "N-GET", 0x0118),
        ("1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.4.1", "N-SET", 0x0118),
        ("1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.16", "N-DELETE", 0x0211),
        ("1.2.840.10008.5.1.4.34.6.2", "1.2.840.10008.5.1.4.34.6.2", "N-GET", 0x0118),
        ("1.2.840.10008.5.1.4.34.6.1", "1.2.840.10008.5.1.4.34.6.1", "N-SET", 0x0211),
        (MEDIA, MEDIA, "N-DELETE", 0x0211),
        (VERIFICATION, VERIFICATION, "N-GET", 0xC112),
        (VERIFICATION, VERIFICATION, "N-DELETE", 0x0112),
        (PRIVATE, PRIVATE, "N-GET", 0x0112),
        (PRIVATE, PRIVATE, "N-ACTION", 0x0123),
        (COMMITMENT, COMMITMENT, "N-ACTION", 0x0123),
    ],
)
def test_what_cannot_be_asked_for(context: str, uid: str, message: str, status: int) -> None:
    stage = Stage(context)
    data = elements((PATIENT, "LO", "P1")) if message == "N-SET" else None
    stage.send(f"{message}-RQ", data, RequestedSOPClassUID=uid, RequestedSOPInstanceUID="1.9")
    assert stage.status == status


def test_an_event_of_no_known_type_and_one_without_its_result() -> None:
    stage = Stage(COMMITMENT)
    affected = {"AffectedSOPClassUID": COMMITMENT, "AffectedSOPInstanceUID": "1.2.840.10008.1.20.1.1"}
    stage.send("N-EVENT-REPORT-RQ", **affected, EventTypeID=9)
    assert (stage.status, stage.final.number("EventTypeID")) == (0x0113, 9)
    stage.send("N-EVENT-REPORT-RQ", **affected, EventTypeID=1)
    assert stage.status == 0x0115


class TestMediaCreation:
    def stage(self, *held: str) -> Stage:
        stage = Stage(MEDIA)
        hold(stage.peer, *(("P1", "1.1", "1.1.1", uid, "CT") for uid in held))
        wanted = tuple(elements((0x00081150, "UI", CT), (0x00081155, "UI", uid)) for uid in ("7.1", "7.2"))
        stage.send(
            "N-CREATE-RQ",
            elements((0x00081199, "SQ", wanted)),
            AffectedSOPClassUID=MEDIA,
            AffectedSOPInstanceUID="4.4",
        )
        assert stage.status == 0
        return stage

    def act(self, stage: Stage, action: int) -> int | None:
        stage.send("N-ACTION-RQ", RequestedSOPClassUID=MEDIA, RequestedSOPInstanceUID="4.4", ActionTypeID=action)
        return stage.status

    def state(self, stage: Stage) -> str:
        stage.send("N-GET-RQ", RequestedSOPClassUID=MEDIA, RequestedSOPInstanceUID="4.4")
        data = stage.replies[-1].data
        assert data is not None
        return data.text(0x21000020)

    def test_initiated_once_and_done(self) -> None:
        stage = self.stage("7.1", "7.2")
        assert self.state(stage) == "IDLE"
        assert [self.act(stage, 1), self.state(stage)] == [0, "DONE"]
        assert [self.act(stage, 1), self.act(stage, 2)] == [0xA510, 0xC201]

    def test_what_is_not_held_makes_it_fail(self) -> None:
        stage = self.stage("7.1")
        assert [self.act(stage, 1), self.state(stage)] == [0, "FAILURE"]
        data = stage.replies[-1].data
        assert data is not None
        assert [i.text(0x00081155) for i in data.items(0x00081198)] == ["7.2"]

    def test_cancelled_before_it_began_it_is_gone(self) -> None:
        stage = self.stage()
        assert [self.act(stage, 2), self.act(stage, 1)] == [0, 0x0112]

    def test_an_unsupported_attribute_is_this_class_s_warning(self) -> None:
        stage = self.stage()
        wanted = (0x21000020, 0x21000070)
        stage.send(
            "N-GET-RQ", RequestedSOPClassUID=MEDIA, RequestedSOPInstanceUID="4.4", AttributeIdentifierList=wanted
        )
        assert stage.status == 0x0001

    def test_nothing_referenced_is_a_missing_attribute(self) -> None:
        stage = Stage(MEDIA)
        stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=MEDIA)
        assert (stage.status, stage.final.get("AttributeIdentifierList")) == (0x0120, (0x00081199,))


def test_events_are_logged_by_the_well_known_instance() -> None:
    log = "1.2.840.10008.1.40"
    seen = []
    for uid, data in ((f"{log}.1", elements((PATIENT, "LO", "P1"))), (f"{log}.1", None), ("1.9", None)):
        stage = Stage(log)
        stage.send("N-ACTION-RQ", data, RequestedSOPClassUID=log, RequestedSOPInstanceUID=uid, ActionTypeID=1)
        seen.append(stage.status)
    assert seen == [0, 0x0115, 0x0112]


def test_a_verified_beam_is_reported() -> None:
    stage = Stage(VERIFICATION)
    stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=VERIFICATION, AffectedSOPInstanceUID="4.4")
    requested = {"RequestedSOPClassUID": VERIFICATION, "RequestedSOPInstanceUID": "4.4"}
    stage.send("N-ACTION-RQ", **requested, ActionTypeID=1)
    assert [(e.event_type_id, e.sop_instance_uid) for e in stage.events] == [(2, "4.4")]
    stage.send("N-DELETE-RQ", **requested)
    assert stage.status == 0


def test_inventories_are_refused_rather_than_promised() -> None:
    uid = "1.2.840.10008.5.1.4.1.1.201.5"
    stage = Stage(uid)
    stage.send("N-ACTION-RQ", DataSet(), RequestedSOPClassUID=uid, RequestedSOPInstanceUID="1", ActionTypeID=11)
    assert stage.status == 0x0110
    assert stage.final.text("ErrorComment")


HELD = Reference(sop_class_uid=CT, sop_instance_uid="1.4", study_instance_uid="1.2", series_instance_uid="1.3")


def test_availability_is_taken_note_of() -> None:
    uid = "1.2.840.10008.5.1.4.33"
    stage = Stage(uid)
    (told,) = notifications((HELD,), "ONLINE", "ARCHIVE", "1.5")
    stage.send("N-CREATE-RQ", told, AffectedSOPClassUID=uid)
    assert stage.status == 0
    assert stage.final.text("AffectedSOPInstanceUID").startswith("2.25.")


SERIES, INSTANCES, AVAILABLE, STUDY = 0x00081115, 0x00081199, 0x00080056, 0x0020000D


@pytest.mark.parametrize(
    ("path", "tag", "empty", "status"),
    [
        ((), STUDY, False, 0x0120),
        ((), STUDY, True, 0x0121),
        ((), SERIES, False, 0x0120),
        ((), SERIES, True, 0x0121),
        ((SERIES, INSTANCES), AVAILABLE, False, 0x0120),
        ((SERIES, INSTANCES), AVAILABLE, True, 0x0121),
    ],
)
def test_availability_has_to_be_told_of_each_instance(
    path: tuple[int, ...], tag: int, empty: bool, status: int
) -> None:
    def without(data: DataSet, path: tuple[int, ...]) -> DataSet:
        if path:
            return data.with_items(path[0], *(without(item, path[1:]) for item in data.items(path[0])))
        kept = DataSet(tuple(e for e in data if e.tag != tag))
        return DataSet((*kept, *(DataElement(e.tag, e.vr) for e in data if e.tag == tag and empty)))

    uid = "1.2.840.10008.5.1.4.33"
    (told,) = notifications((HELD,), "ONLINE", "ARCHIVE")
    stage = Stage(uid)
    stage.send("N-CREATE-RQ", without(told, path), AffectedSOPClassUID=uid)
    assert stage.status == status
    if not empty:
        assert stage.final.get("AttributeIdentifierList") == (tag,)


@pytest.mark.parametrize(
    ("uid", "instance"),
    [
        ("1.2.840.10008.5.1.1.40", "1.2.840.10008.5.1.1.40.1"),
        ("1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.17"),
        ("1.2.840.10008.5.1.1.16.376", "1.2.840.10008.5.1.1.17.376"),
    ],
)
def test_well_known_instances_can_be_read(uid: str, instance: str) -> None:
    stage = Stage(uid)
    stage.send("N-GET-RQ", RequestedSOPClassUID=uid, RequestedSOPInstanceUID=instance)
    assert stage.status == 0
    assert stage.replies[-1].data
