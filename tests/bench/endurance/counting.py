"""Messages counted on both sides of an association, and the sentence when they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from .desk import RECEIVED, SENT, Desk, Tally


def compare(desk: Desk, what: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> None:
    """Our count of messages and the peer's own."""
    if Counter(ours) != Counter(theirs):
        desk.errors.append(f"{what}: we count {_told(ours)}, the peer {_told(theirs)}.")


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {m}" for m, n in sorted(counts.items())) or "none"


def same_on_both_sides(desk: Desk, title: str, expected: Mapping[str, int] | None = None) -> Tally:
    """Of associations between our user and our built-in peer: what each sent is what the other received."""
    tally = desk.settled(title, own_peer=True)
    compare(desk, f"{title}, to the provider", tally.of(True, SENT), tally.of(False, RECEIVED))
    compare(desk, f"{title}, to the user", tally.of(True, RECEIVED), tally.of(False, SENT))
    if expected is not None:
        compare(desk, f"{title}, asked for", tally.of(True, SENT) + tally.of(True, RECEIVED), expected)
    return tally
