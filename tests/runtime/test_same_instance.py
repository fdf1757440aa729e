"""Several C-STOREs of one SOP Instance UID under way at a time: the one that is acknowledged last is kept."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from engine.model.limits import MIB
from engine.runtime import disk_pace
from engine.runtime.keeping import Durable
from engine.services.effects import Instance
from engine.services.responses import request_of
from engine.wire import datasets

from .console import CT, EXPLICIT, VERIFICATION, Console
from .scripted import Conversation, calling
from .test_storing_at_once import data_set

UID = "1.2.3"


def asks(talk: Conversation, number: int, uid: str, size: int) -> None:
    command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID=uid)
    command = command.with_values(MessageID=number, CommandDataSetType=1)
    talk.send(talk.message(1, command, data_set(uid, size).data))


def echoes(talk: Conversation, number: int) -> None:
    command = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION)
    talk.send(talk.message(3, command.with_values(MessageID=number)))


def answered(talk: Conversation) -> int:
    _, response = talk.read_command()
    assert response.status == 0 and response.responded_to is not None
    return response.responded_to


@pytest.mark.parametrize("sizes", [(100, 200), (9 * MIB, 200), (200, 9 * MIB)], ids=["small", "second", "first"])
@pytest.mark.parametrize("associations", [1, 2])
def test_the_one_that_is_acknowledged_last_is_kept(
    associations: int, sizes: tuple[int, int], console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is kept, and its answer not sent yet, when the second comes."""
    monkeypatch.setattr(disk_pace, "QUICK", 1e9)
    keep, is_kept, goes_on = Durable.keep, threading.Event(), threading.Event()

    async def kept(self: Durable, instance: Instance) -> str:
        problem = await keep(self, instance)
        if instance.sop_instance_uid == UID and not is_kept.is_set():
            is_kept.set()
            await asyncio.to_thread(goes_on.wait)
        return problem

    monkeypatch.setattr(Durable, "keep", kept)
    here, order = console.listen(tmp_path), list[int]()
    with (
        calling(here.port, (CT, EXPLICIT), VERIFICATION) as one,
        calling(here.port, (CT, EXPLICIT), VERIFICATION) as two,
    ):
        other = one if associations == 1 else two
        if associations == 2 or sizes[0] > MIB:  # then what is small goes the straight way
            asks(other, 9, "1.2.9", 100)
            assert answered(other) == 9
        asks(one, 1, UID, sizes[0])
        assert is_kept.wait(30)
        asks(other, 2, UID, sizes[1])
        echoes(other, 3)
        while (number := answered(other)) != 3:
            order.append(number)
        goes_on.set()
        while len(order) < 2:
            order.append(answered(one if associations == 1 or 1 not in order else two))
    assert data_size(tmp_path) == len(data_set(UID, sizes[order[-1] - 1]).data)


def data_size(folder: Path) -> int:
    kept = datasets.open_file(folder / f"{UID}.dcm").data
    return kept.length or kept.path.stat().st_size - (kept.offset or 0)
