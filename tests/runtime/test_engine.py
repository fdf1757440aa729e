"""The engine as a face sees it: order, messages, many at once."""

from __future__ import annotations

import gc
import threading
import weakref
from collections import Counter
from functools import partial

from engine.model.association import AsyncWindow, Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import (
    Abort,
    Cancel,
    OneShot,
    OpenAssociation,
    Outgoing,
    Release,
    Send,
    SendBytes,
)
from engine.model.dataset import EncodedData
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    FindingNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    ProgressNotice,
)
from engine.protocol import primitives as p
from engine.runtime.association import Association
from engine.services.responses import request_of, response_to
from engine.wire.commands import encode_command
from tests.runtime.console import (
    CT,
    EXPLICIT,
    STUDY_FIND,
    VERIFICATION,
    Console,
    echo_rq,
    find_rq,
    keys,
    policy,
    proposal,
    store_rq,
)
from tests.runtime.scripted import Conversation, scripted

CONNECTING, NEGOTIATING, ESTABLISHED, RELEASING, RELEASED, ABORTED = (
    AssociationPhase.CONNECTING,
    AssociationPhase.NEGOTIATING,
    AssociationPhase.ESTABLISHED,
    AssociationPhase.RELEASING,
    AssociationPhase.RELEASED,
    AssociationPhase.ABORTED,
)


# --- the order of things ------------------------------------------------------------------------------------------


def test_both_sides_tell_their_phases_in_order(console: Console) -> None:
    listener = console.listen()
    status = console.echo(listener)
    assert console.phases(status.association) == [CONNECTING, NEGOTIATING, ESTABLISHED, RELEASING, RELEASED]
    served = console.wait(AssociationNotice, lambda n: not n.requestor and n.outcome is not None)
    assert served.listener == listener.listener
    assert console.phases(served.association) == [NEGOTIATING, ESTABLISHED, RELEASED]
    established = console.of(AssociationNotice, lambda n: n.phase is ESTABLISHED)
    assert {n.negotiated.calling_ae_title for n in established if n.negotiated} == {"CONSOLE"}


def test_each_pdu_is_told_with_its_transition(console: Console) -> None:
    status = console.echo(console.listen())
    seen = [
        (n.direction, n.type, n.state_before, n.action, n.state_after)
        for n in console.of(PduNotice, lambda n: n.association == status.association)
    ]
    sent, received = Direction.SENT, Direction.RECEIVED
    assert seen == [
        (sent, 1, "Sta4", "AE-2", "Sta5"),
        (received, 2, "Sta5", "AE-3", "Sta6"),
        (sent, 4, "Sta6", "DT-1", "Sta6"),
        (received, 4, "Sta6", "DT-2", "Sta6"),
        (sent, 5, "Sta6", "AR-1", "Sta7"),
        (received, 6, "Sta7", "AR-3", "Sta1"),
    ]


def test_the_users_abort(console: Console) -> None:
    listener = console.listen()
    number = console.open(proposal(listener))
    console.submit(Abort(association=number, source=2, reason=6))
    ended = console.ended(number)
    assert (ended.phase, ended.abort, ended.outcome) == (ABORTED, (2, 6), Outcome.ABORTED)
    other = console.wait(AssociationNotice, lambda n: not n.requestor and n.outcome is not None)
    assert (other.phase, other.abort) == (ABORTED, (2, 6))


def test_an_abort_that_does_not_fit_is_told_and_changes_nothing(console: Console) -> None:
    number = console.open(proposal(console.listen()))
    console.submit(Abort(association=number, source=700))
    assert "A-ABORT cannot be made" in console.wait(ErrorNotice).sentence
    assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
    assert console.release(number).phase is RELEASED


def test_an_abort_ends_the_operation_under_way(console: Console) -> None:
    with scripted(lambda c: (c.accept(), c.wait_closed())[-1]) as peer:
        number = console.open(proposal(peer))
        send = Send(association=number, operation=console.new_id(), message=echo_rq())
        console.submit(send)
        console.wait(MessageNotice)
        console.submit(Abort(association=number))
        assert console.status(send.operation).outcome is Outcome.ABORTED


