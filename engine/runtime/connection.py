"""One TCP connection as far as its socket and asyncio's transport go: acknowledged, written to, held back, ended."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress

from engine.protocol.primitives import Buffer

from . import gathering
from .context import Context

_QUICKACK = getattr(socket, "TCP_QUICKACK", None)
"""Linux only: acknowledge at once, so that a peer with Nagle on does not wait 40 ms for us. It wears off, so it is
armed again after each receive, unless what we have sent meanwhile was acknowledgement enough."""
WRITE_HIGH_WATER = 256 * 1024
"""Bytes queued here before senders wait. The system has its own buffer, which keeps the line busy meanwhile; what is
queued here has been copied."""
PASSED_BY = (4096, *[WRITE_HIGH_WATER] * 16)
"""Bytes read at a time of what comes while we close, which mostly is nothing; a peer that sends faster than that is not
waited for."""


class Connection(asyncio.BufferedProtocol):
    """What a link has of the network; what it writes, and when, is the link's (`flush`)."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._plain = False
        """What is to be sent goes to the socket as it is: no TLS, and a system that gathers writes."""
        self._writable = asyncio.Event()
        self._writable.set()
        self._held = False
        """What is to be sent waits for the end of a turn: what follows from one read goes out in one write."""
        self._wrote = False
        """Since the last read: what it brought is acknowledged with that."""
        self._holders: set[object] = set()
        """On whose behalf nothing is read for now."""
        self.last_activity = context.now()
        self.lost = False
        self.lost_reason = ""
        self.failed = False
        """A defect of ours ended it: what was raised may quote anything, so that it is not told."""
        self.closed_here = False
        """Our side closed, so the end of the connection says nothing about the peer."""

    def attach(self, transport: asyncio.Transport) -> None:
        """There is a connection, which can be closed. With TLS it cannot be used yet."""
        self._transport = transport
        self._context.links.add(self)
        transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        sock = transport.get_extra_info("socket")
        self._socket = getattr(sock, "_sock", sock)  # itself, not asyncio's wrapper: it is asked for each message
        if self._socket is not None:
            with suppress(OSError):  # the connection is over already: reading tells it
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._quick_ack()

    def remote_address(self) -> tuple[str, int]:
        """Host and port of the other side ("", 0 when unknown)."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else ("", 0)

    def local_address(self) -> tuple[str, int]:
        """Host and port of our side ("", 0 when unknown)."""
        name = self._transport.get_extra_info("sockname") if self._transport else None
        return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else ("", 0)

    # -- out

    def flush(self) -> None:
        """Write what is ready to be sent."""
        raise NotImplementedError

    def _write(self, buffers: list[Buffer]) -> None:
        if self._transport is None or self._transport.is_closing():
            self._context.went = 0.0  # that was of what went before
        else:
            self._context.went = self.last_activity = self._context.now()  # before: the answer may be quicker than we
            if self._plain and self._socket is not None and not self._transport.get_write_buffer_size():
                left = gathering.written(self._socket.fileno(), buffers)
                self._wrote = self._wrote or left is not buffers
                buffers = left
            if buffers:
                self._transport.writelines(buffers)
                self._wrote = self._wrote or not self._transport.get_write_buffer_size()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    @property
    def writable(self) -> bool:
        """Whether nobody needs to wait before it writes."""
        return self._writable.is_set()

    async def drained(self) -> None:
        """Wait until the socket takes more, or the association is over."""
        await self._writable.wait()

    @property
    def unsent(self) -> int:
        """Bytes queued that the system has not taken yet: the peer does not read as fast as we write."""
        return self._transport.get_write_buffer_size() if self._transport and not self.lost else 0

    # -- in

    def hasten(self) -> None:
        """Have what comes next acknowledged at once, although we have sent since: what we sent is much, and a peer with
        Nagle on writes its answer in two pieces, of which the second waits for that."""
        if not self.lost and not self.closed_here:
            self._quick_ack()

    def _quick_ack(self) -> None:
        if _QUICKACK is not None and self._socket is not None:
            try:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            except OSError:
                self._socket = None  # closed under us: connection_lost follows

    @property
    def held_back(self) -> bool:
        """Whether nothing is read for now."""
        return bool(self._holders)

    @property
    def at_ease(self) -> bool:
        """Whether it is read, and nobody needs to wait before it writes."""
        return not self._holders and self._writable.is_set()

    def hold_back(self, whose: object) -> bool:
        """Read no more, until `whose` lets it read on; False when that one holds it back already, or it is over."""
        if whose in self._holders or self.lost or self.closed_here or self._transport is None:
            return False
        if not self._holders:
            self._transport.pause_reading()
        self._holders.add(whose)
        return True

    def read_on(self, whose: object) -> None:
        """Read again, unless another holds it back."""
        if whose not in self._holders:
            return
        self._holders.discard(whose)
        if not self._holders and self._transport is not None:
            self.last_activity = self._context.now()  # that nothing came until then was not the peer's doing
            self._transport.resume_reading()

    def rest(self) -> bool:
        """Nothing may come for long: memory is given back. False where there is none to speak of."""
        return False

    # -- the end

    def let_go(self) -> None:
        """Nobody is to wait for the socket any more."""
        self._writable.set()
        for holder in tuple(self._holders):
            self.read_on(holder)

    def close(self) -> None:
        """Close in order after what is queued has been sent."""
        self.closed_here = True
        self.flush()
        self._pass_by()
        if self._transport is not None:
            self._transport.close()

    def _pass_by(self) -> None:
        """Take what has come and nobody reads any more: a socket closed over it resets the connection, and what we sent
        last may never reach the peer."""
        if self._plain and self._socket is not None:
            try:
                for size in PASSED_BY:
                    if len(os.read(self._socket.fileno(), size)) < size:
                        break
            except OSError:
                pass

    def kill(self) -> None:
        """Close at once."""
        self.closed_here = True
        if self._held:
            self.flush()
        if self._transport is not None:
            self._transport.abort()

    def _break(self) -> None:
        """A defect of ours was met: the connection ends, and its association with it."""
        self.failed = True
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Close at once with RST: what the peer has not read is lost to it."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.kill()

    def sever(self) -> None:
        """Cut the connection without its loop, which is broken: of asyncio's transport only the socket counts then."""
        self.closed_here = self.lost = True
        transport = self._transport
        while (inner := getattr(transport, "inner", None)) is not None:
            transport = inner
        sock = getattr(transport, "_sock", None)
        if sock is not None:
            sock.close()
            setattr(transport, "_sock", None)  # noqa: B010 - nobody else closes it
        self._transport = self._socket = None
