"""Certificates for TLS tests, made on the spot, and scripted conversations behind TLS."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.model.tls import TlsSettings

from .console import HOST
from .scripted import Conversation, Scripted, calling, scripted

PASSPHRASE = "correct horse"
NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass
class Files:
    """A certification authority and what it issues, as PEM files in a folder."""

    folder: Path
    authority: trustme.CA

    @property
    def ca(self) -> Path:
        path = self.folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(path))
        return path

    def issue(self, name: str, *names: str, authority: trustme.CA | None = None, **options: Any) -> Path:
        """Certificate and key in one file."""
        path = self.folder / f"{name}.pem"
        if not path.exists():
            made = (authority or self.authority).issue_cert(*(names or NAMES), common_name=name, **options)
            made.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path

    def apart(self, name: str, *names: str, passphrase: str = "", **options: Any) -> tuple[Path, Path]:
        """(certificate, key) in files of their own, the key encrypted with the passphrase."""
        made = self.authority.issue_cert(*(names or NAMES), common_name=name, **options)
        certificate, key = self.folder / f"{name}-cert.pem", self.folder / f"{name}-key.pem"
        certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        plain = serialization.load_pem_private_key(made.private_key_pem.bytes(), None)
        how: Any = serialization.NoEncryption()
        if passphrase:
            how = serialization.BestAvailableEncryption(passphrase.encode())
        key.write_bytes(plain.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how))
        return certificate, key

    def expired(self) -> Path:
        now = datetime.now(UTC)
        return self.issue("expired", not_before=now - timedelta(days=30), not_after=now - timedelta(days=2))

    def not_yet(self) -> Path:
        now = datetime.now(UTC)
        return self.issue("not-yet", not_before=now + timedelta(days=2), not_after=now + timedelta(days=30))

    def self_signed(self) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        path = self.folder / "self.pem"
        path.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path

    def of_another_ca(self, name: str = "stranger") -> Path:
        return self.issue(name, authority=trustme.CA(organization_name="Another"))

    # -- settings

    def acceptor(self, **changes: Any) -> TlsSettings:
        return TlsSettings(**{"ca_file": self.ca, "certificate": self.issue("server"), **changes})

    def requestor(self, **changes: Any) -> TlsSettings:
        return TlsSettings(**{"ca_file": self.ca, **changes})


def make_files(folder: Path) -> Files:
    folder.mkdir(parents=True, exist_ok=True)
    return Files(folder, trustme.CA(organization_name="Hospital"))


@contextlib.contextmanager
def tls_peer(files: Files, script: Callable[[Conversation], None]) -> Iterator[Scripted]:
    """A scripted peer behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.issue("server"))

    def wrapped(peer: Conversation) -> None:
        # Without suppressing it, an end without close_notify is an error here.
        with context.wrap_socket(peer.sock, server_side=True, suppress_ragged_eofs=False) as sock:
            script(Conversation(sock, peer.over))

    with scripted(wrapped) as peer:
        yield peer


@contextlib.contextmanager
def tls_calling(files: Files, port: int, *wanted: str) -> Iterator[Conversation]:
    """A user by hand behind TLS, associated already."""
    context = ssl.create_default_context(cafile=str(files.ca))
    with calling(port) as talk, context.wrap_socket(talk.sock, server_hostname=HOST) as sock:
        secured = Conversation(sock, talk.over)
        secured.ask(*wanted)
        yield secured
