"""Work on files that the system does by itself while we go on, without a thread of ours: Linux's io_uring.

Elsewhere, and where the system forbids it, there is none, and who would have used it does the work itself.
"""

from __future__ import annotations

import errno
import mmap
import os
import platform
import struct
import sys
from typing import Any

_SETUP, _ENTER = 425, 426
"""Numbers of the system calls, which have no function in the C library."""
_ENTRIES = 16
"""Works that can be handed over and not yet be asked after; the system makes room for twice as many results."""
_PARAMETERS, _ENTRY, _RESULT = 120, 64, 16
"""Bytes of what `io_uring_setup` is given, of a work and of a result."""
_OFFSETS = struct.Struct("8I")
_WORKS, _RESULTS = 40, 80
"""Where, of those parameters, the places within the ring are told: of what is handed over, and of the results."""
_AT_ENTRIES = 0x10000000
"""Offset at which the memory of the works is mapped."""
_GET_EVENTS = 1
_work = struct.Struct("<BBHiQQIIQ").pack_into
"""Operation, flags, priority, descriptor, offset, bytes, mode, flags of the operation, number: of fallocate(2)."""
_result = struct.Struct("<Qi").unpack_from
_FALLOCATE = 17
# What is read here the system writes without a lock: only these processors have all of them see it in that order.
_PROCESSORS = ("x86_64", "AMD64")
_NEVER = (errno.ENOSYS, errno.EPERM, errno.EACCES, errno.EINVAL)
_forbidden: list[bool] = []


class Ring:
    """Used by one thread at a time. A descriptor stays open until the result of the work on it is there."""

    def __init__(self) -> None:
        """OSError where the system has none."""
        import ctypes

        # The interpreter is not given to others while a work is handed over, which takes less than that.
        self._call, self._wait = (_system_call(library) for library in (ctypes.PyDLL, ctypes.CDLL))
        parameters = ctypes.create_string_buffer(_PARAMETERS)
        number = self._call(_SETUP, _ENTRIES, parameters, 0, 0, 0, 0)
        if number < 0:
            raise OSError(ctypes.get_errno(), "io_uring_setup")
        self._number = number
        try:
            self._map(parameters)
        except BaseException:
            os.close(number)
            raise
        self._handed_over = self._fetched = 0
        self._done: dict[int, int] = {}
        """Results by the number of their work, until they are asked for."""

    def _map(self, parameters: Any) -> None:
        works, results = _OFFSETS.unpack_from(parameters, _WORKS), _OFFSETS.unpack_from(parameters, _RESULTS)
        (held,) = struct.unpack_from("I", parameters, 4)
        size = max(works[6] + _ENTRIES * 4, results[5] + held * _RESULT)
        self._shared = mmap.mmap(self._number, size, flags=mmap.MAP_SHARED)
        self._entries = mmap.mmap(self._number, _ENTRIES * _ENTRY, flags=mmap.MAP_SHARED, offset=_AT_ENTRIES)
        struct.pack_into(f"{_ENTRIES}I", self._shared, works[6], *range(_ENTRIES))  # works go in turn
        self._places = memoryview(self._shared).cast("I")
        self._handed_over_at, self._fetched_at, self._done_at = works[1] // 4, results[0] // 4, results[1] // 4
        self._results_at, self._held = results[5], held

    @property
    def under_way(self) -> int:
        """Works whose result has not come."""
        self._fetch()
        return self._handed_over - self._fetched

    def find_space(self, file: int, size: int) -> int:
        """Have a file, by its descriptor, given `size` bytes of space (fallocate(2)): the number of that work. OSError
        where it cannot be handed over."""
        number = self._handed_over
        if number - self._fetched >= _ENTRIES and self.under_way >= _ENTRIES:
            raise BlockingIOError("too much is under way")
        _work(self._entries, number % _ENTRIES * _ENTRY, _FALLOCATE, 0, 0, file, 0, size, 0, 0, number)
        self._places[self._handed_over_at] = number + 1 & 0xFFFFFFFF
        if self._call(_ENTER, self._number, 1, 0, 0, 0, 0) != 1:
            self._places[self._handed_over_at] = number & 0xFFFFFFFF
            raise BlockingIOError("not taken")
        self._handed_over += 1
        return number

    def result(self, number: int) -> int | None:
        """What the system call would have returned, or a negative errno; None while it is under way. Asked for once."""
        self._fetch()
        return self._done.pop(number, None)

    def wait(self) -> None:
        """Until the result of each is there."""
        while self.under_way:
            self._wait(_ENTER, self._number, 0, 1, _GET_EVENTS, 0, 0)

    def close(self) -> None:
        """Wait, and give it all back."""
        self.wait()
        self._places.release()
        for memory in (self._shared, self._entries):
            memory.close()
        os.close(self._number)

    def _fetch(self) -> None:
        done = self._places[self._done_at]
        while self._fetched & 0xFFFFFFFF != done:
            place = self._results_at + self._fetched % self._held * _RESULT
            number, result = _result(self._shared, place)
            self._done[number] = result
            self._fetched += 1
        self._places[self._fetched_at] = done


def ring() -> Ring | None:
    """A new one; None where there is none, which is found out once, or where there are too few descriptors just now."""
    if _forbidden or sys.platform != "linux" or platform.machine() not in _PROCESSORS:
        return None
    try:
        return Ring()
    except (OSError, AttributeError, ImportError) as error:
        if not isinstance(error, OSError) or error.errno in _NEVER:
            _forbidden.append(True)
        return None


def _system_call(library: Any) -> Any:
    """syscall(2)."""
    import ctypes

    call = library(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    call.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, *(ctypes.c_long,) * 4)
    return call
