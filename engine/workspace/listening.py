"""What the built-in peer listens with, as a text file: the window and `listen --settings` read the same one.

Paths are relative to the file. A key nobody knows is refused: it may be a rule that would silently not hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from engine.conformance.names import check_uid
from engine.model.association import (
    APPLICATION_CONTEXT,
    AcceptedSyntax,
    AsyncWindow,
    ExtendedNegotiation,
    LocalAE,
    Policy,
    Rejection,
    Timeouts,
)
from engine.model.commands import MoveDestination, PeerSettings
from engine.model.emulation import Emulation
from engine.model.tls import TlsSettings
from engine.standard.lean import dataclass
from engine.standard.ports import REGISTERED

from . import settings as parts
from .binary import named_path
from .emulation_text import read_emulation, write_emulation
from .errors import ValueProblem, under
from .names import resolve_uid, uid_keyword
from .reader import Reader, between
from .scripts import read_script, script_table
from .secrets import Secrets
from .settings import MAXIMUM_PORT, passphrase_name
from .toml_text import Inline, Table, dumps, parse, placed, read_text, write_atomically
from .users import Users, load_users

LOOPBACK, ANYWHERE = "127.0.0.1", ""
DEFAULT_PORT = REGISTERED
"""Registered for DICOM and free of administrator rights (PS3.8 9.1.1)."""
DEFAULT_TITLE = "DIMSEPEER"
MAXIMUM_TITLE = 16
ROLES = {"scu": (True, False), "scp": (False, True), "both": (True, True)}
"""The requestor's roles accepted, (SCU, SCP), by name."""


