"""Passwords, tickets and assertions of user identity (PS3.7 D.3.3.7): neither shown nor copied with a PDU's bytes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.standard.pdus import Kind, UserIdentityAC, UserIdentityRQ, rows_of

from .node_tree import NodeLike

MASK = ord("*")

_ITEMS = frozenset({UserIdentityRQ.NAME, UserIdentityAC.NAME})
_FIELDS = frozenset(
    row.name for item in (UserIdentityRQ, UserIdentityAC) for _, row in rows_of(item) if row.kind is Kind.COUNTED_BYTES
)


def without_secrets(data: bytes, root: NodeLike) -> tuple[bytes, int]:
    """The bytes with those of secrets as asterisks, and how many there are."""
    spans = [(node.start, node.end) for node in _secrets(root, inside=False)]
    if not spans:
        return data, 0
    masked = bytearray(data)
    for start, end in spans:
        masked[start:end] = bytes([MASK]) * (end - start)
    return bytes(masked), sum(end - start for start, end in spans)


def _secrets(node: NodeLike, *, inside: bool) -> Iterator[NodeLike]:
    inside = inside or node.label in _ITEMS
    for child in node.children:
        if inside and child.label in _FIELDS:
            yield child
        else:
            yield from _secrets(child, inside=inside)
