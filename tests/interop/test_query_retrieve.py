"""Queries and retrievals in every model that DCMTK, Orthanc and pynetdicom offer: cancel, roles, TLS, what arrives seen
inside the operation, and a success that moved nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import evt

from engine.model.association import Policy
from engine.model.commands import Listen, PeerSettings, Retrieve, StoreFiles
from engine.model.dataset import DataSet
from engine.model.notices import Direction, FindingNotice, ListenerNotice, MessageNotice, Outcome, StatusNotice
from engine.model.tls import TlsSettings
from engine.standard.sop_classes import sop_classes
from engine.workspace.queries import identifier
from engine.workspace.query_models import model_class, query_models
from tests.interop import peers, samples
from tests.runtime.console import CT, HOST, Console, data_set_bytes, keys, proposal, tag
from tests.runtime.tls_files import Files, make_files

pytestmark = pytest.mark.interop
Start = Callable[..., Any]
OFFERED = [
    *(("dcmqrscp", word) for word in ("study", "patient", "patient-study")),
    *(("orthanc", word) for word in ("study", "patient")),
]


def ask(console: Console, where: Any, service: str, word: str, asked: DataSet, **more: Any) -> StatusNotice:
    made = more.pop("proposal", None) or proposal(where, **more.pop("changes", {}))
    uid = word if word[0].isdigit() else model_class(word, service)
    return console.run(
        Retrieve(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=replace(made, contexts=()),
            service=service,
            sop_class_uid=uid,
            identifier=asked,
            **more,
        )
    )


def store(console: Console, where: Any, folder: Path, **changes: Any) -> None:
    command = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where, **changes),
        paths=(folder,),
    )
    assert console.run(command).outcome is Outcome.SUCCESS


def stores_within(console: Console, operation: int) -> list[MessageNotice]:
    return console.of(MessageNotice, lambda n: n.within == operation and n.direction is Direction.RECEIVED)


def nothing_wrong_of_ours(console: Console) -> None:
    found = console.of(FindingNotice, lambda n: n.severity == "error" and n.direction is Direction.SENT)
    assert not found, [n.sentence for n in found]


def key_of(level: str, sample: samples.Sample, word: str) -> DataSet:
    """An Identifier that names what a sample belongs to, with the keys above it where the model asks for them."""
    levels = {
        "PATIENT": {"PatientID": sample.patient_id},
        "STUDY": {"StudyInstanceUID": sample.study_uid},
        "SERIES": {"StudyInstanceUID": sample.study_uid, "SeriesInstanceUID": sample.series_uid},
        "IMAGE": {
            "StudyInstanceUID": sample.study_uid,
            "SeriesInstanceUID": sample.series_uid,
            "SOPInstanceUID": sample.sop_instance_uid,
        },
    }
    above = {"PatientID": sample.patient_id} if word != "study" else {}
    return keys(QueryRetrieveLevel=level, **{**above, **levels[level]})


COUNTS = {"PATIENT": 5, "STUDY": 3, "SERIES": 3, "IMAGE": 1}
"""Instances of the first sample's patient, study, series, and itself."""


def levels(word: str) -> tuple[str, ...]:
    return next(m.levels for m in query_models() if m.word == word)


# --- real archives, each model at each level --------------------------------------------------------------------------


