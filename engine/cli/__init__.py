"""The second face: the same engine without a window.

- how a command runs: main, command_line, loading, driver, output, telling, judging, exits
- commands: operations, sending, queries, matches, storing, serving, decoding
- procedures: procedures, modality, commitment, references, printing, ups, ups_watch
- arguments: options, negotiation_options, policy_options, tls_options, limit_options, script_options,
  listener_options, emulation_options, modality_options, ups_options, secret_files
"""

from __future__ import annotations

import sys

__all__ = ["run"]

INTERRUPTED, DEFECT = 130, 9
"""`exits.Exit.INTERRUPTED` and `.DEFECT`, which cannot be imported before they may be needed."""


def run(argv: list[str] | None = None) -> int:
    """Run a command of the command line; returns its exit code."""
    try:
        from .main import main
    except KeyboardInterrupt:
        return INTERRUPTED
    except ImportError as error:
        print(f"dimse-console cannot start: {error}. Install it again, with what it needs.", file=sys.stderr)
        return DEFECT
    try:
        return main(argv)
    except KeyboardInterrupt:  # while more was imported
        return INTERRUPTED
