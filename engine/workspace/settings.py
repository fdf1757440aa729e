"""Settings as TOML tables and back: local AE, timeouts, peers, contexts and what goes with a proposal."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from engine.model.association import (
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Peer,
    ProposedContext,
    Role,
    Timeouts,
    UserIdentity,
)
from engine.model.limits import LIMITS, Limits
from engine.model.tls import TLS_VERSIONS, ClientCertificates, TlsSettings
from engine.standard.lean import dataclass

from .binary import hex_bytes, named_path
from .errors import ValueProblem, noted, under
from .extended_text import information_of, options_text
from .message_files import read_role
from .names import resolve_uid, uid_keyword
from .reader import Reader, between
from .toml_text import Inline, Table, Whole

E = TypeVar("E", bound=Enum)
MAXIMUM_PORT = 65535
_seconds = between(0, 86400 * 7, "a time in seconds")
_port = between(0, MAXIMUM_PORT, "a port")


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoResult:
    """What the last C-ECHO at a peer gave."""

    outcome: str
    """An `engine.model.notices.Outcome` value: "success", "rejected", ..."""
    time: float
    """Seconds since the epoch."""
    round_trip: float | None = None
    """Seconds from request to response, None when there was none."""
    sentence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPeer:
    """A peer of the list."""

    peer: Peer
    echo: EchoResult | None = None
    tls: TlsSettings | None = None
    """None: plain TCP. Without its passphrase, which is in `Secrets` under `passphrase_name`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """User identity without its secrets: those are in `Secrets` under `secret_name`."""

    type: int = 0
    """0 none; 1 username, 2 username and passcode, 3 Kerberos, 4 SAML, 5 JWT (PS3.7 D.3.3.7)."""
    username: str = ""
    positive_response_requested: bool = False

    @property
    def secret_name(self) -> str:
        return f"user-identity:{self.type}:{self.username}"

    def identity(self, secret: str) -> UserIdentity | None:
        """The negotiation item; `secret` is the passcode or token."""
        if not self.type:
            return None
        named = self.type in (1, 2)
        primary = (self.username if named else secret).encode()
        secondary = secret.encode() if self.type == 2 else b""
        return UserIdentity(self.type, primary, secondary, self.positive_response_requested)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextSettings:
    """Everything of a proposal that is neither who nor where."""

    contexts: tuple[ProposedContext, ...] = ()
    async_window: AsyncWindow | None = None
    identity: IdentitySettings = IdentitySettings()
    extended: tuple[ExtendedNegotiation, ...] = ()
    common_extended: tuple[CommonExtendedNegotiation, ...] = ()


def number_contexts(contexts: tuple[ProposedContext, ...]) -> tuple[ProposedContext, ...]:
    """The contexts with IDs 1, 3, 5, ... in their order (PS3.8 9.3.2.2); past 255 too."""
    return tuple(replace(c, id=1 + 2 * i) for i, c in enumerate(contexts))


def read_local(value: Any) -> LocalAE:
    """Who we are. `ValueProblem` names the key that is wrong, here and below."""
    reader, usual = Reader(value), LocalAE()
    return LocalAE(
        ae_title=reader.get("title", str, usual.ae_title),
        implementation_class_uid=reader.get("implementation_class_uid", str, usual.implementation_class_uid),
        implementation_version_name=reader.get("implementation_version_name", str, usual.implementation_version_name),
        maximum_length=reader.get("maximum_length", int, usual.maximum_length, between(0, 0xFFFFFFFF, "a length")),
    )


def write_local(local: LocalAE) -> Table:
    """As `read_local` reads it."""
    return {
        "title": local.ae_title,
        "implementation_class_uid": local.implementation_class_uid,
        "implementation_version_name": local.implementation_version_name,
        "maximum_length": local.maximum_length,
    }


def read_timeouts(value: Any) -> Timeouts:
    """How long we wait, in seconds."""
    reader, usual = Reader(value), Timeouts()
    return Timeouts(**{f.name: reader.get(f.name, float, getattr(usual, f.name), _seconds) for f in fields(Timeouts)})


def write_timeouts(timeouts: Timeouts) -> Table:
    return {f.name: getattr(timeouts, f.name) for f in fields(Timeouts)}


