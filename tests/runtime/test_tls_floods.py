"""Messages of TLS itself without end, within an association: each costs us keys or an answer, and none is DICOM."""

from __future__ import annotations

import _ssl
import contextlib
import ctypes
import socket
import ssl
import sys
from typing import Any

import pytest

from engine.model.association import Policy
from engine.model.notices import AssociationNotice, ErrorNotice, Outcome
from engine.protocol.acceptance import answer
from engine.runtime.tls_watch import MOST_MESSAGES
from engine.standard.pdus import AssociateRQ
from engine.wire.pdus import decode_pdu, encode_pdu
from tests.runtime.console import HOST, VERIFICATION, Console, proposal
from tests.runtime.hostile import nothing_leaks
from tests.runtime.scripted import Conversation, association_rq, scripted
from tests.runtime.tls_files import Files
from tests.runtime.tls_talk import LONG, listening, shoot

NOT_REQUESTED, REQUESTED = 0, 1
"""Whether a KeyUpdate asks for one in return (RFC 8446 4.6.3)."""


def _library() -> Any:
    """OpenSSL, as the ssl module has it: no function of that sends a KeyUpdate. None where it cannot be reached."""
    if sys.implementation.name != "cpython":
        return None
    library = ctypes.CDLL(getattr(_ssl, "__file__", None))
    if not hasattr(library, "SSL_key_update"):
        return None
    library.SSL_key_update.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.SSL_do_handshake.argtypes = [ctypes.c_void_p]
    return library


pytestmark = pytest.mark.skipif(_library() is None, reason="OpenSSL's own functions cannot be called here")


class Hand:
    """One side of TLS by hand, over a socket it owns."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, *, server: bool) -> None:
        self.sock = sock
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=server, server_hostname=None if server else HOST)
        self._until(self._tls.do_handshake)

    def _until(self, act: Any) -> Any:
        while True:
            try:
                got = act()
            except ssl.SSLWantReadError:
                self.sock.sendall(self._out.read())
                self._in.write(self.sock.recv(65536))
            else:
                self.sock.sendall(self._out.read())
                return got

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self.sock.sendall(self._out.read())

    def read(self) -> bytes:
        return bytes(self._until(lambda: self._tls.read(65536)))

    def key_updates(self, count: int, kind: int) -> bytes:
        library = _library()
        # of CPython's object: its head, a reference to the socket, OpenSSL's connection
        place = id(self._tls._sslobj) + object.__basicsize__ + ctypes.sizeof(ctypes.c_void_p)  # type: ignore[attr-defined]
        connection = ctypes.c_void_p.from_address(place).value
        for _ in range(count):
            assert library.SSL_key_update(connection, kind) == library.SSL_do_handshake(connection) == 1
        return self._out.read()


def ended_of(console: Console, *, requestor: bool) -> AssociationNotice:
    return console.wait(AssociationNotice, lambda n: n.requestor is requestor and n.outcome is not None)


def assert_given_up(console: Console, *, requestor: bool) -> None:
    ended = ended_of(console, requestor=requestor)
    assert ended.outcome is Outcome.ABORTED
    assert f"more than {MOST_MESSAGES} messages of TLS itself" in ended.sentence
    assert not console.of(ErrorNotice)


@pytest.mark.parametrize("kind", [NOT_REQUESTED, REQUESTED])
def test_a_user_that_changes_its_keys_without_end(kind: int, console: Console, files: Files) -> None:
    listener = listening(console, files.acceptor(), policy=Policy(timeouts=LONG))
    assert shoot(console, listener, files.requestor())[0] is Outcome.SUCCESS
    console.notices.clear()
    context = ssl.create_default_context(cafile=str(files.ca))
    with nothing_leaks(console), socket.create_connection((HOST, listener.port), timeout=30) as sock:
        user = Hand(sock, context, server=False)
        user.send(association_rq(VERIFICATION))
        assert user.read()[0] == 2
        with contextlib.suppress(OSError):
            sock.sendall(user.key_updates(MOST_MESSAGES + 1, kind))
        assert_given_up(console, requestor=False)
    assert shoot(console, listener, files.requestor())[0] is Outcome.SUCCESS


def test_a_provider_that_changes_its_keys_without_end(console: Console, files: Files) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.issue("server"))

    def script(talk: Conversation) -> None:
        provider = Hand(talk.sock, context, server=True)
        rq = decode_pdu(provider.read())
        assert isinstance(rq, AssociateRQ)
        provider.send(encode_pdu(answer(rq, Policy()).pdu))
        talk.send(provider.key_updates(20_000, REQUESTED))
        talk.wait_closed()

    with nothing_leaks(console), scripted(script) as peer:
        console.open(proposal(peer, tls=files.requestor(), timeouts=LONG))
        assert_given_up(console, requestor=True)


def test_a_few_are_taken(console: Console, files: Files) -> None:
    """As of a peer that changes them from time to time."""
    listener = listening(console, files.acceptor())
    context = ssl.create_default_context(cafile=str(files.ca))
    with socket.create_connection((HOST, listener.port), timeout=30) as sock:
        user = Hand(sock, context, server=False)
        sock.sendall(user.key_updates(MOST_MESSAGES // 2, REQUESTED))
        user.send(association_rq(VERIFICATION))
        assert user.read()[0] == 2
        user.send(bytes.fromhex("05000000000400000000"))
        assert user.read()[0] == 6
    assert ended_of(console, requestor=False).outcome is Outcome.SUCCESS
