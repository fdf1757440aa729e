"""Our own transport keeps asyncio's contract with a protocol."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any
from weakref import WeakSet

import pytest

from engine.runtime.transport import A_MOMENT, AT_A_STRETCH, SELDOM, SUPPORTED, SocketLoop, SocketTransport
from engine.runtime.turns import TurnLoop

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="asyncio's transport is used here")
PATIENCE = 20.0
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "any loop": asyncio.SelectorEventLoop,
    "the engine's loop": lambda: TurnLoop(lambda: None),
}


@pytest.fixture(autouse=True, params=LOOPS)
def loops(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract is kept by whichever loop."""
    monkeypatch.setitem(LOOPS, "this", LOOPS[request.param])


def run_in_loop(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=LOOPS["this"]) as runner:
        runner.run(work)


class Protocol(asyncio.BufferedProtocol):
    """Notes what it is told. on_data: called with what came, within `buffer_updated`."""

    def __init__(self, on_data: Callable[[Protocol, bytes], None] | None = None) -> None:
        self.told: list[Any] = []
        self.room = bytearray(4096)
        self.on_data = on_data
        self.transport: SocketTransport
        self.received = asyncio.Event()
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.resumed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, SocketTransport)
        self.transport = transport
        self.told.append("made")

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.room

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self.room[:nbytes])
        self.told.append(data)
        self.received.set()
        if self.on_data is not None:
            self.on_data(self, data)
            self.told.append("told")

    def eof_received(self) -> bool:
        self.told.append("eof")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost")
        self.lost.set_result(exc)

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")
        self.resumed.set()


def run(
    work: Callable[[Protocol, socket.socket], Coroutine[Any, Any, None]],
    on_data: Callable[[Protocol, bytes], None] | None = None,
) -> list[Any]:
    """Do this with a started transport and the other end of its connection; gives what the loop was told."""
    faults: list[Any] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, details: faults.append(details["exception"]))
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.settimeout(PATIENCE)
        with theirs:
            protocol = Protocol(on_data)
            SocketTransport(loop, ours, protocol).start()
            assert protocol.told == ["made"], "at once"
            await asyncio.wait_for(work(protocol, theirs), PATIENCE)
            protocol.transport.abort()
            await asyncio.wait_for(protocol.lost, PATIENCE)
            assert protocol.told.count("lost") == 1
            assert ours.fileno() == -1, "closed"

    run_in_loop(main())
    return faults


def test_bytes_go_both_ways() -> None:
    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        theirs.sendall(b"in")
        await protocol.received.wait()
        assert protocol.told[-1] == b"in"
        protocol.transport.writelines([b"o", b"ut"])
        assert theirs.recv(10) == b"out"
        assert protocol.transport.get_write_buffer_size() == 0

    assert not run(work)


def test_the_end_of_what_is_received_closes() -> None:
    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        theirs.shutdown(socket.SHUT_WR)
        assert await protocol.lost is None
        assert protocol.told == ["made", "eof", "lost"]
        assert theirs.recv(10) == b""
        protocol.transport.write(b"too late")

    assert not run(work)


def test_what_came_before_a_connection_broke_under_our_sending_is_told() -> None:
    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        theirs.sendall(b"last words")
        theirs.close()
        protocol.transport.write(b"in vain")
        assert isinstance(await protocol.lost, OSError)
        assert protocol.told == ["made", b"last words", "lost"]

    assert not run(work)


def test_what_is_not_to_be_read_is_not_when_the_connection_breaks() -> None:
    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        protocol.transport.pause_reading()
        theirs.sendall(b"last words")
        theirs.close()
        protocol.transport.write(b"in vain")
        await protocol.lost
        assert protocol.told == ["made", "lost"]

    assert not run(work)


