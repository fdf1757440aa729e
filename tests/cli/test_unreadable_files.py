"""DICOM files that cannot be read end every command that would send of them with the same exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main

NOWHERE = ("127.0.0.1", "1")
OF_FILES = (
    ("store", *NOWHERE),
    ("print", *NOWHERE),
    ("commit", *NOWHERE),
    ("ian", *NOWHERE),
    ("ups", "push", *NOWHERE, "--label", "X", "--input"),
)


@pytest.mark.parametrize("kind", ["missing", "text", "folder"])
@pytest.mark.parametrize("arguments", OF_FILES, ids=lambda a: a[0])
def test_nothing_could_be_sent(
    arguments: tuple[str, ...], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / kind
    if kind == "text":
        path.write_text("none", encoding="utf-8")
    elif kind == "folder":
        path.mkdir()
    assert main([*arguments, str(path)]) == Exit.NOT_SENT
    told = capsys.readouterr()
    assert told.out + told.err


@pytest.mark.parametrize("command", ["commit", "ian"])
def test_no_files_and_lists_that_cannot_be_read_are_wrong_arguments(command: str, tmp_path: Path) -> None:
    assert main([command, *NOWHERE]) == Exit.USAGE
    assert main([command, *NOWHERE, "--references", str(tmp_path / "missing")]) == Exit.USAGE
    assert main(["send", *NOWHERE, str(tmp_path / "missing")]) == Exit.USAGE
