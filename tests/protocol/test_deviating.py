"""Which rule applies, and what the layer between the machine and the wire makes of a PDU; without socket or clock."""

from __future__ import annotations

import pytest

from engine.model.association import Policy, Proposal, ProposedContext
from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.model.faults import Phase
from engine.model.scripting import Deviation, Rule, Script, ValueTest, When
from engine.protocol import primitives as p
from engine.protocol.deviating.layer import LONGEST_SILENCE, DeviantLayer
from engine.protocol.deviating.plan import HONEST, Finish, Pause, Speak, plan
from engine.protocol.deviating.run import Occasion, ScriptRun
from engine.protocol.negotiation import answer, propose
from engine.standard.pdus import AbortPdu, AssociateAC, AssociateRQ
from engine.wire.pdus import encode_pdu

PROPOSAL = Proposal(contexts=(ProposedContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),))
RQ = propose(PROPOSAL)
AC = answer(RQ, Policy()).pdu


def run(*rules: Rule) -> ScriptRun:
    return ScriptRun(Script(rules=rules))


def rule(when: When | None = None, phase: Phase = Phase.RESPONSE, fault: str = "drop", *, on: bool = True) -> Rule:
    return Rule(phase=phase, then=(Deviation(fault),), when=when or When(), enabled=on)


def fired(script: ScriptRun, times: int, **occasion: object) -> list[int]:
    """Which rule applies each time, -1 for none."""
    given = {"phase": Phase.RESPONSE, **occasion}
    found = [script.fire(Occasion(**given)) for _ in range(times)]  # type: ignore[arg-type]
    return [-1 if f is None else f[0] for f in found]


# -- rules


def test_the_first_rule_that_holds_applies() -> None:
    script = run(rule(on=False), rule(When(services=("C-FIND",))), rule(), rule())
    assert fired(script, 1, service="C-FIND") == [1]
    assert fired(script, 1, service="C-ECHO") == [2]
    assert fired(script, 1, phase=Phase.REQUEST) == [-1]


def test_times_are_counted_for_each_rule() -> None:
    assert fired(run(rule(When(nth=(2, 4)))), 5) == [-1, 0, -1, 0, -1]
    assert fired(run(rule(When(every=3))), 7) == [-1, -1, 0, -1, -1, 0, -1]
    assert fired(run(rule(When(nth=(1,))), rule(When(nth=(1,)))), 3) == [0, 1, -1]


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (When(calling="MR*"), True),
        (When(calling="CT*"), False),
        (When(called="ME"), True),
        (When(sop_classes=("1.2.3", "1.2.4")), True),
        (When(sop_classes=("1.2.5",)), False),
        (When(values=(ValueTest(0x00000900, "0xFE00"),)), True),
        (When(values=(ValueTest(0x00000900, "65024"),)), True),
        (When(values=(ValueTest(0x00000900, "0"),)), False),
        (When(values=(ValueTest(0x00000900, "soon"),)), False),
        (When(values=(ValueTest(0x00000110, "7"),)), True),
        (When(values=(ValueTest(0x00100020, "X?"),)), True),
        (When(values=(ValueTest(0x00100020, "Y?"),)), False),
        (When(values=(ValueTest(0x00100030, "*"),)), False),
        (When(values=(ValueTest(0x00100020, "X?"), ValueTest(0x00000900, "0"))), False),
    ],
)
def test_conditions(when: When, holds: bool) -> None:
    data = DataSet((DataElement(0x00100020, "LO", ("X1",)),))
    occasion = Occasion(
        phase=Phase.RESPONSE,
        sop_class_uid="1.2.4",
        calling="MR1",
        called="ME",
        commands=(CommandSet.of(Status=0xFE00), CommandSet.of(MessageID=7)),
        data=(lambda: None, lambda: data),
    )
    assert (run(rule(when)).fire(occasion) is not None) is holds


# -- messages


def test_the_steps_of_a_message() -> None:
    late = plan((Deviation.of("delay", seconds=2), Deviation("duplicate")))
    assert late == (Pause(2.0), HONEST, HONEST)
    pending, last, end = plan((Deviation("pending-first"), Deviation.of("abort-after", source=2, reason=6)))
    assert isinstance(pending, Speak)
    assert pending.alter(CommandSet.of(Status=0), True).status == 0xFF00
    assert (last, end) == (HONEST, Finish("abort", 2, 6))
    (silent, over) = plan((Deviation("close"),))
    assert isinstance(silent, Speak)
    assert not silent.sent
    assert over == Finish("close")


