"""Every row of the benchmarks runs and is printed; how quick anything is, is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import HUGE
from tests.bench.rows import OURS, ROWS

pytestmark = pytest.mark.interop
ROOT = Path(__file__).parents[2]


def test_every_row_runs_and_is_told(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--json", str(told), "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(told.read_text())["rows"]
    assert [r["row"] for r in rows] == [name for name in ROWS if name not in HUGE]
    for row in rows:
        assert row["name"] in done.stdout
        assert row["rates"][OURS] > 0
