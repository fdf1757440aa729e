"""The turns of the loop: what is done at the end of each, before the thread waits for what comes next."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from contextlib import suppress

_WAKINGS = 4096
"""Bytes read at once; what is left has the loop take another turn."""


class TurnSelector(selectors.DefaultSelector):
    """The system's own, which calls `at_end` before it waits.

    Whoever wakes up for what a turn brought needs the interpreter, and has it at once: the loop's thread gives it up
    in the very next step.
    """

    def __init__(self, at_end: Callable[[], None]) -> None:
        super().__init__()
        self._at_end = at_end

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As of any selector: (key, events) of what is ready."""
        self._at_end()
        return super().select(timeout)


class TurnLoop(asyncio.SelectorEventLoop):
    """One with a `TurnSelector`, which is woken by other threads at half the price.

    They write a byte each time; asyncio's own reads until it is told that there is none, as if there were many.
    """

    def __init__(self, at_end: Callable[[], None]) -> None:
        super().__init__(TurnSelector(at_end))

    def _read_from_self(self) -> None:
        with suppress(BlockingIOError, InterruptedError):
            self._ssock.recv(_WAKINGS)  # type: ignore[attr-defined]
