"""TLS below the upper layer (PS3.15 Annex B): what is asked of it, and what came of it."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from pathlib import Path

from engine.standard.lean import dataclass

TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")
_ENCRYPTED = ("BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED")


class TlsProfile(Enum):
    """Secure Transport Connection Profiles of PS3.15."""

    BCP195 = "bcp195-rfc9325"
    """BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (B.12)."""
    MODIFIED = "modified-bcp195-rfc9325"
    """Modified BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (B.13)."""
    ANY = "any"
    """No profile: whatever this computer's library still speaks. Unsafe; for trying out old peers only."""

    @property
    def title(self) -> str:
        return _TITLES[self]


_TITLES = {
    TlsProfile.BCP195: "BCP 195 RFC 8996, 9325 TLS",
    TlsProfile.MODIFIED: "Modified BCP 195 RFC 8996, 9325 TLS",
    TlsProfile.ANY: "any TLS (UNSAFE, for old peers)",
}


class ClientCertificates(Enum):
    """What an acceptor wants of those who connect."""

    NONE = "none"
    REQUEST = "request"
    """Asked for; one that is sent must be valid."""
    REQUIRE = "require"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """How TLS is to be spoken, in either role. Files are PEM. `passphrase` is a secret: never shown or written."""

    profile: TlsProfile = TlsProfile.BCP195
    minimum_version: str = ""
    """One of TLS_VERSIONS; "" leaves it to the profile."""
    maximum_version: str = ""
    ca_file: Path | None = None
    """Certificates trusted, of CAs or of the peer itself; None: those the operating system trusts."""
    certificate: Path | None = None
    """Our own certificate, with the chain above it. An acceptor needs one."""
    key: Path | None = None
    """Its private key; None: in the certificate's file."""
    passphrase: str = field(default="", repr=False)
    verify: bool = True
    """Requestor: refuse a peer whose certificate cannot be verified."""
    check_host_name: bool = True
    """Requestor: refuse a certificate that is for another host. Without `verify` nothing is refused."""
    server_name: str = ""
    """Requestor: name sent as SNI and looked for in the certificate; "" is the peer's host."""
    client_certificates: ClientCertificates = ClientCertificates.NONE
    """Acceptor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """An X.509 certificate as people read it (RFC 5280)."""

    subject: str
    """"CN=..., O=..."; "" when empty."""
    issuer: str
    names: tuple[str, ...] = ()
    """Subject alternative names: "DNS:host", "IP:address", "email:...", "URI:..."."""
    not_before: float = 0.0
    """Seconds since the epoch."""
    not_after: float = 0.0
    serial: str = ""
    """Hexadecimal."""
    key: str = ""
    """"RSA 2048 bit", "EC P-256", ..."""
    signature: str = ""
    """"SHA-256 with RSA", "Ed25519", ...; "" when not known."""
    fingerprint: str = ""
    """SHA-256 over the whole, "AB:CD:..."."""

    @property
    def title(self) -> str:
        """The shortest that still names it."""
        return self.subject or (self.names[0] if self.names else f"serial number {self.serial}")

    @property
    def self_issued(self) -> bool:
        return self.subject == self.issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsVerdict:
    """What a TLS handshake came to. Of one that failed, as much as was seen of it."""

    version: str = ""
    """"TLSv1.3"; "" when none was agreed."""
    cipher: str = ""
    """Name of the cipher suite; "" when none was agreed."""
    peer_certificate: Certificate | None = None
    verified: bool | None = None
    """None: not checked, or there was nothing to check."""
    reason: str = ""
    """Why it is not verified, in words."""
    host_name: str = ""
    """The name the certificate was compared with; "" for an acceptor."""
    host_name_matches: bool | None = None
    """None: nothing to compare. Told whether or not it was asked to be checked."""
    server_name: str = ""
    """SNI, sent or received."""
    client_certificate_requested: bool | None = None
    """Whether the acceptor asked the requestor for a certificate; None: not seen."""
    own_certificate: Certificate | None = None
    """The certificate we have shown the other side."""
    alert: str = ""
    """The alert that ended it: "received unknown_ca (48)"."""


def has_encrypted_key(pem: str) -> bool:
    """Whether the text of a PEM file has a private key that wants a passphrase (RFC 5958 3, RFC 1421 4.6.1.1)."""
    return any(mark in pem for mark in _ENCRYPTED)
