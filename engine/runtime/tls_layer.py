"""TLS between the socket and a Link: bytes of the wire below, bytes of the upper layer above.

asyncio's own TLS tells an acceptor nothing about handshakes that fail, and nobody what was seen of one; this does.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from engine.model.association import Peer
from engine.model.notices import Cause, Outcome
from engine.model.tls import TlsVerdict

from . import tls_sentences as words
from .context import Context
from .link import Link
from .tls import Secure
from .tls_certificate import matches_host, read_certificate
from .tls_records import AT_ONCE, RECORD, in_records
from .tls_transport import TlsTransport
from .tls_watch import VERSIONS, alert_text

LINGER = 1.0
"""Seconds the other side has to read our last alert and close, before we do."""
_ROOM = 1 << 16
_MOST_ROOM = 1 << 18
"""Bytes received at once: a connection begins with the first and, where that is filled, goes on with the second."""
_RECORDS = (0x14, 0x15, 0x16, 0x17)
_SSL2_HELLO = 0x80
_ENOUGH = 6
"""Bytes after which a foreign protocol can be named."""
_PLAIN_ALERT = bytes.fromhex("15030300020246")
"""The fatal alert protocol_version: what a peer without TLS gets, which some of them recognise."""

OnSecured = Callable[[TlsVerdict, str], None]
OnFailed = Callable[[TlsVerdict, Outcome, str, Cause], None]


class TlsLayer(asyncio.BufferedProtocol):
    """One connection's TLS. Tells once how the handshake came out: `on_secured` or `on_failed`, with sentences.

    on_failed is called too when TLS breaks later (an alert, bytes that fail the integrity check).
    host: what the certificate is compared with and SNI names. seconds: for the handshake, 0 for ever.
    """

    def __init__(
        self,
        context: Context,
        link: Link,
        secure: Secure,
        *,
        host: str,
        port: int = 0,
        seconds: float,
        on_secured: OnSecured,
        on_failed: OnFailed,
    ) -> None:
        self._context = context
        self._link = link
        self._secure = secure
        self._host = secure.settings.server_name or host.partition("%")[0]
        self._seconds = seconds
        self._on_secured = on_secured
        self._on_failed = on_failed
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = secure.wrap(self._incoming, self._outgoing, self._host)
        self._tls.on_too_many = self._incoming.read  # thousands come in one read, and OpenSSL would take them all
        self._room = memoryview(bytearray(_ROOM))
        self._transport: asyncio.Transport | None = None
        self._facade = TlsTransport(self)
        self._peer = Peer(host=host, port=port)
        """Kept from the beginning: of a connection that was reset the system does not tell it any more."""
        self._timer: asyncio.TimerHandle | None = None
        self._first = b""
        self.secured = False
        self.over = False
        self.done: asyncio.Future[None] = context.loop.create_future()
        """Done when the handshake is, however it came out."""

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        try:
            self._transport = transport
            self._facade.inner = transport
            self._link.attach(self._facade)
            remote, port = self._link.remote_address()
            self._peer = Peer(host=remote, port=port) if remote else self._peer
            if self._seconds:
                self._timer = self._context.loop.call_later(self._seconds, self._late)
            self._handshake()
        except BaseException:  # asyncio would leave it open, with nobody to close it
            transport.abort()
            raise

    def get_buffer(self, sizehint: int) -> memoryview:
        room = self._room
        return room if len(room) <= self._link.room else room[: self._link.room]

    def buffer_updated(self, nbytes: int) -> None:
        if self.secured and not self.over:
            self._incoming.write(self._room[:nbytes])
            self._read()
        else:
            self._received(self._room[:nbytes])
        if nbytes == len(self._room) and nbytes < _MOST_ROOM:
            self._room = memoryview(bytearray(_MOST_ROOM))

    def _received(self, data: bytes | memoryview) -> None:
        """Bytes of the wire; valid during the call only."""
        if self.over:
            return
        if not self.secured and len(self._first) < _ENOUGH:
            self._first += data[: _ENOUGH * 4]
            if self._is_foreign() and len(self._first) >= _ENOUGH:
                self._refuse_foreign()
        if self._is_foreign():
            return
        self._incoming.write(data)
        if self.secured:
            self._read()
        else:
            self._handshake()

    def eof_received(self) -> bool:
        if self.secured and not self.over:
            self._link.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            if self.secured and not self._link.failed:
                self._read()
            self._end(exc)
        finally:  # a defect in what came last hides the end from nobody
            self._stop_timer()
            self.over = True
            self._link.connection_lost(exc)

    def _end(self, exc: Exception | None) -> None:
        if exc is not None and not self.over:
            self._last_words()
        if not self.secured and not self.over:
            if self._is_foreign():
                self._refuse_foreign()
            else:
                said = (exc.strerror or str(exc)) if isinstance(exc, OSError) else ""
                sentence = words.broken_off(self._peer, said, server=self._secure.server, answered=bool(self._first))
                self._fail(Outcome.CONNECTION_FAILED, sentence, self._verdict(), Cause.TLS_FAILED)

    def _last_words(self) -> None:
        """Read what came before a reset: a peer that refuses us in TLS 1.3 sends its alert and closes while our
        A-ASSOCIATE-RQ is under way, and then it is our sending that fails first."""
        sock = self.transport.get_extra_info("socket")
        with suppress(OSError, AttributeError), sock.dup() as copy:
            copy.setblocking(False)
            while not self.over and (data := copy.recv(65536)):
                self._received(data)

    def pause_writing(self) -> None:
        self._link.pause_writing()

    def resume_writing(self) -> None:
        self._link.resume_writing()

    # -- for the facade

    @property
    def transport(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def write(self, buffers: Iterable[Any]) -> None:
        """Encrypt and send; dropped when nothing can be sent (any more)."""
        if not self.secured or self.over:
            return
        watch, outgoing = self._secure.watch, self._outgoing
        enough = RECORD  # the first goes by itself: the other side decrypts it while we encrypt the next ones
        alone = type(buffers) is list and len(buffers) == 1 and len(buffers[0]) <= RECORD
        for piece in buffers if alone else in_records(buffers):
            watch.pause()
            try:
                done = self._tls.write(piece)
                while done < len(piece):
                    done += self._tls.write(memoryview(piece)[done:])
            except ssl.SSLError as error:  # told later, as by any transport: who writes is not done yet
                self._context.loop.call_soon(self._broken, error)
                return
            finally:
                watch.resume()
            if outgoing.pending >= enough:
                self._flush()
                enough = AT_ONCE
        self._flush()

    def close(self) -> None:
        """Say close_notify and close, without waiting for the other side's (RFC 8446 6.1)."""
        if self._transport is None or self._transport.is_closing():
            return
        if not self.secured:
            self.abort()
            return
        if not self.over:
            self.over = True
            with suppress(ssl.SSLError, OSError):  # it wants the other side's close_notify
                self._tls.unwrap()
            self._flush()
        self._transport.close()

    def abort(self) -> None:
        self.over = True
        self._stop_timer()
        self._finished()
        if self._transport is not None:
            self._transport.abort()

    # -- the handshake

    def _handshake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self._flush()
            self._failed(error)
            return
        self._flush()
        self._stop_timer()
        self.secured = True
        if self._tls.peer_certificate is None and (der := self._tls.getpeercert(binary_form=True)):
            self._tls.peer_certificate = read_certificate(der)  # once TLS breaks, it would not be told any more
        verdict = self._verdict()
        self._on_secured(verdict, words.secured(verdict, server=self._secure.server))
        self._finished()
        if not self.over:
            self._link.secured()
        self._read()

    def _failed(self, error: Exception) -> None:
        verdict, refused = self._verdict(), ""
        if isinstance(error, ssl.SSLCertVerificationError):
            why, hint = words.not_verified(error, verdict.peer_certificate, self._host)
            verdict = replace(verdict, verified=False, reason=why)
            refused = f"{words.its_certificate(verdict.peer_certificate)} is not accepted, because {why}. {hint}"
        sentence = words.failed(self._peer, error, self._tls, verdict, server=self._secure.server, refused=refused)
        cause = Cause.TLS_REFUSED if refused else self._alerted()
        self._fail(Outcome.CONNECTION_FAILED, sentence, verdict, cause)

    def _alerted(self) -> Cause:
        return Cause.TLS_ALERT if self._tls.alert_received is not None else Cause.TLS_FAILED

    def _late(self) -> None:
        if self._is_foreign():
            self._refuse_foreign()
        else:
            sentence = words.timed_out(
                self._peer, self._seconds, server=self._secure.server, answered=bool(self._first)
            )
            self._fail(Outcome.TIMED_OUT, sentence, self._verdict(), Cause.TLS_TIMED_OUT)

    def _is_foreign(self) -> bool:
        first = self._first[:1]
        return bool(first) and first[0] not in _RECORDS and not (self._secure.server and first[0] == _SSL2_HELLO)

    def _refuse_foreign(self) -> None:
        sentence = words.foreign(self._peer, self._first, server=self._secure.server)
        if self._secure.server and not self.transport.is_closing():
            self.transport.write(_PLAIN_ALERT)
        cause = Cause.PLAIN_AT_TLS if words.is_dicom(self._first) else Cause.FOREIGN
        self._fail(Outcome.CONNECTION_FAILED, sentence, self._verdict(), cause)

    def _fail(self, outcome: Outcome, sentence: str, verdict: TlsVerdict, cause: Cause) -> None:
        """Told once; then the other side may read our alert and close, before we do."""
        self.over = True
        self._stop_timer()
        self._on_failed(verdict, outcome, sentence, cause)
        self._finished()
        transport = self.transport
        if transport.is_closing():
            return
        if transport.can_write_eof():
            transport.write_eof()
        self._timer = self._context.loop.call_later(LINGER, transport.abort)

    def _finished(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- data

    def _read(self) -> None:
        """Decrypt what has come and hand it on."""
        tls, incoming, link = self._tls, self._incoming, self._link
        while not self.over:
            buffer = link.machine.receive_buffer()
            room = len(buffer)
            count, got, error = 0, 1, None
            try:
                while got and count < room:
                    got = tls.read(room - count, buffer[count:] if count else buffer)  # type: ignore[assignment]
                    count += got
                    if got and not (incoming.pending or tls.pending()):
                        break  # asking once more would only be refused
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                got = 0
            except ssl.SSLError as problem:
                error = problem
            del buffer
            if count:
                link.buffer_updated(count)
            if self._outgoing.pending:
                self._flush()
            if error is None and tls.too_many:
                error = ssl.SSLError("too many messages")
            if error is not None and not self.over:
                self._broken(error)
            elif not got:
                self.close()
            if count < room:
                return
            if link.machine.behind and not self.transport.is_closing():  # the others have their turn
                self._context.loop.call_soon(self._read)
                return

    def _broken(self, error: Exception) -> None:
        """TLS fails after the handshake: a refusal that TLS 1.3 brings late, or damaged bytes. Nothing more is sent."""
        if self.over:
            return
        verdict = self._verdict()
        sentence = words.failed(self._peer, error, self._tls, verdict, server=self._secure.server, refused="")
        self._flush()
        self._fail(Outcome.ABORTED, sentence, verdict, self._alerted())

    def _flush(self) -> None:
        if self._outgoing.pending:
            transport = self._transport
            if transport is not None and not transport.is_closing():
                transport.write(self._outgoing.read())

    # -- what is known

    def _verdict(self) -> TlsVerdict:
        tls, settings, server = self._tls, self._secure.settings, self._secure.server
        certificate = tls.peer_certificate
        checked = settings.verify or server
        verified = True if self.secured and certificate and checked else None
        cipher = tls.cipher()
        return TlsVerdict(
            version=(tls.version() or VERSIONS.get(tls.seen_version, "")) if cipher else "",
            cipher=cipher[0] if cipher else "",
            peer_certificate=certificate,
            verified=verified,
            reason="" if checked or certificate is None else "it was not checked, as asked",
            host_name="" if server else self._host,
            host_name_matches=None if server or certificate is None else matches_host(certificate, self._host),
            server_name=tls.server_name if server else (self._host if _is_name(self._host) else ""),
            client_certificate_requested=tls.certificate_requested,
            own_certificate=self._secure.own_certificate if tls.shown else None,
            alert=self._alert(),
        )

    def _alert(self) -> str:
        """The alert that passed, in words; "" for none."""
        if self._tls.alert_received is not None:
            return f"received {alert_text(self._tls.alert_received)}"
        return f"sent {alert_text(self._tls.alert_sent)}" if self._tls.alert_sent is not None else ""


def _is_name(host: str) -> bool:
    return ":" not in host and not host.replace(".", "").isdigit()
