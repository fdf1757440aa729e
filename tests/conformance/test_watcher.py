"""The watcher as a whole: silent where nothing is wrong, never raising, telling where and whose."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.conformance.watcher import Watcher
from engine.model.dataset import DataSet
from engine.model.notices import Direction
from engine.standard.pdus import AssociateRJ, PDataTF, Pdv, PresentationContextRQ
from engine.wire.pdus import encode_pdu
from tests.conformance.cases_exchange import INSTANCE, STORE, STORED, STUDY, early, got, moved, wide
from tests.conformance.talk import (
    CT,
    ECHO,
    ECHOED,
    RECEIVED,
    SENT,
    STUDY_GET,
    VERIFICATION,
    Talk,
    command,
    echo,
    number_of,
)

WHOLE = Talk()
GOOD = [
    encode_pdu(pdu)
    for pdu in (
        WHOLE.rq,
        WHOLE.ac,
        PDataTF(pdvs=tuple(WHOLE.pdvs(ECHO))),
        PDataTF(pdvs=tuple(WHOLE.pdvs(ECHOED))),
        PDataTF(pdvs=tuple(WHOLE.pdvs(STORE, INSTANCE))),
        PDataTF(pdvs=tuple(WHOLE.pdvs(STORED))),
        PDataTF(pdvs=tuple(WHOLE.pdvs(command("C-GET-RQ", AffectedSOPClassUID=STUDY_GET, Priority=0), STUDY))),
    )
]
DIRECTIONS = st.sampled_from([SENT, RECEIVED])


def test_a_whole_conversation_without_fault_is_silent() -> None:
    talk = Talk()
    echo(talk)
    for number in range(2, 5):
        talk.ask(STORE.with_values(MessageID=number, AffectedSOPInstanceUID=f"1.2.{number}"), instance_of(number))
        talk.answer(STORED.with_values(MessageIDBeingRespondedTo=number, AffectedSOPInstanceUID=f"1.2.{number}"))
    talk.release()
    talk.verdicts += talk.watcher.closed(SENT)
    assert [v.finding.sentence for v in talk.verdicts] == []


def instance_of(number: int) -> DataSet:
    return INSTANCE.put(0x00080018, "UI", f"1.2.{number}")


def test_the_role_of_our_side_is_turned_round_for_an_acceptor() -> None:
    talk = Talk(requestor=False)
    echo(talk)
    talk.answers(PDataTF(pdvs=tuple(talk.pdvs(ECHOED))))
    (verdict,) = talk.verdicts
    assert verdict.direction is SENT
    assert verdict.finding.rule == "exchange.after-final"


def test_what_was_found_clean_once_is_not_taken_for_clean_when_it_differs() -> None:
    talk = Talk()
    wide(talk)
    echo(talk)
    talk.ask(ECHO.with_values(MessageID=2, AffectedSOPClassUID="1.02"), None, VERIFICATION)
    talk.answer(ECHOED.with_values(MessageIDBeingRespondedTo=2))
    assert "command.uid" in talk.found
    assert "command.equal-to-request" in talk.found


def test_an_instance_uid_may_differ_only_where_it_is_well_formed_and_the_request_s() -> None:
    talk = Talk()
    for number, uid, answered in ((1, "1.2.3", "1.2.3"), (2, "1.2.4", "1.2.5"), (3, "1.02.3", "1.02.3")):
        talk.ask(STORE.with_values(MessageID=number, AffectedSOPInstanceUID=uid), INSTANCE.put(0x00080018, "UI", uid))
        talk.answer(STORED.with_values(MessageIDBeingRespondedTo=number, AffectedSOPInstanceUID=answered))
    assert talk.found == ["command.equal-to-request", "command.uid", "command.uid"]


def test_evidence_is_the_place_in_the_pdu() -> None:
    talk = Talk(established=False)
    data = bytearray(encode_pdu(talk.rq))
    data[75] = 1  # reserved byte of the Application Context item
    talk.requests(bytes(data))
    (verdict,) = talk.verdicts
    assert verdict.finding.rule == "association.reserved"
    evidence = verdict.finding.evidence
    assert (evidence.text, evidence.start, evidence.end) == ("Application Context Item", 74, 74 + 4 + 21)


def test_a_rejection_says_where_it_is_undefined() -> None:
    talk = Talk(established=False)
    talk.requests(talk.rq)
    talk.answers(AssociateRJ(result=1, source=1, reason=5))
    (verdict,) = talk.verdicts
    assert verdict.direction is RECEIVED
    evidence = verdict.finding.evidence
    assert (evidence.text, evidence.start, evidence.end) == ("Reason/Diag.", 9, 10)


def test_many_cases_of_one_kind_in_a_pdu_are_told_once() -> None:
    talk = Talk(established=False)
    contexts = [replace(i, reserved_1=b"\0\1\0") for i in talk.rq.items if isinstance(i, PresentationContextRQ)]
    talk.requests(replace(talk.rq, items=(talk.rq.items[0], *contexts, talk.rq.items[-1])))
    (verdict,) = talk.verdicts
    assert verdict.finding.sentence.endswith(f"So it is in {len(contexts)} places of the PDU.")


def test_a_fragment_says_where_it_stands() -> None:
    talk = Talk()
    first, second = talk.pdvs(STORE, INSTANCE)
    talk.requests(PDataTF(pdvs=(first, Pdv(context_id=number_of(CT), control=0x82, fragment=second.fragment))))
    (verdict,) = talk.verdicts
    start = 6 + 6 + len(first.fragment)
    assert (verdict.finding.evidence.start, verdict.finding.evidence.end) == (start + 5, start + 6)


def test_one_pdu_in_many_buffers_is_seen_as_one() -> None:
    whole, split = Talk(), Talk()
    for data in GOOD[2:6]:
        whole.verdicts += whole.watcher.pdu(SENT, (data,))
        pieces = [data[i : i + 5] for i in range(0, len(data), 5)]
        split.verdicts += split.watcher.pdu(SENT, pieces)
    assert whole.found == split.found


def test_early_success_and_sub_operations_are_told_of_the_side_that_sent_them() -> None:
    talk = Talk()
    early(talk)
    assert [(v.direction, v.finding.rule) for v in talk.verdicts] == [(RECEIVED, "exchange.early-success")]


def test_a_clean_get_and_move_are_silent() -> None:
    talk = Talk()
    moved((0xFF00, (1, 1, 0, 0)), (0, (2, 0, 0)))(talk)
    got(lambda t: t.answer(STORE, INSTANCE), lambda t: t.ask(STORED))(talk)
    assert talk.found == []


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(DIRECTIONS, st.binary(max_size=200)), max_size=8))
def test_no_bytes_make_it_raise(pdus: list[tuple[Direction, bytes]]) -> None:
    talk = Talk()
    for direction, data in pdus:
        talk.watcher.pdu(direction, (data,))
    talk.watcher.closed(RECEIVED)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_changed_conversation_makes_it_raise(data: st.DataObject) -> None:
    watcher = Watcher(data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(1, 8))):
        pdu = bytearray(data.draw(st.sampled_from(GOOD)))
        for _ in range(data.draw(st.integers(0, 3))):
            pdu[data.draw(st.integers(0, len(pdu) - 1))] = data.draw(st.integers(0, 255))
        if data.draw(st.booleans()):
            watcher.established(Talk().watcher.negotiated)  # type: ignore[arg-type]
        for verdict in watcher.pdu(data.draw(DIRECTIONS), (bytes(pdu),)):
            assert verdict.finding.sentence