# -- the layer


def events(layer: DeviantLayer) -> list[p.Event]:
    taken = []
    while (event := layer.next_event()) is not None:
        taken.append(event)
    return taken


def wire(layer: DeviantLayer) -> bytes:
    events(layer)
    return b"".join(bytes(b) for b in layer.data_to_send())


def acceptor(*deviations: Deviation) -> DeviantLayer:
    """About to answer an A-ASSOCIATE-RQ at the time 10."""
    layer = DeviantLayer(requestor=False, artim=5.0)
    layer.transport_connected(10.0)
    layer.receive_data(encode_pdu(RQ), 10.0)
    events(layer)
    layer.arm(AssociateAC.TYPE, deviations)
    layer.request(p.AAssociateResponse(AC), 10.0)
    return layer


def test_unarmed_it_is_the_machine() -> None:
    layer = acceptor()
    assert wire(layer) == encode_pdu(AC)
    assert layer.next_timeout() is None


def test_a_late_pdu_goes_out_when_its_time_has_come_and_is_told_then() -> None:
    layer = acceptor(Deviation.of("delay", seconds=3))
    assert wire(layer) == b""
    assert layer.next_timeout() == 13.0
    layer.handle_timeout(12.9)
    assert wire(layer) == b""
    layer.handle_timeout(13.0)
    assert [e.type for e in events(layer) if isinstance(e, p.PduSent)] == [AssociateAC.TYPE]
    assert b"".join(bytes(b) for b in layer.data_to_send()) == encode_pdu(AC)


def test_what_follows_waits_behind_what_is_held_back() -> None:
    layer = acceptor(Deviation.of("delay", seconds=3))
    assert wire(layer) == b""
    layer.request(p.AAbortRequest(), 11.0)
    assert wire(layer) == b""
    layer.handle_timeout(13.0)
    assert wire(layer) == encode_pdu(AC) + encode_pdu(AbortPdu())


def test_dribbled_bytes_are_all_of_the_pdu() -> None:
    layer = acceptor(Deviation.of("dribble", bytes=100, seconds=1))
    whole, pieces, now = encode_pdu(AC), [], 10.0
    while piece := wire(layer):
        pieces.append(piece)
        now += 1.0
        layer.handle_timeout(now)
    assert b"".join(pieces) == whole
    assert len(pieces) == -(-len(whole) // 100)


def test_half_a_pdu_then_silence_ends_at_last() -> None:
    layer = acceptor(Deviation("half-then-silence"))
    assert wire(layer) == encode_pdu(AC)[: len(encode_pdu(AC)) // 2]
    layer.request(p.AAbortRequest(), 11.0)
    assert wire(layer) == b""
    assert layer.next_timeout() == 10.0 + LONGEST_SILENCE
    layer.handle_timeout(10.0 + LONGEST_SILENCE)
    assert p.ScriptEnded(reset=False) in events(layer)


@pytest.mark.parametrize(("fault", "reset"), [("half-then-close", False), ("half-then-reset", True)])
def test_half_a_pdu_then_the_end(fault: str, reset: bool) -> None:
    layer = acceptor(Deviation(fault))
    told = events(layer)
    assert told[-1] == p.ScriptEnded(reset)
    assert len(b"".join(bytes(b) for b in layer.data_to_send())) == len(encode_pdu(AC)) // 2


def test_a_connection_held_open_is_not_closed_by_the_machine() -> None:
    layer = acceptor(Deviation("hold-open"))
    wire(layer)
    layer.receive_data(encode_pdu(AbortPdu()), 11.0)
    assert not [e for e in events(layer) if isinstance(e, p.CloseTransport)]
    layer.handle_timeout(100.0)
    assert not [e for e in events(layer) if isinstance(e, p.ArtimExpired | p.CloseTransport)]


def test_bytes_forced_by_hand_stay_as_they_are() -> None:
    layer = DeviantLayer(requestor=True)
    layer.arm(AssociateRQ.TYPE, (Deviation("reserved-set"),))
    layer.send_raw(encode_pdu(RQ))
    assert wire(layer) == encode_pdu(RQ)


def test_faults_work_on_one_another_in_their_order() -> None:
    layer = acceptor(Deviation("reserved-set"), Deviation("twice"))
    sent = wire(layer)
    half = len(sent) // 2
    assert sent[:half] == sent[half:]
    assert sent[1] == 0xFF
