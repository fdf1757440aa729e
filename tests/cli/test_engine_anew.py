"""A command whose engine breaks under it ends with a message and exit code 9; the built-in peer goes on listening."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from engine.cli import driver, output
from engine.cli.exits import Exit
from engine.cli.main import main
from engine.protocol.exchange import Exchange
from engine.runtime import engine as engine_module
from engine.runtime import pulse
from engine.runtime.engine import Engine
from engine.runtime.life import Life
from engine.runtime.link import Link
from engine.runtime.messages import Messages
from engine.runtime.peer_requests import PeerRequests
from engine.runtime.pulse import Pulse
from engine.services.responses import response_to
from engine.standard.pdus import ReleaseRP
from engine.trace.diagnosis.diagnoser import Diagnoser
from engine.wire.pdus import encode_pdu
from tests.runtime.scripted import Conversation, scripted
from tests.trace.test_captures import conversation, pcap

SECRET = "DOE^JOHN"


def _raise(*_: Any) -> NoReturn:
    raise OSError(9, SECRET)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[Engine]:
    """Those the command has started."""
    made: list[Engine] = []

    class Noted(Engine):
        def start(self) -> None:
            super().start()
            made.append(self)

    monkeypatch.setattr(engine_module, "Engine", Noted)
    return made


def break_for_good(engine: Engine) -> None:
    loop: Any = engine._context.loop
    loop.call_soon_threadsafe(lambda: setattr(loop._selector, "select", _raise))


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["text", "json"])
def test_a_command_ends_with_a_message(
    arguments: tuple[str, ...], engines: list[Engine], capsys: pytest.CaptureFixture[str]
) -> None:
    def script(talk: Conversation) -> None:
        talk.accept()
        talk.read_command()
        break_for_good(engines[0])
        talk.wait_closed()

    with scripted(script) as peer:
        assert main(["echo", "127.0.0.1", str(peer.port), *arguments]) == Exit.DEFECT
    out, err = capsys.readouterr()
    assert "Lost: the engine of the console itself broke" in out + err
    assert "Unexpected OSError at" in out + err
    assert SECRET not in out + err


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["text", "json"])
def test_a_command_ends_though_its_engine_is_blocked(
    arguments: tuple[str, ...],
    engines: list[Engine],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "BEAT", 0.05)
    monkeypatch.setattr(driver, "REPLACED_AFTER", 0.5)
    over = threading.Event()

    def hold_up(_patient: str) -> None:
        over.wait()

    def script(talk: Conversation) -> None:
        talk.accept()
        talk.read_command()
        engines[0]._context.loop.call_soon_threadsafe(hold_up, SECRET)
        talk.wait_closed()

    with scripted(script) as peer:
        assert main(["echo", "127.0.0.1", str(peer.port), *arguments]) == Exit.DEFECT
    over.set()
    out, err = capsys.readouterr()
    assert "The engine has not answered for" in out + err and "hold_up" in out + err
    assert "has not answered for 1 s and is replaced by a new one" in out + err
    assert "Lost: the engine of the console itself broke" in out + err
    assert SECRET not in out + err


def test_an_engine_that_was_held_up_for_a_while_is_no_defect(
    engines: list[Engine], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a machine that is busy with something else."""
    monkeypatch.setattr(pulse, "BEAT", 0.05)
    goes_on = threading.Event()
    before = driver.Driver.tell

    def tell(self: driver.Driver, notice: Any, watch: Any = None) -> None:
        before(self, notice, watch)
        if notice.kind == "listener" and notice.listening:
            engines[0]._context.loop.call_soon_threadsafe(goes_on.wait)
        elif notice.kind == "engine":
            goes_on.set()
            if notice.answers:
                raise KeyboardInterrupt

    monkeypatch.setattr(driver.Driver, "tell", tell)
    assert main(["listen", "--port", "0"]) == Exit.SUCCESS
    assert "The engine has not answered for" in capsys.readouterr().err


