"""What is remembered of values that come again."""

from __future__ import annotations

from engine.model import remembering
from engine.model.remembering import by_identity


def test_the_same_object_is_not_computed_again() -> None:
    asked: list[tuple[int, ...]] = []

    @by_identity
    def total(values: tuple[int, ...]) -> int:
        asked.append(values)
        return sum(values)

    values = (1, 2)
    equal = (*values,)
    assert total(values) == total(values) == total(equal) == 3
    assert [it is values for it in asked] == [True, False]


def test_functions_are_kept_apart() -> None:
    values = (1, 2)
    assert by_identity(sum)(values) == 3
    assert by_identity(max)(values) == 2


def test_it_holds_only_so_many() -> None:
    @by_identity
    def own(value: object) -> object:
        return value

    made = [object() for _ in range(2 * remembering.KEPT)]
    assert all(own(it) is it for it in made)
    assert len(remembering.known) <= remembering.KEPT
    assert all(own(it) is it for it in made)


def test_what_failed_is_tried_again() -> None:
    tries: list[int] = []

    @by_identity
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
