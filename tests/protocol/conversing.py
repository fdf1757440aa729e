"""Two whole sides, upper layer and exchange, joined by nothing but bytes; conversations read as scripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.model.association import AsyncWindow, LocalAE, Policy, Proposal, ProposedContext
from engine.model.command_set import CommandSet, Value
from engine.model.dataset import EncodedData
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.negotiation import answer, outcome, propose
from engine.protocol.upper_layer import UpperLayer
from engine.standard.messages import MESSAGES
from engine.standard.pdus import AssociateAC
from engine.wire.reassembly import Sink

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


def message(name: str, **values: Value) -> CommandSet:
    """A command set of this name; Message ID and Command Data Set Type are left to the exchange."""
    row = MESSAGES[name]
    number = "MessageID" if row.kind == "request" else "MessageIDBeingRespondedTo"
    return CommandSet.of(**{"CommandField": row.command_field, number: None, "CommandDataSetType": None, **values})


@dataclass
class Party:
    """One side. `says` something, the other `hears` it."""

    machine: UpperLayer
    exchange: dx.Exchange
    now: float = 0.0
    errors: list[str] = field(default_factory=list)

    def invokes(
        self, command: CommandSet, operation: int, data: bytes | None = None, context: int | None = None
    ) -> dx.Ready:
        chosen = self.exchange.choose_context(command, context)
        ready = self.exchange.request(command, operation, chosen, data is not None, self.now)
        self.puts(ready, data)
        return ready

    def answers(
        self, key: int | None, command: CommandSet, data: bytes | None = None, context: int | None = None
    ) -> dx.Ready:
        chosen = self.exchange.choose_context(command, context)
        ready = self.exchange.respond(command, chosen, data is not None, key)
        self.puts(ready, data)
        return ready

    def cancels(self, operation: int) -> None:
        ready = self.exchange.cancel(operation)
        assert ready is not None
        self.puts(ready, None)

    def puts(self, ready: dx.Ready, data: bytes | None) -> None:
        chunks: Iterable[bytes] | None = None if data is None else (data,)
        self.machine.request(p.PDataRequest(tuple(self.exchange.fragments(ready, chunks))), self.now)

    def hears(self, other: Party, portion: int = 0) -> list[dx.Event]:
        """Everything the other side has put on the wire."""
        data = b"".join(bytes(b) for b in other.machine.data_to_send())
        for start in range(0, len(data), portion or max(1, len(data))):
            self.machine.receive_data(data[start : start + portion] if portion else data, self.now)
            while (event := self.machine.next_event()) is not None:
                if isinstance(event, p.PDataIndication):
                    self.exchange.receive(event.pdvs, self.now)
                elif isinstance(event, p.ProtocolError):
                    self.errors.append(event.sentence)
        events: list[dx.Event] = []
        while (heard := self.exchange.next_event()) is not None:
            events.append(heard)
        return events

    def hears_request(self, other: Party, portion: int = 0) -> dx.RequestReceived:
        (event,) = self.hears(other, portion)
        assert isinstance(event, dx.RequestReceived)
        return event

    def hears_response(self, other: Party, portion: int = 0) -> dx.ResponseReceived:
        (event,) = self.hears(other, portion)
        assert isinstance(event, dx.ResponseReceived)
        return event


def associated(
    contexts: Iterable[ProposedContext],
    *,
    window: AsyncWindow | None = None,
    maximum: int = 16384,
    timeout: float = 60.0,
    sink: Sink | None = None,
) -> tuple[Party, Party]:
    """Requestor and acceptor of an established association."""
    contexts = tuple(contexts)
    rq = propose(Proposal(local=LocalAE(maximum_length=maximum), contexts=contexts, async_window=window))
    us, them = UpperLayer(True), UpperLayer(False)
    us.request(p.AAssociateRequest(rq), 0.0)
    us.transport_connected(0.0)
    them.transport_connected(0.0)
    them.receive_data(b"".join(bytes(b) for b in us.data_to_send()), 0.0)
    made = answer(rq, Policy(local=LocalAE(maximum_length=maximum)))
    assert isinstance(made.pdu, AssociateAC) and made.negotiated is not None
    them.request(p.AAssociateResponse(made.pdu), 0.0)
    us.receive_data(b"".join(bytes(b) for b in them.data_to_send()), 0.0)
    for machine in (us, them):
        while machine.next_event() is not None:
            pass
    return (
        Party(us, dx.Exchange(outcome(rq, made.pdu), True, timeout, (lambda *_: sink) if sink else None)),
        Party(them, dx.Exchange(made.negotiated, False, timeout)),
    )


def content(received: dx.Received) -> bytes | None:
    """The data set's bytes."""
    return received.data.data if isinstance(received.data, EncodedData) else None
