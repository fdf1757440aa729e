"""The console as SCU of C-ECHO and C-STORE against DCMTK, Orthanc and pynetdicom."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import JPEGBaseline8Bit
from pynetdicom import evt

from engine.model.commands import Outgoing
from engine.model.dataset import FileData
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Outcome,
    ProgressNotice,
)
from engine.services.responses import request_of
from engine.trace.diagnosis.model import Setting
from engine.wire import datasets
from tests.interop import peers, samples
from tests.interop.c_user import Start, by_uid, no_errors, store, whole
from tests.runtime.console import (
    CT,
    EXPLICIT,
    IMPLICIT,
    STUDY_FIND,
    VERIFICATION,
    Console,
    data_set_bytes,
    keys,
    proposal,
    store_rq,
)
from tests.runtime.diagnosing import check, diagnoses, retrieve

pytestmark = pytest.mark.interop
JPEG = str(JPEGBaseline8Bit)


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
    (received,) = whole(peer.folder, 1)
    assert data_set_bytes(received) == data_set_bytes(sample.path)
    no_errors(console)


def test_an_implicit_file_goes_to_an_explicit_context_with_its_values(
    storescp: Start, archive: list[samples.Sample], console: Console
) -> None:
    peer = storescp("+xe")
    sample = next(s for s in archive if s.transfer_syntax == IMPLICIT)
    made = proposal(peer, (sample.sop_class_uid, EXPLICIT))
    status = console.one_shot(made, store_rq(sample.sop_class_uid, sample.sop_instance_uid, FileData(sample.path)))
    assert status.outcome is Outcome.SUCCESS
    (received,) = whole(peer.folder, 1)
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


def test_a_folder_is_storedwhole(storescp: Start, mixed: Path, archive: list[samples.Sample], console: Console) -> None:
    peer = storescp()
    status = store(console, peer, mixed)
    assert (status.completed, status.failed, status.remaining) == (len(archive) + 1, 1, 0), status.sentence
    assert status.outcome is Outcome.FAILURE
    assert "broken.dcm" in status.sentence
    sent = by_uid([p for p in mixed.rglob("*.dcm") if p.name != "broken.dcm"])
    received = by_uid(whole(peer.folder, len(sent)))
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


def test_orthanc_turns_a_wrong_called_ae_title_away(orthanc: Start, console: Console) -> None:
    peer = orthanc(settings={"DicomCheckCalledAet": True})
    status = console.echo(peer, called="WRONG")
    assert status.outcome is Outcome.REJECTED
    assert "'WRONG'" in status.sentence
    assert console.ended(status.association).rejection == (1, 1, 7)


def test_orthanc_aborts_over_a_service_that_a_title_has_no_right_to(orthanc: Start, console: Console) -> None:
    """It neither rejects nor answers 0124H; what it means is to be found in its log alone."""
    peer = orthanc(settings={"DicomAlwaysAllowFind": False})
    status = retrieve(console, peer, "C-FIND", STUDY_FIND, keys(QueryRetrieveLevel="STUDY", PatientID=""))
    assert status.outcome is Outcome.ABORTED
    made = check(diagnoses(console), "associate.aborted-after-accept")
    assert "“CONSOLE” may not do this there" in made.cause
    assert made.mends[-1].setting is Setting.CALLING_AE_TITLE
