"""TLS below the upper layer: what strangers send, and an honest peer's records altered on their way, in both roles."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from engine.model.notices import Cause, Outcome
from engine.model.tls import ClientCertificates, TlsSettings, TlsVerdict
from engine.runtime.context import Context
from engine.runtime.link import Link
from engine.runtime.tls import Secure, secure
from engine.runtime.tls_layer import TlsLayer
from tests.runtime.tls_files import make_files

from . import talks
from .target import Target

HOST = "127.0.0.1"
SAID = b"".join(struct.pack(">BBI", 4, 0, 6) + bytes([n]) * 6 for n in range(16))
"""What the honest peer says once it can, twice and in records of its own."""
LARGEST = 1 << 15
"""Bytes of a changed record: one that is doubled again and again would take its time with us, whatever we do."""
RECORDS = 64
"""Of the peer at most: a handshake and what follows is far fewer."""


class _Loop:
    """Of the event loop what a layer uses. Time passes only when `late` says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.next: deque[Callable[[], None]] = deque()

    def get_debug(self) -> bool:
        return False

    def create_future(self) -> asyncio.Future[None]:
        return asyncio.Future(loop=cast(asyncio.AbstractEventLoop, self))

    def call_soon(self, call: Callable[..., None], *given: object) -> None:
        self.next.append(partial(call, *given))

    def turn(self) -> None:
        """What was to be called soon is called."""
        while self.next:
            self.next.popleft()()

    def call_later(self, _delay: float, call: Callable[[], None]) -> _Timer:
        self.waiting.append(call)
        return _Timer(self, call)

    def late(self) -> None:
        for call in tuple(self.waiting):
            self.waiting.remove(call)
            call()


@dataclass
class _Timer:
    loop: _Loop
    call: Callable[[], None]

    def cancel(self) -> None:
        if self.call in self.loop.waiting:
            self.loop.waiting.remove(self.call)


