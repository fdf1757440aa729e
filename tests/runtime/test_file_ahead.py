"""The next instance's file is made before it comes, and nothing of that is left or seen."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from pathlib import Path

import pytest

from engine.model.dataset import EncodedData, FileData
from engine.runtime import file_ahead, leisure, uring
from engine.runtime.keeping import Durable
from engine.wire.datasets import load_file

from .test_archive import CT, EXPLICIT, held, image, opened

LARGE = 200_000


@pytest.fixture(autouse=True)
def slow_machines_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_ahead, "SOON", 1e9)
    monkeypatch.setattr(file_ahead, "DEAR", 1e9)
    monkeypatch.setattr("engine.runtime.disk_pace.QUICK", 1e9)


def take(durable: Durable, uid: str, size: int) -> None:
    """As a C-STORE-RQ that goes the straight way."""
    given = image(uid, size)
    assert isinstance(given.data, EncodedData)
    find_it = durable.keep_at_once((CT, uid), EXPLICIT, (given.data.data,), len(given.data.data))
    assert find_it is not None
    find_it(given.attributes)


def parts(folder: Path) -> list[int]:
    """Sizes of the files that are nobody's yet."""
    return [part.stat().st_size for part in (folder / ".dimse-console" / "incoming").iterdir()]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def test_instances_of_any_size_are_stored_as_they_came(tmp_path: Path) -> None:
    sizes = (LARGE, 100, LARGE, LARGE + 5000, LARGE - 5000, 2, 500_000)
    durable = opened(tmp_path)

    async def go() -> None:
        for number, size in enumerate(sizes):
            take(durable, f"1.{number}", size)

    asyncio.run(go())
    for number, size in enumerate(sizes):
        kept, given = durable.archive.find(f"1.{number}"), image(f"1.{number}", size)
        assert kept is not None and isinstance(kept.data, FileData)
        assert load_file(kept.data) == given.data
        assert kept.data.path.stat().st_size == (kept.data.offset or 0) + (kept.data.length or 0)
    durable.close()
    assert held(tmp_path) == [f"1.{number}" for number in range(len(sizes))]


def test_the_next_file_waits_with_its_space_and_goes_when_nothing_comes(tmp_path: Path) -> None:
    durable = opened(tmp_path)

    async def go() -> None:
        before = descriptors()
        take(durable, "1.1", LARGE)
        (size,) = parts(tmp_path)
        told = (tmp_path / "1.1.dcm").stat()
        assert size in (told.st_size, 0)  # where space can be found ahead
        while parts(tmp_path):
            await asyncio.sleep(0)
        assert descriptors() <= before

    asyncio.run(go())
    durable.close()


