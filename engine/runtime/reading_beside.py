"""Files read by the system beside us while their peer takes in the ones before: on the other processor, where the loop
has no time for it. `reading_ahead` does it itself else."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from engine.model.limits import KIB

from .leisure import Leisure
from .uring import Ring, ring

LEAST = 256 * KIB
"""Bytes of a file from which on handing it over costs less than reading it."""
FAR = 2
"""Files ahead: one is there while the system is at the other."""
BUSY, ENOUGH = 0.8, 1.0
"""See `Leisure`."""
MOST = 2
"""Associations for which that is done at a time: more have processors enough to do."""
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_reading: set[object] = set()
"""Those for which it is; of whatever engine's thread."""


class Work(NamedTuple):
    """One file that is being read. modified: when it was, in nanoseconds; 0: whenever."""

    number: int
    file: int
    size: int
    modified: int


class ReadingBeside:
    """Of one association."""

    def __init__(self) -> None:
        self._leisure = Leisure(BUSY, ENOUGH)
        self._leisure.begin(perf_counter())
        self._ring: Ring | None = None
        self._works: set[Work] = set()
        self._refused = False
        """The system cannot: one before 5.6 has no such work."""

    @property
    def far(self) -> int:
        """Files ahead that are to be asked for."""
        return FAR if self._ring is not None and not self._leisure.has else 1

    def took(self, seconds: float) -> None:
        """The loop read one itself."""
        self._leisure.takes = seconds

    def look(self) -> None:
        """One more file goes."""
        self._leisure.look(perf_counter())

    def begin(self, path: Path, offset: int, room: bytearray, size: int, modified: int) -> Work | None:
        """Have one read into the beginning of `room`, which is left alone until that is done. None where the loop is to
        read it."""
        if size < LEAST or self._leisure.has or self._refused or not self._has_ring() or self._ring is None:
            return None
        work = None
        with suppress(OSError):
            file = os.open(path, _READ)
            try:
                if stat.S_ISREG(os.fstat(file).st_mode):  # a pipe would be waited for, also by `close`
                    work = Work(self._ring.read(file, offset, room, size), file, size, modified)
                    self._works.add(work)
            finally:
                if work is None:
                    os.close(file)
        return work

    def read(self, work: Work, *, wait: bool) -> bool | None:
        """Whether all of it was read, and it still is the file it was; None while that is not known, where it is not
        waited for. Asked for once it is known."""
        if self._ring is None:
            return False
        result = self._ring.result(work.number)
        if result is None:
            if not wait:
                return None
            self._ring.wait(work.number)
            result = self._ring.result(work.number)
        self._refused |= result == -errno.EINVAL
        return self._over(work) and result == work.size

    def close(self) -> None:
        """None is needed any more: what is under way is waited for, as it is written into memory of ours."""
        _reading.discard(self)
        if self._ring is not None:
            self._ring.close()
            self._ring = None
        for work in tuple(self._works):
            self._over(work)

    def _over(self, work: Work) -> bool:
        """Give its file back; whether that still is the one it was."""
        self._works.discard(work)
        try:
            return not work.modified or os.fstat(work.file).st_mtime_ns == work.modified
        except OSError:
            return False
        finally:
            os.close(work.file)

    def _has_ring(self) -> bool:
        if self._ring is None and len(_reading) < MOST:
            self._ring = ring()
            if self._ring is not None:
                _reading.add(self)
        return self._ring is not None