def read_limits(value: Any, unfit: list[ValueProblem] | None = None) -> Limits:
    """How much of a peer is taken; what is not told is as usual. unfit: takes what does not fit, as limits of another
    version, which then is as usual too; None: it is raised."""
    reader, usual, made = Reader(value), Limits(), {}
    for row in LIMITS:
        with noted(unfit):
            made[row.name] = reader.get(row.name, int, getattr(usual, row.name), between(row.low, row.high, row.label))
    with noted(unfit):
        reader.refuse_unknown()
    return Limits(**made)


def write_limits(limits: Limits) -> Table | None:
    """Those that are not as usual."""
    usual = Limits()
    changed = {row.name: getattr(limits, row.name) for row in LIMITS}
    return Whole({name: value for name, value in changed.items() if value != getattr(usual, name)}) or None


def read_peer(value: Any) -> SavedPeer:
    """A peer as it is kept, with its last echo and its TLS."""
    reader, usual = Reader(value), Peer()
    peer = Peer(
        name=reader.get("name", str, ""),
        ae_title=reader.get("ae_title", str, usual.ae_title),
        host=reader.get("host", str, usual.host),
        port=reader.get("port", int, usual.port, _port),
    )
    return SavedPeer(peer=peer, echo=reader.inner("echo", _read_echo, None), tls=reader.inner("tls", read_tls, None))


def _read_echo(value: Any) -> EchoResult | None:
    reader = Reader(value)
    return EchoResult(
        outcome=reader.get("outcome", str, ""),
        time=reader.moment("time"),
        round_trip=reader.get("round_trip", float, 0.0) if "round_trip" in reader.table else None,
        sentence=reader.get("sentence", str, ""),
    )


def write_peer(saved: SavedPeer) -> Table:
    """As `read_peer` reads it."""
    peer, echo = saved.peer, saved.echo
    table: Table = {"name": peer.name, "ae_title": peer.ae_title, "host": peer.host, "port": peer.port}
    # None takes out what an earlier address left behind.
    table["echo"] = echo and Inline(
        outcome=echo.outcome,
        time=datetime.fromtimestamp(echo.time, UTC),
        round_trip=echo.round_trip,
        sentence=echo.sentence or None,
    )
    table["tls"] = write_tls(saved.tls) if saved.tls else None
    return table


def passphrase_name(key: Path) -> str:
    """The name in `Secrets` of a private key's passphrase."""
    return f"tls-key:{key}"


def read_tls(value: Any) -> TlsSettings | None:
    """TLS settings: choices and paths. The passphrase is in the system's keyring."""
    reader, usual = Reader(value), TlsSettings()
    return TlsSettings(
        profile=_choice(reader, "profile", usual.profile),
        minimum_version=reader.get("minimum_version", str, "", _tls_version),
        maximum_version=reader.get("maximum_version", str, "", _tls_version),
        ca_file=_path(reader, "ca_file"),
        certificate=_path(reader, "certificate"),
        key=_path(reader, "key"),
        verify=reader.get("verify", bool, usual.verify),
        check_host_name=reader.get("check_host_name", bool, usual.check_host_name),
        server_name=reader.get("server_name", str, ""),
        client_certificates=_choice(reader, "client_certificates", usual.client_certificates),
    )


def write_tls(tls: TlsSettings) -> Table:
    """The choices and paths; never the passphrase."""
    asked = tls.client_certificates
    return {
        "profile": tls.profile.value,
        "minimum_version": tls.minimum_version or None,
        "maximum_version": tls.maximum_version or None,
        "ca_file": str(tls.ca_file) if tls.ca_file else None,
        "certificate": str(tls.certificate) if tls.certificate else None,
        "key": str(tls.key) if tls.key else None,
        "verify": tls.verify,
        "check_host_name": tls.check_host_name,
        "server_name": tls.server_name or None,
        "client_certificates": None if asked is ClientCertificates.NONE else asked.value,
    }


def _tls_version(text: str) -> str | None:
    return None if not text or text in TLS_VERSIONS else f"is not a TLS version ({', '.join(TLS_VERSIONS)})"


def _path(reader: Reader, key: str) -> Path | None:
    text = reader.get(key, str, "")
    with under(key):
        return named_path(text) if text else None


def _choice(reader: Reader, key: str, default: E) -> E:
    values = [member.value for member in type(default)]
    text = reader.get(key, str, default.value, lambda v: None if v in values else f"is one of {', '.join(values)}")
    return type(default)(text)


