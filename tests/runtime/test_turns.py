"""The engine's loop calls what watches a descriptor as asyncio calls a reader."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from engine.runtime.turns import TurnLoop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")


@pytest.fixture
def loop() -> Iterator[TurnLoop]:
    made = TurnLoop(lambda: None)
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        yield one, other


def turns(loop: TurnLoop, count: int = 3) -> None:
    async def taken() -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    loop.run_until_complete(taken())


def test_it_is_called_when_there_is_something_to_read_and_as_long_as_there_is(
    loop: TurnLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    one, other = pair
    read: list[bytes] = []
    watch = loop.watch(one.fileno(), lambda: read.append(one.recv(1)))
    assert watch is not None
    turns(loop)
    assert read == []
    other.sendall(b"abc")
    turns(loop, 5)
    assert read == [b"a", b"b", b"c"]
    loop.unwatch(watch)
    other.sendall(b"d")
    turns(loop)
    assert read == [b"a", b"b", b"c"], "not any more"


def test_one_that_is_watched_no_more_is_not_called_though_its_turn_had_come(loop: TurnLoop) -> None:
    """The first of two that can be read takes the other back, as a connection that aborts another one does."""
    called: list[int] = []
    pairs = [socket.socketpair() for _ in range(2)]

    def act(number: int) -> None:
        called.append(number)
        for watch in watches:
            assert watch is not None
            loop.unwatch(watch)
            loop.unwatch(watch)  # again: nothing happens

    watches = [loop.watch(one.fileno(), lambda n=n: act(n)) for n, (one, _) in enumerate(pairs)]
    for _, other in pairs:
        other.sendall(b"x")
    turns(loop)
    assert len(called) == 1
    for sock in (s for both in pairs for s in both):
        sock.close()


def test_the_number_of_one_that_was_closed_can_be_watched_again(loop: TurnLoop) -> None:
    one, other = socket.socketpair()
    number = one.fileno()
    old = loop.watch(number, lambda: None)
    assert old is not None
    one.close()
    other.close()
    two, theirs = socket.socketpair()
    with two, theirs:
        assert number in (two.fileno(), theirs.fileno()), "the lowest that is free"
        ours, far = (two, theirs) if two.fileno() == number else (theirs, two)
        read: list[bytes] = []
        watch = loop.watch(number, lambda: read.append(ours.recv(10)))
        assert watch is not None
        loop.unwatch(old)
        far.sendall(b"x")
        turns(loop)
        assert read == [b"x"]
        loop.unwatch(watch)


def test_what_fails_is_told_and_the_loop_goes_on(loop: TurnLoop, pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    told: list[Any] = []
    loop.set_exception_handler(lambda _, details: told.append(details["exception"]))
    error = ValueError("a defect")

    def act() -> None:
        one.recv(1)
        raise error

    watch = loop.watch(one.fileno(), act)
    assert watch is not None
    other.sendall(b"xy")
    turns(loop, 4)
    assert told == [error, error]
    loop.unwatch(watch)


def test_readers_and_writers_of_asyncio_are_called_beside_it(
    loop: TurnLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    one, other = pair
    called: list[str] = []
    watch = loop.watch(one.fileno(), lambda: called.append(one.recv(10).decode()))
    assert watch is not None
    loop.add_writer(other.fileno(), lambda: (called.append("writable"), loop.remove_writer(other.fileno())))
    loop.add_reader(other.fileno(), lambda: called.append(other.recv(10).decode()))
    one.sendall(b"to it")
    other.sendall(b"from it")
    turns(loop)
    assert sorted(called) == ["from it", "to it", "writable"]
    loop.remove_reader(other.fileno())
    loop.unwatch(watch)
