"""The floors of ARCHITECTURE.md hold: each imports only lower ones, and the command line lives without Qt."""

from __future__ import annotations

import ast
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
