"""A large file read by a thread before its turn: its pieces come as they are, and nothing stays when it is over."""

import threading
from collections.abc import Callable, Generator

import pytest

from engine.runtime import pieces_ahead
from engine.runtime.pieces_ahead import LARGE, LEAST, MOST, STRETCH, read_ahead, worth
from engine.wire.errors import DataSetError

Pieces = Generator[bytes, None, None]


class File:
    """So many pieces, behind which it cannot be read where `fails`."""

    def __init__(self, count: int, fails: bool = False) -> None:
        self.read = 0
        self.closed = False
        self.readers: set[int] = set()
        self._count, self._fails = count, fails

    def pieces(self) -> Pieces:
        try:
            for number in range(self._count):
                self.readers.add(threading.get_ident())
                self.read += 1
                yield bytes([number])
            if self._fails:
                raise DataSetError("the disk is broken")
        finally:
            self.closed = True


@pytest.fixture(autouse=True)
def no_thread_stays() -> Generator[None, None, None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def no_threads(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("count", range(3 * STRETCH + 2))
@pytest.mark.parametrize("start", [threading.Thread.start, no_threads], ids=["a thread", "no thread"])
def test_all_pieces_come_in_order(
    count: int, start: Callable[[threading.Thread], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", start)
    file = File(count)
    assert list(read_ahead(file.pieces())) == [bytes([n]) for n in range(count)]
    assert file.closed
    assert (threading.get_ident() in file.readers) is (start is no_threads and count > 0)


@pytest.mark.parametrize("count", range(2 * STRETCH + 1))
def test_what_fails_is_met_when_it_is_its_turn(count: int) -> None:
    file, got = File(count, fails=True), list[bytes]()
    with pytest.raises(DataSetError, match="the disk is broken"):
        got.extend(read_ahead(file.pieces()))
    assert len(got) == count and file.closed


@pytest.mark.parametrize("taken", range(1, 3 * STRETCH))
def test_one_that_is_given_up_is_closed_and_not_read_on(taken: int) -> None:
    """As when its association is aborted."""
    file = File(100)
    ahead = read_ahead(file.pieces())
    for _ in range(taken):
        next(ahead)
    ahead.close()
    assert file.closed
    assert taken <= file.read <= taken + 2 * STRETCH


def test_one_that_never_begins_opens_nothing() -> None:
    file = File(100)
    read_ahead(file.pieces()).close()
    assert file.read == 0


def test_of_many_files_only_some_have_a_thread() -> None:
    files = [File(10) for _ in range(MOST + 1)]
    ahead = [read_ahead(file.pieces()) for file in files]
    for pieces in ahead:
        next(pieces)
    assert [threading.get_ident() in file.readers for file in files] == [False] * MOST + [True]
    for pieces in ahead:
        pieces.close()
    last = File(1)
    assert list(read_ahead(last.pieces())) == [b"\0"]
    assert threading.get_ident() not in last.readers, "there is room for another again"


def test_smaller_files_are_not_read_ahead_for_a_while_after_a_piece_was_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second begins when the piece has been waited for."""
    waits, times = threading.Event(), iter([100.0, 101.0, 101.0, 101.5, 101.5, 103.0])

    def clock() -> float:
        waits.set()
        return next(times)

    def pieces() -> Pieces:
        waits.wait()
        yield b"late"

    monkeypatch.setattr(pieces_ahead, "perf_counter", clock)
    monkeypatch.setattr(pieces_ahead, "_late", [0.0])
    ahead = read_ahead(pieces())
    assert next(ahead) == b"late"
    assert [worth(LEAST), worth(LARGE), worth(LEAST - 1), worth(LEAST), worth(LEAST)] == [
        False,
        True,
        False,
        False,
        True,
    ]
    ahead.close()
