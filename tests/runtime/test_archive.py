"""Where stored instances are written, and when they are indexed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.model.limits import Limits
from engine.runtime import disk_pace
from engine.runtime.database import Database, DatabaseError, Entry, GoneFile, IndexedFile
from engine.runtime.files import EARLY, Spool, in_memory
from engine.runtime.keeping import Durable
from engine.runtime.temporary_files import drop_spooled
from engine.services.effects import Instance
from engine.services.instances import instance_from
from engine.services.state import State
from engine.wire import file_writing
from engine.wire.datasets import encode_dataset, file_meta, load_file

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def image(uid: str, size: int = 100) -> Instance:
    elements = (
        DataElement(0x00080016, "UI", (CT,)),
        DataElement(0x00080018, "UI", (uid,)),
        DataElement(0x7FE00010, "OW", bytes(size)),
    )
    return instance_from(CT, uid, EncodedData(encode_dataset(DataSet(elements), EXPLICIT), EXPLICIT))


def opened(folder: Path, problems: list[str] | None = None, *, synchronize: bool = False) -> Durable:
    durable = Durable(folder, (problems if problems is not None else []).append, synchronize=synchronize)
    assert durable.load(State(), lambda: False) == []
    return durable


def held(folder: Path) -> list[str]:
    """What the next start finds, in its order."""
    durable = opened(folder)
    durable.close()
    return [instance.sop_instance_uid for instance in durable.archive.instances()]


async def _keep(durable: Durable, *instances: Instance) -> None:
    for instance in instances:
        assert await durable.keep(instance) == ""


def test_what_is_kept_can_be_read_at_once_and_is_indexed_by_the_end(tmp_path: Path) -> None:
    durable = opened(tmp_path)
    given = image("1.2.3", 5000)
    asyncio.run(_keep(durable, given))
    kept = durable.archive.find("1.2.3")
    assert kept is not None and isinstance(kept.data, FileData) and isinstance(given.data, EncodedData)
    assert load_file(kept.data) == given.data
    durable.close()
    database = Database(tmp_path / ".dimse-console" / "state.sqlite3")
    database.open()
    (row,) = database.files()
    database.close()
    told = kept.data.path.stat()
    assert (row.file, row.size, row.modified) == ("1.2.3.dcm", told.st_size, told.st_mtime_ns)


def test_files_a_kill_left_without_index_come_back_in_the_order_they_came(tmp_path: Path) -> None:
    durable = opened(tmp_path)
    asyncio.run(_keep(durable, image("1.9"), image("1.5"), image("1.7")))
    for seconds, uid in enumerate(("1.9", "1.5", "1.7")):
        os.utime(tmp_path / f"{uid}.dcm", (seconds, seconds))
    durable.archive._take_unindexed()
    durable.close()
    assert held(tmp_path) == ["1.9", "1.5", "1.7"]


def test_an_index_that_cannot_be_written_is_told_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[str] = []
    durable = opened(tmp_path, problems)

    def full(self: Database, entries: Sequence[Entry]) -> None:
        raise DatabaseError("the disk is full.")

    async def keep() -> None:
        await _keep(durable, image("1.2"))
        while not problems:
            await asyncio.sleep(0.001)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_write", full)
        asyncio.run(keep())
    assert problems == ["Stored files are safe, but not in their index before the next start: the disk is full."]
    durable.close()
    assert held(tmp_path) == ["1.2"]


def test_a_file_deleted_before_it_was_indexed_stays_deleted(tmp_path: Path) -> None:
    durable = opened(tmp_path)
    written: list[Entry] = []
    write = durable.archive._database._write

    def noted(entries: Sequence[Entry]) -> None:
        written.extend(entries)
        write(entries)

    durable.archive._database._write = noted  # type: ignore[method-assign]

    async def work() -> None:
        await _keep(durable, image("1.2"))
        assert await durable.forget("1.2") == ""

    asyncio.run(work())
    durable.close()
    assert [type(entry) for entry in written] == [IndexedFile, GoneFile]
    assert held(tmp_path) == []


def test_a_peer_is_not_told_where_our_files_are(tmp_path: Path) -> None:
    """Its Error Comment says why an instance was not stored (PS3.7 C)."""
    durable = opened(tmp_path)
    cut = tmp_path / "received.part"
    cut.write_bytes(bytes(100))
    given = replace(image("1.2.3"), data=FileData(cut, 10, 500, EXPLICIT))
    why = asyncio.run(durable.keep(given))
    assert why == "cannot store: the file ends 410 bytes before its data set does."
    durable.close()


def test_what_is_to_be_stored_is_written_while_it_comes(tmp_path: Path) -> None:
    durable = opened(tmp_path)
    spool = Spool(EXPLICIT, durable.incoming, head=lambda: file_meta(EXPLICIT, CT, "1.2.3"))
    spool.write(bytes(EARLY))
    assert not list(durable.incoming.iterdir())
    spool.write(bytes(1000))
    (part,) = durable.incoming.iterdir()
    assert part.stat().st_size > EARLY + 1000
    spool.discard()
    durable.close()


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.4"])
def test_a_large_one_is_taken_over_as_it_was_received(tmp_path: Path, uid: str) -> None:
    """Not when its head says something else than the instance to be stored."""
    durable = opened(tmp_path)
    given = image("1.2.3", 5000)
    assert isinstance(given.data, EncodedData)
    spool = Spool(EXPLICIT, durable.incoming, Limits(memory=10), lambda: file_meta(EXPLICIT, CT, uid))
    spool.write(memoryview(given.data.data))
    received = spool.close()
    assert isinstance(received, FileData) and received.offset
    asyncio.run(_keep(durable, replace(given, data=received)))
    kept = tmp_path / "1.2.3.dcm"
    assert kept.samefile(received.path) == (uid == "1.2.3")
    drop_spooled(received)
    assert kept.read_bytes() == file_meta(EXPLICIT, CT, "1.2.3") + given.data.data
    assert kept.stat().st_mode == _plain_mode(tmp_path)
    assert not list(durable.incoming.iterdir())
    durable.close()
    assert held(tmp_path) == ["1.2.3"]


def _plain_mode(folder: Path) -> int:
    (folder / "plain").write_bytes(b"")
    return (folder / "plain").stat().st_mode


def test_a_file_system_without_second_names_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    durable = opened(tmp_path)
    given = image("1.2.3", 5000)
    assert isinstance(given.data, EncodedData)
    spool = Spool(EXPLICIT, durable.incoming, Limits(memory=10), lambda: file_meta(EXPLICIT, CT, "1.2.3"))
    spool.write(memoryview(given.data.data))
    received = spool.close()

    def none(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", none)
    asyncio.run(_keep(durable, replace(given, data=received)))
    drop_spooled(received)
    assert (tmp_path / "1.2.3.dcm").read_bytes() == file_meta(EXPLICIT, CT, "1.2.3") + given.data.data
    durable.close()


def test_instances_that_nobody_looks_for_come_in_their_order_and_once_each(tmp_path: Path) -> None:
    durable = opened(tmp_path)
    order = ["1.2", "1.1", "1.3", "1.1", "1.4", "1.2", "1.5"]

    async def kept() -> None:
        for uid in order:
            await _keep(durable, image(uid, 100))
        assert len(durable.archive._fresh) == 5

    asyncio.run(kept())
    assert [i.sop_instance_uid for i in durable.archive.instances()] == ["1.2", "1.1", "1.3", "1.4", "1.5"]
    found = durable.archive.find("1.5")
    assert found is not None and in_memory(found.data) == in_memory(image("1.5", 100).data)
    durable.close()


@pytest.mark.parametrize("gone", ["", ".dimse-console"], ids=["the folder", "what is ours in it"])
@pytest.mark.parametrize("spooled", [False, True])
def test_a_folder_that_was_taken_away_is_made_again(gone: str, spooled: bool, tmp_path: Path) -> None:
    """And what is synchronized from then on is the new one."""
    folder = tmp_path / "in"
    durable = opened(folder)
    asyncio.run(_keep(durable, image("1.2.1")))
    shutil.rmtree(folder / gone)
    instance = image("1.2.2", 5000)
    if spooled:
        spool = Spool(EXPLICIT, durable.archive.incoming, Limits(memory=100, disk_left=0))
        spool.write(in_memory(instance.data))
        instance = replace(instance, data=spool.close())
    asyncio.run(_keep(durable, instance))
    assert (folder / "1.2.2.dcm").is_file()
    if os.name != "nt":
        assert os.path.samestat(os.fstat(durable.archive._number), folder.stat())
    durable.close()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_one_file_that_cannot_be_looked_at_keeps_no_other_out(tmp_path: Path) -> None:
    durable = opened(tmp_path)
    asyncio.run(_keep(durable, image("1.2.1")))
    durable.close()
    (tmp_path / "itself.dcm").symlink_to(tmp_path / "itself.dcm")
    again = Durable(tmp_path)
    problems = again.load(State(), lambda: False)
    assert [one.sop_instance_uid for one in again.archive.instances()] == ["1.2.1"]
    assert problems == [f"{tmp_path / 'itself.dcm'}: Too many levels of symbolic links."]
    again.close()


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.34"])
def test_at_once_the_same_file_is_written_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: str) -> None:
    """None where the system does not take all of it, or the folder is gone: then nothing is left of it."""
    durable = opened(tmp_path)
    monkeypatch.setattr(disk_pace, "QUICK", 1e9)
    given = image(uid).data
    assert isinstance(given, EncodedData)
    pieces = (memoryview(given.data)[:50], memoryview(given.data)[50:])

    def at_once() -> bool:
        return durable.archive.keep_at_once((CT, uid), EXPLICIT, pieces, len(given.data)) is not None

    assert at_once()
    file = tmp_path / f"{uid}.dcm"
    written = file.read_bytes()
    assert written == file_meta(EXPLICIT, CT, uid) + given.data
    file.unlink()
    with monkeypatch.context() as short:
        short.setattr(os, "writev", lambda number, buffers: os.write(number, b"".join(buffers)[:60]), raising=False)
        short.setattr(file_writing, "_GATHERS", True)
        assert not at_once()
    assert not file.exists() and not list(durable.incoming.iterdir())
    shutil.rmtree(durable.incoming)
    assert not at_once()
    assert not durable.incoming.exists() and not file.exists()
    asyncio.run(_keep(durable, image(uid)))
    assert file.read_bytes() == written
    durable.close()


def _open_at(folder: Path) -> int:
    """Descriptors of this process for the folder."""
    count = 0
    for number in map(int, os.listdir("/dev/fd")):  # noqa: PTH208
        with contextlib.suppress(OSError):  # the one that lists them
            count += os.path.samestat(os.fstat(number), folder.stat())
    return count


@pytest.mark.skipif(os.name == "nt", reason="Windows needs no descriptor of a folder")
def test_what_is_kept_after_the_end_leaves_no_descriptor(tmp_path: Path) -> None:
    """A large instance may still be on its way when the listener is severed."""
    durable = opened(tmp_path)
    spool = Spool(EXPLICIT, durable.archive.incoming, Limits(memory=100, disk_left=0))
    instance = image("1.2.3", 5000)
    spool.write(in_memory(instance.data))
    instance = replace(instance, data=spool.close())
    assert _open_at(tmp_path) == 1
    durable.close()
    asyncio.run(_keep(durable, instance))
    assert (tmp_path / "1.2.3.dcm").is_file()
    assert _open_at(tmp_path) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows needs no descriptor of a folder")
def test_a_folder_that_cannot_be_opened_anew_leaves_no_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable = opened(tmp_path)

    def refused(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.EBUSY, "Device or resource busy")

    with monkeypatch.context() as patch:
        patch.setattr(os, "dup2", refused)
        with pytest.raises(OSError, match="busy"):
            durable.archive._open_folder()
    assert _open_at(tmp_path) == 1
    durable.close()
    assert _open_at(tmp_path) == 0


@pytest.mark.skipif(os.name == "nt", reason="names are kept without being asked here")
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_is_kept_while_the_archive_closes_has_its_name_on_the_disk_too(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its descriptor of the folder is closed then, and may be another file's already."""
    durable = opened(tmp_path, synchronize=True)
    folder, synchronized, synchronize = (tmp_path / ".").stat().st_ino, list[bool](), os.fsync

    def fsync(number: int) -> None:
        if os.fstat(number).st_ino == folder and not durable.archive._closed:
            durable.close()
            open_too = os.open(__file__, os.O_RDONLY)  # takes the number that was the folder's
            try:
                synchronize(number)
            finally:
                os.close(open_too)
            return
        synchronized.append(os.fstat(number).st_ino == folder)
        synchronize(number)

    if when == "before":
        durable.close()
    monkeypatch.setattr(os, "fsync", fsync)
    written = durable.archive._write((CT, "1.2.3"), EXPLICIT, (image("1.2.3").data.data,))  # type: ignore[union-attr]
    assert written[0] == "1.2.3.dcm"
    assert synchronized[-1]


