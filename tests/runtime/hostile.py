"""What a hostile or broken peer does at a point of a conversation, and what it leaves behind: for the fault matrix."""

from __future__ import annotations

import contextlib
import gc
import itertools
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.standard.pdus import PDataTF
from engine.wire.pdus import PDV_HEADER

from .console import Console

PATIENCE = 30.0
"""Seconds any case may take on a loaded machine; the time-outs in the cases are far shorter."""

WRONG = {
    "acceptor": bytes.fromhex("03000000000400010101"),
    "requestor": bytes.fromhex("010000000044") + b"\0\1" + bytes(2) + b" " * 32 + bytes(32),
}
"""A PDU no state of this role expects: an A-ASSOCIATE-RJ for the acceptor, an A-ASSOCIATE-RQ for the requestor."""


def nothing(sock: socket.socket, over: threading.Event, role: str) -> None:
    """Silence; what comes is read."""
    with contextlib.suppress(OSError):
        sock.settimeout(PATIENCE)
        while not over.is_set() and sock.recv(65536):
            pass


def half_a_pdu(sock: socket.socket, over: threading.Event, role: str) -> None:
    sock.sendall(struct.pack(">BBI", PDataTF.TYPE, 0, 100) + bytes(PDV_HEADER))
    nothing(sock, over, role)


def garbage(sock: socket.socket, over: threading.Event, role: str) -> None:
    sock.sendall(bytes(range(255, 155, -1)) * 5)
    nothing(sock, over, role)


def wrong_pdu(sock: socket.socket, over: threading.Event, role: str) -> None:
    sock.sendall(WRONG[role])
    nothing(sock, over, role)


def huge_length(sock: socket.socket, over: threading.Event, role: str) -> None:
    sock.sendall(struct.pack(">BBI", PDataTF.TYPE, 0, 0xFFFFFFF0) + bytes(50))
    nothing(sock, over, role)


def dribble(sock: socket.socket, over: threading.Event, role: str) -> None:
    """A PDU a byte now and then, each its own segment, for as long as somebody takes it."""
    head = struct.pack(">BBI", PDataTF.TYPE, 0, 100_000)
    with contextlib.suppress(OSError):
        for byte in itertools.chain(head, itertools.repeat(0)):
            if over.wait(0.01):
                return
            sock.sendall(bytes([byte]))


def reset(sock: socket.socket, over: threading.Event, role: str) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def half_close(sock: socket.socket, over: threading.Event, role: str) -> None:
    """FIN from this side; it goes on reading."""
    sock.shutdown(socket.SHUT_WR)
    nothing(sock, over, role)


def never_reading(sock: socket.socket, over: threading.Event, role: str) -> None:
    over.wait(PATIENCE)


Fault = Callable[[socket.socket, threading.Event, str], None]
FAULTS: dict[str, Fault] = {
    "nothing": nothing,
    "half a PDU": half_a_pdu,
    "garbage": garbage,
    "wrong PDU": wrong_pdu,
    "huge length": huge_length,
    "dribble": dribble,
    "reset": reset,
    "half close": half_close,
    "never reading": never_reading,
}


def _descriptors() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def _held() -> dict[str, Any]:
    return {
        "threads": sorted(t.name for t in threading.enumerate() if not t.name.startswith("asyncio")),
        "descriptors": _descriptors(),
        "temporary files": len(list(Path(tempfile.gettempdir()).glob("dimse-console-*.part"))),
    }


def _no_more(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """Fewer are no leak: asyncio closes a socket a turn after it tells that the connection is lost."""
    return all(now[key] == before[key] if key == "threads" else now[key] <= before[key] for key in before)


def _wait_until(condition: Callable[[], bool], story: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        gc.collect()
        assert time.monotonic() < deadline, story()
        threading.Event().wait(0.005)


@contextlib.contextmanager
def nothing_leaks(console: Console, *folders: Path) -> Iterator[None]:
    """Threads, descriptors, temporary files and associations end where they began.

    The engine's own pool of threads may have grown; that it keeps.
    """
    context = console.engine._context  # what the engine holds is not told otherwise
    _wait_until(lambda: not context.associations and not context.links, lambda: "the engine is not at rest")
    before = _held()
    yield
    _wait_until(
        lambda: not context.associations and not context.links and _no_more(_held(), before),
        lambda: f"{context.associations} {context.links} before: {before} now: {_held()}",
    )
    for folder in folders:
        assert not list(folder.rglob("*.part"))
