"""Findings as the trace lists and counts them; a waived one is struck through and carries its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from engine.conformance.rules import RULES
from engine.conformance.waivers import Waiver
from engine.model.notices import Direction, FindingNotice
from engine.standard.clauses import titled
from engine.standard.lean import dataclass
from engine.trace.plain_text import visible

from .rows import Column
from .waiver_book import whose

SEVERITIES = ("error", "warning", "info")
SEVERITY_LOOKS = {"error": ("failure", "failure"), "warning": ("warning", "warning"), "info": ("info", "muted")}
WAIVED_LOOK = ("check", "muted")
_PLURALS = {"error": "errors", "warning": "warnings", "info": "notes"}
_SINGULARS = {"error": "error", "warning": "warning", "info": "note"}

WaiverOf = Callable[[FindingNotice], Waiver | None]
"""What waives a finding."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings of each severity there are, those waived counted for themselves."""

    errors: int = 0
    warnings: int = 0
    infos: int = 0
    waived: int = 0

    @property
    def open(self) -> int:
        """Findings that are not waived."""
        return self.errors + self.warnings + self.infos

    def of(self, severity: str) -> int:
        return {"error": self.errors, "warning": self.warnings}.get(severity, self.infos)

    @property
    def worst(self) -> str:
        """The worst severity that is not waived, "" for none."""
        return next((s for s in SEVERITIES if self.of(s)), "")

    def words(self) -> str:
        """ "2 errors, 1 note, 3 waived"."""
        parts = [counted(s, self.of(s)) for s in SEVERITIES if self.of(s)]
        return ", ".join([*parts, *([f"{self.waived} waived"] if self.waived else [])]) or "no findings"


def shown_severity(severity: str) -> str:
    """The one of `SEVERITIES` a finding is shown as."""
    return severity if severity in SEVERITIES else "info"


def tally(counts: Mapping[tuple[str, str], int], is_waived: Callable[[str], bool]) -> Tally:
    """The roll-up of findings counted by (rule, severity)."""
    found: Counter[str] = Counter()
    for (rule, severity), count in counts.items():
        found["waived" if is_waived(rule) else shown_severity(severity)] += count
    return Tally(found["error"], found["warning"], found["info"], found["waived"])


def counted(severity: str, count: int) -> str:
    """ "1 error", "3 notes"."""
    return f"{count:,} {(_SINGULARS if count == 1 else _PLURALS)[severity]}"


def finding_filter(
    text: str, severities: Collection[str], waived: bool, waiver_of: WaiverOf
) -> Callable[[FindingNotice], bool]:
    """Keeps findings of these severities with all the words somewhere in them; waived ones only if asked for."""
    words = text.lower().split()

    def keeps(f: FindingNotice) -> bool:
        waiver = waiver_of(f)
        if (waiver is not None and not waived) or (waiver is None and shown_severity(f.severity) not in severities):
            return False
        if not words:
            return True
        reason = f"waived {waiver.reason}" if waiver is not None else ""
        said = f"{f.severity} {f.direction.value} {f.rule} {f.clause} {f.sentence} {f.evidence.text} {reason}".lower()
        return all(word in said for word in words)

    return keeps


def finding_text(f: FindingNotice, waiver: Waiver | None) -> str:
    """A finding in full, a line for each thing there is to say."""
    rule = RULES.get(f.rule)
    place = " to ".join(f"{n}" for n in (f.evidence.start, f.evidence.end) if n is not None)
    seen = ", ".join(p for p in (f.evidence.text, f"bytes {place}" if place else "") if p)
    return "\n".join(
        line
        for line in (
            f"{f.severity.capitalize()}, {f.direction.value}: {f.sentence}",
            f"Rule: {rule.title} ({f.rule})" if rule is not None else f"Rule: {f.rule}",
            f"Clause: {titled(f.clause)}" if f.clause else "",
            f"Seen in: {seen}" if seen else "",
            f"Waived {whose(waiver)}: {waiver.reason}" if waiver is not None else "",
        )
        if line
    )


def findings_text(findings: Iterable[FindingNotice], found: Tally, waiver_of: WaiverOf) -> str:
    """All findings of an association for a ticket, a line each, the same ones counted; "" when there are none."""
    lines: Counter[str] = Counter()
    for f in findings:
        waiver = waiver_of(f)
        waived = f" [waived {whose(waiver)}: {waiver.reason}]" if waiver is not None else ""
        lines[f"  {f.severity}, {f.direction.value}: {f.sentence} ({f.clause}; {f.rule}){waived}"] += 1
    if not lines:
        return ""
    told = (f"{line} ×{count:,}" if count > 1 else line for line, count in lines.items())
    return "\n".join((f"Findings: {found.words()}", *map(visible, told))) + "\n"


def finding_columns(waiver_of: WaiverOf) -> tuple[Column[FindingNotice], ...]:
    """The columns of the list of findings."""

    def look(f: FindingNotice) -> tuple[str, str]:
        return WAIVED_LOOK if waiver_of(f) is not None else SEVERITY_LOOKS.get(f.severity, SEVERITY_LOOKS["info"])

    def colour(f: FindingNotice) -> str:
        return "muted" if waiver_of(f) is not None else ""

    def tip(f: FindingNotice) -> str:
        return finding_text(f, waiver_of(f))

    def copied(f: FindingNotice) -> str:
        waiver = waiver_of(f)
        return f"{f.sentence} [waived: {waiver.reason}]" if waiver is not None else f.sentence

    def waived(f: FindingNotice) -> bool:
        return waiver_of(f) is not None

    return (
        Column("Severity", lambda f: f.severity, tip, lambda f: look(f)[1], look, sample="warning", struck=waived),
        Column("", lambda f: "→" if f.direction is Direction.SENT else "←", lambda f: f.direction.value, colour,
               copy=lambda f: f.direction.value, sample="→", title_tooltip="→ sent, ← received"),
        Column("Finding", lambda f: f.sentence, tip, colour, copy=copied, sample="What is wrong in a sentence",
               weight=1, struck=waived),
        Column("Clause", lambda f: f.clause, tip, colour, sample="PS3.7 10.3.1.10", priority=1),
        Column("Rule", lambda f: f.rule, tip, colour, sample="command.usage.mandatory", priority=2),
    )  # fmt: skip
