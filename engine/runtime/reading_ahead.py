"""The files that are sent next, read into memory before their turn comes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter

from engine.model.storing import FileResult, PlannedFile
from engine.standard.lean import dataclass
from engine.wire.datasets import read_file_into

from .link import Link
from .places import known_quick_file
from .writer import BATCH

FAR = 4
"""Files read ahead at most: enough that the thread is woken for every other file only."""
BESIDE = 64 * 1024
"""Bytes from which on a thread may read: it costs the loop more to ask for less than to read it itself."""
QUICK = 0.002
"""Seconds for one of those, which the loop reads itself as long as it takes no longer: from the system's cache it does
not, and the thread would take the processor on which the peer works."""
SLOW = 2
"""So many in succession that took longer, and the thread reads the rest: one may be chance."""


@dataclass(slots=True, eq=False)
class _Page:
    """The data set of one file. read: whether all of it is in `room`, None until that was tried. far: its disk may
    never answer, and is waited for by nobody."""

    index: int
    path: Path
    offset: int
    room: bytearray
    size: int
    modified: int = 0
    read: bool | None = None
    far: bool = False

    def fill(self) -> None:
        read = False
        try:
            read = read_file_into(self.path, self.offset, memoryview(self.room)[: self.size], self.modified)
        finally:
            self.read = read


class ReadAhead:
    """Reads the files of one association ahead of their turn: the loop itself, while the peer takes in the one before,
    or a thread where the disk is slow. The largest, which are sent piece by piece, are not read ahead.

    files: in the order in which they go. header: what is planned for one.
    """

    def __init__(self, link: Link, files: Sequence[FileResult], header: Callable[[FileResult], PlannedFile]) -> None:
        self._link, self._files, self._header = link, files, header
        self._pages: deque[_Page] = deque()
        self._next = 0
        self._taken: _Page | None = None
        self._rooms: list[bytearray] = []
        self._wanted: SimpleQueue[_Page | None] = SimpleQueue()
        self._done: SimpleQueue[_Page] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._slow = 0
        self._far = False
        """Whether any was."""

    def take(self, index: int) -> memoryview | None:
        """The data set of one, valid until the next is taken. None when it is to be got otherwise: it is large, is cut,
        is to be converted, or could not be read as it was planned (those who read it then tell why)."""
        if self._taken is not None:
            if not self._link.unsent:  # else it may be needed still
                self._rooms.append(self._taken.room)
            self._taken = None
        if self._next <= index:
            self._next = index
            self._ask(index + 1)
        while self._pages and self._pages[0].index < index:
            self._rooms.append(self._whole(self._pages.popleft()).room)
        if not self._pages or self._pages[0].index != index:
            return None
        page = self._pages.popleft()
        if page.far:
            self._ask(index + FAR)
            if page.read is None:
                return None
        self._taken = self._whole(page)
        return memoryview(page.room)[: page.size] if page.read else None

    def ready(self, index: int) -> memoryview | None:
        """The data set of the next one, where it has been read; `take` gives it then."""
        page = self._pages[0] if self._pages else None
        return memoryview(page.room)[: page.size] if page is not None and page.index == index and page.read else None

    def go_on(self, index: int) -> None:
        """The file before this one is on its way."""
        if self._next <= index:
            self._ask(index + 1)
        if len(self._pages) <= FAR // 2 and self._thread is not None:
            self._ask(index + FAR)

    def close(self) -> None:
        """No more is needed."""
        if self._thread is not None:
            self._wanted.put(None)
            if not self._far:
                self._thread.join()
            self._thread = None

    def _ask(self, end: int) -> None:
        """Have the files before `end` read."""
        files, rooms = self._files, self._rooms
        for index in range(self._next, min(end, len(files))):
            file = files[index]
            header = self._header(file)
            size = header.length
            if 0 < size < BATCH and file.transfer_syntax == header.transfer_syntax and not header.cut:
                room = rooms.pop() if rooms else bytearray(size)
                if len(room) < size:
                    room = bytearray(size)
                page = _Page(index, header.path, header.offset, room, size, header.modified)
                self._pages.append(page)
                if not known_quick_file(header.path):  # whoever found it has asked where it is
                    page.far = self._far = True
                    if not self._beside(page):
                        page.read = False
                elif size < BESIDE or (self._slow < SLOW and self._thread is None) or not self._beside(page):
                    begun = perf_counter()
                    page.fill()
                    self._slow = self._slow + 1 if perf_counter() - begun > QUICK else 0
            self._next = index + 1

    def _beside(self, page: _Page) -> bool:
        """Have the thread read it; False where there can be no thread."""
        if self._thread is None:
            if len(self._files) == 1 and not page.far:
                return False
            thread = threading.Thread(target=self._read, name="dimse-reading-ahead", daemon=True)
            with suppress(RuntimeError):
                thread.start()
                self._thread = thread
        if self._thread is None:
            return False
        self._wanted.put(page)
        return True

    def _read(self) -> None:
        """The thread."""
        while (page := self._wanted.get()) is not None:
            with suppress(ValueError):  # no name of a file: whoever reads it otherwise tells so
                page.fill()
            if not page.far:
                self._done.put(page)

    def _whole(self, page: _Page) -> _Page:
        """Wait until it was tried."""
        while page.read is None and not page.far and self._thread is not None and self._done.get() is not page:
            pass
        return page
