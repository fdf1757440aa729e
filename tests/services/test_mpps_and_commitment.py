"""Modality Performed Procedure Step and Storage Commitment as provider (PS3.4 F, J)."""

from __future__ import annotations

import pytest

from engine.services import commitment as c
from engine.services import steps as s
from engine.services.effects import EVERYONE
from engine.standard.performed_steps import MPPS_RETRIEVE, StepAttribute, rows_within
from tests.services.playing import Stage, elements, hold
from tests.services.whole_steps import ending, whole_step


class TestMpps:
    def stage(self) -> Stage:
        stage = Stage(s.MPPS)
        stage.send(
            "N-CREATE-RQ",
            whole_step(PatientID="P1"),
            AffectedSOPClassUID=s.MPPS,
            AffectedSOPInstanceUID="1.9",
        )
        assert stage.status == 0
        return stage

    def change(self, stage: Stage, state: str, uid: str = "1.9") -> int | None:
        data = ending(state) if state in s.FINAL_STATES else elements((s.PPS_STATUS, "CS", state))
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
        stage.send("N-CREATE-RQ", whole_step("COMPLETED"), AffectedSOPClassUID=s.MPPS)
        assert stage.status == 0x0106
        stage.send("N-CREATE-RQ", whole_step().without(s.PPS_STATUS), AffectedSOPClassUID=s.MPPS)
        assert (stage.status, stage.final.get("AttributeIdentifierList")) == (0x0120, (s.PPS_STATUS,))

    def test_duplicate_and_missing_instances(self) -> None:
        stage = self.stage()
        stage.send(
            "N-CREATE-RQ",
            whole_step(),
            AffectedSOPClassUID=s.MPPS,
            AffectedSOPInstanceUID="1.9",
        )
        assert (stage.status, stage.final.text("AffectedSOPInstanceUID")) == (0x0111, "1.9")
        assert self.change(stage, "COMPLETED", "1.8") == 0x0112

    def test_uid_is_assigned_when_the_request_has_none(self) -> None:
        stage = Stage(s.MPPS)
        stage.send("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=s.MPPS)
        assert stage.final.text("AffectedSOPInstanceUID") == "2.25.1"

    def test_the_retrieve_class_reads_what_the_other_made(self) -> None:
        stage = self.stage()
        stage.abstract_syntax = MPPS_RETRIEVE
        requested = {"RequestedSOPClassUID": MPPS_RETRIEVE, "RequestedSOPInstanceUID": "1.9"}
        stage.send("N-GET-RQ", **requested, AttributeIdentifierList=(s.PPS_STATUS, 0x00104000))
        assert stage.status == 0x0001, "F.8.2.1.4, where others have 0107H"
        data = stage.replies[-1].data
        assert data is not None
        assert data.text(s.PPS_STATUS) == "IN PROGRESS"

    @pytest.mark.parametrize("row", [r for r in rows_within() if r.create in ("1", "2")], ids=lambda r: r.keyword)
    def test_what_the_table_asks_for_is_asked_for(self, row: StepAttribute) -> None:
        stage = Stage(s.MPPS)
        stage.send("N-CREATE-RQ", whole_step().without(row.tag), AffectedSOPClassUID=s.MPPS)
        assert (stage.status, stage.final.get("AttributeIdentifierList")) == (0x0120, (row.tag,))
        stage.send("N-CREATE-RQ", whole_step().put(row.tag, row.vr), AffectedSOPClassUID=s.MPPS)
        assert stage.status == (0x0121 if row.create == "1" else 0)

    def test_what_is_missing_inside_a_sequence(self) -> None:
        stage = Stage(s.MPPS)
        whole = whole_step()
        (item,) = whole.items(0x00400270)
        data = whole.with_items(0x00400270, item.without(0x0020000D))
        stage.send("N-CREATE-RQ", data, AffectedSOPClassUID=s.MPPS)
        assert (stage.status, stage.final.get("AttributeIdentifierList")) == (0x0120, (0x0020000D,))

    def test_a_final_state_needs_its_end_and_its_series(self) -> None:
        stage = self.stage()
        requested = {"RequestedSOPClassUID": s.MPPS, "RequestedSOPInstanceUID": "1.9"}
        stage.send("N-SET-RQ", elements((s.PPS_STATUS, "CS", "COMPLETED")), **requested)
        assert stage.status == 0x0121, "they were created empty"
        (series,) = ending("COMPLETED").items(0x00400340)
        without_protocol = ending("COMPLETED").with_items(0x00400340, series.without(0x00181030))
        stage.send("N-SET-RQ", without_protocol, **requested)
        data = stage.replies[-1].data
        assert (stage.status, data and [e.tag for e in data]) == (0x0121, [0x00181030])
        assert self.change(stage, "COMPLETED") == 0

    def test_who_and_what_is_not_changed_afterwards(self) -> None:
        stage = self.stage()
        data = elements((0x00100010, "PN", "Other^Name"))
        stage.send("N-SET-RQ", data, RequestedSOPClassUID=s.MPPS, RequestedSOPInstanceUID="1.9")
        assert stage.status == 0x0106

    def test_those_who_listen_are_told(self) -> None:
        stage = self.stage()
        told = [n.event_type_id for n in stage.events]
        data = elements((0x00400254, "LO", "more"))
        stage.send("N-SET-RQ", data, RequestedSOPClassUID=s.MPPS, RequestedSOPInstanceUID="1.9")
        told += [n.event_type_id for n in stage.events]
        self.change(stage, "DISCONTINUED")
        told += [n.event_type_id for n in stage.events]
        assert told == [1, 4, 3]
        assert {(n.sop_class_uid, n.receiver) for n in stage.events} == {(s.MPPS_NOTIFICATION, EVERYONE)}


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

    def test_a_transaction_uid_is_taken_once(self) -> None:
        stage = self.ask((CT, "1.1.1.1"))
        first = stage.events[0]
        assert [r.sop_instance_uid for r in c.unreported(stage.peer.state)] == ["1.77"]
        item = elements((0x00081150, "UI", CT), (0x00081155, "UI", "1.1.1.1"))
        for round_ in range(2):  # the first one under way, then reported
            stage.send(
                "N-ACTION-RQ",
                elements((c.TRANSACTION_UID, "UI", "1.77"), (c.REFERENCED_SOPS, "SQ", (item,))),
                RequestedSOPClassUID=c.STORAGE_COMMITMENT,
                RequestedSOPInstanceUID=c.STORAGE_COMMITMENT_INSTANCE,
                ActionTypeID=1,
            )
            assert stage.status == 0
            event = stage.events[-1]
            assert event.data is not None
            assert (event.event_type_id, event.data.find(c.REFERENCED_SOPS)) == (2, None)
            assert [i.text(c.FAILURE_REASON) for i in event.data.items(c.FAILED_SOPS)] == [str(0x0131)]
            c.reported(stage.peer.state, event)
            assert len(c.unreported(stage.peer.state)) == 1 - round_, "the duplicate's report is not the first one's"
            c.reported(stage.peer.state, first)

    def test_another_instance_and_no_references(self) -> None:
        assert self.ask((CT, "1.1.1.1"), uid="1.9").status == 0x0112
        stage = self.ask()
        assert (stage.status, stage.events) == (0x0115, [])