def test_looking_for_one_makes_nothing_of_the_others(tmp_path: Path) -> None:
    """A C-STORE-RQ that comes after ten thousand others looks for one with its UID."""
    durable = opened(tmp_path)

    async def look() -> None:
        await _keep(durable, *(image(f"1.2.{n}") for n in range(5)))
        assert durable.archive.find("1.3") is None
        found = durable.archive.find("1.2.2")
        assert found is not None and found.sop_instance_uid == "1.2.2" and len(durable.archive._fresh) == 4
        assert await durable.archive.forget("1.2.3") == ""
        assert durable.archive.find("1.2.3") is None
        assert [i.sop_instance_uid for i in durable.archive.instances()] == ["1.2.0", "1.2.1", "1.2.2", "1.2.4"]

    asyncio.run(look())
    durable.close()
    assert held(tmp_path) == ["1.2.0", "1.2.1", "1.2.2", "1.2.4"]


def test_one_that_comes_late_is_found_between_two_looks(tmp_path: Path) -> None:
    """Also in the place of one with the same UID that was looked at already, as it is after the next start."""
    durable = opened(tmp_path)

    async def look() -> None:
        await _keep(durable, image("1.2.3", 100))
        first = durable.archive.find("1.2.3")
        assert [i.sop_instance_uid for i in durable.archive.instances()] == ["1.2.3"]
        await _keep(durable, image("1.2.4"), image("1.2.3", 200), image("1.2.3", 300))
        second = durable.archive.find("1.2.3")
        assert first is not None and second is not None
        assert isinstance(second.data, FileData) and isinstance(first.data, FileData)
        assert (second.data.length or 0) - (first.data.length or 0) == 200
        assert durable.archive.find("1.2.3") is second
        assert [i.sop_instance_uid for i in durable.archive.instances()] == ["1.2.3", "1.2.4"]
        assert durable.archive.find("1.2.3") is second

    asyncio.run(look())
    durable.close()
    assert held(tmp_path) == ["1.2.3", "1.2.4"]
