"""Peers that misbehave on purpose: a listening socket, and a function that gets each connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

from engine.model.association import Policy
from engine.model.command_set import CommandSet
from engine.protocol.negotiation import answer, propose
from engine.standard.pdus import (
    AssociateAC,
    AssociateRQ,
    PDataTF,
)
from engine.wire.commands import decode_command, encode_command
from engine.wire.fragments import fragment
from engine.wire.pdus import decode_pdu, encode_pdu, iter_pdvs
from engine.wire.reassembly import Reassembler

from .console import HOST, proposal

SECONDS = 30.0


@dataclass
class Conversation:
    """One connection, as the peer sees it: whole PDUs in, bytes out."""

    sock: socket.socket
    over: threading.Event
    latest: int = 0
    """The PDU-type that was read last."""
    _messages: Reassembler = field(default_factory=Reassembler)

    def read_pdu(self) -> bytes:
        """The next PDU; b"" when the other side has closed."""
        head = self._exactly(6)
        self.latest = head[0] if head else 0
        return head + self._exactly(struct.unpack(">I", head[2:])[0]) if head else b""

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                return b""
            data += more
        return data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def ask(self, *wanted: str | tuple[str, ...]) -> bytes:
        """Ask for an association with these contexts, as a user; gives what was sent, the answer read."""
        rq = association_rq(*wanted)
        self.send(rq)
        assert self.read_pdu()[0] == AssociateAC.TYPE
        return rq

    def accept(self) -> AssociateRQ:
        """Read the A-ASSOCIATE-RQ and accept all of it."""
        rq = decode_pdu(self.read_pdu())
        assert isinstance(rq, AssociateRQ)
        self.send(encode_pdu(answer(rq, Policy()).pdu))
        return rq

    def read_command(self) -> tuple[int, CommandSet]:
        """Context ID and command set of the next message, its data set dropped."""
        while True:
            pdu = self.read_pdu()
            assert pdu and pdu[0] == PDataTF.TYPE, pdu[:1]
            for message in self._messages.feed(iter_pdvs(pdu)):
                return message.context_id, decode_command(message.command_bytes)

    def next_request(self) -> tuple[int, CommandSet] | None:
        """Context ID and command set of the next message, its data set dropped; None when there is none any more."""
        while (pdu := self.read_pdu()) and pdu[0] == PDataTF.TYPE:
            for message in self._messages.feed(iter_pdvs(pdu)):
                return message.context_id, decode_command(message.command_bytes)
        return None

    def message(self, context_id: int, command: CommandSet, data: bytes | None = None) -> bytes:
        """A whole message as bytes."""
        chunks = None if data is None else [data]
        pdus = fragment(context_id, encode_command(command), chunks, 16384)
        return b"".join(bytes(part) for pdu in pdus for part in pdu)

    def wait_closed(self) -> None:
        """Until the other side closes or the test is over."""
        with contextlib.suppress(OSError):
            while not self.over.is_set() and self.sock.recv(65536):
                pass

    def reset(self) -> None:
        """Close hard: the other side gets RST, not FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def association_rq(*wanted: str | tuple[str, ...]) -> bytes:
    """An A-ASSOCIATE-RQ for these contexts."""
    return encode_pdu(propose(proposal(SimpleNamespace(port=0), *wanted)))


@contextlib.contextmanager
def calling(port: int, *wanted: str | tuple[str, ...]) -> Iterator[Conversation]:
    """A user by hand, associated already when contexts are named."""
    over = threading.Event()
    with socket.create_connection((HOST, port), timeout=SECONDS) as sock:
        talk = Conversation(sock, over)
        if wanted:
            talk.ask(*wanted)
        try:
            yield talk
        finally:
            over.set()


@dataclass(frozen=True)
class Scripted:
    """A running scripted peer."""

    port: int
    ae_title: str = "SCRIPTED"
    host: str = HOST
    errors: list[BaseException] = field(default_factory=list)


@contextlib.contextmanager
def scripted(script: Callable[[Conversation], None], *, backlog: int = 5) -> Iterator[Scripted]:
    """Runs `script` for each connection in a thread of its own, until the block ends."""
    listening = socket.create_server((HOST, 0), backlog=backlog)
    over = threading.Event()
    open_sockets: list[socket.socket] = []
    workers: list[threading.Thread] = []
    peer = Scripted(listening.getsockname()[1])

    def serve(sock: socket.socket) -> None:
        with sock:
            try:
                script(Conversation(sock, over))
            except OSError:
                pass  # the other side went away, as in most of these scripts
            except BaseException as error:  # noqa: BLE001 - told by the test
                peer.errors.append(error)

    def accept() -> None:
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            sock.settimeout(SECONDS)
            open_sockets.append(sock)
            worker = threading.Thread(target=serve, args=(sock,), name="scripted-peer")
            workers.append(worker)
            worker.start()

    acceptor = threading.Thread(target=accept, name="scripted-acceptor")
    acceptor.start()
    try:
        yield peer
    finally:
        over.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        acceptor.join()
        for sock in open_sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for worker in workers:
            worker.join()
    assert not peer.errors, peer.errors
