"""An engine whose loop is broken for good is replaced by a new one; what was open is told as lost, the rest goes on."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from engine.model.commands import (
    Abort,
    Listen,
    OpenAssociation,
    PeerSettings,
    Release,
    Send,
    StopListening,
    WatchObjects,
)
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    ErrorNotice,
    ListenerNotice,
    MessageNotice,
    ObjectsNotice,
    Outcome,
)
from engine.runtime import engine as engine_module
from engine.runtime import life
from engine.runtime.engine import Engine
from engine.runtime.listener import Listener
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    STUDY_FIND,
    Console,
    echo_rq,
    find_rq,
    keys,
    proposal,
    store_rq,
)
from tests.runtime.scripted import SECONDS, Conversation, scripted
from tests.runtime.test_limits import image

SECRET = "DOE^JOHN"


def _raise(*_: Any) -> NoReturn:
    raise OSError(9, SECRET)


def selector_fails(console: Console) -> None:
    """Its selector raises from now on, each time."""
    loop: Any = console.engine._context.loop
    loop.call_soon_threadsafe(lambda: setattr(loop._selector, "select", _raise))


def selector_closed(console: Console) -> None:
    loop: Any = console.engine._context.loop
    loop.call_soon_threadsafe(loop._selector.close)


def loop_closed(console: Console) -> None:
    """Closed as far as a running one can be."""
    loop: Any = console.engine._context.loop
    closed = threading.Event()

    def close() -> None:
        loop._closed = True
        closed.set()

    loop.call_soon_threadsafe(close)
    closed.wait()
    console.submit(Abort(association=0))


def told_to_exit(console: Console) -> None:
    """SystemExit over and over, from a callback that is always there."""
    loop: Any = console.engine._context.loop

    def again() -> None:
        loop.call_soon(again)
        raise SystemExit(SECRET)

    loop.call_soon_threadsafe(again)


def thread_dies(console: Console) -> None:
    """The engine's own task is cancelled: nothing runs the loop any more."""
    import asyncio

    loop: Any = console.engine._context.loop

    def cancel() -> None:
        for task in asyncio.all_tasks(loop):
            if "_main" in repr(task.get_coro()):
                task.cancel()

    loop.call_soon_threadsafe(cancel)


BROKEN = [selector_fails, selector_closed, loop_closed, told_to_exit, thread_dies]


@pytest.fixture
def silent() -> Iterator[Any]:
    """A peer that accepts and never answers a request."""

    def script(talk: Conversation) -> None:
        talk.accept()
        talk.wait_closed()

    with scripted(script) as peer:
        yield peer


def replaced(console: Console) -> ErrorNotice:
    return console.wait(ErrorNotice, lambda n: "is replaced by a new one" in n.sentence)


@pytest.mark.parametrize("breaking", BROKEN)
def test_what_was_open_is_told_as_lost_and_the_rest_goes_on(
    breaking: Callable[[Console], None], console: Console, silent: Any, tmp_path: Path
) -> None:
    kept = console.listen(tmp_path / "in")
    passing = console.listen()
    console.submit(WatchObjects(listener=passing.listener, on=True))
    console.wait(ObjectsNotice, lambda n: n.listener == passing.listener)
    for where in (kept, passing):
        shot = console.one_shot(proposal(where, (CT, EXPLICIT)), store_rq(CT, "1.2.1", image("1.2.1")))
        assert shot.outcome is Outcome.SUCCESS
    held = console.open(proposal(kept))
    asking, operation = console.open(proposal(silent)), console.new_id()
    console.submit(Send(association=asking, operation=operation, message=echo_rq()))
    console.wait(MessageNotice, lambda n: n.association == asking)
    breaking(console)
    told = replaced(console)
    assert told.report.startswith("Unexpected ") and SECRET not in told.report + told.sentence
    for association in (held, asking):
        ended = console.ended(association)
        assert (ended.phase, ended.outcome) == (AssociationPhase.FAILED, Outcome.ABORTED)
        assert "was lost: the engine of the console itself broke" in ended.sentence
    status = console.status(operation)
    assert status.outcome is Outcome.ABORTED
    assert status.sentence.startswith("Lost: ")
    for where in (kept, passing):
        console.wait(ListenerNotice, lambda n, w=where: n.listener == w.listener and n.time > told.time)  # type: ignore[misc]
        (*_, last) = console.of(ListenerNotice, lambda n, w=where: n.listener == w.listener)  # type: ignore[misc]
        assert last.listening and last.port == where.port
        assert console.echo(where).outcome is Outcome.SUCCESS
        query = find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY", PatientName="", StudyInstanceUID=""))
        found = console.one_shot(proposal(where, (STUDY_FIND, EXPLICIT)), query)
        assert found.outcome is Outcome.SUCCESS
    console.wait(ObjectsNotice, lambda n: n.whole and n.time > told.time and any(h.key == "1.2.1" for h in n.held))
    again = console.open(proposal(kept))
    assert again > operation
    assert console.release(again).outcome is Outcome.SUCCESS
    assert len(console.of(AssociationNotice, lambda n: n.association == held and n.outcome is not None)) == 1


