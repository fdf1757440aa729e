"""What goes into which record of TLS (RFC 8446 5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

RECORD = 1 << 14
"""Bytes a record carries at most."""
AT_ONCE = 1 << 17
"""Bytes encrypted and sent at once: few enough to stay in the processor's cache."""


def in_records(buffers: Iterable[Any]) -> Iterator[Any]:
    """The same bytes in pieces of up to AT_ONCE that fill records: few small ones, and what is large is not copied."""
    small: list[Any] = []
    size = 0
    for buffer in buffers:
        length = len(buffer)
        if size + length < RECORD:
            small.append(buffer)
            size += length
            continue
        rest = memoryview(buffer)
        if size:
            small.append(rest[: RECORD - size])
            yield b"".join(small)
            rest = rest[RECORD - size :]
        while len(rest) >= RECORD:
            whole = min(len(rest) - len(rest) % RECORD, AT_ONCE)
            yield rest[:whole]
            rest = rest[whole:]
        small, size = [rest], len(rest)
    if size:
        yield small[0] if len(small) == 1 else b"".join(small)