def test_a_defect_met_with_the_last_words_is_told() -> None:
    def fail(protocol: Protocol, _: bytes) -> None:
        raise ZeroDivisionError

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        theirs.sendall(b"last words")
        theirs.close()
        protocol.transport.write(b"in vain")
        assert isinstance(await protocol.lost, ZeroDivisionError)

    assert [type(fault) for fault in run(work, fail)] == [ZeroDivisionError]


def test_what_is_closed_while_it_receives_is_lost_after_that() -> None:
    def close(protocol: Protocol, _: bytes) -> None:
        protocol.transport.write(b"bye")
        protocol.transport.close()

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        theirs.sendall(b"end")
        assert await protocol.lost is None
        assert protocol.told == ["made", b"end", "told", "lost"]
        assert theirs.recv(10) == b"bye"

    assert not run(work, close)


def test_what_comes_after_it_was_closed_is_not_read() -> None:
    """Not in the same turn either, in which a quick peer is read again."""
    other: list[socket.socket] = []
    seen: list[bytes] = []

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        other.append(theirs)
        theirs.sendall(b"last")
        await protocol.lost

    def on_data(protocol: Protocol, data: bytes) -> None:
        seen.append(data)
        other[0].sendall(b"more")
        protocol.transport.close()

    run(work, on_data)
    assert seen == [b"last"]


def test_what_the_peer_does_not_take_waits_and_is_sent_before_closing() -> None:
    size = 1 << 22

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        transport = protocol.transport
        transport.set_write_buffer_limits(high=1024)
        transport.write(bytes(size))
        assert transport.get_write_buffer_size() > 1024
        assert protocol.told[-1] == "pause"
        transport.write(b"more")
        transport.close()
        assert transport.is_closing() and not protocol.lost.done()

        def read() -> bytes:
            taken = bytearray()
            while data := theirs.recv(1 << 20):
                taken += data
            return bytes(taken)

        taken = await asyncio.to_thread(read)
        assert taken == bytes(size) + b"more"
        assert await protocol.lost is None
        assert protocol.told == ["made", "pause", "resume", "lost"]

    assert not run(work)


def test_an_abort_drops_what_waits() -> None:
    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        protocol.transport.write(bytes(1 << 22))
        protocol.transport.close()
        protocol.transport.abort()
        assert protocol.transport.get_write_buffer_size() == 0
        assert not protocol.lost.done(), "never within the call"
        assert await protocol.lost is None

    assert not run(work)


def test_a_protocol_that_fails_is_told_and_loses_its_connection() -> None:
    def fail(_: Protocol, __: bytes) -> None:
        raise ValueError("ours")

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        theirs.sendall(b"x")
        assert isinstance(await protocol.lost, ValueError)

    assert [str(error) for error in run(work, fail)] == ["ours"]


def test_a_connection_that_breaks_is_no_defect() -> None:
    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        theirs.close()
        protocol.transport.pause_reading()
        while not protocol.transport.is_closing():  # the first may still be taken
            protocol.transport.write(b"x")
        assert isinstance(await protocol.lost, OSError)

    assert not run(work)


def test_nothing_is_received_while_reading_is_paused() -> None:
    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        protocol.transport.pause_reading()
        assert not protocol.transport.is_reading()
        theirs.sendall(b"later")
        for _ in range(3):
            await asyncio.sleep(0)
        assert protocol.told == ["made"]
        protocol.transport.resume_reading()
        await protocol.received.wait()
        assert protocol.told[-1] == b"later"

    assert not run(work)


def test_a_peer_that_answers_at_once_is_read_in_the_same_turn_but_not_for_ever() -> None:
    reads: list[int] = []
    other: list[socket.socket] = []

    def more(protocol: Protocol, _: bytes) -> None:
        if len(protocol.told) < 100:
            other[0].sendall(b"more")  # there before this has been told to its end
        reads[-1] += 1

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        other.append(theirs)
        reads.append(0)
        theirs.sendall(b"first")
        while len(protocol.told) < 100:
            await asyncio.sleep(0)
            reads.append(0)
        assert max(reads) == AT_A_STRETCH
        assert sum(reads) * 2 + 1 == len(protocol.told), "none is lost"

    assert not run(work, more)


