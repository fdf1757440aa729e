"""Every rule that needs a conversation: one that breaks it, one that keeps it."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pytest

from engine.conformance.message import BODY_LIMIT, INFLATED_LIMIT, MOST_READ
from engine.conformance.rules import RULES
from tests.conformance import cases_exchange, cases_pdus, cases_workflow
from tests.conformance.talk import Talk

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


@pytest.mark.parametrize("sequence", [b"", b"\x08\x00\x40\x11\xff\xff\xff\xff\xfe\xff\xdd\xe0\0\0\0\0"])
def test_an_instance_that_is_cut_is_found_but_not_one_that_is_interrupted(sequence: bytes) -> None:
    """Of the latter it has been told that another message came before it ended."""
    body = cases_pdus.INSTANCE + sequence + b"\xe0\x7f\x10\0" + (100).to_bytes(4, "little") + bytes(60)
    store, echo = cases_pdus.COMMAND, cases_pdus.requestor(cases_pdus.ECHO_PDU)

    def found(*acts: Callable[[Talk], object]) -> list[tuple[str, str]]:
        verdicts = cases_pdus.say(*acts)().verdicts
        return [(v.finding.rule, v.finding.sentence) for v in verdicts if v.finding.rule != "pdata.context"]

    said = "The Data Set is cut: (7FE0,0010) says it has 100 bytes, but only 60 follow."
    requests, pdata = cases_pdus.requestor, cases_pdus.pdata
    assert found(requests(store), requests(pdata((2, body)))) == [("data.unreadable", said)]
    assert found(requests(store), requests(pdata((2, body + bytes(40))))) == []
    interrupted = found(requests(store), requests(pdata((0, body))), echo)
    rules = [rule for rule, _ in interrupted]
    assert "pdata.interleaved" in rules and "data.unreadable" not in rules


@pytest.mark.parametrize("more", [65_600, BODY_LIMIT + 2])
def test_long_data_sets_are_judged_too(more: int) -> None:
    """What is too long to be read is looked at for where its elements end."""
    text, cut = b"\x08\0\x19\x01UT\0\0" + more.to_bytes(4, "little") + bytes(more), b"\x10\0\x10\0PN\x08\0ABC"
    read = more < BODY_LIMIT
    for end, rules in ((b"", ["data.query-level"] * read), (cut, ["data.unreadable"])):
        talk = Talk(syntax="1.2.840.10008.1.2.1")
        cases_exchange.ask(cases_exchange.FIND, text + end)(talk)
        assert [rule for rule in talk.found if rule.startswith("data.")] == rules


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
@pytest.mark.parametrize("nested", [False, True], ids=["elements", "items"])
def test_a_data_set_of_many_elements_is_not_read_but_looked_at(nested: bool, syntax: str) -> None:
    """All of it read would hold up the association; ten thousand references are no more than usual."""
    kind = b"SH\0\0" if syntax.endswith(".2.1") else bytes(4)
    item, end = b"\xfe\xff\x00\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
    sequence = b"\x08\0\x99\x11" + (b"SQ\0\0" if syntax.endswith(".2.1") else b"") + b"\xff" * 4
    cut = b"\x10\0\x10\0" + (b"PN" if syntax.endswith(".2.1") else b"") + b"\x08\0\0\0"[: 2 if kind[0] else 4]
    for count, read in ((MOST_READ - 1, True), (MOST_READ + 1, False)):
        body = sequence + item * (count - 1) + end if nested else (b"\x08\0\x60\0" + kind) * count
        for more, rules in ((b"", ["data.query-level"] * read), (cut, ["data.unreadable"])):
            talk = Talk(syntax=syntax)
            cases_exchange.ask(cases_exchange.FIND, body + more)(talk)
            told = rules if read else [*rules, "data.unjudged"]
            assert [rule for rule in talk.found if rule.startswith("data.")] == told, (count, more)


@pytest.mark.parametrize(("size", "judged"), [(INFLATED_LIMIT - 30, True), (INFLATED_LIMIT, False)])
def test_a_deflated_data_set_is_judged_as_far_as_it_is_inflated(size: int, judged: bool) -> None:
    """A few of its bytes could become so many that judging them would hold up the association."""
    text, cut = b"\x08\0\x19\x01UT\0\0" + size.to_bytes(4, "little"), b"\x10\0\x10\0PN\x08\0"
    deflater = zlib.compressobj(wbits=-15)
    talk = Talk(syntax="1.2.840.10008.1.2.1.99")
    deflated = deflater.compress(text + bytes(size) + cut) + deflater.flush()
    cases_exchange.ask(cases_exchange.FIND, deflated + bytes(len(deflated) % 2))(talk)
    assert talk.found == (["data.unreadable"] if judged else ["data.unjudged"])
