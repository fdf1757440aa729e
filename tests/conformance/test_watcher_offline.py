"""A recorded association is judged as a live one is, as far as it was recorded."""

from __future__ import annotations

import itertools

import pytest

from engine.conformance.watcher import Watcher
from engine.model.association import Peer
from engine.model.notices import FindingNotice, MessageNotice, PduNotice
from engine.standard.pdus import PDataTF, Pdv, ReleaseRQ
from engine.trace.capture import decode
from engine.trace.decoder import Decoder
from engine.wire.framer import Framer
from engine.wire.pdus import encode_pdu
from tests.conformance.cases_exchange import INSTANCE, STORE, STORED
from tests.conformance.talk import ECHO, ECHOED, RECEIVED, SENT, Talk, number_of

TALK = Talk()
ECHO_PDU = encode_pdu(PDataTF(pdvs=tuple(TALK.pdvs(ECHO))))
ECHOED_PDU = encode_pdu(PDataTF(pdvs=tuple(TALK.pdvs(ECHOED.with_values(MessageIDBeingRespondedTo=9)))))
STORE_PDU = encode_pdu(PDataTF(pdvs=tuple(TALK.pdvs(STORE, INSTANCE.put(0x00080018, "UI", "1.2.4")))))
RELEASE = encode_pdu(ReleaseRQ())
RECORDED = [
    (True, encode_pdu(TALK.rq)),
    (False, encode_pdu(TALK.ac)),
    (True, ECHO_PDU),
    (False, ECHOED_PDU),
    (True, STORE_PDU),
    (True, RELEASE),
]


def decoder() -> Decoder:
    return Decoder(1, Peer(), itertools.count(1).__next__)


def test_the_same_is_found_as_live() -> None:
    recorded = decoder()
    notices = [n for side, data in RECORDED for n in recorded.feed(data, side, 0.0)]
    live = Talk()
    for side, data in RECORDED[2:]:
        live.pass_by(side, data)
    told = [n for n in notices if isinstance(n, FindingNotice)]
    assert [(n.direction, n.rule) for n in told] == [(v.direction, v.finding.rule) for v in live.verdicts]
    exchange = {"exchange.unsolicited", "exchange.window", "exchange.message-id-reused"}
    rules = {*exchange, "data.sop-instance", "pdu.release-outstanding"}
    assert {n.rule for n in told} == rules


def test_findings_of_a_message_follow_it_with_its_operation() -> None:
    recorded = decoder()
    notices = [n for side, data in RECORDED for n in recorded.feed(data, side, 0.0)]
    store = next(n for n in notices if isinstance(n, MessageNotice) and n.command.command_field == 1)
    finding = next(n for n in notices if isinstance(n, FindingNotice) and n.rule == "data.sop-instance")
    assert notices.index(finding) > notices.index(store)
    assert finding.operation == store.operation is not None


def test_one_side_alone_is_not_accused_of_what_the_other_may_have_said() -> None:
    for wanted in (True, False):
        data = b"".join(pdu for side, pdu in RECORDED if side is wanted)
        found = {n.rule for n in decode(data, "stream") if isinstance(n, FindingNotice)}
        assert found <= {"data.sop-instance", "trace.guess"}


def test_after_a_gap_only_what_stands_alone_is_judged() -> None:
    watcher = Watcher(requestor=True)
    watcher.incomplete()
    instance, odd = TALK.pdvs(STORED), TALK.pdvs(ECHO)
    assert watcher.pdu(RECEIVED, (encode_pdu(PDataTF(pdvs=tuple(instance))),)) == []
    bad = odd[0].fragment + b"\0"
    pdu = PDataTF(pdvs=(type(odd[0])(context_id=number_of("1.2.840.10008.1.1"), control=3, fragment=bad),))
    found = [v.finding.rule for v in watcher.pdu(SENT, (encode_pdu(pdu),))]
    assert "pdata.odd-fragment" in found
    assert "command.trailing-bytes" in found


def test_a_long_pdu_is_read_whatever_live_associations_may_hold_together(monkeypatch: pytest.MonkeyPatch) -> None:
    limit, alone, _ = Framer.__init__.__defaults__ or ()
    monkeypatch.setattr(Framer.__init__, "__defaults__", (limit, alone, 1 << 20))
    recorded = decoder()
    told = [n for side, data in RECORDED[:2] for n in recorded.feed(data, side, 0.0)]
    pdu = encode_pdu(PDataTF(pdvs=(Pdv(context_id=1, control=2, fragment=bytes(4 << 20)),)))
    for start in range(0, len(pdu), 1 << 20):
        told += recorded.feed(pdu[start : start + (1 << 20)], True, 0.0)
    assert [len(n.data) for n in told if isinstance(n, PduNotice)][-1] == len(pdu)
