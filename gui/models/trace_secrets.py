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
    stray = next((at for at, (a, b) in enumerate(zip(data, masked, strict=True)) if a != b), len(data))
    for start, end in spans:
        masked[start:end] = bytes([MASK]) * (end - start)
    # Counted by place: a secret may have asterisks of its own.
    return bytes(masked), len({*range(stray, len(data))}.union(*(range(start, end) for start, end in spans)))
