"""The pieces of one large file, read by a thread before their turn: one processor copies them out of the system's cache
while the other copies what goes before them into the socket."""

from __future__ import annotations

import threading
from collections.abc import Generator
from queue import SimpleQueue

LEAST = 16 * 1024 * 1024
"""Bytes of a file from which on it is worth a thread."""
STRETCH = 2
"""Pieces after which the thread is asked for as many more: waking it for each costs what it saves."""
MOST = 4
"""Files read in this way at a time. More have processors enough to do, and each holds two stretches."""

_reading: set[object] = set()
"""Those that are. Under way in one engine's thread, but for the moment in which another takes its place."""


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
                piece = done.get()
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


def _started(thread: threading.Thread) -> bool:
    """False where there can be no more threads."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True
