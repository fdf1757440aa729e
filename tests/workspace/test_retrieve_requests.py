"""From matches to what is asked for with C-GET or C-MOVE, and to the level below."""

from __future__ import annotations

import pytest

from engine.model.dataset import DataSet
from engine.workspace.errors import ValueProblem
from engine.workspace.keys import with_keys
from engine.workspace.query_models import model_class
from engine.workspace.retrieve_requests import LIST_LIMIT, below, describe, identifiers, keys_below, known_classes, ways

STUDY_GET, STUDY_FIND = model_class("study", "C-GET"), model_class("study", "C-FIND")
PATIENT_GET = model_class("patient", "C-GET")
STUDY_UID, SERIES_UID, SOP_UID, PATIENT_ID = 0x0020000D, 0x0020000E, 0x00080018, 0x00100020


def data(*keys: str) -> DataSet:
    return with_keys(DataSet(), list(keys))


def test_matches_that_share_what_is_above_are_named_together():
    found = [
        data("StudyInstanceUID=1", "SeriesInstanceUID=1.1"),
        data("StudyInstanceUID=1", "SeriesInstanceUID=1.2"),
        data("StudyInstanceUID=2", "SeriesInstanceUID=2.1"),
    ]
    first, second = identifiers(STUDY_GET, "SERIES", found)
    assert (first.texts(STUDY_UID), first.texts(SERIES_UID)) == (("1",), ("1.1", "1.2"))
    assert second.texts(SERIES_UID) == ("2.1",)
    assert first.text(0x00080052) == "SERIES"


def test_patients_are_named_one_by_one_and_long_lists_are_cut():
    patients = identifiers(PATIENT_GET, "PATIENT", [data("PatientID=A"), data("PatientID=B")])
    assert [p.texts(PATIENT_ID) for p in patients] == [("A",), ("B",)]
    many = identifiers(STUDY_GET, "STUDY", [data(f"StudyInstanceUID=1.{n}") for n in range(LIST_LIMIT + 1)])
    assert [len(m.texts(STUDY_UID)) for m in many] == [LIST_LIMIT, 1]


def test_keys_a_peer_leaves_out_of_its_matches_come_from_the_query():
    asked = data("StudyInstanceUID=7", "SeriesInstanceUID")
    (named,) = identifiers(STUDY_GET, "SERIES", [data("SeriesInstanceUID=1.1")], asked)
    assert named.text(STUDY_UID) == "7"
    assert keys_below(STUDY_FIND, "SERIES", data("SeriesInstanceUID=1.1"), asked) == {
        "StudyInstanceUID": "7",
        "SeriesInstanceUID": "1.1",
    }
    with pytest.raises(ValueProblem, match="0020,000D"):
        identifiers(STUDY_GET, "SERIES", [data("SeriesInstanceUID=1.1")], data("StudyInstanceUID=7*"))


def test_models_without_levels_and_instance_roots_are_named_by_instance():
    (named,) = identifiers(model_class("hanging-protocol", "C-GET"), "", [data("SOPInstanceUID=1.2")])
    assert [e.tag for e in named] == [SOP_UID]
    match = data("StudyInstanceUID=1", "SeriesInstanceUID=2", "SOPInstanceUID=3")
    (named,) = identifiers(model_class("instance", "C-GET"), "IMAGE", [match])
    assert [e.tag for e in named] == [SOP_UID, 0x00080052]


def test_classes_are_known_only_when_every_match_tells():
    told = [data(r"SOPClassesInStudy=1.2\1.3"), data("SOPClassUID=1.4")]
    assert known_classes(told) == ("1.2", "1.3", "1.4")
    assert known_classes([*told, data("PatientID=1")]) == ()


def test_ways_follow_the_model_and_the_level():
    assert [w.service for w in ways(STUDY_FIND, "STUDY")] == ["C-GET", "C-MOVE"]
    roots = [w.root for w in ways(STUDY_FIND, "IMAGE") if w.root]
    assert roots == ["Composite Instance Root Retrieve"] * 2 + ["Composite Instance Retrieve Without Bulk Data"]
    assert ways(model_class("worklist", "C-FIND"), "") == ()
    assert ways(model_class("repository", "C-FIND"), "STUDY")[0].sop_class_uid == STUDY_GET


def test_the_level_below_and_a_match_in_words():
    assert [below(STUDY_FIND, level) for level in ("STUDY", "SERIES", "IMAGE")] == ["SERIES", "IMAGE", ""]
    assert describe("PATIENT", data("PatientName=DOE^J", "PatientID=1")) == "DOE^J 1"
    assert describe("SERIES", data("SeriesInstanceUID=1.2")) == "1.2"
