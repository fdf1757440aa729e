"""The built-in peer's answers, played without a socket."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from playing import Stage, elements, hold

from engine.model.dataset import DataSet
from engine.services import print_rules as p
from engine.services import steps as s

STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
LEVEL, STUDY, SERIES, PATIENT = 0x00080052, 0x0020000D, 0x0020000E, 0x00100020
PRINT_META = "1.2.840.10008.5.1.1.9"


def study_stage(abstract_syntax: str, **options: object) -> Stage:
    stage = Stage(abstract_syntax, **options)  # type: ignore[arg-type]
    hold(
        stage.peer,
        ("P1", "1.1", "1.1.1", "1.1.1.1", "CT"),
        ("P1", "1.1", "1.1.1", "1.1.1.2", "CT"),
        ("P1", "1.1", "1.1.2", "1.1.2.1", "SR"),
        ("P2", "2.1", "2.1.1", "2.1.1.1", "MR"),
    )
    return stage


def test_echo_succeeds_and_names_the_sop_class() -> None:
    stage = Stage("1.2.840.10008.1.1")
    stage.send("C-ECHO-RQ", AffectedSOPClassUID="1.2.840.10008.1.1")
    assert stage.status == 0
    assert stage.final.text("AffectedSOPClassUID") == "1.2.840.10008.1.1"
    assert stage.final.responded_to == 7


class TestFind:
    def test_studies_with_their_counts(self) -> None:
        stage = study_stage(STUDY_FIND)
        query = elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", ()), (0x00201208, "IS", ()), (0x00080061, "CS", ()))
        stage.send("C-FIND-RQ", query, AffectedSOPClassUID=STUDY_FIND)
        assert [r.command.status for r in stage.replies] == [0xFF00, 0xFF00, 0]
        first = stage.replies[0].data
        assert first is not None
        assert first.text(STUDY) == "1.1"
        assert first.text(0x00201208) == "3"
        assert first.texts(0x00080061) == ("CT", "SR")
        assert first.text(LEVEL) == "STUDY"

    def test_only_what_was_asked_for_comes_back(self) -> None:
        stage = study_stage(STUDY_FIND)
        stage.send("C-FIND-RQ", elements((LEVEL, "CS", "STUDY"), (PATIENT, "LO", "P2")), AffectedSOPClassUID=STUDY_FIND)
        assert len(stage.replies) == 2
        first = stage.replies[0].data
        assert first is not None
        assert first.find(0x00100010) is None

    def test_a_wrong_level_is_an_identifier_error_with_a_comment(self) -> None:
        stage = study_stage(STUDY_FIND)
        stage.send("C-FIND-RQ", elements((LEVEL, "CS", "PATIENT")), AffectedSOPClassUID=STUDY_FIND)
        assert stage.status == 0xA900
        assert "PATIENT" in stage.final.text("ErrorComment")

    def test_cancel_ends_with_fe00(self) -> None:
        stage = study_stage(STUDY_FIND, cancel_after=1)
        stage.send("C-FIND-RQ", elements((LEVEL, "CS", "STUDY")), AffectedSOPClassUID=STUDY_FIND)
        assert [r.command.status for r in stage.replies] == [0xFF00, 0xFE00]

    def test_worklist_by_modality_in_the_sequence(self) -> None:
        stage = Stage("1.2.840.10008.5.1.4.31")
        step = elements((0x00080060, "CS", "MR"), (0x00400002, "DA", ()))
        query = elements((0x00100010, "PN", ()), (0x00400100, "SQ", (step,)))
        stage.send("C-FIND-RQ", query, AffectedSOPClassUID="1.2.840.10008.5.1.4.31")
        assert len(stage.replies) == 2
        found = stage.replies[0].data
        assert found is not None
        assert found.text(0x00100010) == "CONSOLE^BRAVO"
        assert found.items(0x00400100)[0].text(0x00080060) == "MR"


class TestRetrieve:
    def test_get_counts_down_and_up(self) -> None:
        stage = study_stage(STUDY_GET)
        stage.send("C-GET-RQ", elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "1.1")), AffectedSOPClassUID=STUDY_GET)
        assert len(stage.stores) == 3
        counts = [r.command.number("NumberOfRemainingSuboperations") for r in stage.replies]
        assert counts == [2, 1, None], "Number of Remaining is not in the final Success (PS3.4 C.4.3.1.5)"
        assert stage.final.number("NumberOfCompletedSuboperations") == 3
        assert stage.status == 0

    def test_all_failed_is_a_failure_with_the_list(self) -> None:
        stage = study_stage(STUDY_GET, store_status=None)
        stage.send("C-GET-RQ", elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "2.1")), AffectedSOPClassUID=STUDY_GET)
        assert stage.status == 0xA702
        data = stage.replies[-1].data
        assert data is not None
        assert data.texts(0x00080058) == ("2.1.1.1",)

    def test_warnings_make_a_warning(self) -> None:
        stage = study_stage(STUDY_GET, store_status=0xB000)
        stage.send("C-GET-RQ", elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "1.1")), AffectedSOPClassUID=STUDY_GET)
        assert stage.status == 0xB000
        assert stage.final.number("NumberOfWarningSuboperations") == 3

    def test_move_to_an_unknown_destination(self) -> None:
        stage = study_stage(STUDY_MOVE, destinations=("THERE",))
        query = elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "1.1"))
        stage.send("C-MOVE-RQ", query, AffectedSOPClassUID=STUDY_MOVE, MoveDestination="NOWHERE")
        assert stage.status == 0xA801
        assert not stage.stores

    def test_move_names_its_originator(self) -> None:
        stage = study_stage(STUDY_MOVE, destinations=("THERE",))
        query = elements((LEVEL, "CS", "SERIES"), (STUDY, "UI", "1.1"), (SERIES, "UI", "1.1.2"))
        stage.send("C-MOVE-RQ", query, AffectedSOPClassUID=STUDY_MOVE, MoveDestination="THERE")
        (sub,) = stage.stores
        assert (sub.destination, sub.originator_ae_title, sub.originator_message_id) == ("THERE", "USER", 7)

    def test_move_of_nothing_succeeds_with_zero_counters(self) -> None:
        stage = study_stage(STUDY_MOVE, destinations=("THERE",))
        query = elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", "9.9"))
        stage.send("C-MOVE-RQ", query, AffectedSOPClassUID=STUDY_MOVE, MoveDestination="THERE")
        assert stage.status == 0
        assert stage.final.number("NumberOfCompletedSuboperations") == 0


class TestMpps:
    def stage(self) -> Stage:
        stage = Stage(s.MPPS)
        stage.send(
            "N-CREATE-RQ",
            elements((s.PPS_STATUS, "CS", "IN PROGRESS")),
            AffectedSOPClassUID=s.MPPS,
            AffectedSOPInstanceUID="1.9",
        )
        assert stage.status == 0
        return stage

    def change(self, stage: Stage, state: str) -> int | None:
        stage.send(
            "N-SET-RQ",
            elements((s.PPS_STATUS, "CS", state)),
            RequestedSOPClassUID=s.MPPS,
            RequestedSOPInstanceUID="1.9",
        )
        return stage.status

    def test_in_progress_then_completed_then_final(self) -> None:
        stage = self.stage()
        assert self.change(stage, "COMPLETED") == 0
        assert self.change(stage, "IN PROGRESS") == 0x0110
        assert stage.final.number("ErrorID") == 0xA710

    def test_created_completed_is_refused(self) -> None:
        stage = Stage(s.MPPS)
        stage.send("N-CREATE-RQ", elements((s.PPS_STATUS, "CS", "COMPLETED")), AffectedSOPClassUID=s.MPPS)
        assert stage.status == 0x0106

    def test_duplicate_and_missing_instances(self) -> None:
        stage = self.stage()
        stage.send(
            "N-CREATE-RQ",
            elements((s.PPS_STATUS, "CS", "IN PROGRESS")),
            AffectedSOPClassUID=s.MPPS,
            AffectedSOPInstanceUID="1.9",
        )
        assert stage.status == 0x0111
        stage.send(
            "N-SET-RQ",
            elements((s.PPS_STATUS, "CS", "COMPLETED")),
            RequestedSOPClassUID=s.MPPS,
            RequestedSOPInstanceUID="1.8",
        )
        assert stage.status == 0x0112

    def test_uid_is_assigned_when_the_request_has_none(self) -> None:
        stage = Stage(s.MPPS)
        stage.send("N-CREATE-RQ", elements((s.PPS_STATUS, "CS", "IN PROGRESS")), AffectedSOPClassUID=s.MPPS)
        assert stage.final.text("AffectedSOPInstanceUID") == "2.25.1"


def test_commitment_reports_what_is_held_and_what_is_not() -> None:
    stage = Stage(s.STORAGE_COMMITMENT)
    hold(stage.peer, ("P1", "1.1", "1.1.1", "1.1.1.1", "CT"))
    ct, mr = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
    references = tuple(
        elements((0x00081150, "UI", c), (0x00081155, "UI", u)) for c, u in ((ct, "1.1.1.1"), (ct, "9"), (mr, "1.1.1.1"))
    )
    data = elements((s.TRANSACTION_UID, "UI", "1.77"), (s.REFERENCED_SOPS, "SQ", references))
    stage.send(
        "N-ACTION-RQ",
        data,
        RequestedSOPClassUID=s.STORAGE_COMMITMENT,
        RequestedSOPInstanceUID=s.STORAGE_COMMITMENT_INSTANCE,
        ActionTypeID=1,
    )
    assert stage.status == 0
    (event,) = stage.events
    assert event.event_type_id == 2
    assert event.data is not None
    assert event.data.text(s.TRANSACTION_UID) == "1.77"
    assert len(event.data.items(s.REFERENCED_SOPS)) == 1
    assert [i.text(s.FAILURE_REASON) for i in event.data.items(s.FAILED_SOPS)] == [str(0x0112), str(0x0119)]


class TestPrint:
    def stage(self) -> Stage:
        stage = Stage(PRINT_META)
        stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=p.FILM_SESSION, AffectedSOPInstanceUID="5.1")
        session = elements((0x00081150, "UI", p.FILM_SESSION), (0x00081155, "UI", "5.1"))
        film = elements((p.IMAGE_DISPLAY_FORMAT, "ST", "STANDARD\\2,2"), (p.REFERENCED_FILM_SESSION, "SQ", (session,)))
        stage.send("N-CREATE-RQ", film, AffectedSOPClassUID=p.FILM_BOX, AffectedSOPInstanceUID="5.2")
        return stage

    def boxes(self, stage: Stage) -> list[str]:
        data = stage.replies[-1].data
        assert data is not None
        return [i.text(0x00081155) for i in data.items(p.REFERENCED_IMAGE_BOXES)]

    def test_a_film_box_brings_its_image_boxes(self) -> None:
        assert len(self.boxes(self.stage())) == 4

    def test_printing_an_empty_film_box_warns(self) -> None:
        stage = self.stage()
        stage.send("N-ACTION-RQ", RequestedSOPClassUID=p.FILM_BOX, RequestedSOPInstanceUID="5.2", ActionTypeID=1)
        assert stage.status == 0xB603

    def test_printing_with_an_image_gives_a_print_job_and_its_report(self) -> None:
        stage = self.stage()
        image = elements(
            (0x00280010, "US", "1"),
        )
        stage.send(
            "N-SET-RQ",
            elements((0x20200110, "SQ", (image,))),
            RequestedSOPClassUID=p.GRAYSCALE_IMAGE_BOX,
            RequestedSOPInstanceUID=self.boxes(stage)[0],
        )
        assert stage.status == 0
        stage.send("N-ACTION-RQ", RequestedSOPClassUID=p.FILM_SESSION, RequestedSOPInstanceUID="5.1", ActionTypeID=1)
        assert stage.status == 0
        job = stage.replies[-1].data
        assert job is not None
        uid = job.items(p.REFERENCED_PRINT_JOB)[0].text(0x00081155)
        assert stage.events[0].sop_instance_uid == uid

    def test_deleting_the_session_takes_everything_along(self) -> None:
        stage = self.stage()
        box = self.boxes(stage)[0]
        stage.send("N-DELETE-RQ", RequestedSOPClassUID=p.FILM_SESSION, RequestedSOPInstanceUID="5.1")
        assert stage.status == 0
        stage.send(
            "N-SET-RQ",
            elements((0x20200110, "SQ", ())),
            RequestedSOPClassUID=p.GRAYSCALE_IMAGE_BOX,
            RequestedSOPInstanceUID=box,
        )
        assert stage.status == 0x0112

    @pytest.mark.parametrize("bad", ["STANDARD\\0,3", "SPIRAL\\3", "", "STANDARD\\100,100"])
    def test_a_display_format_that_makes_no_sense_is_refused(self, bad: str) -> None:
        stage = Stage(PRINT_META)
        stage.send("N-CREATE-RQ", DataSet(), AffectedSOPClassUID=p.FILM_SESSION, AffectedSOPInstanceUID="5.1")
        session = elements((0x00081150, "UI", p.FILM_SESSION), (0x00081155, "UI", "5.1"))
        film = elements((p.IMAGE_DISPLAY_FORMAT, "ST", bad), (p.REFERENCED_FILM_SESSION, "SQ", (session,)))
        stage.send("N-CREATE-RQ", film, AffectedSOPClassUID=p.FILM_BOX)
        assert stage.status in (0x0106, 0x0120)

    def test_printer_status_by_attribute_list(self) -> None:
        stage = Stage(PRINT_META)
        stage.send(
            "N-GET-RQ",
            RequestedSOPClassUID=p.PRINTER,
            RequestedSOPInstanceUID=p.PRINTER_INSTANCE,
            AttributeIdentifierList=(p.PRINTER_STATUS,),
        )
        data = stage.replies[-1].data
        assert data is not None
        assert (len(data), data.text(p.PRINTER_STATUS)) == (1, "NORMAL")


UPS_PULL, UPS_WATCH = "1.2.840.10008.5.1.4.34.6.3", "1.2.840.10008.5.1.4.34.6.2"


class TestUps:
    def stage(self) -> Stage:
        stage = Stage(UPS_PULL)
        stage.send(
            "N-CREATE-RQ",
            elements((s.STEP_STATE, "CS", "SCHEDULED")),
            AffectedSOPClassUID=s.UPS_PUSH,
            AffectedSOPInstanceUID="6.1",
        )
        return stage

    def act(self, stage: Stage, action: int, data: DataSet, uid: str = "6.1") -> int | None:
        stage.abstract_syntax = UPS_PULL if action == 1 else UPS_WATCH
        stage.send(
            "N-ACTION-RQ", data, RequestedSOPClassUID=s.UPS_PUSH, RequestedSOPInstanceUID=uid, ActionTypeID=action
        )
        return stage.status

    def state(self, state: str, key: str = "7.7") -> DataSet:
        return elements((s.STEP_STATE, "CS", state), (s.TRANSACTION_UID, "UI", key))

    def test_the_states_in_order_and_out_of_order(self) -> None:
        stage = self.stage()
        assert self.act(stage, 1, self.state("COMPLETED")) == 0xC310
        assert self.act(stage, 1, self.state("IN PROGRESS")) == 0
        assert self.act(stage, 1, self.state("IN PROGRESS")) == 0xC302
        assert self.act(stage, 1, self.state("COMPLETED", "8.8")) == 0xC301
        assert self.act(stage, 1, self.state("COMPLETED")) == 0
        assert self.act(stage, 1, self.state("COMPLETED")) == 0xB306
        assert self.act(stage, 1, self.state("CANCELED")) == 0xC300

    def test_a_subscriber_gets_state_reports(self) -> None:
        stage = self.stage()
        assert self.act(stage, 3, elements((s.RECEIVING_AE, "AE", "USER"))) == 0
        assert len(stage.events) == 1
        self.act(stage, 1, self.state("IN PROGRESS"))
        (event,) = stage.events
        assert event.data is not None
        assert event.data.text(s.STEP_STATE) == "IN PROGRESS"
        assert self.act(stage, 4, elements((s.RECEIVING_AE, "AE", "USER"))) == 0
        self.act(stage, 1, self.state("COMPLETED"))
        assert not stage.events

    def test_the_lock_is_never_given_away(self) -> None:
        stage = self.stage()
        self.act(stage, 1, self.state("IN PROGRESS"))
        stage.send("N-GET-RQ", RequestedSOPClassUID=s.UPS_PUSH, RequestedSOPInstanceUID="6.1")
        data = stage.replies[-1].data
        assert data is not None
        assert data.find(s.TRANSACTION_UID) is None

    def test_a_scheduled_step_is_cancelled_on_request(self) -> None:
        stage = self.stage()
        assert self.act(stage, 2, DataSet()) == 0
        stage.send("N-GET-RQ", RequestedSOPClassUID=s.UPS_PUSH, RequestedSOPInstanceUID="6.1")
        data = stage.replies[-1].data
        assert data is not None
        assert data.text(s.STEP_STATE) == "CANCELED"


def test_any_other_class_has_a_plain_normalized_store() -> None:
    media = "1.2.840.10008.5.1.1.33"
    stage = Stage(media)
    stage.send(
        "N-CREATE-RQ",
        elements((0x00080005, "CS", "ISO_IR 100")),
        AffectedSOPClassUID=media,
        AffectedSOPInstanceUID="4.4",
    )
    stage.send("N-SET-RQ", elements((0x00100020, "LO", "X")), RequestedSOPClassUID=media, RequestedSOPInstanceUID="4.4")
    stage.send(
        "N-GET-RQ",
        RequestedSOPClassUID=media,
        RequestedSOPInstanceUID="4.4",
        AttributeIdentifierList=(0x00100020, 0x00100030),
    )
    assert stage.status == 0x0107, "one of the two attributes is not there"
    stage.send("N-DELETE-RQ", RequestedSOPClassUID=media, RequestedSOPInstanceUID="4.4")
    assert stage.status == 0
    stage.send("N-GET-RQ", RequestedSOPClassUID=media, RequestedSOPInstanceUID="4.4")
    assert stage.status == 0x0112


def test_unknown_action_event_and_class() -> None:
    stage = Stage(s.STORAGE_COMMITMENT)
    stage.send("N-ACTION-RQ", RequestedSOPClassUID=s.STORAGE_COMMITMENT, RequestedSOPInstanceUID="1", ActionTypeID=99)
    assert stage.status == 0x0123
    stage.send("N-EVENT-REPORT-RQ", AffectedSOPClassUID=s.STORAGE_COMMITMENT, AffectedSOPInstanceUID="1", EventTypeID=9)
    assert stage.status == 0x0113
    stage.send("N-GET-RQ", RequestedSOPClassUID="1.2.840.10008.1.1", RequestedSOPInstanceUID="1")
    assert stage.status == 0x0118
