"""The file of waivers: findings somebody has looked at and lives with, each with the reason.

One table for each: ``[[waiver]]`` with `rule` and `reason`, and `peer`, an AE title, unless it is for every peer.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.conformance.rules import RULES
from engine.conformance.waivers import Waiver, check_waiver

from .errors import ValueProblem
from .reader import Reader
from .toml_text import Table, parse, placed, read_text

Waivers = tuple[Waiver, ...]


def load_waivers(path: Path) -> Waivers:
    """The waivers of a file. Raises `WorkspaceError` with the line of what cannot stand."""
    text = read_text(path)
    table = parse(text, path)
    try:
        return read_waivers(Reader(table))
    except ValueProblem as problem:
        raise placed(problem, text, path) from None


def read_waivers(reader: Reader) -> Waivers:
    """The waivers of a file's table. Raises `ValueProblem`.

    A key nobody knows is an error: `peer` misspelt would waive a finding for every peer.
    """
    waivers = reader.each("waiver", _read)
    _all_known(reader)
    return waivers


def write_waivers(waivers: Iterable[Waiver]) -> Table:
    """The file's table."""
    return {"waiver": [{"rule": w.rule, "peer": w.peer.strip(" ") or None, "reason": w.reason} for w in waivers]}


def _read(value: Any) -> Waiver:
    reader = Reader(value)
    rule = reader.get("rule", str, "")
    if rule not in RULES:
        raise ValueProblem(f"there is no rule “{rule}”" if rule else "needs a rule", ("rule",) if rule else ())
    waiver = Waiver(rule, reader.get("reason", str, "").strip(), reader.get("peer", str, ""))
    _all_known(reader)
    problem = check_waiver(waiver)
    if problem:
        raise ValueProblem(problem[:1].lower() + problem[1:].rstrip("."), ("peer",) if waiver.reason else ("reason",))
    return waiver


def _all_known(reader: Reader) -> None:
    for key in reader.unknown:
        raise ValueProblem("is no key of this file", (key,))
