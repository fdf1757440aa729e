"""Every cell of PS3.8 Table 9-10, driven through the machine and compared with a telling of its own."""

from __future__ import annotations

import pytest

from engine.protocol import primitives as p
from engine.protocol.upper_layer import StateError, UpperLayer
from engine.standard.pdus import (
    AbortPdu,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    PDataTF,
    Pdu,
    Pdv,
    ReleaseRP,
    ReleaseRQ,
)
from engine.standard.state_table import TABLE, Evt, Sta
from engine.wire.pdus import encode_pdu

RQ, AC, RJ = AssociateRQ(called_ae_title="ANY", calling_ae_title="US"), AssociateAC(), AssociateRJ()
PDATA = PDataTF(pdvs=(Pdv(context_id=1, control=3, fragment=b"ab"),))
ARTIM = 10.0
NOW = 100.0

PRIMITIVES: dict[Evt, p.Primitive] = {
    Evt.Evt1: p.AAssociateRequest(RQ),
    Evt.Evt7: p.AAssociateResponse(AC),
    Evt.Evt8: p.AAssociateResponse(RJ),
    Evt.Evt9: p.PDataRequest(([encode_pdu(PDATA)],)),
    Evt.Evt11: p.AReleaseRequest(),
    Evt.Evt14: p.AReleaseResponse(),
    Evt.Evt15: p.AAbortRequest(),
}
RECEIVED: dict[Evt, Pdu] = {
    Evt.Evt3: AC,
    Evt.Evt4: RJ,
    Evt.Evt6: RQ,
    Evt.Evt10: PDATA,
    Evt.Evt12: ReleaseRQ(),
    Evt.Evt13: ReleaseRP(),
    Evt.Evt16: AbortPdu(source=0, reason=0),
}

# What each action does as a user and a socket see it: PDU-types sent, what the user is told, whether the connection is
# to be closed, ARTIM ("start", "stop", "" as it was), the next state as requestor and as acceptor.
TOLD = {
    "AE-1": ([], [p.OpenTransport], False, "", "Sta4", "Sta4"),
    "AE-2": ([1], [], False, "", "Sta5", "Sta5"),
    "AE-3": ([], [p.AssociateConfirmation], False, "", "Sta6", "Sta6"),
    "AE-4": ([], [p.AssociateConfirmation], True, "", "Sta1", "Sta1"),
    "AE-5": ([], [], False, "start", "Sta2", "Sta2"),
    "AE-6": ([], [p.AssociateIndication], False, "stop", "Sta3", "Sta3"),
    "AE-7": ([2], [], False, "", "Sta6", "Sta6"),
    "AE-8": ([3], [], False, "start", "Sta13", "Sta13"),
    "DT-1": ([4], [], False, "", "Sta6", "Sta6"),
    "DT-2": ([], [p.PDataIndication], False, "", "Sta6", "Sta6"),
    "AR-1": ([5], [], False, "", "Sta7", "Sta7"),
    "AR-2": ([], [p.ReleaseIndication], False, "", "Sta8", "Sta8"),
    "AR-3": ([], [p.ReleaseConfirmation], True, "", "Sta1", "Sta1"),
    "AR-4": ([6], [], False, "start", "Sta13", "Sta13"),
    "AR-5": ([], [p.TransportEnded], False, "stop", "Sta1", "Sta1"),
    "AR-6": ([], [p.PDataIndication], False, "", "Sta7", "Sta7"),
    "AR-7": ([4], [], False, "", "Sta8", "Sta8"),
    "AR-8": ([], [p.ReleaseIndication], False, "", "Sta9", "Sta10"),
    "AR-9": ([6], [], False, "", "Sta11", "Sta11"),
    "AR-10": ([], [p.ReleaseConfirmation], False, "", "Sta12", "Sta12"),
    "AA-1": ([7], [], False, "start", "Sta13", "Sta13"),
    "AA-2": ([], [], True, "stop", "Sta1", "Sta1"),
    "AA-3": ([], [p.AbortIndication], True, "", "Sta1", "Sta1"),
    "AA-4": ([], [p.TransportEnded, p.ProviderAbortIndication], False, "", "Sta1", "Sta1"),
    "AA-5": ([], [p.TransportEnded], False, "stop", "Sta1", "Sta1"),
    "AA-6": ([], [], False, "", "Sta13", "Sta13"),
    "AA-7": ([7], [], False, "", "Sta13", "Sta13"),
    "AA-8": ([7], [p.ProviderAbortIndication], False, "start", "Sta13", "Sta13"),
}
SEEN = (
    p.OpenTransport,
    p.AssociateIndication,
    p.AssociateConfirmation,
    p.PDataIndication,
    p.ReleaseIndication,
    p.ReleaseConfirmation,
    p.AbortIndication,
    p.ProviderAbortIndication,
    p.TransportEnded,
)


