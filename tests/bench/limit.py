"""The C peer (peer.c) and DCMTK's loop of associations, compiled where there are a compiler and headers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("peer.c")
DCMTK_LOOP = Path(__file__).with_name("dcmtk_open.cc")
DCMTK_LIBRARIES = ("-ldcmnet", "-ldcmdata", "-loflog", "-lofstd")


def compiled(folder: Path) -> Path | None:
    """The program; None where it cannot be made (no compiler, not Linux)."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    program = folder / "peer"
    made = subprocess.run([compiler, "-O2", "-o", program, SOURCE], capture_output=True, check=False)
    return program if made.returncode == 0 else None


def compiled_loop(folder: Path) -> Path | None:
    """DCMTK's loop of associations; None without a C++ compiler or DCMTK's headers (Debian: libdcmtk-dev)."""
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        return None
    program = folder / "dcmtk_open"
    command = [compiler, "-O2", "-o", program, DCMTK_LOOP, *DCMTK_LIBRARIES]
    made = subprocess.run(command, capture_output=True, check=False)
    return program if made.returncode == 0 else None


@contextmanager
def sink(program: Path, pdu: int = 131072, matches: int = 0) -> Iterator[int]:
    """The provider that throws everything away; gives its port."""
    process = subprocess.Popen([program, "serve", str(pdu), str(matches)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()  # it ends its processes too
        process.wait()
        process.stdout.close()
