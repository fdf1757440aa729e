"""The second face: the same engine without a window."""

from __future__ import annotations

__all__ = ["main"]

INTERRUPTED = 130
"""`exits.Exit.INTERRUPTED`, which cannot be imported before it may be needed."""


def main(argv: list[str] | None = None) -> int:
    """Run a command of the command line; returns its exit code."""
    try:
        from .main import main as run

        return run(argv)
    except KeyboardInterrupt:  # while the imports were under way
        return INTERRUPTED
