"""`listen` ended from outside: by a service manager, by a terminal that is closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a process cannot be asked to end there")
RUN = "import sys; from engine.cli import run; sys.exit(run(sys.argv[1:]))"
CODE = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); {RUN}"
"""Whatever the tests themselves were started with."""
LISTEN = (sys.executable, "-c", CODE, "listen", "--port", "0")
IGNORING = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
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
