"""The console as SCU of the composite services against DCMTK, Orthanc and pynetdicom."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import JPEGBaseline8Bit
from pynetdicom import evt

from engine.model.commands import Outgoing, Retrieve, StoreFiles
from engine.model.dataset import DataSet, FileData
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    FindingNotice,
    MessageNotice,
    Outcome,
    ProgressNotice,
)
from engine.services.responses import request_of
from engine.wire import datasets
from tests.interop import peers, samples
from tests.runtime.console import (
    CT,
    EXPLICIT,
    IMPLICIT,
    PATIENT_FIND,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    VERIFICATION,
    WORKLIST,
    Console,
    data_set_bytes,
    find_rq,
    keys,
    proposal,
    store_rq,
    tag,
)

pytestmark = pytest.mark.interop
Start = Callable[..., Any]
JPEG = str(JPEGBaseline8Bit)


def no_errors(console: Console) -> None:
    """What we sent breaks no rule."""
    found = console.of(FindingNotice, lambda n: n.severity == "error" and n.direction is Direction.SENT)
    assert not found, [n.sentence for n in found]


def store(console: Console, where: Any, *paths: Path, **changes: Any) -> Any:
    command = StoreFiles(
        operation=console.new_id(), association=console.new_id(), proposal=proposal(where, **changes), paths=paths
    )
    return console.run(command)


def retrieve(console: Console, where: Any, service: str, sop_class: str, identifier: DataSet, **more: Any) -> Any:
    changes = more.pop("changes", {})
    made = proposal(where, **changes)
    command = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=made if more.pop("own_contexts", False) else _bare(made),
        service=service,
        sop_class_uid=sop_class,
        identifier=identifier,
        **more,
    )
    return console.run(command)


def _bare(made: Any) -> Any:
    from dataclasses import replace

    return replace(made, contexts=())


# --- echo ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["storescp", "dcmqrscp", "wlmscpfs", "orthanc"])
def test_echo(name: str, request: pytest.FixtureRequest, console: Console) -> None:
    peer = request.getfixturevalue(name)()
    status = console.echo(peer)
    assert (status.outcome, status.status, status.service) == (Outcome.SUCCESS, 0, "C-ECHO")
    phases = console.phases(status.association)
    assert phases == [
        AssociationPhase.CONNECTING,
        AssociationPhase.NEGOTIATING,
        AssociationPhase.ESTABLISHED,
        AssociationPhase.RELEASING,
        AssociationPhase.RELEASED,
    ]
    no_errors(console)


def test_echo_to_pynetdicom(pynetdicom_scp: Start, console: Console) -> None:
    peer = pynetdicom_scp([VERIFICATION], [(evt.EVT_C_ECHO, peers.answer_success)])
    assert console.echo(peer).outcome is Outcome.SUCCESS
    assert console.echo(peer, host="localhost").outcome is Outcome.SUCCESS


def test_several_echoes_on_one_association(storescp: Start, console: Console) -> None:
    peer = storescp()
    number = console.open(proposal(peer))
    message = Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION))
    statuses = [console.send(number, message) for _ in range(5)]
    assert [s.message_id for s in statuses] == [1, 2, 3, 4, 5]
    assert {s.outcome for s in statuses} == {Outcome.SUCCESS}
    assert console.release(number).phase is AssociationPhase.RELEASED


# --- store --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("maximum", [0, 4096, 16384, 131072])
def test_one_file_arrives_bit_for_bit(
    maximum: int, storescp: Start, archive: list[samples.Sample], console: Console
) -> None:
    peer = storescp("-pdu", "4096") if maximum == 4096 else storescp()
    sample = archive[0]
    made = proposal(peer, (CT, EXPLICIT), (CT, IMPLICIT), maximum_length=maximum)
    message = store_rq(sample.sop_class_uid, sample.sop_instance_uid, FileData(sample.path))
    status = console.one_shot(made, message)
    assert status.outcome is Outcome.SUCCESS
    (received,) = _whole(peer.folder, 1)
    assert data_set_bytes(received) == data_set_bytes(sample.path)
    no_errors(console)


def _whole(folder: Path, count: int) -> list[Path]:
    """The files of a folder once there are so many."""
    assert peers.wait_until(lambda: len([p for p in folder.rglob("*") if p.is_file()]) >= count, 10)
    return [p for p in folder.rglob("*") if p.is_file()]


def _by_uid(paths: list[Path]) -> dict[str, Path]:
    return {str(dcmread(path, stop_before_pixels=True, force=True).SOPInstanceUID): path for path in paths}


def test_an_implicit_file_goes_to_an_explicit_context_with_its_values(
    storescp: Start, archive: list[samples.Sample], console: Console
) -> None:
    peer = storescp("+xe")
    sample = next(s for s in archive if s.transfer_syntax == IMPLICIT)
    made = proposal(peer, (sample.sop_class_uid, EXPLICIT))
    status = console.one_shot(made, store_rq(sample.sop_class_uid, sample.sop_instance_uid, FileData(sample.path)))
    assert status.outcome is Outcome.SUCCESS
    (received,) = _whole(peer.folder, 1)
    assert dcmread(received).to_json_dict() == dcmread(sample.path).to_json_dict()


def _compressed(sample: samples.Sample, path: Path) -> Path:
    """A JPEG instance; nobody on the way looks into its frame."""
    ds = dcmread(sample.path)
    ds.SOPInstanceUID = samples.uid("compressed")
    frame = b"\xff\xd8" + bytes(range(256)) * 4 + b"\xff\xd9"
    data = datasets.encode_dataset(datasets.from_pydicom(_without_pixels(ds)), EXPLICIT)
    item = (0xFFFEE000).to_bytes(4, "little")[2:] + (0xFFFEE000).to_bytes(4, "little")[:2]
    pixels = b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff" + item + b"\0\0\0\0"
    pixels += item + len(frame).to_bytes(4, "little") + frame + b"\xfe\xff\xdd\xe0\0\0\0\0"
    datasets.write_file(path, data + pixels, JPEG, sample.sop_class_uid, ds.SOPInstanceUID)
    return path


def _without_pixels(ds: Any) -> Any:
    del ds.PixelData
    return ds


@pytest.fixture
def mixed(archive: list[samples.Sample], tmp_path: Path) -> Path:
    """A folder with two syntaxes, a compressed instance, a sub-folder, a broken file and others that are not DICOM."""
    folder = tmp_path / "mixed"
    (folder / "deeper").mkdir(parents=True)
    for sample in archive:
        shutil.copy(sample.path, folder / "deeper" / sample.path.name)
    _compressed(archive[0], folder / "compressed.dcm")
    (folder / "notes.txt").write_text("not DICOM")
    (folder / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x02\x00\x10\x00UI")
    return folder


def test_a_folder_is_stored_whole(
    storescp: Start, mixed: Path, archive: list[samples.Sample], console: Console
) -> None:
    peer = storescp()
    status = store(console, peer, mixed)
    assert (status.completed, status.failed, status.remaining) == (len(archive) + 1, 1, 0), status.sentence
    assert status.outcome is Outcome.FAILURE
    assert "broken.dcm" in status.sentence
    sent = _by_uid([p for p in mixed.rglob("*.dcm") if p.name != "broken.dcm"])
    received = _by_uid(_whole(peer.folder, len(sent)))
    assert {uid: data_set_bytes(p) for uid, p in received.items()} == {
        uid: data_set_bytes(p) for uid, p in sent.items()
    }
    progress = console.of(ProgressNotice, lambda n: n.operation == status.operation)
    assert progress[-1].done == progress[-1].total == len(archive) + 2
    no_errors(console)


def test_orthanc_keeps_what_is_stored(orthanc: Start, archive: list[samples.Sample], console: Console) -> None:
    peer = orthanc()
    status = store(console, peer, archive[0].path.parent)
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, len(archive))
    instances = peer.rest("GET", "/instances?expand")
    assert {i["MainDicomTags"]["SOPInstanceUID"] for i in instances} == {s.sop_instance_uid for s in archive}


def test_more_classes_than_contexts_take_several_associations(
    pynetdicom_scp: Start, tmp_path: Path, console: Console
) -> None:
    classes = [f"1.2.826.0.1.3680043.10.999.{number}" for number in range(1, 301)]
    stored: list[str] = []

    def on_store(event: evt.Event) -> int:
        stored.append(str(event.request.AffectedSOPInstanceUID))
        return 0

    # pynetdicom takes 128 kinds of context at most for one provider, so it is told of them by a wildcard of its own.
    def configure(ae: Any) -> None:
        from pynetdicom import _config

        monkey = pytest.MonkeyPatch()
        monkey.setattr(_config, "UNRESTRICTED_STORAGE_SERVICE", True)
        patches.append(monkey)

    patches: list[pytest.MonkeyPatch] = []
    try:
        peer = pynetdicom_scp([VERIFICATION], [(evt.EVT_C_STORE, on_store)], configure=configure)
        folder = tmp_path / "many"
        folder.mkdir()
        for number, uid in enumerate(classes, start=1):
            ds = keys(SOPClassUID=uid, SOPInstanceUID=f"1.2.3.{number}", PatientID="P")
            datasets.write_file(
                folder / f"{number:03}.dcm", datasets.encode_dataset(ds, EXPLICIT), EXPLICIT, uid, f"1.2.3.{number}"
            )
        status = store(console, peer, folder)
    finally:
        for monkey in patches:
            monkey.undo()
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 300)
    assert len(stored) == 300
    opened = console.of(AssociationNotice, lambda n: n.phase is AssociationPhase.ESTABLISHED)
    assert [len(n.negotiated.contexts) for n in opened if n.negotiated] == [128, 128, 128, 128, 88]


def test_a_class_the_peer_does_not_take_is_told(
    pynetdicom_scp: Start, archive: list[samples.Sample], console: Console
) -> None:
    peer = pynetdicom_scp([VERIFICATION, samples.SOP_CLASSES["MR"]], [(evt.EVT_C_STORE, peers.answer_success)])
    status = store(console, peer, archive[0].path.parent)
    assert (status.outcome, status.completed, status.failed) == (Outcome.FAILURE, 2, 6)
    assert "CT Image Storage" in status.sentence
    assert "abstract-syntax-not-supported" in status.sentence


def test_a_peer_that_takes_none_of_the_contexts(
    wlmscpfs: Start, archive: list[samples.Sample], console: Console
) -> None:
    status = store(console, wlmscpfs(), archive[0].path)
    assert status.outcome is Outcome.REJECTED


# --- find ---------------------------------------------------------------------------------------------------------


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


# --- get ----------------------------------------------------------------------------------------------------------


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
    received = _by_uid(list(folder.iterdir()))
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


# --- move ---------------------------------------------------------------------------------------------------------


def test_move_to_ourselves(stocked: Any, archive: list[samples.Sample], tmp_path: Path, console: Console) -> None:
    peer, _, own_port = stocked
    sample = archive[0]
    identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=sample.study_uid)
    folder = tmp_path / "moved"
    status = retrieve(
        console,
        peer,
        "C-MOVE",
        STUDY_MOVE,
        identifier,
        move_destination="CONSOLE",
        listen_port=own_port,
        folder=folder,
    )
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
    assert len(_whole(destination.folder, 2)) == 2


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
    identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=archive[0].study_uid)
    folder = tmp_path / "moved"
    status = retrieve(
        console,
        peer,
        "C-MOVE",
        STUDY_MOVE,
        identifier,
        move_destination="CONSOLE",
        listen_port=own_port,
        folder=folder,
    )
    assert status.outcome is Outcome.SUCCESS, status.sentence
    assert len(list(folder.iterdir())) == 3
    assert not console.of(AssociationNotice, lambda n: n.phase in (AssociationPhase.FAILED, AssociationPhase.ABORTED))


def test_orthanc_turns_a_wrong_called_ae_title_away(orthanc: Start, console: Console) -> None:
    peer = orthanc(settings={"DicomCheckCalledAet": True})
    status = console.echo(peer, called="WRONG")
    assert status.outcome is Outcome.REJECTED
    assert "'WRONG'" in status.sentence
    assert console.ended(status.association).rejection == (1, 1, 7)
