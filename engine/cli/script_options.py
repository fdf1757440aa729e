"""Arguments about departing from the Standard on purpose."""

from __future__ import annotations

import argparse

from engine.model.scripting import Script
from engine.workspace.scripts import find_script

_WHAT = "a script file, a profile that ships or a fault by name (scripted-faults.md)"


def add_script(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--script", metavar="FILE|NAME", help=f"answer with faults on purpose: {_WHAT}")


def add_deviation(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("deviations")
    group.add_argument("--deviate", metavar="FILE|NAME", help=f"depart from the Standard on purpose: {_WHAT}")


def script(args: argparse.Namespace) -> Script | None:
    """The built-in peer's script. Raises `WorkspaceError`, `ValueProblem`."""
    return find_script(args.script) if args.script else None


def deviation(args: argparse.Namespace) -> Script | None:
    """The script of our own proposal. Raises `WorkspaceError`, `ValueProblem`."""
    return find_script(args.deviate, user=True) if args.deviate else None
