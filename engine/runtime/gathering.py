"""Many buffers written in one system call, where the system has one for that."""

from __future__ import annotations

import os

from engine.protocol.primitives import Buffer

SUPPORTED = hasattr(os, "writev")
MOST_BUFFERS = 1024
"""Buffers gathered in one system call (IOV_MAX of Linux and macOS)."""


def written(descriptor: int, buffers: list[Buffer]) -> list[Buffer]:
    """Write what the system takes at once, without joining it first as asyncio does; gives what is left, the list
    itself where that is all. An error is left to whoever writes that to meet."""
    while buffers:
        try:
            few = buffers if len(buffers) <= MOST_BUFFERS else buffers[:MOST_BUFFERS]
            count = os.writev(descriptor, few)
        except OSError:
            break
        if len(buffers) <= MOST_BUFFERS and count == sum(map(len, buffers)):
            return []
        at = 0
        while at < len(buffers) and count >= len(buffers[at]):
            count -= len(buffers[at])
            at += 1
        whole = at == min(len(buffers), MOST_BUFFERS)
        buffers = buffers[at:]
        if not whole:
            buffers[0] = memoryview(buffers[0])[count:]
            break
    return buffers
