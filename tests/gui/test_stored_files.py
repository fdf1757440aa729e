"""What was stored last is remembered for commitment and availability, at the same cost for the thousandth file."""

from __future__ import annotations

from pathlib import Path

from engine.model.notices import StoredNotice
from engine.model.storing import FileResult, FileState


def stored(operation: int, *numbers: int, state: FileState = FileState.STORED) -> StoredNotice:
    results = tuple(FileResult(number=n, path=Path(f"{n}.dcm"), state=state) for n in numbers)
    return StoredNotice(operation=operation, association=1, time=1.0, results=results)


def test_each_file_is_added_to_those_of_its_store_and_another_store_begins_anew(live_window, qtbot):
    desk = live_window.host.desk
    told = []
    desk.stored_changed.connect(lambda: told.append(desk.stored))
    desk._take([stored(1, 0), stored(1, 1), stored(1, 1), stored(1, 2, state=FileState.FAILED)])
    assert desk.stored == (Path("0.dcm"), Path("1.dcm"))
    desk._take([stored(2, 7)])
    assert desk.stored == (Path("7.dcm"),)
    assert [len(files) for files in told] == [1, 1]


def test_a_store_without_success_leaves_what_was_stored_before(live_window):
    desk = live_window.host.desk
    desk._take([stored(1, 0)])
    desk._take([stored(2, 1, state=FileState.FAILED)])
    assert desk.stored == (Path("0.dcm"),)
