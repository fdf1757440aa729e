"""Handshakes that break a rule of the TLS profiles, each with the same handshake done right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.conformance.watcher import Verdict, Watcher
from engine.model.tls import Certificate, TlsVerdict

NOW = 1_800_000_000.0
DAY = 86_400.0
CERTIFICATE = Certificate(
    subject="CN=pacs.example",
    issuer="CN=Hospital CA",
    names=("DNS:pacs.example",),
    not_before=NOW - 30 * DAY,
    not_after=NOW + 30 * DAY,
    key="RSA 2048 bit",
    signature="SHA-256 with RSA",
)
GOOD = TlsVerdict(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    peer_certificate=CERTIFICATE,
    verified=True,
    host_name="pacs.example",
    host_name_matches=True,
    client_certificate_requested=True,
    own_certificate=replace(CERTIFICATE, subject="CN=console"),
)


def verdict(**changes: Any) -> TlsVerdict:
    return replace(GOOD, **changes)


def showing(**changes: Any) -> TlsVerdict:
    """The peer's certificate is another one."""
    return replace(GOOD, peer_certificate=replace(CERTIFICATE, **changes))


def judged(what: TlsVerdict, *, requestor: bool = True) -> list[Verdict]:
    return Watcher(requestor).tls(what, NOW)


Case = tuple[Callable[[], list[Verdict]], Callable[[], list[Verdict]]]


def case(bad: TlsVerdict, good: TlsVerdict, *, requestor: bool = True) -> Case:
    return (lambda: judged(bad, requestor=requestor), lambda: judged(good, requestor=requestor))


def twelve(cipher: str) -> TlsVerdict:
    return verdict(version="TLSv1.2", cipher=cipher)


CASES: dict[str, Case] = {
    "tls.version": case(
        verdict(version="TLSv1.1", cipher="ECDHE-RSA-AES128-SHA"), twelve("ECDHE-RSA-AES128-GCM-SHA256")
    ),
    "tls.suite-forbidden": case(twelve("ECDHE-RSA-NULL-SHA"), twelve("ECDHE-RSA-AES128-GCM-SHA256")),
    "tls.suite": case(twelve("AES128-GCM-SHA256"), twelve("DHE-RSA-AES128-GCM-SHA256")),
    "tls.modified-suite": case(twelve("DHE-RSA-AES128-GCM-SHA256"), twelve("ECDHE-ECDSA-AES128-CCM8")),
    "tls.certificate-validity": case(showing(not_after=NOW - DAY), showing(not_after=NOW + 1)),
    "tls.self-signed": case(showing(issuer="CN=pacs.example"), showing()),
    "tls.verified": case(
        verdict(version="", cipher="", verified=False, reason="its issuer is not among the CAs trusted"),
        verdict(verified=None, reason="it was not checked, as asked"),
    ),
    "tls.host-name": case(verdict(host_name="other.example", host_name_matches=False), verdict()),
    "tls.key-size": case(showing(key="RSA 1024 bit"), showing(key="RSA 4096 bit")),
    "tls.signature-hash": case(showing(signature="SHA-1 with RSA"), showing(signature="SHA-384 with ECDSA")),
    "tls.mutual": case(verdict(client_certificate_requested=False), verdict(client_certificate_requested=None)),
    "tls.client-certificate": case(verdict(peer_certificate=None), verdict(), requestor=False),
}
