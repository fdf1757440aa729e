"""TLS with DCMTK, Orthanc and pynetdicom, in both roles: with and without client certificates, and what goes wrong."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from pynetdicom import AE, evt

from engine.model.association import Policy
from engine.model.commands import OneShot, Retrieve, StoreFiles
from engine.model.notices import AssociationNotice, AssociationPhase, Outcome
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings, TlsVerdict
from tests.interop import peers, samples
from tests.runtime.console import (
    HOST,
    STUDY_FIND,
    STUDY_MOVE,
    VERIFICATION,
    Console,
    data_set_bytes,
    echo_rq,
    find_rq,
    keys,
    proposal,
)
from tests.runtime.tls_files import PASSPHRASE, Files, make_files

pytestmark = pytest.mark.interop
Start = Callable[..., Any]
RSA = {"key_type": trustme.KeyType.RSA}
TITLE = "CONSOLE"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(files: Files) -> tuple[Path, Path]:
    """Certificate and key of the peer as acceptor."""
    return files.apart("peer", **RSA)


@pytest.fixture(scope="module")
def ours(files: Files) -> tuple[Path, Path]:
    """Our certificate and key."""
    return files.apart("console", passphrase=PASSPHRASE, **RSA)


def requestor(files: Files, ours: tuple[Path, Path], **changes: Any) -> TlsSettings:
    """Our settings, with a certificate of our own."""
    return TlsSettings(
        **{"ca_file": files.ca, "certificate": ours[0], "key": ours[1], "passphrase": PASSPHRASE, **changes}
    )


def dcmtk(pair: tuple[Path, Path], files: Files, *more: str) -> list[str]:
    """DCMTK's arguments for TLS with this certificate and key."""
    return ["+tls", str(pair[1]), str(pair[0]), "+cf", str(files.ca), *more]


def verdict(console: Console, *, of_requestor: bool) -> TlsVerdict:
    told = console.wait(
        AssociationNotice,
        lambda n: n.requestor is of_requestor and n.phase is AssociationPhase.CONNECTING and n.tls is not None,
    )
    assert told.tls is not None
    return told.tls


def ended(console: Console, *, of_requestor: bool) -> AssociationNotice:
    return console.wait(AssociationNotice, lambda n: n.requestor is of_requestor and n.outcome is not None)


def echo(console: Console, where: Any, tls: TlsSettings | None, **changes: Any) -> tuple[Outcome, str]:
    status = console.one_shot(proposal(where, tls=tls, **changes), echo_rq())
    return status.outcome, status.sentence


# --- DCMTK as acceptor ------------------------------------------------------------------------------------------------


def test_mutual_tls_with_storescp_stores_bit_for_bit(
    console: Console, storescp: Start, files: Files, server: Any, ours: Any, tmp_path: Path
) -> None:
    where = storescp(*dcmtk(server, files))
    sent = samples.archive(tmp_path / "archive")
    made = proposal(where, tls=requestor(files, ours))
    status = console.run(
        StoreFiles(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=made,
            paths=tuple(s.path for s in sent),
        )
    )
    assert status.outcome is Outcome.SUCCESS, status.sentence
    kept = {data_set_bytes(p) for p in where.folder.iterdir()}
    assert kept == {data_set_bytes(s.path) for s in sent}
    seen = verdict(console, of_requestor=True)
    assert seen.verified and seen.host_name_matches and seen.client_certificate_requested
    assert seen.own_certificate is not None and seen.own_certificate.subject.startswith("CN=console")


def test_storescp_without_client_certificates(console: Console, storescp: Start, files: Files, server: Any) -> None:
    where = storescp(*dcmtk(server, files, "-ic"))
    assert echo(console, where, files.requestor())[0] is Outcome.SUCCESS
    assert verdict(console, of_requestor=True).own_certificate is None


def test_storescp_wants_a_certificate_we_do_not_show(
    console: Console, storescp: Start, files: Files, server: Any
) -> None:
    outcome, sentence = echo(console, storescp(*dcmtk(server, files)), files.requestor())
    assert outcome is Outcome.CONNECTION_FAILED
    assert "requires a client certificate and we showed none" in sentence


