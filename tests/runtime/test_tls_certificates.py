"""Certificates explained without being verified, compared with what the cryptography package reads."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.tls import Certificate
from engine.runtime.tls_certificate import first_certificate, matches_host, read_certificate
from tests.runtime.tls_files import make_files

NAMES = ("archive.example.org", "*.hospital.example", "192.0.2.7", "2001:db8::7", "pacs@example.org")


@pytest.mark.parametrize("kind", [trustme.KeyType.RSA, trustme.KeyType.ECDSA])
def test_fields_are_those_of_the_certificate(kind: trustme.KeyType, tmp_path: Path) -> None:
    authority = trustme.CA(key_type=kind)
    pem = authority.issue_cert(*NAMES, common_name="Ärchive", key_type=kind).cert_chain_pems[0].bytes()
    truth = x509.load_pem_x509_certificate(pem)
    made = read_certificate(ssl.PEM_cert_to_DER_cert(pem.decode()))
    assert made is not None
    assert made.subject.startswith("CN=Ärchive, OU=")
    assert made.issuer in truth.issuer.rfc4514_string().replace(",", ", ")
    assert set(made.names) == {
        "DNS:archive.example.org",
        "DNS:*.hospital.example",
        "IP:192.0.2.7",
        "IP:2001:db8::7",
        "email:pacs@example.org",
    }
    assert made.not_before == truth.not_valid_before_utc.timestamp()
    assert made.not_after == truth.not_valid_after_utc.timestamp()
    assert int(made.serial, 16) == truth.serial_number
    assert made.fingerprint.replace(":", "") == truth.fingerprint(hashes.SHA256()).hex().upper()
    assert (
        made.signature == {trustme.KeyType.RSA: "SHA-256 with RSA", trustme.KeyType.ECDSA: "SHA-256 with ECDSA"}[kind]
    )
    assert made.key == {trustme.KeyType.RSA: "RSA 2048 bit", trustme.KeyType.ECDSA: "EC P-256"}[kind]
    assert not made.self_issued


def test_a_ca_is_self_issued(tmp_path: Path) -> None:
    made = first_certificate(make_files(tmp_path).ca)
    assert made is not None and made.self_issued and made.names == ()


@pytest.mark.parametrize(
    ("host", "matches"),
    [
        ("archive.example.org", True),
        ("ARCHIVE.example.org.", True),
        ("other.example.org", False),
        ("a.hospital.example", True),
        ("a.b.hospital.example", False),
        ("hospital.example", False),
        (".hospital.example", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:DB8:0::7", True),
        ("", False),
    ],
)
def test_host_names_are_compared_by_the_rules(host: str, matches: bool) -> None:
    names = ("DNS:archive.example.org", "DNS:*.hospital.example", "IP:192.0.2.7", "IP:2001:db8::7")
    assert matches_host(Certificate(subject="CN=other.example.org", issuer="", names=names), host) is matches


def test_what_is_no_certificate_is_none(tmp_path: Path) -> None:
    path = tmp_path / "no.pem"
    assert first_certificate(path) is None
    path.write_text("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")
    assert first_certificate(path) is None


DER = ssl.PEM_cert_to_DER_cert(trustme.CA().issue_cert("x.example").cert_chain_pems[0].bytes().decode())


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(DER) - 1), st.integers(0, 255), st.integers(0, len(DER)))
def test_damaged_certificates_never_raise(at: int, byte: int, length: int) -> None:
    damaged = bytearray(DER)
    damaged[at] = byte
    read_certificate(bytes(damaged[:length]))
    read_certificate(bytes(damaged))
