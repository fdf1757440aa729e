"""Targets of `engine.protocol` and `engine.conformance`: both roles' machines, negotiation, and the watcher."""

from __future__ import annotations

import contextlib
from functools import cache

from engine.conformance.watcher import Watcher
from engine.model.association import LocalAE, Negotiated, Policy
from engine.model.command_set import CommandSet
from engine.model.notices import Direction
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.negotiation import answer, outcome
from engine.protocol.products import known_limit, product
from engine.protocol.upper_layer import StateError, UpperLayer
from engine.services.responses import SUCCESS, response_to
from engine.standard.messages import NO_DATA_SET, RESPONSE_BIT, STORE
from engine.standard.pdus import AssociateAC, AssociateRQ
from engine.standard.state_table import Sta
from engine.trace.negotiation_text import negotiation_lines
from engine.wire.commands import encode_command
from engine.wire.fragments import fragment
from engine.wire.pdus import PduError, decode_pdu, encode_pdu, iter_pdvs
from engine.wire.reassembly import FragmentError
from engine.wire.store_form import store_form

from . import talks
from .target import Target

STORAGE = "1.2.840.10008.5.1.4.1.1."
POLICY = Policy(local=LocalAE(maximum_length=16384))


@cache
def _requests() -> tuple[AssociateRQ, ...]:
    found = dict.fromkeys(decode_pdu(pdu) for pdu in talks.pdus() if pdu[0] == AssociateRQ.TYPE)
    return tuple(rq for rq in found if isinstance(rq, AssociateRQ))


class _Side:
    """One side as the runtime plays it: every event taken, every request answered."""

    def __init__(self, requestor: bool, request: AssociateRQ) -> None:
        self.machine = UpperLayer(requestor)
        self.machine.in_runs = True  # as in the product; tests/protocol/test_runs.py compares it with the plain way
        self.rq = request
        self.exchange: dx.Exchange | None = None
        self.now = 0.0
        if requestor:
            self.machine.request(p.AAssociateRequest(request), 0.0)
        self.machine.transport_connected(0.0)

    def hears(self, data: bytes) -> None:
        self.now += 0.01
        self.machine.receive_data(data, self.now)
        self.settle()

    def settle(self) -> None:
        for _ in range(100_000):
            event = self.machine.next_event()
            if event is None:
                break
            self.take(event)
        else:
            raise AssertionError("events without end")
        self.machine.data_to_send()

    def take(self, event: p.Event) -> None:
        match event:
            case p.AssociateIndication():
                made = answer(event.rq, POLICY)
                if self.ask(p.AAssociateResponse(made.pdu)) and made.negotiated is not None:
                    self.begin(made.negotiated)
            case p.AssociateConfirmation() if isinstance(event.pdu, AssociateAC):
                self.begin(outcome(self.rq, event.pdu))
                self.invoke()
            case p.PDataIndication() | p.DataReceived():
                self.receive(event.pdvs)
            case p.RunReceived():
                self.receive([(event.run.context_id, 0, memoryview(f)) for f in event.run.fragments])
            case p.MessagesReceived():
                run = event.run
                if self.exchange is not None and (invoked := self.exchange.straight.answered_by(run)) is not None:
                    self.exchange.straight.pending(invoked, len(run), self.now)
                    return
                for index in range(len(run)):
                    self.receive(iter_pdvs(run.head))
                    self.receive(iter_pdvs(run.data_pdu(index)))
            case p.StoreReceived():
                self.takes_store(event)
            case p.ReleaseIndication():
                self.ask(p.AReleaseResponse())

    def takes_store(self, event: p.StoreReceived) -> None:
        """A C-STORE like one before, answered at once where the exchange lets it."""
        if self.exchange is not None and self.machine.state is Sta.Sta6:
            number, command = event.form.context_id, len(event.command)
            if self.exchange.straight.passes(number, command, event.size) is not None:
                self.machine.send_quietly(event.form.answer(event.number, event.uid))
                self.exchange.straight.passed(number)
                return
        self.machine.tell_next(*event.apart())

    def receive(self, pdvs: list[p.Pdv]) -> None:
        if self.exchange is None:
            return
        try:
            self.exchange.receive(pdvs, self.now)
        except FragmentError as error:
            self.ask(p.AAbortRequest(2, error.abort_reason))
        self.serve()

    def begin(self, negotiated: Negotiated) -> None:
        self.exchange = dx.Exchange(negotiated, self.machine.requestor, 60.0)
        negotiation_lines(negotiated)
        known = (negotiated.peer_implementation_class_uid, negotiated.peer_implementation_version_name)
        product(*known)
        known_limit(*known, "1.2.840.10008.1.2")

    def ask(self, primitive: p.Primitive) -> bool:
        """Whether the state allowed it: what came in the same bytes may have ended the association."""
        try:
            self.machine.request(primitive, self.now)
        except StateError:
            return False
        return True

    def invoke(self) -> None:
        """A C-ECHO, C-FIND and C-GET for the answers to belong to."""
        assert self.exchange is not None
        accepted = [c for c in self.exchange.negotiated.contexts if c.accepted]
        for number, field in enumerate((0x30, 0x20, 0x10) if accepted else (), 1):
            command = CommandSet.of(CommandField=field, MessageID=number, CommandDataSetType=NO_DATA_SET)
            with contextlib.suppress(dx.ExchangeError, dx.WindowFull):
                self.exchange.request(command, number, accepted[0], False, self.now)

    def serve(self) -> None:
        assert self.exchange is not None
        while (event := self.exchange.next_event()) is not None:
            if isinstance(event, dx.RequestReceived):
                asked = event.message.command
                response = CommandSet.of(
                    CommandField=(asked.command_field or 0) & 0x7FFF | RESPONSE_BIT,
                    MessageIDBeingRespondedTo=None,
                    CommandDataSetType=NO_DATA_SET,
                    Status=0,
                )
                if asked.command_field == STORE:
                    response = response_to(asked, SUCCESS)
                with contextlib.suppress(dx.ExchangeError):
                    context = self.exchange.choose_context(response)
                    ready = self.exchange.respond(response, context, False, event.key)
                    self.ask(p.PDataRequest(tuple(self.exchange.fragments(ready, None))))
                    self.learn(event.message, ready)

    def learn(self, asked: dx.Received, answered: dx.Ready) -> None:
        """The next C-STORE like this one is told by one event."""
        form = store_form(asked.context_id, asked.command_bytes, answered.command_bytes, 0)
        if form is not None and asked.command.command_field == STORE:
            self.machine.straight.store_forms[asked.context_id] = form
            self.machine.straight.patient = asked.context_id == 1

    def end(self) -> None:
        self.machine.straight.patient = False
        self.machine.received(0, self.now)  # what was waited for does not come
        self.settle()
        self.machine.handle_timeout(self.now + 1000)
        if self.exchange is not None:
            self.exchange.handle_timeout(self.now + 1000)
        self.machine.transport_closed(self.now + 1001)
        self.settle()
        if self.exchange is not None:
            self.exchange.abandon()
            assert not self.exchange.outstanding
        assert self.machine.state in (Sta.Sta1, Sta.Sta4), self.machine.state


