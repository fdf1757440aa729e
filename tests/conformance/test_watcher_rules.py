"""Every rule that needs a conversation: one that breaks it, one that keeps it."""

from __future__ import annotations

import pytest

from engine.conformance.rules import RULES
from tests.conformance import cases_exchange, cases_pdus, cases_workflow

CASES = {**cases_pdus.CASES, **cases_exchange.CASES, **cases_workflow.CASES}


@pytest.mark.parametrize("rule", CASES)
def test_a_conversation_that_breaks_the_rule(rule: str) -> None:
    found = [v.finding for v in CASES[rule][0]().verdicts if v.finding.rule == rule]
    assert found
    for finding in found:
        assert finding.severity == RULES[rule].severity
        assert finding.sentence.endswith("."), finding.sentence
        assert finding.clause.startswith("PS3.")


@pytest.mark.parametrize("rule", CASES)
def test_a_conversation_that_keeps_the_rule(rule: str) -> None:
    found = [v.finding.sentence for v in CASES[rule][1]().verdicts if v.finding.rule == rule]
    assert not found
