"""What the trace keeps of notices, and what it says of contexts and user information."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.model.association import (
    AcceptedSyntax,
    ExtendedNegotiation,
    Policy,
    Proposal,
    ProposedContext,
    Rejection,
    UserIdentity,
)
from engine.model.notices import PduNotice
from gui.models.trace_contexts import context_rows, details, entry, result_text, roles_text
from gui.models.trace_information import InformationRow, information_rows
from gui.models.trace_information import details as row_details
from gui.models.trace_lists import AssociationList, pdu_filter, title
from gui.models.trace_store import HEAD, TraceAssociation, TraceStore
from gui.models.trace_words import ended_badly, pdu_name, transition_text
from tests.gui import sample_notices as samples
from tests.gui.sample_notices import RECEIVED, SENT, VERIFICATION, Conversation


def kept(talk: Conversation) -> TraceAssociation:
    store = TraceStore()
    store.take(talk.notices)
    return store.associations[talk.association]


def information(record: TraceAssociation) -> dict[str, InformationRow]:
    return {row.label: row for row in information_rows(record)}


def test_every_context_has_its_result_in_the_standards_words() -> None:
    rows = context_rows(kept(Conversation().opened()))
    assert [(c.id, result_text(c)) for c in rows] == [
        (1, "acceptance"),
        (3, "acceptance"),
        (5, "acceptance"),
        (7, "abstract-syntax-not-supported"),
        (9, "transfer-syntaxes-not-supported"),
    ]
    assert roles_text(rows[1]) == "SCU/SCP → SCU/SCP"
    assert roles_text(rows[0]) == "default"
    assert entry(rows[2]).detail == "JPEGLosslessSV1, JPEG2000Lossless + 2 → Explicit LE"
    assert dict(details(rows[3]))["Result"] == "3 abstract-syntax-not-supported (provider rejection)"
    assert "1.2.840.10008.5.1.4.1.2.2.1" in dict(details(rows[3]))["Abstract syntax"]


def test_before_the_answer_the_proposal_is_shown() -> None:
    talk = Conversation().opened()
    talk.notices = talk.notices[:2]
    rows = context_rows(kept(talk))
    assert {result_text(c) for c in rows} == {"no answer"}
    assert rows[0].reason == "Not answered yet."


def test_a_rejected_association_says_that_no_context_was_answered() -> None:
    record = kept(Conversation().opened(Policy(reject=Rejection(1, 1, 7))))
    assert "rejected as a whole" in context_rows(record)[0].reason
    heading, sentence, role = ended_badly(record)
    assert (heading, role) == ("Association rejected", "failure")
    assert "called-AE-title-not-recognized" in sentence
    assert "result 1, source 1" in sentence


def test_an_abort_says_its_source_and_reason_in_words() -> None:
    heading, sentence, _ = ended_badly(kept(Conversation().opened().aborted()))
    assert heading == "Association aborted"
    assert "DICOM UL service-provider: unexpected-PDU (source 2, reason 2)" in sentence


def test_an_association_without_one_context_is_a_warning() -> None:
    record = kept(Conversation().opened(Policy(accepted=())))
    assert ended_badly(record)[2] == "warning"


def test_user_information_is_told_from_both_pdus_with_differences_marked() -> None:
    rows = information(kept(Conversation().opened()))
    assert (rows["Maximum length"].proposed, rows["Maximum length"].answered) == ("131,072", "16,384")
    assert rows["Maximum length"].mark == "different"
    assert rows["Operations window"].answered == "1 / 1"
    assert rows["Implementation"].mark == ""
    assert rows["Version name"].answered == "OFFIS_DCMTK_368"
    assert rows["Extended: Study Root Query/Retrieve Information Model - FIND"].mark == "missing"
    assert rows["Roles: Storage Commitment Push Model SOP Class"].answered == "SCU/SCP"
    assert rows["Calling AE title"].answered == "—"
    assert "Application context" not in rows


def test_options_asked_for_and_granted_are_told_in_words() -> None:
    uid = "1.2.840.10008.5.1.4.1.2.2.1"
    asked = ExtendedNegotiation(uid, b"\1\1\1\1\1")
    proposed = (ProposedContext(1, uid, ("1.2.840.10008.1.2",)),)
    talk = Conversation(proposal=Proposal(contexts=proposed, extended=(asked,)))
    row = information(kept(talk.opened(Policy())))["Extended: Study Root Query/Retrieve Information Model - FIND"]
    assert row.proposed == (
        "Relational-queries, Date-time matching, Fuzzy semantic matching of person names, Timezone query adjustment, "
        "Enhanced Multi-Frame Image Conversion · 01 01 01 01 01"
    )
    assert row.answered.endswith("Timezone query adjustment · 01 01 01 01 00")
    assert row.mark == "different"


def test_another_application_context_is_worth_a_line() -> None:
    talk = Conversation(proposal=Proposal(application_context="1.2.3"))
    record = kept(talk.opened(Policy(accepted=(AcceptedSyntax(abstract_syntax="*"),))))
    assert information(record)["Application context"].proposed == "1.2.3"


def test_an_acceptors_side_is_told_from_the_wire_too() -> None:
    rows = information(kept(Conversation(requestor=False).opened()))
    assert rows["Version name"].proposed == "DIMSE_CONSOLE_01"
    assert rows["Version name"].answered == "OFFIS_DCMTK_368"


def test_secrets_of_user_identity_are_nowhere() -> None:
    record = kept(Conversation().opened())
    said = " ".join(f"{r.label} {r.proposed} {r.answered}" for r in information_rows(record))
    assert "2 username and passcode, answer requested" in said
    assert "top-secret" not in said


def test_the_proposal_stands_in_until_there_is_a_pdu() -> None:
    talk = Conversation().opened()
    talk.notices = talk.notices[:1]
    rows = information(kept(talk))
    assert rows["Maximum length"].proposed == "131,072"
    assert rows["Operations window"].mark == ""


def test_names_of_pdus_and_transitions() -> None:
    record = kept(Conversation().opened())
    assert [pdu_name(p.type) for p in record.pdus] == ["A-ASSOCIATE-RQ", "A-ASSOCIATE-AC"]
    assert transition_text(record.pdus[1]) == "Sta5 → Sta6 · AE-3"
    assert pdu_name(0x4F) == "PDU 4FH"


@pytest.mark.parametrize(("text", "count"), [("", 4), ("p-data", 2), ("received sta6", 2), ("ae-3", 1), ("zebra", 0)])
def test_pdus_are_filtered_by_words(text: str, count: int) -> None:
    talk = Conversation().opened()
    talk.exchange("C-ECHO", VERIFICATION)
    keeps = pdu_filter(text)
    pdus = kept(talk).pdus
    assert len([p for p in pdus if keeps is None or keeps(p)]) == count


def test_a_finding_or_pdu_before_any_phase_is_kept() -> None:
    talk = Conversation(requestor=False).opened()
    talk.notices = [n for n in talk.notices if isinstance(n, PduNotice)]
    record = kept(talk)
    assert len(record.pdus) == 2
    assert "not known yet" in title(record)


def test_old_associations_go_but_never_an_open_one() -> None:
    store = TraceStore(associations=3)
    changes = store.take(Conversation(1).opened().notices)
    gone: list[int] = []
    for number in range(2, 9):
        changes = store.take(Conversation(number).opened().released().notices)
        gone += changes.gone
    assert 1 in store.associations
    assert len(store.associations) == 3
    assert gone == [2, 3, 4, 5, 6]


def test_the_bytes_kept_have_a_bound() -> None:
    store = TraceStore(size=100_000)
    talk = Conversation().opened()
    for _ in range(10):
        talk.message(SENT, "C-STORE-RQ", 5, encoded=bytes(50_000))
    store.take(talk.notices)
    record = store.associations[12]
    assert sum(len(p.data) for p in record.pdus) < 100_000
    assert all(len(p.data) in (p.size, HEAD) for p in record.pdus)
    assert record.request is not None
    assert len(record.request.data) == record.request.size


def test_the_pdus_kept_have_a_bound() -> None:
    store = TraceStore(pdus=100)
    for _ in range(30):
        talk = Conversation()
        for _ in range(5):
            talk.message(RECEIVED, "C-ECHO-RSP")
        store.take(talk.notices)
    record = store.associations[12]
    assert len(record.pdus) <= 100
    assert record.forgotten + len(record.pdus) == 150


def test_the_newest_association_is_listed_first(qapp: object) -> None:
    store = TraceStore()
    listed = AssociationList(store.associations)
    for number in (3, 7, 9):
        store.take(Conversation(number).opened().notices)
        listed.add(number)
    assert [listed.number(r) for r in range(3)] == [9, 7, 3]
    assert listed.index(0).data().startswith("#9 → Orthanc · established")
    listed.remove(7)
    assert listed.row_of(3) == 1
    assert listed.row_of(7) == -1
    assert samples.START


def test_an_identity_that_asks_for_no_answer_gets_none() -> None:
    record = kept(Conversation().opened())
    assert record.proposal is not None
    quiet = replace(record.proposal, user_identity=UserIdentity(type=1, primary=b"someone"))
    asking = replace(quiet, user_identity=UserIdentity(1, b"someone", positive_response_requested=True))
    records = (replace(record, proposal=p, request=None, answer=None) for p in (quiet, asking))
    rows = [information(r)["User identity"] for r in records]
    assert [(r.answered, r.mark) for r in rows] == [("not asked for", ""), ("not answered", "missing")]
    assert all(lines and all(text for _label, text in lines) for lines in map(row_details, information_rows(record)))