@pytest.mark.parametrize(("archive_name", "word"), OFFERED)
def test_find_get_and_move_at_each_level_of_a_model(
    archive_name: str,
    word: str,
    request: pytest.FixtureRequest,
    archive: list[samples.Sample],
    tmp_path: Path,
    console: Console,
) -> None:
    own_port = peers.free_port()
    start = request.getfixturevalue(archive_name)
    if archive_name == "orthanc":
        peer = start(modalities={"console": ("CONSOLE", own_port)})
    else:
        peer = start(movers={"CONSOLE": own_port})
    store(console, peer, archive[0].path.parent)
    sample = archive[0]
    for level in levels(word):
        asked = identifier(model_class(word, "C-FIND"), level).merged(key_of(level, sample, word))
        found = ask(console, peer, "C-FIND", word, asked)
        assert (found.outcome, found.responses) == (Outcome.SUCCESS, 1), (level, found.sentence, found.verdict)
        for service in ("C-GET", "C-MOVE"):
            folder = tmp_path / f"{service}-{level}"
            move = {"move_destination": "CONSOLE", "listen_port": own_port} if service == "C-MOVE" else {}
            named = key_of(level, sample, word)
            done = ask(
                console, peer, service, word, named, folder=folder, sop_classes=(CT,) * (level != "PATIENT"), **move
            )
            assert done.outcome is Outcome.SUCCESS, (service, level, done.sentence, done.verdict)
            assert done.received == COUNTS[level] == len(stores_within(console, done.operation))
            assert_same(folder, archive, COUNTS[level])
    nothing_wrong_of_ours(console)


def assert_same(folder: Path, archive: list[samples.Sample], count: int) -> None:
    sent = {s.sop_instance_uid: s.path for s in archive}
    received = list(folder.glob("*.dcm"))
    assert len(received) == count
    for path in received:
        ds = dcmread(path, stop_before_pixels=True)
        original = sent[str(ds.SOPInstanceUID)]
        if dcmread(original, stop_before_pixels=True).file_meta.TransferSyntaxUID == ds.file_meta.TransferSyntaxUID:
            assert data_set_bytes(path) == data_set_bytes(original)


@pytest.mark.parametrize("archive_name", ["dcmqrscp", "orthanc"])
def test_a_move_to_the_built_in_peer_that_runs_is_seen_inside_by_its_move_originator(
    archive_name: str, request: pytest.FixtureRequest, archive: list[samples.Sample], tmp_path: Path, console: Console
) -> None:
    number, port = console.new_id(), peers.free_port()
    settings = PeerSettings(policy=Policy(ae_titles=("CONSOLE",)))
    console.submit(Listen(listener=number, port=port, settings=settings))
    console.wait(ListenerNotice, lambda n: n.listener == number and n.listening)
    start = request.getfixturevalue(archive_name)
    if archive_name == "orthanc":
        peer = start(modalities={"console": ("CONSOLE", port)})
    else:
        peer = start(movers={"CONSOLE": port})
    store(console, peer, archive[0].path.parent)
    folder = tmp_path / "asked"
    named = key_of("STUDY", archive[0], "study")
    done = ask(console, peer, "C-MOVE", "study", named, move_destination="CONSOLE", folder=folder)
    assert (done.outcome, done.received) == (Outcome.SUCCESS, 3), (done.sentence, done.verdict)
    within = stores_within(console, done.operation)
    assert {n.command.text("MoveOriginatorApplicationEntityTitle").strip() for n in within} == {"CONSOLE"}
    assert {n.command.number("MoveOriginatorMessageID") for n in within} == {done.message_id}
    assert "Move Originator" not in done.verdict
    assert len(list(folder.glob("*.dcm"))) == 3


def test_what_is_moved_to_a_third_ae_and_what_matches_nothing(
    dcmqrscp: Start, storescp: Start, archive: list[samples.Sample], console: Console
) -> None:
    other = storescp(ae_title="OTHER")
    peer = dcmqrscp(movers={"OTHER": other.port})
    store(console, peer, archive[0].path.parent)
    done = ask(console, peer, "C-MOVE", "study", key_of("STUDY", archive[0], "study"), move_destination="OTHER")
    assert (done.outcome, done.received) == (Outcome.SUCCESS, None)
    assert "3 instances went to OTHER; what arrived there cannot be seen from here" in done.verdict
    nothing = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3.4.5")
    done = ask(console, peer, "C-MOVE", "study", nothing, move_destination="OTHER")
    assert done.outcome is Outcome.WARNING
    assert "Success, but nothing was moved: 0 sub-operations" in done.verdict
    done = ask(console, peer, "C-MOVE", "study", key_of("STUDY", archive[0], "study"), move_destination="NOBODY")
    assert "The peer does not know “NOBODY”" in done.verdict


