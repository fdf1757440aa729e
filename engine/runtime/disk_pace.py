"""Whether the loop itself writes an instance: how quick the disk has been of late."""

from __future__ import annotations

from math import inf
from time import perf_counter

from engine.model.limits import MIB

AT_ONCE, SMALL = 8 * MIB, MIB
"""Bytes of an instance written in the engine's own thread, where the disk is quick: handing it to another thread and
back costs more than writing it. Of what is not small a single slow one shows that it is not."""
QUICK = 0.005
"""Seconds within which such a write has to be on the disk."""
OFTEN = 6
"""After so many slow ones in a row all go to other threads, so that the other associations do not wait for the disk.
Where programs want more processors than there are, one in ten is late for reasons of its own, and three in a row in
most thousands."""
WHILE = 1.0
"""Seconds they do at least; and until one that another thread wrote was quick, so that the loop never tries a disk that
is still slow."""


class DiskPace:
    """Of one folder."""

    def __init__(self) -> None:
        self._slow = 0
        self._slow_until = self._large_until = 0.0
        self._slow_since = self._large_since = 0.0

    def is_for_here(self, size: int, now: float) -> bool:
        """Whether the loop writes so many bytes itself."""
        return size <= AT_ONCE and now >= (self._slow_until if size <= SMALL else self._large_until)

    def took(self, seconds: float, size: int) -> None:
        """A write in the loop's thread did."""
        if seconds <= QUICK:
            self._slow = 0
            return
        if size > SMALL:
            self._large_since, self._large_until = perf_counter(), inf
            return
        self._slow += 1
        if self._slow == OFTEN:
            self._slow, self._slow_since, self._slow_until = 0, perf_counter(), inf

    def took_elsewhere(self, seconds: float, size: int) -> None:
        """A write in another thread did."""
        if seconds > QUICK:
            return
        if self._slow_until == inf:
            self._slow_until = self._slow_since + WHILE
        if size > SMALL and self._large_until == inf:
            self._large_until = self._large_since + WHILE
