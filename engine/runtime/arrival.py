"""When what is read from a socket had arrived at this computer, as the system tells (Linux).

Between that and our reading lies whatever held us up: another thread that had the interpreter, a module that is loaded
at its first use. A peer that answers in 0.2 ms is not to be told of as one that takes 20.
"""

from __future__ import annotations

import platform
import socket
import struct
import sys
import time
from typing import Any

_STAMPS = 35
"""SO_TIMESTAMPNS of socket(7), which Python does not name; other processors have other numbers."""
_KNOWN = ("x86_64", "aarch64", "i686", "armv7l", "riscv64")
_TIME = struct.Struct("@ll")
"""A timespec: seconds and nanoseconds of the system's clock."""
_ROOM = socket.CMSG_SPACE(_TIME.size) if hasattr(socket, "CMSG_SPACE") else 0
LONGEST = 10.0
"""Seconds of waiting that are believed: the clock can be set meanwhile."""


def stamped(sock: socket.socket) -> bool:
    """Have the system note when what comes arrives; False where it cannot."""
    if sys.platform != "linux" or platform.machine() not in _KNOWN:
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, _STAMPS, 1)
    except OSError:
        return False
    return True


def read(sock: socket.socket, buffer: Any) -> tuple[int, float]:
    """As `recv_into` of a stamped socket: bytes, and when the last of them had arrived, in monotonic seconds (0: now).
    OSError as of that."""
    count, notes, _, _ = sock.recvmsg_into((buffer,), _ROOM)
    for level, kind, data in notes:
        if kind == _STAMPS and level == socket.SOL_SOCKET and len(data) == _TIME.size:
            seconds, nanoseconds = _TIME.unpack(data)
            waited = time.time() - seconds - nanoseconds / 1e9
            return count, time.perf_counter() - (waited if 0 < waited < LONGEST else 0.0)
    return count, 0.0
