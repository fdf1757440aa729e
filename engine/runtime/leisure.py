"""Whether the loop's thread has time for a work that the system could do beside it."""

from __future__ import annotations

from pathlib import Path
from time import thread_time

EVERY, FIRST = 16, 2
"""Instances after which it is looked how much time was left, and how many such looks are needed."""
SMOOTH = 4
"""Looks that count together: now and then the thread waits for the interpreter."""
AGAIN, SELDOM = 32, 256
"""How many until it is tried anew whether there is time without that work, the first time and in the end."""
_TOLD = Path("/proc/thread-self/schedstat")
"""Linux: nanoseconds that the thread has run and waited."""


def _spent() -> float:
    """Seconds this thread has worked, or has waited for a processor that others had, where the system tells that."""
    worked = thread_time()
    try:
        return worked + int(_TOLD.read_bytes().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return worked


class Leisure:
    """Of one series of instances, each of which needs that work. Who has time does it: the other processor is the
    peer's, which would go slower.

    A thread that has hardly any may be one that spends it on this, so that it is tried how much there is without it.

    busy: less time than that is none left with the work done by the thread itself; enough: more than that is enough
    where it is done beside it. Both as parts of what the work takes.
    """

    def __init__(self, busy: float, enough: float) -> None:
        self._busy, self._enough = busy, enough
        self.has = True
        self.takes = 0.0
        """Seconds that one of them took the thread last."""
        self._instances = self._looks = 0
        self._begun = self._spent = self._idle = 0.0
        self._until = FIRST
        self._next = AGAIN

    def begin(self, now: float) -> None:
        """What came before is long ago. now: of `perf_counter`."""
        self._instances, self._begun, self._spent = 0, now, _spent()
        self._looks, self._until, self._next, self._idle = 0, FIRST, AGAIN, 0.0

    def look(self, now: float) -> None:
        """One more has come."""
        self._instances += 1
        if self._instances < EVERY:
            return
        spent = _spent()
        idle = (now - self._begun - (spent - self._spent)) / EVERY
        self._instances, self._begun, self._spent = 0, now, spent
        if self._looks or not self.has:
            idle = self._idle + (idle - self._idle) / SMOOTH
        self._idle = idle
        self._looks += 1
        if self._looks < self._until:
            return
        if self.has and self._idle < self._busy * self.takes:
            self._turn(False, FIRST)
        elif not self.has and self._idle > self._enough * self.takes:
            self._turn(True, self._next)
            self._next = min(2 * self._next, SELDOM)

    def _turn(self, has: bool, until: int) -> None:
        self.has, self._looks, self._until, self._idle = has, 0, until, 0.0
