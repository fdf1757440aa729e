"""Host names to addresses, without anything ever waiting for a name server that does not answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from functools import lru_cache
from typing import Any

AddressInfo = tuple[Any, ...]
"""An item of socket.getaddrinfo."""


async def resolve(host: str | None, port: int, *, passive: bool = False) -> list[AddressInfo]:
    """Addresses of a host (None: every one of this computer, when passive). OSError, UnicodeError, OverflowError.

    A name is looked up in a thread of its own, which nobody waits for when the engine stops.
    """
    known = literal(host, port, passive=passive)
    if known is not None:
        return list(known)
    name, passive_flag = _bare(host), socket.AI_PASSIVE if passive else 0
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[AddressInfo]] = loop.create_future()

    def tell(result: list[AddressInfo] | Exception) -> None:
        if found.done():
            return
        if isinstance(result, Exception):
            found.set_exception(result)
        else:
            found.set_result(result)

    def look_up() -> None:
        result: list[AddressInfo] | Exception
        try:
            result = _look_up(name, port, passive_flag)
        except (OSError, ValueError, OverflowError) as error:
            result = error
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(tell, result)

    threading.Thread(target=look_up, name="dimse-look-up", daemon=True).start()
    return await found


def literal(host: str | None, port: int, *, passive: bool = False) -> tuple[AddressInfo, ...] | None:
    """The same of what is an address already; None for a name. OSError, UnicodeError, OverflowError."""
    try:
        return _literal(_bare(host), port, socket.AI_PASSIVE if passive else 0)
    except socket.gaierror:
        return None


def _bare(host: str | None) -> str | None:
    """An IPv6 address without the brackets people write before a port."""
    return host[1:-1] if host and host.startswith("[") and host.endswith("]") else host


@lru_cache(64)
def _literal(host: str | None, port: int, flags: int) -> tuple[AddressInfo, ...]:
    """What is an address already, which only has to be read; remembered for who calls again."""
    plain = host.encode() if host and host.isascii() else host  # as text it would have the codec for IDNA loaded
    return tuple(_look_up(plain, port, flags | socket.AI_NUMERICHOST))


def _look_up(host: str | bytes | None, port: int, flags: int) -> list[AddressInfo]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))
