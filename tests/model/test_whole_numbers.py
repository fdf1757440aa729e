"""Whole numbers out of text: what counts as one, and what has no measure."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.emulation_options import failing, retries
from engine.cli.options import free_port, how_many, length, port, times
from engine.cli.policy_options import count
from engine.cli.storing import positive
from engine.model.whole_numbers import whole_number
from engine.standard.print_attributes import BY_KEYWORD
from engine.workspace.errors import ValueProblem
from engine.workspace.extended_text import information_of
from engine.workspace.matching_values import problem
from engine.workspace.print_settings import print_value_error

STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
ENDLESS = "9" * 5000
"""More digits than `int` reads."""


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 3))
def test_digits_are_read_with_zeros_in_front_too(number: int, zeros: int) -> None:
    assert whole_number("0" * zeros + str(number)) == number


@given(st.text())
def test_any_text_is_a_number_or_none(text: str) -> None:
    number = whole_number(text)
    assert number is None or int(text) == number


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "+1", " 1", "1_0", "1.0", ENDLESS, "4294967296"])
def test_what_is_none_or_beyond_measure(text: str) -> None:
    assert whole_number(text) is None


def test_the_most_is_the_callers() -> None:
    assert (whole_number("255", 255), whole_number("256", 255), whole_number("0" * 5000 + "7", 9)) == (255, None, 7)


@pytest.mark.parametrize("kind", [port, free_port, length, how_many, times, count, positive, failing, retries])
@pytest.mark.parametrize("text", [ENDLESS, "²"])
def test_command_line_arguments_are_told_in_a_sentence(kind, text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not"):
        kind(text)


@pytest.mark.parametrize("text", [ENDLESS, "²", "0"])
def test_a_number_of_copies_that_is_none_is_told(text: str) -> None:
    assert print_value_error(BY_KEYWORD["NumberOfCopies"], text) == "A whole number from 1 to 2147483647 is wanted."


@pytest.mark.parametrize("text", [ENDLESS, "²", "256"])
def test_an_option_of_extended_negotiation_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueProblem, match="NUMBER, up to 255"):
        information_of(STUDY_FIND, f"relational={text}")


@pytest.mark.parametrize("text", ["20260131-²²²²", f"20260131-{ENDLESS}", "²²²²0131"])
def test_a_date_to_match_that_is_none_is_told(text: str) -> None:
    for vr in ("DA", "DT"):
        assert problem(vr, text)
