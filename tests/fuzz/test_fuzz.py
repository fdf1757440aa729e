"""A short run of every fuzzing target with the same inputs each time, and what finds them."""

from __future__ import annotations

import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path
from random import Random

import pytest

from . import __main__ as command_line
from .mutate import mutated
from .running import Probe, plain_run
from .talks import capture_of, messages_of, packed, talks, unpacked
from .target import Target
from .targets import NAMES, load

ROOT = Path(__file__).parents[2]
RUNS = 100
"""Of each target; the seeds themselves come first."""


@pytest.mark.parametrize("name", NAMES)
def test_seeds_and_their_changes_break_nothing(name: str, tmp_path: Path) -> None:
    target = load(name)
    probe = Probe(target, tmp_path)
    plain_run(probe, runs=RUNS, seconds=20.0, seed=7)
    assert not probe.faults, "\n".join(path.read_text() for path in tmp_path.glob("*.txt"))
    assert probe.executions > 20


def test_every_seed_is_real_traffic() -> None:
    found = talks()
    assert len(found) > 50
    assert all(unpacked(packed(talk)) == talk for talk in found)
    assert sum(1 for talk in found for _ in messages_of(talk)) > 100
    assert len(capture_of(found[0])) > 100


def test_what_breaks_is_kept_with_its_place_and_the_shortest_input(tmp_path: Path) -> None:
    def run(data: bytes) -> None:
        if len(data) > 2:
            raise KeyError("broken")

    probe = Probe(Target("example", run, lambda: [b"abcdef", b"abc", b"a"]), tmp_path)
    plain_run(probe, runs=3, seconds=10.0, seed=1)
    ((where, data),) = probe.faults.items()
    assert "KeyError" in where and "run" in where
    assert data == b"abc"
    (saved,) = tmp_path.glob("*.bin")
    assert saved.read_bytes() == b"abc"
    assert "broken" in saved.with_suffix(".txt").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="no timer of processor time there")
def test_an_input_that_takes_too_long_is_a_hang() -> None:
    def run(data: bytes) -> None:
        end = time.process_time() + 30
        while time.process_time() < end:
            pass

    probe = Probe(Target("example", run, lambda: [b"a"], seconds=0.5))
    plain_run(probe, runs=1, seconds=60.0, seed=1)
    assert "Hang" in next(iter(probe.faults))


def test_the_same_seed_changes_the_same() -> None:
    changed = [[mutated(b"0123456789", Random(n), b"abc", 64, text=text) for n in range(50)] for text in (False, True)]
    assert changed == [
        [mutated(b"0123456789", Random(n), b"abc", 64, text=text) for n in range(50)] for text in (False, True)
    ]
    assert len(set(changed[0])) > 40


def test_the_command_tells_executions(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.fuzz",
        "command",
        "hex",
        "--plain",
        "--runs",
        "50",
        "--folder",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 targets; faults in: none." in done.stdout
    assert "command" in done.stdout and "50 executions" in done.stdout
    assert (tmp_path / "runs.jsonl").read_text().count('"executions": 50') == 2


def test_a_process_that_just_ends_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    code = f"import os, pathlib, tempfile; pathlib.Path({str(told)!r}).write_text(tempfile.mkdtemp()); os._exit(3)"
    monkeypatch.setattr(command_line, "_again", lambda *_: [sys.executable, "-c", code])
    assert command_line._in_a_process(Namespace(), 1, "hex") == 3
    made = Path(told.read_text())
    assert made.is_absolute() and not made.exists() and not made.parent.exists()
