"""The turns of the loop: what is done at the end of each, before the thread waits for what comes next."""

from __future__ import annotations

import asyncio
import math
import selectors
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_WAKINGS = 4096
"""Bytes read at once; what is left has the loop take another turn."""
_AT_ONCE = 256
"""Descriptors told of in one turn; those beyond are told of in the next."""
_IS_EPOLL = sys.platform == "linux"


class Watch:
    """A descriptor and what is called, in its turn, when it can be read: a handle of asyncio's as far as its loop looks
    at one, but made once for a connection and found by the number alone."""

    __slots__ = ("_act", "_cancelled", "_loop", "number")

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int, act: Callable[[], None]) -> None:
        self._loop, self.number, self._act, self._cancelled = loop, number, act, False

    def _run(self) -> None:
        try:
            self._act()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - told as asyncio does
            self._loop.call_exception_handler({"message": f"Exception in callback {self._act}", "exception": error})


def each(*steps: Callable[[], object]) -> None:
    """All of these, though one of them fails: what it raised is raised when all are done."""
    failed: Exception | None = None
    for step in steps:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - somebody waits for what the next one does
            failed = failed or error
    if failed is not None:
        raise failed


class TurnSelector(selectors.DefaultSelector):
    """The system's own, which calls `at_end` before it waits.

    Whoever wakes up for what a turn brought needs the interpreter, and has it at once: the loop's thread gives it up
    in the very next step.
    """

    def __init__(self, at_end: Callable[[], None]) -> None:
        super().__init__()
        self._at_end = at_end
        self.watches: dict[int, Watch] = {}
        """By descriptor, where the system's is epoll."""
        self.ready: list[Watch] = []
        """Those that can be read."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As of any selector: (key, events) of what is ready; but `ready` of what is watched."""
        self._at_end()
        return super().select(timeout) if not _IS_EPOLL else self._polled(timeout)

    def _polled(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """As `EpollSelector.select`, which knows nothing of watches."""
        seconds = -1 if timeout is None else math.ceil(timeout * 1e3) * 1e-3 if timeout > 0 else 0
        told: list[tuple[selectors.SelectorKey, int]] = []
        try:
            polled = self.epoll.poll(seconds, _AT_ONCE)
        except InterruptedError:
            return told
        watches = self.watches
        for number, events in polled:
            watch = watches.get(number)
            if watch is not None:
                self.ready.append(watch)
                continue
            with suppress(KeyError):  # it is not waited for any more
                key = self.get_key(number)
                wanted = (selectors.EVENT_WRITE if events & ~_EPOLLIN else 0) | (
                    selectors.EVENT_READ if events & ~_EPOLLOUT else 0
                )
                if wanted & key.events:
                    told.append((key, wanted & key.events))
        return told

    @property
    def epoll(self) -> Any:
        """The system's."""
        return self._selector  # type: ignore[attr-defined]


class TurnLoop(asyncio.SelectorEventLoop):
    """One with a `TurnSelector`, which is woken by other threads at half the price.

    They write a byte each time; asyncio's own reads until it is told that there is none, as if there were many.
    """

    def __init__(self, at_end: Callable[[], None]) -> None:
        self._turns = TurnSelector(at_end)
        super().__init__(self._turns)
        self.came = 0.0
        """When what is being received had arrived, in seconds of the monotonic clock; 0 where that is now."""

    def _read_from_self(self) -> None:
        with suppress(BlockingIOError, InterruptedError):
            self._ssock.recv(_WAKINGS)  # type: ignore[attr-defined]

    def watch(self, number: int, act: Callable[[], None]) -> Watch | None:
        """As `add_reader`, at a quarter of the price, for a descriptor that nothing else is asked of: until `unwatch`
        nobody adds a reader or writer. None where the system has no epoll. OSError as of epoll_ctl(2)."""
        if not _IS_EPOLL:
            return None
        self._turns.epoll.register(number, _EPOLLIN)
        watch = self._turns.watches[number] = Watch(self, number, act)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """Call it no more, even if its descriptor can be read already."""
        watch._cancelled = True  # noqa: SLF001 - the loop asks for it
        if self._turns.watches.get(watch.number) is watch:
            del self._turns.watches[watch.number]
            with suppress(OSError):  # it was closed
                self._turns.epoll.unregister(watch.number)

    def _process_events(self, event_list: list[tuple[selectors.SelectorKey, int]]) -> None:
        super()._process_events(event_list)  # type: ignore[misc]
        ready = self._turns.ready
        if ready:
            self._ready.extend(ready)  # type: ignore[attr-defined]
            ready.clear()


if sys.platform == "linux":
    from select import EPOLLIN as _EPOLLIN
    from select import EPOLLOUT as _EPOLLOUT
else:
    _EPOLLIN = _EPOLLOUT = 0