def machine_in(state: Sta, requestor: bool, *, artim_running: bool) -> UpperLayer:
    machine = UpperLayer(requestor, ARTIM)
    if state is Sta.Sta4:
        machine.request(p.AAssociateRequest(RQ), 0.0)  # what is to be sent when the connection stands
        events_of(machine)
    machine.state = state
    machine._artim_at = 50.0 if artim_running else None
    return machine


def give(machine: UpperLayer, event: Evt) -> None:
    """Let this event happen, the way it happens outside."""
    if event in PRIMITIVES:
        machine.request(PRIMITIVES[event], NOW)
    elif event in RECEIVED:
        machine.receive_data(encode_pdu(RECEIVED[event]), NOW)
    elif event in (Evt.Evt2, Evt.Evt5):
        machine.transport_connected(NOW)
    elif event is Evt.Evt17:
        machine.transport_closed(NOW)
    elif event is Evt.Evt18:
        machine.handle_timeout(NOW)
    else:
        machine.receive_data(b"\x09\x00\x00\x00\x00\x00", NOW)


def events_of(machine: UpperLayer) -> list[p.Event]:
    events: list[p.Event] = []
    while (event := machine.next_event()) is not None:
        events.append(event)
    return events


CELLS = [
    pytest.param(event, state, requestor, id=f"{event.name}-{state.name}-{'requestor' if requestor else 'acceptor'}")
    for event, state in TABLE
    for requestor in (True, False)
    if not (event is Evt.Evt2 and not requestor) and not (event is Evt.Evt5 and requestor)
]


def test_the_table_has_123_cells() -> None:
    assert len(TABLE) == 123
    assert {TABLE[cell] for cell in TABLE} == set(TOLD)


@pytest.mark.parametrize(("event", "state", "requestor"), CELLS)
def test_cell(event: Evt, state: Sta, requestor: bool) -> None:
    _compare(event, state, requestor, artim_running=True)
    if event is not Evt.Evt18:  # a timer that does not run does not expire
        _compare(event, state, requestor, artim_running=False)


def _compare(event: Evt, state: Sta, requestor: bool, *, artim_running: bool) -> None:
    machine = machine_in(state, requestor, artim_running=artim_running)
    give(machine, event)
    name = TABLE[event, state]
    sent, told, closed, artim, as_requestor, as_acceptor = TOLD[name]
    events = events_of(machine)

    after = Sta[as_requestor if requestor else as_acceptor]
    assert machine.state is after
    assert [e for e in events if isinstance(e, p.Transition)] == [p.Transition(state, event, name, after)]
    assert [type(e) for e in events if isinstance(e, SEEN)] == told
    assert [e.type for e in events if isinstance(e, p.PduSent)] == sent
    data = b"".join(bytes(b) for b in machine.data_to_send())
    assert (data[:1] == bytes(sent)) if sent else not data
    assert any(isinstance(e, p.CloseTransport) for e in events) == closed
    before = None if event is Evt.Evt18 else 50.0 if artim_running else None
    assert machine.next_timeout() == {"start": NOW + ARTIM, "stop": None, "": before}[artim]
    received = [e for e in events if isinstance(e, p.PduReceived)]
    assert len(received) == (event in RECEIVED or event is Evt.Evt19)
    assert all(e.transition == p.Transition(state, event, name, after) for e in received)


@pytest.mark.parametrize("requestor", [True, False])
@pytest.mark.parametrize(
    ("event", "state"), [(e, s) for e in Evt for s in Sta if (e, s) not in TABLE], ids=lambda v: v.name
)
def test_empty_cell(event: Evt, state: Sta, requestor: bool) -> None:
    """What the table leaves out: a primitive is refused to the caller, anything else changes nothing."""
    machine = machine_in(state, requestor, artim_running=True)
    if event in PRIMITIVES:
        assert not machine.can(PRIMITIVES[event])
        with pytest.raises(StateError, match=state.name):
            give(machine, event)
        assert events_of(machine) == []
    elif event in (Evt.Evt2, Evt.Evt5) and (event is Evt.Evt2) != requestor:
        return  # the other role's event
    else:
        give(machine, event)
    assert machine.state is state
    assert machine.data_to_send() == []
    assert not any(isinstance(e, p.Transition) for e in events_of(machine))


def test_a_provider_that_judges_turns_a_request_away_itself() -> None:
    rejection = AssociateRJ(result=1, source=2, reason=2)
    machine = UpperLayer(False, ARTIM, lambda rq: None if rq.protocol_version & 1 else rejection)
    machine.transport_connected(0.0)
    machine.receive_data(encode_pdu(AssociateRQ(protocol_version=2)), 1.0)
    events = events_of(machine)
    assert p.Transition(Sta.Sta2, Evt.Evt6, "AE-6", Sta.Sta13) in events
    assert not any(isinstance(e, p.AssociateIndication) for e in events)
    assert b"".join(bytes(b) for b in machine.data_to_send()) == encode_pdu(rejection)
    assert machine.next_timeout() == 11.0
    machine = UpperLayer(False, ARTIM, lambda rq: None)
    machine.transport_connected(0.0)
    machine.receive_data(encode_pdu(RQ), 1.0)
    assert machine.state is Sta.Sta3
