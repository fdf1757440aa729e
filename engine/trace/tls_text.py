"""What a TLS handshake came to, as lines and as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine.model.tls import Certificate, TlsVerdict


def tls_lines(verdict: TlsVerdict) -> tuple[str, ...]:
    """Everything known, one fact a line, without indentation."""
    made = f"TLS: {verdict.version} {verdict.cipher}" if verdict.version else "TLS: nothing was agreed"
    lines = [made]
    if verdict.server_name:
        lines.append(f"Server name (SNI): {verdict.server_name}")
    if verdict.peer_certificate is None:
        lines.append("The other side showed no certificate.")
    else:
        lines += _certificate_lines("Certificate of the other side", verdict.peer_certificate)
        lines.append(f"  {_verified(verdict)}")
    if verdict.client_certificate_requested is not None:
        lines.append(f"Client certificate: {'asked for' if verdict.client_certificate_requested else 'not asked for'}")
    if verdict.own_certificate is not None:
        lines += _certificate_lines("Our certificate", verdict.own_certificate)
    if verdict.alert:
        lines.append(f"Alert {verdict.alert}")
    return tuple(lines)


def _certificate_lines(title: str, certificate: Certificate) -> list[str]:
    return [
        f"{title}: {certificate.subject or '(no subject)'}",
        f"  issued by: {'itself' if certificate.self_issued else certificate.issuer}",
        f"  names: {', '.join(certificate.names) or 'none'}",
        f"  valid: {_time(certificate.not_before)} to {_time(certificate.not_after)}",
        f"  key: {certificate.key}, serial number {certificate.serial}",
        *([f"  signed with: {certificate.signature}"] if certificate.signature else []),
        f"  SHA-256: {certificate.fingerprint}",
    ]


def _verified(verdict: TlsVerdict) -> str:
    name = ""
    if verdict.host_name_matches is not None:
        name = f", and {'is' if verdict.host_name_matches else 'IS NOT'} for {verdict.host_name}"
    if verdict.verified:
        return f"verified{name}"
    return f"NOT VERIFIED: {verdict.reason or 'the handshake ended before'}{name}"


def tls_json(verdict: TlsVerdict) -> dict[str, Any]:
    """The object of the JSON lines."""
    return {
        "version": verdict.version,
        "cipher": verdict.cipher,
        "verified": verdict.verified,
        "reason": verdict.reason,
        "peer_certificate": _certificate(verdict.peer_certificate),
        "host_name": verdict.host_name,
        "host_name_matches": verdict.host_name_matches,
        "server_name": verdict.server_name,
        "client_certificate_requested": verdict.client_certificate_requested,
        "own_certificate": _certificate(verdict.own_certificate),
        "alert": verdict.alert,
    }


def _certificate(certificate: Certificate | None) -> dict[str, Any] | None:
    if certificate is None:
        return None
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": list(certificate.names),
        "not_before": _time(certificate.not_before),
        "not_after": _time(certificate.not_after),
        "serial": certificate.serial,
        "key": certificate.key,
        "signature": certificate.signature,
        "sha256": certificate.fingerprint,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
