"""Findings on real handshakes, on both sides of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.association import Policy
from engine.model.commands import OneShot
from engine.model.notices import AssociationNotice, Direction, FindingNotice
from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings
from tests.runtime.console import Console, echo_rq, proposal
from tests.runtime.tls_files import Files, make_files
from tests.runtime.tls_talk import LONG

Settings = Callable[[Files], tuple[TlsSettings, TlsSettings]]
ANY, REQUIRE = TlsProfile.ANY, ClientCertificates.REQUIRE
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_files(tmp_path / "tls")


def mutual(f: Files) -> tuple[TlsSettings, TlsSettings]:
    return f.acceptor(client_certificates=REQUIRE), f.requestor(certificate=f.issue("client"))


def old_version(f: Files) -> tuple[TlsSettings, TlsSettings]:
    return f.acceptor(profile=ANY), f.requestor(profile=ANY, maximum_version="1.1")


def expired(f: Files) -> tuple[TlsSettings, TlsSettings]:
    return f.acceptor(certificate=f.expired()), f.requestor()


def other_name(f: Files) -> tuple[TlsSettings, TlsSettings]:
    return f.acceptor(certificate=f.issue("elsewhere", "elsewhere.example")), f.requestor(check_host_name=False)


def self_signed(f: Files) -> tuple[TlsSettings, TlsSettings]:
    return f.acceptor(certificate=f.self_signed()), f.requestor(ca_file=f.self_signed(), check_host_name=False)


def without_certificate(f: Files) -> tuple[TlsSettings, TlsSettings]:
    return f.acceptor(client_certificates=ClientCertificates.REQUEST), f.requestor()


CASES: dict[str, tuple[Settings, set[tuple[str, Direction]], set[tuple[str, Direction]]]] = {
    # what each side finds: the requestor, the acceptor
    "mutual": (mutual, set(), set()),
    "old version": (
        old_version,
        {
            ("tls.version", RECEIVED),
            ("tls.suite", RECEIVED),
            ("tls.modified-suite", RECEIVED),
            ("tls.mutual", RECEIVED),
        },
        {("tls.version", SENT), ("tls.suite", SENT), ("tls.modified-suite", SENT)},
    ),
    "expired": (
        expired,
        {("tls.certificate-validity", RECEIVED), ("tls.verified", RECEIVED)},
        {("tls.certificate-validity", SENT)},
    ),
    "other name": (other_name, {("tls.host-name", RECEIVED), ("tls.mutual", RECEIVED)}, set()),
    "self-signed": (
        self_signed,
        {("tls.self-signed", RECEIVED), ("tls.host-name", RECEIVED), ("tls.mutual", RECEIVED)},
        {("tls.self-signed", SENT)},
    ),
    "no client certificate": (without_certificate, set(), {("tls.client-certificate", RECEIVED)}),
}


@pytest.mark.parametrize("case", CASES)
def test_each_side_finds_what_departs_from_the_profile(case: str, console: Console, files: Files) -> None:
    settings, by_requestor, by_acceptor = CASES[case]
    acceptor, requestor = settings(files)
    where = console.listen(tls=acceptor, policy=Policy(timeouts=LONG))
    shot = OneShot(
        association=console.new_id(),
        operation=console.new_id(),
        proposal=proposal(where, tls=requestor, timeouts=LONG),
        messages=(echo_rq(),),
    )
    console.run(shot)
    for ours in (True, False):
        console.wait(AssociationNotice, lambda n, ours=ours: n.requestor is ours and n.outcome is not None)
    found: dict[bool, set[tuple[str, Direction]]] = {True: set(), False: set()}
    for n in console.of(FindingNotice):
        if n.rule.startswith("tls."):
            found[n.association == shot.association].add((n.rule, n.direction))
    assert found == {True: by_requestor, False: by_acceptor}
