"""One machine of the upper layer, or two, as the ends of a conversation read as a script."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.model.association import LocalAE, Peer, Policy, Proposal, ProposedContext
from engine.protocol import primitives as p
from engine.protocol.negotiation import answer, propose
from engine.protocol.upper_layer import UpperLayer
from engine.standard.pdus import AssociateAC, PDataTF, Pdv
from engine.wire.pdus import encode_pdu

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
