"""Listening sockets for an address: every family it has, all on one port."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress

from .resolving import AddressInfo, resolve

_ATTEMPTS = 16
"""Free ports tried until one is free in every family."""
_NO_SUCH_FAMILY = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})


async def bind(host: str, port: int) -> list[socket.socket]:
    """Bound sockets, not listening yet. host "": all addresses. port 0: any free one, the same for IPv4 and IPv6.

    OSError when that is not possible.
    """
    addresses = await resolve(host or None, port, passive=True)
    for attempt in range(_ATTEMPTS):
        try:
            return _bind_all(addresses)
        except OSError as error:
            # The port that was free in one family may be taken in the other.
            if port or error.errno != errno.EADDRINUSE or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError


def _bind_all(addresses: list[AddressInfo]) -> list[socket.socket]:
    bound: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for address in addresses:
            port = bound[0].getsockname()[1] if bound else address[4][1]
            try:
                bound.append(_bind(address, port))
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
                missing = error  # no IPv6 on this computer, for example
    except BaseException:
        for sock in bound:
            sock.close()
        raise
    if not bound and missing is not None:
        raise missing
    return bound


def _bind(address: AddressInfo, port: int) -> socket.socket:
    family, kind, protocol, _, (host, _, *rest) = address
    sock = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port, *rest))
    except BaseException:
        sock.close()
        raise
    return sock
