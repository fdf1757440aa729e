"""What the C library keeps of freed memory is given back once the engine is at rest."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from engine.runtime import freed_memory
from engine.runtime.freed_memory import KEPT, MANY, QUIET, Rest

ROOT = Path(__file__).parents[2]
BUSY, CALM = 0.5, 0.001


def given(*spent: float) -> list[int]:
    """After which of these beats it gives back; spent: seconds of processor time before each."""
    clock, beat, told = 0.0, 0, []
    rest = Rest(lambda: clock, lambda: told.append(beat))
    for beat, seconds in enumerate(spent, 1):  # noqa: B007 - told above
        clock += seconds
        rest.beat()
    return told


def test_it_gives_back_once_after_work() -> None:
    assert given(*(CALM,) * 50) == []
    assert given(BUSY, *(CALM,) * 50) == [1 + QUIET]
    assert given(BUSY, *(CALM,) * 50, BUSY, *(CALM,) * 50) == [1 + QUIET, 52 + QUIET]


def test_work_again_and_again_is_no_rest() -> None:
    assert given(*(BUSY, *(CALM,) * (QUIET - 1)) * 10) == []


def test_giving_back_is_no_work() -> None:
    clock = BUSY
    count = 0

    def act() -> None:
        nonlocal clock, count
        clock, count = clock + BUSY, count + 1

    rest = Rest(lambda: clock, act)
    for _ in range(10 * QUIET):
        rest.beat()
    assert count == 1


@pytest.mark.parametrize(("pieces", "looked_through"), [(MANY, True), (MANY + 1, False)])
def test_areas_in_many_pieces_are_not_held_up(
    monkeypatch: pytest.MonkeyPatch, pieces: int, looked_through: bool
) -> None:
    library = Mock()
    library.mallinfo.return_value.ordblks = pieces
    monkeypatch.setattr(freed_memory, "_library", lambda: library)
    freed_memory.give_back()
    assert library.malloc_trim.called is looked_through
    trim_threshold = [value for parameter, value in (c.args for c in library.mallopt.call_args_list) if parameter == -1]
    assert trim_threshold == [128 * 1024, 2 * KEPT]


WORK = """
import threading, time
from engine.runtime import freed_memory, pulse
from engine.runtime.engine import Engine
from tests.bench.endurance.held import resident

pulse.BEAT = 0.05
before = resident()
done = threading.Event()
most = [0.0]

def work():
    pieces = [b"x" * 100_000 for _ in range(280)]
    most[0] = resident()
    end = time.thread_time() + 0.05
    while time.thread_time() < end:
        pass
    del pieces
    done.set()

with_engine = Engine()
with_engine.start()
assert with_engine._life._call(work)
assert done.wait(30)
assert most[0] - before > 25, (before, most)
deadline = time.monotonic() + 30
while resident() - before > 12:
    assert time.monotonic() < deadline, (before, most, resident())
    time.sleep(0.02)
with_engine.stop()
"""


def _has_glibc() -> bool:
    try:
        return bool(ctypes.CDLL(None).malloc_trim)
    except (OSError, AttributeError, TypeError):
        return False


@pytest.mark.skipif(not _has_glibc(), reason="another C library keeps memory in its own way")
def test_an_engine_at_rest_holds_no_freed_payloads() -> None:
    done = subprocess.run([sys.executable, "-c", WORK], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
