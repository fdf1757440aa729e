"""Files read before their turn: what is given is what they hold, whoever read it, and nothing waits for ever."""

import errno
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from engine.model.storing import FileResult, FileState, PlannedFile
from engine.runtime import leisure, reading_ahead, reading_beside, uring
from engine.runtime.link import Link
from engine.runtime.places import is_quick
from engine.runtime.reading_ahead import BESIDE, FAR, SLOW, ReadAhead
from engine.runtime.writer import BATCH

SYNTAX = "1.2.840.10008.1.2.1"
HEADER = 100


class Connection:
    """All that is asked of a link."""

    unsent = 0


class Files:
    """Files of given sizes, each of its own bytes, and who reads them ahead."""

    def __init__(self, folder: Path, sizes: list[int]) -> None:
        self.connection = Connection()
        is_quick(folder)  # as whoever finds them asks
        self.planned = []
        for number, size in enumerate(sizes):
            path = folder / f"{number}.dcm"
            path.write_bytes(bytes(HEADER) + bytes([number + 1]) * size)
            self.planned.append(
                PlannedFile(number=number, path=path, offset=HEADER, length=size, transfer_syntax=SYNTAX)
            )
        results = [
            FileResult(number=f.number, path=f.path, state=FileState.PLANNED, transfer_syntax=SYNTAX)
            for f in self.planned
        ]
        self.ahead = ReadAhead(cast(Link, self.connection), results, lambda file: self.planned[file.number])

    def holds(self, number: int, loaded: memoryview | None) -> bool:
        return loaded is not None and bytes(loaded) == self.planned[number].path.read_bytes()[HEADER:]


