"""The built-in peer as SCP of the composite services for DCMTK's, Orthanc's and pynetdicom's users."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    CTImageStorage,
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from engine.model.association import LocalAE
from engine.model.commands import MoveDestination
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
)
from engine.runtime.keeping import INSIDE
from engine.wire.datasets import open_file
from tests.interop import peers, samples
from tests.runtime.console import HOST, Console, data_set_bytes, policy

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("faultless")]
Start = Callable[..., Any]
OWN = "CONSOLE"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "built-in"


@pytest.fixture
def stocked(console: Console, folder: Path, archive: list[samples.Sample], tmp_path: Path) -> Callable[..., Any]:
    """Starts the built-in peer on a folder that holds the archive already."""

    def start(**settings: Any) -> ListenerNotice:
        folder.mkdir()
        for sample in archive:
            shutil.copy(sample.path, folder / sample.path.name)
        settings.setdefault("policy", policy(ae_titles=(OWN,)))
        return console.listen(folder, **settings)

    return start


def _at(listener: ListenerNotice, *, pdu: int | None = None) -> tuple[object, ...]:
    return ("-aec", OWN, *(("-pdu", pdu) if pdu else ()), HOST, listener.port)


def _by_uid(paths: Any) -> dict[str, Path]:
    return {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID): path for path in paths}


def _same(received: Path, expected: list[samples.Sample]) -> None:
    found = _by_uid(p for p in received.rglob("*") if p.is_file() and INSIDE not in p.parts)
    assert set(found) == {s.sop_instance_uid for s in expected}
    for sample in expected:
        path = found[sample.sop_instance_uid]
        if open_file(path).transfer_syntax == sample.transfer_syntax:
            assert data_set_bytes(path) == data_set_bytes(sample.path), sample.path.name
        else:  # DCMTK's users offer several syntaxes in one context and turn their files into the one accepted
            assert sample.modality == "MR"
            assert dcmread(path).to_json_dict() == dcmread(sample.path).to_json_dict()


# --- echo ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_echoscu_by_address_and_name(host: str, console: Console, client: Start) -> None:
    listener = console.listen(host="" if host == "localhost" else host)
    if host == "::1":  # DCMTK 3.6.7 speaks IPv4 only
        assert console.echo(listener, host=host).outcome is Outcome.SUCCESS
    else:
        client("echoscu", "-aec", OWN, host, listener.port).succeeded()


def test_twenty_echoscu_at_once(console: Console, client: Start) -> None:
    listener = console.listen()
    codes: list[int] = []
    workers = [
        threading.Thread(target=lambda: codes.append(client("echoscu", "--repeat", 5, HOST, listener.port).code))
        for _ in range(20)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert codes == [0] * 20
    ended: dict[int, AssociationPhase] = {}

    def all_ended(notice: AssociationNotice) -> bool:
        if notice.outcome is not None:
            ended[notice.association] = notice.phase
        return len(ended) == 20

    console.wait(AssociationNotice, all_ended)
    assert set(ended.values()) == {AssociationPhase.RELEASED}


def test_a_wrong_called_ae_title_is_turned_away(console: Console, client: Start) -> None:
    listener = console.listen(policy=policy(ae_titles=(OWN,)))
    told = client("echoscu", "-aec", "OTHER", HOST, listener.port)
    assert told.code != 0
    assert "Called AE Title Not Recognized" in told.output
    rejected = console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.REJECTED)
    assert rejected.rejection == (1, 1, 7)
    assert "'OTHER'" in rejected.sentence


def test_a_user_that_aborts(console: Console, client: Start) -> None:
    listener = console.listen()
    client("echoscu", "--abort", HOST, listener.port)
    aborted = console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.ABORTED)
    assert aborted.abort == (0, 0)


# --- store --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), [(4096, 4096), (16384, 131072), (0, 16384), (131072, 131072)])
def test_storescu_arrives_bit_for_bit(
    ours: int, theirs: int, console: Console, client: Start, folder: Path, archive: list[samples.Sample]
) -> None:
    listener = console.listen(folder, policy=policy(local=LocalAE(maximum_length=ours)))
    client("storescu", *_at(listener, pdu=theirs), *(s.path for s in archive)).succeeded()
    _same(folder, archive)


def test_dcmsend_arrives_bit_for_bit(
    console: Console, client: Start, folder: Path, archive: list[samples.Sample]
) -> None:
    listener = console.listen(folder)
    client("dcmsend", "--decompress-never", *_at(listener), *(s.path for s in archive)).succeeded()
    _same(folder, archive)


def test_a_restart_finds_the_folder_again(
    console: Console, client: Start, folder: Path, archive: list[samples.Sample]
) -> None:
    first = console.listen(folder)
    client("storescu", *_at(first), *(s.path for s in archive)).succeeded()
    console.close()
    again = Console()
    try:
        listener = again.listen(folder)
        found = client("findscu", "-v", "-S", *_at(listener), "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID")
        assert found.succeeded().output.count("Pending") == 3
    finally:
        again.close()


# --- find ---------------------------------------------------------------------------------------------------------


def _find(client: Start, listener: ListenerNotice, *arguments: object) -> str:
    model, *asked = arguments
    words = [part for key in asked for part in ("-k", key)]
    output: str = client("findscu", "-v", model, *_at(listener), *words).succeeded().output
    return output


def test_findscu_at_each_level(stocked: Start, client: Start, archive: list[samples.Sample]) -> None:
    listener = stocked()
    sample = archive[0]
    study, series = f"StudyInstanceUID={sample.study_uid}", f"SeriesInstanceUID={sample.series_uid}"
    assert _find(client, listener, "-S", "QueryRetrieveLevel=STUDY", "StudyInstanceUID").count("(Pending)") == 3
    assert _find(client, listener, "-P", "QueryRetrieveLevel=PATIENT", "PatientID").count("(Pending)") == 2
    by_patient = ("QueryRetrieveLevel=STUDY", "PatientID=PAT001", "StudyInstanceUID", "NumberOfStudyRelatedInstances")
    assert _find(client, listener, "-P", *by_patient).count("(Pending)") == 2
    at_series = ("QueryRetrieveLevel=SERIES", study, "SeriesInstanceUID", "Modality")
    assert _find(client, listener, "-S", *at_series).count("(Pending)") == 1
    at_image = ("QueryRetrieveLevel=IMAGE", study, series, "SOPInstanceUID")
    output = _find(client, listener, "-S", *at_image)
    assert output.count("(Pending)") == 3
    assert sample.sop_instance_uid in output


def test_findscu_wild_cards_ranges_and_lists(stocked: Start, client: Start, archive: list[samples.Sample]) -> None:
    listener = stocked()
    both = f"StudyInstanceUID={archive[0].study_uid}\\{archive[3].study_uid}"
    for key, count in (
        ("PatientName=*Nr?", 3),
        ("PatientName=nobody", 0),
        ("StudyDate=20240102-", 1),
        ("StudyDate=-20240101", 2),
        ("ModalitiesInStudy=MR", 1),
        (both, 2),
    ):
        output = _find(client, listener, "-S", "QueryRetrieveLevel=STUDY", "PatientID", key)
        assert output.count("(Pending)") == count, key


def test_findscu_worklist(console: Console, client: Start) -> None:
    listener = console.listen()
    output = _find(client, listener, "-W", "PatientName", "ScheduledProcedureStepSequence[0].Modality=MR")
    assert output.count("(Pending)") == 1
    assert "CONSOLE^BRAVO" in output


def test_findscu_without_a_level_is_refused(stocked: Start, client: Start) -> None:
    listener = stocked()
    told = client("findscu", "-v", "-S", *_at(listener), "-k", "PatientID")
    assert "DataSetDoesNotMatchSOPClass" in told.output


def test_findscu_cancels(console: Console, client: Start, folder: Path) -> None:
    folder.mkdir()
    for number in range(400):
        ds = samples.dataset("CT", instance=number, size=2)
        ds.PatientID = f"P{number}"
        samples.write(folder / f"{number}.dcm", ds)
    listener = console.listen(folder)
    keys = ("-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID")
    told = client("findscu", "-v", "-P", "--cancel", 2, *_at(listener), *keys).succeeded()
    assert "Cancel" in told.output
    received = console.wait(MessageNotice, lambda n: n.command.command_field == 0x0FFF)
    assert received.direction is Direction.RECEIVED
    last = console.wait(MessageNotice, lambda n: n.command.status == 0xFE00)
    sent = console.of(MessageNotice, lambda n: n.command.status == 0xFF00)
    assert last.command.command_field == 0x8020
    assert 2 <= len(sent) < 400


# --- get and move -------------------------------------------------------------------------------------------------


def test_getscu(stocked: Start, client: Start, archive: list[samples.Sample], tmp_path: Path) -> None:
    listener = stocked()
    got = tmp_path / "got"
    got.mkdir()
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={archive[0].study_uid}")
    client("getscu", "-S", "-B", "-od", got, *_at(listener), *keys).succeeded()
    _same(got, [s for s in archive if s.study_uid == archive[0].study_uid])


def test_movescu_to_a_storescp(stocked: Start, storescp: Start, client: Start, archive: list[samples.Sample]) -> None:
    destination = storescp(ae_title="MOVEDEST")
    listener = stocked(destinations=(MoveDestination(ae_title="MOVEDEST", host=HOST, port=destination.port),))
    keys = ("-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=PAT001")
    told = client("movescu", "-v", "-P", "-aem", "MOVEDEST", *_at(listener), *keys).succeeded()
    assert "Success" in told.output
    _same(destination.folder, [s for s in archive if s.patient_id == "PAT001"])


def test_movescu_to_itself(stocked: Start, client: Start, archive: list[samples.Sample], tmp_path: Path) -> None:
    port = peers.free_port()
    listener = stocked(destinations=(MoveDestination(ae_title="MOVESCU", host=HOST, port=port),))
    got = tmp_path / "moved"
    got.mkdir()
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={archive[0].study_uid}")
    client("movescu", "-S", "-B", "-od", got, "+P", port, "-aem", "MOVESCU", *_at(listener), *keys).succeeded()
    _same(got, [s for s in archive if s.study_uid == archive[0].study_uid])


def test_movescu_cancels(
    console: Console, storescp: Start, client: Start, folder: Path, archive: list[samples.Sample]
) -> None:
    folder.mkdir()
    for number in range(200):
        samples.write(folder / f"{number}.dcm", samples.dataset("CT", instance=number, size=2))
    destination = storescp(ae_title="MOVEDEST")
    listener = console.listen(
        folder, destinations=(MoveDestination(ae_title="MOVEDEST", host=HOST, port=destination.port),)
    )
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={archive[0].study_uid}")
    told = client("movescu", "-v", "-S", "--cancel", 2, "-aem", "MOVEDEST", *_at(listener), *keys)
    assert "Cancel" in told.output
    last = console.wait(MessageNotice, lambda n: n.command.status == 0xFE00)
    done = last.command.number("NumberOfCompletedSuboperations") or 0
    assert 2 <= done < 200
    assert last.command.number("NumberOfRemainingSuboperations") == 200 - done


def test_movescu_to_nobody(stocked: Start, client: Start, archive: list[samples.Sample]) -> None:
    listener = stocked()
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={archive[0].study_uid}")
    told = client("movescu", "-v", "-S", "-aem", "NOBODY", *_at(listener), *keys)
    assert "MoveDestinationUnknown" in told.output.replace(" ", "")


# --- Orthanc as user ----------------------------------------------------------------------------------------------


def test_orthanc_echoes_stores_queries_and_moves(
    console: Console, orthanc: Start, folder: Path, client: Start, archive: list[samples.Sample]
) -> None:
    port = peers.free_port()
    peer = orthanc(modalities={"console": (OWN, port)})
    console.listen(
        folder,
        port=port,
        policy=policy(ae_titles=(OWN,)),
        destinations=(MoveDestination(ae_title=peer.ae_title, host=HOST, port=peer.port),),
    )
    peer.rest("POST", "/modalities/console/echo", {})
    for sample in archive:
        peer.rest("POST", "/instances", sample.path.read_bytes())
    peer.rest("POST", "/modalities/console/store", peer.rest("GET", "/studies"))
    assert set(_by_uid(folder.glob("*.dcm"))) == {s.sop_instance_uid for s in archive}

    for study in peer.rest("GET", "/studies"):
        peer.rest("DELETE", f"/studies/{study}")
    query = peer.rest("POST", "/modalities/console/query", {"Level": "Study", "Query": {"PatientID": "PAT001"}})
    answers = peer.rest("GET", f"/queries/{query['ID']}/answers")
    assert len(answers) == 2
    peer.rest("POST", f"/queries/{query['ID']}/retrieve", {"TargetAet": peer.ae_title, "Synchronous": True})
    assert len(peer.rest("GET", "/instances")) == sum(s.patient_id == "PAT001" for s in archive)


# --- pynetdicom as user -------------------------------------------------------------------------------------------


@pytest.fixture
def ae() -> Iterator[AE]:
    ae = AE(ae_title="PYNETDICOM")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
    yield ae
    ae.shutdown()


def test_pynetdicom_echoes_finds_gets_and_moves(
    stocked: Start, ae: AE, archive: list[samples.Sample], storescp: Start
) -> None:
    destination = storescp(ae_title="MOVEDEST")
    listener = stocked(destinations=(MoveDestination(ae_title="MOVEDEST", host=HOST, port=destination.port),))
    for uid in (
        Verification,
        PatientRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        StudyRootQueryRetrieveInformationModelMove,
        CTImageStorage,
    ):
        ae.add_requested_context(uid)
    got: list[str] = []

    def on_store(event: evt.Event) -> int:
        got.append(str(event.dataset.SOPInstanceUID))
        return 0

    association = ae.associate(
        HOST,
        listener.port,
        ae_title=OWN,
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, on_store)],
    )
    assert association.is_established
    assert association.send_c_echo().Status == 0
    ds = Dataset()
    ds.QueryRetrieveLevel = "PATIENT"
    ds.PatientID = ""
    ds.PatientName = "*"
    ds.SpecificCharacterSet = "ISO_IR 192"
    answers = list(association.send_c_find(ds, PatientRootQueryRetrieveInformationModelFind))
    assert [status.Status for status, _ in answers] == [0xFF00, 0xFF00, 0]
    assert {str(found.PatientName) for _, found in answers if found} == {"Prüfling^Nr1", "Prüfling^Nr2"}
    study = Dataset()
    study.QueryRetrieveLevel = "STUDY"
    study.StudyInstanceUID = archive[0].study_uid
    statuses = [s for s, _ in association.send_c_get(study, StudyRootQueryRetrieveInformationModelGet)]
    assert [s.Status for s in statuses] == [0xFF00, 0xFF00, 0]
    assert statuses[-1].NumberOfCompletedSuboperations == 3
    assert len(got) == 3
    moved = [s for s, _ in association.send_c_move(study, "MOVEDEST", StudyRootQueryRetrieveInformationModelMove)]
    assert moved[-1].Status == 0
    assert moved[-1].NumberOfCompletedSuboperations == 3
    association.release()
    _same(destination.folder, [s for s in archive if s.study_uid == archive[0].study_uid])


def test_a_get_without_role_selection_sends_nothing(
    console: Console, stocked: Start, ae: AE, archive: list[samples.Sample]
) -> None:
    listener = stocked()
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    ae.add_requested_context(CTImageStorage)
    association = ae.associate(HOST, listener.port, ae_title=OWN)
    study = Dataset()
    study.QueryRetrieveLevel = "STUDY"
    study.StudyInstanceUID = archive[0].study_uid
    answers = list(association.send_c_get(study, StudyRootQueryRetrieveInformationModelGet))
    association.release()
    last, identifier = answers[-1]
    assert (last.Status, last.NumberOfFailedSuboperations) == (0xA702, 3)
    assert len(identifier.FailedSOPInstanceUIDList) == 3
    said = [n.sentence for n in console.of(ErrorNotice)]
    assert any("SCP role" in sentence for sentence in said)
    console.notices.clear()
