"""Statuses: classes, Annex C, the tables of the service classes, and which of them is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.standard.elements import ELEMENTS
from engine.standard.messages import SERVICES
from engine.standard.service_statuses import tables
from engine.standard.sop_classes import sop_classes
from engine.standard.status import (
    ANNEX_C,
    APPLICABLE,
    StatusClass,
    is_known,
    lookup,
    status_class,
    status_text,
    statuses_for,
)

CT = "1.2.840.10008.5.1.4.1.1.2"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
HANGING_FIND = "1.2.840.10008.5.1.4.38.2"
HANGING_MOVE = "1.2.840.10008.5.1.4.38.3"
ROOT_RETRIEVE_GET = "1.2.840.10008.5.1.4.1.2.4.3"
REPOSITORY_QUERY = "1.2.840.10008.5.1.4.1.1.201.6"
RELEVANT_PATIENT = "1.2.840.10008.5.1.4.37.1"
HANGING_STORAGE = "1.2.840.10008.5.1.4.38.1"
MPPS = "1.2.840.10008.3.1.2.3.3"
UPS_PUSH = "1.2.840.10008.5.1.4.34.6.1"
UPS_WATCH = "1.2.840.10008.5.1.4.34.6.2"
FILM_SESSION = "1.2.840.10008.5.1.1.1"
FILM_BOX = "1.2.840.10008.5.1.1.2"
GRAYSCALE_PRINT = "1.2.840.10008.5.1.1.9"
INVENTORY_CREATION = "1.2.840.10008.5.1.4.1.1.201.5"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"


@pytest.mark.parametrize(
    ("code", "klass"),
    [
        (0x0000, StatusClass.SUCCESS),
        (0x0001, StatusClass.WARNING),
        (0x0106, StatusClass.FAILURE),
        (0x0107, StatusClass.WARNING),
        (0x0116, StatusClass.WARNING),
        (0x0117, StatusClass.FAILURE),
        (0x0213, StatusClass.FAILURE),
        (0x0300, StatusClass.UNKNOWN),
        (0x9FFF, StatusClass.UNKNOWN),
        (0xA000, StatusClass.FAILURE),
        (0xB000, StatusClass.WARNING),
        (0xC000, StatusClass.FAILURE),
        (0xD000, StatusClass.UNKNOWN),
        (0xFE00, StatusClass.CANCEL),
        (0xFE01, StatusClass.UNKNOWN),
        (0xFF00, StatusClass.PENDING),
        (0xFF01, StatusClass.PENDING),
        (0xFF02, StatusClass.UNKNOWN),
    ],
)
def test_classes(code: int, klass: StatusClass) -> None:
    assert status_class(code) is klass


def test_annex_c_has_24_codes_and_the_services_use_them_all() -> None:
    assert len(ANNEX_C) == 24
    assert set(APPLICABLE) == set(SERVICES)
    assert {code for codes in APPLICABLE.values() for code in codes} == set(ANNEX_C)


def test_38_tables_with_213_codes() -> None:
    assert len(tables()) == 38
    assert sum(len(t.rows) for t in tables()) == 213


def test_tables_are_for_sop_classes_that_exist_and_have_the_service() -> None:
    for table in tables():
        assert table.clause.startswith("PS3.4 ")
        for whom in table.whom:
            fitting = [s for s in sop_classes().values() if whom in (s.service_class, s.keyword)]
            services = {name for s in fitting for name in (*s.scu_invokes, *s.scp_invokes)}
            assert services.issuperset(table.services), (table.clause, whom)


def test_every_row_of_every_table_is_found() -> None:
    for table in tables():
        for sop in sop_classes().values():
            if not {sop.service_class, sop.keyword}.intersection(table.whom):
                continue
            for service in table.services:
                for row in table.rows:
                    hit = lookup(row.first, service, sop.uid)
                    assert hit.klass is row.klass
                    assert hit.clause.startswith("PS3.4 ")
                    assert is_known(row.last, service, sop.uid)


def test_related_elements_are_command_elements() -> None:
    for row in (*ANNEX_C.values(), *(r for t in tables() for r in t.rows)):
        assert all(tag in ELEMENTS for tag in row.related)


@pytest.mark.parametrize(
    ("code", "service", "uid", "text"),
    [
        (0xA801, "C-MOVE", STUDY_MOVE, "A801H Refused: Move Destination unknown"),
        (0xA801, "C-MOVE", HANGING_MOVE, "A801H Refused: Move Destination unknown"),
        (0xA701, "C-GET", STUDY_GET, "A701H Refused: Out of resources, unable to calculate number of matches"),
        (0xA7F0, "C-STORE", CT, "A7F0H Refused: Out of resources"),
        (0xB007, "C-STORE", CT, "B007H Data Set does not match SOP Class"),
        (0xC123, "C-STORE", "1.2.3.4", "C123H Error: Cannot understand"),
        (0xFF01, "C-FIND", STUDY_FIND, "FF01H Matches are continuing, one or more Optional Keys not supported"),
        (0xFF00, "C-FIND", HANGING_FIND, "FF00H Matches are continuing"),
        (0xB001, "C-FIND", REPOSITORY_QUERY, "B001H Response limit reached, more matches available"),
        (0xA700, "C-FIND", REPOSITORY_QUERY, "A700H Refused: Out of resources"),
        (0xC100, "C-FIND", RELEVANT_PATIENT, "C100H Failed: More than one match found"),
        (0xC000, "C-STORE", HANGING_STORAGE, "C000H Error: Cannot understand"),
        (0xAA04, "C-GET", ROOT_RETRIEVE_GET, "AA04H Failed: Invalid request"),
        (0x0110, "N-SET", MPPS, "0110H Processing Failure: Performed Procedure Step may no longer be updated"),
        (0x0110, "N-CREATE", MPPS, "0110H Processing Failure"),
        (0xC301, "N-ACTION", UPS_PUSH, "C301H Refused: Correct Transaction UID was not provided"),
        (0xC308, "N-ACTION", UPS_WATCH, "C308H Receiving AE Title is unknown to this SCP"),
        (0xC600, "N-ACTION", FILM_SESSION, "C600H Film Session contains no Film Box"),
        (0xC602, "N-ACTION", FILM_BOX, "C602H Unable to create Print Job, print queue is full"),
        (0xC600, "N-ACTION", GRAYSCALE_PRINT, "C600H Film Session contains no Film Box"),
        (0xB010, "N-ACTION", INVENTORY_CREATION, "B010H One or more Key Attributes not supported for matching"),
        (0x0112, "N-ACTION", STORAGE_COMMITMENT, "0112H No such SOP Instance"),
        (0x0124, "C-ECHO", "", "0124H Refused: Not authorized"),
        (0xC123, "N-GET", "", "C123H Failure"),
        (0x1234, "C-ECHO", "", "1234H not a status code of the Standard"),
    ],
)
def test_what_a_status_says(code: int, service: str, uid: str, text: str) -> None:
    assert status_text(code, service, uid) == text


def test_message_names_serve_as_services() -> None:
    assert status_text(0xA801, "C-MOVE-RSP", STUDY_MOVE) == status_text(0xA801, "C-MOVE", STUDY_MOVE)


def test_the_film_sessions_statuses_are_not_the_film_boxs() -> None:
    assert not is_known(0xC602, "N-ACTION", FILM_SESSION)
    assert not is_known(0xC600, "N-ACTION", FILM_BOX)


def test_codes_as_the_standard_prints_them() -> None:
    codes = [row.code for row in statuses_for("C-STORE", CT)]
    assert codes[:4] == ["0000", "B000", "B006", "B007"]
    assert {"A7xx", "A9xx", "Cxxx", "0122"} <= set(codes)


def test_statuses_are_ordered_by_class_and_told_once() -> None:
    rows = statuses_for("C-MOVE", STUDY_MOVE)
    order = list(StatusClass)
    classes = [order.index(row.klass) for row in rows]
    assert classes == sorted(classes)
    assert len({row.code for row in rows}) == len(rows)
    assert rows[0].code == "0000"
    assert rows[1].code == "FF00"


def test_a_specific_row_wins_over_the_general_one() -> None:
    assert lookup(0x0212, "N-ACTION", INVENTORY_CREATION).clause == "PS3.4 KK.2.2.3"
    assert lookup(0x0212, "N-ACTION", STORAGE_COMMITMENT).clause == "PS3.7 C.5.15"


def test_no_service_lists_everything_general() -> None:
    assert {row.first for row in statuses_for("")} == set(ANNEX_C)


@given(st.integers(), st.text(max_size=20), st.text(max_size=70))
def test_lookup_never_raises(code: int, service: str, uid: str) -> None:
    row = lookup(code, service, uid)
    assert row.first <= code <= row.last
    assert status_text(code, service, uid)
