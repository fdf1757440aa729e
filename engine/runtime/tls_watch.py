"""What goes on inside a handshake: the certificate shown even when it is refused, alerts, what was asked for.

The ssl module tells none of it by its public functions once a handshake has failed, and that is when people want to
know. Its message call-back does, in every Python so far; without it the verdict only says less.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from engine.model.tls import Certificate

from .tls_certificate import printable, read_certificate

_ALERT, _HANDSHAKE = 21, 22
NO_RENEGOTIATION = 100
"""A warning, with which a new handshake within the session is refused (RFC 5246 7.2.2)."""
_SEEN = frozenset({_ALERT, _HANDSHAKE})
_CERTIFICATE, _CERTIFICATE_REQUEST = 11, 13
MOST_MESSAGES = 256
"""Messages of TLS itself that are taken on one connection. A handshake has a dozen, and who changes its keys then
(RFC 8446 4.6.3) does so after gigabytes. Each costs us 70 us, and mostly an answer that has to be kept for a peer that
reads none."""
ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    NO_RENEGOTIATION: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""RFC 8446 6, RFC 5246 7.2."""


VERSIONS = {0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}


def alert_text(code: int) -> str:
    return f"{ALERTS.get(code, 'unknown alert')} ({code})"


class Watched(ssl.SSLObject):
    """One connection's TLS, and what has been seen of its handshake."""

    peer_certificate: Certificate | None = None
    certificate_requested = False
    shown = False
    """We have sent our certificate."""
    alert_received: int | None = None
    alert_sent: int | None = None
    renegotiation_refused = False
    """The other side wanted another handshake, and was told that there is none."""
    server_name = ""
    seen_version = 0
    """Of the last handshake message; the one agreed as soon as there is a cipher suite."""
    messages = 0
    """Those of TLS itself that the other side sent, and its wishes for another handshake."""
    on_too_many: Callable[[], object] | None = None
    """Called for each of them beyond `MOST_MESSAGES`, while OpenSSL goes on with what it has been given."""

    @property
    def too_many(self) -> bool:
        """More messages of TLS itself have come than are taken."""
        return self.messages > MOST_MESSAGES

    def _count(self) -> None:
        self.messages += 1
        if self.messages > MOST_MESSAGES and self.on_too_many is not None:
            self.on_too_many()

    def see(self, sent: bool, version: int, kind: int, message: int, data: bytes) -> None:
        """A record passed: its version, content type (kind), handshake message type and content (RFC 8446 4, 5.1)."""
        if kind == _HANDSHAKE:
            self.seen_version = version
            if not sent:
                self._count()
        if kind == _ALERT and len(data) == 2 and data[1]:
            if sent:
                self.alert_sent = data[1]
                if data[1] == NO_RENEGOTIATION:
                    self.renegotiation_refused = True
                    self._count()
            else:
                self.alert_received = data[1]
        elif kind == _HANDSHAKE and message == _CERTIFICATE_REQUEST:
            self.certificate_requested = True
        elif kind == _HANDSHAKE and message == _CERTIFICATE:
            der = _first_of(data, version == ssl.TLSVersion.TLSv1_3)
            if sent:
                self.shown = bool(der)
            else:
                self.peer_certificate = read_certificate(der)


def _first_of(message: bytes, tls13: bool) -> bytes:
    """The first certificate of a Certificate message (RFC 8446 4.4.2, RFC 5246 7.4.2); b"" for an empty list."""
    at = 4
    if tls13:
        at += 1 + message[at] if len(message) > at else 1
    at += 3  # length of the list
    length = int.from_bytes(message[at : at + 3], "big")
    return message[at + 3 : at + 3 + length]


class Watch:
    """Has every connection of a context watched.

    OpenSSL's message call-back takes the interpreter's lock for each record. Of what we send, only the handshake has
    anything to see; after it `pause` and `resume` stand round each write. Everything that uses a context runs in one
    thread, so no other connection misses anything meanwhile.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        context.sslobject_class = Watched
        if context.protocol is ssl.PROTOCOL_TLS_SERVER:
            context.sni_callback = _on_name
        self.pause: Callable[[], None] = _nothing
        self.resume: Callable[[], None] = _nothing
        with suppress(AttributeError):  # no public name, and may be missing
            # Past the ssl module's own setter, which would look up three enum members for each of those calls.
            slot = getattr(super(ssl.SSLContext, ssl.SSLContext), "_msg_callback")  # noqa: B009 - as above
            self.pause = partial(slot.__set__, context, None)
            self.resume = partial(slot.__set__, context, _on_message)
        self.resume()


def _nothing() -> None:
    pass


def _on_message(connection: Any, direction: str, version: int, kind: int, message: int, data: bytes) -> None:
    if kind in _SEEN and isinstance(connection, Watched):  # OpenSSL tells the header of every record too
        connection.see(direction == "write", version, kind, message, data)


def _on_name(connection: Any, name: str | None, _context: ssl.SSLContext) -> None:
    if isinstance(connection, Watched):
        connection.server_name = printable(name or "")
