"""Every way an open association can go wrong, and users that misbehave, end in time and in a plain sentence."""

from __future__ import annotations

import gc
import socket
import struct
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from engine.model.association import Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import Abort, OneShot, OpenAssociation, StoreFiles
from engine.model.dataset import EncodedData
from engine.model.notices import AssociationNotice, AssociationPhase, ErrorNotice, FindingNotice, Outcome, PduNotice
from engine.protocol.negotiation import propose
from engine.services.responses import request_of, response_to
from engine.standard.pdus import AbortPdu, PDataTF, ReleaseRP
from engine.wire.pdus import encode_pdu
from tests.runtime.console import (
    CT,
    EXPLICIT,
    HOST,
    IMPLICIT,
    PATIENT_FIND,
    Console,
    echo_rq,
    find_rq,
    keys,
    policy,
    proposal,
    store_rq,
)
from tests.runtime.failing import ACCEPTING, LONG, WITHIN, accepting, fails
from tests.runtime.scripted import Conversation, scripted


def test_a_peer_that_never_responds(console: Console) -> None:
    with scripted(accepting(Conversation.wait_closed)) as peer:
        ended = fails(console, peer, Outcome.TIMED_OUT, "sent no response to the C-ECHO for 0.4 s", "DIMSE timeout")
        assert ended.phase is AssociationPhase.FAILED


def test_a_peer_that_stops_in_the_middle_of_a_message(console: Console) -> None:
    def then(c: Conversation) -> None:
        context, command = c.read_command()
        c.send(c.message(context, response_to(command, 0))[:-10])
        c.wait_closed()

    with scripted(accepting(then)) as peer:
        fails(console, peer, Outcome.TIMED_OUT, "sent no response to the C-ECHO")


def test_a_peer_that_closes_in_the_middle_of_a_pdu(console: Console) -> None:
    def then(c: Conversation) -> None:
        context, command = c.read_command()
        c.send(c.message(context, response_to(command, 0))[:20])

    with scripted(accepting(then)) as peer:
        fails(console, peer, Outcome.ABORTED, "in the middle of a PDU (20 bytes of it had arrived)")


def test_a_peer_that_closes_in_the_middle_of_a_message(console: Console) -> None:
    def then(c: Conversation) -> None:
        context, command = c.read_command()
        data = b"\x08\x00\x52\x00\x08\x00\x00\x00PATIENT "
        whole = c.message(context, response_to(command, 0xFF00, has_data=True), data)
        c.send(whole[: -len(data) - 12])

    with scripted(accepting(then)) as peer:
        message = find_rq(PATIENT_FIND, keys(QueryRetrieveLevel="PATIENT"))
        fails(console, peer, Outcome.ABORTED, "closed the connection in the middle of a message", message=message)


def test_a_peer_that_closes_between_messages(console: Console) -> None:
    with scripted(accepting(Conversation.read_command)) as peer:
        fails(console, peer, Outcome.ABORTED, "closed the connection without releasing the association (Sta6)")


def test_a_peer_that_aborts(console: Console) -> None:
    def then(c: Conversation) -> None:
        c.read_command()
        c.send(encode_pdu(AbortPdu(source=0, reason=0)))

    with scripted(accepting(then)) as peer:
        ended = fails(console, peer, Outcome.ABORTED, "aborted the association", "service-user", "peer's log")
        assert ended.abort == (0, 0)


def test_fragments_that_belong_to_nothing(console: Console) -> None:
    def then(c: Conversation) -> None:
        c.read_command()
        c.send(b"\x04\x00" + struct.pack(">IIBB", 8, 4, 1, 2) + b"ab")
        c.wait_closed()

    with scripted(accepting(then)) as peer:
        fails(console, peer, Outcome.ABORTED, "broke the protocol", "A data fragment came on context 1")


def test_a_response_to_another_message_is_told_and_not_taken(console: Console) -> None:
    def then(c: Conversation) -> None:
        context, command = c.read_command()
        c.send(c.message(context, response_to(command, 0).with_values(MessageIDBeingRespondedTo=4711)))
        c.wait_closed()

    with scripted(accepting(then)) as peer:
        fails(console, peer, Outcome.TIMED_OUT, "sent no response")
    assert console.of(FindingNotice, lambda n: n.rule == "exchange.unsolicited" and "4711" in n.sentence)


