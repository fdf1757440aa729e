"""What is on the disk before it is acknowledged: each instance where that is asked for, and whatever is committed."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.commitment import (
    REFERENCED_CLASS,
    REFERENCED_INSTANCE,
    REFERENCED_SOPS,
    STORAGE_COMMITMENT,
    TRANSACTION_UID,
)
from engine.model.dataset import DataElement, DataSet, EncodedData
from engine.model.limits import Limits
from engine.model.objects import COMMITMENTS
from engine.runtime import disk_pace, safe_folder
from engine.runtime.files import Spool
from engine.runtime.keeping import Durable
from engine.services.rules import sequence
from engine.services.state import Change, Record

from .test_archive import CT, EXPLICIT, image, in_memory, opened

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names are kept without being asked here")


@pytest.fixture(autouse=True)
def slow_machines_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_pace, "QUICK", 1e9)


@pytest.fixture
def synchronized(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Files and folders that were, by their inode."""
    done: list[int] = []
    real = os.fsync

    def fsync(number: int) -> None:
        done.append(os.fstat(number).st_ino)
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    return done


async def at_once(durable: Durable, uid: str) -> None:
    given = image(uid)
    assert isinstance(given.data, EncodedData)
    find_it = durable.keep_at_once((CT, uid), EXPLICIT, (given.data.data,), len(given.data.data))
    assert find_it is not None
    find_it(given.attributes)


async def in_turn(durable: Durable, uid: str) -> None:
    assert await durable.keep(image(uid)) == ""


async def spooled(durable: Durable, uid: str) -> None:
    instance = image(uid, 5000)
    spool = Spool(EXPLICIT, durable.archive.incoming, Limits(memory=100, disk_left=0))
    spool.write(in_memory(instance.data))
    assert await durable.keep(replace(instance, data=spool.close())) == ""


Way = Callable[[Durable, str], Coroutine[Any, Any, None]]
WAYS = [at_once, in_turn, spooled]


@pytest.mark.parametrize("way", WAYS)
def test_each_is_on_the_disk_with_its_name_where_that_is_asked_for(
    way: Way, tmp_path: Path, synchronized: list[int]
) -> None:
    durable = opened(tmp_path, synchronize=True)
    asyncio.run(way(durable, "1.2.3"))
    file = (tmp_path / "1.2.3.dcm").stat().st_ino
    assert file in synchronized
    assert tmp_path.stat().st_ino in synchronized[synchronized.index(file) :]
    durable.close()


@pytest.mark.parametrize("way", WAYS)
def test_else_no_instance_waits_for_the_disk(way: Way, tmp_path: Path, synchronized: list[int]) -> None:
    durable = opened(tmp_path)
    asyncio.run(way(durable, "1.2.3"))
    assert synchronized == []
    durable.close()


def promise(*uids: str) -> tuple[Change, ...]:
    """A transaction in which these are committed."""
    items = [
        DataSet((DataElement(REFERENCED_CLASS, "UI", (CT,)), DataElement(REFERENCED_INSTANCE, "UI", (uid,))))
        for uid in uids
    ]
    told = DataSet((DataElement(TRANSACTION_UID, "UI", ("1.9",)),)).merged(sequence(REFERENCED_SOPS, *items))
    return (Change(COMMITMENTS, "1.9", None, Record(STORAGE_COMMITMENT, "1.9", told)),)


def test_what_is_committed_is_on_the_disk_before_that_is_kept_and_told(tmp_path: Path, synchronized: list[int]) -> None:
    durable = opened(tmp_path)
    for uid in ("1.1", "1.2", "1.3"):
        asyncio.run(at_once(durable, uid))
    assert asyncio.run(durable.commit(promise("1.1", "1.3", "1.4"))) == ""
    inodes = [(tmp_path / name).stat().st_ino for name in ("1.1.dcm", "1.3.dcm", ".")]
    assert [number for number in synchronized if number in inodes] == inodes
    assert (tmp_path / "1.2.dcm").stat().st_ino not in synchronized
    durable.close()


def test_a_disk_that_cannot_keep_what_is_to_be_committed_has_that_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    durable = opened(tmp_path)
    asyncio.run(at_once(durable, "1.1"))
    monkeypatch.setattr(os, "fsync", failing)
    why = asyncio.run(durable.commit(promise("1.1")))
    assert why == f"files could not be synchronized to the disk: {os.strerror(errno.EIO)}"
    monkeypatch.undo()
    assert durable.archive.find("1.1") is None  # the system tells that once
    durable.close()


