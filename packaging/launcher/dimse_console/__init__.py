"""Starts DIMSE Console: the window without a command, else the command line.

The product's import names are its folders' (``engine``, ``gui``). In a wheel they stand below ``dimse_console/app``,
in a checkout at its top, and in a frozen program inside it, so one folder on ``sys.path`` is all there is to do.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_WINDOW_OPTIONS = ("--window", "--workspace", "--theme", "--tour", "--picture", "--size")
"""What the window may be started with (`gui.app.parse`): no command begins with one of them."""


def main(argv: list[str] | None = None) -> int:
    """Run with `argv` (without the program's name; default: the process's) and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if not getattr(sys, "frozen", False):
        home = _HERE / "app" if (_HERE / "app").is_dir() else _HERE.parents[2]
        sys.path.insert(0, str(home))
    if not arguments or arguments[0].partition("=")[0] in _WINDOW_OPTIONS:
        from gui.app import main as window

        return window(arguments)
    gc.disable()  # until all is loaded (engine/cli/loading.py)
    try:
        from engine.cli import run as command

        return command(arguments)
    finally:
        gc.freeze()  # nor is it looked through when the process ends
        gc.enable()
