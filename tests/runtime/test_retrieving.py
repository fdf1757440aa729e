"""C-GET and C-MOVE between two of our own: what arrives is seen inside the operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.model.commands import MoveDestination
from engine.model.notices import (
    Direction,
    ErrorNotice,
    ListenerNotice,
    Outcome,
    ProgressNotice,
)
from engine.protocol.exchange import Exchange
from engine.services.plan import query_contexts
from tests.runtime.console import (
    CT,
    HOST,
    STUDY_GET,
    STUDY_MOVE,
    Console,
    keys,
    policy,
)
from tests.runtime.retrieving import ask, end, free_port, inside, same_files, stock

if TYPE_CHECKING:
    from pathlib import Path


def test_a_move_to_ourselves_goes_to_the_built_in_peer_that_runs_and_is_seen_inside(console: Console, tmp_path: Path):
    ours = console.listen(tmp_path / "own", policy=policy(ae_titles=("CONSOLE",)))
    destination = MoveDestination(ae_title="CONSOLE", host=HOST, port=ours.port)
    archive = console.listen(stock(tmp_path / "stock"), destinations=(destination,))
    command = ask(console, archive, "C-MOVE", STUDY_MOVE, move_destination="CONSOLE", folder=tmp_path / "asked")
    status = end(console, command)
    assert (status.outcome, status.completed, status.received) == (Outcome.SUCCESS, 3, 3)
    assert "3 instances arrived here." in status.verdict
    assert "C-STORE-RQs" not in status.verdict
    sides = [(n.direction, n.command.is_response) for n in inside(console, command.operation)]
    assert sides.count((Direction.RECEIVED, False)) == sides.count((Direction.SENT, True)) == 3
    assert same_files(tmp_path / "asked", tmp_path / "stock")
    assert same_files(tmp_path / "own", tmp_path / "stock")
    assert len(console.of(ListenerNotice, lambda n: n.listening)) == 2  # none of its own


def test_a_move_to_ourselves_arms_a_listener_where_none_runs(console: Console, tmp_path: Path):
    port = free_port()
    destination = MoveDestination(ae_title="MINE", host=HOST, port=port)
    archive = console.listen(stock(tmp_path / "stock"), destinations=(destination,))
    command = ask(
        console, archive, "C-MOVE", STUDY_MOVE, move_destination="MINE", listen_port=port, folder=tmp_path / "asked"
    )
    status = end(console, command)
    assert (status.outcome, status.received) == (Outcome.SUCCESS, 3)
    assert len(inside(console, command.operation)) == 6
    assert same_files(tmp_path / "asked", tmp_path / "stock")
    console.wait(ListenerNotice, lambda n: n.port == port and not n.listening)
    last = console.of(ProgressNotice, lambda n: n.operation == command.operation)[-1]
    assert (last.done, last.total) == (2, 3)


def test_a_port_that_the_built_in_peer_has_under_another_title_is_told(console: Console):
    ours = console.listen(policy=policy(ae_titles=("OTHER",)))
    command = ask(console, ours, "C-MOVE", STUDY_MOVE, move_destination="MINE", listen_port=ours.port)
    status = end(console, command)
    assert status.outcome is Outcome.NOT_SENT
    assert "answers to OTHER only" in status.sentence


def test_a_get_is_seen_inside_and_only_known_classes_are_proposed(console: Console, tmp_path: Path):
    archive = console.listen(stock(tmp_path / "stock"))
    command = ask(console, archive, "C-GET", STUDY_GET, sop_classes=(CT,), folder=tmp_path / "got")
    status = end(console, command)
    assert (status.outcome, status.received) == (Outcome.SUCCESS, 3)
    assert len(inside(console, command.operation)) == 6
    assert same_files(tmp_path / "got", tmp_path / "stock")
    proposed = query_contexts(STUDY_GET, with_storage=True, classes=(CT,))
    assert {c.abstract_syntax for c in proposed[1:]} == {CT}
    assert len({c.transfer_syntaxes for c in proposed}) > 10  # a context for each compression


def test_a_get_into_a_folder_that_is_a_file_says_so(console: Console, tmp_path: Path):
    (tmp_path / "got").write_text("mine")
    archive = console.listen(stock(tmp_path / "stock", 1))
    command = ask(console, archive, "C-GET", STUDY_GET, sop_classes=(CT,), folder=tmp_path / "got")
    assert end(console, command).outcome is Outcome.FAILURE
    (told,) = console.of(ErrorNotice)
    assert told.sentence == "Instance 1.2.3.0 was not stored: cannot store: a file has the folder's name."
    assert (tmp_path / "got").read_text() == "mine"


def test_what_is_moved_to_a_third_ae_is_told_from_the_responses_only(console: Console, tmp_path: Path):
    target = console.listen(tmp_path / "target")
    destination = MoveDestination(ae_title="TARGET", host=HOST, port=target.port)
    archive = console.listen(stock(tmp_path / "stock"), destinations=(destination,))
    status = end(console, ask(console, archive, "C-MOVE", STUDY_MOVE, move_destination="TARGET"))
    assert (status.outcome, status.completed, status.received) == (Outcome.SUCCESS, 3, None)
    assert "went to TARGET; what arrived there cannot be seen from here" in status.verdict


def test_a_destination_the_peer_does_not_know_is_told_with_what_to_enter_there(console: Console, tmp_path: Path):
    ours = console.listen(policy=policy(ae_titles=("MINE",)))
    archive = console.listen(stock(tmp_path / "stock"))
    status = end(console, ask(console, archive, "C-MOVE", STUDY_MOVE, move_destination="MINE"))
    assert (status.outcome, status.status) == (Outcome.FAILURE, 0xA801)
    assert f"“MINE”: enter this AE title with host and port 127.0.0.1:{ours.port}" in status.verdict


def test_a_get_that_finds_nothing_says_so(console: Console, tmp_path: Path):
    archive = console.listen(stock(tmp_path / "stock"))
    other = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.77")
    status = end(console, ask(console, archive, "C-GET", STUDY_GET, identifier=other))
    assert (status.outcome, status.status, status.received) == (Outcome.WARNING, 0, 0)
    assert "Success, but nothing was sent: 0 sub-operations. Likely: nothing matches" in status.verdict


def test_arriving_instances_keep_the_final_response_from_being_overdue(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Some peers send no Pending responses."""
    moved_on: list[int] = []
    monkeypatch.setattr(Exchange, "progress_made", lambda _self, operation, _now: moved_on.append(operation))
    archive = console.listen(stock(tmp_path / "stock"))
    command = ask(console, archive, "C-GET", STUDY_GET)
    assert end(console, command).received == 3
    assert moved_on.count(command.operation) >= 3  # each instance