def machines(data: bytes) -> None:
    """First byte: role and which request was sent; second: the portions; third: a release or abort of ours between."""
    if len(data) < 3:
        return
    side = _Side(bool(data[0] & 1), _requests()[(data[0] >> 1) % len(_requests())])
    size = data[1] * 5 or len(data)
    for number, start in enumerate(range(3, len(data), size), 1):
        side.hears(data[start : start + size])
        if number == data[2]:
            side.ask(p.AReleaseRequest() if data[2] & 1 else p.AAbortRequest(0, 0))
            side.settle()
    side.end()


def watched(data: bytes) -> None:
    """A conversation; never raises. PDUs as they are, the last portions with too much or too little."""
    watcher = Watcher(requestor=True)
    request: AssociateRQ | None = None
    time = 0.0
    for asked, portion in talks.unpacked(data):
        time += 0.1
        direction = Direction.SENT if asked else Direction.RECEIVED
        half = len(portion) // 2
        verdicts = watcher.pdu(direction, (portion,) if time < 0.5 else (portion[:half], portion[half:]), None, time)
        assert all(v.finding.sentence for v in verdicts)
        with contextlib.suppress(PduError):
            pdu = decode_pdu(portion) if portion and portion[0] in (1, 2) else None
            if isinstance(pdu, AssociateRQ):
                request = pdu
            elif isinstance(pdu, AssociateAC) and request is not None:
                watcher.established(outcome(request, pdu))
    watcher.not_closed(Direction.RECEIVED, 3.0, time)
    watcher.closed(Direction.RECEIVED, 3, time)
    watcher.closed(Direction.SENT, 0, time)


# --- seeds --------------------------------------------------------------------------------------------------------


def _heard() -> list[bytes]:
    """For each side of a conversation what it heard, with the request it sent itself."""
    made = []
    for number, talk in enumerate(talks.talks()):
        pdus = list(talks.pdus_of(talk))
        own = next((decode_pdu(d) for asked, d in pdus if asked and d[0] == AssociateRQ.TYPE), None)
        for requestor in (False, True):
            heard = b"".join(d for asked, d in pdus if asked is not requestor)
            index = _requests().index(own) if isinstance(own, AssociateRQ) else 0
            if index < 128 and len(heard) < 3000:
                made.append(bytes([index << 1 | requestor, number * 11 % 256, 255]) + heard)
    return made


def _stores() -> list[bytes]:
    """What a provider hears of users that store small instances, alike but for what is their own: several at a time."""
    made = []
    for index, request in enumerate(_requests()[:128]):
        negotiated = answer(request, POLICY).negotiated
        accepted = [c for c in negotiated.contexts if c.accepted] if negotiated else []
        context = next((c for c in accepted if c.abstract_syntax.startswith(STORAGE)), None)
        if context is not None:
            asked = encode_pdu(request)
            stores = b"".join(_store(context.id, context.abstract_syntax, number) for number in range(10, 30))
            made.append(bytes([index << 1, min(255, -(-len(asked) // 5)), 255]) + asked + stores)
    return made


def _store(context_id: int, sop_class: str, number: int) -> bytes:
    command = CommandSet.of(
        AffectedSOPClassUID=sop_class,
        CommandField=STORE,
        MessageID=number,
        Priority=0,
        CommandDataSetType=1,
        AffectedSOPInstanceUID=f"1.2.{number}",
    )
    uid = f"1.2.{number}".encode()
    data = b"\x08\0\x18\0" + len(uid).to_bytes(4, "little") + uid
    pieces = fragment(context_id, encode_command(command), (data,), 0)
    return b"".join(bytes(buffer) for pdu in pieces for buffer in pdu)


def _conversations() -> list[bytes]:
    packed = [talks.packed(talks.pdus_of(talk)) for talk in talks.talks()]
    return [p for p in packed if len(p) < 3000]


TARGETS = (
    Target("machines", machines, lambda: [*_heard(), *_stores()], 8192),
    Target("watcher", watched, _conversations, 8192),
)
