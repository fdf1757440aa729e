"""The engine as a face sees it: starting and stopping, listening, what is asked of nothing."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from typing import Any

import pytest

from engine.model.commands import Abort, Release, SendBytes, StopListening
from engine.model.notices import AssociationNotice, AssociationPhase, ErrorNotice, ListenerNotice, Outcome
from engine.runtime import life
from engine.runtime.association import Association
from engine.runtime.engine import Engine
from tests.runtime.console import HOST, SECONDS, Console, echo_rq, proposal

RELEASED = AssociationPhase.RELEASED


def test_starting_and_stopping_twice_does_nothing() -> None:
    engine = Engine()
    engine.start()
    engine.start()
    assert sum(t.name == "dimse-engine" for t in threading.enumerate()) == 1
    engine.stop()
    engine.stop()
    assert not any(t.name == "dimse-engine" for t in threading.enumerate())


def test_a_stopped_engine_takes_nothing_and_can_start_again() -> None:
    console = Console()
    console.close()
    with pytest.raises(RuntimeError, match="not running"):
        console.submit(Release(association=1))
    console.engine.start()
    assert console.echo(console.listen()).outcome is Outcome.SUCCESS
    console.close()


def test_an_engine_never_started_refuses_commands() -> None:
    with pytest.raises(RuntimeError):
        Engine().submit(Release(association=1))


def test_stopping_releases_what_is_open() -> None:
    near, far = Console(), Console()
    try:
        number = near.open(proposal(far.listen()))
        near.close()
        assert near.phases(number)[-1] is RELEASED
        released = far.wait(AssociationNotice, lambda n: n.outcome is not None)
        assert released.phase is RELEASED
    finally:
        far.close()


def test_an_association_that_never_ends_keeps_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours, which must not keep the program from ending."""

    async def never(_: Association) -> None:
        await asyncio.Event().wait()

    console = Console()
    console.open(proposal(console.listen()))
    monkeypatch.setattr(life, "STOP_TIMEOUT", 0.1)
    monkeypatch.setattr(Association, "release", never)
    monkeypatch.setattr(Association, "abort", lambda *_: None)
    stopping = threading.Thread(target=console.close, daemon=True)
    stopping.start()
    stopping.join(SECONDS)
    assert not stopping.is_alive()


def test_stopping_the_listener_releases_what_it_serves(console: Console) -> None:
    listener = console.listen()
    number = console.open(proposal(listener))
    console.submit(StopListening(listener=listener.listener))
    assert console.ended(number).phase is RELEASED
    console.wait(ListenerNotice, lambda n: not n.listening)
    assert console.echo(listener).outcome is Outcome.CONNECTION_FAILED


def test_the_bell_rings_from_the_engine_thread_only() -> None:
    rung: list[str] = []
    engine = Engine(lambda: rung.append(threading.current_thread().name))
    with engine:
        engine.submit(Release(association=99))
        assert engine.drain_wait(5)
    assert set(rung) == {"dimse-engine"}


def test_ids_are_never_given_twice() -> None:
    engine = Engine()
    given: list[int] = []
    workers = [threading.Thread(target=lambda: given.extend(engine.new_id() for _ in range(500))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(set(given)) == 4000


def test_a_command_for_nothing_is_told(console: Console) -> None:
    for command in (Release(association=77), Abort(association=78), SendBytes(association=79, data=b"x")):
        console.submit(command)
        told = console.wait(ErrorNotice, lambda n, number=command.association: n.association == number)
        assert f"#{command.association}" in told.sentence
    status = console.send(80, echo_rq())
    assert (status.outcome, status.service) == (Outcome.NOT_SENT, "C-ECHO")
    console.submit(object())  # type: ignore[arg-type]
    assert "object" in console.wait(ErrorNotice, lambda n: n.association is None).sentence


def test_a_port_in_use_is_told(console: Console) -> None:
    from engine.model.commands import Listen

    taken = console.listen()
    number = console.new_id()
    console.submit(Listen(listener=number, port=taken.port))
    refused = console.wait(ListenerNotice, lambda n: n.listener == number)
    assert not refused.listening
    assert "another program uses the port" in refused.sentence


def test_all_addresses_share_one_port_and_it_is_said_plainly(console: Console) -> None:
    listener = console.listen(host="")
    assert "ANY COMPUTER" in listener.sentence
    for host in ("127.0.0.1", "::1", "[::1]", "localhost"):
        assert console.echo(listener, host=host).outcome is Outcome.SUCCESS, host


def test_a_connection_accepted_in_the_turn_of_the_stop_is_closed(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its association is not under way yet, and nobody else knows of it."""
    accept = asyncio.SelectorEventLoop._accept_connection  # type: ignore[attr-defined]

    def stopped_then(loop: Any, *args: Any) -> None:
        accept(loop, *args)
        for one in list(console.engine._context.listeners.values()):
            one.refuse()

    monkeypatch.setattr(asyncio.SelectorEventLoop, "_accept_connection", stopped_then)
    listener = console.listen()
    with socket.create_connection((HOST, listener.port), timeout=SECONDS) as sock:
        console.submit(StopListening(listener=listener.listener))
        console.wait(ListenerNotice, lambda n: not n.listening)
        assert sock.recv(100)[:1] in (b"", b"\x07")
    gc.collect()  # what nobody closed is found here
