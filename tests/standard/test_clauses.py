"""Clauses by their titles."""

from __future__ import annotations

import pytest

from engine.conformance.rules import RULES
from engine.standard.clauses import clause_title, clauses_of, titled
from engine.standard.messages import MESSAGES


def test_a_citation_names_clauses_of_the_part_said_last() -> None:
    assert clauses_of("PS3.7 9.1, 10.1; PS3.5 6.2") == ("PS3.7 9.1", "PS3.7 10.1", "PS3.5 6.2")
    assert clauses_of("PS3.15 B.12; RFC 8996") == ("PS3.15 B.12", "RFC 8996")
    assert clauses_of("PS3.4") == ("PS3.4",)


@pytest.mark.parametrize(
    ("clause", "title"),
    [
        ("PS3.8 E.1", "Encapsulation Rules"),
        ("PS3.7 9.3.5.1", "C-ECHO Protocol"),
        ("PS3.7 D.3.3.4.2", "SCP/SCU Role Selection Negotiation"),
        ("PS3.4 F.7.2.1.2", "Modality Performed Procedure Step SOP Class"),
        ("PS3.4", "Service Class Specifications"),
        ("PS3.7 99", "Message Exchange"),
        ("RFC 5280 6.1", "Internet X.509 Public Key Infrastructure Certificate and CRL Profile"),
        ("PS3.99 1.1", ""),
        ("", ""),
    ],
)
def test_a_clause_goes_by_its_title_or_by_the_nearest_above(clause: str, title: str) -> None:
    assert clause_title(clause) == title


def test_whatever_the_rules_and_messages_cite_has_a_title() -> None:
    cited = {c for rule in RULES.values() for c in clauses_of(rule.clause)}
    cited |= {c for row in MESSAGES.values() for c in clauses_of(row.clause)}
    assert sorted(c for c in cited if not clause_title(c)) == []


def test_a_citation_with_its_titles() -> None:
    assert titled("PS3.8 E.2; PS3.7 6.3") == (
        "PS3.8 E.2 Message Control Header Encoding; PS3.7 6.3 DICOM Message Structure and Command Set"
    )
