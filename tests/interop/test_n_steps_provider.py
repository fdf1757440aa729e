"""The built-in peer as SCP of MPPS and Storage Commitment, used by pynetdicom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import build_role, evt

from engine.model.commands import MoveDestination
from engine.model.notices import ErrorNotice, MessageNotice
from engine.wire.datasets import to_pydicom
from tests.interop import samples
from tests.interop.normalized_peers import (
    COMMITMENT,
    COMMITMENT_INSTANCE,
    CT,
    MPPS,
    MPPS_NOTIFICATION,
    MPPS_RETRIEVE,
    User,
    made,
    reference,
    user,
)
from tests.interop.operating import Operator
from tests.services.whole_steps import STATUS, ending, whole_step

pytestmark = pytest.mark.interop

STEP = "1.2.826.0.1.3680043.9.7433.21"
N_CREATE_RSP, N_SET_RSP, N_GET_RSP, N_ACTION_RSP = 0x8140, 0x8120, 0x8110, 0x8130


def in_progress() -> Dataset:
    return to_pydicom(whole_step(PatientName="Doe^Jane"))


def state(text: str) -> Dataset:
    return to_pydicom(ending(text))


def test_a_step_until_it_is_final(operator: Operator) -> None:
    with user(operator.listen(), MPPS, MPPS_RETRIEVE) as modality:
        assoc = modality.assoc
        created, _ = assoc.send_n_create(in_progress(), MPPS, STEP)
        assert created.Status == 0x0000
        assert modality.answer(N_CREATE_RSP) == {
            "CommandField": N_CREATE_RSP,
            "CommandDataSetType": 0x0101,
            "Status": 0x0000,
            "AffectedSOPClassUID": MPPS,
            "AffectedSOPInstanceUID": STEP,
        }
        got, data = assoc.send_n_get([0x00400252, 0x00100010], MPPS_RETRIEVE, STEP)
        assert (got.Status, data.PerformedProcedureStepStatus, data.PatientName) == (0, "IN PROGRESS", "Doe^Jane")
        assert assoc.send_n_set(state("DISCONTINUED"), MPPS, STEP)[0].Status == 0x0000
        late, _ = assoc.send_n_set(state("COMPLETED"), MPPS, STEP)
        assert (late.Status, late.ErrorID) == (0x0110, 0xA710)
        assert "no longer be updated" in late.ErrorComment
        assert modality.answer(N_SET_RSP) == {
            "CommandField": N_SET_RSP,
            "CommandDataSetType": 0x0101,
            "Status": 0x0110,
            "ErrorComment": "Performed Procedure Step Object may no longer be updated",
            "ErrorID": 0xA710,
            "AffectedSOPClassUID": MPPS,
            "AffectedSOPInstanceUID": STEP,
        }
    assert [f.split(":")[0] for f in operator.findings] == ["received workflow.mpps-final"], "what it did wrong"
    assert operator.errors == []


def test_what_is_refused(operator: Operator) -> None:
    with user(operator.listen(), MPPS, MPPS_RETRIEVE) as modality:
        assoc = modality.assoc
        assoc.send_n_create(in_progress(), MPPS, STEP)
        assert assoc.send_n_create(in_progress(), MPPS, STEP)[0].Status == 0x0111
        assert assoc.send_n_create(to_pydicom(whole_step("COMPLETED")), MPPS, STEP + ".1")[0].Status == 0x0106
        assert "AffectedSOPInstanceUID" not in modality.answer(N_CREATE_RSP), "nothing was created"
        assert assoc.send_n_create(to_pydicom(whole_step().without(STATUS)), MPPS, STEP + ".1")[0].Status == 0x0120
        assert modality.answer(N_CREATE_RSP)["AttributeIdentifierList"] == 0x00400252
        assert assoc.send_n_set(state("COMPLETED"), MPPS, STEP + ".1")[0].Status == 0x0112
        assert assoc.send_n_set(made(PerformedProcedureStepStatus="PAUSED"), MPPS, STEP)[0].Status == 0x0106
        assert assoc.send_n_get([], MPPS_RETRIEVE, STEP + ".1")[0].Status == 0x0112
        some, data = assoc.send_n_get([0x00400252, 0x00104000], MPPS_RETRIEVE, STEP)
        assert (some.Status, len(data)) == (0x0001, 1)
        assert assoc.send_n_delete(MPPS, STEP).Status == 0x0211


def test_without_a_uid_the_peer_makes_one(operator: Operator) -> None:
    with user(operator.listen(), MPPS) as modality:
        created, _ = modality.assoc.send_n_create(in_progress(), MPPS, None)
        assert created.Status == 0x0000
        uid = modality.answer(N_CREATE_RSP)["AffectedSOPInstanceUID"]
        assert modality.assoc.send_n_set(state("COMPLETED"), MPPS, uid)[0].Status == 0x0000


def test_steps_outlive_their_association(operator: Operator) -> None:
    peer = operator.listen()
    with user(peer, MPPS) as modality:
        modality.assoc.send_n_create(in_progress(), MPPS, STEP)
    with user(peer, MPPS_RETRIEVE) as other:
        assert other.assoc.send_n_get([], MPPS_RETRIEVE, STEP)[1].PatientName == "Doe^Jane"


def test_whoever_listens_is_told_of_every_step(operator: Operator) -> None:
    """The Notification class (PS3.4 F.9), on an association of its own."""
    peer = operator.listen()
    with user(peer, MPPS_NOTIFICATION) as watcher, user(peer, MPPS) as modality:
        modality.assoc.send_n_create(in_progress(), MPPS, STEP)
        modality.assoc.send_n_set(state("COMPLETED"), MPPS, STEP)
        told = watcher.wait_events(2)
    assert [(kind, uid) for kind, uid, *_ in told] == [(1, STEP), (2, STEP)]


class TestCommitment:
    def store(self, modality: User, folder: Path, *numbers: int) -> list[Dataset]:
        stored = [samples.write(folder / f"{n}.dcm", samples.dataset("CT", instance=n)) for n in numbers]
        for sample in stored:
            assert modality.assoc.send_c_store(sample.path).Status == 0x0000
        return [reference(CT, sample.sop_instance_uid) for sample in stored]

    def ask(self, modality: User, references: list[Dataset]) -> int:
        data = made(TransactionUID="1.2.3.77", ReferencedSOPSequence=references)
        return int(modality.assoc.send_n_action(data, 1, COMMITMENT, COMMITMENT_INSTANCE)[0].Status)

    def test_what_was_stored_is_committed_to(self, operator: Operator, tmp_path: Path) -> None:
        with user(operator.listen(), CT, COMMITMENT) as modality:
            references = self.store(modality, tmp_path, 1, 2)
            assert self.ask(modality, references) == 0x0000
            ((kind, uid, _, told),) = modality.wait_events()
            assert (kind, uid, told.TransactionUID) == (1, COMMITMENT_INSTANCE, "1.2.3.77")
            assert len(told.ReferencedSOPSequence) == 2
            assert "FailedSOPSequence" not in told
            fields = [c["CommandField"] for c in modality.seen.commands]
            assert fields.index(N_ACTION_RSP) < fields.index(0x0100), "the response comes before the report"
            assert modality.seen.last(0x0100) == {
                "CommandField": 0x0100,
                "CommandDataSetType": 1,
                "AffectedSOPClassUID": COMMITMENT,
                "AffectedSOPInstanceUID": COMMITMENT_INSTANCE,
                "EventTypeID": 1,
            }
            assert modality.answer(N_ACTION_RSP)["AffectedSOPInstanceUID"] == COMMITMENT_INSTANCE
        assert operator.findings == []

    def test_what_is_missing_or_of_another_class_is_not(self, operator: Operator, tmp_path: Path) -> None:
        with user(operator.listen(), CT, COMMITMENT) as modality:
            (good,) = self.store(modality, tmp_path, 1)
            wrong = reference("1.2.840.10008.5.1.4.1.1.4", good.ReferencedSOPInstanceUID)
            assert self.ask(modality, [good, reference(CT, "1.9"), wrong]) == 0x0000
            ((kind, _, _, told),) = modality.wait_events()
            assert kind == 2
            assert [i.ReferencedSOPInstanceUID for i in told.ReferencedSOPSequence] == [good.ReferencedSOPInstanceUID]
            assert [i.FailureReason for i in told.FailedSOPSequence] == [0x0112, 0x0119]

    def test_what_is_refused(self, operator: Operator) -> None:
        with user(operator.listen(), COMMITMENT) as modality:
            send = modality.assoc.send_n_action
            asked = made(TransactionUID="1.2.3.77", ReferencedSOPSequence=[reference(CT, "1.9")])
            assert send(asked, 1, COMMITMENT, "1.9")[0].Status == 0x0112
            assert send(asked, 7, COMMITMENT, COMMITMENT_INSTANCE)[0].Status == 0x0123
            assert modality.answer(N_ACTION_RSP)["ActionTypeID"] == 7
            assert send(made(PatientID="X"), 1, COMMITMENT, COMMITMENT_INSTANCE)[0].Status == 0x0115

    def test_a_user_that_has_gone_is_told_on_a_new_association(
        self, operator: Operator, pynetdicom_scp: Callable[..., Any]
    ) -> None:
        """The only way that is always safe (PS3.4 J.3.3): we open it and propose ourselves as SCP."""
        told: list[tuple[int, str]] = []

        def report(event: evt.Event) -> tuple[int, None]:
            told.append((event.event_type, event.assoc.requestor.ae_title))
            return 0x0000, None

        home = pynetdicom_scp([COMMITMENT], [(evt.EVT_N_EVENT_REPORT, report)], ae_title="USER")
        there = MoveDestination(ae_title="USER", host=home.host, port=home.port)
        peer = operator.listen(destinations=(there,))
        with user(peer, COMMITMENT, roles=[build_role(COMMITMENT, scu_role=False, scp_role=True)]) as modality:
            (context,) = modality.assoc.accepted_contexts
            assert (context.as_scu, context.as_scp) == (False, True)
            assert self.ask_raw(modality) == 0x0000
        report_sent = operator.wait(MessageNotice, lambda m: m.command.command_field == 0x8100)
        assert report_sent.command.status == 0x0000
        assert told == [(2, "CONSOLE")]
        assert operator.errors == []

    def ask_raw(self, modality: User) -> int:
        data = made(TransactionUID="1.2.3.77", ReferencedSOPSequence=[reference(CT, "1.9")])
        context = modality.assoc.accepted_contexts[0]
        context._as_scu = True  # the role it gave away: the user asks all the same, and cannot be told here
        return int(modality.assoc.send_n_action(data, 1, COMMITMENT, COMMITMENT_INSTANCE)[0].Status)

    def test_nobody_to_tell_is_said(self, operator: Operator) -> None:
        with user(operator.listen(), COMMITMENT, roles=[build_role(COMMITMENT, False, True)]) as modality:
            self.ask_raw(modality)
        operator.wait(ErrorNotice, lambda e: "N-EVENT-REPORT for USER could not be delivered" in e.sentence)
