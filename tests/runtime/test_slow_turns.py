"""What one peer sends is taken in small pieces where it takes long, so that the others have their turn."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData
from engine.model.notices import AssociationNotice, Direction, MessageNotice, Outcome
from engine.protocol.upper_layer import AT_ONCE
from engine.runtime import link
from engine.runtime.link import LEAST_ROOM, Link
from engine.runtime.peer_requests import PeerRequests
from engine.services.effects import Instance
from engine.services.instances import SLICE, MemoryStore
from engine.services.responses import request_of
from engine.standard.messages import CANCEL
from engine.standard.pdus import ReleaseRP, ReleaseRQ
from engine.wire.datasets import encode_dataset
from engine.wire.pdus import encode_pdu

from .console import CT, IMPLICIT, STUDY_FIND, VERIFICATION, Console, echo_rq, keys, proposal
from .scripted import Conversation, calling
from .tls_files import Files, tls_calling
from .tls_talk import listening, shoot

COUNT = 2_000
RECORD = 16 * 1024
"""Bytes of a whole TLS record (RFC 8446 5.1), which is taken at once."""


@contextlib.contextmanager
def asking(port: int) -> Iterator[Conversation]:
    with calling(port) as c:
        c.ask(VERIFICATION)
        yield c


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes were read at once, each time."""
    counts: list[int] = []
    take = Link._take

    def noted(self: Link, nbytes: int) -> None:
        counts.append(nbytes)
        take(self, nbytes)

    monkeypatch.setattr(Link, "_take", noted)
    return counts


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("slow", [True, False])
def test_less_is_read_at_once_where_it_takes_long(
    slow: bool, tls: bool, console: Console, files: Files, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every message is taken all the same."""
    monkeypatch.setattr(link, "SLOW", -1.0 if slow else 3600.0)
    listener = listening(console, files.acceptor() if tls else None)
    with tls_calling(files, listener.port, VERIFICATION) if tls else asking(listener.port) as c:
        echo = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION).with_values(CommandDataSetType=0x0101)
        c.send(b"".join(c.message(1, echo.with_values(MessageID=1 + n % 60_000)) for n in range(COUNT)))
        answered = [c.read_command()[1].responded_to for _ in range(COUNT)]
        assert answered == [1 + n for n in range(COUNT)]
    if slow:
        assert max(reads[10:]) <= (RECORD if tls else LEAST_ROOM)
    else:
        assert max(reads) > 2 * LEAST_ROOM
    trusting = files.requestor() if tls else None
    assert shoot(console, listener, trusting)[0] is Outcome.SUCCESS


@pytest.mark.parametrize("tls", [False, True])
def test_a_flood_of_small_messages_is_taken_a_few_at_a_time(
    tls: bool, console: Console, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many come in one read, and whether or not the peer waits for the answers."""
    taken: list[int] = []
    begin, request = Link._take, PeerRequests.take

    def turn(self: Link, nbytes: int) -> None:
        taken.append(0)
        begin(self, nbytes)

    def one(self: PeerRequests, *event: Any) -> bool:
        taken[-1] += 1
        return request(self, *event)

    monkeypatch.setattr(Link, "_take", turn)
    monkeypatch.setattr(PeerRequests, "take", one)
    listener = listening(console, files.acceptor() if tls else None)
    with tls_calling(files, listener.port, VERIFICATION) if tls else asking(listener.port) as c:
        echo = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION).with_values(CommandDataSetType=0x0101)
        c.send(b"".join(c.message(1, echo.with_values(MessageID=1 + n)) for n in range(COUNT)))
        assert [c.read_command()[1].responded_to for _ in range(COUNT)] == [1 + n for n in range(COUNT)]
        c.send(encode_pdu(ReleaseRQ()))
        assert c.read_pdu()[0] == ReleaseRP.TYPE
    assert sum(taken) == COUNT
    assert max(taken) <= AT_ONCE


def test_a_flood_before_the_end_of_the_connection_is_told_to_the_end(console: Console) -> None:
    listener = console.listen()
    with asking(listener.port) as c:
        echo = request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION).with_values(CommandDataSetType=0x0101)
        c.send(b"".join(c.message(1, echo.with_values(MessageID=1 + n)) for n in range(COUNT)))
        c.sock.shutdown(socket.SHUT_WR)
        console.wait(AssociationNotice, lambda n: n.listener is not None and n.outcome is not None)
    received = console.of(MessageNotice, lambda n: n.direction is Direction.RECEIVED)
    assert [n.command.message_id for n in received] == [1 + n for n in range(COUNT)]


def test_more_is_read_again_when_it_is_quick(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = console.listen()
    number = console.open(proposal(listener))
    connection = console.engine._context.associations[number].link
    monkeypatch.setattr(link, "SLOW", -1.0)
    while connection.room > LEAST_ROOM:
        assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
    monkeypatch.setattr(link, "SLOW", 3600.0)
    while connection.room < link.MOST_ROOM:
        assert console.send(number, echo_rq()).outcome is Outcome.SUCCESS
    console.release(number)


@pytest.mark.parametrize("end", ["cancel", "abort"])
def test_a_query_over_a_large_archive_holds_nobody_up_and_ends_when_it_is_to(end: str, console: Console) -> None:
    here = console.listen()
    peer, looked = console.engine._context.listeners[here.listener].peer, [0]
    number = 2_000_000
    one = Instance(
        sop_class_uid=CT,
        sop_instance_uid="1.2",
        transfer_syntax=IMPLICIT,
        attributes=keys(StudyInstanceUID="1.2"),
        data=EncodedData(b"", IMPLICIT),
    )

    def instances() -> Iterator[Instance]:
        for _ in range(number):
            looked[0] += 1
            yield one

    peer.store = type("Large", (MemoryStore,), {"instances": lambda _: instances()})()
    query = request_of("C-FIND-RQ", AffectedSOPClassUID=STUDY_FIND).with_values(MessageID=1, CommandDataSetType=1)
    cancel = CommandSet.of(CommandField=CANCEL, MessageIDBeingRespondedTo=1, CommandDataSetType=0x0101)
    with calling(here.port, STUDY_FIND, VERIFICATION) as c:
        identifier = encode_dataset(keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.3"), IMPLICIT)
        c.send(c.message(1, query, identifier))
        c.send(c.message(3, request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION).with_values(MessageID=2)))
        assert c.read_command()[1].responded_to == 2 and looked[0] < number
        if end == "cancel":
            c.send(c.message(1, cancel))
            assert c.read_command()[1].status == 0xFE00
        else:
            c.reset()
            console.ended(console.wait(AssociationNotice, lambda n: n.listener is not None).association)
            before = looked[0]
            console.taken()
            assert looked[0] - before <= SLICE
        assert looked[0] < number
