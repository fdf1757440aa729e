"""The second face: the same engine without a window."""

from __future__ import annotations

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run a command of the command line; returns its exit code."""
    from .main import main as run

    return run(argv)
