"""Imported first by what is run by itself (benchmarks, endurance, fuzzing): ends with a sentence where the packages of
the tests are not installed."""

from __future__ import annotations

from importlib.util import find_spec

missing = [name for name in ("pydicom", "PySide6", "pynetdicom", "dpkt") if find_spec(name) is None]
if missing:
    raise SystemExit(
        f"Not installed for this Python: {', '.join(missing)}.\n"
        "    python3 packaging/test.py --set-up-only\n"
        "installs it in .venv, for .venv/bin/python."
    )
