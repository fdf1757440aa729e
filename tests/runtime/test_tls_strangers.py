"""TLS met by other protocols, by silence, and by what comes after the handshake."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable

import pytest

from engine.model.association import Policy, Timeouts
from engine.model.commands import (
    Abort,
    OpenAssociation,
)
from engine.model.notices import AssociationNotice, AssociationPhase, ErrorNotice, Outcome
from tests.runtime.console import (
    HOST,
    Console,
    proposal,
)
from tests.runtime.diagnosing import diagnoses
from tests.runtime.scripted import Conversation, scripted
from tests.runtime.tls_files import Files, tls_peer
from tests.runtime.tls_talk import LONG, SHORT, WITHIN, failed, listening, secured, shoot

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "an HTTP request"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH banner"),
        (b"\x0bMSH|^~\\&|A|B\r", "an HL7 version 2 message"),
        (b"\x01\x00\x00\x00\x00\xcd\x00\x01", "an A-ASSOCIATE-RQ without TLS"),
        (b"\x07\x00", "an A-ABORT without TLS"),
        (b"hello, is there anybody?", "bytes that are not TLS (68 65 6C 6C 6F 2C)"),
    ],
)
def test_strangers_at_our_tls_port_are_named(sent: bytes, words: str, console: Console, files: Files) -> None:
    where = listening(console, files.acceptor())
    with socket.create_connection((HOST, where.port)) as sock:
        sock.settimeout(WITHIN)
        sock.sendall(sent)
        if len(sent) > 2:
            assert sock.recv(64).startswith(b"\x15\x03")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(64):
            pass
    told = failed(console, requestor=False)
    assert told.outcome is Outcome.CONNECTION_FAILED
    assert words in told.sentence


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "look like an HTTP request"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "look like an SSH banner"),
        (bytes.fromhex("16030100c8010000c4"), "look like a TLS ClientHello"),
    ],
)
def test_strangers_at_our_plain_port_are_named(sent: bytes, words: str, console: Console) -> None:
    where = listening(console, None)
    with socket.create_connection((HOST, where.port)) as sock:
        sock.settimeout(WITHIN)
        sock.sendall(sent)
        assert sock.recv(64)[:1] == b"\x07"
    assert words in failed(console, requestor=False).sentence


def answers(reply: bytes) -> Callable[[Conversation], None]:
    def script(peer: Conversation) -> None:
        peer.sock.recv(4096)
        peer.send(reply)
        peer.wait_closed()

    return script


def hangs_up(peer: Conversation) -> None:
    peer.sock.recv(4096)


def hangs_up_hard(peer: Conversation) -> None:
    peer.sock.recv(4096)
    peer.reset()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "with an HTTP response: a web server. Check the port."),
        (answers(b"SSH-2.0-OpenSSH_9.2\r\n"), "with an SSH banner. Check the port."),
        (answers(b"\x07\x00\x00\x00\x00\x04\0\0\2\1"), "with an A-ABORT without TLS. The port speaks plain DICOM"),
        (answers(b"\x15\x03\x03\x00\x02\x02\x28"), "found no cipher suite or version in common"),
        (answers(b"\x15\x03\x03\x00\x02\x02\x70"), "does not know the server name"),
        (answers(b"\x15\x03\x03\x00\x02\x02\x31"), "does not let it in"),
        (answers(b"\x15\x03\x03\x00\x02\x02\x50"), "ended TLS with the alert internal_error (80)"),
        (answers(b"\x16\x03\x03\x00\x04\x02\0\0\0"), "TLS with 127.0.0.1:"),
        (answers(b"\x15\x03\x03\x00\x02\x01\x00"), "127.0.0.1:"),
        (hangs_up, "127.0.0.1:{port} closed the connection during the TLS handshake"),
        (hangs_up_hard, "127.0.0.1:{port} broke the connection ("),
    ],
)
def test_what_answers_our_hello_is_named(
    script: Callable[[Conversation], None], words: str, console: Console, files: Files
) -> None:
    with scripted(script) as peer:
        outcome, sentence = shoot(console, peer, files.requestor(server_name="localhost"))
    assert outcome is Outcome.CONNECTION_FAILED
    assert words.replace("{port}", str(peer.port)) in sentence and sentence.endswith(".")
    assert "_ssl.c" not in sentence


def test_a_peer_that_never_answers_our_hello(console: Console, files: Files) -> None:
    with scripted(Conversation.wait_closed) as peer:
        outcome, sentence = shoot(console, peer, files.requestor(), timeouts=SHORT)
    assert outcome is Outcome.TIMED_OUT
    assert "did not finish the TLS handshake within 1 s. The port may speak plain DICOM" in sentence


def test_a_client_that_never_says_hello(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor(), policy=Policy(timeouts=SHORT))
    with socket.create_connection((HOST, where.port)) as sock:
        told = failed(console, requestor=False)
        sock.settimeout(WITHIN)
        assert sock.recv(1) == b""
    assert told.outcome is Outcome.TIMED_OUT
    assert "did not finish the TLS handshake within 0.4 s" in told.sentence


def test_a_port_scan_of_our_tls_port(console: Console, files: Files) -> None:
    where = listening(console, files.acceptor())
    socket.create_connection((HOST, where.port)).close()
    assert "during the TLS handshake. A port scan does that" in failed(console, requestor=False).sentence


def ended_by(script: Callable[[Conversation], None], console: Console, files: Files) -> AssociationNotice:
    """How an association of ours ends with a peer that does this over TLS."""
    with tls_peer(files, script) as peer:
        return console.ended(console.open(proposal(peer, tls=files.requestor(), timeouts=LONG)), WITHIN)


def test_damaged_records_end_the_association(console: Console, files: Files) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        raw = socket.socket(fileno=socket.dup(peer.sock.fileno()))
        with raw:
            raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        peer.wait_closed()

    told = ended_by(script, console, files)
    assert told.outcome is Outcome.ABORTED
    assert "integrity check" in told.sentence


@pytest.mark.skipif(not shutil.which("openssl"), reason="Python's own TLS does not negotiate anew")
def test_a_client_that_negotiates_anew(console: Console, files: Files) -> None:
    """Within a session of TLS 1.2: it is refused with a warning, and told as what it is where the client gives up."""
    listener = listening(console, files.acceptor())
    asked = ["openssl", "s_client", "-connect", f"{HOST}:{listener.port}", "-tls1_2"]
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        assert client.stdin is not None
        secured(console, requestor=False)
        client.stdin.write(b"R\n")
        client.stdin.flush()
        ended = failed(console, requestor=False)
        client.kill()
    assert "wanted to negotiate it anew within the association" in ended.sentence
    assert "cipher suite" not in ended.sentence
    assert not diagnoses(console)


def test_a_peer_that_goes_without_close_notify(console: Console, files: Files) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        peer.sock.shutdown(socket.SHUT_RDWR)

    told = ended_by(script, console, files)
    assert told.outcome is Outcome.ABORTED
    assert "closed the connection without releasing the association (Sta6)" in told.sentence


def test_a_peer_that_says_close_notify(console: Console, files: Files) -> None:
    def script(peer: Conversation) -> None:
        peer.accept()
        assert isinstance(peer.sock, ssl.SSLSocket)
        peer.sock.unwrap()

    told = ended_by(script, console, files)
    assert "closed the connection without releasing" in told.sentence


def test_our_close_is_announced_with_close_notify(console: Console, files: Files) -> None:
    seen: list[bytes] = []

    def script(peer: Conversation) -> None:
        peer.accept()
        assert peer.read_pdu()[0] == 5
        peer.send(b"\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00")
        seen.append(peer.sock.recv(10))

    with tls_peer(files, script) as peer:
        console.open(proposal(peer, tls=files.requestor(), timeouts=LONG))
        number = console.of(AssociationNotice, lambda n: n.phase is AssociationPhase.ESTABLISHED)[0].association
        assert console.release(number).outcome is Outcome.SUCCESS
    assert seen == [b""]


def test_abort_during_the_handshake(console: Console, files: Files) -> None:
    with scripted(Conversation.wait_closed) as peer:
        number = console.new_id()
        made = proposal(peer, tls=files.requestor(), timeouts=Timeouts(connect=30.0))
        console.submit(OpenAssociation(association=number, proposal=made))
        console.wait(AssociationNotice, lambda n: n.association == number)
        console.submit(Abort(association=number))
        assert console.ended(number, WITHIN).outcome is Outcome.ABORTED


def test_the_engine_stops_in_the_middle_of_handshakes(files: Files) -> None:
    console = Console()
    where = listening(console, files.acceptor(), policy=Policy(timeouts=Timeouts(artim=30.0)))
    with scripted(Conversation.wait_closed) as peer, socket.create_connection((HOST, where.port)) as sock:
        made = proposal(peer, tls=files.requestor(), timeouts=Timeouts(connect=30.0))
        number = console.new_id()
        console.submit(OpenAssociation(association=number, proposal=made))
        console.wait(AssociationNotice, lambda n: n.association == number)
        started = time.monotonic()
        console.close()
        assert time.monotonic() - started < WITHIN
        sock.settimeout(WITHIN)
        with contextlib.suppress(ConnectionError):
            assert sock.recv(1) == b""
    assert not console.of(ErrorNotice)


def test_a_stop_with_associations_open_over_tls(files: Files) -> None:
    console = Console()
    where = listening(console, files.acceptor())
    number = console.open(proposal(where, tls=files.requestor()))
    console.close()
    assert console.phases(number)[-1] is AssociationPhase.RELEASED
    assert not console.of(ErrorNotice)