class _Wire(asyncio.Transport):
    """Our side of the connection: what goes out is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.closing = False

    def write(self, data: Any) -> None:
        assert not self.closing, "written to a closed transport"
        self.sent += data

    def is_closing(self) -> bool:
        return self.closing

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def close(self) -> None:
        self.closing = True

    abort = close


@dataclass
class _Above:
    """What stands above the layer instead of a Link; answers what it gets. room: of its buffer."""

    room: int
    got: bytearray = field(default_factory=bytearray)
    lost: int = 0
    closes_at: int = 0
    """Bytes after which it has had enough; 0 for never."""
    failed: bool = False
    behind: bool = False

    def attach(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.buffer = memoryview(bytearray(self.room))

    def secured(self) -> None:
        self.transport.writelines([b"hello", bytes(20_000)])

    @property
    def machine(self) -> _Above:
        """The upper layer, whose buffer the layer reads into."""
        return self

    def receive_buffer(self) -> memoryview:
        return self.buffer

    def buffer_updated(self, count: int) -> None:
        assert not self.lost
        self.got += self.buffer[:count]
        if self.closes_at and len(self.got) >= self.closes_at:
            self.transport.close()
        else:
            self.transport.write(b"thanks")

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost += 1

    def remote_address(self) -> tuple[str, int]:
        return HOST, 104


class _Side:
    """A layer of ours between both."""

    def __init__(self, made: Secure, room: int) -> None:
        self.loop, self.wire, self.above = _Loop(), _Wire(), _Above(room)
        self.told: list[str] = []
        self.layer = TlsLayer(
            cast(Context, self),
            cast(Link, self.above),
            made,
            host=HOST,
            seconds=5.0,
            on_secured=self._secured,
            on_failed=self._failed,
        )
        self.layer.connection_made(self.wire)

    def _secured(self, verdict: TlsVerdict, sentence: str) -> None:
        assert verdict.version and verdict.cipher
        self._tell("secured", sentence)

    def _failed(self, verdict: TlsVerdict, outcome: Outcome, sentence: str, cause: Cause) -> None:
        assert outcome is not Outcome.SUCCESS and cause is not Cause.NONE
        assert verdict.peer_certificate is None or verdict.peer_certificate.subject.isprintable()
        self._tell("failed", sentence)

    def _tell(self, what: str, sentence: str) -> None:
        assert sentence.isprintable() and sentence.endswith("."), sentence
        assert what not in self.told and "failed" not in self.told, (self.told, what)
        self.told.append(what)

    def hears(self, data: bytes, portion: int) -> None:
        for at in range(0, len(data), portion or len(data) or 1):
            rest = data[at : at + portion] if portion else data
            while rest and not self.wire.closing:
                buffer = self.layer.get_buffer(-1)
                count = min(len(rest), len(buffer))
                buffer[:count] = rest[:count]
                self.layer.buffer_updated(count)
                self.loop.turn()
                rest = rest[count:]

    def end(self, how: int) -> None:
        """how: time passes, the peer closes, the connection breaks."""
        if how == 0:
            self.loop.late()
        if how == 1 and not self.wire.closing:
            self.layer.eof_received()
        if how != 2:  # else the connection breaks in the turn in which it was to be called
            self.loop.turn()
        self.layer.connection_lost(ConnectionResetError(104, "Connection reset by peer") if how == 2 else None)
        self.loop.turn()
        self.loop.late()
        assert self.above.lost == 1 and self.told
        assert self.layer.done.done() or "secured" in self.told
        assert not self.loop.waiting


# --- strangers ----------------------------------------------------------------------------------------------------


def strangers(data: bytes) -> None:
    """First byte: role, end; second: size of the portions."""
    if len(data) < 3:
        return
    server = bool(data[0] & 1)
    side = _Side(_sides()[0][server, bool(data[0] & 2)], 4096)
    side.hears(data[2:], data[1])
    assert not side.above.got
    side.end(data[0] >> 2 & 3)
    assert side.told == ["failed"]


# --- records of an honest peer, altered ---------------------------------------------------------------------------


class _Honest:
    """The other side, by the ssl module alone."""

    def __init__(self, context: ssl.SSLContext, server: bool) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = None if server else HOST
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server, server_hostname=name)
        self.said = False
        self.over = False

    def hears(self, data: bytes) -> None:
        self.incoming.write(data)

    def speaks(self) -> bytes:
        """Its next records."""
        try:
            if not self.over and not self.said:
                self.tls.do_handshake()
                self.said = True
                self.tls.write(SAID)
                self.tls.write(SAID)
            elif not self.over:
                while self.tls.read(4096):
                    pass
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:  # what it has to complain of goes out as an alert
            self.over = True
        return self.outgoing.read()

    def closes(self) -> bytes:
        with contextlib.suppress(ssl.SSLError, ValueError):
            self.tls.unwrap()
        return self.outgoing.read()


def altered(data: bytes) -> None:
    """Four bytes: role, version, certificates and end; portions; room above; when we close. Then changes, four bytes
    each: of which record (from 128 on: of our own on its way to the peer), what is done to it, and two values."""
    if len(data) < 4:
        return
    how, portion, room, closes = data[:4]
    server, old, asks = bool(how & 1), bool(how & 2), bool(how & 4)
    side = _Side(_sides()[0][server, asks], room * 16 + 1)
    side.above.closes_at = closes
    honest = _Honest(_sides()[1][not server, old, bool(how & 8)], not server)
    changes: dict[int, list[bytes]] = {}
    for at in range(4, len(data) - 3, 4):
        changes.setdefault(data[at], []).append(data[at + 1 : at + 4])
    touched = _converse(side, honest, changes, portion)
    assert (SAID + SAID).startswith(side.above.got)
    if not touched and not closes:
        assert "secured" in side.told or (server and asks and not how & 8), side.told
    side.end(how >> 4 & 3)


def _converse(side: _Side, honest: _Honest, changes: dict[int, list[bytes]], portion: int) -> bool:
    """Both speak until neither has anything to say. Whether anything was altered."""
    heard = said = 0
    touched = closed = False
    while said < RECORDS:
        for record in _records(side.wire.sent):
            made = _changed(record, changes.get(128 + heard % 128, ()))
            touched |= made != record
            honest.hears(made)
            heard += 1
        side.wire.sent.clear()
        flight = honest.speaks()
        if not flight and honest.said and not closed:
            closed, flight = True, honest.closes()
        if not flight or side.wire.closing:
            return touched
        for record in _records(flight):
            made = _changed(record, changes.get(said, ()))
            touched |= made != record
            side.hears(made, portion)
            said += 1
    return touched


def _records(data: bytes | bytearray) -> list[bytes]:
    """Records as their headers say (RFC 8446 5.1)."""
    found, at = [], 0
    while at < len(data):
        end = at + 5 + int.from_bytes(data[at + 3 : at + 5], "big")
        found.append(bytes(data[at:end]))
        at = end
    return found


def _changed(record: bytes, changes: Any) -> bytes:
    for what, first, second in changes:
        data = bytearray(record)
        place = (first << 8 | second) % (len(data) or 1)
        match what % 12:
            case 0 if data:
                data[place] ^= 1 << (what >> 4 & 7)
            case 1:
                del data[place:]
            case 2:
                data.clear()
            case 3:
                data += record
            case 4:
                data[place:place] = bytes([second]) * (first + 1)
            case 5 if data:
                data[0] = first
            case 6:
                data[3:5] = bytes([first, second])
            case 7:
                data[:0] = bytes([21, 3, 3, 0, 2, first & 3, second])
            case 8:
                data[:0] = bytes([(20, 22, 23, 24)[first & 3], 3, 3, 0, second]) + bytes(second)
            case 9:
                data[1:3] = bytes([first, second])
            case 10:
                data[:0] = bytes([22, 3, 3, 0, 4, first, 0, 0, 0])
            case 11:
                data = bytearray(struct.pack(">BHH", record[0] if record else 23, 0x303, 16_640)) + bytes(first * 64)
        record = bytes(data[:LARGEST])
    return record


# --- certificates -------------------------------------------------------------------------------------------------


@cache
def _sides() -> tuple[dict[tuple[bool, bool], Secure], dict[tuple[bool, bool, bool], ssl.SSLContext]]:
    """Ours by (server, client certificates) and the peer's by (server, TLS 1.2 only, certificate of a client)."""
    both = (False, True)
    with tempfile.TemporaryDirectory(prefix="fuzz-tls-") as folder:
        files = make_files(Path(folder))
        certificate, ca = files.issue("peer"), files.ca
        ours = {(server, asks): _secure(server, asks, certificate, ca) for server in both for asks in both}
        theirs = {
            (server, old, shows): _context(server, old, shows, certificate, ca)
            for server in both
            for old in both
            for shows in both
        }
    return ours, theirs


