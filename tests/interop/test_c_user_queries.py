"""The console as SCU of C-FIND, C-GET and C-MOVE against DCMTK, Orthanc and pynetdicom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pynetdicom import evt

from engine.model.dataset import DataSet
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    MessageNotice,
    Outcome,
    ProgressNotice,
    StatusNotice,
)
from tests.interop import peers, samples
from tests.interop.c_user import Start, by_uid, no_errors, retrieve, store, whole
from tests.runtime.console import (
    PATIENT_FIND,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    WORKLIST,
    Console,
    data_set_bytes,
    find_rq,
    keys,
    proposal,
    tag,
)

pytestmark = pytest.mark.interop


@pytest.fixture
def stocked(dcmqrscp: Start, storescp: Start, archive: list[samples.Sample], console: Console) -> Any:
    """dcmqrscp with the sample archive, which moves to MOVEDEST (a storescp) and CONSOLE (a free port of ours)."""
    own_port = peers.free_port()
    destination = storescp(ae_title="MOVEDEST")
    peer = dcmqrscp(movers={"MOVEDEST": destination.port, "CONSOLE": own_port})
    assert store(console, peer, archive[0].path.parent).outcome is Outcome.SUCCESS
    return peer, destination, own_port


LEVELS = {
    "STUDY": ({"StudyInstanceUID": ""}, 3),
    "SERIES": ({"StudyInstanceUID": None, "SeriesInstanceUID": "", "Modality": ""}, 1),
    "IMAGE": ({"StudyInstanceUID": None, "SeriesInstanceUID": None, "SOPInstanceUID": ""}, 3),
}


def _identifier(level: str, sample: samples.Sample) -> tuple[DataSet, int]:
    known = {"StudyInstanceUID": sample.study_uid, "SeriesInstanceUID": sample.series_uid}
    wanted, count = LEVELS[level]
    filled = {k: known[k] if v is None else v for k, v in wanted.items()}
    return keys(QueryRetrieveLevel=level, **filled), count


def test_study_root_find_at_each_level(stocked: Any, archive: list[samples.Sample], console: Console) -> None:
    peer, _, _ = stocked
    for level in LEVELS:
        identifier, count = _identifier(level, archive[0])
        status = retrieve(console, peer, "C-FIND", STUDY_FIND, identifier)
        assert (status.outcome, status.status, status.responses) == (Outcome.SUCCESS, 0, count), level
        found = console.found(status.operation)
        assert len(found) == count
        assert all(ds.text(tag("QueryRetrieveLevel")).strip() == level for ds in found)
    no_errors(console)


def test_patient_root_find_decodes_names(stocked: Any, console: Console) -> None:
    peer, _, _ = stocked
    identifier = keys(QueryRetrieveLevel="PATIENT", PatientID="PAT*", PatientName="", SpecificCharacterSet="ISO_IR 192")
    status = console.one_shot(proposal(peer, PATIENT_FIND), find_rq(PATIENT_FIND, identifier))
    assert (status.outcome, status.responses) == (Outcome.SUCCESS, 2)
    names = {ds.text(tag("PatientName")) for ds in console.found(status.operation)}
    assert names == {"Prüfling^Nr1", "Prüfling^Nr2"}


def test_find_at_orthanc(orthanc: Start, archive: list[samples.Sample], console: Console) -> None:
    peer = orthanc()
    store(console, peer, archive[0].path.parent)
    for level in LEVELS:
        identifier, count = _identifier(level, archive[0])
        status = retrieve(console, peer, "C-FIND", STUDY_FIND, identifier)
        assert (status.outcome, status.responses) == (Outcome.SUCCESS, count), level
    identifier = keys(QueryRetrieveLevel="PATIENT", PatientID="PAT001", PatientName="")
    status = retrieve(console, peer, "C-FIND", PATIENT_FIND, identifier)
    assert [ds.text(tag("PatientName")) for ds in console.found(status.operation)] == ["Prüfling^Nr1"]


def test_worklist(wlmscpfs: Start, console: Console) -> None:
    peer = wlmscpfs()
    for patient in (1, 2, 3):
        samples.worklist_item(peer.folder / f"{patient}.wl", patient, modality="MR" if patient == 3 else "CT")
    step = keys(Modality="CT", ScheduledProcedureStepStartDate="20240101-20240131", ScheduledProcedureStepID="")
    identifier = keys(PatientName="*", PatientID="", ScheduledProcedureStepSequence=(step,))
    status = retrieve(console, peer, "C-FIND", WORKLIST, identifier)
    assert (status.outcome, status.responses) == (Outcome.SUCCESS, 2)
    found = console.found(status.operation)
    assert {ds.text(tag("PatientID")) for ds in found} == {"PAT001", "PAT002"}
    steps = {ds.items(tag("ScheduledProcedureStepSequence"))[0].text(tag("Modality")) for ds in found}
    assert steps == {"CT"}


def test_find_is_cancelled_after_some_responses(pynetdicom_scp: Start, console: Console) -> None:
    def on_find(event: evt.Event) -> Any:
        from pydicom.dataset import Dataset

        for number in range(10):
            if number == 5 and peers.wait_until(lambda: event.is_cancelled, 10):
                yield 0xFE00, None
                return
            ds = Dataset()
            ds.QueryRetrieveLevel = "PATIENT"
            ds.PatientID = f"P{number}"
            yield 0xFF00, ds
        yield 0x0000, None

    peer = pynetdicom_scp([PATIENT_FIND], [(evt.EVT_C_FIND, on_find)])
    identifier = keys(QueryRetrieveLevel="PATIENT", PatientID="*")
    status = retrieve(console, peer, "C-FIND", PATIENT_FIND, identifier, cancel_after=3)
    assert (status.outcome, status.status) == (Outcome.CANCELLED, 0xFE00)
    assert status.responses == 5
    cancels = console.of(MessageNotice, lambda n: n.command.command_field == 0x0FFF)
    assert len(cancels) == 1
    no_errors(console)


def test_get_from_dcmqrscp(stocked: Any, archive: list[samples.Sample], tmp_path: Path, console: Console) -> None:
    peer, _, _ = stocked
    sample = archive[0]
    identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=sample.study_uid)
    folder = tmp_path / "got"
    status = retrieve(console, peer, "C-GET", STUDY_GET, identifier, folder=folder)
    assert (status.outcome, status.completed, status.failed) == (Outcome.SUCCESS, 3, 0)
    _same(folder, [s for s in archive if s.study_uid == sample.study_uid])
    progress = console.of(ProgressNotice, lambda n: n.operation == status.operation)
    assert progress
    assert progress[-1].total == 3
    no_errors(console)


def _same(folder: Path, expected: list[samples.Sample]) -> None:
    """The files arrived whole, their data sets bit for bit, and nothing else did."""
    received = by_uid(list(folder.iterdir()))
    assert set(received) == {s.sop_instance_uid for s in expected}
    for sample in expected:
        assert data_set_bytes(received[sample.sop_instance_uid]) == data_set_bytes(sample.path)


def test_get_from_orthanc(orthanc: Start, archive: list[samples.Sample], tmp_path: Path, console: Console) -> None:
    peer = orthanc()
    store(console, peer, archive[0].path.parent)
    sample = next(s for s in archive if s.modality == "MR")
    identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=sample.study_uid)
    folder = tmp_path / "got"
    status = retrieve(console, peer, "C-GET", STUDY_GET, identifier, folder=folder)
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 2)
    assert len(list(folder.iterdir())) == 2


def _moved_here(console: Console, peer: Any, sample: samples.Sample, own_port: int, folder: Path) -> StatusNotice:
    """Its study, moved to CONSOLE, which is us on this port."""
    identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=sample.study_uid)
    return retrieve(
        console,
        peer,
        "C-MOVE",
        STUDY_MOVE,
        identifier,
        move_destination="CONSOLE",
        listen_port=own_port,
        folder=folder,
    )


def test_move_to_ourselves(stocked: Any, archive: list[samples.Sample], tmp_path: Path, console: Console) -> None:
    peer, _, own_port = stocked
    sample, folder = archive[0], tmp_path / "moved"
    status = _moved_here(console, peer, sample, own_port, folder)
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 3)
    _same(folder, [s for s in archive if s.study_uid == sample.study_uid])
    assert not console.of(AssociationNotice, lambda n: n.phase in (AssociationPhase.FAILED, AssociationPhase.ABORTED))
    no_errors(console)


def test_move_to_another(stocked: Any, archive: list[samples.Sample], console: Console) -> None:
    peer, destination, _ = stocked
    sample = next(s for s in archive if s.modality == "MR")
    identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=sample.study_uid)
    status = retrieve(console, peer, "C-MOVE", STUDY_MOVE, identifier, move_destination="MOVEDEST")
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 2)
    assert len(whole(destination.folder, 2)) == 2


def test_move_to_an_unknown_destination(stocked: Any, archive: list[samples.Sample], console: Console) -> None:
    peer, _, _ = stocked
    identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=archive[0].study_uid)
    status = retrieve(console, peer, "C-MOVE", STUDY_MOVE, identifier, move_destination="NOBODY")
    assert (status.outcome, status.status) == (Outcome.FAILURE, 0xA801)
    assert "A801H Refused: Move Destination unknown" in status.sentence


def test_move_from_orthanc_to_ourselves(
    orthanc: Start, archive: list[samples.Sample], tmp_path: Path, console: Console
) -> None:
    own_port = peers.free_port()
    peer = orthanc(modalities={"console": ("CONSOLE", own_port)})
    store(console, peer, archive[0].path.parent)
    folder = tmp_path / "moved"
    status = _moved_here(console, peer, archive[0], own_port, folder)
    assert status.outcome is Outcome.SUCCESS, status.sentence
    assert len(list(folder.iterdir())) == 3
    assert not console.of(AssociationNotice, lambda n: n.phase in (AssociationPhase.FAILED, AssociationPhase.ABORTED))
