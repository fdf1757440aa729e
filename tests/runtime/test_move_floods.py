"""A peer that asks for many C-MOVEs at once, to a destination that answers nobody: few associations, all of them over
in time."""

from __future__ import annotations

from pathlib import Path

from engine.model.association import Timeouts
from engine.model.commands import MoveDestination
from engine.runtime.sub_stores import MOVES_AT_ONCE
from engine.services.responses import request_of
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
