"""One settings file, as the window writes it, makes a listener that real peers meet: who is let in, and with what."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from pynetdicom import AE, build_role
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation, UserIdentityNegotiation

from engine.cli.listener_options import listener_settings
from engine.cli.main import build_parser
from engine.cli.options import open_workspace
from engine.model.association import AcceptedSyntax, ExtendedNegotiation, LocalAE, Policy, Rejection
from engine.model.commands import MoveDestination, PeerSettings
from engine.model.identity import SecretHash
from engine.model.notices import AssociationNotice, AssociationPhase
from engine.model.tls import ClientCertificates, TlsSettings
from engine.workspace.listening import ListenerSettings, save_listener
from tests.interop import peers, samples
from tests.interop.operating import TIMEOUTS, Operator
from tests.runtime.tls_files import Files, make_files

Start = Callable[..., Any]
HOST, TITLE = "127.0.0.1", "CONSOLE"
VERIFICATION, CT, FIND = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.2.2.1"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
RSA = {"key_type": trustme.KeyType.RSA}
ANY = AcceptedSyntax(abstract_syntax="*")
POLICY = Policy(local=LocalAE(ae_title=TITLE), timeouts=TIMEOUTS)


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def listening(operator: Operator, tmp_path: Path) -> Callable[..., peers.Peer]:
    """Writes a settings file and listens as `listen --settings FILE` does."""

    def start(settings: ListenerSettings) -> peers.Peer:
        file = tmp_path / "listener.toml"
        save_listener(file, settings)
        args = build_parser().parse_args(["listen", "--settings", str(file), "--port", "0"])
        _, port, made = listener_settings(args, open_workspace())
        others = {"folder": made.folder, "destinations": made.destinations, "tls": made.tls, "delays": made.delays}
        return operator.listen(port, policy=made.policy, **others)

    return start


def settings(policy: Policy, **more: Any) -> ListenerSettings:
    users = more.pop("users", None)
    return ListenerSettings(peer=PeerSettings(policy=policy, **more), users=users)


def associate(
    where: peers.Peer, uid: str, syntaxes: list[str], items: tuple[Any, ...] = (), calling: str = "CLIENT", **more: Any
) -> Association:
    ae = AE(ae_title=calling)
    ae.add_requested_context(uid, syntaxes)
    return ae.associate(HOST, where.port, ae_title=TITLE, ext_neg=list(items), **more)


def test_pynetdicom_meets_the_whole_of_a_policy(listening: Start, tmp_path: Path, operator: Operator) -> None:
    users = tmp_path / "users.toml"
    users.write_text(f'[[user]]\nname = "ann"\nhash = "{SecretHash.of(b"sesame").text}"\n')
    policy = replace(
        POLICY,
        calling_ae_titles=("CLIENT", "OTHER"),
        accepted=(AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(EXPLICIT, IMPLICIT), scp=False),),
        require_identity=True,
        max_associations_per_peer=1,
        extended=(ExtendedNegotiation(CT, b"\1\0\3\0\1\0"),),
    )
    where = listening(settings(policy, users=users))
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.primary_field, identity.secondary_field = 2, b"ann", b"sesame"
    level = SOPClassExtendedNegotiation()
    level.sop_class_uid, level.service_class_application_information = CT, b"\2\0\0\0\2\0"
    items = (identity, level, build_role(CT, scu_role=True, scp_role=True))

    # Rejected before it looks whether it has a connection, pynetdicom takes that for none: why is asked of us, below.
    first = associate(where, CT, [IMPLICIT, EXPLICIT], items)
    assert first.is_established
    (context,) = first.accepted_contexts
    assert context.transfer_syntax == [EXPLICIT]
    assert (context.as_scu, context.as_scp) == (True, False)
    assert first.acceptor.sop_class_extended == {CT: b"\1\0\3\0\1\0"}

    assert not associate(where, CT, [IMPLICIT], items).is_established  # a second one of the same title
    other = associate(where, CT, [IMPLICIT], items, calling="OTHER")
    assert other.is_established
    assert not associate(where, CT, [IMPLICIT], (level,), calling="THIRD").is_established
    other.release()
    first.release()
    operator.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.RELEASED and n.peer.ae_title == "CLIENT")
    assert not associate(where, CT, [IMPLICIT]).is_established  # without an identity
    for codes in ((2, 3, 2), (1, 1, 3), (1, 2, 1)):
        operator.wait(AssociationNotice, lambda n, codes=codes: n.rejection == codes)


@pytest.mark.parametrize("codes", [(1, 1, 9), (2, 3, 2), (1, 2, 1)])
def test_echoscu_is_rejected_with_any_values(codes: tuple[int, int, int], listening: Start, client: Start) -> None:
    where = listening(settings(replace(POLICY, reject=Rejection(*codes))))
    told = client("echoscu", "-v", HOST, where.port)
    assert told.code != 0
    assert "Association Rejected" in told.output


def test_a_limit_for_each_caller_with_echoscu(listening: Start, client: Start, operator: Operator) -> None:
    where = listening(settings(replace(POLICY, max_associations_per_peer=1)))
    held = associate(where, VERIFICATION, [IMPLICIT])
    told = client("echoscu", "-v", "-aet", "CLIENT", HOST, where.port)
    assert "Local Limit Exceeded" in told.output
    client("echoscu", "-aet", "SOMEBODY", HOST, where.port).succeeded()
    held.release()
    operator.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.RELEASED and n.peer.ae_title == "CLIENT")
    client("echoscu", "-aet", "CLIENT", HOST, where.port).succeeded()


@pytest.mark.parametrize("clients", [ClientCertificates.NONE, ClientCertificates.REQUIRE])
def test_tls_clients_are_asked_for_certificates_or_not(
    clients: ClientCertificates, listening: Start, client: Start, files: Files
) -> None:
    certificate, key = files.apart("listener", **RSA)
    tls = TlsSettings(certificate=certificate, key=key, ca_file=files.ca, client_certificates=clients)
    where = listening(settings(POLICY, tls=tls))
    theirs = files.apart("echoscu", **RSA)
    shown = ["+tls", str(theirs[1]), str(theirs[0]), "+cf", str(files.ca)]
    client("echoscu", *shown, HOST, where.port).succeeded()
    bare = client("echoscu", "+tla", "+cf", str(files.ca), HOST, where.port)
    assert (bare.code == 0) is (clients is ClientCertificates.NONE)
    assert client("echoscu", HOST, where.port).code != 0  # a plain client
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(theirs[0], theirs[1])
    held = associate(where, VERIFICATION, [IMPLICIT], tls_args=(context, "localhost"))
    assert held.is_established
    held.release()


def test_movescu_has_files_sent_over_tls_to_a_destination_of_the_settings(
    listening: Start, client: Start, storescp: Start, files: Files, archive: list[samples.Sample], operator: Operator
) -> None:
    pair = files.apart("storescp", **RSA)
    target = storescp("+tls", str(pair[1]), str(pair[0]), "+cf", str(files.ca), "-ic")
    to = MoveDestination(
        ae_title="SAFE", host="localhost", port=target.port, tls=TlsSettings(ca_file=files.ca, check_host_name=False)
    )
    where = listening(settings(POLICY, destinations=(to,)))
    sample = archive[0]
    client("storescu", "-aec", TITLE, HOST, where.port, sample.path).succeeded()
    keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={sample.study_uid}")
    client("movescu", "-S", "-aec", TITLE, "-aem", "SAFE", HOST, where.port, *keys).succeeded()
    assert len([f for f in target.folder.iterdir() if f.is_file() and f.stat().st_size > 500]) == 1
    told = client("movescu", "-v", "-S", "-aec", TITLE, "-aem", "NOBODY", HOST, where.port, *keys)
    assert "MoveDestinationUnknown" in told.output.replace(" ", "")


def test_orthanc_is_let_in_and_queries_level_by_level(
    listening: Start, orthanc: Start, archive: list[samples.Sample], client: Start
) -> None:
    """It proposes no option and no identity; its queries name the levels above, as hierarchical ones must."""
    where = listening(settings(replace(POLICY, ae_titles=(TITLE,), calling_ae_titles=("ORTHANC", "STORESCU"))))
    for sample in archive:
        client("storescu", "-aec", TITLE, HOST, where.port, sample.path).succeeded()
    peer = orthanc(modalities={"console": (TITLE, where.port)})
    peer.rest("POST", "/modalities/console/echo", {})
    series = {"Level": "Series", "Query": {"StudyInstanceUID": archive[0].study_uid}}
    query = peer.rest("POST", "/modalities/console/query", series)
    expected = {s.series_uid for s in archive if s.study_uid == archive[0].study_uid}
    assert len(peer.rest("GET", f"/queries/{query['ID']}/answers")) == len(expected)
    with pytest.raises(peers.PeerError):
        peer.rest("POST", "/modalities/console/query", {"Level": "Series", "Query": {"Modality": "CT"}})
