"""TLS settings to what the ssl module works with; every mistake in them said in words (PS3.15 B.12, B.13)."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path
from typing import Any

from engine.model.reading import SECRET, read_whole
from engine.model.tls import TLS_VERSIONS, Certificate, ClientCertificates, TlsProfile, TlsSettings, has_encrypted_key
from engine.standard.lean import dataclass

from .tls_certificate import first_certificate
from .tls_watch import Watch, Watched

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_FORBIDDEN = ("1.0", "1.1")
"""RFC 8996."""
_CIPHERS = {
    # RFC 9325 4.1, 4.2: forward secrecy and authenticated encryption; security level 2: keys of 2048 and 224 bits.
    TlsProfile.BCP195: "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:!aNULL:@SECLEVEL=2",
    # The list of B.13 in its order.
    TlsProfile.MODIFIED: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-CCM:"
    "ECDHE-ECDSA-AES256-CCM8:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=2",
    TlsProfile.ANY: "ALL:@SECLEVEL=0",
}
_MODIFIED_SUITES = (
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
    "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"
)
"""TLS 1.3 suites of B.13. Before Python 3.15 the ssl module leaves those of TLS 1.3 to OpenSSL: the first three."""
_CERTIFICATE, _KEY = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"
_VERIFY_CLIENT = {
    ClientCertificates.NONE: ssl.CERT_NONE,
    ClientCertificates.REQUEST: ssl.CERT_OPTIONAL,
    ClientCertificates.REQUIRE: ssl.CERT_REQUIRED,
}


class TlsProblem(Exception):
    """The settings cannot be used; its text is a whole sentence."""


@dataclass(frozen=True, slots=True)
class Secure:
    """One side's TLS, ready for handshakes."""

    settings: TlsSettings
    context: ssl.SSLContext
    watch: Watch
    server: bool
    own_certificate: Certificate | None

    def wrap(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, name: str) -> Watched:
        """The TLS of one connection. name: of the server, for SNI and the comparison; ValueError when it is none."""
        made = self.context.wrap_bio(
            incoming, outgoing, server_side=self.server, server_hostname=None if self.server else name
        )
        assert isinstance(made, Watched)
        return made


