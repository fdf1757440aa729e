"""Secrets and patients planted into a session, and the search for them in whatever it leaves behind."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.trace.redaction import stand_ins

PASSCODE = "passcode-Zwiebelfisch-4711"
PASSPHRASE = "passphrase-Kranich-0815"
TICKET = "kerberos-ticket-Wacholder-1234"
ASSERTION = "<saml:Assertion>Hagebutte-5678</saml:Assertion>"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.Schlehdorn-9012.c2ln"
SECRETS = (PASSCODE, PASSPHRASE, TICKET, ASSERTION, TOKEN)
PATIENT, PATIENT_ID = "Vogelbeer^Adelheid", "ID-Sanddorn-3456"
PATIENTS = (PATIENT, PATIENT_ID)


def written(secret: str) -> dict[str, bytes]:
    """The ways in which a program that is not careful writes a text down."""
    data = secret.encode()
    digits = data.hex()
    return {
        "plain": data,
        "hexadecimal": digits.encode(),
        "HEXADECIMAL": digits.upper().encode(),
        "hexadecimal, apart": " ".join(f"{byte:02x}" for byte in data[:8]).encode(),
        "HEXADECIMAL, apart": " ".join(f"{byte:02X}" for byte in data[:8]).encode(),
        "base64": base64.b64encode(data[: len(data) // 3 * 3]),
        "UTF-16": secret.encode("utf-16-le"),
    }


def fix_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of redactions differ, and are the same in each run: a random number might be a planted one."""
    count = itertools.count()
    monkeypatch.setattr(stand_ins.secrets, "token_bytes", lambda size: next(count).to_bytes(size))


def found(where: str, content: str | bytes, planted: Iterable[str]) -> list[str]:
    """What of the planted is in a text or in bytes, and how it is written there."""
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    return [
        f"{secret!r} ({how}) in {where}" for secret in planted for how, form in written(secret).items() if form in data
    ]


def found_below(folder: Path, planted: Iterable[str], *besides: Path) -> list[str]:
    """As `found`, in the name and content of every file below a folder, but for those the test itself put there."""
    planted = tuple(planted)
    told: list[str] = []
    for path in folder.rglob("*"):
        told += found("the name of a file", str(path.relative_to(folder)), planted)
        if path.is_file() and path not in besides:
            told += found(str(path), path.read_bytes(), planted)
    return told
