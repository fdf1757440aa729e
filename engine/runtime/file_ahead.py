"""The file of the instance that comes next, made and given its space before that comes: where files are in memory the
system spends four times as long on finding the space as on writing into it, and a sender waits for both."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

from engine.model.limits import KIB, MIB
from engine.wire import datasets

SOON = 0.025
"""Seconds between two instances, within which a third one is expected."""
LEAST = 64 * KIB
"""Bytes from which on space is found ahead: less costs less than asking for it."""
DEAR, OFTEN = 0.001, 6
"""Seconds that this may take for each MiB, and how often in a row it may take longer. A file system that cannot reserve
space writes zeros, which is no gain."""
NONE = -1
_RESERVES = hasattr(os, "posix_fallocate")


class FileAhead:
    """One file of a folder. Its space is a guess: who writes less cuts it off, who writes more gets the rest then."""

    def __init__(self) -> None:
        self._made: list[tuple[str, int]] = []
        """Emptied in one step: another thread may close the archive."""
        self._latest = 0.0
        self._dear = 0

    def take(self) -> tuple[str, int]:
        """Path and descriptor of the file, which is the caller's from now on; `NONE` where there is none."""
        if self._made:
            with suppress(IndexError):  # taken away since
                return self._made.pop()
        return "", NONE

    def make(self, part: Callable[[], str], size: int) -> None:
        """An instance whose file has so many bytes has come, and been answered: where it is one of many, the next one
        will be like it. part: gives a path for the file. Nothing where it cannot be made: whoever stores the next one
        tries again, and tells why."""
        now = perf_counter()
        since, self._latest = now - self._latest, now
        if since > SOON or self._made:
            return
        with suppress(OSError):
            path = part()
            file = datasets.new_file(path)
            if size < LEAST or not _RESERVES or self._dear >= OFTEN or self._reserve(file, size):
                self._made.append((path, file))
            else:
                _give_back(path, file)

    def _reserve(self, file: int, size: int) -> bool:
        """False where there is no such space."""
        begun = perf_counter()
        try:
            os.posix_fallocate(file, 0, size)
        except OSError:
            return False
        finally:
            self._dear = self._dear + 1 if perf_counter() - begun > DEAR * max(1.0, size / MIB) else 0
        return True

    def drop(self) -> None:
        """Give it back: nothing came."""
        path, file = self.take()
        if file != NONE:
            _give_back(path, file)


def _give_back(path: str, file: int) -> None:
    with suppress(OSError):
        os.close(file)
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108