def test_a_peer_that_goes_on_answering_something_else_has_not_stopped(console: Console) -> None:
    """Whatever part of a PDU has come when its time is up."""

    def then(c: Conversation) -> None:
        context, command = c.read_command()
        other = c.message(context, response_to(command, 0).with_values(MessageIDBeingRespondedTo=4711))
        c.send(other[:-4])
        while not c.over.is_set():
            c.send(other[-4:] + other[:-4])

    with scripted(accepting(then)) as peer:
        fails(
            console,
            peer,
            Outcome.TIMED_OUT,
            "sent no response",
            "What came instead: ",
            timeouts=replace(LONG, dimse=2.0),
        )


def test_a_peer_that_stops_reading(console: Console) -> None:
    """Its socket's buffers fill up; what waits behind them is given up."""

    def then(c: Conversation) -> None:
        c.over.wait(WITHIN)

    message = store_rq(CT, "1.2.3", EncodedData(bytes(64 << 20), EXPLICIT))
    with scripted(accepting(then)) as peer:
        fails(console, peer, Outcome.TIMED_OUT, "has taken none of the", message=message)


def test_a_slow_response_that_moves_on_is_no_failure(console: Console) -> None:
    """Each pending response starts the time anew."""

    def then(c: Conversation) -> None:
        context, command = c.read_command()
        for status in (0xFF00, 0xFF00, 0xFF00, 0x0000):
            c.over.wait(0.8)
            has_data = status == 0xFF00
            data = b"\x10\x00\x20\x00\x02\x00\x00\x00P1" if has_data else None
            c.send(c.message(context, response_to(command, status, has_data=has_data), data))
        c.read_pdu()
        c.send(encode_pdu(ReleaseRP()))

    with scripted(accepting(then)) as peer:
        made = proposal(peer, (PATIENT_FIND, IMPLICIT), timeouts=replace(LONG, dimse=2.0))
        status = console.one_shot(made, find_rq(PATIENT_FIND, keys(QueryRetrieveLevel="PATIENT")))
    assert (status.outcome, status.responses) == (Outcome.SUCCESS, 3)


def test_an_idle_association(console: Console) -> None:
    listener = console.listen()
    timeouts = Timeouts(idle=0.3)
    number = console.open(proposal(listener, timeouts=timeouts))
    ended = console.ended(number, WITHIN)
    assert ended.outcome is Outcome.TIMED_OUT
    assert "Nothing was sent or received for 0.3 s" in ended.sentence


def _echoed(c: Conversation) -> None:
    context, command = c.read_command()
    c.send(c.message(context, response_to(command, 0)))


def test_a_peer_that_never_answers_the_release(console: Console) -> None:
    def then(c: Conversation) -> None:
        _echoed(c)
        c.wait_closed()

    with scripted(accepting(then)) as peer:
        status = console.one_shot(proposal(peer, timeouts=replace(LONG, acse=2.0)), echo_rq())
        assert status.outcome is Outcome.SUCCESS
        ended = console.ended(status.association)
    assert ended.outcome is Outcome.TIMED_OUT
    assert "did not answer the A-RELEASE-RQ within 2 s" in ended.sentence


def test_a_peer_that_closes_instead_of_answering_the_release(console: Console) -> None:
    def then(c: Conversation) -> None:
        _echoed(c)
        c.read_pdu()

    with scripted(accepting(then)) as peer:
        status = console.one_shot(proposal(peer, timeouts=LONG), echo_rq())
        ended = console.ended(status.association)
    assert status.outcome is Outcome.SUCCESS
    assert ended.phase is AssociationPhase.FAILED
    assert "instead of answering the A-RELEASE-RQ" in ended.sentence


@pytest.mark.parametrize("hard", [False, True])
def test_a_peer_that_closes_right_after_its_release_response_is_no_failure(hard: bool, console: Console) -> None:
    def then(c: Conversation) -> None:
        _echoed(c)
        c.read_pdu()
        c.send(encode_pdu(ReleaseRP()))
        if hard:
            c.reset()

    with scripted(accepting(then)) as peer:
        for _ in range(5):
            status = console.one_shot(proposal(peer, timeouts=LONG), echo_rq())
            assert status.outcome is Outcome.SUCCESS
            assert console.ended(status.association).phase is AssociationPhase.RELEASED


