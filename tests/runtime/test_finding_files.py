"""Looking for files to store: by the loop what is told in a moment, by a thread the rest, and the same is found."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.model.commands import PlanStore
from engine.model.notices import StorePlanNotice
from engine.model.storing import FileState, PlannedFile, StoreOptions
from engine.runtime import finding_files
from engine.runtime.finding_files import STRETCH, Finder
from engine.wire import datasets
from tests.runtime.console import CT, EXPLICIT, Console, keys, write_instances

MANY = 5 * STRETCH


def ct(uid: str) -> bytes:
    data = keys(SOPClassUID=CT, SOPInstanceUID=uid, PatientID="P", StudyInstanceUID="1.2", SeriesInstanceUID="1.3")
    return datasets.encode_dataset(data, EXPLICIT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Plain instances with everything else between them: folders, other files, a cut one, one twice, a pipe."""
    write_instances(tmp_path, MANY)
    (tmp_path / "file-0.txt").write_text("no DICOM")
    (tmp_path / "cut.dcm").write_bytes(next(tmp_path.glob("*.dcm")).read_bytes()[:-10])
    for name in ("deep", "deep/deeper", "other"):
        (tmp_path / name).mkdir()
        for number in range(STRETCH):
            uid = f"1.2.{len(name)}.{number}"
            datasets.write_file(tmp_path / name / f"{number}.dcm", ct(uid), EXPLICIT, CT, uid)
    datasets.write_file(tmp_path / "other" / "again.dcm", ct("1.2.4.3"), EXPLICIT, CT, "1.2.4.3")
    (tmp_path / "other" / "without-prefix").write_bytes(ct("1.2.9.9"))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    return tmp_path


def found(console: Console, *paths: Path, duplicates: bool = False) -> tuple[PlannedFile, ...]:
    """What a plan of these paths tells of each file, before it is spread over associations."""
    options = StoreOptions(duplicates=duplicates)
    number = console.new_id()
    console.run(PlanStore(operation=number, association=console.new_id(), paths=paths, options=options))
    (told,) = console.of(StorePlanNotice, lambda n: n.operation == number)
    return told.plan.files


def looked_at(*paths: Path, duplicates: bool = False) -> list[tuple[Path, FileState, str, str, int]]:
    finder = Finder(paths, duplicates=duplicates)
    finder.run()
    return [said(f) for f in finder.files]


def said(file: PlannedFile) -> tuple[Path, FileState, str, str, int]:
    return file.path, file.state, file.why, file.sop_instance_uid, file.length


@pytest.mark.parametrize("duplicates", [False, True])
def test_loop_and_thread_find_together_what_a_thread_finds(console: Console, folder: Path, duplicates: bool) -> None:
    paths = folder, folder / "deep", folder / "deep" / "1.dcm", folder / "nothing here", folder / "o*er"
    by_both = [said(f) for f in found(console, *paths, duplicates=duplicates)]
    assert by_both == looked_at(*paths, duplicates=duplicates)
    assert len(by_both) > MANY


def test_the_loop_looks_at_plain_files_itself(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_instances(tmp_path, MANY)
    where: list[str] = []
    look = datasets.examined_at_once

    def noted(path: Path) -> datasets.FileHeader | None:
        where.append(threading.current_thread().name)
        return look(path)

    monkeypatch.setattr(datasets, "examined_at_once", noted)
    assert len(found(console, tmp_path)) == MANY
    assert set(where) == {"dimse-engine"}, "the thread examines thoroughly"
    assert where


@pytest.mark.parametrize("plain", range(STRETCH - 3, STRETCH + 1))
def test_folders_are_listed_beside_the_loop(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain: int
) -> None:
    """However many files come before them, and whether a pattern or a folder leads to them."""
    write_instances(tmp_path / "first", plain)
    for name in ("a", "b", "b/c", "d"):
        (tmp_path / "deep" / name).mkdir(parents=True)
        write_instances(tmp_path / "deep" / name, 2)
    where: list[str] = []
    scan = os.scandir

    def noted(path: Any) -> Any:
        where.append(threading.current_thread().name)
        return scan(path)

    monkeypatch.setattr(os, "scandir", noted)
    found(console, tmp_path / "first", tmp_path / "deep" / "**" / "*.dcm", tmp_path / "deep")
    assert len(where) > 6
    assert "dimse-engine" not in where


def test_an_entry_that_cannot_be_asked_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on file systems that do not tell while they list."""
    write_instances(tmp_path, 2)

    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

        def is_dir(self) -> bool:
            raise PermissionError

        def is_file(self, *, follow_symlinks: bool) -> bool:
            raise PermissionError

        def is_symlink(self) -> bool:
            raise PermissionError

    @contextlib.contextmanager
    def listed(folder: Path) -> Iterator[list[Entry]]:
        with listing(folder) as found:
            yield [Entry(entry.name) for entry in found]

    expected = looked_at(tmp_path)
    listing = os.scandir
    monkeypatch.setattr(os, "scandir", listed)
    assert looked_at(tmp_path) == expected


def test_a_slow_disk_is_left_to_the_thread(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_instances(tmp_path, MANY)
    monkeypatch.setattr(finding_files, "QUICK", -1.0)  # whatever a file takes is too long
    looked: list[Path] = []
    look = datasets.examined_at_once
    monkeypatch.setattr(datasets, "examined_at_once", lambda path: looked.append(path) or look(path))
    assert [said(f) for f in found(console, tmp_path)] == looked_at(tmp_path)
    assert len(looked) <= 2 * finding_files.SLOW, "it is tried less and less"


def test_nothing_more_is_looked_at_once_cancelled(tmp_path: Path) -> None:
    write_instances(tmp_path, MANY)
    finder = Finder((tmp_path,), stop=lambda: len(finder.files) > STRETCH)
    finder.look_at(STRETCH)
    while finder.look_quickly(60.0):
        pass
    assert finder.done
    assert len(finder.files) == STRETCH + 1


def test_an_empty_folder_has_nothing(console: Console, tmp_path: Path) -> None:
    assert found(console, tmp_path) == ()
    assert console.of(StorePlanNotice)[0].plan.sending == 0