def _secure(server: bool, asks: bool, certificate: Path, ca: Path) -> Secure:
    if server:
        clients = ClientCertificates.REQUIRE if asks else ClientCertificates.NONE
        settings = TlsSettings(certificate=certificate, ca_file=ca, client_certificates=clients)
    else:
        settings = TlsSettings(ca_file=ca, certificate=certificate if asks else None)
    return secure(settings, server=server)


def _context(server: bool, old: bool, shows: bool, certificate: Path, ca: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    if server or shows:
        context.load_cert_chain(certificate)
    if server and shows:
        context.verify_mode = ssl.CERT_OPTIONAL
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if old:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


# --- seeds --------------------------------------------------------------------------------------------------------


def _strangers() -> list[bytes]:
    said = [b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n", b"\x80\x2e\x01\x00\x02", b"\x15\x03\x01\x00\x02\x02\x28"]
    said += [pdu for pdu in talks.pdus() if pdu[0] in (1, 2, 3, 7)][:4]
    said += [path.read_bytes() for path in sorted(talks.SEEDS.glob("*.tls"))]
    return [bytes([how, portion]) + one for one in said for how, portion in ((0, 0), (1, 0), (5, 1), (10, 7), (3, 0))]


def _alterations() -> list[bytes]:
    whole = [bytes([how, 0, 255, 0]) for how in range(16)]
    one = [bytes([n, 7, 2, 40 * (n & 1), record, what, 0, 30 + n]) for n, (record, what) in enumerate(
        [(0, 0), (1, 16), (2, 32), (3, 0), (4, 1), (5, 3), (6, 7), (7, 8), (2, 5), (1, 9), (128, 0), (130, 0)]
    )]  # fmt: skip
    return whole + one


TARGETS = (
    Target("tls-strangers", strangers, _strangers, 4096),
    Target("tls-altered", altered, _alterations, 64),
)
