"""A file of the user identities an acceptor lets in. It holds no passcode and no token: hashes, or files beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.model.identity import KERBEROS, NAMED, PASSCODE, TYPES, USERNAME, KnownIdentity, SecretHash
from engine.standard.lean import dataclass

from .binary import hex_bytes, read_file
from .errors import ValueProblem
from .reader import Reader
from .toml_text import parse, placed, read_text

_SOURCES = ("hash", "secret_file")


@dataclass(frozen=True, slots=True)
class Users:
    """Who is let in, and whether somebody who says nothing is."""

    identities: tuple[KnownIdentity, ...]
    required: bool = False


def load_users(path: Path) -> Users:
    """Read a users file. Raises `WorkspaceError`."""
    text = read_text(path)
    table = parse(text, path)
    try:
        reader = Reader(table)
        required = reader.get("required", bool, False)
        identities = reader.each("user", lambda value: _read_user(value, path.parent))
        reader.refuse_unknown()
        return Users(identities, required)
    except ValueProblem as problem:
        raise placed(problem, text, path) from None


def secret_of(data: bytes, kind: int) -> bytes:
    """The secret a file holds: a passcode is its first line, a ticket all of it; of other tokens the last line end is
    none of them."""
    if kind == PASSCODE:
        return (data.splitlines() or [b""])[0]
    return data if kind == KERBEROS else data.rstrip(b"\r\n")


def _read_user(value: Any, folder: Path) -> KnownIdentity:
    reader = Reader(value)
    kind = reader.get("type", int, 2, lambda v: None if v in TYPES else "a User-Identity-Type is from 1 to 5")
    name = reader.get("name", str, "")
    if kind in NAMED and not name:
        raise ValueProblem("a user of type 1 or 2 needs a name", ("name",))
    secret = _read_secret(reader, kind, folder)
    response = reader.inner("response", lambda v: hex_bytes(v, "response"), b"")
    response = reader.inner("response_file", lambda v: read_file(v, folder), response)
    if response and kind in NAMED:
        raise ValueProblem("the response to types 1 and 2 is empty (PS3.7 D.3.3.7.2)", ("response",))
    reader.refuse_unknown()
    return KnownIdentity(type=kind, name=name, secret=secret, response=response)


def _read_secret(reader: Reader, kind: int, folder: Path) -> SecretHash | None:
    given = [key for key in _SOURCES if key in reader.table]
    if kind == USERNAME and given:
        raise ValueProblem("type 1 has no passcode; type 2 has", (given[0],))
    if kind != USERNAME and len(given) != 1:
        raise ValueProblem(f"a user of type {kind} needs one of {' and '.join(_SOURCES)}", tuple(given[:1]))
    hashed = reader.inner("hash", _read_hash, None)
    return reader.inner("secret_file", lambda v: _hash_file(v, kind, folder), hashed)


def _hash_file(name: Any, kind: int, folder: Path) -> SecretHash:
    secret = secret_of(read_file(name, folder), kind)
    if not secret:
        raise ValueProblem("the file is empty")
    return SecretHash.of(secret)


def _read_hash(value: Any) -> SecretHash:
    try:
        return SecretHash.parse(str(value))
    except ValueError as error:
        raise ValueProblem(str(error)) from None
