"""One TCP connection and the upper-layer machine it feeds: bytes in, bytes out, deadlines kept."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from engine.protocol.primitives import Buffer
from engine.protocol.upper_layer import Event, UpperLayer

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
NEXT_AT_ONCE = 8
"""Requests taken one after the other before others have their turn of the loop."""
REST_WITHIN = 0.005
"""Seconds within which the rest of a message that is taken as a whole has to come; then it is taken in the pieces it
comes in. At 1 GBit/s half a megabyte takes 4 ms."""
SLOW = 0.1
"""Seconds that what was read at once may take before the others have their turn. Thousands of small messages with
something wrong in each can come in one MiB; then less is read at once, until that is quick again."""
LEAST_ROOM, MOST_ROOM = 4 * 1024, 1024 * 1024
"""Bytes read at once, at least and at most."""


def _nobody(_: Event) -> None:
    """Is told of what happens after the end of the connection."""


class Link(asyncio.BufferedProtocol):
    """asyncio's side of one connection. `on_event` gets each event of the machine; it must not block."""

    def __init__(self, context: Context, machine: UpperLayer, on_event: Callable[[Event], None]) -> None:
        self._context = context
        self.machine = machine
        self._on_event = on_event
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._plain = False
        """What is to be sent goes to the socket as it is: no TLS, and a system that gathers writes."""
        self._alarm = 0
        self._alarm_at: float | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._receiving = False
        self._held = False
        """What is to be sent waits for the end of a turn: what follows from one read goes out in one write."""
        self._wrote = False
        self._next: deque[Callable[[], None]] = deque()
        self.room = MOST_ROOM
        """Bytes to read at once: fewer where what a peer sends takes long."""
        self.last_activity = context.now()
        self.lost = False
        self.lost_reason = ""
        self.failed = False
        """A defect of ours ended it: what was raised may quote anything, so that it is not told."""
        self._holders: set[object] = set()
        """On whose behalf nothing is read for now."""
        self.expects_next = False
        """A request was answered at once, and the next one may have come while we finished it."""
        self._rest_alarm = 0
        self._rest_until = 0.0
        """When the rest of a message is waited for no more."""
        self.closed_here = False
        """Our side closed, so the end of the connection says nothing about the peer."""

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        try:
            self.attach(transport)
            self._plain = gathering.SUPPORTED
            self.secured()
        except BaseException:  # asyncio would leave it open, with nobody to close it
            self.failed = True
            transport.abort()
            raise

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

    def secured(self) -> None:
        """The connection can be used: for the machine it exists from now on."""
        self.last_activity = self._context.now()
        self.machine.straight.patient = True
        self.machine.transport_connected(self._context.now())
        self.pump()

    def get_buffer(self, sizehint: int) -> memoryview:
        room = self.machine.receive_buffer()  # small at first; one that is filled is followed by a larger one
        return room if len(room) <= self.room else room[: self.room]

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._take_in(nbytes)
        except OSError as error:  # asyncio takes each of them for the network's, wherever it was raised
            self._break()
            self._context.loop.call_exception_handler({"message": "receiving failed", "exception": error})

    def _take_in(self, nbytes: int) -> None:
        """What came, and what comes in a moment."""
        self._take(nbytes)
        straight, until = self.machine.straight, self.last_activity + REST_WITHIN
        for _ in range(NEXT_AT_ONCE):
            if self.expects_next:
                self.expects_next = False
                self._wait_no_more()  # what is waited for now is the rest of another
            elif not straight.waiting:
                break
            if self.last_activity > until:
                break
            if count := self._received_already():
                self._take(count)
            else:
                break
        if not straight.waiting:
            if self._rest_alarm:
                self._wait_no_more()
        elif not self._rest_alarm:
            self._rest_until = self.last_activity + REST_WITHIN
            self._rest_alarm = self._context.alarms.after(REST_WITHIN, self.take_pieces)
        elif self.last_activity >= self._rest_until:  # what comes so quickly leaves the alarm no turn
            self.take_pieces()

    def take_pieces(self) -> None:
        """The rest of a message has not come in time, never will, or something else comes first: take what is there. A
        defect met there ends the connection, as where it is met with what has just come."""
        if self._receiving:
            return
        self._wait_no_more()
        if self.machine.straight.waiting:
            try:
                self.machine.wait_no_more(self._context.now())
                self._take(0)
            except BaseException:
                self._break()
                raise

    def _break(self) -> None:
        """A defect of ours was met: the connection ends, and its association with it."""
        self.failed = True
        if self._transport is not None:
            self._transport.abort()

    def _wait_no_more(self) -> None:
        if self._rest_alarm:
            self._context.alarms.cancel(self._rest_alarm)
            self._rest_alarm = 0

    def _received_already(self) -> int:
        """Receive what has come meanwhile without a turn of the loop: how many bytes; 0 leaves it to the loop."""
        sock = self._socket
        if not self._plain or sock is None or self._holders or self.closed_here or self.lost:
            return 0
        try:
            return os.readv(sock.fileno(), (self.get_buffer(-1),))
        except OSError:  # nothing there, or the transport will meet it too
            return 0

    def _take(self, nbytes: int) -> None:
        context = self._context
        now = context.now()
        if nbytes:
            self.last_activity = now
        self._receiving, self._wrote, context.answering = True, False, True
        try:
            self.machine.received(nbytes, now)
            self.pump()
            if self._next:
                self._go_on()
            if not self._wrote and not self.closed_here:  # else that has acknowledged what came
                self._quick_ack()
        finally:
            self._receiving = context.answering = False
            while self._next:  # something of ours failed; the rest is not lost
                context.loop.call_soon(self._next.popleft())
            context.tell_rest()
        took = context.now() - now
        if took > SLOW:
            self.room = max(LEAST_ROOM, min(nbytes or self.room, self.room) // 2)
        elif self.room < MOST_ROOM and took < SLOW / 8:
            self.room = min(MOST_ROOM, self.room * 2)

    def _go_on(self) -> None:
        """Do what follows from what was received, and write all of it at once."""
        self._held = True
        try:
            while self._next:
                self._next.popleft()()
        finally:
            self._held = False
        self.flush()

    def soon(self, act: Callable[[], None]) -> None:
        """Call this when what was just received has been told to its end, in the same turn of the loop."""
        if self._receiving:
            self._next.append(act)
        else:
            self._context.loop.call_soon(act)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._context.links.discard(self)
        try:
            if not self.failed:
                self.take_pieces()
        finally:
            self._end(exc)

    def _end(self, exc: Exception | None) -> None:
        self._wait_no_more()
        self.lost = True
        if self.closed_here:  # all has been told: the reader wakes while we tidy up
            self._context.outbox.let_go()
        if isinstance(exc, OSError):
            self.lost_reason = exc.strerror or str(exc)
        elif exc is not None:  # asyncio ends a connection whose callback failed; the loop's handler has told what did
            self.failed = True
        self._writable.set()
        self.machine.transport_closed(self._context.now())
        self._tell_to_the_end()
        self._cancel_alarm()
        self._context.outbox.let_go()  # the reader wakes while the socket is being closed
        self._on_event = _nobody  # whose association is over: it is freed now, and not when it is looked for

    def _tell_to_the_end(self) -> None:
        """Whatever fails of it: the end is told all the same."""
        while True:
            try:
                self.pump()
                return
            except Exception as error:  # noqa: BLE001 - told as asyncio does
                self.failed = True
                self._context.loop.call_exception_handler({"message": "telling the end failed", "exception": error})
            if self.machine.told_all:
                return

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # -- for the association

    def pump(self) -> None:
        """Hand on the machine's events and write what it wants sent, until both are empty.

        What goes out as it was given goes first: the peer has it while we tell what it was. Whoever has the machine
        say something on hearing an event pumps too, so that nothing is left then.
        """
        machine, at_once = self.machine, self.machine.in_runs
        if at_once and not self._held and (buffers := machine.data_to_send()):
            self._write(buffers)
        next_event, tell = machine.next_event, self._on_event
        while (event := next_event()) is not None:
            tell(event)
        if not at_once and not self._held:
            self.flush()
        self._arm()

    def send(self) -> None:
        """Write what the machine has ready, with all else that follows from one read."""
        if not self._held:
            self.flush()

    @property
    def free(self) -> bool:
        """Whether what is sent now goes out now, and nobody needs to wait before."""
        return not self._held and not self._next and self._writable.is_set()

    def hurry(self) -> None:
        """What is sent next is much: it goes out at once, not at the end of the turn."""
        if self._held:
            self._held = False
            self.flush()

    def hasten(self) -> None:
        """Have what comes next acknowledged at once, although we have sent since: what we sent is much, and a peer with
        Nagle on writes its answer in two pieces, of which the second waits for that."""
        if not self.lost and not self.closed_here:
            self._quick_ack()

    def flush(self) -> None:
        """Write what the machine has ready, gathered into one write."""
        buffers = self.machine.data_to_send()
        if buffers:
            self._write(buffers)

    def _write(self, buffers: list[Buffer]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            if self._plain and self._socket is not None and not self._transport.get_write_buffer_size():
                left = gathering.written(self._socket.fileno(), buffers)
                self._wrote = self._wrote or left is not buffers
                buffers = left
            if buffers:
                self._transport.writelines(buffers)
                self._wrote = self._wrote or not self._transport.get_write_buffer_size()
            self.last_activity = self._context.now()

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
            self._transport.resume_reading()

    @property
    def writable(self) -> bool:
        """Whether nobody needs to wait before it writes."""
        return self._writable.is_set()

    async def drained(self) -> None:
        """Wait until the socket takes more, or the association is over."""
        await self._writable.wait()

    def let_go(self) -> None:
        """Nobody is to wait for the socket any more."""
        self._writable.set()
        for holder in tuple(self._holders):
            self.read_on(holder)

    @property
    def unsent(self) -> int:
        """Bytes queued that the system has not taken yet: the peer does not read as fast as we write."""
        return self._transport.get_write_buffer_size() if self._transport and not self.lost else 0

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

    def remote_address(self) -> tuple[str, int]:
        """Host and port of the other side ("", 0 when unknown)."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else ("", 0)

    def local_address(self) -> tuple[str, int]:
        """Host and port of our side ("", 0 when unknown)."""
        name = self._transport.get_extra_info("sockname") if self._transport else None
        return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else ("", 0)

    # -- inner

    def _quick_ack(self) -> None:
        if _QUICKACK is not None and self._socket is not None:
            try:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
            except OSError:
                self._socket = None  # closed under us: connection_lost follows

    def _arm(self) -> None:
        """Keep one alarm for the machine's next deadline; an early one re-arms itself, so it is rarely replaced."""
        deadline = None if self.lost else self.machine.next_timeout()
        if deadline is None:
            if self._alarm:
                self._cancel_alarm()
        elif self._alarm_at is None or deadline < self._alarm_at:
            self._cancel_alarm()
            self._alarm_at = deadline
            self._alarm = self._context.alarms.after(deadline - self._context.now(), self._expired)

    def _cancel_alarm(self) -> None:
        self._context.alarms.cancel(self._alarm)
        self._alarm, self._alarm_at = 0, None

    def _expired(self) -> None:
        self._alarm, self._alarm_at = 0, None
        try:
            self.machine.handle_timeout(self._context.now())
            self.pump()
        except BaseException:
            self._break()
            raise
