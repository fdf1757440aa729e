"""We as SCU of Storage Commitment: the N-EVENT-REPORT that comes back on the same association."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from engine.model.association import Role
from engine.model.commands import Outgoing, Send
from engine.model.notices import AssociationPhase, Direction, MessageNotice, Outcome, StatusNotice
from engine.services.responses import response_to
from tests.interop.normalized_peers import (
    COMMITMENT,
    COMMITMENT_INSTANCE,
    CT,
    Later,
    made,
    reference,
)
from tests.interop.normalized_providers import Archive
from tests.interop.operating import Operator, data_of, outgoing

pytestmark = pytest.mark.interop

N_EVENT_REPORT_RQ, N_EVENT_REPORT_RSP = 0x0100, 0x8100
TRANSACTION = "1.2.826.0.1.3680043.9.7433.77"


def request(*uids: str) -> Dataset:
    return made(TransactionUID=TRANSACTION, ReferencedSOPSequence=[reference(CT, uid) for uid in uids])


REQUESTED = {
    "RequestedSOPClassUID": COMMITMENT,
    "RequestedSOPInstanceUID": COMMITMENT_INSTANCE,
    "ActionTypeID": 1,
}


def test_the_result_comes_back_on_the_association_held_open(
    operator: Operator, pynetdicom_scp: Callable[..., Any]
) -> None:
    archive = Archive("1.1", "1.2")
    peer = pynetdicom_scp([COMMITMENT], archive.handlers)
    held = operator.open(peer, COMMITMENT)
    answered = held.send("N-ACTION-RQ", request("1.1", "1.2"), **REQUESTED)
    assert (answered.code, answered.status.outcome) == (0x0000, Outcome.SUCCESS)
    assert archive.seen.last(0x0130) == {
        "CommandField": 0x0130,
        "CommandDataSetType": 1,
        "RequestedSOPClassUID": COMMITMENT,
        "RequestedSOPInstanceUID": COMMITMENT_INSTANCE,
        "ActionTypeID": 1,
    }
    (report,) = held.received(N_EVENT_REPORT_RQ)
    assert report.command.number("EventTypeID") == 1
    assert report.command.sop_instance_uid == COMMITMENT_INSTANCE
    assert data_of(report).TransactionUID == TRANSACTION
    assert len(data_of(report).ReferencedSOPSequence) == 2
    (ours,) = held.sent(N_EVENT_REPORT_RSP)
    assert ours.command.status == 0x0000
    assert archive.later.wait() == [0x0000]
    assert archive.seen.last(N_EVENT_REPORT_RSP) == {
        "CommandField": N_EVENT_REPORT_RSP,
        "MessageIDBeingRespondedTo": report.command.message_id,
        "CommandDataSetType": 0x0101,
        "Status": 0x0000,
        "AffectedSOPClassUID": COMMITMENT,
        "AffectedSOPInstanceUID": COMMITMENT_INSTANCE,
        "EventTypeID": 1,
    }
    assert held.release().outcome is Outcome.SUCCESS
    assert operator.findings == []


def test_a_one_shot_lingers_for_the_result(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    archive = Archive("1.1")
    peer = pynetdicom_scp([COMMITMENT], archive.handlers)
    message = outgoing("N-ACTION-RQ", request("1.1", "1.9"), **REQUESTED)
    ended, association = operator.one_shot(peer, [COMMITMENT], [message], linger=2.0)
    assert ended.outcome is Outcome.SUCCESS
    report = operator.wait(
        MessageNotice,
        lambda m: m.association == association and m.command.command_field == N_EVENT_REPORT_RQ,
    )
    assert report.command.number("EventTypeID") == 2
    (failed,) = data_of(report).FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.9", 0x0112)
    assert archive.later.wait() == [0x0000]
    assert operator.end_of(association).phase is AssociationPhase.RELEASED


def test_the_answer_may_be_left_to_the_user(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    """A report refused by hand, with an Error Comment: what a provider does with it is for its tester to see."""
    archive = Archive("1.1")
    peer = pynetdicom_scp([COMMITMENT], archive.handlers)
    held = operator.open(peer, COMMITMENT, auto_answer=False)
    held.send("N-ACTION-RQ", request("1.1"), **REQUESTED)
    (report,) = held.received(N_EVENT_REPORT_RQ)
    assert not operator.messages(held.number, N_EVENT_REPORT_RSP, Direction.SENT)
    refusal = response_to(report.command, 0x0110, comment="Not now", extra={"ErrorID": 7})
    operation = operator.engine.new_id()
    operator.engine.submit(
        Send(association=held.number, operation=operation, message=Outgoing(command=refusal, context_id=None))
    )
    assert operator.wait(StatusNotice, lambda n: n.operation == operation).outcome is Outcome.SUCCESS
    assert archive.later.wait() == [0x0110]
    seen = archive.seen.last(N_EVENT_REPORT_RSP)
    assert (seen["ErrorComment"], seen["ErrorID"]) == ("Not now", 7)


def test_a_refused_request_shows_comment_and_error_id(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    peer = pynetdicom_scp([COMMITMENT], Archive().handlers)
    held = operator.open(peer, COMMITMENT)
    answered = held.send("N-ACTION-RQ", made(TransactionUID=TRANSACTION), **REQUESTED)
    assert (answered.code, answered.status.error_comment) == (0x0110, "No references")
    assert answered.command.number("ErrorID") == 42


def test_an_event_without_its_transaction_is_answered_0115(
    operator: Operator, pynetdicom_scp: Callable[..., Any]
) -> None:
    later = Later()

    def action(event: evt.Event) -> tuple[int, None]:
        assoc = event.assoc
        later.do(lambda: assoc.send_n_event_report(Dataset(), 1, COMMITMENT, COMMITMENT_INSTANCE)[0].Status)
        return 0x0000, None

    peer = pynetdicom_scp([COMMITMENT], [(evt.EVT_N_ACTION, action)])
    held = operator.open(peer, COMMITMENT)
    held.send("N-ACTION-RQ", request("1.1"), **REQUESTED)
    assert later.wait() == [0x0115]


def test_both_roles_are_offered_by_role_selection(operator: Operator, pynetdicom_scp: Callable[..., Any]) -> None:
    peer = pynetdicom_scp([COMMITMENT], Archive("1.1").handlers)
    held = operator.open(peer, (COMMITMENT, Role.BOTH))
    (context,) = held.negotiated.contexts
    assert (context.requestor_scu, context.requestor_scp) == (True, True)
    assert held.send("N-ACTION-RQ", request("1.1"), **REQUESTED).code == 0x0000
    held.sent(N_EVENT_REPORT_RSP)