def test_forced_bytes_go_out_as_they_are(console: Console) -> None:
    number = console.open(proposal(console.listen()))
    console.submit(SendBytes(association=number, data=b"\x09garbage"))
    sent = console.wait(PduNotice, lambda n: n.type == 9 and n.direction is Direction.SENT)
    assert (sent.data, sent.action) == (b"\x09garbage", "")
    assert console.ended(number).phase is ABORTED
    told = console.wait(AssociationNotice, lambda n: not n.requestor and n.outcome is not None)
    assert "PDU-type 09H" in told.sentence


def test_an_association_that_is_over_is_freed_at_once(console: Console) -> None:
    """Thousands in a row must not wait for the collector of cycles."""
    listener = console.listen()
    gc.disable()
    try:
        number = console.open(proposal(listener))
        freed = threading.Event()
        weakref.finalize(console.engine._context.associations[number], freed.set)
        console.submit(Release(association=number))
        assert console.ended(number).phase is RELEASED
        assert freed.wait(20)
    finally:
        gc.enable()


def test_both_release_at_once(console: Console) -> None:
    """A release collision (PS3.8 7.2.2.7) between two of our own: both are told that it is released."""
    listener = console.listen()
    for _ in range(5):
        number = console.open(proposal(listener))
        served = console.wait(AssociationNotice, lambda n: not n.requestor and n.phase is ESTABLISHED)
        known = console.engine._context.associations
        sides = (known[number], known[served.association])

        def both(sides: tuple[Association, ...] = sides) -> None:
            for side in sides:
                side.request(p.AReleaseRequest())

        console.engine._context.loop.call_soon_threadsafe(both)
        assert console.ended(number).phase is RELEASED
        assert console.ended(served.association).phase is RELEASED
        console.notices.clear()


# --- messages -----------------------------------------------------------------------------------------------------


def test_several_messages_of_one_shot(console: Console) -> None:
    listener = console.listen()
    unknown = Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID="1.2.3.4"))
    status = console.one_shot(proposal(listener), echo_rq(), unknown, echo_rq())
    assert status.outcome is Outcome.NOT_SENT
    assert "2 of 3" in status.sentence
    progress = console.of(ProgressNotice)
    assert [n.done for n in progress] == [1, 2, 3]
    assert "1.2.3.4" in console.wait(ErrorNotice).sentence


def test_an_asynchronous_window_is_used_between_two_of_our_own(console: Console) -> None:
    """Requests go out without waiting, as many as were agreed on; responses come in any order."""
    listener = console.listen(policy=policy(async_window=AsyncWindow(8, 8)))
    number = console.open(proposal(listener, async_window=AsyncWindow(4, 4)))
    operations = [console.new_id() for _ in range(40)]
    for operation in operations:
        console.submit(Send(association=number, operation=operation, message=echo_rq()))
    assert {console.status(operation).outcome for operation in operations} == {Outcome.SUCCESS}
    outstanding = most = 0
    for notice in console.of(MessageNotice, lambda n: n.association == number):
        outstanding += -1 if notice.command.is_response else 1
        most = max(most, outstanding)
    assert most == 4
    sent = console.of(MessageNotice, lambda n: n.association == number and n.direction is Direction.SENT)
    assert [n.operation for n in sent] == operations  # in the order they were asked for
    assert not console.of(FindingNotice, lambda n: n.severity == "error")
    console.release(number)


def test_a_window_of_one_holds_the_rest_back(console: Console) -> None:
    number = console.open(proposal(console.listen()))
    operations = [console.new_id() for _ in range(10)]
    for operation in operations:
        console.submit(Send(association=number, operation=operation, message=echo_rq()))
    assert {console.status(operation).outcome for operation in operations} == {Outcome.SUCCESS}
    directions = [n.direction for n in console.of(MessageNotice, lambda n: n.association == number)]
    assert directions == [Direction.SENT, Direction.RECEIVED] * 10
    console.release(number)


