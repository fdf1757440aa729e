"""Looks after the slow deadlines of one association: DIMSE and idle time-outs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .association import Association

LEAST = 0.05
"""Seconds between two looks at least."""


class Watchdog:
    """Wakes at half the shortest time-out instead of keeping a timer for each operation: the hot path pays nothing."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        timeouts = self._association.timeouts
        spans = [s for s in (timeouts.dimse, timeouts.idle) if s > 0]
        if not spans:
            return
        self._wait(max(LEAST, min(1.0, min(spans) / 4)))

    def _wait(self, span: float) -> None:
        self._timer = self._association.context.loop.call_later(span, self._look, span)

    def _look(self, span: float) -> None:
        self._association.check_deadlines()
        if self._association.end is None:
            self._wait(span)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
