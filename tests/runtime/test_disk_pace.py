"""Which thread writes an instance: the loop's own while the disk is quick."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.runtime import disk_pace
from engine.runtime.keeping import Durable

from .test_archive import _keep, image, opened


def in_the_loop(durable: Durable, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each instance written from now on, whether the loop's own thread did it."""
    threads: list[bool] = []
    write = durable.archive._write

    def noted(*instance: Any) -> Any:
        threads.append(threading.current_thread() is threading.main_thread())
        return write(*instance)

    monkeypatch.setattr(durable.archive, "_write", noted)
    return threads


def test_a_slow_disk_is_left_to_other_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones go out in the loop's own thread until a few in a row were slow; large ones never do."""
    durable = opened(tmp_path)
    threads = in_the_loop(durable, monkeypatch)
    monkeypatch.setattr(disk_pace, "QUICK", 1e9)
    asyncio.run(_keep(durable, image("1.1"), image("1.2", disk_pace.AT_ONCE + 1), image("1.3")))
    assert threads == [True, False, True]
    threads.clear()
    monkeypatch.setattr(disk_pace, "QUICK", -1.0)
    monkeypatch.setattr(disk_pace, "WHILE", 1e9)
    asyncio.run(_keep(durable, *(image(f"2.{n}") for n in range(disk_pace.OFTEN + 2))))
    assert threads == [True] * disk_pace.OFTEN + [False] * 2
    durable.close()


def test_one_large_one_that_takes_long_is_enough_to_leave_large_ones_to_other_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable = opened(tmp_path)
    threads = in_the_loop(durable, monkeypatch)
    monkeypatch.setattr(disk_pace, "QUICK", -1.0)
    monkeypatch.setattr(disk_pace, "WHILE", 1e9)
    large = (image(f"1.{n}", disk_pace.SMALL + 1) for n in range(3))
    asyncio.run(_keep(durable, *large, image("1.9")))
    assert threads == [True, False, False, True]
    durable.close()


@pytest.mark.parametrize("size", [100, disk_pace.SMALL + 1], ids=["small", "large"])
def test_the_loop_does_not_try_a_disk_that_other_threads_find_slow(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long ago it was: each time would hold everybody up. As soon as they find it quick it does."""
    durable = opened(tmp_path)
    threads = in_the_loop(durable, monkeypatch)
    monkeypatch.setattr(disk_pace, "WHILE", 0.0)
    monkeypatch.setattr(disk_pace, "QUICK", -1.0)
    asyncio.run(_keep(durable, *(image(f"1.{n}", size) for n in range(20))))
    tried = 1 if size > disk_pace.SMALL else disk_pace.OFTEN
    assert threads == [True] * tried + [False] * (20 - tried)
    threads.clear()
    monkeypatch.setattr(disk_pace, "QUICK", 1e9)
    asyncio.run(_keep(durable, *(image(f"2.{n}", size) for n in range(3))))
    assert threads == [False, True, True]
    durable.close()
