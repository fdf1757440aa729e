"""Whether there is room for what a peer sends: the disk, and the limits that were set."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path

from engine.model.limits import MIB, Limits, named
from engine.model.reading import is_folder
from engine.model.whole_numbers import counted

from .beside import beside
from .places import known_quick

LOOK_AFTER = 32 * MIB
"""Bytes written between two looks at the disk: asking for each of thousands of small files would cost more than it
tells. What is to stay free is far larger."""
LOOK_AHEAD = LOOK_AFTER // 2
"""Bytes after which another thread looks already, so that nobody has to wait for it."""
WORTH_A_LOOK = 1024
"""Bytes below which what is kept of objects is not refused for lack of space: that they are gone, or a report taken."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def size_text(count: float) -> str:
    """A number of bytes for people."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if count >= 10 or not unit else f"{count:.1f} {_UNITS[unit]}"


def disk_problem(folder: Path | None, wanted: int, left: int) -> str:
    """Why `wanted` bytes more do not go into a folder (None: the one for temporary files), "" when they do; blocks."""
    where = folder or Path(tempfile.gettempdir())
    while not is_folder(where) and where != where.parent:
        where = where.parent
    try:
        free = shutil.disk_usage(where).free
    except OSError as error:
        return f"the disk cannot be looked at: {error.strerror or type(error).__name__}"
    if free - wanted >= left:
        return ""
    return f"disk full: {size_text(free)} are free, {size_text(left)} are to stay so{named('disk_left')}"


class Room:
    """Counts what one built-in peer takes in a run. folder: where it goes; None: memory."""

    def __init__(self, limits: Limits, folder: Path | None) -> None:
        self._limits = limits
        self._folder = folder
        bounds = (limits.received, 0 if folder is not None else limits.without_folder)
        self._most = min(filter(None, bounds), default=sys.maxsize)
        """Bytes that are taken."""
        self._most_files = limits.files or sys.maxsize
        self._files = 0
        self._bytes = 0
        self._unseen = LOOK_AFTER
        self._looks = 0
        """How often it was begun to count anew."""
        self._ahead = False
        """Another thread looks, or has found that there is too little room: `take` tells how much."""

    async def take(self, size: int) -> str:
        """Room for one instance of this many bytes: "" when there is, and it is counted; else why there is not."""
        if problem := self._beyond(size):
            return problem
        self._count(size)
        if self._folder is not None and self._unseen >= LOOK_AFTER:
            elsewhere = asyncio.to_thread if known_quick(self._folder) else beside
            problem = await elsewhere(disk_problem, self._folder, size, self._limits.disk_left)
            if problem:
                self.give_back(size)
                return problem
            self._count_anew(0)
        return ""

    async def has(self, size: int) -> str:
        """Room for so many bytes more of what else is kept: "" when there is; else why there is not."""
        self._unseen += max(size, 0)
        if self._folder is None or self._unseen < LOOK_AFTER or size < WORTH_A_LOOK:
            return ""
        elsewhere = asyncio.to_thread if known_quick(self._folder) else beside
        problem = await elsewhere(disk_problem, self._folder, size, self._limits.disk_left)
        self._count_anew(LOOK_AFTER if problem else 0)
        return problem

    def take_at_once(self, size: int) -> bool:
        """`take` where there is room and nobody has to look at the disk; else False, and nothing is counted."""
        folder = self._folder
        if self._files >= self._most_files or self._bytes + size > self._most:
            return False
        if folder is not None and self._unseen + size >= LOOK_AFTER:
            return False
        self._count(size)
        if folder is not None and self._unseen >= LOOK_AHEAD and not self._ahead:
            self._look_ahead(folder)
        return True

    def _look_ahead(self, folder: Path) -> None:
        """Have another thread look whether there is room for all that is taken until the next look."""
        self._ahead = True
        with suppress(RuntimeError):  # the loop is about to end
            look = asyncio.get_running_loop().run_in_executor(
                None, disk_problem, folder, LOOK_AFTER, self._limits.disk_left
            )
            look.add_done_callback(partial(self._looked, self._looks, self._unseen))

    def _looked(self, looks: int, seen: int, look: asyncio.Future[str]) -> None:
        """It has, when `seen` bytes had been written since the look before."""
        if looks == self._looks and not look.cancelled() and look.exception() is None and not look.result():
            self._count_anew(self._unseen - seen)

    def _count_anew(self, unseen: int) -> None:
        self._unseen = unseen
        self._looks += 1
        self._ahead = False

    def _beyond(self, size: int) -> str:
        """Which limit so many bytes more are beyond; "" for none."""
        most = self._most
        if self._files >= self._most_files:
            return f"limit reached: {counted(self._most_files, 'instance')} taken{named('files')}"
        if self._bytes + size <= most:
            return ""
        name = "received" if most == self._limits.received else "without_folder"
        taken = f"{size_text(self._bytes)} taken of {size_text(most)}, {size_text(size)} more came"
        return f"limit reached: {taken}{named(name)}"

    def _count(self, size: int) -> None:
        self._files += 1
        self._bytes += size
        self._unseen += size

    def give_back(self, size: int) -> None:
        """It was not kept after all; the disk is looked at again."""
        self._files -= 1
        self._bytes -= size
        self._count_anew(LOOK_AFTER)
