"""Whole columns at once find the same rows as a look at each."""

from __future__ import annotations

from array import array
from collections.abc import Set as AbstractSet

from hypothesis import given
from hypothesis import strategies as st

from gui.models import log_masks as masks
from gui.models.log_filter import Filter, parse
from gui.models.log_store import Class, Kind, LogStore, Shape
from gui.models.log_texts import BLOCK, TextColumn

_ROWS = st.lists(st.integers(0, 2999), max_size=60)


@given(_ROWS, st.sets(st.integers(0, 2999)), st.integers(1, 3000))
def test_rows_with_a_hit_are_picked(rows: list[int], wanted: set[int], known: int) -> None:
    rows = [r % known for r in rows]
    hits = bytes(n in wanted for n in range(known))
    assert masks.picked(array("I", rows), hits) == bytes(r in wanted for r in rows)


@given(st.lists(st.integers(-1, 0xFFFF), max_size=60), st.one_of(st.integers(0, 0xFFFF), st.integers(0, 2**70)))
def test_rows_with_a_number_are_found(rows: list[int], wanted: int) -> None:
    assert masks.equal(array("i", [*rows, 7]), wanted) == bytes(r == wanted for r in [*rows, 7])


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_masks_are_joined_row_by_row(rows: list[tuple[bool, bool]]) -> None:
    one, other = bytes(a for a, _ in rows), bytes(b for _, b in rows)
    assert masks.both(one, other) == bytes(a and b for a, b in rows)
    assert masks.either((one, other), len(rows)) == bytes(a or b for a, b in rows)
    assert masks.inverted(one) == bytes(not a for a, _ in rows)


def test_texts_stay_with_their_rows_when_older_ones_go() -> None:
    column, plain = TextColumn(), []
    for number in range(2 * BLOCK + 100):
        text = "" if number % 3 else f"Row {number % 700}."
        column.append(text)
        plain.append(text)
    for number in (5, BLOCK - 1, BLOCK, 2 * BLOCK + 50):
        column[number] = plain[number] = f"changed {number}"
    column.forget(BLOCK + 10)
    assert column.first == BLOCK + 10
    assert [column[n] for n in range(BLOCK + 10, 2 * BLOCK + 100)] == plain[BLOCK + 10 :]
    assert column.texts(0) == []


class _Peers:
    def __init__(self, texts: dict[int, str]) -> None:
        self.known = texts

    def associations(self) -> AbstractSet[int]:
        return self.known.keys()

    def text(self, association: int) -> str:
        return self.known[association]


def test_a_word_is_found_wherever_it_stands() -> None:
    store, peers = LogStore(), _Peers({1: "ARCHIVE @ 10.0.0.5", 2: "Other"})
    shape = Shape(Kind.MESSAGE, Class.SUCCESS, "C-STORE", True)
    for number in range(BLOCK + 20):  # over the end of a block
        store.add(shape, 1.0, number % 3, number % 1000, detail=f"Says {number % 11}", instance=f"1.2.{number % 13}")

    def found(text: str) -> list[int]:
        return Filter(parse(text), store, peers).select(BLOCK - 30, BLOCK + 20)

    rows = range(BLOCK - 30, BLOCK + 20)
    assert found("archive") == [n for n in rows if n % 3 == 1]
    assert found('"says 7"') == [n for n in rows if n % 11 == 7]
    assert found("1.2.12") == [n for n in rows if n % 13 == 12]
    assert found("#2") == [n for n in rows if n % 3 == 2 or n % 1000 == 2]
    assert found("message:5,7") == [n for n in rows if n % 1000 in (5, 7)]
    assert found("-association:1 service:c-store says") == [n for n in rows if n % 3 != 1]
    assert found("987") == [n for n in rows if n % 1000 == 987]
    peers.known[0] = "Late"
    store.set_detail(BLOCK, "archive too")
    assert found("archive") == [n for n in rows if n % 3 == 1 or n == BLOCK]
