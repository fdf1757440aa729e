"""Negotiation as both sides see it, over the bytes between them (PS3.7 Annexes A and D)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.model.association import (
    APPLICATION_CONTEXT,
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Negotiated,
    Peer,
    Policy,
    Proposal,
    ProposedContext,
    Role,
    UserIdentity,
)
from engine.protocol.negotiation import answer, outcome, propose
from engine.standard.pdus import (
    ApplicationContext,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    ImplementationClassUID,
    ImplementationVersionName,
    Item,
    MaximumLength,
    PresentationContextAC,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    UserIdentityAC,
)
from engine.wire.explain import Node, explain_pdu
from engine.wire.pdus import all_of, decode_pdu, encode_pdu, first, user_items

VERIFICATION, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.1.2"
FIND, PRINT_META = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.1.9"
IMPLICIT, EXPLICIT, STORAGE = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.4.2"
PRIVATE_CONTEXT = "1.2.826.0.1.3680043.9.7433.9"
USER = LocalAE(ae_title="USER", implementation_class_uid="1.2.3", implementation_version_name="USER_1")
PROVIDER = LocalAE(ae_title="PROVIDER", implementation_class_uid="1.2.4", implementation_version_name="PROVIDER_2")
ECHO = Proposal(
    local=USER, peer=Peer(ae_title="PROVIDER"), contexts=(ProposedContext(1, VERIFICATION, (EXPLICIT, IMPLICIT)),)
)


def _negotiate(
    proposal: Proposal, policy: Policy = Policy(local=PROVIDER)
) -> tuple[AssociateAC, Negotiated, Negotiated]:
    """The A-ASSOCIATE-AC, and what the requestor and the acceptor make of it; each has read the other's bytes."""
    rq = decode_pdu(encode_pdu(propose(proposal)))
    assert isinstance(rq, AssociateRQ)
    made = answer(rq, policy)
    assert made.negotiated is not None
    ac = decode_pdu(encode_pdu(made.pdu))
    assert isinstance(ac, AssociateAC)
    return ac, outcome(propose(proposal), ac), made.negotiated


def _labels(node: Node) -> str:
    return " ".join([f"{node.label} {node.value} {node.detail}", *map(_labels, node.children)])


# --- Annex A, D.3.1: application context --------------------------------------------------------------------------


def test_both_agree_on_the_one_name_of_the_standard() -> None:
    ac, user, provider = _negotiate(ECHO)
    assert APPLICATION_CONTEXT == "1.2.840.10008.3.1.1.1"
    assert [i.name for i in all_of(propose(ECHO).items, ApplicationContext)] == [APPLICATION_CONTEXT]
    assert [i.name for i in all_of(ac.items, ApplicationContext)] == [APPLICATION_CONTEXT]
    assert user.contexts[0].accepted and provider.contexts[0].accepted


def test_a_private_name_is_agreed_on_where_it_is_known_and_rejected_elsewhere() -> None:
    private = replace(ECHO, application_context=PRIVATE_CONTEXT)
    ac, user, _ = _negotiate(private, Policy(application_contexts=(APPLICATION_CONTEXT, PRIVATE_CONTEXT)))
    assert [i.name for i in all_of(ac.items, ApplicationContext)] == [PRIVATE_CONTEXT]
    assert user.contexts[0].accepted
    refused = answer(propose(private), Policy())
    assert isinstance(refused.pdu, AssociateRJ)
    assert (refused.pdu.result, refused.pdu.source, refused.pdu.reason) == (1, 1, 2)
    assert PRIVATE_CONTEXT in refused.reasons[0]


def test_another_name_in_the_answer_is_shown_and_can_be_worked_with() -> None:
    """A.1: only a requestor that could not work with it would have to abort."""
    ac, _, _ = _negotiate(ECHO)
    other = replace(ac, items=(ApplicationContext(name=PRIVATE_CONTEXT), *ac.items[1:]))
    assert outcome(propose(ECHO), other).contexts[0].accepted
    assert PRIVATE_CONTEXT in _labels(explain_pdu(encode_pdu(other)))


# --- D.1, D.2, D.3.2: presentation contexts -----------------------------------------------------------------------


@pytest.mark.parametrize("uid", [CT, PRINT_META, PRIVATE_CONTEXT], ids=["SOP class", "Meta SOP class", "private"])
def test_any_class_is_an_abstract_syntax_with_the_syntaxes_of_its_context(uid: str) -> None:
    contexts = (ProposedContext(1, uid, (EXPLICIT,)), ProposedContext(3, uid, (IMPLICIT,)))
    ac, user, provider = _negotiate(replace(ECHO, contexts=contexts))
    assert [(i.id, i.result) for i in all_of(ac.items, PresentationContextAC)] == [(1, 0), (3, 0)]
    for side in (user, provider):
        assert [(c.abstract_syntax, c.transfer_syntax) for c in side.contexts] == [(uid, EXPLICIT), (uid, IMPLICIT)]
        assert len(side.accepted_for(uid)) == 2


