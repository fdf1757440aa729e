"""Every way an association can fail to open ends in time, in a plain sentence, with nothing left behind."""

from __future__ import annotations

import socket

import pytest

from engine.model.association import Timeouts
from engine.model.dataset import EncodedData
from engine.model.notices import AssociationNotice, AssociationPhase, Outcome
from engine.standard.pdus import AbortPdu, AssociateRJ
from engine.wire.pdus import encode_pdu
from tests.runtime.console import (
    CT,
    HOST,
    IMPLICIT,
    VERIFICATION,
    Console,
    policy,
    store_rq,
)
from tests.runtime.failing import NO_ANSWER, Nowhere, fails
from tests.runtime.scripted import Conversation, scripted


def test_an_unknown_host_name(console: Console) -> None:
    ended = fails(
        console,
        Nowhere(),
        Outcome.CONNECTION_FAILED,
        "No address found for host 'no-such-host.invalid'",
        "Check the spelling",
        host="no-such-host.invalid",
        timeouts=Timeouts(connect=3.0),
    )
    assert ended.phase is AssociationPhase.FAILED


@pytest.mark.parametrize("host", ["http://127.0.0.1", "127.0.0.1:104"])
def test_a_host_with_scheme_or_port(host: str, console: Console) -> None:
    fails(console, Nowhere(), Outcome.CONNECTION_FAILED, host, "the port stands by itself", host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_closed_port(host: str, console: Console) -> None:
    where = Nowhere()
    fails(
        console, where, Outcome.CONNECTION_FAILED, f":{where.port} refused the connection", "Check the port", host=host
    )


@pytest.mark.parametrize("host", ["", "a" * 300, "xn--\x00", "ho st"])
def test_a_host_that_is_none(host: str, console: Console) -> None:
    fails(console, Nowhere(), Outcome.CONNECTION_FAILED, host=host or " ")


def test_a_connection_nobody_accepts(console: Console) -> None:
    """A listening socket whose queue is full drops further attempts silently, as a firewall does."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(0)
        where = Nowhere()
        where.port = listening.getsockname()[1]
        fillers = [socket.socket() for _ in range(8)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex((HOST, where.port))
        try:
            fails(
                console,
                where,
                Outcome.TIMED_OUT,
                "did not accept the TCP connection within 0.3 s",
                "firewall",
                timeouts=Timeouts(connect=0.3),
            )
        finally:
            for filler in fillers:
                filler.close()


def test_a_silent_peer(console: Console) -> None:
    with scripted(Conversation.wait_closed) as peer:
        ended = fails(
            console,
            peer,
            Outcome.TIMED_OUT,
            "did not answer the A-ASSOCIATE-RQ within 0.4 s",
            "TLS",
            timeouts=NO_ANSWER,
        )
        assert ended.phase is AssociationPhase.FAILED


def test_a_peer_that_closes_at_once(console: Console) -> None:
    with scripted(lambda _: None) as peer:
        fails(console, peer, Outcome.CONNECTION_FAILED, "instead of answering the A-ASSOCIATE-RQ")


def test_a_peer_that_resets_the_connection(console: Console) -> None:
    def script(c: Conversation) -> None:
        c.read_pdu()
        c.reset()

    with scripted(script) as peer:
        fails(console, peer, Outcome.CONNECTION_FAILED, "broke the connection", "instead of answering")


def test_a_peer_that_closes_after_the_request(console: Console) -> None:
    with scripted(lambda c: c.read_pdu() and None) as peer:
        fails(console, peer, Outcome.CONNECTION_FAILED, "instead of answering the A-ASSOCIATE-RQ", "want TLS")


def test_a_peer_that_closes_in_the_middle_of_its_answer(console: Console) -> None:
    def script(c: Conversation) -> None:
        c.read_pdu()
        c.send(b"\x02\x00\x00\x00\x01\x00\x00\x01")

    with scripted(script) as peer:
        fails(console, peer, Outcome.CONNECTION_FAILED, "in the middle of a PDU (8 bytes of it had arrived)")


def test_a_peer_that_aborts_the_negotiation(console: Console) -> None:
    def script(c: Conversation) -> None:
        c.read_pdu()
        c.send(encode_pdu(AbortPdu(source=2, reason=6)))

    with scripted(script) as peer:
        ended = fails(console, peer, Outcome.ABORTED, "aborted the association", "invalid-PDU-parameter value")
        assert ended.abort == (2, 6)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((1, 1, 7), "does not answer to the Called AE title 'SCRIPTED'"),
        ((1, 1, 3), "does not know our Calling AE title 'CONSOLE'"),
        ((2, 3, 2), "Mostly that is too many associations: release others"),
        ((9, 9, 9), "rejected the association"),
    ],
)
def test_a_rejection(values: tuple[int, int, int], words: str, console: Console) -> None:
    def script(c: Conversation) -> None:
        c.read_pdu()
        result, source, reason = values
        c.send(encode_pdu(AssociateRJ(result=result, source=source, reason=reason)))

    with scripted(script) as peer:
        ended = fails(console, peer, Outcome.REJECTED, words)
        assert (ended.phase, ended.rejection) == (AssociationPhase.REJECTED, values)


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "an HTTP response"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH banner"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "a TLS alert"),
        (b"220 mail.example ESMTP\r\n", "a mail or FTP server"),
        (b"\x00" * 100, "PDU-type 00H"),
        (b"\x02\x00\xff\xff\xff\xff" + b"\x00" * 100, "PDU-length"),
    ],
    ids=["http", "ssh", "tls", "smtp", "zeros", "endless"],
)
def test_a_port_that_speaks_something_else(greeting: bytes, words: str, console: Console) -> None:
    def script(c: Conversation) -> None:
        c.read_pdu()
        c.send(greeting)
        c.wait_closed()

    with scripted(script) as peer:
        ended = fails(console, peer, Outcome.ABORTED, words, "broke the protocol", "Check the port")
        assert ended.phase is AssociationPhase.ABORTED


def test_no_context_accepted(console: Console) -> None:
    listener = console.listen(policy=policy(VERIFICATION))
    message = store_rq(CT, "1.2.3", EncodedData(b"", IMPLICIT))
    ended = fails(
        console, listener, Outcome.NOT_SENT, "CT Image Storage", "abstract-syntax-not-supported", message=message
    )
    assert ended.phase is AssociationPhase.RELEASED
    stood = console.wait(AssociationNotice, lambda n: n.requestor and n.phase is AssociationPhase.ESTABLISHED)
    assert "none of its 1 presentation contexts" in stood.sentence


def test_our_own_peer_answers_to_its_name_only(console: Console) -> None:
    listener = console.listen(policy=policy(ae_titles=("RIGHT",)))
    fails(console, listener, Outcome.REJECTED, "'WRONG'", "case counts", called="WRONG")
    fails(console, listener, Outcome.REJECTED, called="right")
    assert console.echo(listener, called="RIGHT").outcome is Outcome.SUCCESS
