"""Bytes explained: a tree whose leaves cover every byte once, and the words its values are said in."""

from __future__ import annotations

from engine.standard.dictionary import uid_name
from engine.standard.lean import dataclass

PREVIEW = 32
"""Bytes shown of a long value; the bytes themselves are in the hex view."""


@dataclass(frozen=True, slots=True)
class Node:
    """One field, item or element.

    label: the Standard's name. value: in words. start, end: its bytes. children: in order, without gaps.
    clause: where the Standard defines it. detail: more than fits a line. issue: a sentence when something is odd.
    """

    label: str
    value: str
    start: int
    end: int
    children: tuple[Node, ...] = ()
    clause: str = ""
    detail: str = ""
    issue: str = ""


def hex_text(data: bytes) -> str:
    """Bytes in hexadecimal, cut after `PREVIEW`."""
    shown = data[:PREVIEW].hex(" ").upper()
    return f"{shown} ... ({len(data)} bytes)" if len(data) > PREVIEW else shown


def zeros_or_hex(data: bytes) -> str:
    """Reserved bytes: their hexadecimal, or that they are all zero."""
    return f"{len(data)} bytes, all zero" if len(data) > 4 and not any(data) else hex_text(data)


def plain_text(text: str) -> str:
    """Text without trailing padding; other characters that do not print are escaped."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text.rstrip(" \0"))


def uid_text(text: str) -> str:
    """Text, followed by the name when it is a registered UID."""
    shown = plain_text(text)
    name = uid_name(shown.strip())
    return f"{shown} ({name})" if name else shown


def padding_detail(raw: bytes) -> str:
    """Which padding a text value carries, in words; "" when none."""
    stripped = raw.rstrip(b" \0")
    padding = raw[len(stripped) :]
    if not padding:
        return ""
    kind = "NUL" if not padding.strip(b"\0") else "spaces" if not padding.strip(b" ") else "spaces and NULs"
    return f"padded with {kind} to {len(raw)} bytes"
