"""The ground of the interop tests: each real peer starts, answers DCMTK's own users and ends with its test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread
from pynetdicom import evt

from tests.interop import peers, samples

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.interop

VERIFICATION = "1.2.840.10008.1.1"
Start = Callable[..., Any]


@pytest.mark.parametrize("name", ["storescp", "dcmqrscp", "wlmscpfs", "dcmprscp", "orthanc"])
def test_peer_starts_and_echoes(name: str, request: pytest.FixtureRequest, client: Start) -> None:
    peer = request.getfixturevalue(name)()
    client("echoscu", "-aec", peer.ae_title, peer.host, peer.port).succeeded()


def test_pynetdicom_peer_echoes(pynetdicom_scp: Start, client: Start) -> None:
    seen: list[str] = []

    def on_echo(event: evt.Event) -> int:
        seen.append(event.assoc.requestor.ae_title)
        return 0

    peer = pynetdicom_scp([VERIFICATION], [(evt.EVT_C_ECHO, on_echo)])
    client("echoscu", "-aet", "ECHOSCU", "-aec", peer.ae_title, peer.host, peer.port).succeeded()
    assert seen == ["ECHOSCU"]


def test_a_peer_that_is_not_there_is_reported_with_its_output(client: Start) -> None:
    with pytest.raises(peers.PeerError, match="ended with"):
        client("echoscu", peers.HOST, peers.free_port()).succeeded()


def test_sample_files_are_stored_whole(storescp: Start, client: Start, archive: list[samples.Sample]) -> None:
    peer = storescp()
    client("dcmsend", "-aec", peer.ae_title, peer.host, peer.port, *(s.path for s in archive)).succeeded()
    received = {str(dcmread(path).SOPInstanceUID) for path in peer.folder.iterdir()}
    assert received == {sample.sop_instance_uid for sample in archive}


def test_archive_finds_gets_and_moves(
    dcmqrscp: Start, storescp: Start, client: Start, archive: list[samples.Sample], tmp_path: Path
) -> None:
    destination = storescp(ae_title="MOVEDEST")
    peer = dcmqrscp(movers={"MOVEDEST": destination.port})
    at = ("-aec", peer.ae_title, peer.host, peer.port)
    client("storescu", *at, *(s.path for s in archive)).succeeded()
    study = next(s.study_uid for s in archive if s.modality == "MR")
    keys = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}")

    found = client("findscu", "-v", *at, *keys, "-k", "PatientID").succeeded()
    assert "PAT001" in found.output
    client("movescu", "-aem", "MOVEDEST", *at, *keys).succeeded()
    assert len(list(destination.folder.iterdir())) == 2
    got = tmp_path / "got"
    got.mkdir()
    client("getscu", "-od", got, *at, *keys).succeeded()
    assert len(list(got.iterdir())) == 2


def test_worklist_gives_its_items(wlmscpfs: Start, client: Start) -> None:
    peer = wlmscpfs()
    for patient in (1, 2):
        samples.worklist_item(peer.folder / f"{patient}.wl", patient)
    at = ("-aec", peer.ae_title, peer.host, peer.port)
    found = client("findscu", "-v", "-W", *at, "-k", "PatientID", "-k", "PatientName=*").succeeded()
    assert "PAT001" in found.output
    assert "PAT002" in found.output


def test_orthanc_stores_and_sends_on(
    orthanc: Start, storescp: Start, client: Start, archive: list[samples.Sample]
) -> None:
    destination = storescp()
    peer = orthanc(modalities={"dest": (destination.ae_title, destination.port)})
    client("storescu", "-aec", peer.ae_title, peer.host, peer.port, *(s.path for s in archive)).succeeded()
    assert len(peer.rest("GET", "/instances")) == len(archive)
    peer.rest("POST", "/modalities/dest/echo", {})
    peer.rest("POST", "/modalities/dest/store", peer.rest("GET", "/studies"))
    assert len(list(destination.folder.iterdir())) == len(archive)