def _usual_peer() -> PeerSettings:
    return PeerSettings(policy=Policy(local=LocalAE(ae_title=DEFAULT_TITLE)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """What the user set up. `peer` without user identities and passphrases: `ready` puts them in."""

    host: str = LOOPBACK
    """"" is every address of this computer."""
    port: int = DEFAULT_PORT
    peer: PeerSettings = field(default_factory=_usual_peer)
    users: Path | None = None
    """A file of the user identities let in; None: whoever comes."""

    @property
    def policy(self) -> Policy:
        return self.peer.policy


def ready(settings: ListenerSettings, secrets: Secrets | None = None) -> PeerSettings:
    """What the engine is given: users read, passphrases of keys looked up. Raises `WorkspaceError`."""
    users = load_users(settings.users) if settings.users is not None else Users(())
    peer, policy = settings.peer, settings.policy
    policy = replace(policy, identities=users.identities, require_identity=policy.require_identity or users.required)
    return replace(
        peer,
        policy=policy,
        tls=_unlocked(peer.tls, secrets),
        destinations=tuple(replace(d, tls=_unlocked(d.tls, secrets)) for d in peer.destinations),
    )


def _unlocked(tls: TlsSettings | None, secrets: Secrets | None) -> TlsSettings | None:
    holder = (tls.key or tls.certificate) if tls else None
    if tls is None or holder is None or secrets is None or tls.passphrase:
        return tls
    return replace(tls, passphrase=secrets.get(passphrase_name(holder)))


def load_listener(path: Path) -> ListenerSettings:
    """Read a settings file. Raises `WorkspaceError` with the line."""
    text = read_text(path)
    table = parse(text, path)
    try:
        reader = Reader(table)
        settings = read_listener(reader, path.parent)
        reader.refuse_unknown()
    except ValueProblem as problem:
        raise placed(problem, text, path) from None
    return settings


def save_listener(path: Path, settings: ListenerSettings) -> None:
    """Write a settings file; no secret goes into it. Raises `WorkspaceError`."""
    write_atomically(path, dumps(write_listener(settings)))


# --- reading ------------------------------------------------------------------------------------------------------


def read_listener(reader: Reader, folder: Path) -> ListenerSettings:
    """The whole of a settings file; paths are relative to `folder`."""
    usual = ListenerSettings()
    local = reader.inner("ae", parts.read_local, usual.policy.local)
    timeouts = reader.inner("timeouts", parts.read_timeouts, Timeouts())
    limits = reader.inner("limits", lambda value: parts.read_limits(value, reader.unfit), usual.policy.limits)
    nothing: tuple[Policy, Path | None] = (usual.policy, None)
    policy, users = reader.inner("policy", lambda value: _read_policy(value, folder), nothing)
    if "ae" in reader.table and "title" not in reader.table["ae"]:
        local = replace(local, ae_title=DEFAULT_TITLE)
    peer = PeerSettings(
        policy=replace(policy, local=local, timeouts=timeouts, limits=limits),
        folder=_beside(reader, "folder", folder),
        synchronize=reader.get("synchronize", bool, False),
        destinations=reader.each("destination", lambda value: _read_destination(value, folder)),
        tls=reader.inner("tls", lambda value: _read_tls(value, folder), None),
        delays=_read_delays(reader),
        emulation=reader.inner("emulators", lambda value: read_emulation(value, folder), Emulation()),
        script=reader.inner("script", read_script, None),
    )
    port = reader.get("port", int, usual.port, between(0, MAXIMUM_PORT, "a port"))
    return ListenerSettings(host=reader.get("host", str, usual.host), port=port, peer=peer, users=users)


def _beside(reader: Reader, key: str, folder: Path) -> Path | None:
    text = reader.get(key, str, "")
    with under(key):
        return folder / named_path(text) if text else None


def _read_tls(value: Any, folder: Path) -> TlsSettings | None:
    tls = parts.read_tls(value)
    if tls is None:
        return None
    ca, certificate, key = (p and folder / named_path(str(p)) for p in (tls.ca_file, tls.certificate, tls.key))
    return replace(tls, ca_file=ca, certificate=certificate, key=key)


def _read_delays(reader: Reader) -> tuple[float, ...]:
    delays = reader.get("delays", list, [])
    check = between(0, MAXIMUM_DELAY, "a delay in seconds")
    for index, delay in enumerate(delays):
        if isinstance(delay, bool) or not isinstance(delay, int | float):
            raise ValueProblem("must be a number", ("delays", index))
        if problem := check(delay):
            raise ValueProblem(problem, ("delays", index))
    return tuple(float(d) for d in delays)


MAXIMUM_DELAY = 3600
"""Seconds a response is held back at most: longer than any peer waits."""


def _read_destination(value: Any, folder: Path) -> MoveDestination:
    reader = Reader(value)
    made = MoveDestination(
        ae_title=reader.get("ae_title", str, "", _title),
        host=reader.get("host", str, "", lambda text: None if text else "a destination needs a host"),
        port=reader.get("port", int, 0, between(1, MAXIMUM_PORT, "a port")),
        tls=reader.inner("tls", lambda inner: _read_tls(inner, folder), None),
    )
    reader.refuse_unknown()
    return made


def _title(text: str) -> str | None:
    if not text.strip():
        return "an AE title is needed"
    return f"an AE title has {MAXIMUM_TITLE} characters at most" if len(text) > MAXIMUM_TITLE else None


def _read_policy(value: Any, folder: Path) -> tuple[Policy, Path | None]:
    reader, usual = Reader(value), Policy()
    count = between(0, 99999, "a number of associations")
    extra = _texts(reader, "application_contexts", check_uid)
    policy = Policy(
        ae_titles=_texts(reader, "called_titles", _title),
        calling_ae_titles=_texts(reader, "calling_titles", _title),
        accepted=reader.each("accept", _read_accepted) or usual.accepted,
        async_window=reader.inner("async_window", parts.read_window, usual.async_window),
        reject=reader.inner("reject", _read_rejection, None),
        require_identity=reader.get("require_identity", bool, usual.require_identity),
        application_contexts=(APPLICATION_CONTEXT, *(uid for uid in extra if uid != APPLICATION_CONTEXT)),
        max_associations=reader.get("max_associations", int, usual.max_associations, count),
        max_associations_per_peer=reader.get("max_associations_per_caller", int, 0, count),
        extended=reader.each("extended", parts.read_extended_item),
    )
    users = _beside(reader, "users", folder)
    reader.refuse_unknown()
    return policy, users


def _texts(reader: Reader, key: str, check: Any) -> tuple[str, ...]:
    values = reader.get(key, list, [])
    for index, value in enumerate(values):
        if not isinstance(value, str):
            raise ValueProblem("must be a text", (key, index))
        if problem := check(value):
            raise ValueProblem(problem, (key, index))
    return tuple(values)


def _read_accepted(value: Any) -> AcceptedSyntax:
    reader = Reader(value)
    name = reader.get("abstract_syntax", str, "*")
    role = reader.get("role", str, "both", lambda v: None if v in ROLES else f"is one of {', '.join(ROLES)}")
    syntaxes = reader.get("transfer_syntaxes", list, [])
    with under("abstract_syntax"):
        abstract = "*" if name == "*" else resolve_uid(name)
    resolved = []
    for index, syntax in enumerate(syntaxes):
        with under("transfer_syntaxes", index):
            resolved.append(resolve_uid(str(syntax)))
    reader.refuse_unknown()
    scu, scp = ROLES[role]
    return AcceptedSyntax(abstract_syntax=abstract, transfer_syntaxes=tuple(resolved), scu=scu, scp=scp)


def _read_rejection(value: Any) -> Rejection:
    reader, byte = Reader(value), between(0, 0xFF, "a byte")
    numbers = (reader.get(key, int, 1, byte) for key in ("result", "source", "reason"))
    made = Rejection(*numbers)
    reader.refuse_unknown()
    return made


# --- writing ------------------------------------------------------------------------------------------------------


def write_listener(settings: ListenerSettings) -> Table:
    """As TOML tables, without a secret."""
    peer, policy = settings.peer, settings.policy
    return {
        "host": settings.host,
        "port": settings.port,
        "folder": _path(peer.folder),
        "synchronize": peer.synchronize or None,
        "delays": list(peer.delays) or None,
        "ae": parts.write_local(policy.local),
        "timeouts": parts.write_timeouts(policy.timeouts),
        "limits": parts.write_limits(policy.limits),
        "policy": _write_policy(policy, settings.users),
        "tls": _write_tls(peer.tls),
        "emulators": write_emulation(peer.emulation),
        "destination": [_write_destination(d) for d in peer.destinations],
        "script": script_table(peer.script) if peer.script is not None else None,
    }


def _path(path: Path | None) -> str | None:
    """Whole: a relative one would be taken from the file's folder when it is read."""
    return str(path.absolute()) if path else None


def _write_tls(tls: TlsSettings | None) -> Table | None:
    if tls is None:
        return None
    ca, certificate, key = (path and path.absolute() for path in (tls.ca_file, tls.certificate, tls.key))
    return parts.write_tls(replace(tls, ca_file=ca, certificate=certificate, key=key))


def _write_policy(policy: Policy, users: Path | None) -> Table:
    reject, window = policy.reject, policy.async_window
    extra = [uid for uid in policy.application_contexts if uid != APPLICATION_CONTEXT]
    return {
        "called_titles": list(policy.ae_titles),
        "calling_titles": list(policy.calling_ae_titles),
        "max_associations": policy.max_associations,
        "max_associations_per_caller": policy.max_associations_per_peer or None,
        "application_contexts": extra or None,
        "users": _path(users),
        "require_identity": policy.require_identity or None,
        "async_window": _write_window(window) if window != AsyncWindow(0, 0) else None,
        "reject": Inline(result=reject.result, source=reject.source, reason=reject.reason) if reject else None,
        "accept": _write_accepted(policy.accepted),
        "extended": _write_answers(policy.extended),
    }


def _write_window(window: AsyncWindow) -> Table:
    return Inline(invoked=window.invoked, performed=window.performed)


def _write_accepted(accepted: Iterable[AcceptedSyntax]) -> list[Table]:
    names = {bits: name for name, bits in ROLES.items()}
    return [
        {
            "abstract_syntax": "*" if a.abstract_syntax == "*" else uid_keyword(a.abstract_syntax),
            "transfer_syntaxes": [uid_keyword(u) for u in a.transfer_syntaxes] or None,
            "role": names.get((a.scu, a.scp)),
        }
        for a in accepted
    ]


def _write_answers(answers: Iterable[ExtendedNegotiation]) -> list[Table]:
    return [parts.write_extended(answer) for answer in answers]


def _write_destination(destination: MoveDestination) -> Table:
    return {
        "ae_title": destination.ae_title,
        "host": destination.host,
        "port": destination.port,
        "tls": _write_tls(destination.tls),
    }
