"""What is found in TLS with real peers: with certificates on both sides nothing; else what they really leave out."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest

from engine.model.notices import AssociationNotice, FindingNotice, Outcome
from engine.model.tls import ClientCertificates, TlsProfile
from tests.interop.test_tls_peers import (
    RSA,
    context_of,
    dcmtk,
    echo,
    ended,
    files,
    orthanc_tls,
    ours,
    pynetdicom_tls,
    requestor,
    server,
)
from tests.runtime.console import HOST, Console
from tests.runtime.tls_files import Files

__all__ = ["files", "ours", "server"]
pytestmark = pytest.mark.interop
Start = Callable[..., Any]
ASKED = ClientCertificates.REQUIRE


def found(console: Console) -> set[str]:
    """ "received tls.mutual", of both sides of all associations."""
    return {f"{n.direction.value} {n.rule}" for n in console.of(FindingNotice) if n.rule.startswith("tls.")}


def refused(console: Console) -> AssociationNotice:
    return ended(console, of_requestor=True)


def test_nothing_with_storescp_and_certificates_on_both_sides(
    console: Console, storescp: Start, files: Files, server: Any, ours: Any
) -> None:
    where = storescp(*dcmtk(server, files))
    assert echo(console, where, requestor(files, ours))[0] is Outcome.SUCCESS
    assert found(console) == set()


def test_a_storescp_that_asks_for_no_certificate(console: Console, storescp: Start, files: Files, server: Any) -> None:
    where = storescp(*dcmtk(server, files, "-ic"))
    assert echo(console, where, files.requestor())[0] is Outcome.SUCCESS
    assert found(console) == {"received tls.mutual"}


@pytest.mark.parametrize(
    ("suite", "rules"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", set()),
        # no authenticated encryption
        ("ECDHE-RSA-AES128-SHA256", {"received tls.suite", "received tls.modified-suite"}),
        # no forward secrecy
        ("AES128-GCM-SHA256", {"received tls.suite", "received tls.modified-suite"}),
    ],
)
def test_the_suite_a_pynetdicom_provider_insists_on(
    suite: str, rules: set[str], console: Console, files: Files, server: Any, ours: Any
) -> None:
    context = context_of(ssl.Purpose.CLIENT_AUTH, server, files)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pynetdicom_tls(context) as where:
        assert echo(console, where, requestor(files, ours, profile=TlsProfile.ANY))[0] is Outcome.SUCCESS
    assert found(console) == rules


@pytest.mark.parametrize("mutual", [True, False])
def test_nothing_with_orthanc(
    mutual: bool, console: Console, orthanc: Start, files: Files, server: Any, ours: Any
) -> None:
    """It asks for a certificate even where it requires none."""
    where = orthanc(settings=orthanc_tls(server, files, mutual=mutual))
    tls = requestor(files, ours) if mutual else files.requestor()
    assert echo(console, where, tls)[0] is Outcome.SUCCESS
    assert found(console) == set()


def test_nothing_with_echoscu_and_its_certificate(
    console: Console, client: Start, files: Files, server: Any, ours: Any
) -> None:
    where = console.listen(tls=requestor(files, ours, client_certificates=ASKED))
    client("echoscu", *dcmtk(server, files), HOST, where.port).succeeded()
    ended(console, of_requestor=False)
    assert found(console) == set()


def test_an_echoscu_that_shows_no_certificate(console: Console, client: Start, files: Files, ours: Any) -> None:
    where = console.listen(tls=requestor(files, ours, client_certificates=ClientCertificates.REQUEST))
    client("echoscu", "+tla", "+cf", files.ca, HOST, where.port).succeeded()
    ended(console, of_requestor=False)
    assert found(console) == {"received tls.client-certificate"}


def test_a_storescp_whose_certificate_is_for_another(console: Console, storescp: Start, files: Files) -> None:
    """The handshake breaks off at it, so nothing is said of what was not seen."""
    pair = files.apart("elsewhere", "elsewhere.example", **RSA)
    where = storescp(*dcmtk(pair, files, "-ic"))
    assert echo(console, where, files.requestor())[0] is Outcome.CONNECTION_FAILED
    assert refused(console).tls is not None
    assert found(console) == {"received tls.host-name", "received tls.verified"}
