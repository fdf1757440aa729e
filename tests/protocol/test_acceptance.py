"""How a policy answers A-ASSOCIATE-RQs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.model.association import (
    AcceptedSyntax,
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Negotiated,
    Peer,
    Policy,
    Proposal,
    ProposedContext,
    Rejection,
    Role,
    UserIdentity,
)
from engine.protocol.negotiation import answer, outcome, propose
from engine.standard.pdus import (
    AbstractSyntax,
    ApplicationContext,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    AsyncOperationsWindow,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    SopClassExtendedNegotiation,
    TransferSyntax,
    UserIdentityAC,
)
from engine.wire.pdus import all_of, decode_pdu, encode_pdu, first, user_items

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
FIND = "1.2.840.10008.5.1.4.1.2.1.1"
GET = "1.2.840.10008.5.1.4.1.2.1.3"
WORKLIST = "1.2.840.10008.5.1.4.31"
IMPLICIT, EXPLICIT, JPEG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"
ECHO = Proposal(
    local=LocalAE(ae_title="CONSOLE"),
    peer=Peer(ae_title="ARCHIVE"),
    contexts=(ProposedContext(1, VERIFICATION, (IMPLICIT,)),),
)


def _accepted(rq: AssociateRQ, policy: Policy = Policy()) -> tuple[AssociateAC, Negotiated]:
    """Accepted, as both sides see it: the acceptor's and the requestor's views must be one."""
    made = answer(rq, policy)
    assert isinstance(made.pdu, AssociateAC) and made.negotiated is not None
    wire = decode_pdu(encode_pdu(made.pdu))
    assert isinstance(wire, AssociateAC)
    theirs, ours = outcome(rq, wire), made.negotiated
    assert [(c.id, c.result, c.transfer_syntax, c.requestor_scu, c.requestor_scp) for c in theirs.contexts] == [
        (c.id, c.result, c.transfer_syntax, c.requestor_scu, c.requestor_scp) for c in ours.contexts
    ]
    assert theirs.window == ours.window
    assert (theirs.send_maximum, theirs.receive_maximum) == (ours.receive_maximum, ours.send_maximum)
    return wire, ours


@pytest.mark.parametrize(
    ("change", "policy", "count", "codes", "said"),
    [
        ({}, Policy(ae_titles=("OTHER",)), 0, (1, 1, 7), "'ARCHIVE' is none of ours"),
        ({}, Policy(ae_titles=("archive",)), 0, (1, 1, 7), "case counts"),
        ({}, Policy(calling_ae_titles=("OTHER",)), 0, (1, 1, 3), "'CONSOLE' is none of those let in"),
        ({"protocol_version": 2}, Policy(), 0, (1, 2, 2), "0002H"),
        ({"application_context": "1.2.3"}, Policy(), 0, (1, 1, 2), "'1.2.3'"),
        ({}, Policy(max_associations=2), 2, (2, 3, 2), "2 is the limit"),
        ({}, Policy(reject=Rejection(2, 3, 1)), 0, (2, 3, 1), "rejects every association"),
    ],
)
def test_what_is_rejected(
    change: dict[str, object], policy: Policy, count: int, codes: tuple[int, int, int], said: str
) -> None:
    made = answer(propose(replace(ECHO, **change)), policy, association_count=count)  # type: ignore[arg-type]
    assert isinstance(made.pdu, AssociateRJ)
    assert (made.pdu.result, made.pdu.source, made.pdu.reason) == codes
    assert made.negotiated is None
    assert said in made.reasons[0]


def test_no_application_context_item_is_rejected() -> None:
    rq = propose(ECHO)
    rq = replace(rq, items=tuple(i for i in rq.items if not isinstance(i, ApplicationContext)))
    made = answer(rq, Policy())
    assert isinstance(made.pdu, AssociateRJ)
    assert (made.pdu.source, made.pdu.reason) == (1, 2)
    assert "There is no Application Context item." in made.reasons[0]


@pytest.mark.parametrize("title", ["ARCHIVE", "ARCHIVE         ", " ARCHIVE", "ARCHIVE\0\0\0"])
def test_padding_of_ae_titles_does_not_count(title: str) -> None:
    rq = replace(propose(ECHO), called_ae_title=title)
    assert isinstance(answer(rq, Policy(ae_titles=(" ARCHIVE ",))).pdu, AssociateAC)


def test_only_bit_0_of_the_protocol_version_counts() -> None:
    assert isinstance(answer(replace(propose(ECHO), protocol_version=3), Policy()).pdu, AssociateAC)


def test_one_below_the_limit_is_let_in() -> None:
    assert isinstance(answer(propose(ECHO), Policy(max_associations=2), association_count=1).pdu, AssociateAC)


def test_the_reserved_fields_of_the_answer_copy_the_request() -> None:
    rq = replace(propose(ECHO), reserved_2=bytes(range(32)), called_ae_title="ARCHIVE\0")
    ac, _ = _accepted(rq)
    assert ac.called_ae_title.rstrip() == "ARCHIVE\0"
    assert ac.calling_ae_title.rstrip() == "CONSOLE"
    assert ac.reserved_2 == bytes(range(32))


def test_the_acceptors_order_of_syntaxes_decides() -> None:
    rq = propose(replace(ECHO, contexts=(ProposedContext(1, CT, (IMPLICIT, JPEG, EXPLICIT)),)))
    policy = Policy(accepted=(AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(EXPLICIT, IMPLICIT)),))
    assert _accepted(rq, policy)[1].contexts[0].transfer_syntax == EXPLICIT
    anything = _accepted(rq)[1].contexts[0]
    assert anything.transfer_syntax == IMPLICIT
    assert "Implicit VR Little Endian" in anything.reason


def test_of_any_syntax_a_known_one_is_taken_before_an_unknown() -> None:
    rq = propose(
        replace(ECHO, contexts=(ProposedContext(1, CT, ("1.2.3", EXPLICIT)), ProposedContext(3, CT, ("1.2.3",))))
    )
    assert [c.transfer_syntax for c in _accepted(rq)[1].contexts] == [EXPLICIT, "1.2.3"]


def test_each_context_gets_its_own_result_and_none_accepted_is_still_an_association() -> None:
    contexts = (
        ProposedContext(1, CT, (JPEG,)),
        ProposedContext(3, "1.2.3.4", (IMPLICIT,)),
        ProposedContext(4, CT, (IMPLICIT,)),
        ProposedContext(5, "", (IMPLICIT,)),
        ProposedContext(3, CT, (IMPLICIT,)),
        ProposedContext(7, CT, ()),
    )
    policy = Policy(accepted=(AcceptedSyntax(abstract_syntax=CT, transfer_syntaxes=(IMPLICIT,)),))
    rq = propose(replace(ECHO, contexts=contexts))
    made = answer(rq, policy)
    assert isinstance(made.pdu, AssociateAC) and made.negotiated is not None
    assert [c.result for c in made.negotiated.contexts] == [4, 3, 2, 2, 2, 4]
    assert [c.reason.split()[0] for c in made.negotiated.contexts] == ["Refused:"] * 6
    assert made.reasons == ("None of the 6 presentation contexts proposed was accepted.",)
    items = all_of(made.pdu.items, PresentationContextAC)
    assert [i.id for i in items] == [1, 3, 4, 5, 3, 7]
    assert all(len(all_of(i.items, TransferSyntax)) == 1 for i in items)


def test_an_association_without_contexts_says_so() -> None:
    assert "No presentation context" in answer(propose(replace(ECHO, contexts=())), Policy()).reasons[0]


def test_padded_uids_are_taken_and_answered_unpadded() -> None:
    rq = propose(ECHO)
    padded = PresentationContextRQ(
        id=1, items=(AbstractSyntax(name=f"{VERIFICATION}\0"), TransferSyntax(name=f"{IMPLICIT} "))
    )
    rq = replace(rq, items=(rq.items[0], padded, rq.items[-1]))
    accepted = AcceptedSyntax(abstract_syntax=VERIFICATION, transfer_syntaxes=(IMPLICIT,))
    ac, negotiated = _accepted(rq, Policy(accepted=(accepted,)))
    assert negotiated.contexts[0].accepted
    assert all_of(ac.items, PresentationContextAC)[0].items == (TransferSyntax(name=IMPLICIT),)


@pytest.mark.parametrize(
    ("role", "scu", "scp", "item", "result"),
    [
        (Role.DEFAULT, True, True, None, 0),
        (Role.DEFAULT, False, True, None, 1),
        (Role.SCU, True, True, (1, 0), 0),
        (Role.SCP, True, True, (0, 1), 0),
        (Role.SCP, True, False, None, 1),
        (Role.BOTH, True, True, (1, 1), 0),
        (Role.BOTH, True, False, (1, 0), 0),
        (Role.BOTH, False, True, (0, 1), 0),
        (Role.BOTH, False, False, None, 1),
    ],
)
def test_roles_are_granted_as_far_as_the_policy_goes(
    role: Role, scu: bool, scp: bool, item: tuple[int, int] | None, result: int
) -> None:
    rq = propose(replace(ECHO, contexts=(ProposedContext(1, CT, (IMPLICIT,), role),)))
    ac, negotiated = _accepted(rq, Policy(accepted=(AcceptedSyntax(abstract_syntax=CT, scu=scu, scp=scp),)))
    answered = first(user_items(ac), RoleSelection)
    assert (answered and (answered.scu_role, answered.scp_role)) == item
    assert negotiated.contexts[0].result == result
    if result == 0:
        expected = item or (1, 0)
        assert (negotiated.contexts[0].requestor_scu, negotiated.contexts[0].requestor_scp) == expected


@pytest.mark.parametrize(
    ("asked", "allowed", "granted"),
    [
        (None, (0, 0), (1, 1)),
        ((0, 0), (0, 0), (0, 0)),
        ((0, 5), (3, 0), (3, 5)),
        ((2, 8), (4, 4), (2, 4)),
        ((1, 1), (0, 0), (1, 1)),
    ],
)
def test_the_smaller_window_is_granted(
    asked: tuple[int, int] | None, allowed: tuple[int, int], granted: tuple[int, int]
) -> None:
    rq = propose(replace(ECHO, async_window=AsyncWindow(*asked) if asked else None))
    ac, negotiated = _accepted(rq, Policy(async_window=AsyncWindow(*allowed)))
    assert negotiated.window == AsyncWindow(*granted)
    assert (first(user_items(ac), AsyncOperationsWindow) is None) == (asked is None)


@pytest.mark.parametrize(
    ("kind", "asked", "answered"),
    [(1, True, True), (2, True, True), (2, False, False), (3, True, False), (4, True, False), (5, True, True)],
)
def test_user_identity_is_confirmed_only_when_asked_and_possible(kind: int, asked: bool, answered: bool) -> None:
    rq = propose(replace(ECHO, user_identity=UserIdentity(kind, b"ann", b"", asked)))
    ac, negotiated = _accepted(rq)
    assert (first(user_items(ac), UserIdentityAC) is not None) == answered
    assert negotiated.user_identity_response == (b"" if answered else None)


@pytest.mark.parametrize(
    ("uid", "asked", "answered"),
    [
        (FIND, b"\1\1\1", b"\1\1\1"),
        (FIND, b"\0\1\0", b"\0\1\0"),
        (FIND, b"\1\1\1\1\1\1\1", b"\1\1\1\1\0\1\1"),
        (FIND, b"\2\3", b"\0\0"),
        (FIND, b"\1", b"\1"),
        (FIND, b"", None),
        (FIND, bytes(9), bytes(7)),
        (GET, b"\1\1", b"\1\0"),
        (WORKLIST, b"\1\1\1\1", b"\1\1\1\1"),
        (WORKLIST, b"\0\0\0", b"\1\1\0"),
        (CT, b"\3\0\0\0\2\0", b"\2\0\0\0\0\0"),
        (VERIFICATION, b"\1", None),
    ],
)
def test_extended_negotiation_is_answered_by_its_layout(uid: str, asked: bytes, answered: bytes | None) -> None:
    contexts = (ProposedContext(1, uid, (IMPLICIT,)),)
    rq = propose(replace(ECHO, contexts=contexts, extended=(ExtendedNegotiation(uid, asked),)))
    ac, negotiated = _accepted(rq)
    item = first(user_items(ac), SopClassExtendedNegotiation)
    assert (item and item.information) == answered
    assert negotiated.extended == (() if answered is None else (ExtendedNegotiation(uid, answered),))


@pytest.mark.parametrize("answered", [b"\1", b"\0\0\0", b"\x7f" * 20, b""])
def test_the_policy_has_its_own_answer_to_extended_negotiation(answered: bytes) -> None:
    contexts = (ProposedContext(1, FIND, (IMPLICIT,)), ProposedContext(3, GET, (IMPLICIT,)))
    asked = (ExtendedNegotiation(FIND, b"\1\1"), ExtendedNegotiation(GET, b"\1\1"))
    rq = propose(replace(ECHO, contexts=contexts, extended=asked))
    _, negotiated = _accepted(rq, Policy(extended=(ExtendedNegotiation(FIND, answered),)))
    own = (ExtendedNegotiation(FIND, answered),) if answered else ()
    assert negotiated.extended == (*own, ExtendedNegotiation(GET, b"\1\0"))


def test_a_limit_for_each_calling_title() -> None:
    policy = Policy(max_associations_per_peer=2)
    assert isinstance(answer(propose(ECHO), policy, association_count=9, peer_count=1).pdu, AssociateAC)
    refused = answer(propose(ECHO), policy, association_count=2, peer_count=2)
    assert isinstance(refused.pdu, AssociateRJ)
    assert (refused.pdu.result, refused.pdu.source, refused.pdu.reason) == (2, 3, 2)
    assert "2 is the limit for each" in refused.reasons[0]
    assert isinstance(answer(propose(ECHO), Policy(), association_count=9, peer_count=9).pdu, AssociateAC)


def test_extended_negotiation_of_a_refused_class_is_not_answered() -> None:
    rq = propose(replace(ECHO, extended=(ExtendedNegotiation(FIND, b"\1"),)))
    assert first(user_items(_accepted(rq)[0]), SopClassExtendedNegotiation) is None


def test_a_class_is_taken_for_its_related_general_class() -> None:
    special = "1.2.3.4"
    common = (CommonExtendedNegotiation(special, "1.2.840.10008.4.2", (CT,)),)
    rq = propose(replace(ECHO, contexts=(ProposedContext(1, special, (IMPLICIT,)),), common_extended=common))
    policy = Policy(accepted=(AcceptedSyntax(abstract_syntax=CT),))
    assert _accepted(rq, policy)[1].contexts[0].accepted
    assert not _accepted(replace(rq, items=(*rq.items[:-1],)), policy)[1].contexts[0].accepted