def test_a_worklist_with_its_usual_keys_and_a_range_of_days(wlmscpfs: Start, console: Console) -> None:
    peer = wlmscpfs()
    for patient in (1, 2, 3):
        samples.worklist_item(peer.folder / f"{patient}.wl", patient)
    uid = model_class("worklist", "C-FIND")
    step = identifier(uid).items(0x00400100)[0].put(0x00400002, "DA", "20240101-20240102")
    done = ask(
        console, peer, "C-FIND", "worklist", identifier(uid).merged(keys(ScheduledProcedureStepSequence=(step,)))
    )
    assert (done.outcome, done.responses) == (Outcome.SUCCESS, 2), (done.sentence, done.verdict)
    found = console.found(done.operation)
    assert {ds.text(tag("PatientID")) for ds in found} == {"PAT001", "PAT002"}
    nothing_wrong_of_ours(console)


# --- cancelled at real peers ------------------------------------------------------------------------------------------

MANY = 1500
"""More than a peer can have sent before our C-CANCEL-RQ is there; some tens were seen, all of 400 on a busy machine."""


def many(folder: Path) -> samples.Sample:
    """One series of MANY small images; gives the last."""
    images = (samples.dataset("CT", 1, 1, number, size=2) for number in range(1, MANY + 1))
    return [samples.write(folder / f"{n}.dcm", ds) for n, ds in enumerate(images)][-1]


@pytest.mark.parametrize("archive_name", ["dcmqrscp", "orthanc"])
def test_what_a_real_archive_does_when_it_is_cancelled(
    archive_name: str, request: pytest.FixtureRequest, tmp_path: Path, console: Console
) -> None:
    """Both end with FE00H: a C-FIND that has more matches, a C-GET and a C-MOVE that have more to send."""
    port = peers.free_port()
    start = request.getfixturevalue(archive_name)
    if archive_name == "orthanc":
        peer = start(modalities={"console": ("CONSOLE", port)})
    else:
        peer = start(movers={"CONSOLE": port})
    sample = many(tmp_path / "many")
    store(console, peer, tmp_path / "many")
    series = key_of("SERIES", sample, "study")
    images = series.put(0x00080052, "CS", "IMAGE").put(0x00080018, "UI", "")
    done = ask(console, peer, "C-FIND", "study", images, cancel_after=1)
    assert (done.outcome, done.status) == (Outcome.CANCELLED, 0xFE00), (done.sentence, done.verdict)
    assert 1 <= done.responses < MANY
    for service in ("C-GET", "C-MOVE"):
        folder = tmp_path / service
        more = {"move_destination": "CONSOLE", "listen_port": port} if service == "C-MOVE" else {"sop_classes": (CT,)}
        done = ask(console, peer, service, "study", series, cancel_after=1, folder=folder, **more)
        assert (done.outcome, done.status) == (Outcome.CANCELLED, 0xFE00), (service, done.sentence, done.verdict)
        assert done.received is not None
        assert 1 <= done.received < MANY
        assert len(list(folder.glob("*.dcm"))) == len(stores_within(console, done.operation)) == done.received
        assert "only where a context" not in done.verdict, "nothing was refused, it was cancelled"
    nothing_wrong_of_ours(console)


def test_a_worklist_query_is_cancelled_between_two_of_its_matches(wlmscpfs: Start, console: Console) -> None:
    peer = wlmscpfs("--sleep-during", "1")
    for patient in range(1, 10):
        samples.worklist_item(peer.folder / f"{patient}.wl", patient)
    done = ask(console, peer, "C-FIND", "worklist", identifier(model_class("worklist", "C-FIND")), cancel_after=1)
    assert (done.outcome, done.status) == (Outcome.CANCELLED, 0xFE00), (done.sentence, done.verdict)
    assert 1 <= done.responses < 9
    nothing_wrong_of_ours(console)


# --- over TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("tls"))


