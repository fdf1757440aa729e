"""The file of the instance that comes next, made and given its space before that comes: where files are in memory the
system spends four times as long on finding the space as on writing into it, and a sender waits for both."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from time import perf_counter, thread_time
from typing import NamedTuple

from engine.model.limits import KIB, MIB
from engine.wire import datasets

from .uring import Ring, ring

SOON = 0.025
"""Seconds between two instances, within which a third one is expected."""
QUIET = 0.025
"""Seconds after which none is expected any more."""
LEAST = 64 * KIB
"""Bytes from which on space is found ahead: less costs less than asking for it."""
LEAST_BESIDE = 128 * KIB
"""Bytes from which on that is left to the system, where it can do it beside us."""
STOCK = 2
"""Files, where that is so: one is ready while the system is at the other."""
EVERY, FIRST = 16, 2
"""Instances after which it is looked how much time was left, and how many such looks are needed."""
AGAIN, SELDOM = 32, 256
"""How many until it is tried anew whether there is time without that work, the first time and in the end."""
BUSY, AT_LEISURE = 0.5, 0.55
"""Of what finding the space takes: less than that is no time left with that work, and more is enough without."""
DEAR, OFTEN = 0.001, 6
"""Seconds that this may take for each MiB, and how often in a row it may take longer. A file system that cannot reserve
space writes zeros, which is no gain."""
NONE = -1
_RESERVES = hasattr(os, "posix_fallocate")


class _Leisure:
    """Whether the thread that receives has time to find the space itself while its sender is at work. Then it does: the
    other processor is the sender's, which would go slower.

    A thread that has hardly any may be one that spends it on this, so that it is tried how much there is without it.
    """

    def __init__(self) -> None:
        self.has = True
        self.takes = 0.0
        """Seconds that finding the space of one took it last."""
        self._instances = self._looks = 0
        self._begun = self._spent = self._before = 0.0
        self._until = FIRST
        self._next = AGAIN

    def begin(self, now: float) -> None:
        """What came before is long ago. now: of `perf_counter`."""
        self._instances, self._begun, self._spent = 0, now, thread_time()
        self._looks, self._until, self._next = 0, FIRST, AGAIN

    def look(self, now: float) -> None:
        """One more has come."""
        self._instances += 1
        if self._instances < EVERY:
            return
        spent = thread_time()
        idle = (now - self._begun - (spent - self._spent)) / EVERY
        self._instances, self._begun, self._spent = 0, now, spent
        two, self._before = (idle + self._before) / 2, idle
        self._looks += 1
        if self._looks < self._until:
            return
        if self.has and two < BUSY * self.takes:
            self.has, self._looks, self._until = False, 0, FIRST
        elif not self.has and two > AT_LEISURE * self.takes:
            self.has, self._looks, self._until = True, 0, self._next
            self._next = min(2 * self._next, SELDOM)


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
        self._leisure = _Leisure()
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
        if perf_counter() - self._latest <= QUIET or (self._ring is not None and self._ring.under_way):
            return False
        with self._lock:
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
