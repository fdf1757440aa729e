"""Each cause of a failed negotiation, made for real, is named; without it, it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.model.association import AcceptedSyntax, AsyncWindow, Policy, Rejection, Role, UserIdentity
from engine.model.dataset import EncodedData
from engine.model.notices import AssociationNotice, AssociationPhase, Outcome
from engine.protocol.acceptance import answer
from engine.standard.pdus import AssociateAC, AssociateRQ, PresentationContextAC
from engine.trace.diagnosis.model import Setting
from engine.wire.pdus import decode_pdu, encode_pdu

from .console import CT, EXPLICIT, IMPLICIT, VERIFICATION, Console, contexts, policy, proposal, store_rq
from .diagnosing import LONG, SHORT, check, diagnoses, shot
from .scripted import Conversation, scripted

JPEG = "1.2.840.10008.1.2.4.50"

# --- rejections -------------------------------------------------------------------------------------------------------

REJECTIONS: dict[str, Rejection] = {
    "reject.application-context": Rejection(1, 1, 2),
    "reject.calling-title": Rejection(1, 1, 3),
    "reject.called-title": Rejection(1, 1, 7),
    "reject.protocol-version": Rejection(1, 2, 2),
    "reject.busy": Rejection(2, 3, 1),
    "reject.no-reason": Rejection(1, 1, 1),
    "reject.undefined": Rejection(1, 1, 8),
}


@pytest.mark.parametrize("rule", REJECTIONS)
def test_each_rejection_is_explained(rule: str, console: Console) -> None:
    shot(console, console.listen(policy=policy(reject=REJECTIONS[rule])))
    found = diagnoses(console)
    made = check(found, rule)
    assert [r for r in found if r.startswith("reject.")] == [rule]
    assert (made.proofs[0].start, made.proofs[0].end) == (8, 9)


def test_the_limit_of_associations(console: Console) -> None:
    peer = console.listen(policy=policy(max_associations=1))
    held = console.open(proposal(peer))
    shot(console, peer)
    assert "limit" in check(diagnoses(console), "reject.busy").happened
    console.release(held)


def test_a_wrong_called_title_offers_the_other_case(console: Console) -> None:
    peer = console.listen(policy=policy(ae_titles=("ARCHIVE",)))
    shot(console, peer, called="archive")
    made = diagnoses(console)["reject.called-title"]
    assert made.mends[0].value == "ARCHIVE"


def test_what_old_peers_reject_is_offered_to_be_left_out(console: Console) -> None:
    peer = console.listen(policy=policy(reject=Rejection(1, 1, 1)))
    identity = UserIdentity(1, b"jane", b"", False)
    shot(console, peer, async_window=AsyncWindow(8, 8), user_identity=identity)
    found = diagnoses(console)
    assert {m.setting for m in found["reject.no-reason"].mends} == {Setting.ASYNC_WINDOW, Setting.USER_IDENTITY}
    check(found, "reject.identity")


# --- contexts ---------------------------------------------------------------------------------------------------------


def _store() -> Any:
    return store_rq(CT, "2.25.9", EncodedData(b"", IMPLICIT))


def test_a_service_the_peer_does_not_offer(console: Console) -> None:
    peer = console.listen(policy=policy(VERIFICATION))
    shot(console, peer, _store(), contexts=(VERIFICATION, CT))
    found = diagnoses(console)
    check(found, "contexts.abstract-syntax")
    assert "contexts.transfer-syntax" not in found


def test_no_syntax_in_common_offers_the_uncompressed_ones(console: Console) -> None:
    peer = console.listen(policy=Policy(accepted=(AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(IMPLICIT,)),)))
    shot(console, peer, _store(), contexts=((CT, JPEG),))
    found = diagnoses(console)
    made = check(found, "contexts.transfer-syntax")
    assert made.mends[0].setting is Setting.SYNTAXES
    check(found, "associate.nothing-accepted")
    assert "contexts.abstract-syntax" not in found


@pytest.mark.parametrize(
    ("proposed", "cause"),
    [
        (((CT, EXPLICIT), (CT, IMPLICIT)), "refuses Implicit VR Little Endian"),
        (((CT, EXPLICIT),), "was not proposed"),
    ],
)
def test_what_no_syntax_in_common_comes_from_is_told_of_all_contexts_of_the_class(
    proposed: tuple[Any, ...], cause: str, console: Console
) -> None:
    peer = console.listen(policy=Policy(accepted=(AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(JPEG,)),)))
    shot(console, peer, _store(), contexts=proposed)
    assert cause in check(diagnoses(console), "contexts.transfer-syntax").cause
    notice = console.wait(AssociationNotice, lambda n: n.requestor and n.phase is AssociationPhase.ESTABLISHED)
    assert notice.negotiated is not None
    advised = ["propose Implicit VR Little Endian too" in c.reason for c in notice.negotiated.contexts]
    assert advised == [len(proposed) == 1] * len(proposed)


def test_a_class_nobody_proposed(console: Console) -> None:
    peer = console.listen()
    association = console.open(proposal(peer, VERIFICATION))
    console.send(association, _store())
    console.release(association)
    check(diagnoses(console), "contexts.not-proposed")


def test_a_context_accepted_without_its_syntax(console: Console) -> None:
    """Of several syntaxes proposed none is named: nobody knows which one holds; it was proposed all the same."""

    def script(c: Conversation) -> None:
        rq = decode_pdu(c.read_pdu())
        assert isinstance(rq, AssociateRQ)
        made = answer(rq, Policy()).pdu
        assert isinstance(made, AssociateAC)
        items = tuple(replace(i, items=()) if isinstance(i, PresentationContextAC) else i for i in made.items)
        c.send(encode_pdu(replace(made, items=items)))
        c.wait_closed()

    with scripted(script) as peer:
        status = shot(console, peer, contexts=((VERIFICATION, IMPLICIT, EXPLICIT),), timeouts=replace(LONG, acse=SHORT))
    assert status.outcome is Outcome.NOT_SENT
    assert "the answer names no transfer syntax" in status.sentence
    found = diagnoses(console)
    assert check(found, "contexts.no-syntax-named").mends[0].value == (VERIFICATION, (IMPLICIT,))
    assert "contexts.not-proposed" not in found


def test_a_context_refused_without_reason(console: Console) -> None:
    """The acceptor takes the class only with the requestor as SCP."""
    peer = console.listen(policy=Policy(accepted=(AcceptedSyntax(abstract_syntax=CT, scu=False, scp=False),)))
    wanted = contexts(CT, role=Role.BOTH)
    shot(console, peer, _store(), contexts=wanted)
    notice = console.wait(AssociationNotice, lambda n: n.requestor and n.phase is AssociationPhase.ESTABLISHED)
    assert notice.negotiated is not None
    results = {c.result for c in notice.negotiated.contexts}
    rule = {1: "contexts.rejected-by-user", 2: "contexts.rejected-by-user", 3: "contexts.abstract-syntax"}
    for result in results - {0}:
        check(diagnoses(console), rule[result])