def test_find_get_and_move_over_tls(
    orthanc: Start, archive: list[samples.Sample], files: Files, tmp_path: Path, console: Console
) -> None:
    certificate, key = files.apart("peer", key_type=trustme.KeyType.RSA)
    own_port = peers.free_port()
    console_of_orthanc = {"AET": "CONSOLE", "Host": HOST, "Port": own_port, "UseDicomTls": True}
    settings = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(certificate),
        "DicomTlsPrivateKey": str(key),
        "DicomTlsTrustedCertificates": str(files.ca),
        "DicomTlsRemoteCertificateRequired": False,
        "DicomModalities": {"console": console_of_orthanc},
    }
    peer = orthanc(settings=settings)
    ours, our_key = files.apart("console", key_type=trustme.KeyType.RSA)
    tls = TlsSettings(ca_file=files.ca, certificate=ours, key=our_key)
    store(console, peer, archive[0].path.parent, tls=tls)
    made = proposal(peer, tls=tls)
    found = ask(console, peer, "C-FIND", "study", keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=""), proposal=made)
    assert (found.outcome, found.responses) == (Outcome.SUCCESS, 3), found.sentence
    got = ask(
        console, peer, "C-GET", "study", key_of("STUDY", archive[0], "study"), proposal=made, folder=tmp_path / "got"
    )
    assert (got.outcome, got.received) == (Outcome.SUCCESS, 3), (got.sentence, got.verdict)
    moved = ask(
        console,
        peer,
        "C-MOVE",
        "study",
        key_of("STUDY", archive[0], "study"),
        proposal=made,
        move_destination="CONSOLE",
        listen_port=own_port,
        listen_tls=tls,
    )
    assert (moved.outcome, moved.received) == (Outcome.SUCCESS, 3), (moved.sentence, moved.verdict)
    assert len(stores_within(console, moved.operation)) == 3


# --- pynetdicom: every model, scripted --------------------------------------------------------------------------------


def match_of(event: evt.Event, number: int) -> Dataset:
    ds = Dataset()
    if "QueryRetrieveLevel" in event.identifier:
        ds.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
    ds.PatientID = f"P{number}"
    return ds


def slow_find(event: evt.Event) -> Iterator[Any]:
    """Three matches, then waits for the C-CANCEL-RQ."""
    for number in range(3):
        yield 0xFF00, match_of(event, number)
    yield (0xFE00, None) if peers.wait_until(lambda: event.is_cancelled, 10) else (0xC000, None)


FIND = [m for m in query_models() if m.find and not m.word.startswith(("inventory", "repository", "protocol-approval"))]
"""All that pynetdicom knows as a provider."""


@pytest.mark.parametrize("model", [m for m in FIND if "Relevant" not in m.service_class], ids=lambda m: m.word)
def test_find_in_every_model_is_cancelled(model: Any, pynetdicom_scp: Start, console: Console) -> None:
    peer = pynetdicom_scp([model.find], [(evt.EVT_C_FIND, slow_find)])
    done = ask(console, peer, "C-FIND", model.find, identifier(model.find), cancel_after=2)
    assert (done.outcome, done.status) == (Outcome.CANCELLED, 0xFE00), (done.sentence, done.verdict)
    assert done.responses == 3
    nothing_wrong_of_ours(console)


@pytest.mark.parametrize("model", [m for m in FIND if "Relevant" in m.service_class], ids=lambda m: m.word)
def test_relevant_patient_information_has_one_match(model: Any, pynetdicom_scp: Start, console: Console) -> None:
    """At most (PS3.4 Q.4.1), so there is nothing to cancel."""
    peer = pynetdicom_scp([model.find], [(evt.EVT_C_FIND, lambda event: iter([(0xFF00, match_of(event, 1))]))])
    done = ask(console, peer, "C-FIND", model.find, identifier(model.find).merged(keys(PatientID="P1")))
    assert (done.outcome, done.responses) == (Outcome.SUCCESS, 1), done.sentence


RETRIEVE = [
    (m, service)
    for m in query_models()
    for service in ("C-GET", "C-MOVE")
    if m.uid(service) and not m.word.startswith(("inventory", "protocol-approval"))
]