def test_what_a_quick_peer_sends_in_a_moment_is_waited_for_and_a_slow_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = iter((0.0, 0.0, A_MOMENT / 2, A_MOMENT, 1.0, 1.0 + A_MOMENT))
    other: list[socket.socket] = []

    def moment() -> float:
        now = next(moments)
        if now == A_MOMENT / 2:
            other[0].sendall(b"second")  # it was not there yet when it was first looked for
        return now

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        other.append(theirs)
        protocol.transport._patience = 0
        theirs.sendall(b"first")
        await protocol.received.wait()
        assert protocol.told == ["made", b"first", b"second"]
        assert protocol.transport._patience == SELDOM

    monkeypatch.setattr("engine.runtime.transport.perf_counter", moment)
    monkeypatch.setattr("engine.runtime.transport._open", WeakSet())  # whatever other tests have left
    assert not run(work)


def test_nobody_is_waited_for_while_another_connection_may_have_something(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def moment() -> float:
        asked.append(0.0)  # it stands still: waiting would never end
        return 0.0

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        ours, other = socket.socketpair()
        ours.setblocking(False)
        second = Protocol()
        SocketTransport(asyncio.get_running_loop(), ours, second).start()
        protocol.transport._patience = 0
        theirs.sendall(b"first")
        await protocol.received.wait()
        assert protocol.told == ["made", b"first"]
        assert len(asked) == 2, "until when, and once whether that is over"
        other.close()
        await second.lost

    monkeypatch.setattr("engine.runtime.transport.perf_counter", moment)
    monkeypatch.setattr("engine.runtime.transport._open", WeakSet())
    assert not run(work)


def test_a_peer_that_is_slow_is_asked_again_seldom() -> None:
    asked: list[bool] = []

    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        told = protocol.get_buffer

        def get_buffer(sizehint: int) -> bytearray:
            asked.append(True)
            return told(sizehint)

        protocol.get_buffer = get_buffer  # type: ignore[method-assign]
        for number in range(2 * SELDOM):
            protocol.received.clear()
            theirs.sendall(bytes([number]))
            await protocol.received.wait()
        assert len(protocol.told) == 1 + 2 * SELDOM
        assert len(asked) < 2 * SELDOM + 4

    assert not run(work)


def test_it_knows_its_socket() -> None:
    async def work(protocol: Protocol, theirs: socket.socket) -> None:
        assert protocol.transport.get_extra_info("socket").fileno() >= 0
        assert protocol.transport.get_extra_info("peername") == theirs.getsockname()
        assert protocol.transport.get_extra_info("cipher", "none") == "none"
        protocol.transport.abort()
        await protocol.lost
        assert protocol.transport.get_extra_info("peername", "gone") == "gone"

    assert not run(work)


def test_a_connection_that_is_accepted_has_such_a_transport_and_knows_a_peer_that_is_gone() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        accepted = Protocol()
        server = await loop.create_server(lambda: accepted, "127.0.0.1", 0)
        theirs = socket.create_connection(server.sockets[0].getsockname(), PATIENCE)
        name = theirs.getsockname()
        theirs.sendall(b"in")
        await asyncio.wait_for(accepted.received.wait(), PATIENCE)
        assert accepted.told == ["made", b"in"]
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        theirs.close()  # RST
        assert isinstance(await asyncio.wait_for(accepted.lost, PATIENCE), ConnectionResetError)
        assert accepted.transport.get_extra_info("peername") == name
        server.close()

    with asyncio.Runner(loop_factory=lambda: SocketLoop(lambda: None)) as runner:
        runner.run(main())


def test_a_protocol_of_streams_has_the_transport_of_asyncio() -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(2))
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"ab")
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b"ab"
        writer.close()
        server.close()

    with asyncio.Runner(loop_factory=lambda: SocketLoop(lambda: None)) as runner:
        runner.run(main())
