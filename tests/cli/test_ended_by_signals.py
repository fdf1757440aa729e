"""`listen` ended from outside: by a service manager, by a terminal that is closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.services.responses import response_to
from engine.wire.datasets import encode_dataset
from tests.runtime.console import IMPLICIT, keys, write_instances
from tests.runtime.scripted import Conversation, scripted

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a process cannot be asked to end there")
RUN = "import sys; from engine.cli import run; sys.exit(run(sys.argv[1:]))"
CODE = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); {RUN}"
"""Whatever the tests themselves were started with."""
LISTEN = (sys.executable, "-c", CODE, "listen", "--port", "0")
IGNORING = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
STOPPING = """
import sys
from engine.runtime.engine import Engine
stop = Engine.stop
Engine.stop = lambda engine: (print("stopping", file=sys.stderr, flush=True), stop(engine))[1]
"""
"""Says when nothing but the release of its associations is waited for."""
SECONDS = 30


@contextmanager
def listening(code: str = CODE) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its port, when it can be ended."""
    command = [sys.executable, "-c", code, *LISTEN[3:]]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            process.stdout.readline()  # how it is ended: from here on it can be
            yield process, said.partition(" port ")[2].partition(":")[0]
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_it_stops_listening_in_order(name: str) -> None:
    with listening() as (process, _):
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=SECONDS)
    assert out.splitlines()[-1] == "Stopped listening."
    assert (err, process.returncode) == ("", Exit.SUCCESS)


def test_a_store_tells_what_came_of_it_although_the_peer_answers_no_more(tmp_path: Path) -> None:
    answered = threading.Event()

    def script(c: Conversation) -> None:
        c.accept()
        context, request = c.read_command()
        c.send(c.message(context, response_to(request, 0)))
        c.read_command()
        answered.set()
        c.wait_closed()

    folder, rest = tmp_path / "study", tmp_path / "rest"
    folder.mkdir()
    files = write_instances(folder, 3)
    impatient = "import engine.cli.driver; engine.cli.driver.PATIENCE = 0.5; "
    with scripted(script) as peer:
        command = [sys.executable, "-c", impatient + RUN, "store", peer.host, str(peer.port), str(folder)]
        with subprocess.Popen([*command, "--rest", str(rest)], stdout=PIPE, stderr=PIPE, text=True) as process:
            assert answered.wait(SECONDS)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == Exit.INTERRUPTED
    assert "1 of 3 files stored" in out + err
    assert sorted(rest.read_text().splitlines()) == sorted(map(str, files[1:]))


def test_a_peer_that_never_heeds_the_cancel_is_left(tmp_path: Path) -> None:
    """However quickly one response follows the other."""
    begun = threading.Event()

    def script(c: Conversation) -> None:
        c.accept()
        context, request = c.read_command()
        match = encode_dataset(keys(PatientID="1"), IMPLICIT)
        pending = c.message(context, response_to(request, 0xFF00).with_values(CommandDataSetType=1), match)
        while not c.over.wait(0.001):
            c.send(pending * 5)
            begun.set()

    hasty = "import engine.cli.driver; engine.cli.driver.LONGEST = 1.0; "
    with scripted(script) as peer:
        command = [sys.executable, "-c", hasty + RUN, "find", peer.host, str(peer.port), "-k", "PatientID"]
        with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
            assert begun.wait(SECONDS)
            process.send_signal(signal.SIGTERM)
            try:
                out, err = process.communicate(timeout=SECONDS)
            finally:
                process.kill()
    assert process.returncode == Exit.INTERRUPTED
    assert "aborted by us" in out + err


def test_what_is_done_is_told_although_the_peer_does_not_answer_the_release() -> None:
    released = threading.Event()

    def script(c: Conversation) -> None:
        c.accept()
        context, request = c.read_command()
        c.send(c.message(context, response_to(request, 0)))
        c.read_pdu()
        released.set()
        c.wait_closed()

    with scripted(script) as peer:
        command = [sys.executable, "-c", STOPPING + RUN, "echo", peer.host, str(peer.port)]
        with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
            assert process.stderr is not None
            assert released.wait(SECONDS)
            assert process.stderr.readline() == "stopping\n"
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=SECONDS)
    assert "0000H Success" in out
    assert (err, process.returncode) == ("", Exit.SUCCESS)


def test_who_was_told_to_ignore_the_end_of_the_terminal_goes_on() -> None:
    with listening(IGNORING + RUN) as (process, port):
        process.send_signal(signal.SIGHUP)
        assert main(["echo", "127.0.0.1", port]) == Exit.SUCCESS
        process.send_signal(signal.SIGTERM)
        assert "Stopped listening." in process.communicate(timeout=SECONDS)[0]
    assert process.returncode == Exit.SUCCESS


def test_a_terminal_that_is_closed_ends_it_without_a_traceback(tmp_path: Path) -> None:
    """Nothing can be printed any more: that is said where standard error is a file."""
    leader = "import os, fcntl, termios; os.setsid(); fcntl.ioctl(1, termios.TIOCSCTTY, 0); "
    ours, theirs = os.openpty()
    with (tmp_path / "err").open("w") as err, os.fdopen(ours, "rb", buffering=0) as terminal:
        command = [sys.executable, "-c", leader + CODE, *LISTEN[3:]]
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=err) as process:
            os.close(theirs)
            said = b""
            while b"Ctrl-C ends" not in said:
                said += terminal.read(1024)
            terminal.close()
            try:
                assert process.wait(SECONDS) in (Exit.SUCCESS, Exit.FAILURE)
            finally:
                process.kill()
    told = (tmp_path / "err").read_text()
    assert "Traceback" not in told and "defect" not in told.lower()
    assert told == "" or told.startswith("Standard output cannot be written any more")
