"""The asynchronous operations window of held associations, one-shots, and what an acceptor invokes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import AsyncWindow, Role
from engine.model.commands import Cancel, OneShot, Send
from engine.model.notices import (
    AssociationNotice,
    Direction,
    FindingNotice,
    MessageNotice,
    Outcome,
)
from engine.protocol.negotiation import propose
from engine.services.responses import request_of, response_to
from engine.wire import datasets
from engine.wire.pdus import encode_pdu
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    STUDY_FIND,
    STUDY_GET,
    Console,
    contexts,
    echo_rq,
    find_rq,
    keys,
    policy,
    proposal,
)
from tests.runtime.scripted import Conversation, scripted
from tests.runtime.windows import ECHO, GET, RELEASED, STORE, accept, files, nothing_comes, outstanding, release

# --- several operations on a held association ---------------------------------------------------------------------


def invoke(console: Console, association: int, count: int, message: Callable[[], Any]) -> list[int]:
    operations = [console.new_id() for _ in range(count)]
    for operation in operations:
        console.submit(Send(association=association, operation=operation, message=message()))
    return operations


def query() -> Any:
    return find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=""))


def test_one_of_several_queries_is_cancelled(console: Console) -> None:
    """Pending responses interleave; the C-CANCEL-RQ ends the query it names and no other."""
    identifier = datasets.encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2"), EXPLICIT)
    asked: list[int | None] = []
    cancelled: list[int | None] = []

    def script(c: Conversation) -> None:
        accept(c, AsyncWindow(3, 1))
        waiting = [c.read_command() for _ in range(3)]
        asked.extend(command.message_id for _, command in waiting)
        for context, command in reversed(waiting):
            c.send(c.message(context, response_to(command, 0xFF00, has_data=True), identifier))
        _, cancel = c.read_command()
        cancelled.append(cancel.responded_to)
        order = (2, 1, 0)
        for index in order:
            context, command = waiting[index]
            ended = command.message_id == cancel.responded_to
            if not ended:
                c.send(c.message(context, response_to(command, 0xFF00, has_data=True), identifier))
            c.send(c.message(context, response_to(command, 0xFE00 if ended else 0)))
        release(c)

    with scripted(script) as peer:
        number = console.open(proposal(peer, (STUDY_FIND, EXPLICIT), async_window=AsyncWindow(3, 1)))
        operations = invoke(console, number, 3, query)
        for operation in operations:
            console.wait(MessageNotice, lambda n, o=operation: n.operation == o and n.command.is_response)
        console.submit(Cancel(operation=operations[1]))
        ends = [console.status(operation) for operation in operations]
        console.release(number)
    assert cancelled == [asked[1]]
    assert [end.outcome for end in ends] == [Outcome.SUCCESS, Outcome.CANCELLED, Outcome.SUCCESS]
    assert [len(console.found(operation)) for operation in operations] == [2, 1, 2]


def test_an_abort_ends_each_that_was_outstanding_and_each_that_waited(console: Console) -> None:
    def script(c: Conversation) -> None:
        accept(c, AsyncWindow(2, 1))
        for _ in range(2):
            c.read_command()
        assert asked.wait(30)
        c.send(b"\x07\0\0\0\0\4\0\0\0\0")
        c.wait_closed()

    asked = threading.Event()
    with scripted(script) as peer:
        number = console.open(proposal(peer, async_window=AsyncWindow(2, 1)))
        operations = invoke(console, number, 5, echo_rq)
        console.taken()
        asked.set()
        ends = [console.status(o) for o in operations]
    assert {end.outcome for end in ends} == {Outcome.ABORTED}


def test_a_request_beyond_the_window_granted_is_noted_and_answered(console: Console) -> None:
    """Our acceptor granted 2; a peer that sends 5 at once still gets all its answers, and a finding."""
    listener = console.listen(policy=policy(async_window=AsyncWindow(2, 1)))
    rq = request_of("C-ECHO-RQ", AffectedSOPClassUID="1.2.840.10008.1.1")
    with socket.create_connection((HOST, listener.port), timeout=30) as sock:
        c = Conversation(sock, threading.Event())
        sock.sendall(encode_pdu(propose(proposal(listener, async_window=AsyncWindow(5, 1)))))
        assert c.read_pdu()[0] == 2
        commands = [rq.with_values(MessageID=number, CommandDataSetType=0x0101) for number in range(1, 6)]
        sock.sendall(b"".join(c.message(1, command) for command in commands))
        answered = [c.read_command()[1].responded_to for _ in range(5)]
        sock.sendall(b"\x05\0\0\0\0\4\0\0\0\0")
        assert c.read_pdu() == RELEASED
    assert sorted(n or 0 for n in answered) == [1, 2, 3, 4, 5]
    told = console.wait(FindingNotice, lambda n: "window" in n.sentence)
    assert told.direction is Direction.RECEIVED


@pytest.mark.parametrize(
    ("asked", "granted", "most"),
    [((4, 1), (8, 8), 4), ((8, 1), (3, 3), 3), ((0, 1), (0, 0), 9), ((1, 1), (0, 0), 1), (None, (0, 0), 1)],
)
def test_messages_of_a_one_shot_are_outstanding_together(
    asked: tuple[int, int] | None, granted: tuple[int, int], most: int, console: Console
) -> None:
    """The built-in peer performs as many at once: held back by a second in turn, responses overtake each other."""
    delays = (0.2, 0.05, 0.0) if most > 1 else ()
    listener = console.listen(policy=policy(async_window=AsyncWindow(*granted)), delays=delays)
    number = console.new_id()
    window = AsyncWindow(*asked) if asked else None
    shot = OneShot(
        association=number,
        operation=console.new_id(),
        proposal=proposal(listener, async_window=window),
        messages=(echo_rq(),) * 9,
    )
    done = console.run(shot)
    console.ended(number)
    assert done.outcome is Outcome.SUCCESS
    together = f", up to {most} outstanding at once" if most > 1 else ""
    assert done.sentence == f"9 of 9 messages sent{together}; success."
    assert max(outstanding(console, number, Direction.SENT, ECHO)) == most
    (inbound,) = {n.association for n in console.of(AssociationNotice, lambda n: n.listener == listener.listener)}
    assert max(outstanding(console, inbound, Direction.RECEIVED, ECHO)) == most
    answered = [
        n.command.responded_to
        for n in console.of(MessageNotice, lambda n: n.association == number and n.command.is_response)
    ]
    assert sorted(answered) == list(range(1, 10))
    assert (answered == sorted(answered)) is (most == 1)
    assert not console.of(FindingNotice, lambda n: n.severity == "error")


def test_a_cancelled_one_shot_cancels_what_is_outstanding_and_begins_nothing_more(console: Console) -> None:
    operation, number = console.new_id(), console.new_id()
    cancelled: list[int | None] = []

    def script(c: Conversation) -> None:
        accept(c, AsyncWindow(2, 1))
        waiting = [c.read_command() for _ in range(2)]
        console.submit(Cancel(operation=operation))
        for _ in waiting:
            cancelled.append(c.read_command()[1].responded_to)
        for context, command in reversed(waiting):
            c.send(c.message(context, response_to(command, 0xFE00)))
        release(c)

    with scripted(script) as peer:
        asked = proposal(peer, (STUDY_FIND, EXPLICIT), async_window=AsyncWindow(2, 1))
        shot = OneShot(association=number, operation=operation, proposal=asked, messages=(query(),) * 5)
        done = console.run(shot)
        console.ended(number)
    assert done.outcome is Outcome.CANCELLED
    assert sorted(n or 0 for n in cancelled) == [1, 2]
    assert done.sentence.startswith("2 of 5 messages sent")


def test_an_abort_ends_a_one_shot_with_several_outstanding(console: Console) -> None:
    def script(c: Conversation) -> None:
        accept(c, AsyncWindow(3, 1))
        for _ in range(3):
            c.read_command()
        c.send(b"\x07\0\0\0\0\4\0\0\0\0")
        c.wait_closed()

    with scripted(script) as peer:
        asked = proposal(peer, async_window=AsyncWindow(3, 1))
        shot = OneShot(
            association=console.new_id(), operation=console.new_id(), proposal=asked, messages=(echo_rq(),) * 5
        )
        assert console.run(shot).outcome is Outcome.ABORTED


# --- what the acceptor invokes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("performed", "most"), [(1, 1), (2, 2), (3, 3), (0, 4)])
def test_the_acceptor_keeps_to_the_window_for_its_sub_operations(
    performed: int, most: int, console: Console, tmp_path: Path
) -> None:
    """Four C-GETs at once; the stores that come back are outstanding together only as far as was agreed on."""

    def user(c: Conversation) -> int:
        """Answers no store before as many came as may be outstanding. Gives how many came in all."""
        waiting: list[tuple[int, Any]] = []
        came = done = 0
        while done < 4:
            context, command = c.read_command()
            done += command.command_field == GET | 0x8000 and command.status == 0
            if command.command_field == STORE:
                came += 1
                waiting.append((context, command))
            if came == most and waiting:
                assert nothing_comes(c)
            while came >= most and waiting:
                where, store = waiting.pop(0)
                c.send(c.message(where, response_to(store, 0)))
        return came

    listener = console.listen(files(tmp_path / "archive", 6), policy=policy(async_window=AsyncWindow(0, 0)))
    wanted = contexts(STUDY_GET) + tuple(replace(c, id=3) for c in contexts(CT, role=Role.BOTH))
    identifier = datasets.encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2"), EXPLICIT)
    get = request_of("C-GET-RQ", AffectedSOPClassUID=STUDY_GET)
    with socket.create_connection((HOST, listener.port), timeout=30) as sock:
        c = Conversation(sock, threading.Event())
        sock.sendall(encode_pdu(propose(proposal(listener, *wanted, async_window=AsyncWindow(4, performed)))))
        assert c.read_pdu()[0] == 2
        commands = [get.with_values(MessageID=number, CommandDataSetType=1, Priority=0) for number in range(1, 5)]
        sock.sendall(b"".join(c.message(1, command, identifier) for command in commands))
        assert user(c) == 24
        sock.sendall(b"\x05\0\0\0\0\4\0\0\0\0")
        assert c.read_pdu() == RELEASED
    ended = console.wait(AssociationNotice, lambda n: n.outcome is not None)
    assert ended.outcome is Outcome.SUCCESS
    assert max(outstanding(console, ended.association, Direction.SENT, STORE)) == most
    assert not console.of(FindingNotice, lambda n: n.severity == "error")


@pytest.mark.parametrize(("performed", "most"), [(1, 1), (0, 4)])
def test_several_gets_of_ours_at_once(performed: int, most: int, console: Console, tmp_path: Path) -> None:
    listener = console.listen(files(tmp_path / "archive", 6), policy=policy(async_window=AsyncWindow(0, 0)))
    wanted = contexts(STUDY_GET) + tuple(replace(c, id=3) for c in contexts(CT, role=Role.BOTH))
    number = console.open(proposal(listener, *wanted, async_window=AsyncWindow(4, performed)))
    identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2")
    get = request_of("C-GET-RQ", AffectedSOPClassUID=STUDY_GET)
    operations = invoke(console, number, 4, lambda: replace(echo_rq(), command=get, data=identifier))
    ends = [console.status(operation) for operation in operations]
    assert [(end.outcome, end.completed) for end in ends] == [(Outcome.SUCCESS, 6)] * 4
    assert max(outstanding(console, number, Direction.RECEIVED, STORE)) <= most
    console.release(number)
    assert not console.of(FindingNotice, lambda n: n.severity == "error")
