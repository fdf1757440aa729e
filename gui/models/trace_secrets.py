"""Passwords, tickets and assertions of user identity (PS3.7 D.3.3.7): neither shown nor copied with a PDU's bytes."""

from __future__ import annotations

from engine.trace.explain import Node, kept_back

MASK = ord("*")


def without_secrets(data: bytes, root: Node) -> tuple[bytes, int]:
    """The bytes with those of secrets as asterisks, and how many there are."""
    spans = [(node.start, node.end) for node in kept_back(root)]
    if not spans:
        return data, 0
    masked = bytearray(data)
    for start, end in spans:
        masked[start:end] = bytes([MASK]) * (end - start)
    return bytes(masked), sum(end - start for start, end in spans)
