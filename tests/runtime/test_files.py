"""Received instances on disk: whole, bit for bit, never outside their folder."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.runtime import files
from engine.runtime.files import FolderStore, Spool, file_name, in_memory, reason
from engine.runtime.outgoing import Encoded
from engine.runtime.temporary_files import drop_spooled
from engine.services.instances import instance_from
from engine.wire import datasets
from tests.runtime.console import CT, EXPLICIT, data_set_bytes, keys, write_instances

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "",
    "1.2/../../3",
    "C:\\Windows\\x",
    "1.2\x003",
    "con",
    "-rf",
    "1." * 200,
    "1.2.3\n",
]


@pytest.mark.parametrize("uid", HOSTILE)
def test_a_hostile_uid_stays_in_the_folder(uid: str, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "inside")
    data = EncodedData(datasets.encode_dataset(keys(PatientID="P"), EXPLICIT), EXPLICIT)
    assert store.add(instance_from(CT, uid, data)) == ""
    written = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert [p.parent for p in written] == [tmp_path / "inside"]
    assert data_set_bytes(written[0]) == data.data


@given(st.text())
def test_a_file_name_is_one_plain_name(uid: str) -> None:
    name = file_name(uid)
    assert Path(name).name == name
    assert name.endswith(".dcm") and len(name) < 100
    assert set(name) <= set("0123456789.abcdefghijklmnopqrstuvwxyz-")


def test_a_folder_is_found_again_and_broken_files_are_told(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for number in range(3):
        ds = keys(SOPClassUID=CT, SOPInstanceUID=f"1.2.{number}", PatientID=f"P{number}")
        store.add(instance_from(CT, f"1.2.{number}", EncodedData(datasets.encode_dataset(ds, EXPLICIT), EXPLICIT)))
    (tmp_path / "broken.dcm").write_bytes(b"nonsense")
    again = FolderStore(tmp_path)
    (problem,) = again.load()
    assert "broken.dcm" in problem
    assert {i.sop_instance_uid for i in again.instances()} == {"1.2.0", "1.2.1", "1.2.2"}
    assert {i.attributes.text(0x00100020) for i in again.instances()} == {"P0", "P1", "P2"}


def test_a_folder_that_cannot_be_written_is_a_reason(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    store = FolderStore(blocked)
    said = store.add(instance_from(CT, "1.2", EncodedData(b"", EXPLICIT)))
    assert said == "cannot store: a file has the folder's name"
    assert not list(store.instances())


def test_a_full_disk_is_told_without_our_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason goes to the peer as Error Comment (0000,0902), of 64 characters."""

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("engine.wire.dicom_files.os.fsync", full)
    with pytest.raises(datasets.DataSetError) as error:
        datasets.write_file(tmp_path / "a.dcm", b"", EXPLICIT, CT, "1.2", durable=True)
    assert reason(error.value) == "No space left on device"


