"""Whose failure it is: the network's where the socket was asked, the user's where a value was read, else a defect."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import Timeouts
from engine.model.commands import Abort, OneShot, StopListening
from engine.model.notices import AssociationNotice, ErrorNotice, ListenerNotice, Outcome, StatusNotice
from engine.model.reading import hindrance
from engine.protocol.upper_layer import UpperLayer
from engine.runtime import listener as listener_module
from engine.runtime.life import Life
from engine.runtime.link import Link
from engine.runtime.messages import Messages
from engine.runtime.pipeline import Pipeline
from engine.runtime.recorder import Recorder
from tests.runtime.console import VERIFICATION, Console, echo_rq, policy, proposal
from tests.runtime.scripted import calling
from tests.runtime.test_defects_within import fails, once, shot, told

DEFECT = "An unexpected error of the console itself"


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device", "DOE^JOHN")


@pytest.mark.parametrize("where", [(Messages, "receive"), (Recorder, "data"), (UpperLayer, "received")])
def test_an_oserror_of_ours_is_no_broken_connection(
    where: tuple[type, str], console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = console.listen()
    with monkeypatch.context() as broken:
        broken.setattr(*where, no_space)
        command = shot(console, listener)
        console.run(command)
        told(console)
        console.wait(AssociationNotice, lambda n: DEFECT in n.sentence and n.outcome is Outcome.ABORTED)
    assert not [n.sentence for n in console.of(AssociationNotice) if "No space" in n.sentence]
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_an_oserror_of_ours_at_the_begin_of_a_connection(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen()
    with monkeypatch.context() as broken:
        broken.setattr(Link, "secured", no_space)
        command = shot(console, listener)
        console.run(command)
        told(console)
        sentence = console.ended(command.association).sentence
    assert DEFECT in sentence, sentence
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_a_text_error_of_ours_is_not_told_as_a_wrong_value(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_text(*_: Any) -> Any:
        return b"\xff".decode()

    held = console.open(proposal(console.listen()))
    with monkeypatch.context() as broken:
        broken.setattr(UpperLayer, "request", no_text)
        console.submit(Abort(association=held))
        found = console.wait(ErrorNotice, lambda n: n.report)
        console.wait(ErrorNotice, lambda n: n.sentence.startswith("Nothing was done"))
    assert "UnicodeDecodeError" in found.report and not [n for n in console.of(ErrorNotice) if "codec" in n.sentence]
    console.submit(Abort(association=held, source=300))
    assert "holds 0 to 255" in console.wait(ErrorNotice, lambda n: "A-ABORT" in n.sentence).sentence
    console.submit(Abort(association=held))
    console.ended(held)


def _fail(error: Exception) -> None:
    raise error


def test_what_hinders_is_told_in_words() -> None:
    def met(act: Callable[[], object]) -> str:
        with pytest.raises((ValueError, OSError)) as raised:
            act()
        return hindrance(raised.value)

    assert met(b"DOE\xff".decode) == "it is no UTF-8 from byte 4 on"
    assert met("DOE\ud800".encode) == "character 4 of the text cannot be written"
    assert met(lambda: ("a" * 70 + ".example").encode("idna")).startswith("a part of it, between two dots, is empty")
    said = met(partial(_fail, UnicodeEncodeError("idna", "..x", 0, 1, "label empty")))  # as CPython 3.13 has it
    assert said.startswith("a part of it, between two dots, is empty")
    assert met(lambda: Path("/nowhere/at/all").read_bytes()) == "No such file or directory"
    assert met(lambda: int("x")).startswith("invalid literal")


@pytest.mark.parametrize("host", ["..x", "a" * 70 + ".example"])
def test_a_host_no_name_can_have_is_told_in_words(host: str, console: Console) -> None:
    class Where:
        ae_title, port = "PEER", 104

    where = Where()
    where.host = host  # type: ignore[attr-defined]
    sentence = console.run(shot(console, where)).sentence
    assert "codec" not in sentence and "between two dots" in sentence


# --- the innermost nets ---------------------------------------------------------------------------------------------

ERRORS = [KeyError, MemoryError, RecursionError, StopIteration]


@pytest.mark.parametrize("error", ERRORS)
def test_a_command_that_cannot_even_be_refused_has_its_end(
    error: type[Exception], console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = console.listen()
    with monkeypatch.context() as broken:
        broken.setattr(Life, "_take", once(Life._take))
        broken.setattr(type(console.engine._context), "notify", fails(error))
        command = shot(console, listener)
        assert console.run(command).outcome is Outcome.NOT_SENT
    assert console.echo(listener).outcome is Outcome.SUCCESS


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("method", ["_answered", "_go_on", "_take", "_number"])
def test_a_shot_has_its_end_whatever_is_raised(
    method: str, error: type[Exception], console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = console.listen()
    whole = getattr(Pipeline, method)
    calls = 0

    def later(*args: Any, **options: Any) -> Any:
        """The first time may be before anything is under way."""
        nonlocal calls
        calls += 1
        if calls == 2:
            raise error("DOE^JOHN")
        return whole(*args, **options)

    with monkeypatch.context() as broken:
        broken.setattr(Pipeline, method, later)
        command = OneShot(
            association=console.new_id(),
            operation=console.new_id(),
            proposal=proposal(listener),
            messages=tuple(echo_rq() for _ in range(4)),
        )
        console.run(command)
        console.ended(command.association)
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_the_shot_that_is_left_ends_with_the_association_of_two(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect keeps the second from taking what comes; the first has come to its end."""
    held = console.open(proposal(console.listen()))
    first, second = console.new_id(), console.new_id()
    whole, lost = Pipeline._take, threading.Event()

    def take(self: Pipeline, *got: Any) -> None:
        if self._operation.number == first:
            whole(self, *got)
        else:
            lost.set()

    def begin() -> None:
        association = console.engine._context.associations[held]
        dispatcher: Any = getattr(console.engine._life, "dispatcher", None)
        for number, count in ((first, 2), (second, 9)):
            messages = tuple(echo_rq() for _ in range(count))
            asked = OneShot(association=held, operation=number, proposal=proposal(listener), messages=messages)
            operation = dispatcher.operations.begin(number, held)
            dispatcher._start(operation, Pipeline(association, operation, asked).run(), "C-ECHO")

    listener = console.listen()
    monkeypatch.setattr(Pipeline, "_take", take)
    console.engine._context.loop.call_soon_threadsafe(begin)
    assert console.status(first).outcome is Outcome.SUCCESS
    assert lost.wait(30)
    console.submit(Abort(association=held))
    assert console.status(second).outcome is Outcome.ABORTED
    console.ended(held)
    assert len(console.of(StatusNotice)) == 2


@pytest.mark.parametrize("error", ERRORS)
def test_the_association_ends_where_its_time_is_up_and_that_fails(
    error: type[Exception], console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = console.listen(policy=policy(timeouts=Timeouts(artim=0.05)))
    with monkeypatch.context() as broken:
        broken.setattr(UpperLayer, "handle_timeout", fails(error))
        with calling(listener.port) as peer, suppress(ConnectionResetError):
            assert peer.read_pdu() == b""
        told(console)
        ended = console.wait(AssociationNotice, lambda n: n.outcome is not None)
    assert DEFECT in ended.sentence
    assert console.echo(listener).outcome is Outcome.SUCCESS


# --- the end --------------------------------------------------------------------------------------------------------


def test_a_peer_that_does_not_answer_a_release_keeps_no_listener(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the engine, which gives associations that it opened itself longer."""
    monkeypatch.setattr(listener_module, "LEAVING", 0.01)
    listener = console.listen()
    with calling(listener.port, VERIFICATION) as peer:
        console.submit(StopListening(listener=listener.listener))
        assert [peer.read_pdu()[0] for _ in range(2)] == [5, 7]
        console.wait(ListenerNotice, lambda n: not n.listening)
