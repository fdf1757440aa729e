"""Passwords, tickets and assertions of user identity (PS3.7 D.3.3.7): neither shown nor copied with a PDU's bytes."""

from __future__ import annotations

from engine.trace.explain import Node, kept_back, without_strays

MASK = ord("*")


def without_secrets(data: bytes, root: Node) -> tuple[bytes, int]:
    """The bytes with those of secrets as asterisks, and how many there are."""
    masked = bytearray(without_strays(data))
    spans = [(node.start, node.end) for node in kept_back(root)]
    if masked == data and not spans:
        return data, 0
    for start, end in spans:
        masked[start:end] = bytes([MASK]) * (end - start)
    return bytes(masked), sum(a != b for a, b in zip(data, masked, strict=True))
