"""What a failure is said to be is what happened: nothing the peer did otherwise, and no advice against it."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.command_set import CommandSet
from engine.model.commands import Cancel, OneShot, StopListening, StoreFiles
from engine.model.notices import AssociationNotice, Outcome, ProgressNotice, StoredNotice
from engine.model.storing import FileState
from engine.services.responses import response_to
from engine.standard.pdus import AbortPdu, ReleaseRP, ReleaseRQ
from engine.wire.commands import decode_command
from engine.wire.pdus import encode_pdu, iter_pdvs

from .console import HOST, STUDY_FIND, VERIFICATION, Console, echo_rq, find_rq, keys, policy, proposal, write_instances
from .diagnosing import LONG, diagnoses
from .failing import NO_ANSWER, accepting, fails
from .scripted import SECONDS, Conversation, calling, scripted
from .tls_files import Files, tls_peer


def test_what_was_not_sent_is_not_counted_as_sent(console: Console) -> None:
    peer = console.listen(policy=policy(VERIFICATION))
    shot = OneShot(
        association=console.new_id(),
        operation=console.new_id(),
        proposal=proposal(peer, VERIFICATION, STUDY_FIND),
        messages=(echo_rq(), find_rq(STUDY_FIND, keys(QueryRetrieveLevel="STUDY"))),
    )
    status = console.run(shot)
    assert status.outcome is Outcome.NOT_SENT
    assert status.sentence == "1 of 2 messages sent; not sent."
    assert console.of(ProgressNotice)[-1].done == 2, "both have had their end"


def test_a_cancel_that_came_too_late_cancelled_nothing(console: Console) -> None:
    asked, cancelled = threading.Event(), threading.Event()

    def then(talk: Conversation) -> None:
        talk.send(talk.message(*answer_to(talk)))
        second = answer_to(talk)
        asked.set()
        assert cancelled.wait(SECONDS)
        talk.send(talk.message(*second))
        assert talk.read_pdu()[0] == ReleaseRQ.TYPE
        talk.send(encode_pdu(ReleaseRP()))

    def answer_to(talk: Conversation) -> tuple[int, CommandSet]:
        context, request = talk.read_command()
        return context, response_to(request, 0)

    with scripted(accepting(then)) as peer:
        shot = OneShot(
            association=console.new_id(),
            operation=console.new_id(),
            proposal=proposal(peer),
            messages=(echo_rq(), echo_rq()),
        )
        console.submit(shot)
        assert asked.wait(SECONDS)
        console.submit(Cancel(operation=shot.operation))
        console.taken()
        cancelled.set()
        status = console.status(shot.operation)
    assert status.outcome is Outcome.SUCCESS
    assert status.sentence == "2 of 2 messages sent; success."


@pytest.mark.parametrize(("source", "reason", "blamed"), [(0, 0, False), (2, 0, False), (2, 6, True)])
def test_the_pdu_before_an_abort_is_blamed_by_a_reason_only(
    source: int, reason: int, blamed: bool, console: Console
) -> None:
    def then(talk: Conversation) -> None:
        talk.read_command()
        talk.send(encode_pdu(AbortPdu(source=source, reason=reason)))
        talk.wait_closed()

    with scripted(accepting(then)) as peer:
        ended = fails(console, peer, Outcome.ABORTED, "The peer's log may say why")
    assert ("the PDU before the A-ABORT" in ended.sentence) is blamed


def test_a_user_that_closes_in_a_release_collision_has_asked_for_release(console: Console) -> None:
    listener = console.listen(policy=policy(timeouts=LONG))
    with calling(listener.port, VERIFICATION) as talk:
        console.submit(StopListening(listener=listener.listener))
        assert talk.read_pdu()[0] == ReleaseRQ.TYPE
        talk.send(encode_pdu(ReleaseRQ()))
        talk.sock.shutdown(socket.SHUT_WR)
        ended = console.wait(AssociationNotice, lambda n: n.outcome is not None)
    assert "instead of answering the A-RELEASE-RQ (Sta10)" in ended.sentence


@pytest.mark.parametrize("releases", [False, True])
def test_a_refusal_before_all_of_an_instance_had_gone_is_told(releases: bool, console: Console, tmp_path: Path) -> None:
    """It was told as sent without a response."""

    def then(talk: Conversation) -> None:
        pdu = talk.read_pdu()
        ((context, _, fragment),) = iter_pdvs(pdu)
        talk.send(talk.message(context, response_to(decode_command(bytes(fragment)), 0xA700)))
        if releases:
            talk.send(encode_pdu(ReleaseRQ()))
            talk.wait_closed()

    paths = write_instances(tmp_path, 2, 20 << 20)
    with scripted(accepting(then)) as peer:
        store = StoreFiles(
            operation=console.new_id(),
            association=console.new_id(),
            proposal=proposal(peer, maximum_length=16384, timeouts=LONG),
            paths=tuple(paths),
        )
        status = console.run(store)
    assert status.sentence.startswith("0 of 2 files stored, 1 failed, 1 not sent. First problem: 00000.dcm: A700H")
    assert f"resources. {HOST}:{peer.port} " in status.sentence
    refused = [r for n in console.of(StoredNotice) for r in n.results if r.status == 0xA700]
    assert len(refused) == 1 and refused[0].state is FileState.FAILED


@pytest.mark.parametrize("within", ["a PDU", "a message"])
def test_a_peer_that_sends_on_has_not_stopped(within: str, console: Console) -> None:
    def then(talk: Conversation) -> None:
        talk.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context, request = talk.read_command()
        response = talk.message(context, response_to(request, 0))
        empty = b"\x04\0\0\0\0\x06\0\0\0\x02" + bytes((context, 1))
        pieces = (response[i : i + 1] for i in range(len(response))) if within == "a PDU" else itertools.repeat(empty)
        for piece in pieces:
            if talk.over.wait(0.02):
                return
            talk.send(piece)

    with scripted(accepting(then)) as peer:
        ended = fails(console, peer, Outcome.TIMED_OUT, f"It is still in the middle of {within}", "hardly anything")
    assert "stopped" not in ended.sentence


# --- over TLS ----------------------------------------------------------------------------------------------------


def test_a_tls_peer_that_does_not_answer_is_not_said_to_want_tls(console: Console, files: Files) -> None:
    with tls_peer(files, Conversation.wait_closed) as peer:
        fails(
            console,
            peer,
            Outcome.TIMED_OUT,
            "after a TLS handshake that succeeded",
            tls=files.requestor(),
            timeouts=NO_ANSWER,
        )
    found = diagnoses(console)["associate.no-answer"]
    assert "TLS handshake" not in found.cause and "try TLS" not in found.change


def test_a_tls_peer_that_hangs_up_is_not_said_to_want_tls(console: Console, files: Files) -> None:
    with tls_peer(files, lambda talk: talk.read_pdu()) as peer:
        ended = fails(
            console, peer, Outcome.CONNECTION_FAILED, "instead of answering the A-ASSOCIATE-RQ", tls=files.requestor()
        )
    assert "want TLS" not in ended.sentence
    found = diagnoses(console)["associate.closed"]
    assert "wants TLS" not in found.cause and "try TLS" not in found.change


def half_a_handshake(files: Files) -> bytes:
    """The first bytes a TLS acceptor answers a ClientHello with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.issue("server"))
    client, incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = ssl.create_default_context(cafile=str(files.ca)).wrap_bio(ssl.MemoryBIO(), client, server_hostname=HOST)
    answering = context.wrap_bio(incoming, outgoing, server_side=True)
    for side in (asking, answering):
        with pytest.raises(ssl.SSLWantReadError):
            side.do_handshake()
        incoming.write(client.read())
    return outgoing.read()[:60]


@pytest.mark.parametrize("closes", [False, True])
def test_a_handshake_that_was_answered_in_part_is_no_plain_dicom(closes: bool, console: Console, files: Files) -> None:
    half = half_a_handshake(files)

    def script(talk: Conversation) -> None:
        talk.sock.recv(65536)
        talk.send(half)
        if not closes:
            talk.wait_closed()

    with scripted(script) as peer:
        ended = fails(
            console,
            peer,
            Outcome.CONNECTION_FAILED if closes else Outcome.TIMED_OUT,
            "to answer",
            tls=files.requestor(),
            timeouts=LONG if closes else replace(LONG, connect=1.0),
        )
    assert "plain" not in ended.sentence
    assert "tls.peer-is-plain" not in diagnoses(console)
