"""The file of the instance that comes next, made and given its space before that comes: where files are in memory the
system spends four times as long on finding the space as on writing into it, and a sender waits for both."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from time import perf_counter
from typing import NamedTuple

from engine.model.limits import KIB, MIB
from engine.wire import datasets

from .leisure import Leisure
from .uring import Ring, ring

SOON = 0.025
"""Seconds between two instances, within which a third one is expected."""
QUIET = 0.025
"""Seconds after which none is expected any more."""
LEAST = 64 * KIB
"""Bytes from which on space is found ahead: less costs less than asking for it."""
LEAST_BESIDE = 128 * KIB
"""Bytes from which on that is left to the system, where it can do it beside us."""
BUSY, ENOUGH = 0.5, 0.55
"""See `Leisure`: with dcmsend as the sender 0.8 to 1.2 would be left, and it is slower by a quarter then."""
STOCK = 2
"""Files, where that is so: one is ready while the system is at the other."""
DEAR, OFTEN = 0.001, 6
"""Seconds that this may take for each MiB, and how often in a row it may take longer. A file system that cannot reserve
space writes zeros, which is no gain."""
NONE = -1
_RESERVES = hasattr(os, "posix_fallocate")


class _Made(NamedTuple):
    """work: that of finding its space, where the system still may be at it."""

    path: str
    file: int
    work: int = NONE


class FileAhead:
    """Files of a folder. Their space is a guess: who writes less cuts it off, who writes more gets the rest then.

    Where the system finds space beside us (`uring`) there are two, so that one is ready while it is at the other.
    """

    def __init__(self) -> None:
        self._made: list[_Made] = []
        self._ring: Ring | None = None
        self._leisure = Leisure(BUSY, ENOUGH)
        self._latest = 0.0
        self._dear = 0
        self._refused = self._closed = False
        self._lock = Lock()
        """Another thread may close the archive."""

    def take(self) -> tuple[str, int]:
        """Path and descriptor of a file, which is the caller's from now on; `NONE` where none is ready."""
        with self._lock:
            for place, made in enumerate(self._made):
                found = 0 if made.work == NONE or self._ring is None else self._ring.result(made.work)
                if found is None:
                    continue
                del self._made[place]
                if not found:
                    return made.path, made.file
                _give_back(made.path, made.file)
                self._refused = True
                break
        return "", NONE

    def make(self, part: Callable[[], str], size: int) -> None:
        """An instance whose file has so many bytes has come, and been answered: where it is one of many, the next one
        will be like it. part: gives a path for a file. Nothing where it cannot be made: whoever stores the next one
        tries again, and tells why."""
        now = perf_counter()
        since, self._latest = now - self._latest, now
        if since > SOON:
            self._leisure.begin(now)
            return
        with self._lock, suppress(OSError):
            if self._closed or self._refused:
                return
            beside = self._beside(now) if size >= LEAST_BESIDE else None
            for _ in range((1 if beside is None else STOCK) - len(self._made)):
                path = part()
                file = datasets.new_file(path)
                try:
                    self._made.append(_Made(path, file, self._with_space(file, size, beside)))
                except OSError:
                    _give_back(path, file)
                    return

    def _beside(self, now: float) -> Ring | None:
        """Who finds the space instead of this thread."""
        self._leisure.look(now)
        if self._leisure.has:
            return None
        if self._ring is None:
            self._ring = ring()
        return self._ring

    def _with_space(self, file: int, size: int, beside: Ring | None) -> int:
        """The work of finding it, where the system is at it. OSError where there is no such space."""
        if beside is not None:
            return beside.find_space(file, size)
        if size < LEAST or not _RESERVES or self._dear >= OFTEN:
            return NONE
        begun = perf_counter()
        try:
            os.posix_fallocate(file, 0, size)
        finally:
            self._leisure.takes = took = perf_counter() - begun
            self._dear = self._dear + 1 if took > DEAR * max(1.0, size / MIB) else 0
        return NONE

    def rest(self) -> bool:
        """Give them back where nothing more has come for long; False where something may come yet."""
        if perf_counter() - self._latest <= QUIET:
            return False
        with self._lock:
            if self._ring is not None and self._ring.under_way:
                return False
            self._drop()
        return True

    def close(self) -> None:
        """Give them back, and make none any more."""
        with self._lock:
            self._closed = True
            self._drop()

    def _drop(self) -> None:
        if self._ring is not None:
            self._ring.close()
            self._ring = None
        made, self._made, self._refused = self._made, [], False
        for one in made:
            _give_back(one.path, one.file)


def _give_back(path: str, file: int) -> None:
    with suppress(OSError):
        os.close(file)
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108