def test_the_built_in_peer_goes_on_listening(
    engines: list[Engine], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    broken = threading.Event()
    before = driver.Driver.tell

    def tell(self: driver.Driver, notice: Any, watch: Any = None) -> None:
        before(self, notice, watch)
        if notice.kind != "listener" or not notice.listening:
            return
        heard.append(notice.sentence)
        if not broken.is_set():
            broken.set()
            break_for_good(engines[0])
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr(driver.Driver, "tell", tell)
    assert main(["listen", "--port", "0"]) == Exit.DEFECT
    _, err = capsys.readouterr()
    assert len(heard) == 2 and heard[0] == heard[1]
    assert "is replaced by a new one" in err and SECRET not in err


@pytest.fixture
def failing() -> Callable[[], None]:
    """Fails in a thread, and while an object goes."""

    class Going:
        def __del__(self) -> None:
            raise LookupError(SECRET)

    def fail() -> None:
        thread = threading.Thread(target=_raise)
        thread.start()
        thread.join()
        Going()

    return fail


def test_what_nobody_catches_is_told_without_values(
    failing: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hooks = threading.excepthook, sys.unraisablehook

    def notices(self: driver.Driver) -> Iterator[Any]:
        failing()
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(driver.Driver, "notices", notices)
    main(["listen", "--port", "0"])
    _, err = capsys.readouterr()
    assert re.findall(r"Unexpected (\w+) at", err) == ["OSError", "LookupError"]
    assert SECRET not in err
    assert (threading.excepthook, sys.unraisablehook) == hooks


def test_a_file_nobody_thought_of_is_not_taken_for_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_argv: list[str] | None) -> int:
        raise PermissionError(13, "Permission denied", "/home/DOE^JANE/file")

    monkeypatch.setattr("engine.cli.main._run", fail)
    assert main([]) == int(Exit.DEFECT)
    told = capsys.readouterr().err
    assert "PermissionError" in told
    assert "Standard output" not in told
    assert "DOE" not in told


def echoes(talk: Conversation) -> None:
    talk.accept()
    context, request = talk.read_command()
    talk.send(talk.message(context, response_to(request, 0)))
    talk.read_pdu()
    talk.send(encode_pdu(ReleaseRP()))


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (PeerRequests, "end"),
        (Messages, "end"),
        (Exchange, "abandon"),
        (Link, "let_go"),
        (Pulse, "_answer"),
        (Life, "_beat"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_what_fails_at_an_end_keeps_nobody_waiting(
    where: type, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    right, calls = getattr(where, name), []

    def fails_once(self: Any, *given: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise RuntimeError(SECRET)
        return right(self, *given)

    monkeypatch.setattr(where, name, fails_once)

    with scripted(echoes) as peer:
        assert main(["echo", "127.0.0.1", str(peer.port), "--timeout", "10"]) in (Exit.SUCCESS, Exit.DEFECT)
    out, err = capsys.readouterr()
    assert calls
    assert SECRET not in out + err + caplog.text
    assert re.search(r"^Unexpected RuntimeError at$", err, re.MULTILINE)  # of several lines


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--json", "--redact"), ("-vv",)], ids=" ".join)
def test_what_cannot_be_told_ends_nothing(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right, calls = Diagnoser.take, []

    def fails_thrice(self: Diagnoser, notices: Any) -> Any:
        calls.append(notices)
        if len(calls) <= 3:
            raise LookupError(SECRET)
        return right(self, notices)

    monkeypatch.setattr(Diagnoser, "take", fails_thrice)
    with scripted(echoes) as peer:
        assert main(["echo", "127.0.0.1", str(peer.port), *arguments]) == Exit.DEFECT
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert err.count("could not be told, for a defect of the program itself (LookupError)") == 1
    assert "Unexpected LookupError at" in err
    if "--json" in arguments:
        kinds = [json.loads(line)["kind"] for line in out.splitlines()]
        assert {"error", "status"} <= set(kinds)
    else:
        assert "0000H Success" in out


def test_what_cannot_be_told_of_a_recording_leaves_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: Any) -> NoReturn:
        raise LookupError(SECRET)

    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(conversation()))
    monkeypatch.setattr(output, "explain_command", fails)
    assert main(["decode", str(path)]) == Exit.DEFECT
    out, err = capsys.readouterr()
    assert "Association 1: Released." in out
    assert SECRET not in out + err