def test_large_data_goes_to_a_file_and_back(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10
    spool = Spool(EXPLICIT, tmp_path, Limits(memory=1000))
    for start in range(0, len(content), 100):
        spool.write(memoryview(content)[start : start + 100])
    data = spool.close()
    assert isinstance(data, FileData)
    assert datasets.load_file(data).data == content
    drop_spooled(data)
    assert not list(tmp_path.iterdir())


def test_what_never_became_whole_is_thrown_away(tmp_path: Path) -> None:
    spool = Spool(EXPLICIT, tmp_path, Limits(memory=10))
    spool.write(bytes(100))
    assert len(list(tmp_path.iterdir())) == 1
    spool.discard()
    assert not list(tmp_path.iterdir())


def test_small_data_stays_in_memory(tmp_path: Path) -> None:
    spool = Spool(EXPLICIT, tmp_path)
    spool.write(b"abcd")
    assert spool.close() == EncodedData(b"abcd", EXPLICIT)
    assert not list(tmp_path.iterdir())


def test_only_spooled_files_are_dropped(tmp_path: Path) -> None:
    kept: Any = tmp_path / "1.2.3.dcm"
    kept.write_bytes(b"")
    drop_spooled(FileData(kept, 0, 0, EXPLICIT))
    drop_spooled(None)
    assert kept.exists()


def test_pieces_taken_together_make_the_same_file(tmp_path: Path) -> None:
    pieces = [bytes([n]) * (n * 7) for n in range(1, 9)]
    for memory in (0, 50, 10_000):
        spool = Spool(EXPLICIT, tmp_path, Limits(memory=memory), lambda: b"head")
        spool.write(memoryview(pieces[0]))
        spool.write_all(pieces[1:4])
        spool.write(memoryview(pieces[4]))
        spool.write_all(pieces[5:])
        made = spool.close()
        assert in_memory(made) == b"".join(pieces)
        drop_spooled(made)
    assert not list(tmp_path.iterdir())


def test_the_disk_has_work_while_a_large_one_is_received(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stretch at a time, whatever came meanwhile with the next; what is small or not to stay is left alone."""
    monkeypatch.setattr(files, "STRETCH", 100)
    begun: list[tuple[str, int, int, asyncio.Future[None]]] = []
    loop = asyncio.new_event_loop()

    def elsewhere(begin: Any, path: str, offset: int, count: int) -> asyncio.Future[None]:
        begin(path, offset, count)
        begun.append((path, offset, count, loop.create_future()))
        return begun[-1][3]

    spool = Spool(EXPLICIT, tmp_path, Limits(memory=10), lambda: b"head", elsewhere)
    for _ in range(5):
        spool.write(bytes(60))
    assert [b[1:3] for b in begun] == [(0, 120)]
    begun[0][3].set_result(None)
    spool.write_all([bytes(60)])
    assert [b[1:3] for b in begun] == [(0, 120), (120, 240)]
    made = spool.close()
    assert isinstance(made, FileData) and str(made.path) == begun[0][0]
    assert in_memory(made) == bytes(360)
    drop_spooled(made)
    files.begin_writing(begun[0][0], 0, 360)  # it is gone
    loop.close()


def test_the_larger_it_is_the_more_seldom_the_disk_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "STRETCH", 100)
    monkeypatch.setattr(files, "LONGEST_STRETCH", 200)
    begun: list[tuple[int, int]] = []
    loop = asyncio.new_event_loop()

    def elsewhere(_: Any, path: str, offset: int, count: int) -> asyncio.Future[None]:
        begun.append((offset, count))
        done: asyncio.Future[None] = loop.create_future()
        done.set_result(None)
        return done

    spool = Spool(EXPLICIT, tmp_path, Limits(memory=10), lambda: b"head", elsewhere)
    for _ in range(300):
        spool.write_all([bytes(10)])
    counts = [count for _, count in begun]
    assert counts == sorted(counts) and {100, 160, 200} <= set(counts) <= set(range(100, 201))
    assert [offset for offset, _ in begun] == [sum(counts[:n]) for n in range(len(counts))], "none twice, none left out"
    spool.discard()
    loop.close()


def test_a_loop_that_ends_begins_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "STRETCH", 100)

    def refused(*_: object) -> asyncio.Future[None]:
        raise RuntimeError("Executor shutdown has been called")

    spool = Spool(EXPLICIT, tmp_path, Limits(memory=10), lambda: b"head", refused)
    spool.write(bytes(200))
    spool.discard()
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_closed_takes_the_place_of_no_other_end(tmp_path: Path) -> None:
    """As of a share that is gone, told with the association that ended."""
    (path,) = write_instances(tmp_path, 1, 100_000)
    data = datasets.open_file(path).data
    chunks = datasets.file_chunks(data, 1000)
    next(chunks)
    assert chunks.gi_frame is not None
    os.close(chunks.gi_frame.f_locals["file"].fileno())
    Encoded(chunks, data.length or 0, data).close()
    assert chunks.gi_frame is None
