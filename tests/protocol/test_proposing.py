"""What an A-ASSOCIATE-RQ made of a proposal holds."""

from __future__ import annotations

from engine.model.association import (
    APPLICATION_CONTEXT,
    AsyncWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    LocalAE,
    Peer,
    Proposal,
    ProposedContext,
    Role,
    UserIdentity,
)
from engine.protocol.negotiation import propose
from engine.standard.pdus import (
    AbstractSyntax,
    ApplicationContext,
    AssociateRQ,
    Item,
    PresentationContextRQ,
    RoleSelection,
    TransferSyntax,
    UserIdentityRQ,
    UserInformation,
)
from engine.wire.pdus import all_of, decode_pdu, encode_pdu, first, user_items

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"

EVERYTHING = Proposal(
    local=LocalAE(ae_title="CONSOLE", maximum_length=16384),
    peer=Peer(ae_title="ARCHIVE"),
    contexts=(
        ProposedContext(1, VERIFICATION, (IMPLICIT,)),
        ProposedContext(3, CT, (EXPLICIT, IMPLICIT), Role.SCP),
        ProposedContext(5, CT, (IMPLICIT,), Role.SCU),
    ),
    async_window=AsyncWindow(0, 4),
    user_identity=UserIdentity(2, b"ann", b"secret", True),
    extended=(ExtendedNegotiation(CT, bytes(6)),),
    common_extended=(CommonExtendedNegotiation(CT, "1.2.840.10008.4.2"),),
)


def _type(item: Item) -> int:
    return item.TYPE


def test_items_and_sub_items_come_in_ascending_order_and_survive_the_wire() -> None:
    rq = propose(EVERYTHING)
    assert [_type(i) for i in rq.items] == [0x10, 0x20, 0x20, 0x20, 0x50]
    assert [_type(i) for i in user_items(rq)] == [0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58]
    back = decode_pdu(encode_pdu(rq))
    assert isinstance(back, AssociateRQ)
    assert back.items == rq.items
    assert back.called_ae_title == "ARCHIVE         "
    assert back.calling_ae_title == "CONSOLE         "


def test_the_least_proposal_has_maximum_length_class_uid_and_version_name() -> None:
    rq = propose(Proposal(contexts=(ProposedContext(1, VERIFICATION, (IMPLICIT,)),)))
    assert [_type(i) for i in user_items(rq)] == [0x51, 0x52, 0x55]
    name = first(rq.items, ApplicationContext)
    assert name is not None and name.name == APPLICATION_CONTEXT
    assert rq.protocol_version == 1


def test_an_empty_version_name_is_left_out() -> None:
    rq = propose(Proposal(local=LocalAE(implementation_version_name="")))
    assert [_type(i) for i in user_items(rq)] == [0x51, 0x52]


def test_contexts_keep_their_order_and_their_syntaxes_theirs() -> None:
    contexts = all_of(propose(EVERYTHING).items, PresentationContextRQ)
    assert [c.id for c in contexts] == [1, 3, 5]
    assert contexts[1].items == (AbstractSyntax(name=CT), TransferSyntax(name=EXPLICIT), TransferSyntax(name=IMPLICIT))


def test_contexts_of_one_sop_class_share_one_role_selection() -> None:
    items = all_of(user_items(propose(EVERYTHING)), RoleSelection)
    assert [(i.sop_class_uid, i.scu_role, i.scp_role) for i in items] == [(CT, 1, 1)]


def test_user_identity_is_carried_and_never_printed() -> None:
    identity = first(user_items(propose(EVERYTHING)), UserIdentityRQ)
    assert identity is not None
    assert (identity.type, identity.positive_response_requested) == (2, 1)
    assert (identity.primary, identity.secondary) == (b"ann", b"secret")
    assert "secret" not in repr(EVERYTHING)


def test_deliberate_deviations_pass() -> None:
    rq = propose(Proposal(application_context="1.2.3", protocol_version=2, contexts=(ProposedContext(2, "x", ()),)))
    assert rq.protocol_version == 2
    assert isinstance(rq.items[-1], UserInformation)
    assert isinstance(decode_pdu(encode_pdu(rq)), AssociateRQ)
