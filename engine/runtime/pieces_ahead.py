"""The pieces of one large file, read by a thread before their turn: one processor copies them out of the system's cache
while the other copies what goes before them into the socket."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import perf_counter

from engine.model.limits import MIB

LEAST, LARGE = 4 * MIB, 16 * MIB
"""Bytes of a file from which on it is worth a thread: where a processor is free for that, and in any case. A large one
may hold up everybody if its disk is slow."""
LATE = 0.003
"""Seconds without the piece that is to be sent next, of which reading it takes a tenth: others have the processors."""
WHILE = 1.0
"""Seconds that is taken for granted then."""
STRETCH = 2
"""Pieces after which the thread is asked for as many more: waking it for each costs what it saves."""
MOST = 4
"""Files read in this way at a time. More have processors enough to do, and each holds two stretches."""

_late = [-WHILE]
"""When a piece was late last; of whatever engine's thread."""
_reading: set[object] = set()
"""Those that are. Under way in one engine's thread, but for the moment in which another takes its place."""


def worth(length: int) -> bool:
    """Whether a file with so many bytes is to be read ahead."""
    return length >= LARGE or (length >= LEAST and perf_counter() - _late[0] > WHILE)


def read_ahead(pieces: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """The same pieces; what is raised when one is read is raised when it is its turn."""
    me, wanted, done = object(), SimpleQueue[bool](), SimpleQueue[bytes | Exception | None]()

    def read() -> None:
        try:
            while wanted.get():
                for _ in range(STRETCH):
                    piece = next(pieces, None) if me in _reading else None
                    done.put(piece)
                    if piece is None:
                        return
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            done.put(error)

    thread = threading.Thread(target=read, name="dimse-pieces-ahead", daemon=True)
    if len(_reading) >= MOST or not _started(thread):
        yield from pieces
        return
    _reading.add(me)
    try:
        wanted.put(True)
        while True:
            wanted.put(True)
            for _ in range(STRETCH):
                piece = _next(done)
                if piece is None:
                    return
                if isinstance(piece, Exception):
                    raise piece
                yield piece
    finally:
        _reading.discard(me)
        wanted.put(False)
        thread.join()
        pieces.close()


def _next(done: SimpleQueue[bytes | Exception | None]) -> bytes | Exception | None:
    """Wait for the next piece."""
    with suppress(Empty):
        return done.get_nowait()
    begun = perf_counter()
    piece = done.get()
    if perf_counter() - begun > LATE:
        _late[0] = perf_counter()
    return piece


def _started(thread: threading.Thread) -> bool:
    """False where there can be no more threads."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True
