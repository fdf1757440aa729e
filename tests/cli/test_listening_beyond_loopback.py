"""Listening leaves loopback only where that was asked for, and then it is said plainly."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.processes import running

ROOT = Path(__file__).parents[2]
PLAIN = "ANY COMPUTER that reaches this one can connect and send data"


def other_addresses() -> list[str]:
    """Of this computer, besides loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return []
        return [a for a in (str(sock.getsockname()[0]),) if not a.startswith("127.")]


def reached(host: str, port: str) -> bool:
    try:
        with socket.create_connection((host, int(port)), timeout=5):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("asked", [(), ("--any-host",)], ids=["not asked", "asked"])
def test_the_built_in_peer(asked: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIMSE_CONSOLE_WORKSPACE", str(tmp_path))
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from engine.cli import run; sys.exit(run(sys.argv[1:]))"
    run = [sys.executable, "-u", "-c", code, "listen", "--port", "0", *asked]
    with running(run, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        port = said.split(" port ")[1].split(":")[0]
        assert main(["echo", "127.0.0.1", port]) == 0
        assert (PLAIN in said) is bool(asked)
        assert ("only programs on this computer can connect" in said) is not bool(asked)
        for address in other_addresses():
            assert reached(address, port) is bool(asked)
