"""The page of the rules is what packaging/rules_page.py writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    script = PROJECT / "packaging" / "rules_page.py"
    result = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert result.returncode == 0, f"run {script.relative_to(PROJECT)}\n{result.stderr}"
