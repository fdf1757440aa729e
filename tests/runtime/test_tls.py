"""TLS in both roles at once: what works, what does not and the sentence it gets on each side, nothing left behind."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.association import Role
from engine.model.commands import (
    Listen,
    MoveDestination,
    OneShot,
    PeerSettings,
    Retrieve,
)
from engine.model.dataset import EncodedData
from engine.model.notices import AssociationNotice, AssociationPhase, ErrorNotice, ListenerNotice, Outcome
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings
from engine.wire import datasets
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    STUDY_GET,
    STUDY_MOVE,
    Console,
    echo_rq,
    keys,
    proposal,
    store_rq,
)
from tests.runtime.tls_files import Files
from tests.runtime.tls_talk import failed, listening, secured, shoot

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("profile", list(TlsProfile))
def test_an_echo_with_every_profile(profile: TlsProfile, version: str, console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(profile=profile))
    assert f"Only TLS is spoken here: {profile.title}" in where.sentence
    tls = files.requestor(profile=profile, maximum_version=version)
    assert shoot(console, where, tls)[0] is Outcome.SUCCESS
    ours, theirs = secured(console, requestor=True), secured(console, requestor=False)
    assert ours.version == theirs.version == f"TLSv{version}" and ours.cipher == theirs.cipher
    assert ours.verified and ours.host_name_matches and ours.host_name == HOST
    assert ours.peer_certificate is not None and ours.peer_certificate.subject.startswith("CN=server")
    assert ours.peer_certificate == theirs.own_certificate
    assert ours.client_certificate_requested is theirs.client_certificate_requested is False
    assert theirs.peer_certificate is None and theirs.verified is None


def test_every_later_notice_of_the_association_has_the_verdict(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor())
    assert shoot(console, where, files.requestor())[0] is Outcome.SUCCESS
    failed(console, requestor=False)
    told = console.of(AssociationNotice)
    assert [n.phase for n in told if n.tls is None] == [AssociationPhase.CONNECTING]
    assert [n.requestor for n in told if n.phase is AssociationPhase.RELEASED and n.tls] in (
        [True, False],
        [False, True],
    )


def test_old_versions_only_where_nothing_is_promised(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(profile=TlsProfile.ANY))
    old = {"minimum_version": "1.0", "maximum_version": "1.1"}
    assert shoot(console, where, files.requestor(profile=TlsProfile.ANY, **old))[0] is Outcome.SUCCESS
    assert secured(console, requestor=True).version == "TLSv1.1"


@pytest.mark.parametrize("kind", ["self_signed", "issued"])
def test_a_peers_own_certificate_can_be_the_one_trusted(kind: str, console: Console, files: Files) -> None:
    path = files.self_signed() if kind == "self_signed" else files.issue("server")
    where = listening(console, TlsSettings(certificate=path))
    first = path.read_text().partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END CERTIFICATE-----")[0]
    pinned = files.folder / "pinned.pem"
    pinned.write_text(f"-----BEGIN CERTIFICATE-----{first}-----END CERTIFICATE-----\n")
    assert shoot(console, where, TlsSettings(ca_file=pinned, server_name="localhost"))[0] is Outcome.SUCCESS
    assert secured(console, requestor=True).verified


def test_large_data_sets_go_both_ways_bit_for_bit(console: Console, files: Files, tmp_path: Path) -> None:
    where = listening(console, files.acceptor(), folder=tmp_path / "kept")
    uid = "1.2.826.0.1.3680043.9.1"
    element = bytes.fromhex("e07f1000") + b"OW\0\0"
    pixels = bytes(range(256)) * 4 * 1024 * 12  # 12 MiB
    head = datasets.encode_dataset(
        keys(SOPClassUID=CT, SOPInstanceUID=uid, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4"), EXPLICIT
    )
    data = head + element + len(pixels).to_bytes(4, "little") + pixels
    stored = console.one_shot(
        proposal(where, (CT, EXPLICIT), tls=files.requestor()), store_rq(CT, uid, EncodedData(data, EXPLICIT))
    )
    assert stored.outcome is Outcome.SUCCESS, stored.sentence
    back = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(where, STUDY_GET, tls=files.requestor()),
        service="C-GET",
        sop_class_uid=STUDY_GET,
        identifier=keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3"),
        folder=tmp_path / "back",
    )
    context = proposal(where, STUDY_GET).contexts[0]
    storage = proposal(where, (CT, EXPLICIT), tls=files.requestor()).contexts[0]
    wanted = (context, replace(storage, id=3, role=Role.SCP))
    status = console.run(replace(back, proposal=replace(back.proposal, contexts=wanted)))
    assert status.outcome is Outcome.SUCCESS, status.sentence
    (path,) = (tmp_path / "back").rglob("*.dcm")
    assert datasets.load_file(datasets.open_file(path).data).data == data


def test_many_at_once(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor())
    shots = [
        OneShot(
            association=console.new_id(),
            operation=console.new_id(),
            proposal=proposal(where, tls=files.requestor()),
            messages=(echo_rq(),) * 5,
        )
        for _ in range(20)
    ]
    for shot in shots:
        console.submit(shot)
    assert all(console.status(shot.operation).outcome is Outcome.SUCCESS for shot in shots)


def test_a_move_goes_over_tls_to_the_destination_and_to_ourselves(
    console: Console, files: Files, tmp_path: Path
) -> None:
    port = _free_port()
    target = MoveDestination(ae_title="CONSOLE", host=HOST, port=port, tls=files.requestor())
    where = listening(console, files.acceptor(), destinations=(target,))
    uid = "1.2.826.0.1.3680043.9.2"
    data = datasets.encode_dataset(keys(SOPClassUID=CT, SOPInstanceUID=uid, StudyInstanceUID="1.2.3"), EXPLICIT)
    tls = files.requestor()
    console.one_shot(proposal(where, (CT, EXPLICIT), tls=tls), store_rq(CT, uid, EncodedData(data, EXPLICIT)))
    status = console.run(
        Retrieve(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=proposal(where, STUDY_MOVE, tls=tls),
            service="C-MOVE",
            sop_class_uid=STUDY_MOVE,
            identifier=keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3"),
            move_destination="CONSOLE",
            listen_port=port,
            listen_tls=files.acceptor(),
            folder=tmp_path / "moved",
        )
    )
    assert status.outcome is Outcome.SUCCESS, status.sentence
    assert status.completed == 1
    assert any((tmp_path / "moved").rglob("*.dcm"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def test_the_server_name_can_be_another_one(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(certificate=files.issue("vault", "vault.example.org")))
    assert shoot(console, where, files.requestor(server_name="vault.example.org"))[0] is Outcome.SUCCESS
    assert secured(console, requestor=False).server_name == "vault.example.org"
    assert secured(console, requestor=True).host_name == "vault.example.org"


def test_the_host_name_check_can_be_off_and_the_outcome_is_still_told(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(certificate=files.issue("vault", "vault.example.org")))
    assert shoot(console, where, files.requestor(check_host_name=False))[0] is Outcome.SUCCESS
    ours = secured(console, requestor=True)
    assert ours.verified and ours.host_name_matches is False
    told = console.of(AssociationNotice, lambda n: n.requestor and n.tls is not None)[0]
    assert "BUT IS NOT FOR 127.0.0.1" in told.sentence


@pytest.mark.parametrize("kind", ["expired", "self_signed", "of_another_ca"])
def test_without_verification_any_certificate_is_taken_and_shown(kind: str, console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(certificate=getattr(files, kind)()))
    assert shoot(console, where, TlsSettings(verify=False))[0] is Outcome.SUCCESS
    ours = secured(console, requestor=True)
    assert ours.verified is None and ours.peer_certificate is not None
    told = console.of(AssociationNotice, lambda n: n.requestor and n.tls is not None)[0]
    assert "NOT VERIFIED" in told.sentence


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("asked", [ClientCertificates.REQUEST, ClientCertificates.REQUIRE])
def test_mutual_authentication(asked: ClientCertificates, version: str, console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(client_certificates=asked, maximum_version=version))
    tls = files.requestor(certificate=files.issue("modality"))
    assert shoot(console, where, tls)[0] is Outcome.SUCCESS
    ours, theirs = secured(console, requestor=True), secured(console, requestor=False)
    assert theirs.verified and theirs.peer_certificate is not None
    assert theirs.peer_certificate == ours.own_certificate
    assert theirs.peer_certificate.subject.startswith("CN=modality")
    assert ours.client_certificate_requested


def test_a_requested_certificate_may_be_missing(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(client_certificates=ClientCertificates.REQUEST))
    assert shoot(console, where, files.requestor())[0] is Outcome.SUCCESS
    told = console.of(AssociationNotice, lambda n: not n.requestor and n.tls is not None)[0]
    assert told.sentence.endswith("no client certificate was shown.")


def test_anonymous_tls_only_where_nobody_wants_a_certificate(console: Console, files: Files) -> None:
    old = {"profile": TlsProfile.ANY, "maximum_version": "1.2"}
    where = listening(console, TlsSettings(**old))
    assert shoot(console, where, files.requestor(**old))[0] is Outcome.CONNECTION_FAILED
    assert shoot(console, where, TlsSettings(verify=False, **old))[0] is Outcome.SUCCESS
    told = console.of(AssociationNotice, lambda n: n.requestor and n.phase is AssociationPhase.CONNECTING)[-1]
    assert told.sentence.endswith("THE PEER SHOWED NO CERTIFICATE (anonymous).")
    strict = listening(console, files.acceptor(client_certificates=ClientCertificates.REQUIRE, **old))
    assert shoot(console, strict, TlsSettings(verify=False, **old))[0] is Outcome.CONNECTION_FAILED


Make = Callable[[Files], TlsSettings | None]
FAILURES: dict[str, tuple[Make, Make, str, str]] = {
    "unknown CA": (
        lambda f: f.acceptor(certificate=f.of_another_ca()),
        lambda f: f.requestor(),
        "its issuer is not among the CAs trusted",
        "does not trust the CA that issued our certificate (CN=stranger",
    ),
    "self-signed": (
        lambda f: f.acceptor(certificate=f.self_signed()),
        lambda f: f.requestor(),
        "it is self-signed and not among those trusted",
        "does not trust the CA",
    ),
    "expired": (
        lambda f: f.acceptor(certificate=f.expired()),
        lambda f: f.requestor(),
        "it expired on 20",
        "says our certificate has expired",
    ),
    "not yet valid": (
        lambda f: f.acceptor(certificate=f.not_yet()),
        lambda f: f.requestor(),
        "it is not valid before 20",
        "says our certificate is wrong",
    ),
    "another host": (
        lambda f: f.acceptor(certificate=f.issue("vault", "vault.example.org")),
        lambda f: f.requestor(),
        "it is for vault.example.org, not for 127.0.0.1. Connect by that name",
        "says our certificate is wrong: damaged, or for another host name",
    ),
    "another name": (
        lambda f: f.acceptor(),
        lambda f: f.requestor(server_name="archive.example.org"),
        "it is for localhost, 127.0.0.1, ::1, not for archive.example.org",
        "says our certificate is wrong",
    ),
    "no common version, ours old": (
        lambda f: f.acceptor(minimum_version="1.3"),
        lambda f: f.requestor(maximum_version="1.2"),
        "speaks no TLS version that we allow",
        "speaks no TLS version that we allow",
    ),
    "no common version, theirs old": (
        lambda f: f.acceptor(profile=TlsProfile.ANY, maximum_version="1.1"),
        lambda f: f.requestor(),
        "speaks no TLS version that we allow",
        "speaks no TLS version that we allow",
    ),
    "client certificate required, TLS 1.3": (
        lambda f: f.acceptor(client_certificates=ClientCertificates.REQUIRE),
        lambda f: f.requestor(),
        "requires a client certificate and we showed none",
        "showed no client certificate, which is required here",
    ),
    "client certificate required, TLS 1.2": (
        lambda f: f.acceptor(client_certificates=ClientCertificates.REQUIRE, maximum_version="1.2"),
        lambda f: f.requestor(),
        "requires a client certificate and we showed none",
        "showed no client certificate, which is required here",
    ),
    "client certificate of another CA, TLS 1.3": (
        lambda f: f.acceptor(client_certificates=ClientCertificates.REQUIRE),
        lambda f: f.requestor(certificate=f.of_another_ca()),
        "does not trust the CA that issued our certificate (CN=stranger",
        "its issuer is not among the CAs trusted",
    ),
    "client certificate of another CA, TLS 1.2": (
        lambda f: f.acceptor(client_certificates=ClientCertificates.REQUIRE, maximum_version="1.2"),
        lambda f: f.requestor(certificate=f.of_another_ca()),
        "does not trust the CA that issued our certificate (CN=stranger",
        "its issuer is not among the CAs trusted",
    ),
    "client certificate expired": (
        lambda f: f.acceptor(client_certificates=ClientCertificates.REQUEST),
        lambda f: f.requestor(certificate=f.expired()),
        "says our certificate has expired",
        "it expired on 20",
    ),
    "plain client, TLS port": (
        lambda f: f.acceptor(),
        lambda f: None,
        "a TLS alert: the other side speaks TLS and this side does not. Check the port, or switch TLS on",
        "sent an A-ASSOCIATE-RQ without TLS, and this port speaks TLS only. Switch TLS on there",
    ),
    "TLS client, plain port": (
        lambda f: None,
        lambda f: f.requestor(),
        "answered our TLS ClientHello with an A-ABORT without TLS. The port speaks plain DICOM",
        "a TLS ClientHello: the other side speaks TLS and this side does not. Switch TLS off there",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_each_failure_has_its_sentence_on_both_sides(case: str, console: Console, files: Files) -> None:
    acceptor, requestor, ours, theirs = FAILURES[case]
    where = listening(console, acceptor(files))
    outcome, sentence = shoot(console, where, requestor(files))
    assert ours in sentence
    assert sentence.endswith(".") and "SSL" not in sentence
    tls_seen = requestor(files) is not None
    assert outcome is (Outcome.CONNECTION_FAILED if tls_seen else Outcome.ABORTED)
    told = failed(console, requestor=False)
    assert theirs in told.sentence
    assert told.peer.host == HOST and told.peer.port and told.listener == where.listener
    assert not console.of(ErrorNotice)


def test_a_refused_certificate_is_shown_all_the_same(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(certificate=files.expired()))
    shoot(console, where, files.requestor())
    verdict = failed(console, requestor=True).tls
    assert verdict is not None and verdict.verified is False and verdict.reason.startswith("it expired on")
    assert verdict.peer_certificate is not None and verdict.peer_certificate.not_after < time.time()
    assert verdict.host_name_matches and verdict.alert == "sent certificate_expired (45)"
    other = failed(console, requestor=False).tls
    assert other is not None and other.alert == "received certificate_expired (45)"


def test_no_common_cipher_suite(console: Console, files: Files) -> None:
    """A client that offers only what the profile leaves out."""
    where = listening(console, files.acceptor())
    context = ssl.create_default_context(cafile=str(files.ca))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA")
    with socket.create_connection((HOST, where.port)) as sock, pytest.raises(ssl.SSLError):
        context.wrap_socket(sock, server_hostname=HOST)
    assert "offers no cipher suite that we allow" in failed(console, requestor=False).sentence


def test_mistakes_in_settings_end_before_anything_is_sent(console: Console, files: Files) -> None:
    number = console.new_id()
    console.submit(Listen(listener=number, settings=PeerSettings(tls=TlsSettings())))
    told = console.wait(ListenerNotice, lambda n: n.listener == number)
    assert not told.listening and "a certificate and its private key are needed" in told.sentence
    where = listening(console, files.acceptor())
    outcome, sentence = shoot(console, where, TlsSettings(ca_file=Path("/no/such.pem")))
    assert outcome is Outcome.NOT_SENT and "The CA file" in sentence
    outcome, sentence = shoot(console, where, files.requestor(server_name=".wrong"))
    assert outcome is Outcome.NOT_SENT and "cannot be used as a TLS server name" in sentence
    assert not console.of(AssociationNotice, lambda n: not n.requestor)