def test_too_few_descriptors_to_synchronize_lose_no_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    durable = opened(tmp_path)
    asyncio.run(at_once(durable, "1.1"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", full)
        assert os.strerror(errno.EMFILE) in asyncio.run(durable.commit(promise("1.1")))
    assert asyncio.run(durable.commit(promise("1.1"))) == ""
    assert durable.archive.find("1.1") is not None
    durable.close()


def test_a_committed_file_that_was_deleted_meanwhile_has_that_refused(tmp_path: Path) -> None:
    durable = opened(tmp_path)
    for uid in ("1.1", "1.2", "1.3"):
        asyncio.run(at_once(durable, uid))
    for gone in ("1.1.dcm", "1.3.dcm"):
        (tmp_path / gone).unlink()
    assert "No such file" in asyncio.run(durable.commit(promise("1.1", "1.2", "1.3")))
    held = [one.sop_instance_uid for one in durable.archive.instances()]
    assert held == ["1.2"]  # the next request is answered with what can be committed
    durable.close()


@pytest.mark.parametrize("size", [-10, 10], ids=["cut short", "grown"])
def test_a_committed_file_that_was_changed_meanwhile_has_that_refused(size: int, tmp_path: Path) -> None:
    """Its safekeeping would be promised although it is not what was stored."""
    durable = opened(tmp_path)
    for uid in ("1.1", "1.2"):
        asyncio.run(at_once(durable, uid))
    os.truncate(tmp_path / "1.1.dcm", (tmp_path / "1.1.dcm").stat().st_size + size)
    assert "another program has changed it" in asyncio.run(durable.commit(promise("1.1", "1.2")))
    assert [one.sop_instance_uid for one in durable.archive.instances()] == ["1.2"]
    asyncio.run(at_once(durable, "1.1"))
    assert asyncio.run(durable.commit(promise("1.1", "1.2"))) == ""
    durable.close()


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_what_comes_in_the_place_of_what_was_committed_is_on_the_disk_too(
    way: Way, restarted: bool, tmp_path: Path, synchronized: list[int]
) -> None:
    """Else the power may fail when the name leads to it and what it holds is not there yet."""
    durable = opened(tmp_path)
    asyncio.run(at_once(durable, "1.1"))
    assert asyncio.run(durable.commit(promise("1.1"))) == ""
    if restarted:
        durable.close()
        durable = opened(tmp_path)
    synchronized.clear()
    asyncio.run(way(durable, "1.2"))
    assert synchronized == []
    asyncio.run(way(durable, "1.1"))
    file = (tmp_path / "1.1.dcm").stat().st_ino
    assert synchronized == [file, tmp_path.stat().st_ino]
    durable.close()


def test_what_was_stored_before_each_was_synchronized_is_when_it_is_committed(
    tmp_path: Path, synchronized: list[int]
) -> None:
    durable = opened(tmp_path)
    asyncio.run(at_once(durable, "1.1"))
    durable.close()
    durable = opened(tmp_path, synchronize=True)
    assert asyncio.run(durable.commit(promise("1.1"))) == ""
    assert (tmp_path / "1.1.dcm").stat().st_ino in synchronized
    durable.close()


def test_what_is_about_to_take_the_place_of_one_to_be_committed_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronized: list[int]
) -> None:
    durable, began = opened(tmp_path), threading.Event()
    write, go_on = durable.archive._written, threading.Event()

    def written(*arguments: Any) -> Any:
        told = write(*arguments)
        began.set()
        go_on.wait(10.0)
        return told

    async def go() -> None:
        await at_once(durable, "1.1")
        monkeypatch.setattr(durable.archive, "_written", written)
        replacing = asyncio.create_task(spooled(durable, "1.1"))
        await asyncio.to_thread(began.wait, 10.0)
        committing = asyncio.create_task(durable.commit(promise("1.1")))
        await asyncio.sleep(0)
        assert synchronized == []
        go_on.set()
        await replacing
        assert await committing == ""

    asyncio.run(go())
    assert (tmp_path / "1.1.dcm").stat().st_ino in synchronized
    durable.close()


def test_files_that_somebody_put_there_are_committed_too(tmp_path: Path, synchronized: list[int]) -> None:
    """In a folder below, where their names are, and not to be written."""
    durable = opened(tmp_path)
    asyncio.run(at_once(durable, "1.1"))
    durable.close()
    (tmp_path / "below").mkdir()
    path = (tmp_path / "1.1.dcm").rename(tmp_path / "below" / "1.dcm")
    path.chmod(0o444)
    durable = opened(tmp_path)
    opening, flags = os.open, list[int]()

    def open_it(*arguments: Any) -> int:
        flags.append(arguments[1] & (os.O_RDWR | os.O_WRONLY))
        return opening(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", open_it)
        assert asyncio.run(durable.commit(promise("1.1"))) == ""
    assert {path.stat().st_ino, path.parent.stat().st_ino} <= set(synchronized)
    assert set(flags) == {0}
    durable.close()


def test_a_peer_that_is_stopped_synchronizes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronized: list[int]
) -> None:
    """Thousands take minutes on a disk that turns, and the program's end would wait for them."""
    durable = opened(tmp_path)
    uids = [f"1.{number}" for number in range(50)]
    for uid in uids:
        asyncio.run(at_once(durable, uid))
    real, done = os.fsync, list[int]()

    def fsync(number: int) -> None:
        done.append(number)
        real(number)
        if len(done) == 3:
            closing.start()
            closing.join()

    closing = threading.Thread(target=durable.close)
    monkeypatch.setattr(os, "fsync", fsync)
    assert "stopped" in asyncio.run(durable.commit(promise(*uids)))
    assert len(done) == 3


def test_the_disk_has_begun_with_all_when_the_first_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronized: list[int]
) -> None:
    durable, begun = opened(tmp_path), list[tuple[str, int]]()
    for uid in ("1.1", "1.2"):
        asyncio.run(at_once(durable, uid))
    monkeypatch.setattr(safe_folder, "begin_writing", lambda path, *_: begun.append((path, len(synchronized))))
    assert asyncio.run(durable.commit(promise("1.1", "1.2"))) == ""
    assert begun == [(str(tmp_path / "1.1.dcm"), 0), (str(tmp_path / "1.2.dcm"), 0)]
    durable.close()
