"""What a check says: one finding for each departure from the Standard."""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace

from engine.model.notices import Evidence
from engine.standard.lean import dataclass
from engine.standard.pdus import Layout

from .rules import RULES


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure. rule: key of `RULES`. severity: "error", "warning" or "info". clause: where the Standard says so.

    tag: the command element it is about, if it is about one; index: that element's position in the command set, None
    when it is missing. item: the item of an association PDU it is about, or that PDU.
    """

    rule: str
    severity: str
    sentence: str
    clause: str
    evidence: Evidence = field(default_factory=Evidence)
    tag: int | None = None
    index: int | None = None
    item: Layout | None = field(default=None, repr=False, compare=False)


NOWHERE = Evidence()
TOLD_SINGLY = 3
"""Cases of one rule in one PDU told each for itself; of more (an odd byte in each of 128 contexts) the first is."""


def condensed(findings: list[Finding], where: str = "PDU") -> list[Finding]:
    """The findings about one PDU or message, with the many cases of a rule as one."""
    cases = Counter(finding.rule for finding in findings)
    told: list[Finding] = []
    for finding in findings:
        count = cases[finding.rule]
        if count <= TOLD_SINGLY:
            told.append(finding)
        elif all(finding.rule != other.rule for other in told):
            sentence = f"{finding.sentence} So it is in {count} places of the {where}."
            told.append(replace(finding, sentence=sentence))
    return told


def found(
    rule: str,
    sentence: str,
    *,
    clause: str = "",
    evidence: Evidence = NOWHERE,
    tag: int | None = None,
    index: int | None = None,
    severity: str = "",
    item: Layout | None = None,
) -> Finding:
    """A finding of a rule; severity and clause are the rule's unless this case has its own."""
    row = RULES[rule]
    return Finding(rule, severity or row.severity, sentence, clause or row.clause, evidence, tag, index, item)
