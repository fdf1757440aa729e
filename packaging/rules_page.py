"""Writes resources/docs/conformance-rules.md from the rules of `engine.conformance`.

With ``--check`` it writes nothing and ends with 1 when the page is not up to date.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "resources" / "docs" / "conformance-rules.md"


def page() -> str:
    """The whole page."""
    sys.path.insert(0, str(PROJECT))
    from engine.conformance.rules import AREAS, RULES

    lines = [
        "# Conformance rules",
        "",
        f"Everything sent and received is judged by these {len(RULES)} rules, in both roles, live and in captures.",
        "An *error* breaks a requirement of the Standard, a *warning* a recommendation or something peers tolerate, an",
        "*info* is worth knowing. Each row says what is right; a finding says what was seen instead, and where.",
        "",
        "This page is written by `packaging/rules_page.py` from `engine/conformance/rules.py`.",
    ]
    for area, rules in groupby(RULES.values(), key=lambda rule: rule.id.partition(".")[0]):
        lines += ["", f"## {AREAS[area]}", "", "| rule | severity | what is right | clause |", "|---|---|---|---|"]
        lines += [f"| `{r.id}` | {r.severity} | {r.title} | {r.clause} |" for r in rules]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    wanted = page()
    if "--check" in arguments:
        return int(not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != wanted)
    PAGE.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