def instance(number: int) -> Dataset:
    """A CT image as pynetdicom sends it: with the transfer syntax in its file meta information."""
    ds = samples.dataset("CT", 1, 1, number)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def slow_retrieve(where: tuple[str, int] | None) -> Callable[[evt.Event], Iterator[Any]]:
    """Five instances; after the first two waits for the C-CANCEL-RQ."""

    def handler(event: evt.Event) -> Iterator[Any]:
        if where is not None:
            yield where
        yield 5
        for number in range(5):
            if number == 2 and peers.wait_until(lambda: event.is_cancelled, 10):
                yield 0xFE00, None
                return
            yield 0xFF00, instance(number)

    return handler


@pytest.mark.parametrize(("model", "service"), RETRIEVE, ids=lambda v: getattr(v, "word", v))
def test_every_retrieval_is_cancelled_with_its_stores_inside(
    model: Any, service: str, pynetdicom_scp: Start, tmp_path: Path, console: Console
) -> None:
    port = peers.free_port()
    move = service == "C-MOVE"
    handler = slow_retrieve((HOST, port) if move else None)
    event = evt.EVT_C_MOVE if move else evt.EVT_C_GET

    def configure(ae: Any) -> None:
        ae.add_requested_context(CT)

    peer = pynetdicom_scp([model.uid(service), CT], [(event, handler)], configure=configure)
    asked = keys(**({"QueryRetrieveLevel": model.levels[0]} if model.levels else {}), SOPInstanceUID="1.2.3")
    more = {"move_destination": "CONSOLE", "listen_port": port} if move else {"sop_classes": (CT,)}
    folder = tmp_path / "got"
    done = ask(console, peer, service, model.uid(service), asked, folder=folder, cancel_after=1, **more)
    assert (done.outcome, done.status) == (Outcome.CANCELLED, 0xFE00), (done.sentence, done.verdict)
    assert done.received == done.completed == 2
    assert len(stores_within(console, done.operation)) == 2
    assert len(list(folder.glob("*.dcm"))) == 2


def test_the_models_are_those_of_the_table() -> None:
    known = {s.uid for s in sop_classes().values() if {"C-GET", "C-MOVE"} & set(s.scu_invokes)}
    left_out = {m.uid(s) for m in query_models() for s in ("C-GET", "C-MOVE") if m.uid(s)} - {
        m.uid(s) for m, s in RETRIEVE
    }
    assert {m.uid(s) for m, s in RETRIEVE} | left_out == known
    assert len(left_out) == 4  # inventories and protocol approvals, which pynetdicom 3.0 does not know


def test_success_that_moved_nothing(pynetdicom_scp: Start, console: Console) -> None:
    port = peers.free_port()

    def nothing(event: evt.Event) -> Iterator[Any]:
        yield HOST, port
        yield 0

    peer = pynetdicom_scp([model_class("study", "C-MOVE")], [(evt.EVT_C_MOVE, nothing)])
    named = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3")
    done = ask(console, peer, "C-MOVE", "study", named, move_destination="CONSOLE", listen_port=port)
    assert (done.outcome, done.status, done.received) == (Outcome.WARNING, 0, 0)
    assert "Success, but nothing was moved: 0 sub-operations. Likely: nothing matches" in done.verdict


def test_a_role_selection_that_is_refused_is_named(pynetdicom_scp: Start, console: Console) -> None:
    uid = model_class("study", "C-GET")

    def configure(ae: Any) -> None:
        ae.remove_supported_context(CT)
        ae.add_supported_context(CT, scu_role=False, scp_role=False)

    def get(event: evt.Event) -> Iterator[Any]:
        yield 1
        yield 0xFF00, instance(1)

    peer = pynetdicom_scp([uid, CT], [(evt.EVT_C_GET, get)], configure=configure)
    named = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3")
    done = ask(console, peer, "C-GET", "study", named, sop_classes=(CT,))
    assert done.received == 0
    assert "CT Image Storage" in done.verdict
    assert "SCP role" in done.verdict, done.verdict
