"""What came of a TLS handshake, said plainly."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime

from engine.model.association import Peer
from engine.model.tls import Certificate, TlsVerdict
from engine.wire.recognise import recognise

from .sentences import address
from .tls_watch import MOST_MESSAGES, Watched, alert_text

_DICOM = {1: "an A-ASSOCIATE-RQ", 3: "an A-ASSOCIATE-RJ", 7: "an A-ABORT"}


def day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def its_certificate(certificate: Certificate | None) -> str:
    if certificate is None:
        return "its certificate"
    issuer = "itself (self-signed)" if certificate.self_issued else certificate.issuer
    return f"its certificate ({certificate.title}, issued by {issuer})"


def _expired(c: Certificate | None) -> str:
    return f"it expired on {day(c.not_after)}" if c else "it has expired"


def _not_yet(c: Certificate | None) -> str:
    return f"it is not valid before {day(c.not_before)}" if c else "it is not valid yet"


_TRUST = "give the CA's certificate as the CA file"
_VERIFY = {
    9: (_not_yet, "Compare both computers' clocks."),
    10: (_expired, "It has to be renewed; compare both computers' clocks too."),
    18: (lambda _: "it is self-signed and not among those trusted", "If it is the right one, give it as the CA file."),
    19: (lambda _: "its chain ends in a self-signed certificate that is not trusted", f"If it may be, {_TRUST}."),
    2: (lambda _: "its issuer is not among the CAs trusted", f"If it may be trusted, {_TRUST}."),
    20: (lambda _: "its issuer is not among the CAs trusted", f"If it may be trusted, {_TRUST}."),
    21: (lambda _: "its issuer is not among the CAs trusted", f"If it may be trusted, {_TRUST}."),
    23: (lambda _: "it has been revoked", "It has to be replaced."),
    26: (lambda _: "it is not meant for this use (Extended Key Usage)", "It needs server or client authentication."),
    66: (lambda _: "its key is too small for the profile", "It has to be replaced."),
    67: (lambda _: "a CA's key in its chain is too small for the profile", "It has to be replaced."),
    68: (lambda _: "its chain is signed with a hash too weak for the profile", "It has to be replaced."),
}
"""OpenSSL's verification results (X509_V_ERR_...): what is wrong, what to try."""
_NAME_MISMATCH = (62, 64)


def not_verified(error: ssl.SSLCertVerificationError, certificate: Certificate | None, name: str) -> tuple[str, str]:
    """Why a certificate was refused, and what to try."""
    if error.verify_code in _NAME_MISMATCH:
        names = ", ".join(n.partition(":")[2] for n in certificate.names) if certificate else ""
        said = f"it is for {names}, not for {name}" if names else f"it is not for {name}"
        return said, "Connect by that name, set the server name, or switch the host-name check off."
    row = _VERIFY.get(error.verify_code)
    if row is None:
        return f"it cannot be verified: {error.verify_message}", "The certificate's owner may know why."
    return row[0](certificate), row[1]


_CERTIFICATE_ALERTS = {
    42: "says our certificate is wrong: damaged, or for another host name",
    43: "does not take this kind of certificate",
    44: "says our certificate has been revoked",
    45: "says our certificate has expired",
    46: "does not accept our certificate",
    48: "does not trust the CA that issued our certificate",
}


def alert_received(code: int, verdict: TlsVerdict, *, server: bool) -> str:
    """What the other side complained of in its alert, and what to try."""
    own = f" ({verdict.own_certificate.title})" if verdict.own_certificate else ""
    if code in _CERTIFICATE_ALERTS:
        hint = "The other side has to be told our CA." if code in (46, 48) else "Its log may say more."
        return f"{_CERTIFICATE_ALERTS[code]}{own}. {hint}"
    if code == 116 or (code == 40 and not server and verdict.client_certificate_requested and not own):
        return "requires a client certificate and we showed none. Give a certificate and its key."
    if code == 70:
        return "speaks no TLS version that we allow. Compare the versions of both sides."
    if code in (40, 71):
        return (
            "found no cipher suite or version in common with us, or wants a client certificate. Compare the profiles."
        )
    if code == 112:
        return f"does not know the server name '{verdict.server_name}'. Set another server name."
    if code == 49:
        return "knows our certificate but does not let it in. Ask for the access to be granted."
    return f"ended TLS with the alert {alert_text(code)}. Its log may say why."


_REASONS = {
    "NO_SHARED_CIPHER": "offers no cipher suite that we allow. Compare the profiles of both sides.",
    "UNSUPPORTED_PROTOCOL": "speaks no TLS version that we allow. Compare the versions of both sides.",
    "VERSION_TOO_LOW": "speaks no TLS version that we allow. Compare the versions of both sides.",
    "NO_PROTOCOLS_AVAILABLE": "was offered no TLS version: this computer's own rules allow none of those set.",
    "NO_CIPHERS_AVAILABLE": "was offered no cipher suite: none goes with the versions set.",
    "WRONG_CIPHER_RETURNED": "chose a cipher suite we did not offer.",
    "DH_KEY_TOO_SMALL": "uses a key exchange too weak for the profile. The peer has to be brought up to date.",
    "EE_KEY_TOO_SMALL": "shows a certificate whose key is too small for the profile.",
    "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED": "wants a signature too weak for the profile.",
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": "is too old to negotiate safely. The profile 'any' tries it all the same.",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "showed no client certificate, which is required here.",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": "sent bytes that fail the integrity check: damaged, or tampered with.",
}