def secure(settings: TlsSettings, *, server: bool) -> Secure:
    """Read the files and set the rules of the profile. Raises TlsProblem. Reads files: not for the loop's thread."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    _set_rules(context, settings, server)
    _set_trust(context, settings, server)
    _load_own(context, settings, server)
    own = first_certificate(settings.certificate) if settings.certificate else None
    return Secure(settings, context, Watch(context), server, own)


def _set_rules(context: ssl.SSLContext, settings: TlsSettings, server: bool) -> None:
    profile, lowest, highest = settings.profile, settings.minimum_version, settings.maximum_version
    for version in filter(None, (lowest, highest)):
        if version not in _VERSIONS:
            raise TlsProblem(f"'{version}' is not a TLS version; there are {', '.join(TLS_VERSIONS)}.")
        if profile is not TlsProfile.ANY and version in _FORBIDDEN:
            raise TlsProblem(f"TLS {version} is forbidden by the profile {profile.title} (RFC 8996).")
    if lowest and highest and lowest > highest:
        raise TlsProblem(f"No TLS version is between {lowest} and {highest}.")
    usual = ssl.TLSVersion.MINIMUM_SUPPORTED if profile is TlsProfile.ANY else ssl.TLSVersion.TLSv1_2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of versions the user has asked for by name
        context.minimum_version = _VERSIONS[lowest] if lowest else usual
        context.maximum_version = _VERSIONS[highest] if highest else ssl.TLSVersion.MAXIMUM_SUPPORTED
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if profile is TlsProfile.ANY:
        context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    try:
        # Anonymous suites have no certificates at all, so that none would be asked for: not where one is wanted.
        named = ":!aNULL" if _wants_certificate(settings, server) else ""
        context.set_ciphers(_CIPHERS[profile] + named)
        set_suites = getattr(context, "set_ciphersuites", None)
        if set_suites is not None and profile is TlsProfile.MODIFIED:
            set_suites(_MODIFIED_SUITES)
    except ssl.SSLError as error:
        raise TlsProblem(f"This computer's TLS library cannot follow {profile.title}: {_reason(error)}.") from None


def _wants_certificate(settings: TlsSettings, server: bool) -> bool:
    """Whether the other side has to show one, or is asked for one."""
    return settings.client_certificates is not ClientCertificates.NONE if server else settings.verify


def _set_trust(context: ssl.SSLContext, settings: TlsSettings, server: bool) -> None:
    if server:
        context.verify_mode = _VERIFY_CLIENT[settings.client_certificates]
    else:
        context.check_hostname = settings.verify and settings.check_host_name
        context.verify_mode = ssl.CERT_REQUIRED if settings.verify else ssl.CERT_NONE
    if not _wants_certificate(settings, server):
        return
    if settings.ca_file is None:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH if server else ssl.Purpose.SERVER_AUTH)
        return
    # Whatever is in the file is trusted: a peer's own certificate too, not only the root above it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    text = _pem(settings.ca_file, "CA file", _CERTIFICATE, "certificate")
    try:
        context.load_verify_locations(cadata=_certificates_of(text))
    except (ssl.SSLError, ValueError) as error:
        raise TlsProblem(
            f"The CA file {settings.ca_file} has a certificate that cannot be read: {_reason(error)}."
        ) from None


def _certificates_of(text: str) -> str:
    """The certificates alone: people write names and remarks between them, in any letters."""
    parts = text.split(_CERTIFICATE)[1:]
    end = "-----END CERTIFICATE-----"
    return "".join(f"{_CERTIFICATE}{part.partition(end)[0]}{end}\n" for part in parts)


def _load_own(context: ssl.SSLContext, settings: TlsSettings, server: bool) -> None:
    if settings.certificate is None:
        if settings.key is not None:
            raise TlsProblem("A private key was given without its certificate.")
        if server and settings.profile is not TlsProfile.ANY:
            raise TlsProblem("To listen with TLS a certificate and its private key are needed.")
        return
    _pem(settings.certificate, "certificate file", _CERTIFICATE, "certificate")
    if first_certificate(settings.certificate) is None:
        raise TlsProblem(f"The certificate in {settings.certificate} cannot be read: it is damaged.")
    holder = settings.key or settings.certificate
    key = _pem(holder, "key file", _KEY, "private key")
    if has_encrypted_key(key) and not settings.passphrase:
        raise TlsProblem(f"The private key in {holder} is encrypted: its passphrase is needed.")
    try:
        context.load_cert_chain(settings.certificate, settings.key, lambda: settings.passphrase)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise TlsProblem(_own_problem(error, settings.certificate, holder, key)) from None


def _own_problem(error: Exception, certificate: Path, holder: Path, key: str) -> str:
    reason = getattr(error, "reason", None) or ""
    if reason == "KEY_VALUES_MISMATCH" or reason == "KEY_TYPE_MISMATCH":
        return f"The private key in {holder} does not belong to the certificate in {certificate}."
    if reason in ("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK"):
        what = "signed with a hash" if reason == "CA_MD_TOO_WEAK" else "made with a key"
        return f"The certificate in {certificate} is {what} too weak for the profile."
    if has_encrypted_key(key):
        return f"The private key in {holder} cannot be decrypted: the passphrase is wrong."
    return f"The certificate in {certificate} or its private key in {holder} cannot be read: {_reason(error)}."


def _pem(path: Path, what: str, marker: str, content: str) -> str:
    """The text of a PEM file that holds what it should. Raises TlsProblem."""
    try:
        data = read_whole(path, SECRET)
    except OSError as error:
        raise TlsProblem(f"The {what} {path} cannot be read: {error.strerror or error}.") from None
    text = data.decode("latin-1")
    if marker in text:
        return text
    if data[:1] == b"\x30":
        raise TlsProblem(f"The {what} {path} seems to be DER or PKCS #12; PEM is needed (it begins with -----BEGIN).")
    raise TlsProblem(f"The {what} {path} holds no {content} in PEM form.")


def _reason(error: Exception) -> str:
    reason: Any = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return str(reason).replace("_", " ").lower().rstrip(".")