def test_an_abort_after_the_release_changes_nothing(console: Console) -> None:
    def then(c: Conversation) -> None:
        _echoed(c)
        c.read_pdu()
        c.send(encode_pdu(ReleaseRP()) + encode_pdu(AbortPdu(source=0, reason=0)))

    with scripted(accepting(then)) as peer:
        status = console.one_shot(proposal(peer, timeouts=LONG), echo_rq())
        assert console.ended(status.association).phase is AssociationPhase.RELEASED
    assert len(console.of(AssociationNotice, lambda n: n.outcome is not None)) == 1


def _dial(port: int) -> socket.socket:
    sock = socket.create_connection((HOST, port), timeout=5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _until_closed(sock: socket.socket) -> bytes:
    data = b""
    try:
        while more := sock.recv(65536):
            data += more
    except ConnectionResetError:
        pass
    return data


@pytest.mark.parametrize(
    ("garbage", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "an HTTP request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, "TLS ClientHello"),
        (b"\x0bMSH|^~\\&|", "HL7"),
        (bytes(range(256)) * 8, "PDU-type 00H"),
        (b"\x01\x00\x00\x00\x00\x04abcd", "A-ASSOCIATE-RQ"),
        (b"\x04\x00\x00\x00\x00\x04\x00\x00\x00\x00", "P-DATA-TF"),
    ],
    ids=["http", "tls", "hl7", "counting", "short", "early"],
)
def test_garbage_sent_to_our_listener(garbage: bytes, words: str, console: Console) -> None:
    listener = console.listen(policy=policy(timeouts=replace(LONG, artim=1.0)))
    with _dial(listener.port) as sock:
        sock.sendall(garbage)
        told = _until_closed(sock)
        where = "{}:{}".format(*sock.getsockname())
    assert told[:1] == b"\x07"
    ended = console.wait(AssociationNotice, lambda n: n.outcome is not None, WITHIN)
    assert ended.phase is AssociationPhase.ABORTED
    assert ended.sentence.startswith(f"{where} broke the protocol")
    assert words in ended.sentence
    assert console.echo(listener).outcome is Outcome.SUCCESS


def test_a_connection_that_says_nothing(console: Console) -> None:
    listener = console.listen(policy=policy(timeouts=LONG))
    with _dial(listener.port) as sock:
        assert _until_closed(sock) == b""
    ended = console.wait(AssociationNotice, lambda n: n.outcome is not None, WITHIN)
    assert ended.outcome is Outcome.TIMED_OUT
    assert "connected but sent no A-ASSOCIATE-RQ within 0.3 s" in ended.sentence


def test_a_port_scan(console: Console) -> None:
    listener = console.listen()
    with _dial(listener.port) as sock:
        where = "{}:{}".format(*sock.getsockname())
    ended = console.wait(AssociationNotice, lambda n: n.outcome is not None, WITHIN)
    assert ended.sentence.startswith(f"{where} closed the connection without asking for an association")


def test_an_abort_instead_of_a_request(console: Console) -> None:
    listener = console.listen()
    with _dial(listener.port) as sock:
        where = "{}:{}".format(*sock.getsockname())
        sock.sendall(encode_pdu(AbortPdu(source=0, reason=0)))
        assert _until_closed(sock) == b""
    ended = console.wait(AssociationNotice, lambda n: n.outcome is not None, WITHIN)
    assert ended.phase is AssociationPhase.ABORTED and ended.abort == (0, 0)
    assert ended.sentence.startswith(f"{where} sent an A-ABORT instead of asking for an association: ")


def test_a_user_that_asks_twice_at_once_is_not_said_to_be_something_else(console: Console) -> None:
    listener = console.listen(policy=policy(timeouts=replace(LONG, artim=1.0)))
    with _dial(listener.port) as sock:
        sock.sendall(2 * encode_pdu(propose(proposal(listener))))
        _until_closed(sock)
    ended = console.wait(AssociationNotice, lambda n: n.outcome is not None, WITHIN)
    assert ended.phase is AssociationPhase.ABORTED
    assert ended.sentence.endswith("The PDU received last shows its bytes.")


def test_a_user_that_vanishes_in_the_middle_of_a_store(console: Console) -> None:
    listener = console.listen()
    client = Console()
    try:
        number = client.open(proposal(listener, (CT, EXPLICIT)))
        held = list(client.engine._context.links)
        command = request_of("C-STORE-RQ", AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2.3", MessageID=1)
        from engine.model.commands import SendBytes

        whole = Conversation(socket.socket(), threading.Event())
        data = whole.message(1, command.with_values(CommandDataSetType=1), b"\x08\x00\x05\x00CS\x02\x00  ")
        whole.sock.close()
        client.submit(SendBytes(association=number, data=data[:-22]))
        console.wait(PduNotice, lambda n: n.type == PDataTF.TYPE)
        client.engine._context.loop.call_soon_threadsafe(held[0].kill)
        ended = console.wait(AssociationNotice, lambda n: n.outcome is not None, WITHIN)
        assert ended.phase is AssociationPhase.FAILED
        assert "in the middle of a message" in ended.sentence or "broke the connection" in ended.sentence
    finally:
        client.close()
    assert not console.of(ErrorNotice)


def test_stopping_ends_whatever_hangs(console: Console) -> None:
    """A silent peer, one that never responds, a store that stands still: stop() takes them all."""
    with scripted(Conversation.wait_closed) as silent, scripted(accepting(lambda c: c.over.wait(20))) as mute:
        long = Timeouts(connect=60, acse=60, dimse=60, artim=60)
        console.submit(OpenAssociation(association=console.new_id(), proposal=proposal(silent, timeouts=long)))
        shot = OneShot(
            association=console.new_id(),
            operation=console.new_id(),
            proposal=proposal(mute, (CT, EXPLICIT), timeouts=long),
            messages=(store_rq(CT, "1.2.3", EncodedData(bytes(64 << 20), EXPLICIT)),),
        )
        console.submit(shot)
        console.wait(
            AssociationNotice,
            lambda n: n.association == shot.association and n.phase is AssociationPhase.ESTABLISHED,
        )
        held = console.open(proposal(mute, timeouts=long))
        started = time.monotonic()
        console.submit(Abort(association=held))
        console.close()
        assert time.monotonic() - started < WITHIN
    assert console.status(shot.operation, 0).outcome is Outcome.ABORTED
    assert not console.engine._context.links
    assert not console.engine._context.associations
    gc.collect()  # an unclosed socket would warn here


def test_cancel_gives_up_a_connection_under_way(console: Console, tmp_path: Any) -> None:
    from engine.model.commands import Cancel
    from engine.wire import datasets

    path = tmp_path / "a.dcm"
    ds = keys(SOPClassUID=CT, SOPInstanceUID="1.2.3", PatientID="P")
    datasets.write_file(path, datasets.encode_dataset(ds, EXPLICIT), EXPLICIT, CT, "1.2.3")
    with scripted(Conversation.wait_closed) as silent:
        store = StoreFiles(
            association=console.new_id(),
            operation=console.new_id(),
            proposal=proposal(silent, timeouts=Timeouts(acse=60)),
            paths=(path,),
        )
        console.submit(store)
        console.wait(AssociationNotice, lambda n: n.phase is AssociationPhase.NEGOTIATING)
        console.submit(Cancel(operation=store.operation))
        status = console.status(store.operation, WITHIN)
    assert status.outcome is Outcome.CANCELLED
    assert status.remaining == 1


UNUSABLE = {
    "a context that was not accepted": (5, CommandSet.of(CommandField=0x0030, MessageID=1, CommandDataSetType=0x0101)),
    "no Command Field": (1, CommandSet.of(MessageID=1, CommandDataSetType=0x0101)),
    "an empty command set": (1, CommandSet()),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_message_nobody_could_answer_ends_the_association(case: str, console: Console) -> None:
    context_id, command = UNUSABLE[case]
    listener = console.listen(policy=policy(timeouts=ACCEPTING))
    with _dial(listener.port) as sock:
        user = Conversation(sock, threading.Event())
        user.send(encode_pdu(propose(proposal(listener))))
        assert user.read_pdu()[0] == 2
        user.send(user.message(context_id, command))
        assert user.read_pdu()[:1] == b"\x07"
    ended = console.wait(AssociationNotice, lambda n: n.outcome is not None, WITHIN)
    assert ended.phase is AssociationPhase.ABORTED
    assert "presentation context" in ended.sentence
