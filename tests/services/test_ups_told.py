"""What watchers of unified procedure steps are told besides states: assignment, the provider's own status."""

from __future__ import annotations

from engine.model.objects import NORMALIZED
from engine.services import ups as u
from engine.standard import ups as s
from tests.services.playing import elements
from tests.services.test_ups import CODE, EVENT, PUSH, Desk


def watched() -> Desk:
    desk = Desk()
    desk.create()
    lock = elements((s.RECEIVING_AE, "AE", "ELSEWHERE"), (s.DELETION_LOCK, "LO", "FALSE"))
    assert desk.act(3, lock, s.UPS_GLOBAL) == 0
    return desk


def test_a_step_that_is_given_to_somebody() -> None:
    desk = watched()
    who = elements((0x00404009, "SQ", (CODE,)), (0x00404036, "LO", "Reading room"), (0x00404037, "PN", "Reader^A"))
    stage = desk.on(u.UPS_PULL)
    requested = {"RequestedSOPClassUID": PUSH, "RequestedSOPInstanceUID": "6.1"}
    stage.send("N-SET-RQ", elements((u.STATIONS, "SQ", (CODE,)), (u.PERFORMERS, "SQ", (who,))), **requested)
    (event,) = stage.events
    assert (event.event_type_id, event.receiver, event.abstract_syntax) == (s.ASSIGNED, "ELSEWHERE", EVENT)
    assert event.data is not None
    assert [e.tag for e in event.data] == [u.PERFORMER_CODES, u.STATIONS, u.PERFORMER_ORGANIZATION]
    stage.send("N-SET-RQ", elements((u.STATIONS, "SQ", (CODE,))), **requested)
    assert stage.events == [], "nothing changed"


def test_a_step_with_a_deletion_lock_stays_until_its_holder_unsubscribes() -> None:
    desk = watched()
    peer = desk.stage.peer

    def removing() -> str:
        return peer.removing(NORMALIZED, peer.state.normalized.get("6.1"))

    locked = elements((s.RECEIVING_AE, "AE", "ELSEWHERE"), (s.DELETION_LOCK, "LO", "TRUE"))
    free = elements((s.RECEIVING_AE, "AE", "ELSEWHERE"), (s.DELETION_LOCK, "LO", "FALSE"))
    assert desk.act(3, locked, "6.1") == 0
    assert "ELSEWHERE" in removing()
    assert desk.act(3, free, "6.1") == 0, "subscribing again takes the lock away"
    assert removing() == ""
    assert peer.state.subscriptions.get("6.1") is None, "its subscriptions went with it"
    assert desk.act(3, locked, s.UPS_GLOBAL) == 0
    assert "Deletion Lock" in removing()
    assert desk.create("6.2") == 0
    assert "Deletion Lock" in peer.removing(NORMALIZED, peer.state.normalized.get("6.2")), "and steps to come"
    assert desk.act(4, locked, "6.1") == 0
    assert removing() == ""
    assert desk.act(4, locked, s.UPS_GLOBAL) == 0
    assert peer.removing(NORMALIZED, peer.state.normalized.get("6.2")) == ""


def test_a_restart_is_told_to_who_watches_all() -> None:
    desk = watched()
    (event,) = u.scp_status(desk.stage.peer.state, u.RESTARTED)
    assert (event.event_type_id, event.receiver, event.sop_instance_uid) == (4, "ELSEWHERE", s.UPS_GLOBAL)
    assert event.data is not None
    assert [event.data.text(t) for t in (u.SCP_STATUS, u.SUBSCRIPTION_LIST_STATUS, u.STEP_LIST_STATUS)] == [
        "RESTARTED",
        "WARM START",
        "WARM START",
    ]
    (going,) = u.scp_status(desk.stage.peer.state, u.GOING_DOWN)
    assert going.data is not None and [e.tag for e in going.data] == [u.SCP_STATUS]
