"""Pipes and devices given where a file is expected: one sentence at once, whatever the option."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.trace import capture_files

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
NOWHERE = ("127.0.0.1", "1")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("send", *NOWHERE, "FILE"),
        ("print", *NOWHERE, "FILE"),
        ("store", *NOWHERE, "FILE"),
        ("commit", *NOWHERE, "FILE"),
        ("echo", *NOWHERE, "--waivers", "FILE"),
        ("echo", *NOWHERE, "--tls-ca", "FILE"),
        ("echo", *NOWHERE, "--tls-cert", "FILE"),
        ("listen", "--port", "0", "--users", "FILE"),
        ("listen", "--port", "0", "--settings", "FILE"),
        ("listen", "--port", "0", "--tls-cert", "FILE"),
    ],
    ids=lambda a: f"{a[0]} {a[-2] if a[-2].startswith('--') else 'argument'}",
)
def test_it_is_told_and_not_waited_for(
    arguments: tuple[str, ...], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pipe" if kind == "pipe" else Path("/dev/zero")
    if kind == "pipe":
        os.mkfifo(path)
    assert main([str(path) if a == "FILE" else a for a in arguments]) in (2, 3, 7)
    told = capsys.readouterr()
    assert "no regular file" in (told.out + told.err).lower()


def test_a_recording_without_end_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(capture_files, "LARGEST", 10 << 20)
    assert main(["decode", "/dev/zero"]) == 1
    assert "Cut a capture first" in capsys.readouterr().err
