"""One connected socket in the loop, as asyncio's own transport but for what that spends on the way.

asyncio takes three turns of the loop until a protocol has its connection, and one more until it has lost it; an
association that opens and ends at once is over in less. A read takes twice as many calls there. Where the loop cannot
watch sockets (Windows), asyncio's is used.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress
from time import monotonic, perf_counter
from typing import Any
from weakref import WeakSet

from . import arrival
from .turns import TurnLoop, Watch

SUPPORTED = sys.platform != "win32"
"""Whether the loop tells when a socket can be read and written."""
HIGH_WATER = 64 * 1024
"""Bytes queued before the protocol is to pause, unless it says otherwise: asyncio's own figure."""
AT_A_STRETCH = 8
"""Reads of one connection until the others, and the timers, have their turn. While a small message is told the next one
often comes, and then asking the system which sockets can be read costs more than reading."""
SMALL = 16 * 1024
"""Bytes after which one read is enough of a turn."""
LONG = 0.01
"""Seconds after which one read is enough too: in a few KiB there can be many messages with something wrong in each."""
A_MOMENT = 40e-6
"""Seconds more is looked for before the loop has its turn again, which with sleeping and waking up takes about as long:
a peer on this computer or in this room answers in that time. Only of a process's one connection: of several another may
have something meanwhile."""
SELDOM = 16
"""Turns until it is tried again whether more has come, after nothing had, and at first: who only opens an association
and releases it never sends so quickly."""
LAST_READS = 16
"""Reads of what came before the connection broke, where it was our sending that met it first."""
_BUSY = (BlockingIOError, InterruptedError)
_open: WeakSet[SocketTransport] = WeakSet()
"""Those that have a connection."""


