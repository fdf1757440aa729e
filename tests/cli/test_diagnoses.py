"""What a failed command says of its likely cause, for people and for scripts."""

from __future__ import annotations

import json
import socket

import pytest

from engine.cli.main import main


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_people_are_told_cause_and_remedy(closed_port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["echo", "127.0.0.1", closed_port]) != 0
    told = capsys.readouterr().err
    assert "Diagnosis: Nothing listens at the port (PS3.8" in told
    assert "Likely cause:" in told
    assert "What to change:" in told
    assert told.count("Diagnosis:") == 1


def test_scripts_get_an_object(closed_port: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["echo", "127.0.0.1", closed_port, "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (found,) = [line for line in lines if line["kind"] == "diagnosis"]
    assert found["rule"] == "connect.refused"
    assert found["proofs"][0]["association"] == found["association"]


def test_nothing_is_diagnosed_where_nothing_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    assert "Diagnosis" not in capsys.readouterr().err
