"""The disk is looked at before there is need to, so that nobody waits for it; what it says counts all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.model.limits import MIB, Limits
from engine.runtime import room as of_room
from engine.runtime.room import LOOK_AFTER, LOOK_AHEAD, Room


class Disk:
    """What is asked of it, and what it answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.problem = ""
        self.asked: list[int] = []
        monkeypatch.setattr(of_room, "disk_problem", self._look)

    def _look(self, _: Path, wanted: int, __: int) -> str:
        self.asked.append(wanted)
        return self.problem


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def looked(room: Room) -> None:
    """The look that is under way is over."""
    while room._ahead:
        await asyncio.sleep(0)


def test_nobody_waits_for_the_disk_while_there_is_room(disk: Disk, tmp_path: Path) -> None:
    async def work() -> None:
        room = Room(Limits(), tmp_path)
        assert not room.take_at_once(MIB)  # it has to be looked at once
        assert await room.take(MIB) == ""
        for _ in range(200):
            assert room.take_at_once(MIB)
            await looked(room)

    asyncio.run(work())
    assert disk.asked == [MIB] + [LOOK_AFTER] * (200 * MIB // LOOK_AHEAD)


def test_where_there_is_little_room_each_is_asked_for_in_time(disk: Disk, tmp_path: Path) -> None:
    async def work() -> None:
        room = Room(Limits(), tmp_path)
        await room.take(MIB)
        disk.problem = "disk full"
        taken = 0
        while room.take_at_once(MIB):
            taken += 1
            await asyncio.sleep(0.0)
        assert taken * MIB < LOOK_AFTER
        assert await room.take(MIB) == "disk full"
        assert not room.take_at_once(MIB)
        disk.problem = ""
        assert await room.take(MIB) == ""
        assert room.take_at_once(MIB)

    asyncio.run(work())
    assert disk.asked == [MIB, LOOK_AFTER, MIB, MIB]


def test_a_look_that_was_begun_before_one_failed_to_be_kept_counts_no_more(disk: Disk, tmp_path: Path) -> None:
    async def work() -> None:
        room = Room(Limits(), tmp_path)
        await room.take(MIB)
        assert room.take_at_once(LOOK_AHEAD)
        room.give_back(LOOK_AHEAD)
        await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0)
        assert not room.take_at_once(MIB)

    asyncio.run(work())
    assert disk.asked == [MIB, LOOK_AFTER]