# --- D.3.3: user information --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), [(16384, 4096), (0, 65536), (131072, 0), (0, 0)])
def test_each_side_says_what_it_takes_and_sends_what_the_other_takes(ours: int, theirs: int) -> None:
    """D.3.3.1; 0 is no limit."""
    proposal = replace(ECHO, local=replace(USER, maximum_length=ours))
    ac, user, provider = _negotiate(proposal, Policy(local=replace(PROVIDER, maximum_length=theirs)))
    for items, said in ((user_items(propose(proposal)), ours), (user_items(ac), theirs)):
        assert [i.maximum_length_received for i in all_of(items, MaximumLength)] == [said]
    assert (user.send_maximum, user.receive_maximum) == (theirs, ours)
    assert (provider.send_maximum, provider.receive_maximum) == (ours, theirs)


def test_each_side_says_what_it_is_made_of() -> None:
    """D.3.3.2 with its sub-items of both PDUs."""
    ac, user, provider = _negotiate(ECHO)
    for items, local in ((user_items(propose(ECHO)), USER), (user_items(ac), PROVIDER)):
        assert [i.uid for i in all_of(items, ImplementationClassUID)] == [local.implementation_class_uid]
        assert [i.name for i in all_of(items, ImplementationVersionName)] == [local.implementation_version_name]
    for side, other in ((user, PROVIDER), (provider, USER)):
        assert side.peer_implementation_class_uid == other.implementation_class_uid
        assert side.peer_implementation_version_name == other.implementation_version_name


def test_without_a_version_name_there_is_no_item() -> None:
    nameless = replace(PROVIDER, implementation_version_name="")
    ac, user, _ = _negotiate(ECHO, Policy(local=nameless))
    assert first(user_items(ac), ImplementationVersionName) is None
    assert user.peer_implementation_version_name == ""


def test_the_same_window_on_both_sides() -> None:
    """D.3.3.3: both values are the requestor's, and the acceptor may only lower them."""
    _, user, provider = _negotiate(
        replace(ECHO, async_window=AsyncWindow(0, 5)), Policy(async_window=AsyncWindow(8, 3))
    )
    assert user.window == provider.window == AsyncWindow(8, 3)


@pytest.mark.parametrize("role", list(Role))
def test_the_same_roles_on_both_sides(role: Role) -> None:
    """D.3.3.4: an item only where one was asked for."""
    ac, user, provider = _negotiate(replace(ECHO, contexts=(ProposedContext(1, CT, (IMPLICIT,), role),)))
    assert (first(user_items(ac), RoleSelection) is None) == (role is Role.DEFAULT)
    for side in (user, provider):
        assert (side.contexts[0].requestor_scu, side.contexts[0].requestor_scp) == (role.scu, role.scp)


def test_extended_negotiation_goes_there_and_back() -> None:
    """D.3.3.5: the answer is for the class that asked, and both know it."""
    asked = (ExtendedNegotiation(FIND, b"\0\0\0"), ExtendedNegotiation(CT, b"\2\0\0\0\0\0"))
    contexts = (ProposedContext(1, FIND, (IMPLICIT,)), ProposedContext(3, CT, (IMPLICIT,)))
    _, user, provider = _negotiate(replace(ECHO, contexts=contexts, extended=asked))
    assert user.extended == provider.extended
    assert [e.sop_class_uid for e in user.extended] == [FIND, CT]


def test_common_extended_negotiation_is_read_and_never_answered() -> None:
    """D.3.3.6: a class nobody knows is taken for the general class it is related to."""
    special = "1.2.826.0.1.3680043.9.7433.10"
    common = (CommonExtendedNegotiation(special, STORAGE, (CT,)),)
    proposal = replace(ECHO, contexts=(ProposedContext(1, special, (IMPLICIT,)),), common_extended=common)
    (item,) = all_of(user_items(propose(proposal)), SopClassCommonExtendedNegotiation)
    assert (item.sop_class_uid, item.service_class_uid, item.related_general) == (special, STORAGE, (CT,))
    ac, user, _ = _negotiate(proposal)
    assert user.contexts[0].accepted
    assert first(user_items(ac), SopClassCommonExtendedNegotiation) is None


@pytest.mark.parametrize("kind", [1, 2, 5])
@pytest.mark.parametrize("asked", [True, False])
def test_an_identity_is_confirmed_when_that_is_asked_for(kind: int, asked: bool) -> None:
    """D.3.3.7."""
    ac, user, provider = _negotiate(replace(ECHO, user_identity=UserIdentity(kind, b"ann", b"", asked)))
    assert (first(user_items(ac), UserIdentityAC) is not None) == asked
    assert user.user_identity_response == provider.user_identity_response == (b"" if asked else None)


def test_an_acceptor_that_knows_no_item_answers_none() -> None:
    """D.3.3: what an acceptor leaves out leaves the defaults."""
    everything = replace(
        ECHO,
        async_window=AsyncWindow(4, 4),
        user_identity=UserIdentity(1, b"ann", b"", True),
        extended=(ExtendedNegotiation(VERIFICATION, b"\1"),),
    )
    ac, _, _ = _negotiate(everything)
    kept: tuple[Item, ...] = tuple(i for i in user_items(ac) if isinstance(i, MaximumLength | ImplementationClassUID))
    old = replace(ac, items=(*ac.items[:-1], replace(ac.items[-1], items=kept)))  # type: ignore[call-arg]
    user = outcome(propose(everything), old)
    assert user.window == AsyncWindow(1, 1)
    assert (user.user_identity_response, user.extended) == (None, ())
    assert user.contexts[0].accepted
