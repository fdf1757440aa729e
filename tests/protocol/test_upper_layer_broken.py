"""The upper layer's machine with peers that break the protocol, and with any bytes in any state."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import primitives as p
from engine.protocol.upper_layer import UpperLayer
from engine.standard.pdus import AbortPdu, AssociateAC, AssociateRJ, ReleaseRP, ReleaseRQ
from engine.standard.state_table import Sta
from engine.wire.pdus import decode_pdu, encode_pdu
from tests.protocol.sides import AC, PDATA, RQ, Side, acceptor_in_sta2, established, requestor_in_sta5

# --- peers that break the protocol --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01", "TLS"),
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP request"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"\x00\x00\x00\x00\x00\x00", "PDU-type 00H"),
        (b"\x01\x00\xff\xff\xff\xff", "PDU-length"),
    ],
)
def test_a_caller_that_does_not_speak_dicom_is_named_and_aborted_once(data: bytes, said: str) -> None:
    them = acceptor_in_sta2()
    them.gets(data, 1)
    (error,) = them.hears()
    assert isinstance(error, p.ProtocolError)
    assert said in error.sentence
    assert error.data.startswith(data[:6])
    assert them.wire() == encode_pdu(AbortPdu(source=0, reason=0))  # AA-1
    for _ in range(3):
        them.gets(data * 1000)
        room = them.machine.receive_buffer()
        them.machine.received(len(room), 0.0)
        assert len(them.machine.receive_buffer()) <= 1 << 17
    assert them.hears() == []
    assert (them.wire(), them.state) == (b"", "Sta13")
    them.machine.transport_closed(1.0)
    assert them.state == "Sta1"


def test_a_web_server_that_answers_is_named() -> None:
    us = requestor_in_sta5()
    us.gets(b"HTTP/1.1 400 Bad Request\r\n")
    error, abort = us.hears()
    assert isinstance(error, p.ProtocolError) and "a web server" in error.sentence
    assert isinstance(abort, p.ProviderAbortIndication)
    assert (abort.reason, abort.connection_lost) == (1, False)
    assert us.wire() == encode_pdu(AbortPdu(source=2, reason=1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (encode_pdu(AssociateAC()), 2),
        (encode_pdu(RQ), 2),
        (encode_pdu(ReleaseRP()), 2),
        (b"\x04\x00\x00\x00\x00\x00", 6),
        (b"\x04\x00\x00\x00\x00\x06\x00\x00\x00\x09\x01\x03", 6),
        (b"\x02\x00\x00\x00\x00\x01\x00", 6),
        (b"\x0a\x00\x00\x00\x00\x00", 1),
    ],
)
def test_what_is_unexpected_or_invalid_is_aborted_with_its_reason(data: bytes, reason: int) -> None:
    us, _ = established()
    us.gets(data)
    assert us.wire() == encode_pdu(AbortPdu(source=2, reason=reason))
    record = us.heard[0]
    assert isinstance(record, p.PduReceived) and record.data == data
    error, abort = us.hears()
    assert isinstance(error, p.ProtocolError) and error.reason == reason
    assert isinstance(abort, p.ProviderAbortIndication) and abort.reason == reason
    assert abort.sentence.startswith(error.sentence.rstrip("."))


def test_unexpected_names_the_pdu_and_the_state() -> None:
    us, _ = established()
    us.gets(encode_pdu(ReleaseRP()))
    error, _ = us.hears()
    assert isinstance(error, p.ProtocolError)
    assert error.sentence.startswith("A-RELEASE-RP is not expected in Sta6 (Association established")


def test_a_request_while_waiting_for_the_close_is_answered_by_another_abort() -> None:
    us, _ = established()
    us.says(p.AAbortRequest())
    us.wire(), us.hears()
    us.gets(encode_pdu(ReleaseRQ()) + PDATA)
    assert (us.hears(), us.wire()) == ([], b"")
    us.gets(encode_pdu(RQ))
    assert us.wire() == encode_pdu(AbortPdu(source=2, reason=2))
    assert us.state == "Sta13"


def test_a_connection_lost_in_the_middle_of_a_pdu_says_so() -> None:
    us, _ = established()
    us.gets(PDATA[:10])
    us.machine.transport_closed(0.0)
    ended, abort = us.hears()
    assert ended == p.TransportEnded(Sta.Sta6, 10)
    assert isinstance(abort, p.ProviderAbortIndication)
    assert (abort.connection_lost, abort.reason) == (True, 0)
    assert abort.sentence == "the connection was closed 10 bytes into a PDU"


def test_what_comes_after_the_end_is_recorded_and_nothing_else() -> None:
    us, them = established()
    them.says(p.AAbortRequest())
    us.gets(them.wire() + PDATA)
    us.listen()
    last = us.heard[-1]
    assert isinstance(last, p.PduReceived) and last.transition is None
    assert us.hears() == [p.AbortIndication(0, 0), p.CloseTransport()]


# --- any bytes in any state ---------------------------------------------------------------------------------------

PDUS_OF_ALL_TYPES = [encode_pdu(x) for x in (RQ, AC, AssociateRJ(), ReleaseRQ(), ReleaseRP(), AbortPdu())] + [PDATA]


def _framed(kind: int, body: bytes) -> bytes:
    return bytes((kind, 0)) + len(body).to_bytes(4, "big") + body


def _damaged(data: bytes, position: int, value: int) -> bytes:
    position %= len(data)
    return data[:position] + bytes((value,)) + data[position + 1 :]


BYTES = st.one_of(
    st.binary(max_size=300),
    st.builds(_framed, st.integers(0, 9), st.binary(max_size=150)),
    st.sampled_from(PDUS_OF_ALL_TYPES),
    st.builds(_damaged, st.sampled_from(PDUS_OF_ALL_TYPES), st.integers(0, 999), st.integers(0, 255)),
)


@given(st.sampled_from(list(Sta)), st.booleans(), st.lists(BYTES, min_size=1, max_size=6), st.integers(1, 400))
def test_any_bytes_in_any_state_give_events_or_an_abort(
    state: Sta, requestor: bool, pieces: list[bytes], portion: int
) -> None:
    side = Side(UpperLayer(requestor, 10.0))
    side.machine.state = state
    side.gets(b"".join(pieces), portion)
    transitions = [e for e in side.heard if isinstance(e, p.Transition)]
    assert all(one.after is two.before for one, two in pairwise(transitions))
    if transitions:
        assert transitions[0].before is state and transitions[-1].after is side.machine.state
    broken = any(isinstance(e, p.ProtocolError) for e in side.heard)
    if broken:
        assert side.machine.state in (Sta.Sta1, Sta.Sta4, Sta.Sta13)
    wire = side.wire()
    while wire:  # whatever it sends is whole PDUs
        length = 6 + int.from_bytes(wire[2:6], "big")
        decode_pdu(wire[:length])
        wire = wire[length:]
    side.machine.transport_closed(1.0)
    assert side.machine.state is Sta.Sta1


@given(st.lists(BYTES, min_size=1, max_size=6), st.integers(1, 50))
def test_how_the_bytes_are_cut_makes_no_difference(pieces: list[bytes], portion: int) -> None:
    data = b"".join(pieces)
    whole, cut = established()[0], established()[0]
    whole.gets(data)
    cut.gets(data, portion)
    # Of a stream that is not DICOM as much is shown as was there.
    assert [e for e in whole.heard if isinstance(e, p.Transition)] == [
        e for e in cut.heard if isinstance(e, p.Transition)
    ]
    assert whole.state == cut.state and whole.wire() == cut.wire()