def test_nothing_is_left_when_it_is_closed_at_once(tmp_path: Path) -> None:
    durable = opened(tmp_path)

    async def go() -> None:
        take(durable, "1.1", LARGE)
        assert parts(tmp_path)
        durable.close()

    asyncio.run(go())
    assert parts(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system finds no space ahead")
def test_a_disk_without_space_ahead_takes_what_goes_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    durable = opened(tmp_path)

    async def go() -> None:
        for number in range(4):
            take(durable, f"1.{number}", LARGE)
            assert parts(tmp_path) == []

    asyncio.run(go())
    durable.close()
    assert held(tmp_path) == ["1.0", "1.1", "1.2", "1.3"]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system finds no space ahead")
def test_a_disk_that_takes_long_to_find_space_is_asked_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(file_ahead, "DEAR", -1.0)
    monkeypatch.setattr(os, "posix_fallocate", lambda _, __, size: asked.append(size))
    durable = opened(tmp_path)

    async def go() -> None:
        for number in range(20):
            take(durable, f"1.{number}", LARGE)

    asyncio.run(go())
    durable.close()
    assert len(asked) == file_ahead.OFTEN


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system finds no space ahead")
def test_an_archive_closed_meanwhile_takes_no_file_away_that_is_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file may have its descriptor by then."""
    durable, still_its_own = opened(tmp_path), []

    closer = threading.Thread(target=durable.close)

    def closing(file: int, offset: int, size: int) -> None:
        closer.start()
        while durable.archive._number >= 0:
            os.sched_yield()
        try:
            os.fstat(file)
            still_its_own.append(True)
        except OSError:
            still_its_own.append(False)

    monkeypatch.setattr(os, "posix_fallocate", closing)
    before = descriptors()

    async def go() -> None:
        take(durable, "1.1", LARGE)

    asyncio.run(go())
    closer.join()
    assert still_its_own == [True]
    assert parts(tmp_path) == []
    assert descriptors() < before


def never_at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop has no time left, so that the system is to find space beside it."""
    monkeypatch.setattr(leisure, "EVERY", 1)
    monkeypatch.setattr(leisure, "FIRST", 0)
    monkeypatch.setattr(file_ahead, "BUSY", float("inf"))
    monkeypatch.setattr(file_ahead, "ENOUGH", float("inf"))


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    found = uring.ring()
    if found is None:
        pytest.skip("the system does no work beside us (io_uring)")
    found.close()
    never_at_leisure(monkeypatch)


@pytest.mark.usefixtures("beside")
def test_space_that_the_system_finds_beside_us_is_used_and_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    find = uring.Ring.find_space
    monkeypatch.setattr(uring.Ring, "find_space", lambda *a: (asked.append(a[2]), find(*a))[1])
    sizes = [LARGE, LARGE, LARGE + 50_000, LARGE - 50_000, *[LARGE] * 40, 100, LARGE, LARGE]
    durable = opened(tmp_path)

    async def go() -> None:
        before = descriptors()
        for number, size in enumerate(sizes):
            take(durable, f"1.{number}", size)
            assert len(parts(tmp_path)) <= file_ahead.STOCK
        while parts(tmp_path):
            await asyncio.sleep(0)
        assert descriptors() <= before

    asyncio.run(go())
    assert len(asked) >= len(sizes) // 3
    for number, size in enumerate(sizes):
        kept, given = durable.archive.find(f"1.{number}"), image(f"1.{number}", size)
        assert kept is not None and isinstance(kept.data, FileData)
        assert load_file(kept.data) == given.data
        assert kept.data.path.stat().st_size == (kept.data.offset or 0) + (kept.data.length or 0)
    durable.close()
    assert len(held(tmp_path)) == len(sizes)


@pytest.mark.usefixtures("beside")
def test_an_archive_closed_while_the_system_finds_space_leaves_nothing(tmp_path: Path) -> None:
    before, durable = descriptors(), opened(tmp_path)

    async def go() -> None:
        for number in range(5):
            take(durable, f"1.{number}", LARGE)
        durable.close()

    asyncio.run(go())
    assert parts(tmp_path) == []
    assert descriptors() <= before


@pytest.mark.usefixtures("beside")
def test_an_archive_closed_while_it_is_looked_whether_more_comes_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is closed by another thread."""
    before, durable = descriptors(), opened(tmp_path)
    closer, asked = threading.Thread(target=durable.archive._ahead.close), uring.Ring.under_way
    monkeypatch.setattr(file_ahead, "QUIET", -1.0)

    def closing(ring: uring.Ring) -> int:
        if closer.ident is None:
            closer.start()
            closer.join(0.1)
        return asked.__get__(ring)

    async def go() -> None:
        for number in range(5):
            take(durable, f"1.{number}", LARGE)
        monkeypatch.setattr(uring.Ring, "under_way", property(closing))
        durable.archive._ahead.rest()

    asyncio.run(go())
    closer.join()
    durable.close()
    assert parts(tmp_path) == []
    assert descriptors() <= before


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("found", [None, -errno.ENOSPC], ids=["it is still being found", "there is none"])
def test_without_space_for_the_next_one_this_one_is_stored_and_nothing_waited_for(
    found: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable = opened(tmp_path)
    monkeypatch.setattr(uring.Ring, "result", lambda *_: found)

    async def go() -> None:
        for number in range(10):
            take(durable, f"1.{number}", LARGE)
        durable.close()

    asyncio.run(go())
    assert len(held(tmp_path)) == 10
    assert parts(tmp_path) == []


def test_where_the_system_works_beside_nobody_we_find_the_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_at_leisure(monkeypatch)
    monkeypatch.setattr(file_ahead, "ring", lambda: None)
    durable = opened(tmp_path)

    async def go() -> None:
        for number in range(10):
            take(durable, f"1.{number}", LARGE)
            assert len(parts(tmp_path)) == 1
        durable.close()

    asyncio.run(go())
    assert len(held(tmp_path)) == 10
    assert parts(tmp_path) == []
