"""Whether what is under way makes headway, seen from looks now and then. The time comes as an argument."""

from __future__ import annotations

from dataclasses import dataclass

SLOWEST = 1024
"""Bytes a second. A modem of 1995 did several times as much; who is slower than this for as long as one waits for a
silent peer holds an association up, by a fault or on purpose."""


@dataclass(slots=True)
class Pace:
    """Of one thing after the other: a PDU or message that arrives. One byte now and then is no headway."""

    _what: object = None
    _count: int = 0
    _since: float = 0.0

    def too_slow(self, what: object, count: int, now: float, seconds: float) -> bool:
        """Whether for `seconds` on end less than `SLOWEST` came of `what` (None: nothing is under way).

        count: bytes of it so far. seconds: 0 for never.
        """
        moved = count - self._count
        if what is None or what != self._what or (moved > 0 and moved >= SLOWEST * (now - self._since)):
            self._what, self._count, self._since = what, count, now
            return False
        return 0 < seconds <= now - self._since
