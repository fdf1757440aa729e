"""References in a film box to what is none of it: nothing else goes with it, and following them ends."""

from __future__ import annotations

import pytest

from engine.model.dataset import DataSet
from engine.services import print_rules as p
from engine.services.rules import reference, sequence
from engine.services.steps import MPPS
from tests.services.playing import Stage
from tests.services.test_print import boxes, fill, film, go, session, with_box
from tests.services.whole_steps import whole_step


def with_step(*also: str) -> Stage:
    """And somebody's performed procedure step, which is no part of any film."""
    stage = session(p.GRAYSCALE_META, *also)
    stage.abstract_syntax = MPPS
    stage.send("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.9")
    assert stage.status == 0
    stage.abstract_syntax = p.GRAYSCALE_META
    return stage


def create(stage: Stage, data: DataSet, sop_class: str = p.FILM_BOX, uid: str = "5.2") -> int | None:
    stage.send("N-CREATE-RQ", data, AffectedSOPClassUID=sop_class, AffectedSOPInstanceUID=uid)
    return stage.status


@pytest.mark.parametrize("of", p.BOXES)
@pytest.mark.parametrize("uid", ["1.9", p.PRINTER_INSTANCE])
def test_deleting_a_film_box_deletes_nothing_else(uid: str, of: int) -> None:
    """A peer could have had performed steps of others deleted."""
    stage = with_step()
    before = tuple(stage.peer.state.normalized)
    assert create(stage, film().merged(sequence(of, reference(MPPS, uid)))) == 0
    stage.send("N-DELETE-RQ", RequestedSOPClassUID=p.FILM_BOX, RequestedSOPInstanceUID="5.2")
    assert stage.status == 0
    assert tuple(stage.peer.state.normalized) == before


@pytest.mark.parametrize("of", [*p.BOXES, p.REFERENCED_FILM_SESSION])
def test_the_boxes_of_a_film_box_are_not_changed(of: int) -> None:
    stage = with_box()
    change = sequence(of, reference(p.FILM_SESSION, "5.1"))
    stage.send("N-SET-RQ", change, RequestedSOPClassUID=p.FILM_BOX, RequestedSOPInstanceUID="5.2")
    assert stage.status == 0x0106
    assert go(stage, p.FILM_BOX, "5.2") == p.EMPTY_FILM_BOX


@pytest.mark.parametrize("each", [1, 2])
def test_presentation_luts_that_refer_to_each_other(each: int) -> None:
    """With two references each, 40 of them would be followed for years."""
    stage = with_box()
    assert fill(stage, boxes(stage)[0].text(0x00081155)) == 0
    stage.also = (p.PRESENTATION_LUT,)
    for number in range(40):
        following = f"7.{(number + 1) % 40}"
        luts = (reference(p.PRESENTATION_LUT, following),) * each
        shape = DataSet().put(p.LUT_SHAPE, "CS", "IDENTITY").with_items(p.REFERENCED_LUT, *luts)
        stage.abstract_syntax = p.PRESENTATION_LUT
        assert create(stage, shape, p.PRESENTATION_LUT, f"7.{number}") == 0
    stage.abstract_syntax = p.GRAYSCALE_META
    refers = DataSet().with_items(p.REFERENCED_LUT, reference(p.PRESENTATION_LUT, "7.0"))
    stage.send("N-SET-RQ", refers, RequestedSOPClassUID=p.FILM_BOX, RequestedSOPInstanceUID="5.2")
    assert stage.status == 0
    assert go(stage, p.FILM_BOX, "5.2") == 0
    (kept,) = stage.peer.state.films.values()
    assert kept.attributes.items(p.REFERENCED_LUT)[0].text(p.LUT_SHAPE) == "IDENTITY"


def test_a_film_shows_nothing_of_others() -> None:
    stage = with_step()
    assert create(stage, film()) == 0
    assert fill(stage, boxes(stage)[0].text(0x00081155)) == 0
    refers = DataSet().with_items(p.REFERENCED_LUT, reference(MPPS, "1.9"))
    stage.send("N-SET-RQ", refers, RequestedSOPClassUID=p.FILM_BOX, RequestedSOPInstanceUID="5.2")
    assert go(stage, p.FILM_BOX, "5.2") == 0
    (kept,) = stage.peer.state.films.values()
    assert len(kept.attributes.items(p.REFERENCED_LUT)[0]) == 2