_PLACE = re.compile(r"\s*\(_ssl\.c:\d+\)")
"""Where in Python's own source an error was met: nothing to a reader."""


def failed(peer: Peer, error: Exception, tls: Watched, verdict: TlsVerdict, *, server: bool, refused: str) -> str:
    """A handshake that failed, or TLS that broke later. refused: what `not_verified` said, if it did."""
    where = address(peer)
    if refused:
        return f"TLS with {where} was refused by us: {refused}"
    if tls.too_many:
        return (
            f"TLS ended: {where} sent more than {MOST_MESSAGES} messages of TLS itself, to change its keys or "
            "to negotiate anew (RFC 8446 4.6, RFC 5246 7.4). Its TLS is at fault."
        )
    if tls.renegotiation_refused and tls.alert_received is not None:
        return (
            f"TLS ended: {where} wanted to negotiate it anew within the association, which we refuse "
            "(no_renegotiation, RFC 5246 7.2.2), and did not go on without. Switch renegotiation off there."
        )
    if tls.alert_received is not None:
        return f"TLS failed: {where} {alert_received(tls.alert_received, verdict, server=server)}"
    reason = str(getattr(error, "reason", "") or "")
    if reason in _REASONS:
        return f"TLS failed: {where} {_REASONS[reason]}"
    said = reason.replace("_", " ").lower() or _PLACE.sub("", str(error)) or type(error).__name__
    return f"TLS with {where} failed: {said.rstrip('.')}. Check that the port speaks TLS, and the certificates."


def is_dicom(first: bytes) -> bool:
    """Whether a stream begins as a PDU does (PS3.8 9.3)."""
    return len(first) > 1 and 1 <= first[0] <= 7 and first[1] == 0


def foreign(peer: Peer, first: bytes, *, server: bool) -> str:
    """The other side's first bytes are not TLS."""
    where = address(peer)
    dicom = is_dicom(first)
    seen = f"{_DICOM.get(first[0], 'a DICOM PDU')} without TLS" if dicom else recognise(first)
    seen = seen or f"bytes that are not TLS ({first[:6].hex(' ').upper()})"
    if server:
        hint = "Switch TLS on there, or off here." if dicom else "It may have the wrong port."
        return f"{where} sent {seen}, and this port speaks TLS only. {hint}"
    hint = (
        "The port speaks plain DICOM: switch TLS off for it, or use the peer's TLS port."
        if dicom
        else "Check the port."
    )
    return f"{where} answered our TLS ClientHello with {seen}. {hint}"


def broken_off(peer: Peer, error: str, *, server: bool, answered: bool) -> str:
    """The connection ended during the handshake without an alert. answered: TLS had come from the other side."""
    how = f"broke the connection ({error})" if error else "closed the connection"
    if server:
        who = "The peer gave up; its log may say why." if answered else "A port scan does that, or a peer that gave up."
        return f"{address(peer)} {how} during the TLS handshake. {who}"
    if answered:
        return f"{address(peer)} {how} during the TLS handshake, which it had begun to answer. Its log may say why."
    return (
        f"{address(peer)} {how} during the TLS handshake. "
        "The port may speak plain DICOM or something else, or the peer turns us away without a word."
    )


def timed_out(peer: Peer, seconds: float, *, server: bool, answered: bool) -> str:
    """The handshake took too long. answered: as `broken_off`."""
    if server:
        return f"{address(peer)} connected but did not finish the TLS handshake within {seconds:g} s."
    if answered:
        return (
            f"{address(peer)} began to answer the TLS handshake but did not finish it within {seconds:g} s. It hangs, "
            "or something between lets only a part of its answer through; its log may say more."
        )
    return (
        f"{address(peer)} took the connection but did not finish the TLS handshake within {seconds:g} s. "
        "The port may speak plain DICOM: it waits for an A-ASSOCIATE-RQ then. Check the port."
    )


def secured(verdict: TlsVerdict, *, server: bool) -> str:
    """A handshake that succeeded."""
    made = f"{verdict.version.replace('TLSv', 'TLS ')} with {verdict.cipher}"
    certificate = verdict.peer_certificate
    if certificate is None:
        if server:
            said = "was shown" if verdict.client_certificate_requested else "asked for"
            return f"{made}; no client certificate {said}."
        return f"{made}; THE PEER SHOWED NO CERTIFICATE (anonymous)."
    whose = f"the certificate of {certificate.title}, issued by {certificate.issuer or 'nobody named'},"
    if verdict.verified:
        name = "" if verdict.host_name_matches is None else f" and is for {verdict.host_name}"
        if verdict.host_name_matches is False:
            name = f" BUT IS NOT FOR {verdict.host_name}, which was not checked, as asked"
        return f"{made}; {whose} is verified{name}."
    return f"{made}; {whose} was NOT VERIFIED: {verdict.reason}."
