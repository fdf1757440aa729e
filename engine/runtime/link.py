"""The upper-layer machine and the connection it is fed from: bytes in, bytes out, deadlines kept."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable

from engine.protocol.primitives import Event
from engine.protocol.upper_layer import UpperLayer

from . import gathering
from .connection import Connection
from .context import Context

NEXT_AT_ONCE = 8
"""Requests taken one after the other before others have their turn of the loop."""
REST_WITHIN = 0.01
"""Seconds within which the rest of a message that is taken as a whole has to come; then it is taken in the pieces it
comes in. At 1 GBit/s one megabyte takes 8 ms, and eight come as quickly from this computer."""
SLOW = 0.1
"""Seconds that what was read at once may take before the others have their turn. Thousands of small messages with
something wrong in each can come in two MiB; then less is read at once, until that is quick again."""
UNTOLD_FOR = 0.02
"""Seconds between two looks whether what waits to be told has been fetched."""
LEAST_ROOM, MOST_ROOM = 4 * 1024, 2 * 1024 * 1024
"""Bytes read at once, at least and at most."""


def _nobody(_: Event) -> None:
    """Is told of what happens after the end of the connection."""


class Link(Connection):
    """asyncio's side of one connection. `on_event` gets each event of the machine; it must not block."""

    def __init__(self, context: Context, machine: UpperLayer, on_event: Callable[[Event], None]) -> None:
        super().__init__(context)
        self.machine = machine
        self._on_event = on_event
        self._alarm = 0
        self._alarm_at: float | None = None
        self._receiving = False
        self._next: deque[Callable[[], None]] = deque()
        self.room = MOST_ROOM
        """Bytes to read at once: fewer where what a peer sends takes long."""
        self.expects_next = False
        """A request was answered at once, and the next one may have come while we finished it."""
        self._came = 0.0
        """When what came last had arrived, in monotonic seconds."""
        self._rest_alarm = 0
        self._rest_until = 0.0
        """When the rest of a message is waited for no more."""

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
        context = self._context
        context.arrived = getattr(context.loop, "came", 0.0)
        until = context.now() + REST_WITHIN
        self._take(nbytes)
        straight = self.machine.straight
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
        self._wait_for_rest()

    def _wait_for_rest(self) -> None:
        """Where the rest of a message is waited for: not for long."""
        if not self.machine.straight.waiting:
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
        came = context.arrived
        if nbytes:
            self.last_activity, came = now, came or now
        context.arrived = self._came = max(came, self._came)  # what waited here is told as of then
        self._receiving, self._wrote, context.answering, context.went = True, False, True, 0.0
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
            try:
                context.tell_rest()
            finally:
                context.arrived = 0.0
        if self.machine.behind:  # the others have their turn
            self.hold_back(self)
            context.loop.call_soon(self._take_rest)
        if context.outbox.is_full and self.hold_back(context.outbox):
            context.not_fetched()
            context.loop.call_later(UNTOLD_FOR, self._read_when_told)
        took = context.now() - now
        if took > SLOW:
            self.room = max(LEAST_ROOM, min(nbytes or self.room, self.room) // 2)
        elif self.room < MOST_ROOM and took < SLOW / 8:
            self.room = min(MOST_ROOM, self.room * 2)

    @property
    def waits_to_be_told(self) -> bool:
        """Whether nothing is read as nobody fetches what is told: not the peer's time."""
        return self._context.outbox in self._holders

    def _read_when_told(self) -> None:
        """Go on where what waited has been fetched."""
        outbox = self._context.outbox
        if outbox.is_full and not self.lost:
            self._context.loop.call_later(UNTOLD_FOR, self._read_when_told)
        else:
            self._context.unfetched = outbox.is_full and self._context.unfetched
            self.read_on(outbox)

    def _take_rest(self) -> None:
        """Go on with what was read."""
        if self.lost:
            return
        self.read_on(self)
        try:
            if self.machine.behind:
                self._take(0)
            self._wait_for_rest()
        except BaseException:
            self._break()
            raise

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
            while not self.failed and self.machine.behind:
                self._take(0)
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

    def rest(self) -> bool:
        return self.machine.rest()

    # -- for the association

    def pump(self) -> None:
        """Hand on the machine's events and write what it wants sent, until both are empty.

        What goes out as it was given goes first: the peer has it while we tell what it was. Whoever has the machine
        say something on hearing an event pumps too, so that nothing is left then.
        """
        machine, at_once = self.machine, self.machine.in_runs
        if not at_once:
            self._context.went = 0.0
        elif not self._held and (buffers := machine.data_to_send()):
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

    def flush(self) -> None:
        """Write what the machine has ready, gathered into one write."""
        buffers = self.machine.data_to_send()
        if buffers:
            self._write(buffers)

    # -- inner

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
