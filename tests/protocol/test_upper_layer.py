"""The upper layer's machine as it is used: conversations, timers, broken peers."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import LocalAE, Peer, Policy, Proposal, ProposedContext
from engine.protocol import primitives as p
from engine.protocol.negotiation import answer, propose
from engine.protocol.upper_layer import StateError, UpperLayer
from engine.standard.pdus import AbortPdu, AssociateAC, AssociateRJ, AssociateRQ, PDataTF, Pdv, ReleaseRP, ReleaseRQ
from engine.standard.state_table import Evt, Sta
from engine.wire.pdus import decode_pdu, encode_pdu

RQ = propose(
    Proposal(
        local=LocalAE(ae_title="US"),
        peer=Peer(ae_title="THEM"),
        contexts=(ProposedContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),),
    )
)
AC = answer(RQ, Policy()).pdu
PDATA = encode_pdu(PDataTF(pdvs=(Pdv(context_id=1, control=3, fragment=b"command!"),)))
QUIET = (p.Transition, p.PduReceived, p.PduSent)


@dataclass
class Side:
    """One end of a conversation read as a script: what it says, what it hears."""

    machine: UpperLayer
    now: float = 0.0
    heard: list[p.Event] = field(default_factory=list)

    def says(self, primitive: p.Primitive) -> None:
        self.machine.request(primitive, self.now)
        self.listen()

    def gets(self, data: bytes, portion: int = 0) -> None:
        for start in range(0, len(data), portion or max(1, len(data))):
            self.machine.receive_data(data[start : start + portion] if portion else data, self.now)
        self.listen()

    def listen(self) -> None:
        while (event := self.machine.next_event()) is not None:
            self.heard.append(event)

    def hears(self) -> list[p.Event]:
        """What it was told since the last time, but transitions and the record of PDUs."""
        self.listen()
        heard, self.heard = self.heard, []
        return [e for e in heard if not isinstance(e, QUIET)]

    def wire(self) -> bytes:
        return b"".join(bytes(b) for b in self.machine.data_to_send())

    @property
    def state(self) -> str:
        return self.machine.state.name


def requestor_in_sta5() -> Side:
    us = Side(UpperLayer(True, 10.0))
    us.says(p.AAssociateRequest(RQ))
    us.machine.transport_connected(0.0)
    us.hears(), us.wire()
    return us


def acceptor_in_sta2() -> Side:
    them = Side(UpperLayer(False, 10.0))
    them.machine.transport_connected(0.0)
    them.hears()
    return them


def established(portion: int = 0) -> tuple[Side, Side]:
    """Requestor and acceptor, both in Sta6."""
    us, them = Side(UpperLayer(True, 10.0)), acceptor_in_sta2()
    us.says(p.AAssociateRequest(RQ))
    assert us.hears() == [p.OpenTransport()]
    us.machine.transport_connected(0.0)
    them.gets(us.wire(), portion)
    (indication,) = them.hears()
    assert isinstance(indication, p.AssociateIndication) and indication.rq.calling_ae_title.strip() == "US"
    them.says(p.AAssociateResponse(AC))
    us.gets(them.wire(), portion)
    (confirmation,) = us.hears()
    assert isinstance(confirmation, p.AssociateConfirmation) and isinstance(confirmation.pdu, AssociateAC)
    us.hears(), them.hears()
    assert (us.state, them.state) == ("Sta6", "Sta6")
    return us, them


def exchange(sender: Side, receiver: Side, portion: int = 0) -> list[p.Event]:
    receiver.gets(sender.wire(), portion)
    return receiver.hears()


# --- whole conversations ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("portion", [0, 1, 5])
def test_associate_talk_and_release(portion: int) -> None:
    us, them = established(portion)
    us.says(p.PDataRequest(([PDATA[:6], PDATA[6:]], [PDATA])))
    first, second = exchange(us, them, portion)
    for indication in (first, second):
        assert isinstance(indication, p.PDataIndication)
        assert [(i, c, bytes(f)) for i, c, f in indication.pdvs] == [(1, 3, b"command!")]
    them.says(p.PDataRequest(([PDATA],)))
    assert len(exchange(them, us, portion)) == 1

    us.says(p.AReleaseRequest())
    assert exchange(us, them, portion) == [p.ReleaseIndication()]
    them.says(p.PDataRequest(([PDATA],)))  # the receiver of a release request may still send (PS3.8 7.2.2)
    (late,) = exchange(them, us, portion)
    assert isinstance(late, p.PDataIndication)
    with pytest.raises(StateError, match="Sta7"):
        us.says(p.PDataRequest(([PDATA],)))
    them.says(p.AReleaseResponse())
    assert exchange(them, us, portion) == [p.ReleaseConfirmation(), p.CloseTransport()]
    us.machine.transport_closed(0.0)
    assert us.hears() == [p.TransportEnded(Sta.Sta1, 0)]
    them.machine.transport_closed(0.0)
    assert them.hears() == [p.TransportEnded(Sta.Sta13, 0)]
    assert (us.state, them.state) == ("Sta1", "Sta1")
    assert us.machine.next_timeout() is them.machine.next_timeout() is None


def test_the_acceptor_may_release_too() -> None:
    us, them = established()
    them.says(p.AReleaseRequest())
    assert exchange(them, us) == [p.ReleaseIndication()]
    us.says(p.AReleaseResponse())
    assert exchange(us, them) == [p.ReleaseConfirmation(), p.CloseTransport()]
    assert (us.state, them.state) == ("Sta13", "Sta1")


def test_release_collision() -> None:
    """PS3.8 7.2.2.7: the requestor answers first, the acceptor waits for that answer."""
    us, them = established()
    us.says(p.AReleaseRequest())
    them.says(p.AReleaseRequest())
    ours, theirs = us.wire(), them.wire()
    us.gets(theirs)
    them.gets(ours)
    assert us.hears() == them.hears() == [p.ReleaseIndication(collision=True)]
    assert (us.state, them.state) == ("Sta9", "Sta10")
    with pytest.raises(StateError):
        them.says(p.AReleaseResponse())
    us.says(p.AReleaseResponse())
    assert us.state == "Sta11"
    assert exchange(us, them) == [p.ReleaseConfirmation()]
    assert them.state == "Sta12"
    them.says(p.AReleaseResponse())
    assert exchange(them, us) == [p.ReleaseConfirmation(), p.CloseTransport()]
    assert (us.state, them.state) == ("Sta1", "Sta13")
    them.machine.transport_closed(0.0)
    assert them.state == "Sta1"


def test_reject() -> None:
    us, them = requestor_in_sta5(), acceptor_in_sta2()
    them.gets(encode_pdu(RQ))
    them.says(p.AAssociateResponse(AssociateRJ(result=1, source=1, reason=7)))
    them.hears()
    confirmation, close = exchange(them, us)
    assert isinstance(confirmation, p.AssociateConfirmation) and isinstance(confirmation.pdu, AssociateRJ)
    assert confirmation.pdu.reason == 7
    assert close == p.CloseTransport()
    us.machine.transport_closed(1.0)
    them.machine.transport_closed(1.0)
    assert (us.state, them.state) == ("Sta1", "Sta1")


@pytest.mark.parametrize("requestor_aborts", [True, False])
def test_abort(requestor_aborts: bool) -> None:
    us, them = established()
    one, other = (us, them) if requestor_aborts else (them, us)
    one.says(p.AAbortRequest())
    assert one.hears() == []
    assert exchange(one, other) == [p.AbortIndication(0, 0), p.CloseTransport()]
    assert one.machine.next_timeout() == 10.0
    one.machine.transport_closed(1.0)
    assert (one.state, other.state) == ("Sta1", "Sta1")


def test_a_users_abort_carries_the_values_he_gave() -> None:
    us, _ = established()
    us.says(p.AAbortRequest(2, 6))
    pdu = decode_pdu(us.wire())
    assert isinstance(pdu, AbortPdu) and (pdu.source, pdu.reason) == (2, 6)


def test_every_pdu_is_recorded_with_its_transition() -> None:
    us, them = established()
    us.says(p.PDataRequest(([PDATA[:9], PDATA[9:]],)))
    us.listen()
    sent = next(e for e in us.heard if isinstance(e, p.PduSent))
    assert (sent.type, b"".join(sent.data)) == (4, PDATA)
    assert sent.transition == p.Transition(Sta.Sta6, Evt.Evt9, "DT-1", Sta.Sta6)
    them.gets(us.wire())
    record, transition, _ = them.heard
    assert isinstance(record, p.PduReceived)
    assert (record.type, record.data, record.pdu) == (4, PDATA, None)
    assert record.transition == transition == p.Transition(Sta.Sta6, Evt.Evt10, "DT-2", Sta.Sta6)


def test_bytes_by_force_go_out_in_any_state_and_change_none() -> None:
    for state in Sta:
        us = Side(UpperLayer(True))
        us.machine.state = state
        us.machine.send_raw(b"\x05\x00\x00")
        us.listen()
        assert us.heard == [p.PduSent(5, (b"\x05\x00\x00",), None)]
        assert us.wire() == b"\x05\x00\x00"
        assert us.machine.state is state


def test_receiving_into_the_machines_own_buffer() -> None:
    us, them = established()
    us.says(p.PDataRequest(([PDATA],) * 3))
    data = us.wire()
    while data:
        room = them.machine.receive_buffer()
        count = min(7, len(room), len(data))
        room[:count] = data[:count]
        them.machine.received(count, 0.0)
        data = data[count:]
    assert len(them.hears()) == 3


# --- our caller's errors ------------------------------------------------------------------------------------------


def test_what_cannot_be_encoded_is_told_at_the_call_and_nothing_happened() -> None:
    us = Side(UpperLayer(True))
    with pytest.raises(ValueError, match="Called-AE-title"):
        us.says(p.AAssociateRequest(AssociateRQ(called_ae_title="A" * 17)))
    us.listen()
    assert (us.state, us.heard, us.wire()) == ("Sta1", [], b"")
    us, _ = established()
    with pytest.raises(ValueError, match="Source"):
        us.says(p.AAbortRequest(source=256))
    assert us.state == "Sta6"


def test_a_refused_primitive_says_the_state_in_words() -> None:
    us = Side(UpperLayer(True))
    with pytest.raises(StateError, match=r"AReleaseRequest is not possible in Sta1 \(Idle\)"):
        us.says(p.AReleaseRequest())


def test_a_connection_that_comes_after_the_abort_is_closed() -> None:
    us = Side(UpperLayer(True))
    us.says(p.AAssociateRequest(RQ))
    us.says(p.AAbortRequest())
    us.hears()
    us.machine.transport_connected(1.0)
    assert us.hears() == [p.CloseTransport()]
    assert (us.state, us.wire()) == ("Sta1", b"")


# --- ARTIM --------------------------------------------------------------------------------------------------------


def test_a_silent_caller_is_hung_up_on() -> None:
    them = acceptor_in_sta2()
    assert them.machine.next_timeout() == 10.0
    them.machine.handle_timeout(9.9)
    assert them.hears() == [] and them.state == "Sta2"
    them.machine.handle_timeout(10.0)
    assert them.hears() == [p.ArtimExpired(Sta.Sta2), p.CloseTransport()]
    assert (them.state, them.machine.next_timeout()) == ("Sta1", None)


def test_a_request_in_time_stops_artim() -> None:
    them = acceptor_in_sta2()
    them.gets(encode_pdu(RQ))
    assert them.machine.next_timeout() is None
    them.machine.handle_timeout(1000.0)
    assert them.state == "Sta3"


def test_a_peer_that_does_not_close_is_hung_up_on() -> None:
    us, _ = established()
    us.now = 5.0
    us.says(p.AAbortRequest())
    us.hears()
    us.machine.handle_timeout(15.0)
    assert us.hears() == [p.ArtimExpired(Sta.Sta13), p.CloseTransport()]
    us.machine.transport_closed(15.0)
    assert us.hears() == [p.TransportEnded(Sta.Sta1, 0)]


def test_artim_0_is_off() -> None:
    them = Side(UpperLayer(False, 0.0))
    them.machine.transport_connected(0.0)
    assert them.machine.next_timeout() is None


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
