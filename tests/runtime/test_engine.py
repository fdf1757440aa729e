"""The engine as a face sees it: life, order, both roles, many at once."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import AsyncWindow, ExtendedNegotiation, Role, Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import (
    Abort,
    Cancel,
    MoveDestination,
    OneShot,
    OpenAssociation,
    Outgoing,
    Release,
    Retrieve,
    Send,
    SendBytes,
    StopListening,
    StoreFiles,
)
from engine.model.dataset import EncodedData
from engine.model.limits import Limits
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Direction,
    ErrorNotice,
    FindingNotice,
    ListenerNotice,
    MessageNotice,
    Outcome,
    PduNotice,
    ProgressNotice,
    StatusNotice,
)
from engine.protocol import primitives as p
from engine.runtime import recorder
from engine.runtime.association import Association
from engine.runtime.engine import Engine
from engine.runtime.files import Spool
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AssociateRQ
from engine.wire import datasets
from engine.wire.commands import encode_command
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    PATIENT_FIND,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    VERIFICATION,
    Console,
    contexts,
    data_set_bytes,
    echo_rq,
    find_rq,
    keys,
    policy,
    proposal,
    store_rq,
    tag,
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


# --- life ---------------------------------------------------------------------------------------------------------


def test_starting_and_stopping_twice_does_nothing() -> None:
    engine = Engine()
    engine.start()
    engine.start()
    assert sum(t.name == "dimse-engine" for t in threading.enumerate()) == 1
    engine.stop()
    engine.stop()
    assert not any(t.name == "dimse-engine" for t in threading.enumerate())


def test_a_stopped_engine_takes_nothing_and_can_start_again() -> None:
    console = Console()
    console.close()
    with pytest.raises(RuntimeError, match="not running"):
        console.submit(Release(association=1))
    console.engine.start()
    assert console.echo(console.listen()).outcome is Outcome.SUCCESS
    console.close()


def test_an_engine_never_started_refuses_commands() -> None:
    with pytest.raises(RuntimeError):
        Engine().submit(Release(association=1))


def test_stopping_releases_what_is_open() -> None:
    near, far = Console(), Console()
    try:
        number = near.open(proposal(far.listen()))
        near.close()
        assert near.phases(number)[-1] is RELEASED
        released = far.wait(AssociationNotice, lambda n: n.outcome is not None)
        assert released.phase is RELEASED
    finally:
        far.close()


def test_stopping_the_listener_releases_what_it_serves(console: Console) -> None:
    listener = console.listen()
    number = console.open(proposal(listener))
    console.submit(StopListening(listener=listener.listener))
    assert console.ended(number).phase is RELEASED
    console.wait(ListenerNotice, lambda n: not n.listening)
    assert console.echo(listener).outcome is Outcome.CONNECTION_FAILED


def test_the_bell_rings_from_the_engine_thread_only() -> None:
    rung: list[str] = []
    engine = Engine(lambda: rung.append(threading.current_thread().name))
    with engine:
        engine.submit(Release(association=99))
        assert engine.drain_wait(5)
    assert set(rung) == {"dimse-engine"}


def test_ids_are_never_given_twice() -> None:
    engine = Engine()
    given: list[int] = []
    workers = [threading.Thread(target=lambda: given.extend(engine.new_id() for _ in range(500))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(set(given)) == 4000


def test_a_command_for_nothing_is_told(console: Console) -> None:
    for command in (Release(association=77), Abort(association=78), SendBytes(association=79, data=b"x")):
        console.submit(command)
        told = console.wait(ErrorNotice, lambda n, number=command.association: n.association == number)
        assert f"#{command.association}" in told.sentence
    status = console.send(80, echo_rq())
    assert (status.outcome, status.service) == (Outcome.NOT_SENT, "C-ECHO")
    console.submit(object())  # type: ignore[arg-type]
    assert "object" in console.wait(ErrorNotice, lambda n: n.association is None).sentence


def test_a_port_in_use_is_told(console: Console) -> None:
    from engine.model.commands import Listen

    taken = console.listen()
    number = console.new_id()
    console.submit(Listen(listener=number, port=taken.port))
    refused = console.wait(ListenerNotice, lambda n: n.listener == number)
    assert not refused.listening
    assert "another program uses the port" in refused.sentence


def test_all_addresses_share_one_port_and_it_is_said_plainly(console: Console) -> None:
    listener = console.listen(host="")
    assert "ANY COMPUTER" in listener.sentence
    for host in ("127.0.0.1", "::1", "[::1]", "localhost"):
        assert console.echo(listener, host=host).outcome is Outcome.SUCCESS, host


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
    assert "3 of 3" in status.sentence
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


# --- storing ------------------------------------------------------------------------------------------------------


def _write(folder: Path, count: int, size: int = 100) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for number in range(count):
        ds = keys(SOPClassUID=CT, SOPInstanceUID=f"1.2.3.{number}", PatientID="P1", StudyInstanceUID="1.2.9")
        data = datasets.encode_dataset(ds, EXPLICIT)
        data += b"\xe0\x7f\x10\x00OW\0\0" + size.to_bytes(4, "little") + bytes(size)
        path = folder / f"{number:05}.dcm"
        datasets.write_file(path, data, EXPLICIT, CT, f"1.2.3.{number}")
        paths.append(path)
    return paths


def test_storing_is_cancelled_midway(console: Console, tmp_path: Path) -> None:
    _write(tmp_path / "in", 1000)
    listener = console.listen(tmp_path / "out")
    store = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(listener),
        paths=(tmp_path / "in",),
    )
    console.submit(store)
    console.wait(ProgressNotice, lambda n: n.done == 3)
    console.submit(Cancel(operation=store.operation))
    status = console.status(store.operation)
    assert status.outcome is Outcome.CANCELLED
    assert status.completed and status.remaining
    assert status.completed + status.remaining == 1000
    assert console.ended(store.association).phase is RELEASED
    assert len(list((tmp_path / "out").glob("*.dcm"))) == status.completed
    assert not console.of(MessageNotice, lambda n: n.command.command_field == 0x0FFF)


def test_an_association_of_a_procedure_can_be_aborted(console: Console, tmp_path: Path) -> None:
    _write(tmp_path / "in", 1000)
    store = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(console.listen()),
        paths=(tmp_path / "in",),
    )
    console.submit(store)
    console.wait(ProgressNotice, lambda n: n.done == 3)
    console.submit(Abort(association=store.association))
    status = console.status(store.operation)
    assert status.outcome is Outcome.ABORTED
    assert "not sent" in status.sentence


@pytest.mark.parametrize("in_folder", [True, False])
def test_a_large_data_set_goes_through_the_disk(
    in_folder: bool, console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """80 MB are sent from a file and received into one, in neither case held in memory; it can be fetched again."""
    import tracemalloc

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (path,) = _write(tmp_path / "in", 1, 80_000_000)
    folder = tmp_path / "out" if in_folder else None
    listener = console.listen(folder)
    tracemalloc.start()
    try:
        store = StoreFiles(
            operation=console.new_id(), association=console.new_id(), proposal=proposal(listener), paths=(path,)
        )
        # The PDUs' copies that wait in the outbox are bounded on their own; a face fetches and drops them.
        console.submit(store)
        while not console.of(StatusNotice):
            console.notices = [n for n in console.notices if not isinstance(n, PduNotice)]
            console.notices += console.engine.drain_wait(5)
        assert console.status(store.operation).outcome is Outcome.SUCCESS
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 200_000_000, most  # 64 MiB of PDU copies a side at most, queues, and the spool's threshold
    if folder is not None:
        (received,) = folder.glob("*.dcm")
        assert data_set_bytes(received) == data_set_bytes(path)
    console.notices.clear()
    retrieve = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(listener, STUDY_GET, (CT, EXPLICIT)),
        service="C-GET",
        sop_class_uid=STUDY_GET,
        identifier=keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9"),
        folder=tmp_path / "got",
    )
    made = replace(retrieve.proposal, contexts=contexts(STUDY_GET, (CT, EXPLICIT), role=Role.SCP))
    made = replace(made, contexts=(replace(made.contexts[0], role=Role.DEFAULT), made.contexts[1]))
    status = console.run(replace(retrieve, proposal=made))
    assert (status.outcome, status.completed) == (Outcome.SUCCESS, 1)
    (got,) = (tmp_path / "got").iterdir()
    assert data_set_bytes(got) == data_set_bytes(path)
    console.close()
    assert not list(tmp_path.rglob("*.part"))


def test_a_disk_that_is_full_is_told(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen(tmp_path / "out", policy=policy(limits=Limits(memory=1000)))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "_begun", full)
    (path,) = _write(tmp_path / "in", 1, 100_000)
    store = StoreFiles(
        operation=console.new_id(), association=console.new_id(), proposal=proposal(listener), paths=(path,)
    )
    assert console.run(store).outcome is not Outcome.SUCCESS
    (answer,) = console.of(MessageNotice, lambda n: n.command.command_field == 0x8001 and n.operation is not None)
    assert answer.command.status == 0xA700
    assert console.of(ErrorNotice, lambda n: "No space left on device" in n.sentence)
    assert not console.of(AssociationNotice, lambda n: n.outcome is not None and n.outcome is not Outcome.SUCCESS)
    assert console.echo(listener).outcome is Outcome.SUCCESS


# --- the built-in peer between two of our own ---------------------------------------------------------------------


def _stocked(console: Console, tmp_path: Path, count: int = 3, **settings: Any) -> ListenerNotice:
    _write(tmp_path / "stock", count)
    return console.listen(tmp_path / "stock", **settings)


def _retrieve(console: Console, listener: ListenerNotice, service: str, uid: str, **more: Any) -> StatusNotice:
    command = Retrieve(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=replace(proposal(listener), contexts=(), extended=more.pop("extended", ())),
        service=service,
        sop_class_uid=uid,
        identifier=more.pop("identifier", keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9")),
        **more,
    )
    return console.run(command)


def test_find_get_and_move_between_two_of_our_own(console: Console, tmp_path: Path) -> None:
    target = console.listen(tmp_path / "target")
    destination = MoveDestination(ae_title="TARGET", host=HOST, port=target.port)
    listener = _stocked(console, tmp_path, destinations=(destination,))
    assert _retrieve(console, listener, "C-FIND", STUDY_FIND).responses == 1
    got = _retrieve(console, listener, "C-GET", STUDY_GET, folder=tmp_path / "got")
    assert (got.outcome, got.completed, got.failed) == (Outcome.SUCCESS, 3, 0)
    moved = _retrieve(console, listener, "C-MOVE", STUDY_MOVE, move_destination="TARGET")
    assert (moved.outcome, moved.completed) == (Outcome.SUCCESS, 3)
    for folder in ("got", "target"):
        received = sorted(data_set_bytes(path) for path in (tmp_path / folder).glob("*.dcm"))
        assert received == sorted(data_set_bytes(path) for path in (tmp_path / "stock").glob("*.dcm"))
    assert not console.of(FindingNotice, lambda n: n.severity == "error")
    assert not console.of(ErrorNotice)


def test_an_unreachable_move_destination_fails_each_but_is_tried_once(console: Console, tmp_path: Path) -> None:
    with scripted(Conversation.wait_closed) as silent:
        destination = MoveDestination(ae_title="SILENT", host=HOST, port=silent.port)
        listener = _stocked(console, tmp_path, destinations=(destination,), policy=policy(timeouts=Timeouts(acse=0.3)))
        status = _retrieve(console, listener, "C-MOVE", STUDY_MOVE, move_destination="SILENT")
    assert (status.outcome, status.status) == (Outcome.FAILURE, 0xA702)
    assert (status.completed, status.failed) == (0, 3)
    tried = console.of(PduNotice, lambda n: n.type == AssociateRQ.TYPE and n.direction is Direction.SENT)
    assert len(tried) == 2  # ours, and one to the destination
    assert "did not answer the A-ASSOCIATE-RQ within 0.3 s" in console.wait(ErrorNotice).sentence


def test_a_get_is_cancelled_between_its_instances(console: Console, tmp_path: Path) -> None:
    listener = _stocked(console, tmp_path, 200)
    status = _retrieve(console, listener, "C-GET", STUDY_GET, cancel_after=2)
    assert (status.outcome, status.status) == (Outcome.CANCELLED, 0xFE00)
    assert status.completed and status.remaining
    assert status.completed + status.remaining == 200


def test_a_find_of_many_is_cancelled_and_lets_others_in(console: Console, tmp_path: Path) -> None:
    listener = _stocked(console, tmp_path, 500)
    identifier = keys(QueryRetrieveLevel="IMAGE", StudyInstanceUID="1.2.9", SOPInstanceUID="")
    asked = ExtendedNegotiation(STUDY_FIND, b"\1")  # relational: the Series is not named
    status = _retrieve(
        console, listener, "C-FIND", STUDY_FIND, identifier=identifier, cancel_after=5, extended=(asked,)
    )
    assert status.outcome is Outcome.CANCELLED
    assert 5 <= status.responses < 500


def test_a_user_that_goes_away_ends_what_it_asked_for(console: Console, tmp_path: Path) -> None:
    listener = _stocked(console, tmp_path, 500)
    other = Console()
    try:
        number = other.open(proposal(listener, PATIENT_FIND))
        identifier = keys(QueryRetrieveLevel="IMAGE", PatientID="P1", SOPInstanceUID="")
        other.submit(Send(association=number, operation=1, message=find_rq(PATIENT_FIND, identifier)))
        other.wait(MessageNotice, lambda n: n.command.is_response)
        other.submit(Abort(association=number))
        assert console.wait(AssociationNotice, lambda n: n.outcome is not None).phase is ABORTED
    finally:
        other.close()
    assert console.echo(listener).outcome is Outcome.SUCCESS
    assert not console.of(ErrorNotice)


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


def test_data_sets_of_a_long_store_are_not_all_kept(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "KEPT_DATA_BYTES", 1_000_000)
    _write(tmp_path / "in", 20, 200_000)
    listener = console.listen(tmp_path / "out")
    store = StoreFiles(
        operation=console.new_id(), association=console.new_id(), proposal=proposal(listener), paths=(tmp_path / "in",)
    )
    assert console.run(store).completed == 20
    received = console.of(MessageNotice, lambda n: n.command.command_field == 1 and n.direction is Direction.RECEIVED)
    assert [n.data is not None for n in received] == [True] * 4 + [False] * 16
    assert all(n.data_length > 200_000 for n in received)


def test_a_user_that_stops_reading_is_given_up(console: Console, tmp_path: Path) -> None:
    """What the built-in peer sends piles up; after its DIMSE time-out it aborts."""
    folder = tmp_path / "stock"
    _write(folder, 1, 30_000_000)
    listener = console.listen(folder, policy=policy(timeouts=Timeouts(dimse=0.4)))
    other = Console()
    try:
        made = proposal(listener, *contexts(STUDY_GET), *contexts((CT, EXPLICIT), role=Role.SCP))
        made = replace(made, contexts=(made.contexts[0], replace(made.contexts[1], id=3)))
        number = other.open(made)
        (link,) = other.engine._context.links
        assert link._transport is not None
        other.engine._context.loop.call_soon_threadsafe(link._transport.pause_reading)
        command = request_of("C-GET-RQ", AffectedSOPClassUID=STUDY_GET)
        identifier = keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.9")
        other.submit(
            Send(association=number, operation=other.new_id(), message=Outgoing(command=command, data=identifier))
        )
        ended = console.wait(AssociationNotice, lambda n: n.outcome is not None, 10)
        assert ended.outcome is Outcome.TIMED_OUT
        assert "has taken none of the" in ended.sentence
    finally:
        other.close()


def test_an_operation_that_is_cut_off_by_the_stop_is_told(console: Console, tmp_path: Path) -> None:
    """Whatever the engine was doing when it was stopped, each operation ends with its one notice."""
    _write(tmp_path / "in", 300)
    listener = console.listen()
    operations = []
    for _ in range(3):
        store = StoreFiles(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=proposal(listener),
            paths=(tmp_path / "in",),
        )
        operations.append(store.operation)
        console.submit(store)
    console.wait(ProgressNotice)
    console.close()
    statuses = console.of(StatusNotice)
    assert sorted(n.operation for n in statuses) == operations
    assert Outcome.SUCCESS not in {n.outcome for n in statuses}


def test_the_loop_is_never_blocked_for_long(console: Console, tmp_path: Path) -> None:
    """While 200 files are stored the loop keeps turning: the longest pause stays small."""
    _write(tmp_path / "in", 200, 100_000)
    listener = console.listen(tmp_path / "out")
    pauses: list[float] = []

    async def measure() -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while console.engine._context.associations or not pauses:
            await asyncio.sleep(0.001)
            pauses.append(loop.time() - last)
            last = loop.time()

    held = console.open(proposal(listener))
    console.engine._context.loop.call_soon_threadsafe(lambda: console.engine._context.spawn(measure(), "Measuring"))
    store = StoreFiles(
        operation=console.new_id(),
        association=console.new_id(),
        proposal=proposal(listener),
        paths=(tmp_path / "in",),
    )
    assert console.run(store).completed == 200
    console.release(held)
    assert max(pauses) < 0.5


def test_timeouts_of_zero_mean_none(console: Console) -> None:
    none = Timeouts(connect=0, acse=0, dimse=0, idle=0, artim=0)
    listener = console.listen(policy=policy(timeouts=none))
    assert console.echo(listener, timeouts=none).outcome is Outcome.SUCCESS


def test_values_of_a_find_come_back(console: Console, tmp_path: Path) -> None:
    listener = _stocked(console, tmp_path)
    status = console.one_shot(
        proposal(listener, PATIENT_FIND),
        find_rq(PATIENT_FIND, keys(QueryRetrieveLevel="PATIENT", PatientID="P*", PatientName="")),
    )
    (found,) = console.found(status.operation)
    assert found.text(tag("PatientID")) == "P1"
    assert found.find(tag("PatientName")) is not None
