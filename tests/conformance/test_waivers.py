"""Which waiver covers a finding."""

from __future__ import annotations

import pytest

from engine.conformance.waivers import Waiver, check_waiver, waiver_for

FOR_ALL = Waiver("pdata.odd-fragment", "known from many devices")
FOR_ONE = Waiver("pdata.odd-fragment", "ticket 17", "ARCHIVE")


@pytest.mark.parametrize("waivers", [(FOR_ALL, FOR_ONE), (FOR_ONE, FOR_ALL)])
def test_the_peer_s_own_waiver_comes_first(waivers: tuple[Waiver, ...]) -> None:
    assert waiver_for("pdata.odd-fragment", "ARCHIVE", waivers) is FOR_ONE
    assert waiver_for("pdata.odd-fragment", "ARCHIVE  ", waivers) is FOR_ONE
    assert waiver_for("pdata.odd-fragment", "archive", waivers) is FOR_ALL


def test_nothing_else_is_waived() -> None:
    assert waiver_for("pdata.split", "ARCHIVE", (FOR_ALL, FOR_ONE)) is None
    assert waiver_for("pdata.odd-fragment", "OTHER", (FOR_ONE,)) is None
    assert waiver_for("pdata.odd-fragment", "", (FOR_ONE,)) is None
    assert waiver_for("pdata.odd-fragment", "ARCHIVE", ()) is None


@pytest.mark.parametrize(
    ("waiver", "words"),
    [
        (Waiver("pdata.unknown", "why"), "no rule"),
        (Waiver("pdata.split", "  "), "reason"),
        (Waiver("pdata.split", "why", "A" * 17), "16 characters"),
    ],
)
def test_a_waiver_that_cannot_stand(waiver: Waiver, words: str) -> None:
    assert words in (check_waiver(waiver) or "")


def test_waivers_that_can_stand() -> None:
    assert check_waiver(FOR_ALL) is None
    assert check_waiver(FOR_ONE) is None
