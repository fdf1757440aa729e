"""Waking the thread that waits for notices, without two threads wanting the interpreter at once."""

from __future__ import annotations

import math
import os
import select
import sys
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol
from weakref import finalize


class Waking(Protocol):
    """One thread waits; any may wake it. Woken before it waits, it does not wait."""

    def wake(self) -> None: ...

    def wait(self, seconds: float | None) -> None:
        """Until woken, or until so many seconds have passed (None: for ever); what woke it counts no more."""

    def calm(self) -> None:
        """What was woken for has been seen to: it counts no more."""


class _Queued:
    """By a queue, at a third of what a `threading.Event` takes."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[None] = SimpleQueue()

    def wake(self) -> None:
        self._queue.put(None)

    def wait(self, seconds: float | None) -> None:
        with suppress(Empty):
            self._queue.get(timeout=seconds)
        self.calm()

    def calm(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()


if sys.platform == "linux":

    class Counted:
        """By a counter of the system's (eventfd).

        Who wakes gives up the interpreter to do so, and who wakes up has it at once. By a queue it wakes while the
        other still has it, has to wait again for that, and is woken a second time.
        """

        def __init__(self) -> None:
            self.number = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            finalize(self, os.close, self.number)
            self._poll = select.poll()
            self._poll.register(self.number, select.POLLIN)

        def wake(self) -> None:
            os.eventfd_write(self.number, 1)

        def wait(self, seconds: float | None) -> None:
            if self._poll.poll(None if seconds is None else math.ceil(1000 * max(0.0, seconds))):
                self.calm()

        def calm(self) -> None:
            with suppress(BlockingIOError):
                os.eventfd_read(self.number)


class Knock(Protocol):
    """Wakes a loop that reads `number`."""

    number: int
    """The descriptor that can be read once woken, until `calm`."""

    def wake(self) -> None: ...

    def calm(self) -> None: ...


def knock() -> Knock | None:
    """What wakes a loop for less than its own `call_soon_threadsafe` takes; None where the system has no such."""
    if sys.platform == "linux":
        with suppress(OSError):  # no more descriptors, or none of this kind
            return Counted()
    return None


def waking() -> Waking:
    """One of the kind that suits the system."""
    if sys.platform == "linux":
        with suppress(OSError):
            return Counted()
    return _Queued()
