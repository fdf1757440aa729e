"""The upper layer's machine as it is used: conversations, our caller's errors, timers."""

from __future__ import annotations

import pytest

from engine.protocol import primitives as p
from engine.protocol.upper_layer import StateError, UpperLayer
from engine.standard.pdus import AbortPdu, AssociateRJ, AssociateRQ
from engine.standard.state_table import Evt, Sta
from engine.wire.pdus import decode_pdu, encode_pdu
from tests.protocol.sides import PDATA, RQ, Side, acceptor_in_sta2, established, exchange, requestor_in_sta5

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
    with pytest.raises(StateError, match=r"An A-RELEASE request is not possible in Sta1 \(Idle\)"):
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