def the_system_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop never has time."""
    found = uring.ring()
    if found is None:
        pytest.skip("the system does no work beside us (io_uring)")
    found.close()
    monkeypatch.setattr(leisure, "EVERY", 1)
    monkeypatch.setattr(leisure, "FIRST", 0)
    monkeypatch.setattr(reading_beside, "LEAST", BESIDE)
    monkeypatch.setattr(reading_ahead, "LEAST", BESIDE)
    monkeypatch.setattr(reading_beside, "BUSY", 1e9)
    monkeypatch.setattr(reading_beside, "ENOUGH", 1e9)


@pytest.fixture(params=["the loop reads", "a thread reads", "the system reads"], autouse=True)
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(reading_ahead, "SLOW", 0 if request.param == "a thread reads" else SLOW)
    if request.param == "the system reads":
        the_system_reads(monkeypatch)
    return str(request.param)


@pytest.fixture
def sent(tmp_path: Path) -> Files:
    return Files(tmp_path, [BESIDE, 10, BESIDE * 3, 2, BESIDE * 2, BESIDE + 1, 12, BESIDE, BESIDE * 4])


def test_each_file_is_given_as_it_is_whoever_read_it(sent: Files) -> None:
    for number in range(len(sent.planned)):
        assert sent.holds(number, sent.ahead.take(number))
        sent.ahead.go_on(number + 1)
    sent.ahead.close()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208


def test_the_system_reads_where_the_loop_has_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    monkeypatch.setattr(reading_ahead, "QUICK", 1e9)
    asked: list[int] = []
    read = uring.Ring.read
    monkeypatch.setattr(uring.Ring, "read", lambda *a: (asked.append(a[4]), read(*a))[1])
    before, sent = descriptors(), Files(tmp_path, [BESIDE * (1 + n % 3) for n in range(30)])
    for number in range(30):
        assert sent.holds(number, sent.ahead.take(number))
        sent.ahead.go_on(number + 1)
    assert len(asked) == (29 if reader == "the system reads" else 0)  # the loop reads the first
    sent.ahead.close()
    assert descriptors() <= before


def test_a_system_that_cannot_read_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    if reader != "the system reads":
        pytest.skip("it is not asked")
    asked: list[int] = []
    read = uring.Ring.read
    monkeypatch.setattr(uring.Ring, "read", lambda *a: (asked.append(a[4]), read(*a))[1])
    monkeypatch.setattr(uring.Ring, "result", lambda *_: -errno.EINVAL)
    sent = Files(tmp_path, [BESIDE] * 10)
    for number in range(10):
        loaded = sent.ahead.take(number)
        assert loaded is None or sent.holds(number, loaded)
        sent.ahead.go_on(number + 1)
    assert len(asked) <= reading_beside.FAR
    sent.ahead.close()


def test_what_the_system_reads_is_waited_for_when_it_ends(tmp_path: Path, reader: str) -> None:
    before = descriptors()
    for _ in range(20):
        sent = Files(tmp_path, [BESIDE * 15] * 4)
        sent.ahead.take(0)
        sent.ahead.go_on(1)
        sent.ahead.close()
    assert descriptors() <= before


def test_a_file_changed_since_it_was_planned_is_left_to_those_who_tell_why(tmp_path: Path) -> None:
    sent = Files(tmp_path, [BESIDE] * 5)
    for number, planned in enumerate(sent.planned):
        modified = planned.path.stat().st_mtime_ns + (number == 3)
        sent.planned[number] = replace(planned, modified=modified)
    taken = []
    for number in range(5):
        taken.append(sent.ahead.take(number) is not None)
        sent.ahead.go_on(number + 1)
    assert taken == [True, True, True, False, True]
    sent.ahead.close()


def test_nothing_is_written_into_what_the_connection_still_holds(sent: Files) -> None:
    sent.connection.unsent = 1
    given = []
    for number in range(len(sent.planned)):
        given.append(sent.ahead.take(number))
        sent.ahead.go_on(number + 1)
    assert all(sent.holds(number, loaded) for number, loaded in enumerate(given))
    sent.ahead.close()


def test_files_that_went_another_way_are_left_out(sent: Files) -> None:
    assert sent.holds(0, sent.ahead.take(0))
    sent.ahead.go_on(1)
    assert sent.holds(7, sent.ahead.take(7))
    sent.ahead.go_on(8)
    assert sent.holds(8, sent.ahead.take(8))
    sent.ahead.close()


@pytest.mark.parametrize("size", [2, BESIDE])
def test_a_file_cut_short_or_gone_is_left_to_those_who_tell_why(tmp_path: Path, size: int) -> None:
    sent = Files(tmp_path, [size] * 4)
    sent.planned[1].path.write_bytes(bytes(HEADER) + bytes(size - 1))
    sent.planned[2].path.unlink()
    taken = []
    for number in range(4):
        taken.append(sent.ahead.take(number) is not None)
        sent.ahead.go_on(number + 1)
    assert taken == [True, False, False, True]
    sent.ahead.close()


def test_large_files_and_those_to_be_converted_are_not_read(tmp_path: Path) -> None:
    sent = Files(tmp_path, [BESIDE, BATCH, 10, 10])
    sent.planned[2] = PlannedFile(number=2, path=sent.planned[2].path, offset=HEADER, length=10, transfer_syntax="1.2")
    for number, read in enumerate((True, False, False, True)):
        assert (sent.ahead.take(number) is not None) is read
        sent.ahead.go_on(number + 1)
    sent.ahead.close()


def test_it_never_holds_more_than_a_few_files(tmp_path: Path) -> None:
    sent = Files(tmp_path, [BESIDE] * 20)
    for number in range(20):
        loaded = sent.ahead.take(number)
        sent.ahead.go_on(number + 1)
        for late in sent.planned[number + FAR + 1 :]:
            late.path.write_bytes(b"")  # whatever is not read by now is changed, and put back
        assert sent.holds(number, loaded)
        for late in sent.planned[number + FAR + 1 :]:
            late.path.write_bytes(bytes(HEADER) + bytes([late.number + 1]) * BESIDE)
    sent.ahead.close()


def test_its_thread_ends_with_it_also_when_files_are_left(tmp_path: Path) -> None:
    sent = Files(tmp_path, [BESIDE] * 8)
    before = threading.active_count()
    sent.ahead.take(0)
    sent.ahead.go_on(1)
    sent.ahead.close()
    assert threading.active_count() == before


def test_where_no_thread_can_be_had_the_loop_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more)
    sent = Files(tmp_path, [BESIDE] * 4)
    for number in range(4):
        assert sent.holds(number, sent.ahead.take(number))
        sent.ahead.go_on(number + 1)
    sent.ahead.close()


def test_a_thread_reads_once_the_disk_has_been_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_ahead, "SLOW", 2)
    monkeypatch.setattr(reading_ahead, "QUICK", -1.0)
    monkeypatch.setattr(reading_beside, "ring", lambda: None)
    sent = Files(tmp_path, [BESIDE] * 6)
    before, threads = threading.active_count(), []
    for number in range(6):
        assert sent.holds(number, sent.ahead.take(number))
        sent.ahead.go_on(number + 1)
        threads.append(threading.active_count() - before)
    assert threads == [0, 1, 1, 1, 1, 1]
    sent.ahead.close()


def test_a_thread_reads_once_the_system_has_been_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    if reader != "the system reads":
        pytest.skip("it is not asked")
    sent = Files(tmp_path, [BESIDE] * 8)
    before = threading.active_count()
    for number in range(8):
        monkeypatch.setattr(reading_ahead, "QUICK", -1.0 if number else 1e9)  # the loop was quick with the first
        assert sent.holds(number, sent.ahead.take(number))
        sent.ahead.go_on(number + 1)
    assert threading.active_count() == before + 1
    sent.ahead.close()
    assert threading.active_count() == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("writers", [0, 1])
def test_a_pipe_that_took_the_place_of_a_file_is_not_waited_for(tmp_path: Path, writers: int) -> None:
    sent, taken = Files(tmp_path, [BESIDE] * 3), list[memoryview | None]()
    path = sent.planned[2].path
    path.unlink()
    os.mkfifo(path)
    writer = [os.open(path, os.O_RDWR | os.O_NONBLOCK) for _ in range(writers)]

    def send() -> None:
        for number in range(3):
            taken.append(sent.ahead.take(number))
            sent.ahead.go_on(number + 1)
        sent.ahead.close()

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    sending.join(5.0)
    waits = sending.is_alive()
    for file in (*writer, os.open(path, os.O_RDWR | os.O_NONBLOCK)):
        os.close(file)
    assert not waits
    assert [loaded is not None for loaded in taken] == [True, True, False]
