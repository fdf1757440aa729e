"""Writes engine/trace/redaction/words.py: the words of the program's own sentences, which redacted exports let through.

To be run when sentences change (a test says so), and its difference to be read: a word that is missing is only left out
of what is told, one that could be somebody's name does not belong there (NAMES).
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "engine" / "trace" / "redaction" / "words.py"
SOURCES = ("engine", "gui/models")
NAMES = frozenset(
    {
        "BLACK",
        "Black",
        "Brown",
        "Cloud",
        "Gray",
        "Head",
        "LIN",
        "Lin",
        "Lock",
        "Long",
        "Mark",
        "Marks",
        "May",
        "Nagle's",
        "Page",
        "Rose",
        "Samsung",
        "Stone",
        "WHITE",
        "White",
        "Will",
        "Young",
    }
)
_WORD = re.compile(r"[A-Za-z][A-Za-z]*(?:['’-][A-Za-z]+)*")
_HEAD = '''"""The words of the program's own sentences: what redacted exports let through.

Written by packaging/sentence_words.py.
"""

from __future__ import annotations

_WORDS = """
'''


def texts(path: Path) -> Iterator[str]:
    """Texts of a module with a space in them, and those of the Standard's tables; no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in passed else None
        if isinstance(text, str) and " " in text:
            yield text


def words() -> set[str]:
    """All of them."""
    sys.path.insert(0, str(PROJECT))
    from engine.model.notice_words import AssociationPhase, Cause, Outcome, StepState
    from engine.model.storing import FileState
    from engine.standard.dictionary import uid_entries
    from engine.standard.messages import MESSAGES

    found = {m.name for m in MESSAGES.values()} | {m.service for m in MESSAGES.values()}
    said = [
        text
        for folder in SOURCES
        for path in sorted((PROJECT / folder).rglob("*.py"))
        if path != PAGE
        for text in texts(path)
    ]
    said += [e.name for e in uid_entries().values() if e.type in ("SOP Class", "Meta SOP Class", "Transfer Syntax")]
    said += [e.value for enum in (AssociationPhase, Cause, Outcome, StepState, FileState) for e in enum]
    for text in said:
        for piece in text.split():
            core = piece.strip("()[]{}“”‘’\"'<>,.;:!?…")
            found |= {part for part in (core, *core.split("/")) if _WORD.fullmatch(part)}
    return found - NAMES


def page() -> str:
    """What the module is to hold."""
    lines = textwrap.wrap(" ".join(sorted(words())), 116, break_long_words=False, break_on_hyphens=False)
    return _HEAD + "".join(f"{line}\n" for line in lines) + '"""\n\nWORDS = frozenset(_WORDS.split())\n'


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
