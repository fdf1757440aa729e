"""Writes the tables of resources/docs/scripted-faults.md from the faults of `engine.model` and the shipped profiles.

With ``--check`` it writes nothing and ends with 1 when the page is not up to date. What stands above the tables is the
page's own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.model.faults import Fault

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "resources" / "docs" / "scripted-faults.md"
MARK = "<!-- From here on written by packaging/faults_page.py -->\n"
_TITLES = {
    "connection": "Of the connection and of any PDU",
    "association": "Of A-ASSOCIATE-RQ, -AC and -RJ",
    "messages": "Of messages, command sets and data sets",
    "fragments": "Of fragments and P-DATA-TF",
}


def tables() -> str:
    """Everything below the mark."""
    sys.path.insert(0, str(PROJECT))
    from engine.model import faults
    from engine.workspace.scripts import quirk_profiles

    lines = [f"## Faults\n\n{len(faults.FAULTS)} of them. Values in brackets are what stands when nothing is given."]
    for module, title in _TITLES.items():
        lines += ["", f"### {title}", "", "| fault | phases | what it does | values | clause | a right peer |"]
        lines.append("|---|---|---|---|---|---|")
        lines += [_row(fault) for fault in getattr(faults, module).ROWS]
    lines += ["", "## Profiles that ship", "", "| name | what it does | where it was met |", "|---|---|---|"]
    for profile in quirk_profiles():
        script = profile.script
        lines.append(f"| `{profile.name}` | **{script.title}.** {script.note} | {script.source} |")
    return "\n".join(lines) + "\n"


def _row(fault: Fault) -> str:
    phases = ", ".join(phase.value for phase in fault.phases)
    values = "; ".join(f"`{p.name}` {p.sentence} ({_default(p.name, p.default)})" for p in fault.parameters)
    expected = fault.expected.replace("|", "\\|")
    return f"| `{fault.name}` | {phases} | {fault.sentence} | {values} | {fault.clause} | {expected} |"


def _default(name: str, value: float | str) -> str:
    if value == "":
        return "none"
    return f"0x{value:04X}" if name in ("status", "field") and isinstance(value, int) else str(value)


def main(arguments: list[str]) -> int:
    have = PAGE.read_text(encoding="utf-8")
    wanted = have.partition(MARK)[0] + MARK + "\n" + tables()
    if "--check" in arguments:
        return int(have != wanted)
    PAGE.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
