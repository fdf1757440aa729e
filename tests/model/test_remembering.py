"""What is remembered of values that come again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.model import remembering
from engine.model.remembering import by_identity, by_its_identity

Kind = Callable[[Callable[..., Any]], Callable[..., Any]]
kinds = pytest.mark.parametrize("remembered", [by_identity, by_its_identity])


@kinds
def test_the_same_object_is_not_computed_again(remembered: Kind) -> None:
    asked: list[tuple[int, ...]] = []

    @remembered
    def total(values: tuple[int, ...]) -> int:
        asked.append(values)
        return sum(values)

    values = (1, 2)
    equal = (*values,)
    assert total(values) == total(values) == total(equal) == 3
    assert [it is values for it in asked] == [True, False]


@kinds
def test_functions_are_kept_apart(remembered: Kind) -> None:
    values = (1, 2)
    assert remembered(sum)(values) == 3
    assert remembered(max)(values) == 2


@kinds
def test_it_holds_only_so_many(remembered: Kind) -> None:
    @remembered
    def own(value: object) -> object:
        return value

    made = [object() for _ in range(2 * remembering.KEPT)]
    assert all(own(it) is it for it in made)
    assert len(remembering.known) <= remembering.KEPT
    assert all(own(it) is it for it in made)


@kinds
def test_what_failed_is_tried_again(remembered: Kind) -> None:
    tries: list[int] = []

    @remembered
    def work(value: int) -> int:
        tries.append(value)
        if len(tries) == 1:
            raise ValueError(value)
        return value

    for _ in range(2):
        try:
            assert work(5) == 5
        except ValueError:
            assert len(tries) == 1
    assert len(tries) == 2
