"""X.509 certificates for people (RFC 5280): the ssl module explains only those that it could verify."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from engine.model.reading import SECRET, read_text_whole
from engine.model.tls import Certificate

_SHORT_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_RSA, _EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"
_CURVES = {"1.2.840.10045.3.1.7": "P-256", "1.3.132.0.33": "P-224", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521"}
_OTHER_KEYS = {"1.3.101.112": "Ed25519", "1.3.101.113": "Ed448", "1.2.840.10040.4.1": "DSA"}
_HASHES = {"1.3.14.3.2.26": "SHA-1", "2.16.840.1.101.3.4.2.4": "SHA-224", "2.16.840.1.101.3.4.2.1": "SHA-256",
           "2.16.840.1.101.3.4.2.2": "SHA-384", "2.16.840.1.101.3.4.2.3": "SHA-512"}  # fmt: skip
_PSS = "1.2.840.113549.1.1.10"
_SIGNATURES = {
    "1.2.840.113549.1.1.2": "MD2 with RSA",
    "1.2.840.113549.1.1.4": "MD5 with RSA",
    "1.2.840.113549.1.1.5": "SHA-1 with RSA",
    "1.2.840.113549.1.1.14": "SHA-224 with RSA",
    "1.2.840.113549.1.1.11": "SHA-256 with RSA",
    "1.2.840.113549.1.1.12": "SHA-384 with RSA",
    "1.2.840.113549.1.1.13": "SHA-512 with RSA",
    "1.2.840.10045.4.1": "SHA-1 with ECDSA",
    "1.2.840.10045.4.3.1": "SHA-224 with ECDSA",
    "1.2.840.10045.4.3.2": "SHA-256 with ECDSA",
    "1.2.840.10045.4.3.3": "SHA-384 with ECDSA",
    "1.2.840.10045.4.3.4": "SHA-512 with ECDSA",
    "1.2.840.10040.4.3": "SHA-1 with DSA",
    "2.16.840.1.101.3.4.3.2": "SHA-256 with DSA",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}
"""RFC 3279 2.2, RFC 5758 3, RFC 4055 5, RFC 8410 3."""
_ALTERNATIVE_NAMES = "2.5.29.17"
_NAME_KINDS = {0x81: "email", 0x82: "DNS", 0x86: "URI"}
_TEXT = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x0C: "utf-8"}

Value = tuple[int, bytes]
"""DER tag and content."""


def read_certificate(der: bytes) -> Certificate | None:
    """The certificate, or None when these bytes are none."""
    try:
        return _read(der)
    except (ValueError, IndexError, OverflowError, StopIteration):
        return None


def first_certificate(path: Path) -> Certificate | None:
    """The first certificate of a PEM file, None when there is none that can be read."""
    try:
        text = read_text_whole(path, SECRET, encoding="latin-1")
        start = text.index("-----BEGIN CERTIFICATE-----")
        end = text.index("-----END CERTIFICATE-----", start)
        return read_certificate(ssl.PEM_cert_to_DER_cert(text[start:end] + "-----END CERTIFICATE-----\n"))
    except (OSError, ValueError):
        return None


def matches_host(certificate: Certificate, host: str) -> bool:
    """Whether a certificate is for this host name or address (RFC 9525 6.3, 6.4)."""
    try:
        wanted = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        names = [name[4:] for name in certificate.names if name.startswith("DNS:")]
        return any(_same_host(name.lower().rstrip("."), host.lower().rstrip(".")) for name in names)
    return f"IP:{wanted}" in certificate.names


def _same_host(pattern: str, host: str) -> bool:
    if not pattern.startswith("*."):
        return pattern == host
    label, dot, rest = host.partition(".")
    return bool(label and dot) and rest == pattern[2:]


def _read(der: bytes) -> Certificate:
    body, algorithm = _inside(_inside((0, der))[0])[:2]
    fields = _inside(body)
    if fields[0][0] == 0xA0:  # version, absent in version 1
        fields = fields[1:]
    serial, _, issuer, validity, subject, key = fields[:6]
    begin, end = (_time(v) for v in _inside(validity)[:2])
    digest = hashlib.sha256(der).hexdigest().upper()
    return Certificate(
        subject=_name(subject),
        issuer=_name(issuer),
        names=_alternative_names(fields[6:]),
        not_before=begin,
        not_after=end,
        serial=serial[1].hex().upper(),
        key=_key(key),
        signature=_signature(algorithm),
        fingerprint=":".join(digest[i : i + 2] for i in range(0, len(digest), 2)),
    )


def _values(data: bytes) -> Iterator[Value]:
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + length]
        at += length


def _inside(value: Value) -> list[Value]:
    return list(_values(value[1]))


def _oid(data: bytes) -> str:
    numbers, number = [], 0
    for byte in data:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _name(value: Value) -> str:
    """A distinguished name, the most telling part first (RFC 4514 2.1)."""
    parts = []
    for group in reversed(_inside(value)):
        for pair in _inside(group):
            kind, (tag, text) = _inside(pair)
            oid = _oid(kind[1])
            shown = text.decode(_TEXT.get(tag, "latin-1"), "replace")
            parts.append(f"{_SHORT_NAMES.get(oid, oid)}={printable(shown)}")
    return ", ".join(parts)


def printable(text: str) -> str:
    """The text with what could steer a terminal as question marks: a stranger may have written it."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _time(value: Value) -> float:
    tag, content = value
    text = content.decode("ascii")
    if tag == 0x17:  # UTCTime: two digits of the year, 1950 to 2049
        text = ("20" if int(text[:2]) < 50 else "19") + text
    if not text.endswith("Z"):
        raise ValueError("not in UTC (RFC 5280 4.1.2.5)")
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}").timestamp()


def _key(value: Value) -> str:
    algorithm, (_, bits) = _inside(value)[:2]
    kind, *parameters = _inside(algorithm)
    oid = _oid(kind[1])
    if oid == _RSA:
        modulus = _inside(next(_values(bits[1:])))[0][1]
        return f"RSA {int.from_bytes(modulus, 'big').bit_length()} bit"
    if oid == _EC:
        curve = _oid(parameters[0][1])
        return f"EC {_CURVES.get(curve, curve)}"
    return _OTHER_KEYS.get(oid, oid)


def _signature(algorithm: Value) -> str:
    kind, *parameters = _inside(algorithm)
    oid = _oid(kind[1])
    if oid != _PSS:
        return _SIGNATURES.get(oid, oid)
    chosen = next((v for v in (_inside(parameters[0]) if parameters else ()) if v[0] == 0xA0), None)
    if chosen is None:
        return "SHA-1 with RSA-PSS"  # its default (RFC 4055 3.1)
    name = _oid(_inside(_inside(chosen)[0])[0][1])
    return f"{_HASHES.get(name, name)} with RSA-PSS"


def _alternative_names(fields: list[Value]) -> tuple[str, ...]:
    for tag, content in fields:
        if tag != 0xA3:
            continue
        for extension in _inside(next(_values(content))):
            parts = _inside(extension)
            if _oid(parts[0][1]) == _ALTERNATIVE_NAMES:
                return tuple(filter(None, map(_general_name, _inside(next(_values(parts[-1][1]))))))
    return ()


def _general_name(value: Value) -> str:
    tag, content = value
    if tag == 0x87 and len(content) in (4, 16):
        return f"IP:{ipaddress.ip_address(content)}"
    kind = _NAME_KINDS.get(tag)
    return f"{kind}:{printable(content.decode('latin-1'))}" if kind else ""