def read_context(value: Any) -> ProposedContext:
    """A proposed presentation context; UIDs may be written as keywords."""
    reader = Reader(value)
    try:
        role = read_role(reader.get("role", str, Role.DEFAULT.value))
    except ValueProblem as problem:
        raise ValueProblem(problem.reason, ("role",)) from None
    return ProposedContext(
        # Lists longer than an association can carry are numbered on, and kept.
        id=reader.get("id", int, 1, between(0, 0xFFFF, "a presentation-context-ID")),
        abstract_syntax=_uid(reader, "abstract_syntax"),
        transfer_syntaxes=tuple(_resolved(u, "transfer_syntaxes") for u in reader.get("transfer_syntaxes", list, [])),
        role=role,
    )


def _uid(reader: Reader, key: str) -> str:
    return _resolved(reader.get(key, str, ""), key)


def _resolved(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise ValueProblem("must be a keyword or a UID in quotes", (key,))
    try:
        return resolve_uid(value) if value else ""
    except ValueProblem as problem:
        raise ValueProblem(problem.reason, (key,)) from None


def write_context(context: ProposedContext) -> Table:
    """As `read_context` reads it."""
    return {
        "id": context.id,
        "abstract_syntax": uid_keyword(context.abstract_syntax),
        "transfer_syntaxes": [uid_keyword(u) for u in context.transfer_syntaxes],
        "role": None if context.role is Role.DEFAULT else context.role.value,
    }


def read_contexts(reader: Reader) -> ContextSettings:
    """The whole of contexts.toml."""
    return ContextSettings(
        contexts=reader.each("context", read_context),
        async_window=reader.inner("async_window", read_window, None),
        identity=reader.inner("user_identity", _read_identity, IdentitySettings()),
        extended=reader.each("extended", read_extended_item),
        common_extended=reader.each("common_extended", _read_common),
    )


def write_contexts(settings: ContextSettings) -> Table:
    """What is proposed beside our name: as `read_contexts` reads it, without secrets."""
    identity, window = settings.identity, settings.async_window
    return {
        "async_window": {"invoked": window.invoked, "performed": window.performed} if window else None,
        "user_identity": {
            "type": identity.type,
            "username": identity.username,
            "positive_response_requested": identity.positive_response_requested,
        },
        "context": [write_context(c) for c in settings.contexts],
        "extended": [write_extended(e) for e in settings.extended],
        "common_extended": [
            {
                "sop_class": uid_keyword(e.sop_class_uid),
                "service_class": uid_keyword(e.service_class_uid),
                "related_general": [uid_keyword(u) for u in e.related_general],
            }
            for e in settings.common_extended
        ],
    }


def read_window(value: Any) -> AsyncWindow:
    reader, check = Reader(value), between(0, 0xFFFF, "a window")
    return AsyncWindow(reader.get("invoked", int, 1, check), reader.get("performed", int, 1, check))


def _read_identity(value: Any) -> IdentitySettings:
    reader = Reader(value)
    return IdentitySettings(
        type=reader.get("type", int, 0, between(0, 255, "a User-Identity-Type")),
        username=reader.get("username", str, ""),
        positive_response_requested=reader.get("positive_response_requested", bool, False),
    )


def read_extended_item(value: Any) -> ExtendedNegotiation:
    """`options` by name, or `information` in hexadecimal."""
    reader = Reader(value)
    uid = _uid(reader, "sop_class")
    options, information = reader.get("options", str, ""), reader.get("information", str, "")
    if "options" in reader.table and "information" in reader.table:
        raise ValueProblem("either options or information", ("options",))
    if "options" in reader.table:
        with under("options"):
            return ExtendedNegotiation(uid, information_of(uid, options))
    with under("information"):
        return ExtendedNegotiation(uid, hex_bytes(information, "information"))


def write_extended(item: ExtendedNegotiation) -> Table:
    """As `read_extended_item` reads it."""
    options = options_text(item) if item.information else None
    return {
        "sop_class": uid_keyword(item.sop_class_uid),
        "options": options,
        "information": item.information.hex() if options is None else None,
    }


def _read_common(value: Any) -> CommonExtendedNegotiation:
    reader = Reader(value)
    related = tuple(_resolved(u, "related_general") for u in reader.get("related_general", list, []))
    return CommonExtendedNegotiation(_uid(reader, "sop_class"), _uid(reader, "service_class"), related)
