"""Deadlines of all associations behind one timer of the loop.

Each association has a few, and nearly all of them are taken back before they are due. A timer of asyncio's costs more
than what it watches over, and one taken back stays in the loop's heap, with what it would have called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf


class Alarms:
    """now: monotonic seconds. `loop` is given before the first is set; one engine's thread only."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._due: dict[int, tuple[float, Callable[[], None]]] = {}
        self._last = 0
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = inf
        self.loop: asyncio.AbstractEventLoop

    def after(self, seconds: float, act: Callable[[], None]) -> int:
        """Call `act` when so many seconds have passed; gives the number to take it back by, never 0."""
        when = self._now() + seconds
        self._last += 1
        self._due[self._last] = when, act
        if when < self._rings_at:
            self._set(when)
        return self._last

    def cancel(self, number: int) -> None:
        """Take one back; nothing happens where it is over already. The timer stays: too early, it is set anew."""
        self._due.pop(number, None)

    def _set(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = when
        self._timer = self.loop.call_later(max(0.0, when - self._now()), self._ring)

    def _ring(self) -> None:
        """Call what is due, oldest first. One that fails is the loop's affair; those behind it are called all the
        same."""
        self._timer, self._rings_at = None, inf
        now = self._now()
        due = sorted((when, number) for number, (when, _) in self._due.items() if when <= now)
        try:
            for _, number in due:
                taken = self._due.pop(number, None)
                if taken is not None:
                    taken[1]()
        finally:
            first = min((when for when, _ in self._due.values()), default=inf)
            if first < self._rings_at:
                self._set(first)
