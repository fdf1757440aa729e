"""What is on the disk before it is acknowledged: each instance where that is asked for, and whatever is committed."""

from __future__ import annotations

import asyncio
import errno
import os
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
from engine.runtime import disk_pace
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
    durable.close()


def test_a_committed_file_that_was_deleted_meanwhile_has_that_refused(tmp_path: Path) -> None:
    durable = opened(tmp_path)
    asyncio.run(at_once(durable, "1.1"))
    (tmp_path / "1.1.dcm").unlink()
    assert "No such file" in asyncio.run(durable.commit(promise("1.1")))
    durable.close()
