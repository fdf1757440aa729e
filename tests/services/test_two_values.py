"""What is to have one value and comes with two: the first is not taken for the whole."""

from __future__ import annotations

import pytest

from engine.services import commitment as c
from engine.services import steps as s
from engine.services.effects import Notify
from tests.services.playing import Stage, elements, hold
from tests.services.whole_steps import whole_step

CT = "1.2.840.10008.5.1.4.1.1.2"


def made() -> Stage:
    stage = Stage(s.MPPS)
    stage.send("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=s.MPPS, AffectedSOPInstanceUID="1.9")
    assert stage.status == 0
    return stage


def test_no_instance_is_named_by_two_uids() -> None:
    stage = made()
    stage.send("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=s.MPPS, AffectedSOPInstanceUID=("1.7", "1.8"))
    assert stage.status == 0x0117
    change = elements((s.PPS_STATUS, "CS", "IN PROGRESS"))
    stage.send("N-SET-RQ", change, RequestedSOPClassUID=s.MPPS, RequestedSOPInstanceUID=("1.9", "1.8"))
    assert stage.status == 0x0117
    assert [uid for uid, r in stage.peer.state.normalized.items() if r.sop_class_uid == s.MPPS] == ["1.9"]


@pytest.mark.parametrize("create", [True, False])
def test_no_step_is_in_two_states(*, create: bool) -> None:
    stage, states = made(), ("IN PROGRESS", "COMPLETED")
    if create:
        data = whole_step().merged(elements((s.PPS_STATUS, "CS", states)))
        stage.send("N-CREATE-RQ", data, AffectedSOPClassUID=s.MPPS, AffectedSOPInstanceUID="1.8")
    else:
        change = elements((s.PPS_STATUS, "CS", states))
        stage.send("N-SET-RQ", change, RequestedSOPClassUID=s.MPPS, RequestedSOPInstanceUID="1.9")
    assert stage.status == 0x0106


def commit(transaction: object, classes: object, instances: object) -> tuple[int | None, list[Notify]]:
    stage = Stage(c.STORAGE_COMMITMENT)
    hold(stage.peer, ("P1", "1.1", "1.1.1", "1.1.1.1", "CT"))
    item = elements((c.REFERENCED_CLASS, "UI", classes), (c.REFERENCED_INSTANCE, "UI", instances))
    data = elements((c.TRANSACTION_UID, "UI", transaction), (c.REFERENCED_SOPS, "SQ", (item,)))
    named = {"RequestedSOPClassUID": c.STORAGE_COMMITMENT, "RequestedSOPInstanceUID": c.STORAGE_COMMITMENT_INSTANCE}
    stage.send("N-ACTION-RQ", data, ActionTypeID=1, **named)
    return stage.status, stage.events


@pytest.mark.parametrize(("classes", "instances"), [(CT, ("1.1.1.1", "1.9")), ((CT, "1.9"), "1.1.1.1")])
def test_an_instance_that_is_not_held_is_committed_beside_no_other(classes: object, instances: object) -> None:
    """The report tells the reference as it came, so that both were confirmed."""
    status, (event,) = commit("1.5", classes, instances)
    assert status == 0
    assert event.event_type_id == c.FAILURES_EXIST
    assert event.data is not None and not event.data.items(c.REFERENCED_SOPS)


def test_a_transaction_has_one_uid() -> None:
    assert commit(("1.5", "1.6"), CT, "1.1.1.1") == (0x0115, [])
