"""The words that redacted sentences may have are those of the program's sentences as they are now."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "packaging" / "sentence_words.py"


def test_the_words_are_those_of_todays_sentences() -> None:
    """A word that is missing reads "…" in every redacted export."""
    spec = importlib.util.spec_from_file_location("sentence_words", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    current = script.page() == script.PAGE.read_text(encoding="utf-8")
    assert current, "Run packaging/sentence_words.py, and read what it changes: no name belongs there."