def test_storescp_does_not_know_our_ca(console: Console, storescp: Start, files: Files, server: Any) -> None:
    where = storescp(*dcmtk(server, files))
    outcome, sentence = echo(console, where, files.requestor(certificate=files.of_another_ca()))
    assert outcome is Outcome.CONNECTION_FAILED
    assert "does not trust the CA that issued our certificate" in sentence


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("expired", "it expired on"),
        ("self_signed", "it is self-signed"),
        ("of_another_ca", "its issuer is not among the CAs trusted"),
    ],
)
def test_a_storescp_we_refuse(kind: str, words: str, console: Console, storescp: Start, files: Files) -> None:
    path = getattr(files, kind)()
    where = storescp(*dcmtk((path, path), files, "-ic"))
    outcome, sentence = echo(console, where, files.requestor())
    assert outcome is Outcome.CONNECTION_FAILED and words in sentence


def test_a_storescp_of_another_name(console: Console, storescp: Start, files: Files) -> None:
    where = storescp(*dcmtk(files.apart("vault", "vault.example.org", **RSA), files, "-ic"))
    outcome, sentence = echo(console, where, files.requestor())
    assert outcome is Outcome.CONNECTION_FAILED and "it is for vault.example.org, not for 127.0.0.1" in sentence
    assert echo(console, where, files.requestor(server_name="vault.example.org"))[0] is Outcome.SUCCESS
    assert echo(console, where, files.requestor(check_host_name=False))[0] is Outcome.SUCCESS


@pytest.mark.parametrize("profile", ["+py", "+px", "+pz"])
@pytest.mark.parametrize("own", list(TlsProfile))
def test_profiles_meet(
    own: TlsProfile, profile: str, console: Console, storescp: Start, files: Files, server: Any
) -> None:
    """Its BCP 195 profiles (PS3.15 B.9 to B.11, retired since) and ours."""
    where = storescp(*dcmtk(server, files, "-ic", profile))
    assert echo(console, where, files.requestor(profile=own))[0] is Outcome.SUCCESS
    assert verdict(console, of_requestor=True).version in ("TLSv1.2", "TLSv1.3")


