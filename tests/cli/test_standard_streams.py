"""Standard streams that are full, closed or read no more."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from tests.processes import running
from tests.runtime.console import Console, policy

ROOT = Path(__file__).parents[2]


@pytest.fixture
def port() -> Iterator[str]:
    console = Console()
    yield str(console.listen(policy=policy()).port)
    console.close()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from engine.cli import run; sys.exit(run(sys.argv[1:]))", *arguments]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")
@pytest.mark.parametrize("form", ["--json", "-v", ""])
def test_a_full_disk_is_one_sentence(port: str, form: str) -> None:
    run = command("echo", "127.0.0.1", port, *filter(None, [form]))
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(run, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == Exit.FAILURE
    assert done.stderr == "Standard output cannot be written any more: No space left on device.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("echo", "127.0.0.1", "1"), Exit.CONNECTION_FAILED),
        (("send", "127.0.0.1", "1", "/missing.toml"), Exit.USAGE),
        (("echo",), Exit.USAGE),
        (("decode", "/missing.pcap"), Exit.FAILURE),
    ],
)
def test_errors_that_cannot_be_written_change_no_exit_code(asked: tuple[str, ...], code: Exit, unbuffered: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command(*asked),
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=subprocess.PIPE,
            stderr=full,
            timeout=60,
            check=False,
        )
    assert done.returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is needed")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "asked", [("--help",), ("--version",), ("find", "--help"), ("ups", "push", "--help"), ("hash", __file__)]
)
def test_help_that_cannot_be_written_is_told(asked: tuple[str, ...], unbuffered: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command(*asked),
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == Exit.FAILURE
    assert done.stderr == "Standard output cannot be written any more: No space left on device.\n"


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_change_nothing_but_what_is_seen(port: str, closed: str) -> None:
    shell = f"{shlex.join(command('echo', '127.0.0.1', port))} {closed}"
    done = subprocess.run(["sh", "-c", shell], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (Exit.SUCCESS, "")
    assert ("0000H Success" in done.stdout) is (">&-" not in closed.split())


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_reader_that_goes_away_is_one_sentence(port: str) -> None:
    run = command("echo", "127.0.0.1", port, "-vv")
    with running(run, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(60) == Exit.FAILURE
    assert err == "Standard output cannot be written any more: its reader has gone.\n"
