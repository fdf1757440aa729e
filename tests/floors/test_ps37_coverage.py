"""resources/docs/ps37-coverage.md holds: every clause has its row, and every test it names exists."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "resources" / "docs" / "ps37-coverage.md"

# The clauses of PS3.7 (2024e) in their order; "9.1.1.1.1-9" is 9.1.1.1.1 to 9.1.1.1.9.
CLAUSES = """
7.5 7.5.1 7.5.1.1 7.5.2 7.5.2.1-2 7.5.3 7.5.3.1-3
9.1
9.1.1 9.1.1.1 9.1.1.1.1-9 9.1.1.2
9.1.2 9.1.2.1 9.1.2.1.1-6 9.1.2.2
9.1.3 9.1.3.1 9.1.3.1.1-10 9.1.3.2
9.1.4 9.1.4.1 9.1.4.1.1-11 9.1.4.2
9.1.5 9.1.5.1 9.1.5.1.1-4 9.1.5.2
9.2 9.2.1-4
9.3 9.3.1 9.3.1.1-3 9.3.2 9.3.2.1-4 9.3.3 9.3.3.1-4 9.3.4 9.3.4.1-4 9.3.5 9.3.5.1-3
10.1
10.1.1 10.1.1.1 10.1.1.1.1-8 10.1.1.2
10.1.2 10.1.2.1 10.1.2.1.1-9 10.1.2.2
10.1.3 10.1.3.1 10.1.3.1.1-9 10.1.3.2
10.1.4 10.1.4.1 10.1.4.1.1-10 10.1.4.2
10.1.5 10.1.5.1 10.1.5.1.1-6 10.1.5.2
10.1.6 10.1.6.1 10.1.6.1.1-7 10.1.6.2
10.2 10.2.1-4
10.3 10.3.1 10.3.1.1-3 10.3.2 10.3.2.1-3 10.3.3 10.3.3.1-3 10.3.4 10.3.4.1-3 10.3.5 10.3.5.1-3 10.3.6 10.3.6.1-3
A A.1-2 A.2.1-2 A.3-6
C C.1 C.1.1 C.2 C.2.1 C.3 C.3.1 C.4 C.4.1-3 C.5 C.5.1-25
D D.1 D.1.1-2 D.2-3 D.3.1-3 D.3.3.1-2 D.3.3.2.1-4 D.3.3.3 D.3.3.3.1-2 D.3.3.4 D.3.3.4.1-2 D.3.3.5 D.3.3.5.1-2
D.3.3.6 D.3.3.6.1 D.3.3.7 D.3.3.7.1-3
E.1-2
F
"""
NAMED = re.compile(r"`([^`]+?\.py::[^`]+)`")


@dataclass(frozen=True)
class Row:
    clause: str
    asks: str
    user: str
    provider: str


def _clauses() -> list[str]:
    made = []
    for word in CLAUSES.split():
        stem, dot, last = word.rpartition(".")
        first, _, end = last.partition("-")
        numbers = range(int(first), int(end) + 1) if end else (last,)
        made += [f"{stem}{dot}{number}" for number in numbers]
    return made


@cache
def _rows() -> tuple[Row, ...]:
    """The page's rows, without the heads of its tables."""
    lines = (line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|"))
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return tuple(Row(*c) for c in cells if c[0] != "clause" and set("".join(c)) != {"-"})


def _named(row: Row) -> list[str]:
    return NAMED.findall(row.user) + NAMED.findall(row.provider)


@cache
def _tests_in(path: str) -> frozenset[str]:
    """Names of the tests of a file, those of classes as Class::test."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for owner in tree.body:
        if isinstance(owner, ast.ClassDef):
            found |= {f"{owner.name}::{node.name}" for node in owner.body if isinstance(node, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def test_every_clause_has_its_row_in_the_standards_order() -> None:
    assert [row.clause for row in _rows()] == _clauses()


def test_every_row_says_what_is_asked_and_names_a_test_for_each_role() -> None:
    for row in _rows():
        assert row.asks, row.clause
        for cell in (row.user, row.provider):
            rest = NAMED.sub("", cell).replace("<br>", "").strip()
            assert NAMED.search(cell), f"{row.clause} names no test in one of the roles"
            assert not rest, f"{row.clause}: {rest!r} is no test"


@pytest.mark.parametrize("path", sorted({name.split("::")[0] for row in _rows() for name in _named(row)}))
def test_every_test_named_exists(path: str) -> None:
    assert (TESTS / path).is_file()
    named = {
        name.partition("::")[2].partition("[")[0]
        for row in _rows()
        for name in _named(row)
        if name.startswith(f"{path}::")
    }
    assert named <= _tests_in(path), sorted(named - _tests_in(path))


def test_every_case_in_brackets_exists() -> None:
    cases = {name for row in _rows() for name in _named(row) if name.endswith("]")}
    files = sorted({name.split("::")[0] for name in cases})
    program = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*program, *(f"tests/{path}" for path in files)], cwd=TESTS.parent, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    collected = {line.strip().removeprefix("tests/") for line in done.stdout.splitlines()}
    assert cases <= collected, sorted(cases - collected)
