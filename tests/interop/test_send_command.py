"""The `send` and `get` commands against real peers, with the message files that come with the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from engine.workspace.messages import SHIPPED

Start = Callable[..., Any]


def test_the_print_files_print_a_film_on_dcmprscp(dcmprscp: Start, capsys: pytest.CaptureFixture[str]) -> None:
    peer = dcmprscp()
    names = ("1-film-session", "2-film-box", "3-image-box-grayscale", "4-print-film-box", "5-delete-film-session")
    files = [str(SHIPPED / f"print-{name}.toml") for name in names]
    called = ["--called", peer.ae_title, "--calling", "CONSOLE"]
    assert main(["send", "127.0.0.1", str(peer.port), *files, *called]) == Exit.SUCCESS
    text = capsys.readouterr().out
    assert text.count("0000H Success") == 5
    assert "5 of 5 messages sent; success." in text
