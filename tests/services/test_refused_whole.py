"""An operation that is refused leaves nothing behind, and what is held has an end in bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.model.dataset import DataElement, DataSet
from engine.model.limits import Limits
from engine.model.objects import NORMALIZED
from engine.services import commitment
from engine.services import print_rules as p
from engine.services import ups as u
from engine.services.peer import BuiltInPeer
from engine.services.state import Record, State
from engine.standard import ups as s
from tests.services.playing import Stage, elements
from tests.services.test_print import boxes, fill, film, go, session, with_box
from tests.services.whole_steps import whole_unified_step

GENERIC = "1.2.826.0.1.3680043.9.1"
KIB = 1024


def limited(stage: Stage, **limits: int) -> Stage:
    """With another built-in peer, of these limits."""
    before = stage.peer
    stage.peer = BuiltInPeer(before.new_uid, before.known_destination, limits=Limits(**limits))
    return stage


def blob(size: int) -> DataSet:
    return DataSet((DataElement(0x00091001, "OB", bytes(size)),))


def create(stage: Stage, uid: str, data: DataSet, sop_class: str = GENERIC) -> int | None:
    stage.send("N-CREATE-RQ", data, AffectedSOPClassUID=sop_class, AffectedSOPInstanceUID=uid)
    return stage.status


def test_who_watches_all_steps_is_not_subscribed_to_one_that_is_refused() -> None:
    """A client in a loop filled the memory with them."""
    stage = limited(Stage(u.UPS_WATCH), objects=4)
    keys = elements((s.RECEIVING_AE, "AE", "USER"), (s.DELETION_LOCK, "LO", "FALSE"))
    stage.send(
        "N-ACTION-RQ", keys, RequestedSOPClassUID=u.UPS_PUSH, RequestedSOPInstanceUID=s.UPS_GLOBAL, ActionTypeID=3
    )
    stage.abstract_syntax = u.UPS_PUSH
    answers = [create(stage, f"6.{n}", whole_unified_step(), u.UPS_PUSH) for n in range(1, 4)]
    assert answers == [0, 0x0213, 0x0213]
    assert list(stage.peer.state.subscriptions) == ["6.1"]


def test_a_film_box_for_whose_boxes_there_is_no_room_makes_none() -> None:
    stage = limited(Stage(p.GRAYSCALE_META), objects=9)  # three are a printer's and a display's
    assert create(stage, "5.1", DataSet(), p.FILM_SESSION) == 0
    assert create(stage, "5.2", film("STANDARD\\3,3"), p.FILM_BOX) == 0x0213
    assert create(stage, "5.2", film("STANDARD\\2,2"), p.FILM_BOX) == 0


def test_instances_of_all_associations_are_counted() -> None:
    stage = limited(Stage(p.GRAYSCALE_META), objects=4)
    assert create(stage, "5.1", DataSet(), p.FILM_SESSION) == 0
    stage.association = 2
    assert create(stage, "5.1", DataSet(), p.FILM_SESSION) == 0x0213
    stage.peer.ended(1)
    assert create(stage, "5.1", DataSet(), p.FILM_SESSION) == 0


def test_what_is_held_has_an_end_in_bytes() -> None:
    stage = limited(Stage(GENERIC), objects_size=100 * KIB)
    assert create(stage, "1.1", blob(60 * KIB)) == 0
    assert create(stage, "1.2", blob(60 * KIB)) == 0x0213
    assert "limit objects_size" in stage.replies[-1].refused
    assert list(stage.peer.state.normalized)[-1] == "1.1"
    assert create(stage, "1.2", blob(20 * KIB)) == 0
    named = {"RequestedSOPClassUID": GENERIC, "RequestedSOPInstanceUID": "1.1"}
    stage.send("N-SET-RQ", blob(90 * KIB), **named)
    assert stage.status == 0x0213
    stage.send("N-SET-RQ", blob(10 * KIB), **named)
    assert stage.status == 0
    assert create(stage, "1.3", blob(50 * KIB)) == 0


def test_the_images_of_film_sessions_have_that_end_too() -> None:
    stage = with_box()
    box = boxes(stage)[0].text(0x00081155)
    stage.peer.normalized.size = 50 * KIB
    image = elements(
        *((tag, "US", "1") for tag in p.PIXEL_ATTRIBUTES[:-1]), (p.PIXEL_ATTRIBUTES[-1], "OW", bytes(80 * KIB))
    )
    assert fill(stage, box, image=image) == 0x0213
    assert go(stage, p.FILM_BOX, "5.2") == p.EMPTY_FILM_BOX  # it has no image
    assert fill(stage, box) == 0


def test_the_limit_is_exact() -> None:
    stage = Stage(GENERIC)
    before = stage.peer.state.size
    assert create(stage, "1.1", blob(5000)) == 0
    most = stage.peer.state.size
    assert most > before + 5000
    stage = limited(Stage(GENERIC), objects_size=most)
    assert create(stage, "1.1", blob(5001)) == 0x0213
    assert create(stage, "1.1", blob(5000)) == 0


def test_of_large_transactions_fewer_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commitment, "MAX_SIZE", 100 * KIB)
    stage = Stage(commitment.STORAGE_COMMITMENT)
    items = tuple(elements((0x00081150, "UI", "1.2"), (0x00081155, "UI", f"1.3.{n}")) for n in range(100))
    for number in range(10):
        data = elements((commitment.TRANSACTION_UID, "UI", f"1.{number}"), (commitment.REFERENCED_SOPS, "SQ", items))
        named = {"RequestedSOPInstanceUID": commitment.STORAGE_COMMITMENT_INSTANCE, "ActionTypeID": 1}
        stage.send("N-ACTION-RQ", data, RequestedSOPClassUID=commitment.STORAGE_COMMITMENT, **named)
        assert stage.status == 0
    kept = list(stage.peer.state.commitments)
    assert kept == [f"1.{n}" for n in range(10 - len(kept), 10)]
    assert 1 <= len(kept) < 5


def record(text: str) -> Record:
    return Record(GENERIC, "1.1", elements((0x00100010, "PN", text)))


@pytest.mark.parametrize("first_fails_last", [False, True])
def test_two_changes_of_one_object_that_both_cannot_be_kept_leave_it_as_it_was(*, first_fails_last: bool) -> None:
    """The second was made while the first was on its way to the disk."""
    state = State()
    shelf = state.shelves[NORMALIZED]
    shelf.restore("1.1", record("A"))
    shelf.put("1.1", record("B"))
    first = state.take()
    shelf.put("1.1", record("C"))
    shelf.put("1.2", record("D"))
    second = state.take()
    for changes in (second, first) if first_fails_last else (first, second):
        state.undo(changes)
    assert shelf.items() == (("1.1", record("A")),)


def test_what_was_kept_meanwhile_stays() -> None:
    state = State()
    shelf = state.shelves[NORMALIZED]
    shelf.put("1.1", record("B"))
    first = state.take()
    shelf.put("1.1", record("C"))
    second = state.take()
    state.undo(first)
    state.kept(second)
    assert shelf.get("1.1") == record("C")
    shelf.put("1.1", replace(record("D")))
    state.undo(state.take())
    assert shelf.get("1.1") == record("C")


def test_a_session_of_films_is_as_it_was_where_nothing_is_refused() -> None:
    stage = session()
    assert create(stage, "5.1", DataSet(), p.FILM_SESSION) != 0
    assert create(stage, "5.2", film(), p.FILM_BOX) == 0
