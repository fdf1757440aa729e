"""Defects in the engine's innermost steps: each operation has its end, the peer its answer, and the engine stops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

from engine.model.commands import OneShot
from engine.model.dataset import DataSet
from engine.model.notices import ErrorNotice, Outcome
from engine.runtime import context, database, life
from engine.runtime.archive import Archive
from engine.runtime.life import Life
from engine.runtime.link import Link
from engine.runtime.operations import Operation, Operations
from engine.services.state import Change, Record
from tests.runtime.console import CT, EXPLICIT, VERIFICATION, Console, echo_rq, n_message, proposal, store_rq
from tests.runtime.scripted import calling
from tests.runtime.test_limits import image
from tests.services.whole_steps import whole_step

SECRET = "DOE^JOHN"
MPPS = "1.2.840.10008.3.1.2.3.3"


def fails(error: type[Exception] = KeyError) -> Callable[..., NoReturn]:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise error(SECRET)

    return fail


def once(what: Callable[..., Any]) -> Callable[..., Any]:
    """It raises at first, and works then."""
    left = [KeyError(SECRET)]

    def call(*args: Any, **options: Any) -> Any:
        if left:
            raise left.pop()
        return what(*args, **options)

    return call


def told(console: Console) -> ErrorNotice:
    found = console.wait(ErrorNotice, lambda n: n.report)
    assert SECRET not in found.report + found.sentence
    return found


def shot(console: Console, where: Any) -> OneShot:
    return OneShot(
        association=console.new_id(), operation=console.new_id(), proposal=proposal(where), messages=(echo_rq(),)
    )


def step(uid: str) -> Any:
    return n_message("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID=uid)


def test_commands_that_cannot_be_taken_have_their_end(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen()
    monkeypatch.setattr(Life, "_take", once(Life._take))
    command = shot(console, listener)
    assert console.run(command).outcome is Outcome.NOT_SENT
    told(console)
    assert console.echo(listener).outcome is Outcome.SUCCESS


async def _never_runs(*_: Any) -> None:
    raise KeyError(SECRET)


@pytest.mark.parametrize("how", [_never_runs, fails()], ids=["as a task", "before it is one"])
def test_an_operation_that_cannot_be_run_has_its_end(
    how: Any, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = console.listen()
    with monkeypatch.context() as broken:
        broken.setattr(Operations, "run", how)
        assert console.run(shot(console, listener)).outcome is Outcome.NOT_SENT
        told(console)
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_an_operation_whose_end_could_not_be_told_has_one(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen()
    monkeypatch.setattr(Operation, "end_with", fails())
    monkeypatch.setattr(Operation, "end", once(Operation.end))
    assert console.run(shot(console, listener)).outcome is Outcome.NOT_SENT
    told(console)


def test_a_request_that_cannot_be_looked_up_is_answered(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = console.listen(tmp_path)
    message = store_rq(CT, "1.2.1", image("1.2.1"))
    with monkeypatch.context() as broken:
        broken.setattr(Archive, "find", once(Archive.find))
        assert console.one_shot(proposal(listener, (CT, EXPLICIT)), message).outcome is Outcome.FAILURE
    told(console)
    assert console.one_shot(proposal(listener, (CT, EXPLICIT)), message).outcome is Outcome.SUCCESS


@pytest.mark.parametrize("error", [MemoryError, RecursionError, KeyError])
def test_a_defect_of_the_writer_is_met_by_who_waits(
    error: type[Exception], console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was to be kept is not there; the next one is written."""
    listener = console.listen(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(database, "to_text", fails(error))
        assert console.one_shot(proposal(listener, MPPS), step("1.2.1")).outcome is Outcome.FAILURE
    told(console)
    for uid in ("1.2.1", "1.2.2"):
        assert console.one_shot(proposal(listener, MPPS), step(uid)).outcome is Outcome.SUCCESS


def test_one_that_the_writer_cannot_write_leaves_the_others_alone(tmp_path: Path) -> None:
    """A transaction that was begun is undone whatever was raised."""
    kept = database.Database(tmp_path / "state.sqlite3")
    kept.open()
    whole = Change("normalized", "1.2.1", None, Record(MPPS, "1.2.1", DataSet()))
    with pytest.raises(TypeError):
        kept.write([whole, Change("normalized", "1.2.2", None, Record(MPPS, "1.2.2", None))])  # type: ignore[arg-type]
    kept.write([whole])
    assert [key for _, key, _ in kept.objects()] == ["1.2.1"]
    kept.close()


def test_an_index_that_fails_is_reported(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen(tmp_path)
    monkeypatch.setattr(database, "to_text", fails(MemoryError))
    message = store_rq(CT, "1.2.1", image("1.2.1"))
    assert console.one_shot(proposal(listener, (CT, EXPLICIT)), message).outcome is Outcome.SUCCESS
    console.wait(ErrorNotice, lambda n: "Stored files are safe" in n.sentence)
    told(console)


def test_a_connection_that_cannot_be_begun_is_closed(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen()
    monkeypatch.setattr(Link, "secured", once(Link.secured))
    with calling(listener.port) as peer, suppress(ConnectionResetError):
        assert peer.read_pdu() == b""
    told(console)
    assert console.echo(listener).outcome is Outcome.SUCCESS


@pytest.mark.parametrize("method", ["take_pieces", "connection_lost"])
def test_the_engine_stops_although_the_end_of_a_connection_fails(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "STOP_TIMEOUT", 0.1)
    monkeypatch.setattr(context, "UNWIRED", 0.1)
    console = Console()
    listener = console.listen()
    with calling(listener.port, VERIFICATION):
        monkeypatch.setattr(Link, method, once(getattr(Link, method)))
    told(console)
    stopping = threading.Thread(target=console.close, name="stopping", daemon=True)
    stopping.start()
    stopping.join(30)
    assert not stopping.is_alive()
