"""What a query at a level finds, counts and does not support (PS3.4 C.3.4, C.4.1.1.4), in each information model."""

from __future__ import annotations

from typing import Any

import pytest

from engine.model.dataset import DataSet
from engine.services import matching, query
from engine.services.matching import MOST_VALUES
from tests.services.playing import Stage, elements, hold

PATIENT_ROOT, STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_STUDY_ONLY = "1.2.840.10008.5.1.4.1.2.3.1"
PATIENT, STUDY, SERIES, IMAGE = 0x00100020, 0x0020000D, 0x0020000E, 0x00080018
NAMES = {PATIENT: "LO", STUDY: "UI", SERIES: "UI", IMAGE: "UI"}


def stage(model: str, *options: str) -> Stage:
    made = Stage(model, options=options)
    hold(
        made.peer,
        ("P1", "1.1", "1.1.1", "1.1.1.1", "CT"),
        ("P1", "1.1", "1.1.1", "1.1.1.2", "CT"),
        ("P1", "1.1", "1.1.2", "1.1.2.1", "SR"),
        ("P1", "1.2", "1.2.1", "1.2.1.1", "MR"),
        ("P2", "2.1", "2.1.1", "2.1.1.1", "CT"),
    )
    return made


def ask(made: Stage, level: str, *rows: tuple[int, str, object]) -> list[dict[int, tuple[str, ...]]]:
    data = elements((0x00080052, "CS", level), *rows)
    made.send("C-FIND-RQ", data, AffectedSOPClassUID=made.abstract_syntax)
    return [{e.tag: e.texts for e in r.data} for r in made.replies if r.data is not None]


@pytest.mark.parametrize(
    ("model", "level", "above", "count"),
    [
        (PATIENT_ROOT, "PATIENT", {}, 2),
        (PATIENT_ROOT, "STUDY", {PATIENT: "P1"}, 2),
        (PATIENT_ROOT, "SERIES", {PATIENT: "P1", STUDY: "1.1"}, 2),
        (PATIENT_ROOT, "IMAGE", {PATIENT: "P1", STUDY: "1.1", SERIES: "1.1.1"}, 2),
        (STUDY_ROOT, "STUDY", {}, 3),
        (STUDY_ROOT, "SERIES", {STUDY: "1.1"}, 2),
        (STUDY_ROOT, "IMAGE", {STUDY: "1.1", SERIES: "1.1.2"}, 1),
        (PATIENT_STUDY_ONLY, "PATIENT", {}, 2),
        (PATIENT_STUDY_ONLY, "STUDY", {PATIENT: "P1"}, 2),
    ],
)
def test_each_level_of_each_model(model: str, level: str, above: dict[int, str], count: int) -> None:
    made = stage(model)
    assert len(ask(made, level, *((tag, NAMES[tag], value) for tag, value in above.items()))) == count
    assert made.status == 0


@pytest.mark.parametrize(
    ("model", "level"), [(STUDY_ROOT, "PATIENT"), (PATIENT_STUDY_ONLY, "SERIES"), (PATIENT_ROOT, "FILM")]
)
def test_a_level_the_model_does_not_have(model: str, level: str) -> None:
    made = stage(model)
    assert ask(made, level) == []
    assert made.status == 0xA900


def test_relational_queries_need_no_keys_above() -> None:
    hierarchical = stage(PATIENT_ROOT)
    ask(hierarchical, "IMAGE", (IMAGE, "UI", ()))
    assert hierarchical.status == 0xA900
    assert len(ask(stage(PATIENT_ROOT, "relational"), "IMAGE", (IMAGE, "UI", ()))) == 5


def test_what_is_counted() -> None:
    (patient, _) = ask(
        stage(PATIENT_ROOT), "PATIENT", (0x00201200, "IS", ()), (0x00201202, "IS", ()), (0x00201204, "IS", ())
    )
    assert (patient[0x00201200], patient[0x00201202], patient[0x00201204]) == (("2",), ("3",), ("4",))
    (study,) = ask(
        stage(STUDY_ROOT),
        "STUDY",
        (STUDY, "UI", "1.1"),
        (0x00201206, "IS", ()),
        (0x00201208, "IS", ()),
        (0x00080061, "CS", ()),
        (0x00080062, "UI", ()),
    )
    assert (study[0x00201206], study[0x00201208]) == (("2",), ("3",))
    assert study[0x00080061] == ("CT", "SR")
    assert study[0x00080062] == ("1.2.840.10008.5.1.4.1.1.2",)
    (first, _) = ask(stage(STUDY_ROOT), "SERIES", (STUDY, "UI", "1.1"), (0x00201209, "IS", ()))
    assert first[0x00201209] == ("2",)


def test_keys_not_supported_are_said_and_not_matched() -> None:
    """FF01H: a series' modality says nothing about a study."""
    made = stage(STUDY_ROOT)
    found = ask(made, "STUDY", (STUDY, "UI", ()), (0x00080060, "CS", "CT"))
    assert len(found) == 3
    assert {f[0x00080060] for f in found} == {()}
    assert {r.command.status for r in made.replies[:-1]} == {0xFF01}
    made = stage(STUDY_ROOT)
    ask(made, "STUDY", (STUDY, "UI", ()), (0x00100020, "LO", "P1"))
    assert {r.command.status for r in made.replies[:-1]} == {0xFF00}


def test_a_list_of_uids_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tens of thousands of them, compared with each of thousands of instances, would hold up everybody."""
    monkeypatch.setattr(matching, "value_matches", None)
    uids = tuple(f"3.{n}" for n in range(10_000))
    assert len(ask(stage(STUDY_ROOT), "STUDY", (STUDY, "UI", (*uids, "1.1 ", "2.1")))) == 2
    assert ask(stage(STUDY_ROOT), "STUDY", (STUDY, "UI", uids)) == []


@pytest.mark.parametrize("model", [STUDY_ROOT, "1.2.840.10008.5.1.4.31"])
def test_a_key_of_other_kind_with_very_many_values_is_refused(model: str) -> None:
    for count, status in ((MOST_VALUES, 0), (MOST_VALUES + 1, 0xA900)):
        made = stage(model)
        found = ask(made, "STUDY", (0x00100010, "PN", tuple(f"A{n}*B" for n in range(count))))
        assert (found, made.status) == ([], status)


def test_a_match_is_made_when_it_is_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once they may be gigabytes, and hold up everybody: each has every key asked for."""
    made = stage(STUDY_ROOT)
    uids: list[str] = []
    answer_keys = query.answer_keys

    def counted(*given: Any) -> DataSet:
        answer = answer_keys(*given)
        uids.append(answer.text(IMAGE))
        return answer

    monkeypatch.setattr(query, "answer_keys", counted)
    hold(made.peer, *(("P3", "3.1", "3.1.1", f"3.1.1.{n}", "CT") for n in range(100)))
    made.cancel_after = 1
    ask(made, "IMAGE", (STUDY, "UI", "3.1"), (SERIES, "UI", "3.1.1"), (IMAGE, "UI", ()))
    assert made.status == 0xFE00
    assert len(uids) < 5
