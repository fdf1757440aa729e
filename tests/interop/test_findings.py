"""What is found in the traffic with real peers: nothing but what they really do, each with its evidence.

Every expected finding has a comment that says what the peer sends. Anything else found is a defect of a rule, or a new
version of a peer that does something else; either is worth a look.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
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

from engine.model.commands import MoveDestination, OneShot, Retrieve, StoreFiles
from engine.model.notices import AssociationNotice, FindingNotice, ListenerNotice, Outcome, PduNotice
from tests.interop import peers, samples
from tests.runtime.console import (
    CT,
    HOST,
    PATIENT_FIND,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    VERIFICATION,
    WORKLIST,
    Console,
    echo_rq,
    keys,
    policy,
    proposal,
)

pytestmark = pytest.mark.interop
Start = Callable[..., Any]
OWN = "CONSOLE"

RESERVED = "received association.reserved"
RETIRED = "received association.retired-uid"
DCMTK_USERS = {
    # A-ASSOCIATE-RQ: of the three reserved bytes after the ID of each presentation context the second is FFH.
    RESERVED,
    # Explicit VR Big Endian is among the transfer syntaxes proposed by default (retired in PS3.5 2006).
    RETIRED,
}
PYNETDICOM_USERS = {
    RETIRED,  # Explicit VR Big Endian is among its default transfer syntaxes
    "received exchange.message-id-again",  # every send_c_... has Message ID 1 by default
}
PYNETDICOM_ARCHIVE = {
    # C-GET-RSP with Success: Number of Remaining Sub-operations (0000,1020) is there, with 0; so it is with C-MOVE.
    "received command.forbidden-field",
    # C-STORE-RQ of a C-GET with Priority 0 (MEDIUM): Priority is 2 (LOW), whatever the C-GET has.
    "received retrieve.priority",
}
ORTHANC_GET = {
    # A-ASSOCIATE-AC: where two contexts have one SOP class, its role selection is answered twice.
    "received association.role-repeated",
}


@pytest.fixture
def stocked(console: Console, archive: list[samples.Sample], tmp_path: Path) -> Callable[..., ListenerNotice]:
    """Starts the built-in peer on a folder that holds the archive."""

    def start(**settings: Any) -> ListenerNotice:
        folder = tmp_path / "built-in"
        folder.mkdir()
        for sample in archive:
            shutil.copy(sample.path, folder / sample.path.name)
        return console.listen(folder, policy=policy(ae_titles=(OWN,)), **settings)

    return start


def found(console: Console) -> set[str]:
    """Direction and rule of everything found, once every association has been brought to its end by the peer."""
    for number in {n.association for n in console.of(AssociationNotice)}:
        console.ended(number)
    return {f"{f.direction.value} {f.rule}" for f in console.of(FindingNotice)}


def evidence(console: Console, rule: str) -> bytes:
    """The bytes of the PDU that the first finding of a rule points at."""
    notices = console.drain()
    index, finding = next((i, n) for i, n in enumerate(notices) if isinstance(n, FindingNotice) and n.rule == rule)
    pdu = next(
        n for n in reversed(notices[:index])
        if isinstance(n, PduNotice) and (n.association, n.direction) == (finding.association, finding.direction)
    )  # fmt: skip
    return pdu.data[finding.evidence.start : finding.evidence.end]


def echo_store(console: Console, where: Any, archive: list[samples.Sample]) -> None:
    assert console.echo(where).outcome is Outcome.SUCCESS
    command = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where),
        paths=(archive[0].path.parent,),
    )
    assert console.run(command).outcome is Outcome.SUCCESS


def retrieve(console: Console, where: Any, service: str, sop_class: str, identifier: Any, **more: Any) -> Outcome:
    command = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where, sop_class, called=where.ae_title),
        service=service,
        sop_class_uid=sop_class,
        identifier=identifier,
        **more,
    )
    return console.run(command).outcome


def find_get_move(
    console: Console, where: Any, archive: list[samples.Sample], tmp_path: Path, listen_port: int
) -> None:
    study = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=archive[0].study_uid)
    series = keys(QueryRetrieveLevel="SERIES", StudyInstanceUID=archive[0].study_uid, SeriesInstanceUID="", Modality="")
    assert retrieve(console, where, "C-FIND", STUDY_FIND, series) is Outcome.SUCCESS
    patients = keys(QueryRetrieveLevel="PATIENT", PatientID="", PatientName="*")
    assert retrieve(console, where, "C-FIND", PATIENT_FIND, patients) is Outcome.SUCCESS
    get = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where, calling=OWN),
        service="C-GET",
        sop_class_uid=STUDY_GET,
        identifier=study,
        folder=tmp_path / "got",
    )
    assert console.run(_without_contexts(get)).outcome is Outcome.SUCCESS
    moved = {"move_destination": OWN, "listen_port": listen_port, "folder": tmp_path / "moved"}
    assert retrieve(console, where, "C-MOVE", STUDY_MOVE, study, **moved) is Outcome.SUCCESS


def _without_contexts(command: Retrieve) -> Retrieve:
    from dataclasses import replace

    return replace(command, proposal=replace(command.proposal, contexts=()))


# --- the console as user ------------------------------------------------------------------------------------------


def test_storescp_is_clean(storescp: Start, archive: list[samples.Sample], console: Console) -> None:
    echo_store(console, storescp(), archive)
    assert found(console) == set()


def test_dcmqrscp(dcmqrscp: Start, archive: list[samples.Sample], tmp_path: Path, console: Console) -> None:
    port = peers.free_port()
    peer = dcmqrscp(movers={OWN: port})
    echo_store(console, peer, archive)
    assert found(console) == set()
    find_get_move(console, peer, archive, tmp_path, port)
    assert found(console) == DCMTK_USERS, "as the requestor of the associations on which it moves"
    assert evidence(console, "association.reserved")[4:8] == b"\1\0\xff\0"


def test_wlmscpfs_is_clean(wlmscpfs: Start, console: Console) -> None:
    peer = wlmscpfs()
    samples.worklist_item(peer.folder / "1.wl", 1)
    step = keys(Modality="", ScheduledProcedureStepID="")
    identifier = keys(PatientName="*", PatientID="", ScheduledProcedureStepSequence=(step,))
    assert retrieve(console, peer, "C-FIND", WORKLIST, identifier) is Outcome.SUCCESS
    assert found(console) == set()


def test_orthanc(orthanc: Start, archive: list[samples.Sample], tmp_path: Path, console: Console) -> None:
    port = peers.free_port()
    peer = orthanc(modalities={"console": (OWN, port)})
    echo_store(console, peer, archive)
    assert found(console) == set()
    find_get_move(console, peer, archive, tmp_path, port)
    assert found(console) == ORTHANC_GET | DCMTK_USERS, "Orthanc's network is DCMTK's"


def test_pynetdicom_as_provider(
    pynetdicom_scp: Start, archive: list[samples.Sample], tmp_path: Path, console: Console
) -> None:
    port = peers.free_port()
    contexts = [VERIFICATION, *samples.SOP_CLASSES.values(), STUDY_FIND, PATIENT_FIND, STUDY_GET, STUDY_MOVE]
    handlers = _Archive(archive, port).handlers
    peer = pynetdicom_scp(contexts, handlers)
    echo_store(console, peer, archive)
    assert found(console) == set()
    find_get_move(console, peer, archive, tmp_path, port)
    assert found(console) == PYNETDICOM_ARCHIVE
    told = {f.rule: f.sentence for f in console.of(FindingNotice)}
    assert told["command.forbidden-field"].startswith("Number of Remaining Sub-operations (0000,1020)")
    assert told["retrieve.priority"] == "The priority is 2; the C-GET has 0."


class _Archive:
    """An archive written with pynetdicom as its documentation shows."""

    def __init__(self, archive: list[samples.Sample], port: int) -> None:
        self._archive = archive
        self._port = port

    @property
    def handlers(self) -> list[tuple[Any, ...]]:
        return [
            (evt.EVT_C_ECHO, peers.answer_success),
            (evt.EVT_C_STORE, peers.answer_success),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_GET, self._get),
            (evt.EVT_C_MOVE, self._move),
        ]

    def _find(self, event: evt.Event) -> Any:
        for sample in {s.study_uid: s for s in self._archive}.values():
            match, instance = Dataset(), dcmread(sample.path)
            for element in event.identifier:
                match[element.tag] = instance.get(element.tag, element)
            match.RetrieveAETitle = "PYNETDICOM"
            yield 0xFF00, match

    def _wanted(self, event: evt.Event) -> list[Dataset]:
        return [dcmread(s.path) for s in self._archive if s.study_uid == event.identifier.StudyInstanceUID]

    def _get(self, event: evt.Event) -> Any:
        wanted = self._wanted(event)
        yield len(wanted)
        for instance in wanted:
            yield 0xFF00, instance

    def _move(self, event: evt.Event) -> Any:
        wanted = self._wanted(event)
        yield HOST, self._port, {"contexts": _contexts_of(wanted)}
        yield len(wanted)
        for instance in wanted:
            yield 0xFF00, instance


def _contexts_of(instances: list[Dataset]) -> list[Any]:
    from pynetdicom import build_context

    kinds = {(str(i.SOPClassUID), str(i.file_meta.TransferSyntaxUID)) for i in instances}
    return [build_context(uid, [syntax, "1.2.840.10008.1.2"]) for uid, syntax in sorted(kinds)]


# --- the console as provider --------------------------------------------------------------------------------------


def test_users_of_dcmtk(
    stocked: Start, storescp: Start, client: Start, archive: list[samples.Sample], tmp_path: Path, console: Console
) -> None:
    destination = storescp(ae_title="MOVEDEST")
    listener = stocked(destinations=(MoveDestination(ae_title="MOVEDEST", host=HOST, port=destination.port),))
    at = ("-aec", OWN, HOST, listener.port)
    study = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={archive[0].study_uid}")
    client("echoscu", *at).succeeded()
    assert found(console) == {RESERVED}, "echoscu proposes no retired transfer syntax"
    client("storescu", *at, *(s.path for s in archive)).succeeded()
    client("findscu", "-S", *at, *study, "-k", "PatientName").succeeded()
    client("movescu", "-S", "-aem", "MOVEDEST", *at, *study).succeeded()
    got = tmp_path / "got"
    got.mkdir()
    client("getscu", "-S", "-od", got, *at, *study).succeeded()
    assert found(console) == DCMTK_USERS
    assert evidence(console, "association.reserved")[4:8] == b"\1\0\xff\0"


def test_orthanc_as_user(stocked: Start, orthanc: Start, archive: list[samples.Sample], console: Console) -> None:
    port = peers.free_port()
    peer = orthanc(modalities={"console": (OWN, port)})
    stocked(port=port, destinations=(MoveDestination(ae_title=peer.ae_title, host=HOST, port=peer.port),))
    peer.rest("POST", "/modalities/console/echo", {})
    peer.rest("POST", "/instances", archive[0].path.read_bytes())
    peer.rest("POST", "/modalities/console/store", peer.rest("GET", "/studies"))
    query = peer.rest("POST", "/modalities/console/query", {"Level": "Study", "Query": {"PatientID": "PAT001"}})
    peer.rest("POST", f"/queries/{query['ID']}/retrieve", {"TargetAet": peer.ae_title, "Synchronous": True})
    assert found(console) == DCMTK_USERS


def test_pynetdicom_as_user(stocked: Start, storescp: Start, archive: list[samples.Sample], console: Console) -> None:
    destination = storescp(ae_title="MOVEDEST")
    listener = stocked(destinations=(MoveDestination(ae_title="MOVEDEST", host=HOST, port=destination.port),))
    ae = AE(ae_title="PYNETDICOM")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
    models = (
        PatientRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        StudyRootQueryRetrieveInformationModelMove,
    )
    for uid in (Verification, CTImageStorage, *models):
        ae.add_requested_context(uid)
    handlers = [(evt.EVT_C_STORE, peers.answer_success)]
    roles = [build_role(CTImageStorage, scu_role=True, scp_role=True)]
    association = ae.associate(HOST, listener.port, ae_title=OWN, ext_neg=roles, evt_handlers=handlers)
    try:
        assert association.is_established
        assert association.send_c_echo().Status == 0
        assert association.send_c_store(archive[0].path).Status == 0
        patients, study = Dataset(), Dataset()
        patients.QueryRetrieveLevel, patients.PatientID, patients.PatientName = "PATIENT", "", "*"
        study.QueryRetrieveLevel, study.StudyInstanceUID = "STUDY", archive[0].study_uid
        assert len(list(association.send_c_find(patients, models[0]))) == 3
        assert list(association.send_c_get(study, models[1]))[-1][0].Status == 0
        assert list(association.send_c_move(study, "MOVEDEST", models[2]))[-1][0].Status == 0
        association.release()
    finally:
        ae.shutdown()
    assert found(console) == PYNETDICOM_USERS


def test_the_console_with_itself_is_clean(stocked: Start, archive: list[samples.Sample], console: Console) -> None:
    listener = stocked()
    where = peers.Peer("console", OWN, listener.port, Path())
    echo_store(console, where, archive)
    shot = OneShot(
        association=console.new_id(),
        operation=console.new_id(),
        proposal=proposal(where, VERIFICATION, CT),
        messages=(echo_rq(), echo_rq()),
    )
    assert console.run(shot).outcome is Outcome.SUCCESS
    for level, more in (("STUDY", {}), ("SERIES", {"StudyInstanceUID": archive[0].study_uid})):
        identifier = keys(QueryRetrieveLevel=level, **{"StudyInstanceUID": "", "SeriesInstanceUID": "", **more})
        assert retrieve(console, where, "C-FIND", STUDY_FIND, identifier) is Outcome.SUCCESS
    assert found(console) == set()
