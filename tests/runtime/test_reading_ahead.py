"""Files read before their turn: what is given is what they hold, whoever read it, and nothing waits for ever."""

import threading
from pathlib import Path
from typing import cast

import pytest

from engine.model.storing import FileResult, FileState, PlannedFile
from engine.runtime import reading_ahead
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


@pytest.fixture(params=[SLOW, 0], ids=["the loop reads", "a thread reads"], autouse=True)
def slow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_ahead, "SLOW", request.param)


@pytest.fixture
def sent(tmp_path: Path) -> Files:
    return Files(tmp_path, [BESIDE, 10, BESIDE * 3, 2, BESIDE * 2, BESIDE + 1, 12, BESIDE, BESIDE * 4])


def test_each_file_is_given_as_it_is_whoever_read_it(sent: Files) -> None:
    for number in range(len(sent.planned)):
        assert sent.holds(number, sent.ahead.take(number))
        sent.ahead.go_on(number + 1)
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
    sent = Files(tmp_path, [BESIDE] * 6)
    before, threads = threading.active_count(), []
    for number in range(6):
        assert sent.holds(number, sent.ahead.take(number))
        sent.ahead.go_on(number + 1)
        threads.append(threading.active_count() - before)
    assert threads == [0, 1, 1, 1, 1, 1]
    sent.ahead.close()
