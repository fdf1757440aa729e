"""Codes in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.standard.codes import CODES, REJECT_REASONS, abort_text, explain_code, reject_reason, rejection_text


def test_context_results() -> None:
    assert explain_code("context_result", 0) == "acceptance"
    assert explain_code("context_result", 3) == "abstract-syntax-not-supported (provider rejection)"
    assert explain_code("context_result", 9) == "unknown (9)"


def test_reserved_and_unknown_are_told_apart() -> None:
    assert explain_code("abort_reason", 3) == "reserved (3)"
    assert explain_code("abort_reason", 12) == "unknown (12)"
    assert explain_code("no such table", 1) == "unknown (1)"
    assert reject_reason(1, 5) == "reserved (5)"
    assert reject_reason(9, 1) == "unknown (1)"


def test_the_reason_of_a_rejection_depends_on_its_source() -> None:
    assert reject_reason(1, 2) == "application-context-name-not-supported"
    assert reject_reason(2, 2) == "protocol-version-not-supported"
    assert reject_reason(3, 2) == "local-limit-exceeded"


def test_control_header_bits_that_do_not_count() -> None:
    assert explain_code("message_control_header", 0x83) == explain_code("message_control_header", 3)


def test_rejection_in_words() -> None:
    text = rejection_text(1, 1, 7)
    assert "rejected-permanent" in text
    assert "called-AE-title-not-recognized" in text
    assert "result 1, source 1: DICOM UL service-user, reason 7" in text


def test_abort_in_words() -> None:
    assert "service-user" in abort_text(0, 0)
    assert "unexpected-PDU" in abort_text(2, 2)
    assert "unexpected-PDU" not in abort_text(0, 2)


def test_counts() -> None:
    assert [len(REJECT_REASONS[s]) for s in (1, 2, 3)] == [10, 2, 8]
    assert len(CODES["abort_reason"]) == 7
    assert sorted(CODES["user_identity_type"]) == [1, 2, 3, 4, 5]


@given(st.sampled_from([*CODES, "?"]), st.integers(), st.integers(), st.integers())
def test_words_never_fail(table: str, a: int, b: int, c: int) -> None:
    assert explain_code(table, a)
    assert rejection_text(a, b, c)
    assert abort_text(a, b)


@pytest.mark.parametrize("table", CODES)
def test_every_code_has_a_name(table: str) -> None:
    assert all(CODES[table].values())
