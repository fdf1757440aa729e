"""How much is taken of a peer, as arguments: for a requestor, the built-in peer and recorded traffic alike."""

from __future__ import annotations

import argparse
from dataclasses import replace

from engine.model.limits import LIMITS, Limits, read_limit


def limits(text: str) -> dict[str, int]:
    """An argparse type: NAME=NUMBER of `LIMITS`, several apart by commas."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        name = name.replace("-", "_")
        row = next((r for r in LIMITS if r.name == name), None)
        if row is None:
            raise argparse.ArgumentTypeError(f"“{part}” is not NAME=NUMBER with {', '.join(r.name for r in LIMITS)}")
        try:
            found[name] = read_limit(row, number)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{name}: {error}") from None
    return found


def add_limits(group: argparse._ArgumentGroup) -> None:
    """An argument for each row of `model.limits`."""
    group.add_argument(
        "--limit",
        metavar="NAME=NUMBER[,NAME=NUMBER]",
        type=limits,
        action="append",
        default=[],
        help="what is taken of a peer at most, bytes as 64M or 2G: "
        + ", ".join(row.name for row in LIMITS)
        + " (see command-line.md); repeatable",
    )


def limited(args: argparse.Namespace, base: Limits) -> Limits:
    """What the arguments say, over `base`."""
    for given in args.limit:
        base = replace(base, **given)
    return base
