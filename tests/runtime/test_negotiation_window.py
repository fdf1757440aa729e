"""The asynchronous operations window while files are stored: how many are outstanding, and responses in any order."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.model.association import AsyncWindow
from engine.model.commands import Cancel, StoreFiles
from engine.model.notices import (
    Direction,
    FindingNotice,
    Outcome,
    ProgressNotice,
)
from engine.services.responses import response_to
from tests.runtime.console import (
    Console,
    policy,
    proposal,
)
from tests.runtime.scripted import Conversation, scripted
from tests.runtime.windows import STORE, accept, files, nothing_comes, outstanding, release, store

# --- storing ------------------------------------------------------------------------------------------------------


WINDOWS = pytest.mark.parametrize(
    ("asked", "granted", "most"),
    [((4, 1), (8, 8), 4), ((8, 1), (3, 3), 3), ((0, 1), (5, 0), 5), ((0, 1), (0, 0), 12), ((1, 1), (0, 0), 1)],
)


@WINDOWS
def test_the_built_in_peer_gets_no_more_at_once_than_was_negotiated(
    asked: tuple[int, int], granted: tuple[int, int], most: int, console: Console, tmp_path: Path
) -> None:
    listener = console.listen(policy=policy(async_window=AsyncWindow(*granted)))
    done, number = store(console, listener, files(tmp_path / "in", 12), AsyncWindow(*asked))
    assert (done.outcome, done.completed) == (Outcome.SUCCESS, 12)
    assert max(outstanding(console, number, Direction.SENT, STORE)) <= most
    assert [n.done for n in console.of(ProgressNotice)] == list(range(1, 13))
    assert not console.of(FindingNotice, lambda n: n.severity == "error")


@WINDOWS
def test_files_are_stored_as_many_at_once_as_was_negotiated(
    asked: tuple[int, int], granted: tuple[int, int], most: int, console: Console, tmp_path: Path
) -> None:
    quiet: list[bool] = []

    def script(c: Conversation) -> None:
        accept(c, AsyncWindow(*granted))
        waiting = [c.read_command() for _ in range(most)]
        quiet.append(nothing_comes(c))
        for number in range(12):
            context, command = waiting.pop(0)
            c.send(c.message(context, response_to(command, 0)))
            if number < 12 - most:
                waiting.append(c.read_command())
        release(c)

    with scripted(script) as peer:
        done, number = store(console, peer, files(tmp_path / "in", 12), AsyncWindow(*asked))
    assert (done.outcome, done.completed) == (Outcome.SUCCESS, 12)
    assert quiet == [True]
    assert max(outstanding(console, number, Direction.SENT, STORE)) == most


@pytest.mark.parametrize("window", [None, AsyncWindow(1, 1)])
def test_a_peer_without_a_window_gets_one_at_a_time(
    window: AsyncWindow | None, console: Console, tmp_path: Path
) -> None:
    quiet: list[bool] = []

    def script(c: Conversation) -> None:
        accept(c, window)
        for _ in range(3):
            context, command = c.read_command()
            quiet.append(nothing_comes(c))
            c.send(c.message(context, response_to(command, 0)))
        release(c)

    with scripted(script) as peer:
        done, _ = store(console, peer, files(tmp_path / "in", 3), AsyncWindow(10, 10))
    assert done.outcome is Outcome.SUCCESS
    assert quiet == [True] * 3


def test_each_file_gets_its_own_status_whatever_the_order_of_the_responses(console: Console, tmp_path: Path) -> None:
    statuses = {"1.2.3.2": 0xB007, "1.2.3.5": 0xA700, "1.2.3.7": 0xA900}
    quiet: list[bool] = []

    def script(c: Conversation) -> None:
        accept(c, AsyncWindow(4, 1))
        shuffle = random.Random(5)
        waiting = [c.read_command() for _ in range(4)]
        quiet.append(nothing_comes(c))
        for number in range(10):
            context, command = waiting.pop(shuffle.randrange(len(waiting)))
            c.send(c.message(context, response_to(command, statuses.get(command.sop_instance_uid, 0))))
            if number < 6:
                waiting.append(c.read_command())
        release(c)

    with scripted(script) as peer:
        done, _ = store(console, peer, files(tmp_path / "in", 10), AsyncWindow(0, 0))
    assert quiet == [True]
    assert (done.completed, done.warning, done.failed, done.remaining) == (7, 1, 2, 0)
    told = [n.sentence for n in console.of(ProgressNotice) if "Success" not in n.sentence]
    assert sorted(t[:7] for t in told) == ["002.dcm", "005.dcm", "007.dcm"]


def test_a_cancelled_store_waits_for_what_is_outstanding_and_begins_nothing_more(
    console: Console, tmp_path: Path
) -> None:
    number, operation = console.new_id(), console.new_id()
    quiet: list[bool] = []

    def script(c: Conversation) -> None:
        accept(c, AsyncWindow(3, 1))
        waiting = [c.read_command() for _ in range(3)]
        console.submit(Cancel(operation=operation))
        console.taken()
        quiet.append(nothing_comes(c))
        for context, command in reversed(waiting):
            c.send(c.message(context, response_to(command, 0)))
        release(c)

    with scripted(script) as peer:
        asked = proposal(peer, async_window=AsyncWindow(3, 1))
        folder = files(tmp_path / "in", 9)
        done = console.run(StoreFiles(operation=operation, association=number, proposal=asked, paths=(folder,)))
    assert (done.outcome, done.completed, done.remaining) == (Outcome.CANCELLED, 3, 6)
    assert quiet == [True]


def test_an_abort_among_outstanding_stores_leaves_them_not_sent(console: Console, tmp_path: Path) -> None:
    def script(c: Conversation) -> None:
        accept(c, AsyncWindow(4, 1))
        waiting = [c.read_command() for _ in range(4)]
        context, command = waiting[2]
        c.send(c.message(context, response_to(command, 0)) + b"\x07\0\0\0\0\4\0\0\0\0")
        c.wait_closed()

    with scripted(script) as peer:
        done, _ = store(console, peer, files(tmp_path / "in", 9), AsyncWindow(4, 1))
    assert (done.outcome, done.completed, done.remaining) == (Outcome.ABORTED, 1, 8)
