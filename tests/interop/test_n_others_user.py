"""We as SCU of the smaller normalized SOP classes: N-DELETE, and what a failure shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from engine.model.association import Role
from engine.model.commands import Outgoing, Send
from engine.model.notices import Direction, Outcome, StatusNotice
from engine.services.responses import request_of
from tests.interop.normalized_peers import (
    AVAILABILITY,
    EVENT_LOGGING,
    EVENT_LOGGING_INSTANCE,
    MEDIA_CREATION,
    MPPS,
    RT_VERIFICATION,
    Later,
    Seen,
    made,
)
from tests.interop.operating import Operator, outgoing

pytestmark = pytest.mark.interop

Start = Callable[..., Any]
UID = "1.2.826.0.1.3680043.9.7433.9"


def test_a_verification_from_create_to_delete_with_its_report(operator: Operator, pynetdicom_scp: Start) -> None:
    """All five operations and the notification of one SOP class (PS3.4 DD)."""
    seen, later = Seen(), Later()

    def action(event: evt.Event) -> tuple[int, None]:
        assoc = event.assoc
        later.do(lambda: assoc.send_n_event_report(None, 2, RT_VERIFICATION, UID)[0].Status)
        return 0x0000, None

    handlers = [
        seen.handler,
        (evt.EVT_N_CREATE, lambda event: (0x0000, event.attribute_list)),
        (evt.EVT_N_SET, lambda event: (0xC224, None)),
        (evt.EVT_N_GET, lambda event: (0x0000, made(TreatmentVerificationStatus="VERIFIED"))),
        (evt.EVT_N_ACTION, action),
        (evt.EVT_N_DELETE, lambda event: 0x0000),
    ]
    held = operator.open(pynetdicom_scp([RT_VERIFICATION], handlers), RT_VERIFICATION)
    requested = {"RequestedSOPClassUID": RT_VERIFICATION, "RequestedSOPInstanceUID": UID}
    created = held.send(
        "N-CREATE-RQ", made(PatientID="P1"), AffectedSOPClassUID=RT_VERIFICATION, AffectedSOPInstanceUID=UID
    )
    assert created.code == 0x0000
    changed = held.send("N-SET-RQ", made(PatientID="P2"), **requested)
    assert (changed.code, changed.status.outcome) == (0xC224, Outcome.FAILURE)
    assert "Beam" in changed.status.sentence
    assert held.send("N-GET-RQ", **requested).data.TreatmentVerificationStatus == "VERIFIED"
    assert held.send("N-ACTION-RQ", **requested, ActionTypeID=1).code == 0x0000
    (report,) = held.received(0x0100)
    assert (report.command.number("EventTypeID"), report.data) == (2, None)
    assert later.wait() == [0x0000]
    assert held.send("N-DELETE-RQ", **requested).code == 0x0000
    assert [c["CommandField"] for c in seen.commands] == [0x0140, 0x0120, 0x0110, 0x0130, 0x8100, 0x0150]
    assert operator.findings == []


def test_media_creation(operator: Operator, pynetdicom_scp: Start) -> None:
    statuses = iter((0x0000, 0xC202))
    handlers = [
        (evt.EVT_N_CREATE, lambda event: (0x0000, None)),
        (evt.EVT_N_ACTION, lambda event: (next(statuses), None)),
        (evt.EVT_N_GET, lambda event: (0x0001, made(ExecutionStatus="CREATING"))),
    ]
    held = operator.open(pynetdicom_scp([MEDIA_CREATION], handlers), MEDIA_CREATION)
    requested = {"RequestedSOPClassUID": MEDIA_CREATION, "RequestedSOPInstanceUID": UID}
    held.send(
        "N-CREATE-RQ",
        made(StorageMediaFileSetID="SET"),
        AffectedSOPClassUID=MEDIA_CREATION,
        AffectedSOPInstanceUID=UID,
    )
    assert held.send("N-ACTION-RQ", **requested, ActionTypeID=1).code == 0x0000
    refused = held.send("N-ACTION-RQ", **requested, ActionTypeID=2)
    assert (refused.code, refused.status.outcome) == (0xC202, Outcome.FAILURE)
    assert "in progress" in refused.status.sentence
    got = held.send("N-GET-RQ", **requested)
    assert (got.code, got.status.outcome, got.data.ExecutionStatus) == (0x0001, Outcome.WARNING, "CREATING")


@pytest.mark.parametrize(
    ("uid", "instance", "message", "action"),
    [(AVAILABILITY, UID, "N-CREATE", None), (EVENT_LOGGING, EVENT_LOGGING_INSTANCE, "N-ACTION", 1)],
)
def test_one_message_classes(
    operator: Operator, pynetdicom_scp: Start, uid: str, instance: str, message: str, action: int | None
) -> None:
    got: list[Dataset] = []
    handlers = [
        (evt.EVT_N_CREATE, lambda event: (got.append(event.attribute_list), (0x0000, None))[1]),
        (evt.EVT_N_ACTION, lambda event: (got.append(event.action_information), (0x0000, None))[1]),
    ]
    kind = "Affected" if message == "N-CREATE" else "Requested"
    values = {f"{kind}SOPClassUID": uid, f"{kind}SOPInstanceUID": instance, "ActionTypeID": action}
    peer = pynetdicom_scp([uid], handlers)
    ended, _ = operator.one_shot(peer, [uid], [outgoing(f"{message}-RQ", made(PatientID="P1"), **values)])
    assert ended.outcome is Outcome.SUCCESS
    assert [d.PatientID for d in got] == ["P1"]


def test_an_event_report_of_ours_as_scp_by_role_selection(operator: Operator, pynetdicom_scp: Start) -> None:
    """The requestor may be the SCP: MPPS Notification and commitment results on a new association come so."""
    seen = Seen()
    told: list[tuple[int, Dataset]] = []

    def report(event: evt.Event) -> tuple[int, None]:
        told.append((event.event_type, event.event_information))
        return 0x0000, None

    commitment = "1.2.840.10008.1.20.1"
    peer = pynetdicom_scp([commitment], [seen.handler, (evt.EVT_N_EVENT_REPORT, report)])
    held = operator.open(peer, (commitment, Role.SCP))
    (context,) = held.negotiated.contexts
    assert (context.requestor_scu, context.requestor_scp) == (False, True)
    sent = held.send(
        "N-EVENT-REPORT-RQ",
        made(TransactionUID=UID),
        AffectedSOPClassUID=commitment,
        AffectedSOPInstanceUID=commitment + ".1",
        EventTypeID=1,
    )
    assert sent.code == 0x0000
    assert [(kind, data.TransactionUID) for kind, data in told] == [(1, UID)]
    assert seen.last(0x0100) == {
        "CommandField": 0x0100,
        "CommandDataSetType": 1,
        "AffectedSOPClassUID": commitment,
        "AffectedSOPInstanceUID": commitment + ".1",
        "EventTypeID": 1,
    }


def test_a_deliberately_wrong_command_set_arrives_as_it_was_meant(operator: Operator, pynetdicom_scp: Start) -> None:
    """Both an Affected and a Requested UID, a Priority that N-GET does not have, and a chosen Message ID."""
    seen = Seen()
    peer = pynetdicom_scp([MPPS], [seen.handler, (evt.EVT_N_GET, lambda event: (0x0000, made(PatientID="P")))])
    held = operator.open(peer, MPPS)
    command = request_of(
        "N-GET-RQ",
        RequestedSOPClassUID=MPPS,
        RequestedSOPInstanceUID=UID,
        AffectedSOPInstanceUID=UID + ".1",
        Priority=2,
        MessageID=4711,
    )
    operation = operator.engine.new_id()
    operator.engine.submit(Send(association=held.number, operation=operation, message=Outgoing(command=command)))
    operator.wait(StatusNotice, lambda n: n.operation == operation)
    assert seen.commands[0] == {
        "RequestedSOPClassUID": MPPS,
        "CommandField": 0x0110,
        "MessageID": 4711,
        "Priority": 2,
        "CommandDataSetType": 0x0101,
        "AffectedSOPInstanceUID": UID + ".1",
        "RequestedSOPInstanceUID": UID,
    }
    assert any("command.undefined-field" in f and Direction.SENT.value in f for f in operator.findings)
