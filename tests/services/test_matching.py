"""Attribute matching by PS3.4 C.2.2.2: a table of cases."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.dataset import DataElement, DataSet
from engine.services.matching import fuzzy_matches, key_matches, matches, value_matches
from engine.standard.extended_negotiation import DATETIME, EMPTY, FUZZY

NAME, DATE, TIME, DTM, UID, NUMBER, MODALITY, STEP = (
    0x00100010,
    0x00080020,
    0x00080030,
    0x0040A120,
    0x0020000D,
    0x00200013,
    0x00080060,
    0x00400100,
)

CASES = [
    # vr, key, held value, matches, what it shows
    ("PN", "", "DOE^JANE", True, "universal: empty key"),
    ("PN", "", None, True, "universal: attribute absent"),
    ("PN", "DOE^JANE", None, False, "single value against nothing"),
    ("PN", "DOE^JANE", "DOE^JANE", True, "single value"),
    ("PN", "doe^jane", "DOE^JANE", True, "person names: case does not count"),
    ("PN", "DOE^JANE^^", "DOE^JANE", True, "person names: empty components do not count"),
    ("PN", "DOE*", "DOE^JANE", True, "wild card *"),
    ("PN", "D?E*", "DOE^JANE", True, "wild card ?"),
    ("PN", "D?E", "DOE^JANE", False, "? is one character"),
    ("PN", "*", None, True, "* alone matches what is absent"),
    ("PN", "D.E*", "DOE^JANE", False, "a dot is a dot"),
    ("LO", "Chest [CT]*", "Chest [CT] 1", True, "brackets are brackets"),
    ("LO", "chest*", "Chest", False, "case counts outside names"),
    ("UI", "1.2.*", "1.2.3", False, "no wild cards in UIDs"),
    ("UI", "1.2.3", "1.2.3", True, "one UID"),
    ("DA", "20200101", "20200101", True, "one date"),
    ("DA", "20200101-20201231", "20200615", True, "date inside a range"),
    ("DA", "20200101-20201231", "20210101", False, "date after a range"),
    ("DA", "20200101-20201231", "20201231", True, "the end belongs to the range"),
    ("DA", "-20201231", "19991231", True, "range open to the past"),
    ("DA", "20200101-", "20260101", True, "range open to the future"),
    ("DA", "20200101-", "20191231", False, "range open to the future, before it"),
    ("TM", "10-12", "113000", True, "hours as range"),
    ("TM", "10-12", "125959", True, "12 means all of the hour"),
    ("TM", "1030-", "102959", False, "minutes"),
    ("TM", "103000", "103000.000000", True, "a fraction of zero is no difference"),
    ("DT", "20200101-20201231", "20200615120000", True, "date time range"),
    ("DT", "20200615120000-0500", "20200615120000-0500", True, "a hyphen may be an offset"),
    ("DT", "20200615120000-0500", "20200615170000+0000", True, "the same moment with another offset"),
    ("DT", "20200615120000-0500-20200615130000-0500", "20200615173000+0000", True, "a range across offsets"),
    ("DT", "20200615120000+0200-", "20200615103000+0000", True, "from a moment on, across offsets"),
    ("DT", "20200615120000+0200-", "20200615093000+0000", False, "before that moment"),
    ("DT", "202006", "20200615120000", True, "a month stands for all of it"),
    ("DT", "202006", "20200715120000", False, "another month"),
    ("DT", "-20201231235959+0000", "20210101003000+0100", True, "a new year that is an old one at UTC"),
    ("PN", "Yamada^Tarou", "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", True, "one group of several"),
    ("PN", "\u5c71\u7530*", "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", True, "the ideographic group"),
    ("PN", "=\u5c71\u7530^\u592a\u90ce", "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", True, "group by group"),
    ("PN", "Tanaka*=\u5c71\u7530*", "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", False, "every group asked for"),
    ("PN", "A=B", "A", False, "a group that is not there"),
    ("IS", "5", "05", True, "numbers as numbers"),
    ("DS", "1.50", "1.5", True, "decimals as numbers"),
    ("CS", "CT", "CT ", True, "padding does not count"),
]


@pytest.mark.parametrize(("vr", "key", "held", "expected", "why"), CASES, ids=[c[4] for c in CASES])
def test_single_keys(vr: str, key: str, held: str | None, expected: bool, why: str) -> None:
    element = DataElement(0x00100010, vr, (key,) if key else ())
    found = None if held is None else DataElement(0x00100010, vr, (held,))
    assert key_matches(element, found) is expected


def test_list_of_uid_matches_any_of_them() -> None:
    key = DataElement(UID, "UI", ("1.2", "1.3"))
    assert key_matches(key, DataElement(UID, "UI", ("1.3",)))
    assert not key_matches(key, DataElement(UID, "UI", ("1.4",)))


def test_any_value_of_a_multi_valued_attribute_matches() -> None:
    held = DataElement(0x00080061, "CS", ("MR", "CT"))
    assert key_matches(DataElement(0x00080061, "CS", ("CT",)), held)


def test_sequence_matches_when_one_item_has_all_keys() -> None:
    def step(modality: str, ae: str) -> DataSet:
        return DataSet((DataElement(MODALITY, "CS", (modality,)), DataElement(0x00400001, "AE", (ae,))))

    held = DataElement(STEP, "SQ", (step("CT", "A"), step("MR", "B")))
    assert key_matches(DataElement(STEP, "SQ", (step("MR", "B"),)), held)
    assert not key_matches(DataElement(STEP, "SQ", (step("MR", "A"),)), held), "keys spread over two items"
    assert key_matches(DataElement(STEP, "SQ", ()), held), "no item is universal"
    empty = DataSet((DataElement(MODALITY, "CS", ()),))
    assert key_matches(DataElement(STEP, "SQ", (empty,)), None), "an item without values is universal"


def test_all_keys_must_match_but_ignored_ones() -> None:
    keys = DataSet((DataElement(NAME, "PN", ("A*",)), DataElement(DATE, "DA", ("20200101",))))
    candidate = DataSet((DataElement(NAME, "PN", ("ALPHA",)),))
    assert not matches(keys, candidate)
    assert matches(keys, candidate, frozenset({DATE}))


@pytest.mark.parametrize(
    ("key", "held", "expected"),
    [
        ("Jose Munoz", "MUÑOZ^José", True),
        ("JANE", "DOE^Jane^M", True),
        ("jane doe", "DOE^JANE", True),
        ("Doe, Jane", "DOE^JANE", True),
        ("doe^ja*", "DOE^JANE", True),
        ("d?e", "DOE^JANE", True),
        ("JAN", "DOE^JANE", False),
        ("JANE SMITH", "DOE^JANE", False),
        ("山田", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("STRASSE", "Straße^A", True),
        ("*", "DOE^JANE", True),
        ("", "DOE", True),
    ],
)
def test_fuzzy_matching_of_person_names(key: str, held: str, expected: bool) -> None:
    assert fuzzy_matches(key, held) is expected
    element, found = DataElement(NAME, "PN", (key,)), DataElement(NAME, "PN", (held,))
    assert key_matches(element, found, frozenset({FUZZY})) is expected


def test_fuzzy_is_for_person_names_and_when_agreed_on() -> None:
    assert not key_matches(DataElement(NAME, "PN", ("JANE DOE",)), DataElement(NAME, "PN", ("DOE^JANE",)))
    words = DataElement(0x00081030, "LO", ("two one",)), DataElement(0x00081030, "LO", ("one two",))
    assert not key_matches(*words, frozenset({FUZZY}))


def day_and_time(day: str, clock: str) -> DataSet:
    return DataSet((DataElement(DATE, "DA", (day,)), DataElement(TIME, "TM", (clock,))))


@pytest.mark.parametrize(
    ("keys", "held", "combined", "apart"),
    [
        (("20260705-20260707", "1000-1800"), ("20260706", "0300"), True, False),
        (("20260705-20260707", "1000-1800"), ("20260705", "0959"), False, False),
        (("20260705-20260707", "1000-1800"), ("20260705", "1000"), True, True),
        (("20260705-20260707", "1000-1800"), ("20260707", "1800"), True, True),
        (("20260705-20260707", "1000-1800"), ("20260707", "1801"), False, False),
        (("20260705-20260707", "2200-0600"), ("20260706", "1200"), True, False),
        (("20260705-", "1000-"), ("20260801", "0100"), True, False),
        (("-20260707", "-1000"), ("20260101", "2300"), True, False),
        (("-20260707", "-1000"), ("20260707", "2300"), False, False),
        (("20260706", "1000-1800"), ("20260706", "0300"), False, False),
        (("20260705-20260707", "1000"), ("20260706", "1000"), True, True),
        (("20260705-20260707", "1000-1800"), ("20260706", ""), False, False),
    ],
)
def test_dates_and_times_matched_together(
    keys: tuple[str, str], held: tuple[str, str], combined: bool, apart: bool
) -> None:
    wanted, found = day_and_time(*keys), day_and_time(*held)
    assert matches(wanted, found, options=frozenset({DATETIME})) is combined
    assert matches(wanted, found) is apart


def test_empty_values_are_looked_for_when_agreed_on() -> None:
    key = DataElement(NAME, "PN", ('""',))
    empty, named = DataElement(NAME, "PN", ()), DataElement(NAME, "PN", ("DOE",))
    assert [key_matches(key, found, frozenset({EMPTY})) for found in (None, empty, named)] == [True, True, False]
    assert [key_matches(key, found) for found in (None, empty, named)] == [False, False, False]


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_wildcards_stand_for_what_they_do_in_file_names(wanted: str, have: str) -> None:
    assert value_matches("LO", wanted, have) is fnmatchcase(have, wanted)


@pytest.mark.parametrize("vr", ["LO", "PN", "fuzzy"])
def test_a_key_of_many_wildcards_takes_no_time(vr: str) -> None:
    """It would hold up the whole program for years: one more makes it ten times as long."""
    asked = repr("*a" * 20 + "*b"), repr("a" * 64)
    call = (
        f"fuzzy_matches({asked[0]}, {asked[1]})" if vr == "fuzzy" else f"value_matches({vr!r}, {asked[0]}, {asked[1]})"
    )
    code = f"from engine.services.matching import fuzzy_matches, value_matches; assert not {call}"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