class SocketTransport(asyncio.Transport):
    """Of a BufferedProtocol. sock: connected and non-blocking; the transport's from now on. extra: what was known of it
    when it was accepted, as asyncio tells it: the system forgets the address of a peer that is gone."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        protocol: asyncio.BufferedProtocol,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(extra)
        self._loop = loop
        self._sock = sock
        self._number = sock.fileno()
        self._told = loop if isinstance(loop, TurnLoop) and arrival.stamped(sock) else None
        """Is told when what is read had arrived, where the system tells."""
        self._protocol = protocol
        self._queue = bytearray()
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4
        self._paused = False
        """The protocol was told to pause."""
        self._reading = self._receiving = False
        self._watch: Watch | None = None
        """What reads, as long as nothing is queued."""
        self._closing = self._eof = False
        self._cut = False
        """Nothing is sent any more: the connection is lost or was aborted."""
        self._unread = False
        """Something may have come that was not read when the connection broke."""
        self._patience = SELDOM
        """Turns until more is looked for at once."""
        self._ending: list[Exception | None] = []
        """What ended it, where that is told when the bytes under way have been dealt with."""

    def start(self) -> None:
        """Tell the protocol of its connection, and read from now on."""
        _open.add(self)
        try:
            self._protocol.connection_made(self)
        except Exception as error:  # noqa: BLE001 - told as asyncio does
            self._met(error, "connection_made() failed")
        self.resume_reading()

    # -- in

    def resume_reading(self) -> None:
        if not self._reading and not self._closing:
            self._reading = True
            if not self._queue and isinstance(self._loop, TurnLoop):
                self._watch = self._loop.watch(self._number, self._readable)
            if self._watch is None:
                self._loop.add_reader(self._number, self._readable)

    def pause_reading(self) -> None:
        if self._reading:
            self._reading = False
            if not self._unwatched():
                self._loop.remove_reader(self._number)

    def _unwatched(self) -> bool:
        """Watch no more; False where it was not watched."""
        watch, self._watch = self._watch, None
        if watch is None:
            return False
        assert isinstance(self._loop, TurnLoop)
        self._loop.unwatch(watch)
        return True

    def is_reading(self) -> bool:
        return self._reading

    def _readable(self) -> None:
        self._receiving = True
        try:
            self._receive()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - told as asyncio does
            self._met(error, "receiving failed")
        finally:
            self._receiving = False
            if self._told is not None:
                self._told.came = 0.0
        if self._ending:
            self._lost(self._ending[0])

    def _receive(self) -> None:
        """What has come; and what comes meanwhile, from a peer that was quick enough the last time."""
        protocol, until = self._protocol, monotonic() + LONG
        for more in range(AT_A_STRETCH):
            buffer = protocol.get_buffer(-1)
            try:
                count = (
                    self._sock.recv_into(buffer) if more or self._told is None else self._stamped(buffer, self._told)
                )
            except _BUSY:
                count = self._soon(buffer) if more else -1
                if count < 0:
                    return
            except OSError as error:
                self._cut_off(error)
                return
            del buffer
            if not count:
                if protocol.eof_received():
                    self.pause_reading()
                else:
                    self.close()
                return
            if more:
                self._patience = 0
                if self._told is not None:
                    self._told.came = 0.0
            protocol.buffer_updated(count)
            if count > SMALL or self._closing or not self._reading or monotonic() > until:
                return
            if self._patience:
                self._patience -= 1
                return

    def _stamped(self, buffer: Any, told: TurnLoop) -> int:
        """Receive, and tell the loop when that had arrived."""
        count, told.came = arrival.read(self._sock, buffer)
        return count

    def _soon(self, buffer: Any) -> int:
        """Receive what comes in a moment: how many bytes; -1 where nothing does."""
        until = perf_counter() + (A_MOMENT if len(_open) == 1 else 0.0)
        while perf_counter() < until:
            try:
                return self._sock.recv_into(buffer)
            except _BUSY:
                continue
            except OSError as error:
                self._cut_off(error)
                return -1
        self._patience = SELDOM
        return -1

    # -- out

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._cut or not data:
            return
        if not self._queue:
            try:
                count = self._sock.send(data)
            except _BUSY:
                count = 0
            except OSError as error:
                self._cut_off(error)
                return
            if count == len(data):
                return
            data = memoryview(data)[count:]
            if self._unwatched():  # what is watched is asked nothing else
                self._loop.add_reader(self._number, self._readable)
            self._loop.add_writer(self._number, self._writable)
        self._queue += data
        if len(self._queue) > self._high and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def writelines(self, buffers: Any) -> None:
        self.write(b"".join(buffers))

    def _writable(self) -> None:
        try:
            count = self._sock.send(self._queue)
        except _BUSY:
            return
        except OSError as error:
            self._cut_off(error)
            return
        del self._queue[:count]
        if self._paused and len(self._queue) <= self._low:
            self._paused = False
            self._protocol.resume_writing()
        if not self._queue:
            self._loop.remove_writer(self._number)
            if self._closing:
                self._end(None)
            elif self._eof:
                self._shut()

    def get_write_buffer_size(self) -> int:
        return len(self._queue)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = HIGH_WATER if high is None else high
        self._low = self._high // 4 if low is None else low

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Tell the other side that nothing more is sent, after what is queued; it may go on."""
        self._eof = True
        if not self._queue:
            self._shut()

    def _shut(self) -> None:
        with suppress(OSError):  # the connection is over: reading tells it
            self._sock.shutdown(socket.SHUT_WR)

    # -- the end

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Close after what is queued has been sent."""
        if self._closing:
            return
        if self._queue or not self._receiving:
            self.pause_reading()  # else that has time until the end has been told
        self._closing = True
        if not self._queue:
            self._end(None)

    def abort(self) -> None:
        """Close at once."""
        self._cut_off(None)

    def _met(self, error: BaseException, what: str) -> None:
        """The protocol broke: a defect of ours, which the loop's handler tells. The network's failures are met where
        the socket is asked; an OSError from anywhere else is none of them."""
        self._loop.call_exception_handler({"message": what, "exception": error, "transport": self})
        self._cut_off(RuntimeError(type(error).__name__) if isinstance(error, OSError) else error)

    def _cut_off(self, error: BaseException | None) -> None:
        if self._cut:
            return
        if self._queue:
            self._queue.clear()
            self._loop.remove_writer(self._number)
        self._unread = self._reading and isinstance(error, OSError)
        self.pause_reading()
        self._closing = True
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        """Told when nothing of the protocol's is under way: after what was received, or in a turn of its own."""
        self._cut = True
        told = error if error is None or isinstance(error, Exception) else RuntimeError(type(error).__name__)
        if self._receiving:
            self._ending.append(told)
        else:
            self._loop.call_soon(self._lost, told)

    def _lost(self, error: Exception | None) -> None:
        protocol = self._protocol
        del self._protocol  # nothing that is over refers back
        _open.discard(self)
        try:
            protocol.connection_lost(self._last_words(protocol) or error)
        finally:
            self.pause_reading()
            self._sock.close()

    def _last_words(self, protocol: asyncio.BufferedProtocol) -> Exception | None:
        """Have what came before the connection broke told: who aborts an association while we send closes over what it
        has not read, and our sending meets that before its A-ABORT is read. The defect of ours that was met with it."""
        for _ in range(LAST_READS if self._unread else 0):
            buffer = protocol.get_buffer(-1)
            try:
                count = self._sock.recv_into(buffer)
            except OSError:
                break
            del buffer
            if not count:
                break
            try:
                protocol.buffer_updated(count)
            except Exception as error:  # noqa: BLE001 - told as asyncio does
                self._loop.call_exception_handler({"message": "receiving failed", "exception": error})
                return RuntimeError(type(error).__name__) if isinstance(error, OSError) else error
        return None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "socket":
            return self._sock
        if (known := super().get_extra_info(name)) is not None:
            return known
        ask = {"peername": self._sock.getpeername, "sockname": self._sock.getsockname}.get(name)
        try:
            return ask() if ask else default
        except OSError:
            return default


class SocketLoop(TurnLoop):
    """One in which connections that are accepted have such a transport too."""

    def _make_socket_transport(
        self,
        sock: socket.socket,
        protocol: asyncio.BaseProtocol,
        waiter: asyncio.Future[None] | None = None,
        *,
        extra: dict[str, Any] | None = None,
        **rest: Any,
    ) -> asyncio.Transport:
        """asyncio has accepted a connection. waiter: is told once the protocol has it. rest: the server, which has not
        to be told as nobody waits for the end of its connections, and what other versions of Python add."""
        if not SUPPORTED or not isinstance(protocol, asyncio.BufferedProtocol):
            plain = super()._make_socket_transport(  # type: ignore[misc]
                sock, protocol, waiter, extra=extra, **rest
            )
            assert isinstance(plain, asyncio.Transport)
            return plain
        transport = SocketTransport(self, sock, protocol, extra)
        transport.start()
        if waiter is not None:
            waiter.set_result(None)
        return transport
