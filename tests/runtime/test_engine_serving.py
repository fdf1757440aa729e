"""The built-in peer between two of our own: find, get and move, and users that go away."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.model.association import ExtendedNegotiation, Role, Timeouts
from engine.model.commands import (
    Abort,
    Listen,
    MoveDestination,
    Outgoing,
    PeerSettings,
    Retrieve,
    Send,
    StopListening,
)
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
    StatusNotice,
)
from engine.services.responses import request_of
from engine.standard.pdus import AssociateRQ
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    PATIENT_FIND,
    STUDY_FIND,
    STUDY_GET,
    STUDY_MOVE,
    Console,
    contexts,
    data_set_bytes,
    find_rq,
    keys,
    policy,
    proposal,
    tag,
    write_instances,
)
from tests.runtime.scripted import Conversation, scripted


def _stocked(console: Console, tmp_path: Path, count: int = 3, **settings: Any) -> ListenerNotice:
    write_instances(tmp_path / "stock", count)
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
        assert console.wait(AssociationNotice, lambda n: n.outcome is not None).phase is AssociationPhase.ABORTED
    finally:
        other.close()
    assert console.echo(listener).outcome is Outcome.SUCCESS
    assert not console.of(ErrorNotice)


def test_values_of_a_find_come_back(console: Console, tmp_path: Path) -> None:
    listener = _stocked(console, tmp_path)
    status = console.one_shot(
        proposal(listener, PATIENT_FIND),
        find_rq(PATIENT_FIND, keys(QueryRetrieveLevel="PATIENT", PatientID="P*", PatientName="")),
    )
    (found,) = console.found(status.operation)
    assert found.text(tag("PatientID")) == "P1"
    assert found.find(tag("PatientName")) is not None


def test_a_user_that_stops_reading_is_given_up(console: Console, tmp_path: Path) -> None:
    """What the built-in peer sends piles up; after its DIMSE time-out it aborts."""
    folder = tmp_path / "stock"
    write_instances(folder, 1, 30_000_000)
    listener = console.listen(folder, policy=policy(timeouts=Timeouts(dimse=1.5)))
    other = Console()
    gc.disable()
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
        ended = console.wait(AssociationNotice, lambda n: n.outcome is not None)
        assert ended.outcome is Outcome.TIMED_OUT
        assert "has taken none of the" in ended.sentence
        for _ in range(20):  # turns of the loop, of which its end takes some
            console.taken()
        assert not _opened_in(folder), "nobody reads on: the file is closed, not when garbage is collected"
    finally:
        gc.enable()
        other.close()


def _opened_in(folder: Path) -> list[str]:
    """Files of the folder that this process holds open, where the system tells."""
    held = []
    for descriptor in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # the one that lists them
            held.append(str(descriptor.readlink()))
    return [path for path in held if path.startswith(f"{folder}/") and path.endswith(".dcm")]


@pytest.mark.parametrize("with_folder", [False, True], ids=["memory", "folder"])
@pytest.mark.parametrize("turns", range(9))
def test_a_listener_stopped_before_it_listens_never_does(
    turns: int, with_folder: bool, console: Console, tmp_path: Path
) -> None:
    """Whatever it was about to do when it was stopped."""
    write_instances(tmp_path / "in", 2)
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    number = console.new_id()
    engine: Any = console.engine
    loop = engine._context.loop
    settings = PeerSettings(folder=tmp_path / "in" if with_folder else None)

    def after(left: int) -> None:
        if left:
            loop.call_soon(after, left - 1)
        else:
            engine._life.dispatcher.dispatch(StopListening(listener=number))

    def begin() -> None:
        engine._life.dispatcher.dispatch(Listen(listener=number, host=HOST, port=port, settings=settings))
        after(turns)

    loop.call_soon_threadsafe(begin)
    console.wait(ListenerNotice, lambda n: n.listener == number and not n.listening)
    console.close()
    told = [n.listening for n in console.of(ListenerNotice, lambda n: n.listener == number)]
    assert told in ([False], [True, False])
    assert not console.of(ErrorNotice)
    gc.collect()  # a socket that nobody closed is told now
    with socket.create_server((HOST, port)):
        pass
