"""Every row of the benchmarks runs and is printed; how quick anything is, is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.encaps import generate_fragments

from tests.bench.__main__ import HUGE, _measure
from tests.bench.files import LeftOutError, make_files, write_file
from tests.bench.rows import OURS, ROWS, Bench

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
        if row["row"].endswith("-disk") and "left_out" in row:  # there is none
            continue
        assert row["name"] in done.stdout
        assert row["rates"][OURS] > 0


def test_cost_is_measured_against_size(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    names = ["echo", "eight"]
    command = [sys.executable, "-m", "tests.bench", *names, "--quick", "--growth", "--json", str(told)]
    done = subprocess.run([*command, "--folder", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(told.read_text())["rows"]
    assert [r["row"] for r in rows] == names
    for row in rows:
        assert [s["work"] for s in row["sizes"]] == sorted(s["work"] for s in row["sizes"])
        assert all(s["seconds"] > 0 and s["rss"] > 0 for s in row["sizes"])


def test_a_file_there_is_no_room_for_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LeftOutError, match="name another place with --folder"):
        make_files(tmp_path, 1, 1 << 60)
    assert not list(tmp_path.iterdir())


def test_rows_without_their_peer_are_left_out_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.bench.table.tool_path", lambda name: None)
    bench = Bench(tmp_path, None, scale=0.001)
    rows = (
        "storescp",
        "echo-storescp",
        "orthanc",
        "orthanc4",
        "echo-orthanc",
        "receive-dcmsend",
        "from-dcmsend",
        "tls-echo",
    )
    told = [_measure(name, bench, 1) for name in rows]
    assert [row["row"] for row in told if "is not installed" in str(row["left_out"])] == list(rows)
    assert "echo-orthanc\n    not measured: Orthanc is not installed" in capsys.readouterr().out
    assert "echoscu" not in _measure("cli", bench, 1)["rates"]


def test_what_an_element_cannot_hold_goes_in_fragments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.files.LARGEST", 4096)
    monkeypatch.setattr("tests.bench.files.FRAGMENT", 5000)
    write_file(tmp_path / "large.dcm", 1, 20_000)
    read = dcmread(tmp_path / "large.dcm")
    fragments = list(generate_fragments(read.PixelData))
    assert [len(f) for f in fragments[1:]] == [5000, 5000, 5000, sum(map(len, fragments)) - 15_000]