def test_responses_by_hand(console: Console) -> None:
    """Without automatic answers the user answers himself, a wrong status included."""
    report = request_of(
        "N-EVENT-REPORT-RQ", AffectedSOPClassUID=VERIFICATION, AffectedSOPInstanceUID="1.2.3", EventTypeID=1
    )
    got: list[CommandSet] = []

    def script(c: Conversation) -> None:
        c.accept()
        for message_id in (7, 8):
            c.send(c.message(1, report.with_values(MessageID=message_id, CommandDataSetType=0x0101)))
            got.append(c.read_command()[1])
        c.read_pdu()
        c.send(b"\x06\0\0\0\0\4\0\0\0\0")

    with scripted(script) as peer:
        made = proposal(peer)
        number = console.open(made, auto_answer=False)
        for message_id, status in ((7, 0x0000), (8, 0x0113)):
            request = console.wait(
                MessageNotice, lambda n, m=message_id: not n.command.is_response and n.command.message_id == m
            )
            assert request.direction is Direction.RECEIVED
            answer = Outgoing(command=response_to(request.command, status), context_id=request.context_id)
            assert console.send(number, answer).outcome is Outcome.SUCCESS
        console.release(number)
    assert [(c.responded_to, c.status) for c in got] == [(7, 0x0000), (8, 0x0113)]


def test_what_arrives_on_a_held_association_is_answered_otherwise(console: Console) -> None:
    report = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION).with_values(
        MessageID=5, CommandDataSetType=0x0101
    )
    got: list[CommandSet] = []

    def script(c: Conversation) -> None:
        c.accept()
        c.send(c.message(1, report))
        got.append(c.read_command()[1])
        c.read_pdu()
        c.send(b"\x06\0\0\0\0\4\0\0\0\0")

    with scripted(script) as peer:
        number = console.open(proposal(peer))
        console.wait(MessageNotice, lambda n: n.command.is_response)
        console.release(number)
    assert [(c.responded_to, c.status) for c in got] == [(5, 0)]


def test_a_cancel_for_what_has_none_is_told(console: Console) -> None:
    def script(c: Conversation) -> None:
        c.accept()
        context, command = c.read_command()
        cancelled.wait(5)
        c.send(c.message(context, response_to(command, 0)))
        c.read_pdu()
        c.send(b"\x06\0\0\0\0\4\0\0\0\0")

    cancelled = threading.Event()
    with scripted(script) as peer:
        number = console.open(proposal(peer))
        send = Send(association=number, operation=console.new_id(), message=echo_rq())
        console.submit(send)
        console.wait(MessageNotice)
        console.submit(Cancel(operation=send.operation))
        assert "C-ECHO has no C-CANCEL-RQ" in console.wait(ErrorNotice).sentence
        cancelled.set()
        assert console.status(send.operation).outcome is Outcome.SUCCESS
        console.release(number)


def test_what_a_store_says_that_does_not_fit_is_refused(console: Console) -> None:
    listener = console.listen()
    made = proposal(listener, (CT, EXPLICIT))
    for message, status in (
        (store_rq(CT, "1.2.3", EncodedData(b"", EXPLICIT)), 0xA900),
        (store_rq(CT, "1.2.3", EncodedData(b"\x08\x00\x05\x00CS\xff\xff12", EXPLICIT)), 0xC000),
        (store_rq(CT, "1.2.3", None), 0xC000),
    ):
        got = console.one_shot(made, message)
        assert (got.outcome, got.status) == (Outcome.FAILURE, status), got.sentence


def test_an_unknown_operation_is_answered(console: Console) -> None:
    command = CommandSet.of(
        AffectedSOPClassUID=VERIFICATION, CommandField=0x0ABC, MessageID=None, CommandDataSetType=None
    )
    status = console.one_shot(proposal(console.listen()), Outgoing(command=command))
    assert (status.outcome, status.status) == (Outcome.FAILURE, 0x0211)


def test_a_linger_waits_for_what_follows(console: Console) -> None:
    """The association stays open after the response, and Cancel ends that."""
    listener = console.listen()
    shot = OneShot(
        association=console.new_id(),
        operation=console.new_id(),
        proposal=proposal(listener),
        messages=(echo_rq(),),
        linger=30.0,
    )
    assert console.run(shot).outcome is Outcome.SUCCESS
    assert RELEASING not in console.phases(shot.association)
    console.submit(Cancel(operation=shot.operation))
    assert console.ended(shot.association, 5).phase is RELEASED


