"""A short run of the endurance check: the process ends where it began, and both sides count the same messages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.bench.endurance.held import OBJECTS, Held

pytestmark = pytest.mark.interop
ROOT = Path(__file__).parents[2]


def endured(tmp_path: Path, *arguments: str) -> list[dict[str, object]]:
    """The parts of a run that ended well."""
    told = tmp_path / "told.json"
    command = [sys.executable, "-m", "tests.bench.endurance", "--quiet", "--json", str(told), "--folder", str(tmp_path)]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    parts: list[dict[str, object]] = json.loads(told.read_text())["parts"]
    return parts


def test_the_engine_ends_where_it_began(tmp_path: Path) -> None:
    parts = endured(tmp_path, "--associations", "40", "--at-once", "12", "--minutes", "0.05", "--rounds", "0")
    assert len(parts) == 3
    assert [p["wrong"] for p in parts] == [[], [], []]


def test_the_window_ends_where_it_began(tmp_path: Path) -> None:
    (part,) = endured(tmp_path, "--associations", "0", "--at-once", "0", "--minutes", "0", "--rounds", "1")
    assert part["before"]["qobjects"] == part["after"]["qobjects"]  # type: ignore[index]


def held(**changes: object) -> Held:
    usual = {
        "threads": ("MainThread",),
        "descriptors": Counter({"socket": 2}),
        "temporary_files": 0,
        "engine": {"associations": 0},
        "resident": 50.0,
        "native_threads": 4,
        "allocated": 20.0,
        "blocks": 1000,
        "objects": Counter({"builtins.dict": 10}),
    }
    return Held(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"threads": ("MainThread", "lost")}, "Grown by 1 threads named lost."),
        ({"descriptors": Counter({"socket": 5})}, "Grown by 3 descriptors: socket."),
        ({"engine": {"associations": 2}}, "Grown by 2 associations of the engine."),
        ({"objects": Counter({"a.B": OBJECTS + 1})}, f"Grown by {OBJECTS + 1} objects of a.B."),
        ({"qt": Counter({"QDialog": 1})}, "Grown by 1 QObjects: QDialog."),
        ({"allocated": 23.5}, "Grown by 3.5 MB in use of the C library's memory."),
        ({"blocks": 7000}, "Grown by 6000 pieces of Python's memory."),
        ({"resident": 90.0}, "Grown by 40.0 MB of resident memory."),
    ],
)
def test_what_has_grown_is_named(changes: dict[str, object], sentence: str) -> None:
    assert held(**changes).grown(held()) == [sentence]
    assert held().grown(held(**changes)) == []
