"""TLS that breaks behind a response: what was being sent ends and says why, by the straight ways as by the long one."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from engine.model.association import Timeouts
from engine.model.commands import OneShot, StoreFiles
from engine.model.notices import ErrorNotice, Outcome
from engine.model.storing import StoreOptions
from engine.runtime.sending_at_once import SendingAtOnce
from engine.services.responses import response_to
from tests.runtime.console import CT, Console, echo_rq, proposal
from tests.runtime.scripted import Conversation, scripted
from tests.runtime.test_sending_at_once import file, written
from tests.runtime.tls_files import Files

pytestmark = pytest.mark.usefixtures("nothing_left")

T = TypeVar("T")
DAMAGED = b"\x17\x03\x03\x00\x30" + bytes(range(48))
"""A record of application data that nobody encrypted."""


class _Joined:
    """A provider's side of TLS whose records can be joined with other bytes before they are sent."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._sock, self._in, self._out = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._do(self._tls.do_handshake)

    def _do(self, work: Callable[[], T]) -> T:
        while True:
            try:
                result = work()
            except ssl.SSLWantReadError:
                self._flush()
                more = self._sock.recv(65536)
                if not more:
                    raise OSError("closed") from None
                self._in.write(more)
            else:
                self._flush()
                return result

    def _flush(self, behind: bytes = b"") -> None:
        self._sock.sendall(self._out.read() + behind)

    def recv(self, count: int) -> bytes:
        try:
            return self._do(lambda: self._tls.read(count))
        except OSError:
            return b""

    def sendall(self, data: bytes) -> None:
        self._do(lambda: self._tls.write(data))

    def send_last(self, data: bytes, behind: bytes) -> None:
        self._tls.write(data)
        self._flush(behind)


def breaking(files: Files, number: int) -> Callable[[Conversation], None]:
    """Answers requests; behind the response to that one, in the same bytes, stands what is no TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.issue("server"))

    def script(peer: Conversation) -> None:
        joined = _Joined(peer.sock, context)
        talk = Conversation(joined, peer.over)
        talk.accept()
        count = 0
        while (pdu := talk.next_request()) is not None:
            count += 1
            answer = talk.message(pdu[0], response_to(pdu[1], 0))
            joined.send_last(answer, DAMAGED if count == number else b"")

    return script


@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("way", ["prepared", "at once", "long"])
def test_a_store_ends_and_says_why(
    console: Console, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, number: int
) -> None:
    if way != "prepared":
        monkeypatch.setattr(SendingAtOnce, "prepare", lambda *_: None)
    if way == "long":
        monkeypatch.setattr(SendingAtOnce, "sends", lambda *_: False)
    folder = tmp_path / "instances"
    folder.mkdir()
    written(folder, tuple(file(f"1.{n}", 5000) for n in range(1, 8)))
    with scripted(breaking(files, number)) as peer:
        wished = proposal(peer, CT, tls=files.requestor(), timeouts=Timeouts(connect=5.0, acse=10.0, dimse=10.0))
        told = console.run(
            StoreFiles(
                operation=console.new_id(),
                association=console.new_id(),
                proposal=wished,
                paths=(folder,),
                options=StoreOptions(),
            )
        )
    assert told.outcome is not Outcome.SUCCESS
    assert "integrity check" in told.sentence
    assert not console.of(ErrorNotice)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_echoes_end_and_say_why(console: Console, files: Files, number: int) -> None:
    with scripted(breaking(files, number)) as peer:
        wished = proposal(peer, tls=files.requestor(), timeouts=Timeouts(connect=5.0, acse=10.0, dimse=10.0))
        shot = OneShot(
            association=console.new_id(), operation=console.new_id(), proposal=wished, messages=(echo_rq(),) * 8
        )
        told = console.run(shot)
    assert told.outcome is not Outcome.SUCCESS
    assert "integrity check" in told.sentence
    assert not console.of(ErrorNotice)