def test_a_peer_with_tls_1_2_only(console: Console, storescp: Start, files: Files, server: Any) -> None:
    where = storescp(*dcmtk(server, files, "-ic", "+cs", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"))
    assert echo(console, where, files.requestor(maximum_version="1.2"))[0] is Outcome.SUCCESS
    assert verdict(console, of_requestor=True).version == "TLSv1.2"


def test_our_plain_client_at_storescp_with_tls(console: Console, storescp: Start, files: Files, server: Any) -> None:
    outcome, sentence = echo(console, storescp(*dcmtk(server, files)), None)
    assert outcome in (Outcome.CONNECTION_FAILED, Outcome.ABORTED)
    assert "TLS" in sentence


def test_our_tls_client_at_a_plain_storescp(console: Console, storescp: Start, files: Files) -> None:
    outcome, sentence = echo(console, storescp(), files.requestor())
    assert outcome is Outcome.CONNECTION_FAILED
    assert "plain DICOM" in sentence


# --- DCMTK as requestor -----------------------------------------------------------------------------------------------


def test_echoscu_and_storescu_with_certificates(
    console: Console, client: Start, files: Files, server: Any, ours: Any, tmp_path: Path
) -> None:
    tls = requestor(files, ours, client_certificates=ClientCertificates.REQUIRE)
    where = console.listen(folder=tmp_path / "kept", tls=tls)
    client("echoscu", *dcmtk(server, files), HOST, where.port).succeeded()
    sent = samples.archive(tmp_path / "archive")[0].path
    client("storescu", *dcmtk(server, files), HOST, where.port, sent).succeeded()
    (kept,) = (tmp_path / "kept").rglob("*.dcm")
    assert data_set_bytes(kept) == data_set_bytes(sent)
    seen = verdict(console, of_requestor=False)
    assert seen.verified and seen.peer_certificate is not None
    assert seen.peer_certificate.subject.startswith("CN=peer") and seen.peer_certificate.key == "RSA 2048 bit"


def test_an_anonymous_echoscu(console: Console, client: Start, files: Files, ours: Any) -> None:
    where = console.listen(tls=requestor(files, ours))
    client("echoscu", "+tla", "+cf", files.ca, HOST, where.port).succeeded()
    assert verdict(console, of_requestor=False).peer_certificate is None


def test_an_anonymous_echoscu_where_a_certificate_is_required(
    console: Console, client: Start, files: Files, ours: Any
) -> None:
    where = console.listen(tls=requestor(files, ours, client_certificates=ClientCertificates.REQUIRE))
    assert client("echoscu", "+tla", "+cf", files.ca, HOST, where.port).code
    assert "showed no client certificate" in ended(console, of_requestor=False).sentence


def test_an_echoscu_that_does_not_trust_us(console: Console, client: Start, files: Files, ours: Any) -> None:
    where = console.listen(tls=requestor(files, ours))
    assert client("echoscu", "+tla", HOST, where.port).code
    assert "does not trust the CA that issued our certificate" in ended(console, of_requestor=False).sentence


def test_a_plain_echoscu_at_our_tls_port(console: Console, client: Start, files: Files, ours: Any) -> None:
    where = console.listen(tls=requestor(files, ours))
    assert client("echoscu", HOST, where.port).code
    assert "sent an A-ASSOCIATE-RQ without TLS" in ended(console, of_requestor=False).sentence


def test_an_echoscu_with_tls_at_our_plain_port(console: Console, client: Start, files: Files) -> None:
    where = console.listen()
    assert client("echoscu", "+tla", "+cf", files.ca, HOST, where.port).code
    assert "a TLS ClientHello" in ended(console, of_requestor=False).sentence


# --- Orthanc ----------------------------------------------------------------------------------------------------------


def orthanc_tls(pair: tuple[Path, Path], files: Files, *, mutual: bool = True) -> dict[str, Any]:
    return {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(pair[0]),
        "DicomTlsPrivateKey": str(pair[1]),
        "DicomTlsTrustedCertificates": str(files.ca),
        "DicomTlsRemoteCertificateRequired": mutual,
    }


def modality(port: int) -> dict[str, Any]:
    return {"AET": TITLE, "Host": HOST, "Port": port, "UseDicomTls": True}


@pytest.mark.parametrize("mutual", [True, False])
def test_orthanc_with_tls(
    mutual: bool, console: Console, orthanc: Start, files: Files, server: Any, ours: Any, tmp_path: Path
) -> None:
    where = orthanc(settings=orthanc_tls(server, files, mutual=mutual))
    tls = requestor(files, ours) if mutual else files.requestor()
    assert echo(console, where, tls)[0] is Outcome.SUCCESS
    sent = samples.archive(tmp_path / "archive")
    status = console.run(
        StoreFiles(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=proposal(where, tls=tls),
            paths=tuple(s.path for s in sent),
        )
    )
    assert status.outcome is Outcome.SUCCESS, status.sentence
    shot = OneShot(
        association=console.new_id(),
        operation=console.new_id(),
        proposal=proposal(where, STUDY_FIND, tls=tls),
        messages=(find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="")),),
    )
    assert console.run(shot).outcome is Outcome.SUCCESS
    assert len(console.found(shot.operation)) == 3
    assert verdict(console, of_requestor=True).client_certificate_requested  # asked for even where not required


def test_orthanc_without_the_certificate_it_requires(
    console: Console, orthanc: Start, files: Files, server: Any
) -> None:
    outcome, sentence = echo(console, orthanc(settings=orthanc_tls(server, files)), files.requestor())
    assert outcome is Outcome.CONNECTION_FAILED
    assert "requires a client certificate" in sentence


