"""What a rule says, as a page to read; and the list of all rules."""

from __future__ import annotations

from html import escape
from itertools import groupby

from engine.conformance.rules import AREAS, RULES, Rule
from engine.standard.clauses import clause_title, clauses_of
from gui.theme import theme

MEANINGS = {
    "error": "breaks a requirement of the Standard",
    "warning": "departs from a recommendation, or from what peers usually put up with",
    "info": "worth knowing, nothing that a receiver may act on",
}


def _area(rule: Rule) -> str:
    return rule.id.partition(".")[0]


def rule_page(rule_id: str) -> str:
    """HTML of one rule, with its neighbours below; of all rules when there is none with this id."""
    rule = RULES.get(rule_id)
    if rule is None:
        return "".join(_table(area, tuple(rules)) for area, rules in groupby(RULES.values(), key=_area))
    near = tuple(r for r in RULES.values() if _area(r) == _area(rule) and r is not rule)
    facts = (
        *(("Clause", f"{clause} {clause_title(clause)}") for clause in clauses_of(rule.clause)),
        ("Severity", f"{rule.severity}: {MEANINGS[rule.severity]}"),
        ("Name", rule.id),
    )
    rows = "".join(f"<tr><td {_muted()}>{label}</td><td>{escape(text)}</td></tr>" for label, text in facts)
    return f"<h3>{escape(rule.title)}</h3><table cellpadding='3'>{rows}</table>{_table(_area(rule), near, 'Also: ')}"


def _muted() -> str:
    return f"style='color:{theme().color('muted').name()}; padding-right:12px'"


def _table(area: str, rules: tuple[Rule, ...], lead: str = "") -> str:
    rows = "".join(
        f"<tr><td {_muted()}>{rule.severity}</td><td style='padding-right:12px'>{escape(rule.title)}</td>"
        f"<td {_muted()}>{escape(rule.clause)}</td></tr>"
        for rule in rules
    )
    return f"<h4>{lead}{AREAS[area]}</h4><table cellspacing='0' cellpadding='2'>{rows}</table>"
