"""The layer between the socket and a link: records as they go out, and TLS that breaks after the handshake."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import Policy, Timeouts
from engine.model.notices import AssociationNotice, Cause, ErrorNotice
from engine.runtime import tls_layer
from engine.runtime.tls_records import AT_ONCE, RECORD, in_records
from tests.runtime.console import HOST, Console, proposal
from tests.runtime.scripted import Conversation, scripted
from tests.runtime.tls_files import Files, make_files

WITHIN = 30.0
LONG = Timeouts(connect=20.0, acse=20.0, dimse=20.0, artim=5.0)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_files(tmp_path / "tls")


# --- records ----------------------------------------------------------------------------------------------------------

SIZES = st.one_of(st.integers(0, 40), st.sampled_from((RECORD - 1, RECORD, RECORD + 1, 131_066, AT_ONCE, 3 * AT_ONCE)))


@given(st.lists(SIZES, max_size=12))
def test_records_are_full_and_hold_the_same_bytes(sizes: list[int]) -> None:
    buffers = [bytes([n % 251]) * size for n, size in enumerate(sizes)]
    pieces = [bytes(piece) for piece in in_records(buffers)]
    assert b"".join(pieces) == b"".join(buffers)
    assert all(0 < len(piece) <= AT_ONCE for piece in pieces)
    assert all(len(piece) % RECORD == 0 for piece in pieces[:-1])


def test_what_is_large_is_not_copied() -> None:
    head, data = b"head", bytes(5 * RECORD)
    first, middle, last = in_records([head, data])
    assert bytes(first) == head + data[: RECORD - 4]
    assert middle.obj is data and len(middle) == 4 * RECORD
    assert last.obj is data and len(last) == 4


def test_a_small_message_goes_as_it_is() -> None:
    message = b"a PDU"
    assert next(in_records([message])) is message


# --- refused ----------------------------------------------------------------------------------------------------------


def test_a_peer_we_refuse_reads_our_alert_and_the_end(
    console: Console, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_layer, "LINGER", 60.0)
    seen: list[str] = []
    ended = threading.Event()

    def script(peer: Conversation) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.self_signed())
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while data := peer.sock.recv(65536):  # until our side tells that it is done
            incoming.write(data)
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                peer.send(outgoing.read())
            except ssl.SSLError as error:
                seen.append(error.reason)
        ended.set()

    with scripted(script) as peer:
        number = console.open(proposal(peer, tls=files.requestor(), timeouts=LONG))
        told = console.ended(number, WITHIN)
        assert "refused by us" in told.sentence
        assert ended.wait(WITHIN)
    assert len(seen) == 1 and "UNKNOWN_CA" in seen[0]


# --- broken after the handshake ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def client(files: Files, port: int, version: ssl.TLSVersion) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=str(files.ca))
    context.maximum_version = version
    with (
        socket.create_connection((HOST, port), timeout=5.0) as sock,
        context.wrap_socket(sock, server_hostname=HOST) as made,
    ):
        yield made


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("record", "words"),
    [
        (b"\x17\x03\x03\x00\x20" + bytes(32), "integrity check"),
        (b"\x16\x03\x03\x00\x20" + bytes(32), "failed"),
    ],
    ids=["data", "handshake"],
)
def test_a_client_without_certificate_that_sends_damaged_records(
    record: bytes, words: str, version: ssl.TLSVersion, console: Console, files: Files
) -> None:
    where = console.listen(tls=files.acceptor(), policy=Policy(timeouts=LONG))
    with client(files, where.port, version) as made:
        with socket.socket(fileno=socket.dup(made.fileno())) as raw:
            raw.sendall(record)
        told = console.wait(AssociationNotice, lambda n: n.outcome is not None, WITHIN)
    assert words in told.sentence and told.cause is Cause.TLS_FAILED
    assert told.tls is not None and told.tls.version == f"TLSv1.{version - ssl.TLSVersion.TLSv1_2 + 2}"
    assert told.tls.alert.startswith("sent ")
    assert not console.of(ErrorNotice)