def test_encoded_bytes_that_are_wrong_still_go_out(console: Console) -> None:
    """What the user wants wrong goes out wrong: here a Message ID twice and a group length of nonsense."""
    command = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION)
    twice = CommandSet((*command.elements, *[e for e in command.elements if e.tag == tag_of("MessageID")]))
    status = console.one_shot(proposal(console.listen()), Outgoing(command=twice))
    assert status.outcome is Outcome.SUCCESS
    sent = console.wait(MessageNotice)
    assert encode_command(sent.command) == sent.command_bytes
    assert console.of(FindingNotice, lambda n: n.severity == "error")


def tag_of(keyword: str) -> int:
    from engine.model.command_set import tag_of as found

    return found(keyword)


def test_timeouts_of_zero_mean_none(console: Console) -> None:
    none = Timeouts(connect=0, acse=0, dimse=0, idle=0, artim=0)
    listener = console.listen(policy=policy(timeouts=none))
    assert console.echo(listener, timeouts=none).outcome is Outcome.SUCCESS


# --- many at once -------------------------------------------------------------------------------------------------


def test_fifty_associations_at_once_in_both_roles(console: Console) -> None:
    listener = console.listen()
    numbers = [console.new_id() for _ in range(50)]
    for number in numbers:
        console.submit(OpenAssociation(association=number, proposal=proposal(listener)))
    for number in numbers:
        console.wait(AssociationNotice, lambda n, each=number: n.association == each and n.phase is ESTABLISHED)
    assert len(console.engine._context.associations) == 100
    operations = [console.new_id() for _ in numbers for _ in range(4)]
    for place, operation in enumerate(operations):
        console.submit(Send(association=numbers[place % 50], operation=operation, message=echo_rq()))
    assert Counter(console.status(o).outcome for o in operations) == {Outcome.SUCCESS: 200}
    for number in numbers:
        console.submit(Release(association=number))
    assert {console.ended(number).phase for number in numbers} == {RELEASED}
    console.wait(AssociationNotice, lambda n: not console.engine._context.associations)
    assert not console.of(ErrorNotice)


def test_more_than_the_listener_takes_are_turned_away(console: Console) -> None:
    listener = console.listen(policy=policy(max_associations=2))
    held = [console.open(proposal(listener)) for _ in range(2)]
    status = console.echo(listener)
    assert status.outcome is Outcome.REJECTED
    assert console.ended(status.association).rejection == (2, 3, 2)
    console.release(held[0])
    assert console.echo(listener).outcome is Outcome.SUCCESS


def _cancelled(c: Conversation, times: int) -> None:
    """A provider each of whose queries is cancelled."""
    c.accept()
    for _ in range(times):
        context, command = c.read_command()
        c.read_command()
        c.send(c.message(context, response_to(command, 0xFE00)))
    c.read_pdu()
    c.send(b"\x06\0\0\0\0\4\0\0\0\0")


def test_the_duration_of_a_cancelled_query_is_from_its_request(console: Console) -> None:
    with scripted(partial(_cancelled, times=1)) as peer:
        number = console.open(proposal(peer, STUDY_FIND))
        send = Send(
            association=number,
            operation=console.new_id(),
            message=find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY", PatientID="")),
        )
        console.submit(send)
        asked = console.wait(MessageNotice)
        console.submit(Cancel(operation=send.operation))
        status = console.status(send.operation)
        assert status.status == 0xFE00
        cancelled, answered = console.of(MessageNotice, lambda n: n is not asked)
        assert status.duration is not None
        assert status.duration > answered.clock - (asked.clock + cancelled.clock) / 2
        console.release(number)


def test_what_was_cancelled_is_not_remembered_as_long_as_the_association(console: Console) -> None:
    with scripted(partial(_cancelled, times=5)) as peer:
        number = console.open(proposal(peer, STUDY_FIND))
        for turn in range(5):
            query = find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY", PatientID=""))
            send = Send(association=number, operation=console.new_id(), message=query)
            console.submit(send)
            console.wait(MessageNotice, lambda n, of=send.operation: n.operation == of)
            console.submit(Cancel(operation=send.operation))
            assert console.status(send.operation).status == 0xFE00, turn
        of_it = vars(console.engine._context.associations[number].messages)
        assert [name for name, kept in of_it.items() if isinstance(kept, set | list | dict) and kept] == []
        console.release(number)