def test_an_incoming_association_is_lost_too_and_its_peer_sees_the_end(console: Console) -> None:
    listener = console.listen()
    other = Console()
    try:
        theirs = other.open(proposal(listener))
        ours = console.wait(AssociationNotice, lambda n: n.listener is not None and n.negotiated is not None)
        selector_fails(console)
        assert "was lost" in console.ended(ours.association).sentence
        assert other.ended(theirs).outcome is Outcome.ABORTED
    finally:
        other.close()


def test_a_connection_that_nobody_was_told_of_yet_is_closed(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    accept = Listener._connection

    def breaks(self: Listener) -> Any:
        loop: Any = self.context.loop
        loop._selector.select = _raise
        return accept(self)

    monkeypatch.setattr(Listener, "_connection", breaks)
    listener = console.listen()
    monkeypatch.undo()  # for those to come
    with socket.create_connection((HOST, listener.port), timeout=SECONDS) as sock:
        replaced(console)
        assert sock.recv(1) == b""
    gc.collect()  # what nobody closed is told now


def test_commands_that_were_not_taken_go_to_the_new_engine(console: Console) -> None:
    listener = console.listen()
    loop: Any = console.engine._context.loop
    entered, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        go_on.wait()
        loop._selector.select = _raise

    loop.call_soon_threadsafe(hold)
    entered.wait()
    number = console.new_id()
    console.submit(OpenAssociation(association=number, proposal=proposal(listener)))
    go_on.set()
    console.wait(AssociationNotice, lambda n: n.association == number and n.outcome is None and n.negotiated)
    assert console.release(number).outcome is Outcome.SUCCESS


def test_what_an_engine_that_breaks_again_and_again_is_asked_for_has_an_end(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life.Life, "_live", _raise)
    monkeypatch.setattr(engine_module, "LIVES", 3)
    listener = console.listen()
    selector_fails(console)
    told = console.wait(ListenerNotice, lambda n: n.listener == listener.listener and not n.listening)
    assert "again and again" in told.sentence
    number, operation = console.new_id(), console.new_id()
    console.submit(OpenAssociation(association=number, proposal=proposal(listener)))
    console.submit(Send(association=number, operation=operation, message=echo_rq()))
    assert console.ended(number).outcome is Outcome.NOT_SENT
    assert console.status(operation).outcome is Outcome.NOT_SENT
    listen = Listen(listener=console.new_id(), host=HOST, port=0, settings=PeerSettings())
    console.submit(listen)
    assert not console.wait(ListenerNotice, lambda n: n.listener == listen.listener).listening
    console.submit(Release(association=number))
    console.wait(ErrorNotice, lambda n: "Nothing was done" in n.sentence)
    monkeypatch.undo()
    with console.engine._lock:  # the try that failed is over; what is asked while it goes on fails with it
        pass
    assert console.listen().listening


def test_an_engine_that_cannot_begin_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life.asyncio, "Runner", _raise)
    engine = Engine()
    with pytest.raises(RuntimeError, match="could not be started"):
        engine.start()
    engine.stop()
    monkeypatch.undo()
    with engine:
        assert engine.new_id()


@pytest.mark.parametrize("breaking", BROKEN)
def test_an_engine_that_breaks_while_it_is_stopped_ends(breaking: Callable[[Console], None], silent: Any) -> None:
    console = Console()
    held = console.open(proposal(silent))
    console.submit(Release(association=held))
    console.submit(StopListening(listener=0))
    breaking(console)
    console.close()
    assert console.of(AssociationNotice, lambda n: n.association == held and n.outcome is not None)


def test_a_listener_that_was_being_stopped_is_not_brought_back(console: Console, silent: Any) -> None:
    listener = console.listen()
    loop: Any = console.engine._context.loop
    entered, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        go_on.wait()

    loop.call_soon_threadsafe(hold)
    entered.wait()
    console.submit(StopListening(listener=listener.listener))
    selector_fails(console)
    go_on.set()
    replaced(console)
    told = console.wait(ListenerNotice, lambda n: n.listener == listener.listener and not n.listening)
    assert "topped listening" in told.sentence
    assert console.listen().listening