def test_orthanc_moves_to_us_over_tls(
    console: Console, orthanc: Start, files: Files, server: Any, ours: Any, tmp_path: Path
) -> None:
    port = peers.free_port()
    where = orthanc(settings=orthanc_tls(server, files) | {"DicomModalities": {"console": modality(port)}})
    tls = requestor(files, ours, client_certificates=ClientCertificates.REQUIRE)
    sent = samples.archive(tmp_path / "archive")
    store = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where, tls=tls),
        paths=(sent[0].path,),
    )
    assert console.run(store).outcome is Outcome.SUCCESS
    status = console.run(
        Retrieve(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=proposal(where, STUDY_MOVE, calling=TITLE, tls=tls),
            service="C-MOVE",
            sop_class_uid=STUDY_MOVE,
            identifier=keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=sent[0].study_uid),
            move_destination=TITLE,
            listen_port=port,
            listen_tls=tls,
            folder=tmp_path / "moved",
        )
    )
    assert status.outcome is Outcome.SUCCESS, status.sentence
    (moved,) = (tmp_path / "moved").rglob("*.dcm")
    assert data_set_bytes(moved) == data_set_bytes(sent[0].path)


def test_orthanc_calls_us(
    console: Console, orthanc: Start, files: Files, server: Any, ours: Any, tmp_path: Path
) -> None:
    tls = requestor(files, ours, client_certificates=ClientCertificates.REQUIRE)
    where = console.listen(folder=tmp_path / "kept", tls=tls, policy=Policy(ae_titles=(TITLE,)))
    archive = orthanc(settings=orthanc_tls(server, files) | {"DicomModalities": {"console": modality(where.port)}})
    archive.rest("POST", "/modalities/console/echo", {})
    sent = samples.archive(tmp_path / "archive")[0].path
    made = archive.rest("POST", "/instances", sent.read_bytes())
    archive.rest("POST", "/modalities/console/store", made["ID"].encode())
    (kept,) = (tmp_path / "kept").rglob("*.dcm")
    assert data_set_bytes(kept) == data_set_bytes(sent)
    assert verdict(console, of_requestor=False).verified


# --- pynetdicom -------------------------------------------------------------------------------------------------------


def context_of(purpose: ssl.Purpose, pair: tuple[Path, Path], files: Files) -> ssl.SSLContext:
    context = ssl.create_default_context(purpose, cafile=str(files.ca))
    context.load_cert_chain(*map(str, pair))
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextlib.contextmanager
def pynetdicom_tls(context: ssl.SSLContext) -> Iterator[peers.Peer]:
    ae = AE(ae_title="PYNETDICOM")
    ae.add_supported_context(VERIFICATION)
    answers = [(evt.EVT_C_ECHO, peers.answer_success)]
    running = ae.start_server((HOST, 0), block=False, evt_handlers=answers, ssl_context=context)
    try:
        yield peers.Peer("pynetdicom", "PYNETDICOM", running.server_address[1], Path())
    finally:
        running.shutdown()
        ae.shutdown()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_mutual_tls_with_a_pynetdicom_provider(
    version: str, console: Console, files: Files, server: Any, ours: Any
) -> None:
    with pynetdicom_tls(context_of(ssl.Purpose.CLIENT_AUTH, server, files)) as where:
        assert echo(console, where, requestor(files, ours, maximum_version=version))[0] is Outcome.SUCCESS
    seen = verdict(console, of_requestor=True)
    assert seen.version == f"TLSv{version}" and seen.verified and seen.client_certificate_requested


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_pynetdicom_user_with_its_certificate(
    version: ssl.TLSVersion, console: Console, files: Files, server: Any, ours: Any
) -> None:
    where = console.listen(tls=requestor(files, ours, client_certificates=ClientCertificates.REQUIRE))
    context = context_of(ssl.Purpose.SERVER_AUTH, server, files)
    context.minimum_version = context.maximum_version = version
    ae = AE()
    ae.add_requested_context(VERIFICATION)
    association = ae.associate(HOST, where.port, tls_args=(context, "localhost"))
    assert association.is_established
    assert association.send_c_echo().Status == 0
    association.release()
    assert ended(console, of_requestor=False).phase is AssociationPhase.RELEASED
    seen = verdict(console, of_requestor=False)
    assert seen.verified and seen.server_name == "localhost"
