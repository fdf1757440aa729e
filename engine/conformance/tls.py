"""What came of a TLS handshake against the Secure Transport Connection Profiles of PS3.15 (B.12, B.13).

B.12 makes BCP 195 binding: RFC 8996 (no TLS before 1.2) and RFC 9325 (which cipher suites, forward secrecy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from engine.model.notices import Evidence
from engine.model.tls import Certificate, TlsVerdict

from .findings import Finding, found

_OLD = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"})
_FORBIDDEN = re.compile(r"NULL|RC4|EXP|RC2|MD5|^ADH-|^AECDH-|(^|-)DES-CBC-")
"""Names of cipher suites RFC 9325 4.1 forbids: no encryption, RC4, less than 112 bits; and those without any
certificate."""
_FORWARD = re.compile(r"^(TLS_|ECDHE-|DHE-)")
_AUTHENTICATED = re.compile(r"GCM|CCM|CHACHA20")
MODIFIED_SUITES = frozenset(
    {
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES256-CCM",
        "ECDHE-ECDSA-AES256-CCM8",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-CCM",
        "ECDHE-ECDSA-AES128-CCM8",
    }
)
"""The suites of B.13, by OpenSSL's names."""
_RSA_BITS = 2048
_WEAK_CURVES = frozenset({"P-224", "1.3.132.0.31", "1.2.840.10045.3.1.1"})
"""Elliptic curves below 256 bits as certificates name them: the last two are P-192's and its Koblitz cousin's."""
_WEAK_HASHES = frozenset({"MD2", "MD5", "SHA-1", "SHA-224"})


def check_chosen(verdict: TlsVerdict) -> list[Finding]:
    """Version and cipher suite, which the acceptor chooses. Nothing where none was agreed."""
    return [*_version(verdict), *_suite(verdict)]


def check_peer(verdict: TlsVerdict, requestor: bool, now: float) -> list[Finding]:
    """What the other side showed and asked for. requestor: our role. now: seconds since the epoch."""
    findings = [*check_certificate(verdict.peer_certificate, now), *_verification(verdict)]
    asked = verdict.client_certificate_requested
    ended = verdict.version and verdict.verified is not False and not verdict.alert
    if requestor and asked is False and ended:  # it may come after what a handshake breaks off at
        findings.append(
            found("tls.mutual", "The acceptor did not ask us for a certificate: anybody may connect to it over TLS.")
        )
    if not requestor and asked and ended and verdict.peer_certificate is None:
        findings.append(found("tls.client-certificate", "The requestor was asked for a certificate and showed none."))
    return findings


def check_certificate(certificate: Certificate | None, now: float) -> list[Finding]:
    """One certificate by itself. now: seconds since the epoch."""
    return list(_certificate(certificate, now)) if certificate is not None else []


def _version(verdict: TlsVerdict) -> Iterator[Finding]:
    if verdict.version in _OLD:
        yield found("tls.version", f"{verdict.version} was agreed; versions before TLS 1.2 are forbidden.")


def _suite(verdict: TlsVerdict) -> Iterator[Finding]:
    suite = verdict.cipher
    if not suite:
        return
    evidence = Evidence(text=suite)
    if _FORBIDDEN.search(suite):
        yield found("tls.suite-forbidden", f"{suite} was agreed, which BCP 195 forbids.", evidence=evidence)
    elif not (_FORWARD.search(suite) and _AUTHENTICATED.search(suite)):
        lacks = "forward secrecy" if not _FORWARD.search(suite) else "authenticated encryption"
        yield found("tls.suite", f"{suite} was agreed, which has no {lacks}.", evidence=evidence)
    if suite not in MODIFIED_SUITES:
        sentence = f"{suite} was agreed, which is none of the Modified BCP 195 profile's suites."
        yield found("tls.modified-suite", sentence, evidence=evidence)


def _certificate(c: Certificate, now: float) -> Iterator[Finding]:
    evidence = Evidence(text=c.title)
    if now > c.not_after:
        yield found("tls.certificate-validity", f"The certificate expired on {_day(c.not_after)}.", evidence=evidence)
    elif now < c.not_before:
        sentence = f"The certificate is not valid before {_day(c.not_before)}."
        yield found("tls.certificate-validity", sentence, evidence=evidence)
    if c.self_issued:
        yield found("tls.self-signed", f"The certificate ({c.title}) is issued by itself.", evidence=evidence)
    if _is_weak(c.key):
        sentence = f"The certificate's key is {c.key}; RSA has 2048 bits and elliptic curves 256 at least."
        yield found("tls.key-size", sentence, evidence=evidence)
    if c.signature.split(" ")[0] in _WEAK_HASHES:
        sentence = f"The certificate is signed with {c.signature}; SHA-256 is the least."
        yield found("tls.signature-hash", sentence, evidence=evidence)


def _is_weak(key: str) -> bool:
    kind, _, rest = key.partition(" ")
    size = rest.split(" ")[0]
    if kind == "RSA":
        return size.isdecimal() and int(size) < _RSA_BITS
    return kind == "DSA" or (kind == "EC" and size in _WEAK_CURVES)


def _verification(verdict: TlsVerdict) -> Iterator[Finding]:
    certificate = verdict.peer_certificate
    if certificate is None:
        return
    if verdict.verified is False:
        reason = verdict.reason or "it could not be verified"
        yield found(
            "tls.verified", f"The certificate is not verified: {reason}.", evidence=Evidence(text=certificate.title)
        )
    if verdict.host_name_matches is False:
        names = ", ".join(certificate.names) or "no name"
        sentence = f"The certificate is for {names}, not for {verdict.host_name}."
        yield found("tls.host-name", sentence, evidence=Evidence(text=certificate.title))


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
