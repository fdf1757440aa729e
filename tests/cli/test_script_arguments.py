"""`listen --script` and `--deviate`, as a shell user runs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.listener_options import listener_settings
from engine.cli.main import build_parser, main
from engine.model.commands import Listen
from engine.model.faults import Phase
from engine.model.notices import ListenerNotice
from engine.runtime.engine import Engine
from engine.workspace.workspace import Workspace


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path / "workspace"))


@pytest.fixture
def port() -> Iterator[str]:
    with Engine() as engine:
        engine.submit(Listen(listener=engine.new_id()))
        while not (listening := [n for n in engine.drain_wait(10) if isinstance(n, ListenerNotice)]):
            pass
        yield str(listening[0].port)


def test_a_fault_of_ours_is_told_and_carried_out(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "127.0.0.1", port, "--deviate", "abort-after"]) == Exit.ABORTED
    said = capsys.readouterr().out
    assert "Script rule 1 applies to the C-ECHO request: abort-after." in said


def test_a_script_file_of_ours_in_json_lines(port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "late.toml"
    path.write_text('title = "Late"\n[[rule]]\nphase = "association"\nthen = ["no-version", "unknown-items"]\n')
    assert main(["echo", "127.0.0.1", port, "--json", "--deviate", str(path)]) == Exit.SUCCESS
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = [line for line in lines if line["kind"] == "script"]
    assert (told["script"], told["rule"], told["phase"]) == ("Late", 1, "association")
    assert told["faults"] == ["no-version", "unknown-items"]


def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('[[rule]]\nthen = ["half-then-silenc"]\n')
    assert main(["echo", "127.0.0.1", "104", "--deviate", str(path)]) == Exit.USAGE
    said = capsys.readouterr().err
    assert f"{path}, line 2" in said
    assert "half-then-silence" in said


def test_an_unknown_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["listen", "--script", "terse-stor"]) == Exit.USAGE
    assert "did you mean terse-store" in capsys.readouterr().err


def test_the_listener_gets_the_script() -> None:
    args = build_parser().parse_args(["listen", "--script", "terse-store"])
    _, _, settings = listener_settings(args, Workspace())
    assert settings.script is not None
    assert settings.script.rules[0].phase is Phase.RESPONSE
    args = build_parser().parse_args(["listen"])
    assert listener_settings(args, Workspace())[2].script is None
