"""What the C library keeps of freed memory: much while payloads come and go, next to nothing at rest.

Of glibc (Linux) only; elsewhere all of this does nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

KEPT = 16 * 1024 * 1024
"""Bytes: see `keep`."""
AREAS = 2
"""glibc gives each thread an area (arena) of its own, up to eight for each processor, and each keeps what was freed in
it. The interpreter runs one thread at a time, so that two do: the first thread's, and one for engine and helpers."""
QUIET = 5
"""Beats without work after which an engine is at rest."""
WORK = 0.01
"""Seconds of processor time between two beats that count as work; an echo now and then is none."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3)."""
MANY = 4_000
"""Free pieces that are looked through for whole pages at most: an area is closed to all threads meanwhile, the window's
too, and each may take 11 us. After hours of traffic there are 600, with the window 1,500."""
_LEAST, _PIECE = 128 * 1024, 100_000
"""Bytes that an area keeps when it gives back; of a piece whose freeing makes it look."""


def keep() -> None:
    """Have an area keep up to twice `KEPT` bytes of freed memory instead of giving it back at once.

    Payloads come and go by the megabyte, and each page the system has to hand out anew costs as much as copying it
    three times. glibc takes the size of a large piece that is freed for what to expect (mallopt(3),
    M_MMAP_THRESHOLD). The piece itself is never touched.
    """
    bytes(KEPT)  # a bytearray would be filled, which takes 10 ms


def bound_areas() -> None:
    """Let threads that are begun from now on share the areas there are, once there are `AREAS`."""
    library = _library()
    if library is not None:
        library.mallopt(_ARENA_MAX, AREAS)


def give_back() -> None:
    """Give the system what is free, and keep as before from then on. To be called in the engine's thread: what is free
    at the end of an area other than the first is given back where something is freed in it, and in no other way."""
    library = _library()
    if library is None:
        return
    bound_areas()
    library.mallopt(_TRIM_THRESHOLD, _LEAST)
    bytes(_PIECE)
    if library.mallinfo().ordblks <= MANY:
        library.malloc_trim(0)
    library.mallopt(_MMAP_THRESHOLD, KEPT)  # once one is set, neither goes by what is freed
    library.mallopt(_TRIM_THRESHOLD, 2 * KEPT)


@cache
def _library() -> Any:
    """The C library where it is glibc, else None. ctypes is loaded here: a command that ends in 0.2 s needs none."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes

        class Told(ctypes.Structure):
            """struct mallinfo."""

            _fields_ = (("arena", ctypes.c_int), ("ordblks", ctypes.c_int), ("others", ctypes.c_int * 8))

        library = ctypes.CDLL(None)
        library.mallinfo.restype = Told
        return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
    except (ImportError, OSError, AttributeError):  # another C library
        return None


class Rest:
    """Tells an engine at work from one at rest by the processor time of its thread, and gives back once when it comes
    to rest."""

    def __init__(self, spent: Callable[[], float] = time.thread_time, act: Callable[[], None] = give_back) -> None:
        self._spent, self._act = spent, act
        self._last = 0.0
        self._quiet = QUIET
        """Beats; more than `QUIET` are not counted."""

    def beat(self) -> None:
        """To be called every second, in the engine's thread."""
        now = self._spent()
        if now - self._last >= WORK:
            self._quiet = 0
        elif self._quiet < QUIET:
            self._quiet += 1
            if self._quiet == QUIET:
                self._act()
                now = self._spent()  # giving back is no work
        self._last = now
