"""Whom an acceptor knows by user identity negotiation (PS3.7 D.3.3.7), without the secrets themselves."""

from __future__ import annotations

import os
from dataclasses import field

from engine.standard.lean import dataclass

USERNAME, PASSCODE, KERBEROS, SAML, JWT = range(1, 6)
"""User-Identity-Types."""
TYPES = range(USERNAME, JWT + 1)
NAMED = (USERNAME, PASSCODE)
"""Types whose primary field is a user name; that of the others is a token."""

_SCHEME = "scrypt"
_COST, _BLOCK, _PARALLEL, _SALT, _LENGTH = 1 << 14, 8, 1, 16, 32
"""16 MiB and some hundredths of a second: dear to whoever tries passcodes, nothing to whoever knows one."""


@dataclass(frozen=True, slots=True)
class SecretHash:
    """A salted hash (scrypt, RFC 7914) of a passcode or token: tells whether a secret is the one, never what it is."""

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> SecretHash:
        """The hash of a secret, with a salt of its own."""
        salt = os.urandom(_SALT)
        return cls(salt, _derive(secret, salt))

    @classmethod
    def parse(cls, text: str) -> SecretHash:
        """Read what `text` wrote. Raises ValueError, with a sentence that does not repeat it."""
        try:
            scheme, salt, digest = text.strip().split(":")
            made = cls(bytes.fromhex(salt), bytes.fromhex(digest))
        except ValueError:
            scheme, made = "", cls(b"", b"")
        if scheme != _SCHEME or len(made.salt) < _SALT or len(made.digest) != _LENGTH:
            raise ValueError(f"is not a hash as {_SCHEME}:SALT:DIGEST in hexadecimal")
        return made

    @property
    def text(self) -> str:
        """As a file keeps it."""
        return f"{_SCHEME}:{self.salt.hex()}:{self.digest.hex()}"

    def matches(self, secret: bytes) -> bool:
        from hmac import compare_digest  # with its libraries 3 ms, which few need

        return compare_digest(_derive(secret, self.salt), self.digest)


def _derive(secret: bytes, salt: bytes) -> bytes:
    from hashlib import scrypt

    return scrypt(secret, salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentity:
    """One identity an acceptor lets in."""

    type: int
    name: str = ""
    """The user name of types 1 and 2; of the others only what to call it."""
    secret: SecretHash | None = None
    """Of the passcode (type 2) or of the whole token (types 3 to 5); None for type 1."""
    response: bytes = field(default=b"", repr=False)
    """Server-response of types 3 to 5: the Kerberos server ticket, the SAML response (PS3.7 D.3.3.7.2)."""
