"""Modality Performed Procedure Step and Storage Commitment as provider (PS3.4 F, J)."""

from __future__ import annotations

from engine.services import commitment as c
from engine.services import steps as s
from tests.services.playing import Stage, elements, hold


class TestMpps:
    def stage(self) -> Stage:
        stage = Stage(s.MPPS)
        stage.send(
            "N-CREATE-RQ",
            elements((s.PPS_STATUS, "CS", "IN PROGRESS"), (0x00100020, "LO", "P1")),
            AffectedSOPClassUID=s.MPPS,
            AffectedSOPInstanceUID="1.9",
        )
        assert stage.status == 0
        return stage

    def change(self, stage: Stage, state: str, uid: str = "1.9") -> int | None:
        data = elements((s.PPS_STATUS, "CS", state))
        stage.send("N-SET-RQ", data, RequestedSOPClassUID=s.MPPS, RequestedSOPInstanceUID=uid)
        return stage.status

    def test_in_progress_then_completed_then_final(self) -> None:
        stage = self.stage()
        assert self.change(stage, "COMPLETED") == 0
        assert self.change(stage, "IN PROGRESS") == 0x0110
        assert stage.final.number("ErrorID") == 0xA710
        assert "no longer be updated" in stage.final.text("ErrorComment")

    def test_a_state_that_is_none_comes_back_with_the_refusal(self) -> None:
        stage = self.stage()
        assert self.change(stage, "PAUSED") == 0x0106
        data = stage.replies[-1].data
        assert data is not None
        assert data.text(s.PPS_STATUS) == "PAUSED"

    def test_created_completed_or_without_state_is_refused(self) -> None:
        stage = Stage(s.MPPS)
        stage.send("N-CREATE-RQ", elements((s.PPS_STATUS, "CS", "COMPLETED")), AffectedSOPClassUID=s.MPPS)
        assert stage.status == 0x0106
        stage.send("N-CREATE-RQ", elements((0x00100020, "LO", "P1")), AffectedSOPClassUID=s.MPPS)
        assert (stage.status, stage.final.get("AttributeIdentifierList")) == (0x0120, (s.PPS_STATUS,))

    def test_duplicate_and_missing_instances(self) -> None:
        stage = self.stage()
        stage.send(
            "N-CREATE-RQ",
            elements((s.PPS_STATUS, "CS", "IN PROGRESS")),
            AffectedSOPClassUID=s.MPPS,
            AffectedSOPInstanceUID="1.9",
        )
        assert (stage.status, stage.final.text("AffectedSOPInstanceUID")) == (0x0111, "1.9")
        assert self.change(stage, "COMPLETED", "1.8") == 0x0112

    def test_uid_is_assigned_when_the_request_has_none(self) -> None:
        stage = Stage(s.MPPS)
        stage.send("N-CREATE-RQ", elements((s.PPS_STATUS, "CS", "IN PROGRESS")), AffectedSOPClassUID=s.MPPS)
        assert stage.final.text("AffectedSOPInstanceUID") == "2.25.1"

    def test_the_retrieve_class_reads_what_the_other_made(self) -> None:
        stage = self.stage()
        stage.abstract_syntax = s.MPPS_RETRIEVE
        requested = {"RequestedSOPClassUID": s.MPPS_RETRIEVE, "RequestedSOPInstanceUID": "1.9"}
        stage.send("N-GET-RQ", **requested, AttributeIdentifierList=(s.PPS_STATUS, 0x00100010))
        assert stage.status == 0x0001, "F.8.2.1.4, where others have 0107H"
        data = stage.replies[-1].data
        assert data is not None
        assert data.text(s.PPS_STATUS) == "IN PROGRESS"


CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


class TestCommitment:
    def ask(self, *references: tuple[str, str], uid: str = c.STORAGE_COMMITMENT_INSTANCE) -> Stage:
        stage = Stage(c.STORAGE_COMMITMENT)
        hold(stage.peer, ("P1", "1.1", "1.1.1", "1.1.1.1", "CT"))
        items = tuple(elements((0x00081150, "UI", k), (0x00081155, "UI", u)) for k, u in references)
        stage.send(
            "N-ACTION-RQ",
            elements((c.TRANSACTION_UID, "UI", "1.77"), (c.REFERENCED_SOPS, "SQ", items)),
            RequestedSOPClassUID=c.STORAGE_COMMITMENT,
            RequestedSOPInstanceUID=uid,
            ActionTypeID=1,
        )
        return stage

    def test_everything_held(self) -> None:
        stage = self.ask((CT, "1.1.1.1"))
        assert stage.status == 0
        assert stage.final.text("AffectedSOPInstanceUID") == c.STORAGE_COMMITMENT_INSTANCE
        (event,) = stage.events
        assert (event.event_type_id, event.sop_instance_uid) == (1, c.STORAGE_COMMITMENT_INSTANCE)
        assert event.data is not None
        assert event.data.find(c.FAILED_SOPS) is None, "absent with event type 1"

    def test_what_is_held_and_what_is_not(self) -> None:
        (event,) = self.ask((CT, "1.1.1.1"), (CT, "9"), (MR, "1.1.1.1")).events
        assert event.event_type_id == 2
        assert event.data is not None
        assert event.data.text(c.TRANSACTION_UID) == "1.77"
        assert len(event.data.items(c.REFERENCED_SOPS)) == 1
        reasons = [i.text(c.FAILURE_REASON) for i in event.data.items(c.FAILED_SOPS)]
        assert reasons == [str(0x0112), str(0x0119)]

    def test_another_instance_and_no_references(self) -> None:
        assert self.ask((CT, "1.1.1.1"), uid="1.9").status == 0x0112
        stage = self.ask()
        assert (stage.status, stage.events) == (0x0115, [])
