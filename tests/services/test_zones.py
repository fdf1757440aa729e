"""Timezone query adjustment and Multiple Value Matching (PS3.4 C.5.1.1, C.2.2.2.8)."""

from __future__ import annotations

import pytest

from engine.model.dataset import DataSet
from engine.services.matching import matches
from engine.services.zones import in_zone, minutes_of, zoned_keys
from engine.standard.extended_negotiation import MULTIPLE, TIMEZONE
from tests.services.playing import Stage, elements, hold

FIND, WORKLIST = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.31"
ZONE, DATE, TIME, LEVEL, STUDY = 0x00080201, 0x00080020, 0x00080030, 0x00080052, 0x0020000D
ACQUIRED = 0x0008002A


def taken(zone: str = "-0500", day: str = "20251231", clock: str = "233000.25") -> DataSet:
    """A study in the evening of the year's last day, in New York."""
    parts = [(DATE, "DA", day), (TIME, "TM", clock), (ACQUIRED, "DT", "20251231233000")]
    return elements(*parts, *([(ZONE, "SH", zone)] if zone else []))


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("+0000", 0), ("+0530", 330), ("-0930", -570), ("+1400", 840), ("+1500", None), ("0100", None), ("+01:00", None)],
)
def test_offsets(text: str, minutes: int | None) -> None:
    assert minutes_of(text) == minutes


def test_dates_and_times_move_together_over_midnight() -> None:
    told = in_zone(taken(), "+0100")
    assert (told.text(DATE), told.text(TIME), told.text(ZONE)) == ("20260101", "053000.25", "+0100")
    assert told.text(ACQUIRED) == "20251231233000-0500", "a DT tells its offset itself"


@pytest.mark.parametrize(("clock", "there"), [("23", "0430"), ("2330", "0500"), ("", ""), ("23300", "23300")])
def test_what_is_less_exact_or_wrong(clock: str, there: str) -> None:
    """Half an hour of difference needs minutes; what is no time stays as it is, and its date with it."""
    told = in_zone(taken(clock=clock), "+0030")
    assert told.text(TIME) == there
    assert told.text(DATE) == ("20260101" if there != clock else "20251231")


def test_an_unknown_zone_is_left_alone() -> None:
    assert in_zone(taken(zone=""), "+0100") == taken(zone="")


def test_items_move_with_it_and_dates_alone_stay() -> None:
    step = elements((0x00400002, "DA", "20251231"), (0x00400003, "TM", "2330"))
    item = elements((0x00400100, "SQ", (step,)), (0x00100030, "DA", "19700101"), (ZONE, "SH", "-0500"))
    told = in_zone(item, "+0000")
    assert told.text(0x00100030) == "19700101"
    assert [e.texts for e in told.items(0x00400100)[0]] == [("20260101",), ("0430",)]


def test_keys_of_date_and_time_get_the_querys_offset() -> None:
    keys = zoned_keys(elements((ACQUIRED, "DT", "20260101-"), (DATE, "DA", "20260101-")), "+0100")
    assert (keys.text(ACQUIRED), keys.text(DATE)) == ("20260101+0100-", "20260101-")
    moment = "202601010000-0500"
    assert zoned_keys(elements((ACQUIRED, "DT", moment)), "+0100").text(ACQUIRED) == moment
    assert matches(zoned_keys(elements((ACQUIRED, "DT", "20260101-")), "+0100"), in_zone(taken(), "+0100"))
    assert not matches(zoned_keys(elements((ACQUIRED, "DT", "20260101-")), "-0500"), in_zone(taken(), "-0500"))


def find(zone: str, day: str, *options: str) -> Stage:
    stage = Stage(FIND, options=options)
    hold(stage.peer, ("P1", "1.1", "1.1.1", "1.1.1.1", "CT"))
    (held,) = stage.peer.store.instances()
    object.__setattr__(held, "attributes", held.attributes.merged(taken()))
    keys = elements((LEVEL, "CS", "STUDY"), (STUDY, "UI", ""), (DATE, "DA", day), (TIME, "TM", ""), (ZONE, "SH", zone))
    stage.send("C-FIND-RQ", keys, AffectedSOPClassUID=FIND)
    return stage


def test_a_query_is_answered_in_its_own_zone() -> None:
    stage = find("+0100", "20260101", TIMEZONE)
    (match,) = (r.data for r in stage.replies if r.data is not None)
    assert [match.text(t) for t in (DATE, TIME, ZONE)] == ["20260101", "053000.25", "+0100"]
    assert not any(r.data for r in find("+0100", "20251231", TIMEZONE).replies)


def test_without_the_option_nothing_is_adjusted() -> None:
    (match,) = (r.data for r in find("+0100", "20251231").replies if r.data is not None)
    assert [match.text(t) for t in (DATE, TIME, ZONE)] == ["20251231", "233000.25", "-0500"]


def test_what_is_no_offset_is_refused() -> None:
    stage = find("CET", "20260101", TIMEZONE)
    assert stage.status == 0xA900
    assert "Timezone" in stage.final.text("ErrorComment")


@pytest.mark.parametrize(
    ("wanted", "both", "either"),
    [(("CT", "PT"), True, True), (("PT", "CT"), True, True), (("CT", "MR"), False, True), (("MR", "US"), False, False)],
)
def test_each_of_several_values_is_to_be_found(wanted: tuple[str, ...], both: bool, either: bool) -> None:
    """Modalities in Study: with the option all are there, without it, where nothing is defined, one is enough."""
    study = elements((0x00080061, "CS", ("CT", "PT", "SR")))
    keys = elements((0x00080061, "CS", wanted))
    assert matches(keys, study, options=frozenset({MULTIPLE})) is both
    assert matches(keys, study) is either


def test_a_list_of_uids_stays_one() -> None:
    study = elements((STUDY, "UI", "1.1"))
    assert matches(elements((STUDY, "UI", ("1.1", "1.2"))), study, options=frozenset({MULTIPLE}))
