"""The engine under other versions of CPython that are installed here: what differs between them shows nowhere else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pydicom
import pytest

from engine.cli.exits import Exit
from tests.bench.files import write_file
from tests.processes import running

ROOT = Path(__file__).parents[2]
RUN = "import sys; from engine.cli import run; sys.exit(run(sys.argv[1:]))"
OTHERS = range(12, 16)
"""Minor versions of CPython 3."""
SIZES = (2_000, 300_000, 300_000, 9_000_000)
SECONDS = 60


def pythons() -> list[str]:
    """Interpreters on the search path, and beside the one that runs this."""
    found = {}
    folders = [*os.environ["PATH"].split(os.pathsep), *map(str, Path(sys.base_prefix).parent.glob("*/bin"))]
    for minor in set(OTHERS) - {sys.version_info.minor}:
        for folder in folders:
            program = Path(folder, f"python3.{minor}")
            if program.exists() and _is_one(str(program), minor):
                found[minor] = str(program)
                break
    return [found[minor] for minor in sorted(found)]


def _is_one(program: str, minor: int) -> bool:
    """Not a stand-in for one that is not installed."""
    asked = "import sys; print(sys.implementation.name, sys.version_info.minor)"
    said = subprocess.run([program, "-c", asked], capture_output=True, text=True, check=False, timeout=SECONDS)
    return said.returncode == 0 and said.stdout.split() == ["cpython", str(minor)]


@pytest.mark.skipif(os.name == "nt", reason="a process cannot be asked to end there")
@pytest.mark.parametrize("python", pythons() or [None])
def test_instances_go_both_ways(python: str | None, tmp_path: Path) -> None:
    if python is None:
        pytest.skip("no other version of CPython is installed")
    sent, held, got = (tmp_path / name for name in ("sent", "held", "got"))
    sent.mkdir()
    for number, size in enumerate(SIZES, 1):
        write_file(sent / f"{number}.dcm", number, size)
    path = os.pathsep.join((str(ROOT), str(Path(pydicom.__file__).parents[1])))
    settings = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def asked(*arguments: str) -> list[dict[str, object]]:
        command = [python, "-c", RUN, *arguments, "--json"]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=SECONDS)
        assert (done.returncode, done.stderr) == (Exit.SUCCESS, ""), done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    listen = [python, "-c", RUN, "listen", "--port", "0", "--folder", str(held)]
    with running(listen, env=settings, stdout=PIPE, stderr=PIPE) as listening:
        assert listening.stdout is not None
        port = listening.stdout.readline().partition(" port ")[2].partition(":")[0]
        listening.stdout.readline()
        assert asked("echo", "127.0.0.1", port)
        assert asked("store", "127.0.0.1", port, str(sent))
        assert asked("find", "127.0.0.1", port, "-k", "PatientID=BENCH")
        assert asked("get", "127.0.0.1", port, "-k", "StudyInstanceUID=1.2.826.0.1.3680043.8.498.1", "--to", str(got))
        listening.send_signal(signal.SIGTERM)
        _, told = listening.communicate(timeout=SECONDS)
    assert (listening.returncode, told) == (Exit.SUCCESS, "")
    assert sorted(p.stat().st_size for p in got.rglob("*.dcm")) == sorted(p.stat().st_size for p in held.glob("*.dcm"))
    assert len(list(got.rglob("*.dcm"))) == len(SIZES)
