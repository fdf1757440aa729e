"""What the built-in peer holds, told to who watches it and changed by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.commands import ChangeObject, SetEmulators, WatchObjects
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    ListenerNotice,
    MessageNotice,
    ObjectsNotice,
    Outcome,
)
from engine.model.objects import FILMS, NORMALIZED, STORED, WORKLIST_ITEMS, HeldObject
from tests.runtime.console import CT, Console, find_rq, keys, n_message, proposal, store_rq
from tests.services.whole_steps import whole_step

MPPS, MPPS_NOTIFICATION = "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.3.1.2.3.5"
WORKLIST, VERIFICATION = "1.2.840.10008.5.1.4.31", "1.2.840.10008.1.1"


def watch(console: Console, where: ListenerNotice) -> ObjectsNotice:
    console.submit(WatchObjects(listener=where.listener))
    return console.wait(ObjectsNotice, lambda n: n.whole)


def told(console: Console, wanted: Callable[[HeldObject], object]) -> HeldObject:
    notice = console.wait(ObjectsNotice, lambda n: not n.whole and any(map(wanted, n.held)))
    return next(filter(wanted, notice.held))


@pytest.mark.parametrize("durable", [False, True])
def test_all_there_is_then_every_change(durable: bool, console: Console, tmp_path: Path) -> None:
    where = console.listen(tmp_path if durable else None)
    whole = watch(console, where)
    assert {o.shelf for o in whole.held} == {WORKLIST_ITEMS, NORMALIZED}
    assert len([o for o in whole.held if o.shelf == WORKLIST_ITEMS]) == 3
    number = console.open(proposal(where, CT, MPPS))
    console.send(number, store_rq(CT, "1.2.3", keys(SOPClassUID=CT, SOPInstanceUID="1.2.3", PatientID="P")))
    stored = told(console, lambda o: o.shelf == STORED)
    assert (stored.key, stored.attributes.text(0x00100020)) == ("1.2.3", "P")
    create = n_message("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.5")
    console.send(number, create)
    assert told(console, lambda o: o.key == "1.5").sop_class_uid == MPPS
    console.submit(ChangeObject(listener=where.listener, shelf=STORED, key="1.2.3", attributes=None))
    console.wait(ObjectsNotice, lambda n: (STORED, "1.2.3") in n.gone)
    assert not list(tmp_path.glob("*.dcm"))


def test_a_worklist_item_made_here_is_found_by_modalities(console: Console) -> None:
    where = console.listen()
    watch(console, where)
    item = keys(PatientName="Made^Here", PatientID="M1")
    console.submit(ChangeObject(listener=where.listener, shelf=WORKLIST_ITEMS, key="new", attributes=item))
    told(console, lambda o: o.key == "new")
    number = console.open(proposal(where, WORKLIST))
    found = console.send(number, find_rq(WORKLIST, keys(PatientID="M1", PatientName="")))
    assert [i.text(0x00100010) for i in console.found(found.operation)] == ["Made^Here"]


def test_a_step_changed_here_is_told_as_if_a_modality_had(console: Console) -> None:
    where = console.listen()
    number = console.open(proposal(where, MPPS, MPPS_NOTIFICATION))
    create = n_message("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.5")
    assert console.send(number, create).outcome is Outcome.SUCCESS
    changed = whole_step("DISCONTINUED")
    console.submit(ChangeObject(listener=where.listener, shelf=NORMALIZED, key="1.5", attributes=changed))
    event = console.wait(
        MessageNotice,
        lambda m: (
            m.command.command_field == 0x0100
            and m.direction is Direction.RECEIVED
            and m.command.number("EventTypeID") == 3
        ),
    )
    assert event.command.sop_instance_uid == "1.5"


def test_emulators_are_switched_while_it_listens(console: Console) -> None:
    where = console.listen()
    watch(console, where)
    console.submit(SetEmulators(listener=where.listener, on=frozenset({"verification"})))
    assert console.wait(ObjectsNotice, lambda n: not n.whole).on == {"verification"}
    number = console.open(proposal(where, VERIFICATION, CT))
    made = console.wait(
        AssociationNotice, lambda n: n.association == number and n.phase is AssociationPhase.ESTABLISHED
    )
    assert made.negotiated is not None
    assert [c.accepted for c in made.negotiated.contexts] == [True, False]


def test_an_open_association_loses_what_is_switched_off(console: Console) -> None:
    where = console.listen()
    watch(console, where)
    number = console.open(proposal(where, VERIFICATION, CT, MPPS))
    stored = store_rq(CT, "1.2.3", keys(SOPClassUID=CT, SOPInstanceUID="1.2.3"))
    created = n_message("N-CREATE-RQ", whole_step(), AffectedSOPClassUID=MPPS, AffectedSOPInstanceUID="1.5")
    assert console.send(number, stored).status == 0
    console.submit(SetEmulators(listener=where.listener, on=frozenset({"verification"})))
    console.wait(ObjectsNotice, lambda n: not n.whole and n.on == {"verification"})
    assert console.send(number, stored).status == 0x0122
    assert console.send(number, created).status == 0x0118, "No Such SOP Class: the status of a DIMSE-N service"
    console.submit(SetEmulators(listener=where.listener, on=frozenset({"verification", "mpps"})))
    console.wait(ObjectsNotice, lambda n: not n.whole and n.on == {"verification", "mpps"})
    assert console.send(number, created).status == 0


def test_what_cannot_be_changed_is_said(console: Console) -> None:
    where = console.listen()
    console.submit(ChangeObject(listener=where.listener, shelf="attic", key="1", attributes=None))
    assert "no shelf attic" in console.wait(ErrorNotice).sentence
    console.submit(ChangeObject(listener=where.listener, shelf=STORED, key="1", attributes=None))
    console.wait(ErrorNotice, lambda n: "no such instance" in n.sentence)
    console.submit(ChangeObject(listener=999, shelf=FILMS, key="1", attributes=None))
    console.wait(ErrorNotice, lambda n: "does not listen" in n.sentence)


def test_nobody_is_told_who_has_not_asked(console: Console) -> None:
    where = console.listen()
    console.submit(
        ChangeObject(listener=where.listener, shelf=WORKLIST_ITEMS, key="new", attributes=keys(PatientID="1"))
    )
    console.echo(where)
    assert console.of(ObjectsNotice) == []
