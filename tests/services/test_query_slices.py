"""A query over a large archive lets others in while it looks, can be cancelled, and finds the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.services import instances
from engine.services.effects import Answer, Instance
from engine.services.instances import MemoryStore
from tests.services.playing import Stage, elements, hold

PATIENT_FIND, STUDY_FIND, STUDY_GET, STUDY_MOVE = (
    f"1.2.840.10008.5.1.4.1.2.{end}" for end in ("1.1", "2.1", "2.3", "2.2")
)
HANGING, RELEVANT = "1.2.840.10008.5.1.4.38.2", "1.2.840.10008.5.1.4.37.1"
COUNT, AT_A_TIME = 3000, 500
"""Instances held, and how many may be looked at before others are let in."""
STUDY, SERIES, IMAGE, NAME, PATIENT = 0x0020000D, 0x0020000E, 0x00080018, 0x00100010, 0x00100020


class Counted(MemoryStore):
    """Counts what is looked at."""

    looked = 0

    def instances(self) -> Iterator[Instance]:
        for instance in tuple(self.held.values()):
            self.looked += 1
            yield instance


def stage(model: str, count: int = COUNT, *options: str, cancel_after: int | None = None) -> Stage:
    made = Stage(model, options=("relational", *options), cancel_after=cancel_after, destinations=("THERE",))
    made.peer.store = Counted()
    hold(
        made.peer,
        *(
            (f"P{n % 100}", f"1.{n % 500}", f"1.{n % 500}.{n % 1000}", f"1.2.{n}", ("CT", "MR")[n % 3 == 0])
            for n in range(count)
        ),
    )
    return made


ASKED = {
    "patients": (PATIENT_FIND, "C-FIND-RQ", "PATIENT", (PATIENT, "LO", "P7*")),
    "studies": (STUDY_FIND, "C-FIND-RQ", "STUDY", (0x00080061, "CS", ("MR",))),
    "series": (STUDY_FIND, "C-FIND-RQ", "SERIES", (0x00080060, "CS", "MR")),
    "images": (STUDY_FIND, "C-FIND-RQ", "IMAGE", (NAME, "PN", "NAME^P1*")),
    "nothing": (STUDY_FIND, "C-FIND-RQ", "IMAGE", (NAME, "PN", "NOBODY*")),
    "hanging protocols": (HANGING, "C-FIND-RQ", "", (NAME, "PN", "NOBODY*")),
    "a relevant patient": (RELEVANT, "C-FIND-RQ", "", (PATIENT, "LO", "P3")),
    "some": (STUDY_GET, "C-GET-RQ", "STUDY", (STUDY, "UI", ("1.7", "1.9"))),
    "none": (STUDY_GET, "C-GET-RQ", "STUDY", (STUDY, "UI", "1.1000")),
    "elsewhere": (STUDY_MOVE, "C-MOVE-RQ", "STUDY", (STUDY, "UI", ("1.7", "1.9"))),
}


def play(made: Stage, asked: str) -> list[tuple[int | None, object]]:
    """The responses: status and data set."""
    model, message, level, key = ASKED[asked]
    more = {"MoveDestination": "THERE"} if message == "C-MOVE-RQ" else {}
    rows = ((0x00080052, "CS", level), key, (0x00201208, "IS", ()), (0x00080061, "CS", ())) if level else (key,)
    data = elements(*{row[0]: row for row in reversed(rows)}.values())
    made.send(message, data, AffectedSOPClassUID=model, **more)
    return [(reply.command.status, reply.data) for reply in made.replies]


@pytest.mark.parametrize("asked", ASKED)
def test_others_are_let_in(asked: str) -> None:
    made = stage(ASKED[asked][0])
    store, most, latest = made.peer.store, [0], [0]
    assert isinstance(store, Counted)
    answer = made._answer

    def noted(effect: object, seen: list[object]) -> Answer:
        most[0] = max(most[0], store.looked - latest[0])
        latest[0] = store.looked
        return answer(effect, seen)  # type: ignore[arg-type]

    made._answer = noted  # type: ignore[assignment, method-assign]
    play(made, asked)
    assert store.looked == COUNT and 0 < most[0] <= AT_A_TIME


@pytest.mark.parametrize("asked", ["nothing", "hanging protocols", "a relevant patient", "none", "elsewhere"])
def test_it_can_be_cancelled_before_anything_is_found(asked: str) -> None:
    made = stage(ASKED[asked][0], cancel_after=0)
    assert play(made, asked) == [(0xFE00, None)]
    assert isinstance(made.peer.store, Counted) and made.peer.store.looked <= AT_A_TIME


@pytest.mark.parametrize("asked", ASKED)
def test_however_often_the_same_is_found(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for at_a_time in (1, 7, 1 << 30):
        monkeypatch.setattr(instances, "SLICE", at_a_time)
        found.append(play(stage(ASKED[asked][0], 600), asked))
    assert found[0] == found[1] == found[2] and found[0][-1][0] in (0, 0xC100)
