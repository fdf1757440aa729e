"""The floors of ARCHITECTURE.md hold: each imports only lower ones, and the command line lives without Qt."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).resolve().parents[2]
FLOOR_FOLDERS = ("standard", "model", "wire", "conformance", "protocol", "services", "trace", "workspace")


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    outcome = cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert outcome == cli.EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("start", ["import engine.cli", "import engine.runtime", "import engine.trace"])
def test_engine_starts_without_qt(start: str) -> None:
    unwanted = "m.split('.')[0] in ('PySide6', 'shiboken6', 'gui')"
    program = f"import sys; {start}; print(sorted(m for m in sys.modules if {unwanted}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_there_is_no_package_named_packaging() -> None:
    """A packaging/__init__.py would shadow the distribution of that name for every tool started in the checkout."""
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_nobody_refers_to_names_of_other_packages_by_long_relative_imports() -> None:
    """Relative imports stay inside a package: ``from ..model`` would hide a crossing from the reader."""
    crossings = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in FLOOR_FOLDERS
        for path in (ROOT / "engine" / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 1 and path.parent.name == folder
    ]
    assert crossings == []


MAPPED = 12
"""Modules from which on the docstring of a package has them by what they are for."""
PACKAGES = [
    package
    for top in ("engine", "gui")
    for package in (ROOT / top, *(p.parent for p in (ROOT / top).rglob("*/__init__.py")))
    if len(list(package.glob("*.py"))) > MAPPED + 1
]


@pytest.mark.parametrize("package", PACKAGES, ids=[p.relative_to(ROOT).as_posix() for p in PACKAGES])
def test_the_map_of_a_package_has_each_of_its_modules(package: Path) -> None:
    doc = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    lines = re.findall(r"^- ((?:.|\n  )+)", doc, re.MULTILINE)
    named = [name for line in lines for part in line.split(";") for name in part.split(":")[1].split(",")]
    modules = [p.stem for p in package.glob("*.py") if p.stem != "__init__"]
    folders = [p.parent.name for p in package.glob("*/__init__.py")]
    assert sorted(name.strip() for name in named) == sorted([*modules, *folders])


def test_each_module_begins_with_what_it_is() -> None:
    modules = [path for top in ("engine", "gui") for path in (ROOT / top).rglob("*.py")]
    silent = [path for path in modules if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []
