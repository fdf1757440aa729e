"""Defects of the program itself: told with a report that holds no value; the engine and what is open go on."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import threading
from collections.abc import Callable
from itertools import count
from typing import Any, NoReturn

import pytest

from engine.model.commands import Listen, OneShot, OpenAssociation, PeerSettings, StopListening
from engine.model.notices import AssociationNotice, AssociationPhase, ErrorNotice, ListenerNotice, Outcome
from engine.runtime import life, sentences
from engine.runtime.dispatch import Dispatcher
from engine.runtime.serving import Server
from tests.runtime.console import VERIFICATION, Console, echo_rq, proposal
from tests.runtime.scripted import Conversation

SECRET = "DOE^JOHN"


def _fail(*_: Any) -> NoReturn:
    raise LookupError(SECRET)


def _exit(*_: Any) -> NoReturn:
    raise SystemExit(SECRET)


async def _task() -> None:
    _fail()


def _in_the_loop(what: Callable[..., Any]) -> Callable[[Console], None]:
    return lambda console: console.engine._context.loop.call_soon_threadsafe(what)


def _in_a_task(console: Console) -> None:
    context = console.engine._context
    context.loop.call_soon_threadsafe(lambda: context.spawn(_task(), "A task"))


@pytest.mark.parametrize(
    ("cause", "name"),
    [(_in_the_loop(_fail), "LookupError"), (_in_the_loop(_exit), "SystemExit"), (_in_a_task, "LookupError")],
    ids=["callback", "past the loop", "task"],
)
def test_the_engine_goes_on_with_what_is_open(cause: Callable[[Console], None], name: str, console: Console) -> None:
    listener = console.listen()
    held = console.open(proposal(listener))
    for _ in range(3):
        cause(console)
        told = console.wait(ErrorNotice, lambda n: n.report)
        assert name in told.report
        assert "tests/runtime/test_unexpected.py" in told.report
        assert SECRET not in told.report + told.sentence
        assert console.send(held, echo_rq()).outcome is Outcome.SUCCESS
    assert console.echo(listener).outcome is Outcome.SUCCESS
    assert console.release(held).outcome is Outcome.SUCCESS


def test_a_defect_while_serving_is_answered_and_told(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen()
    monkeypatch.setattr(Server, "_generator", _fail)
    assert console.echo(listener).outcome is not Outcome.SUCCESS
    told = console.wait(ErrorNotice, lambda n: n.report)
    assert SECRET not in told.report + told.sentence
    monkeypatch.undo()
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_a_defect_while_a_connection_is_taken_is_told(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio keeps what its factory of protocols raises to itself."""
    listener = console.listen()
    with monkeypatch.context() as broken:
        broken.setattr(Server, "attach", _fail)
        assert console.echo(listener).outcome is not Outcome.SUCCESS
        told = console.wait(ErrorNotice, lambda n: n.report)
    assert told.sentence == "Taking a connection failed unexpectedly: LookupError."
    assert SECRET not in told.report
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_too_few_descriptors_to_accept_are_no_defect(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects meanwhile is served when there are some again."""
    listener = console.listen()

    def accept(_: socket.socket) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket.socket, "accept", accept)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as sock:
        told = console.wait(ErrorNotice, lambda n: "No connection can be accepted" in n.sentence)
        assert not told.report and "Too many open files" in told.sentence
        monkeypatch.undo()
        talk = Conversation(sock, threading.Event())
        talk.ask(VERIFICATION)
    assert not console.of(ErrorNotice, lambda n: n.report)


def _too_few(monkeypatch: pytest.MonkeyPatch, times: int, retry: float) -> threading.Event:
    """Accepting fails for want of descriptors, and is tried again so many seconds later. Set after so many failures."""
    often = threading.Event()
    failures = count(1)

    def accept(_: socket.socket) -> NoReturn:
        if next(failures) >= times:
            often.set()
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(asyncio.constants, "ACCEPT_RETRY_DELAY", retry)
    monkeypatch.setattr(socket.socket, "accept", accept)
    return often


no_proactor = pytest.mark.skipif(sys.platform == "win32", reason="its loop accepts in another way")


@no_proactor
def test_too_few_descriptors_are_told_once_while_they_last(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen()
    monkeypatch.setattr(life, "WITHIN", -1.0)  # as if much time had passed between two attempts
    often = _too_few(monkeypatch, 1000, 0.01)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30):
        assert often.wait(30)
        console.taken()
        assert len(console.of(ErrorNotice)) == 1


@no_proactor
def test_too_few_descriptors_to_load_ahead_are_no_defect(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not loaded is when it is needed."""
    tried = threading.Event()

    def too_few() -> None:
        tried.set()
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("engine.runtime.listener.load_pydicom", too_few)
    monkeypatch.setattr("engine.runtime.listener.LOADED_AFTER", 0.0)
    peer = console.listen()
    assert tried.wait(20)
    assert console.echo(peer).outcome is Outcome.SUCCESS
    console.taken()
    assert not console.of(ErrorNotice)


def test_a_listener_stopped_while_descriptors_are_too_few_is_no_defect(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = console.listen()
    often = _too_few(monkeypatch, 1, 0.5)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30):
        assert often.wait(30)
        console.submit(StopListening(listener=listener.listener))
        console.wait(ListenerNotice, lambda n: not n.listening)
        tried_again = threading.Event()
        loop = console.engine._context.loop
        loop.call_soon_threadsafe(loop.call_later, 0.6, tried_again.set)
        assert tried_again.wait(30)
    (told,) = console.of(ErrorNotice)
    assert "No connection can be accepted" in told.sentence and not told.report


def test_a_listening_socket_that_the_loop_closes_is_told_as_that(console: Console) -> None:
    """So does the loop of Windows when accepting fails."""
    loop = console.engine._context.loop
    failed = {"message": "Accept failed on a socket", "exception": OSError(errno.EMFILE, "Too many open files")}
    loop.call_soon_threadsafe(loop.call_exception_handler, failed)
    told = console.wait(ErrorNotice)
    assert "accepts no more connections: Too many open files" in told.sentence and not told.report


def _commands(console: Console, listener: ListenerNotice) -> dict[str, Any]:
    asked = proposal(listener)
    return {
        "_one_shot": OneShot(
            association=console.new_id(), operation=console.new_id(), proposal=asked, messages=(echo_rq(),)
        ),
        "_open": OpenAssociation(association=console.new_id(), proposal=asked),
        "_listen": Listen(listener=console.new_id(), port=0, settings=PeerSettings()),
    }


@pytest.mark.parametrize("how", ["_one_shot", "_open", "_listen"])
def test_a_command_that_cannot_be_begun_has_its_end(
    how: str, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And those that were given with it have their turn."""
    listener = console.listen()
    command, behind = _commands(console, listener)[how], _commands(console, listener)["_one_shot"]
    dispatch = Dispatcher.dispatch

    def once(self: Dispatcher, given: Any) -> None:
        if given is command:
            if how == "_one_shot":
                self.operations.begin(given.operation, given.association)
            _fail()
        dispatch(self, given)

    monkeypatch.setattr(Dispatcher, "dispatch", once)
    console.engine._commands.append(command)  # so that one knock is for both
    console.submit(behind)
    told = console.wait(ErrorNotice, lambda n: n.report)
    assert SECRET not in told.report + told.sentence
    if how == "_one_shot":
        assert console.status(command.operation).sentence == sentences.NOT_BEGUN
    elif how == "_open":
        ended = console.wait(AssociationNotice, lambda n: n.association == command.association)
        assert (ended.phase, ended.sentence) == (AssociationPhase.FAILED, sentences.NOT_BEGUN)
    else:
        stopped = console.wait(ListenerNotice, lambda n: n.listener == command.listener)
        assert (stopped.listening, stopped.sentence) == (False, sentences.NOT_BEGUN)
    assert console.status(behind.operation).outcome is Outcome.SUCCESS


def test_an_error_that_cannot_be_told_is_not_told_with_its_values(
    console: Console, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """asyncio would write both to standard error."""
    listener = console.listen()
    with monkeypatch.context() as broken:
        broken.setattr(life.Life, "_told", _fail)
        _in_the_loop(_fail)(console)
        told = console.wait(ErrorNotice, lambda n: n.report)
    assert told.sentence == "An error could not be told (LookupError)."
    assert console.echo(listener).outcome is Outcome.SUCCESS
    assert SECRET not in "".join(capfd.readouterr()) + told.report
