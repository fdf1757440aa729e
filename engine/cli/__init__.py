"""The second face: the same engine without a window."""

from __future__ import annotations

__all__ = ["run"]

INTERRUPTED = 130
"""`exits.Exit.INTERRUPTED`, which cannot be imported before it may be needed."""


def run(argv: list[str] | None = None) -> int:
    """Run a command of the command line; returns its exit code."""
    try:
        from .main import main

        return main(argv)
    except KeyboardInterrupt:  # while the imports were under way
        return INTERRUPTED
