"""The built-in peer with the smaller normalized classes, any class's errors, patients, and events that come to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import build_role
from pynetdicom.sop_class import GeneralRelevantPatientInformationQuery

from engine.model.notices import Direction, FindingNotice
from engine.wire.datasets import to_pydicom
from tests.interop import samples
from tests.interop.normalized_peers import (
    AVAILABILITY,
    COMMITMENT,
    COMMITMENT_INSTANCE,
    CT,
    EVENT_LOGGING,
    EVENT_LOGGING_INSTANCE,
    MEDIA_CREATION,
    MPPS,
    PRINT_JOB,
    RT_VERIFICATION,
    made,
    reference,
    user,
)
from tests.interop.operating import Operator
from tests.services.whole_steps import whole_step

pytestmark = pytest.mark.interop

UID = "1.2.826.0.1.3680043.9.7433.51"
DISPLAY, DISPLAY_INSTANCE = "1.2.840.10008.5.1.1.40", "1.2.840.10008.5.1.1.40.1"


def test_a_verification_from_create_to_delete(operator: Operator) -> None:
    with user(operator.listen(), RT_VERIFICATION) as machine:
        assoc = machine.assoc
        get, act = assoc.send_n_get, assoc.send_n_action
        assert get([], RT_VERIFICATION, UID)[0].Status == 0xC112
        assert act(None, 1, RT_VERIFICATION, UID)[0].Status == 0xC112
        assert assoc.send_n_set(made(PatientID="X"), RT_VERIFICATION, UID)[0].Status == 0x0112
        assert assoc.send_n_delete(RT_VERIFICATION, UID).Status == 0x0112
        assert assoc.send_n_create(made(PatientID="P1"), RT_VERIFICATION, UID)[0].Status == 0x0000
        assert assoc.send_n_set(made(PatientID="P2"), RT_VERIFICATION, UID)[0].Status == 0x0000
        assert act(None, 1, RT_VERIFICATION, UID)[0].Status == 0x0000
        assert [(kind, uid) for kind, uid, _, _ in machine.wait_events()] == [(2, UID)]
        got, data = get([0x00100020, 0x3008002C, 0x00104000], RT_VERIFICATION, UID)
        assert (got.Status, data.PatientID, data.TreatmentVerificationStatus) == (0x0107, "P2", "VERIFIED")
        assert assoc.send_n_delete(RT_VERIFICATION, UID).Status == 0x0000
        assert machine.answer(0x8150) == {
            "CommandField": 0x8150,
            "CommandDataSetType": 0x0101,
            "Status": 0x0000,
            "AffectedSOPClassUID": RT_VERIFICATION,
            "AffectedSOPInstanceUID": UID,
        }
    assert [f for f in operator.findings if f.startswith("sent")] == []


def test_media_creation(operator: Operator, tmp_path: Path) -> None:
    sample = samples.write(tmp_path / "ct.dcm", samples.dataset())
    with user(operator.listen(), CT, MEDIA_CREATION) as burner:
        send, act = burner.assoc.send_n_create, burner.assoc.send_n_action
        burner.assoc.send_c_store(sample.path)
        wanted = made(ReferencedSOPSequence=[reference(CT, sample.sop_instance_uid)])
        assert send(wanted, MEDIA_CREATION, UID)[0].Status == 0x0000
        assert [act(None, n, MEDIA_CREATION, UID)[0].Status for n in (1, 1, 2)] == [0x0000, 0xA510, 0xC201]
        got, data = burner.assoc.send_n_get([0x21000020], MEDIA_CREATION, UID)
        assert (got.Status, data.ExecutionStatus) == (0x0000, "DONE")
    assert [f for f in operator.findings if f.startswith("sent")] == []


def test_notification_logging_and_displays(operator: Operator) -> None:
    with user(operator.listen(), AVAILABILITY, EVENT_LOGGING, DISPLAY) as other:
        assoc = other.assoc
        assert assoc.send_n_create(made(StudyInstanceUID="1.2"), AVAILABILITY, UID)[0].Status == 0x0120
        held = reference(CT, "1.4")
        held.InstanceAvailability, held.RetrieveAETitle = "ONLINE", "ARCHIVE"
        series = made(SeriesInstanceUID="1.3", ReferencedSOPSequence=[held])
        whole = made(
            StudyInstanceUID="1.2", ReferencedSeriesSequence=[series], ReferencedPerformedProcedureStepSequence=[]
        )
        assert assoc.send_n_create(whole, AVAILABILITY, UID)[0].Status == 0x0000
        logged, _ = assoc.send_n_action(made(PatientID="X"), 1, EVENT_LOGGING, EVENT_LOGGING_INSTANCE)
        assert logged.Status == 0x0000
        got, data = assoc.send_n_get([], DISPLAY, DISPLAY_INSTANCE)
        assert (got.Status, bool(data.Manufacturer)) == (0x0000, True)


def test_classes_and_services_that_do_not_fit(operator: Operator) -> None:
    with user(operator.listen(), MPPS, CT) as other:
        assoc = other.assoc
        assert assoc.send_n_get([], "1.2.840.10008.1.1", UID, meta_uid=MPPS)[0].Status == 0x0118
        assert other.answer(0x8110)["AffectedSOPClassUID"] == "1.2.840.10008.1.1"
        assert assoc.send_n_get([], CT, UID)[0].Status == 0x0211
        assert assoc.send_n_create(to_pydicom(whole_step()), MPPS, UID)[0].Status == 0x0000
        assert assoc.send_n_action(None, 1, MPPS, UID)[0].Status == 0x0211


def test_events_come_to_us_as_scu(operator: Operator) -> None:
    """A provider that calls us: role selection makes it the SCP (PS3.4 J.3.3)."""
    roles = [build_role(uid, scu_role=False, scp_role=True) for uid in (COMMITMENT, PRINT_JOB)]
    with user(operator.listen(), COMMITMENT, PRINT_JOB, roles=roles) as archive:
        assert {(c.as_scu, c.as_scp) for c in archive.assoc.accepted_contexts} == {(False, True)}
        send = archive.assoc.send_n_event_report
        good = made(TransactionUID="1.2.3.77", ReferencedSOPSequence=[reference(CT, UID)])
        assert send(good, 1, COMMITMENT, COMMITMENT_INSTANCE)[0].Status == 0x0000
        assert archive.answer(0x8100) == {
            "CommandField": 0x8100,
            "CommandDataSetType": 0x0101,
            "Status": 0x0000,
            "AffectedSOPClassUID": COMMITMENT,
            "AffectedSOPInstanceUID": COMMITMENT_INSTANCE,
            "EventTypeID": 1,
        }
        assert send(good, 3, COMMITMENT, COMMITMENT_INSTANCE)[0].Status == 0x0113
        assert archive.answer(0x8100)["EventTypeID"] == 3
        assert send(good, 2, COMMITMENT, COMMITMENT_INSTANCE)[0].Status == 0x0115, "no Failed SOP Sequence"
        assert send(made(ExecutionStatusInfo="NORMAL"), 3, PRINT_JOB, UID)[0].Status == 0x0000
        assert send(good, 1, "1.2.840.10008.1.1", UID, meta_uid=COMMITMENT)[0].Status == 0x0118
    heard = operator.messages_of(0x0100, Direction.RECEIVED)
    assert [m.command.number("EventTypeID") for m in heard] == [1, 3, 2, 3, 1]


def test_a_data_set_that_was_announced_and_never_came_is_told(operator: Operator) -> None:
    """pynetdicom sends an empty data set so, waits for our answer and gives up."""
    with user(operator.listen(), MPPS) as modality:
        modality.assoc.dimse_timeout = 0.2
        status, _ = modality.assoc.send_n_create(Dataset(), MPPS, UID)
        assert "Status" not in status
    told = operator.wait(FindingNotice, lambda f: f.rule == "pdata.unfinished")
    assert told.sentence == "N-CREATE-RQ on presentation context 1 announces a Data Set, but none came."


class TestRelevantPatients:
    def find(self, operator: Operator, tmp_path: Path, patient: str) -> list[tuple[Dataset, Dataset | None]]:
        with user(operator.listen(), CT, GeneralRelevantPatientInformationQuery) as clinic:
            for number, (patient_id, instance) in enumerate(((1, 1), (1, 2), (2, 1))):
                ds = samples.dataset("CT", patient=patient_id, instance=instance)
                clinic.assoc.send_c_store(samples.write(tmp_path / f"{number}.dcm", ds).path)
            keys = made(PatientID=patient, PatientName="")
            return list(clinic.assoc.send_c_find(keys, GeneralRelevantPatientInformationQuery))

    def test_one_patient_of_two_instances(self, operator: Operator, tmp_path: Path) -> None:
        (match, data), (last, _) = self.find(operator, tmp_path, "PAT001")
        assert (match.Status, last.Status) == (0xFF00, 0x0000)
        assert data is not None
        assert data.PatientName == "Prüfling^Nr1"

    def test_nobody(self, operator: Operator, tmp_path: Path) -> None:
        ((last, _),) = self.find(operator, tmp_path, "PAT009")
        assert last.Status == 0x0000

    def test_more_than_one_is_a_failure(self, operator: Operator, tmp_path: Path) -> None:
        ((last, _),) = self.find(operator, tmp_path, "PAT*")
        assert (last.Status, bool(last.ErrorComment)) == (0xC100, True)
