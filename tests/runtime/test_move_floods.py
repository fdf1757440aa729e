"""A peer that asks for many C-MOVEs at once, to a destination that answers nobody: few associations, all of them over
in time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from engine.model.association import Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import MoveDestination
from engine.runtime import sub_stores
from engine.runtime.sub_stores import MOVES_AT_ONCE, SubStores
from engine.services.responses import request_of
from engine.standard.messages import CANCEL, NO_DATA_SET
from engine.wire.datasets import encode_dataset

from .console import EXPLICIT, HOST, STUDY_MOVE, Console, keys, policy, write_instances
from .hostile import nothing_leaks
from .scripted import Conversation, calling, scripted

MANY = 60


def asks(talk: Conversation, count: int) -> None:
    data = encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9"), EXPLICIT)
    command = request_of("C-MOVE-RQ", AffectedSOPClassUID=STUDY_MOVE, MoveDestination="DEST", Priority=0)
    for number in range(1, count + 1):
        talk.send(talk.message(1, command.with_values(MessageID=number, CommandDataSetType=1), data))


def test_few_go_at_a_time(console: Console, tmp_path: Path) -> None:
    write_instances(tmp_path / "stock", 2)

    def script(talk: Conversation) -> None:
        talk.read_pdu()
        talk.wait_closed()

    with scripted(script, backlog=128) as peer:
        listener = console.listen(
            tmp_path / "stock",
            destinations=(MoveDestination(ae_title="DEST", host=HOST, port=peer.port),),
            policy=policy(timeouts=Timeouts(acse=1.0, artim=0.5)),
        )
        with nothing_leaks(console):
            with calling(listener.port, (STUDY_MOVE, EXPLICIT)) as talk:
                asks(talk, MANY)
                found = 0
                while found < MOVES_AT_ONCE:
                    console.taken()
                    found = sum(a.requestor for a in console.engine._context.associations.values())
                for _ in range(50):
                    console.taken()
                assert sum(a.requestor for a in console.engine._context.associations.values()) == MOVES_AT_ONCE
                tasks = console.engine._context._tasks
                assert len(tasks) >= MANY - 1
                talk.reset()
            while len(tasks) > 2 * MOVES_AT_ONCE:  # those that wait go with who asked for them
                console.taken()


def test_each_has_its_turn(console: Console, tmp_path: Path) -> None:
    write_instances(tmp_path / "stock", 2)
    destination = Console()
    try:
        target = destination.listen()
        listener = console.listen(
            tmp_path / "stock", destinations=(MoveDestination(ae_title="DEST", host=HOST, port=target.port),)
        )
        with nothing_leaks(console), calling(listener.port, (STUDY_MOVE, EXPLICIT)) as talk:
            asks(talk, MANY)
            ends = []
            while len(ends) < MANY:
                _, command = talk.read_command()
                if command.status == 0:
                    ends.append(command.number("NumberOfCompletedSuboperations"))
            assert ends == [2] * MANY
    finally:
        destination.close()


def silent(talk: Conversation) -> None:
    talk.read_pdu()
    talk.wait_closed()


def test_one_that_waits_for_its_turn_is_told_to_and_can_be_cancelled(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sub_stores, "WAITS_FOR", 0.05)
    write_instances(tmp_path / "stock", 2)
    with scripted(silent, backlog=128) as peer:
        listener = console.listen(
            tmp_path / "stock",
            destinations=(MoveDestination(ae_title="DEST", host=HOST, port=peer.port),),
            policy=policy(timeouts=Timeouts(acse=5.0, artim=0.5)),
        )
        with nothing_leaks(console), calling(listener.port, (STUDY_MOVE, EXPLICIT)) as talk:
            asks(talk, MOVES_AT_ONCE + 1)
            last = MOVES_AT_ONCE + 1
            cancel = CommandSet.of(CommandField=CANCEL, MessageIDBeingRespondedTo=last, CommandDataSetType=NO_DATA_SET)
            for _ in range(2):
                _, command = talk.read_command()
                assert command.responded_to == last and command.status == 0xFF00
                assert command.number("NumberOfRemainingSuboperations") == 2
            monkeypatch.setattr(sub_stores, "WAITS_FOR", 30.0)
            while command.status == 0xFF00:  # one wait of the shorter kind may end yet
                talk.send(talk.message(1, cancel))
                _, command = talk.read_command()
            assert (command.responded_to, command.status) == (last, 0xFE00)
            assert command.number("NumberOfRemainingSuboperations") == 2
            talk.reset()


@pytest.mark.parametrize("came", [True, False], ids=["its turn came", "others have it"])
def test_a_turn_that_nobody_waits_for_any_more_is_the_next_ones(came: bool) -> None:
    async def go() -> None:
        turn = asyncio.Semaphore(1)
        await turn.acquire()
        left = SubStores(cast(Any, None), cast(Any, None), cast(Any, None))
        left._queue, left._waiting = turn, asyncio.create_task(turn.acquire())
        await asyncio.sleep(0)
        if came:
            turn.release()
            await left._waiting
        await left.close()
        if not came:
            turn.release()
        await asyncio.wait_for(turn.acquire(), 5)

    asyncio.run(go())
