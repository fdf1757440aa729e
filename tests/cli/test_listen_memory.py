"""What `listen` has received is in its folder, and no longer in its memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.exits import Exit
from engine.cli.main import main
from tests.bench.files import write_file

LISTEN = "import sys; from engine.cli import run; sys.exit(run(sys.argv[1:]))"
FILES, TIMES, SIZE = 40, 5, 512 * 1024
LEFT = 40
"""MB more than after the first time, of the 100 that come: the C library may not have given back all that is free."""


def until(done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell in this way")
def test_listen_holds_no_instances_it_has_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, files = tmp_path / "out", tmp_path / "files"
    files.mkdir()
    for number in range(FILES):
        write_file(files / f"{number}.dcm", number, SIZE)
    command = [sys.executable, "-c", LISTEN, "listen", "--port", "0", "--folder", str(tmp_path / "received")]
    with out.open("w") as told, subprocess.Popen(command, stdout=told) as listening:

        def megabytes() -> float:
            pages = int(Path(f"/proc/{listening.pid}/statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

        try:
            until(lambda: out.read_text().count("\n") >= 2, "It listens")
            port = out.read_text().partition(" port ")[2].partition(":")[0]
            assert main(["store", "127.0.0.1", port, str(files)]) == Exit.SUCCESS
            first = megabytes()
            for _ in range(TIMES):
                assert main(["store", "127.0.0.1", port, str(files)]) == Exit.SUCCESS
            until(lambda: megabytes() < first + LEFT, f"{first:.0f} MB -> {megabytes():.0f} MB")
        finally:
            listening.send_signal(signal.SIGTERM)
    assert listening.returncode == Exit.SUCCESS
