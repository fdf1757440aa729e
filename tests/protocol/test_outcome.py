"""What an A-ASSOCIATE-AC makes of an A-ASSOCIATE-RQ, seen from the requestor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.association import AsyncWindow, NegotiatedContext, Policy, Proposal, ProposedContext, Role
from engine.protocol.negotiation import answer, outcome, propose
from engine.standard.pdus import (
    AssociateAC,
    AssociateRQ,
    AsyncOperationsWindow,
    ImplementationClassUID,
    ImplementationVersionName,
    Item,
    MaximumLength,
    PresentationContextAC,
    RoleSelection,
    TransferSyntax,
    UserIdentityAC,
    UserInformation,
)
from engine.wire.pdus import PduError, decode_pdu, encode_pdu

CT = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
RQ = propose(Proposal(contexts=(ProposedContext(1, CT, (EXPLICIT, IMPLICIT)),)))


def _ac(*items: Item, user: tuple[Item, ...] = ()) -> AssociateAC:
    return AssociateAC(items=(*items, UserInformation(items=user)))


def _context(ac: AssociateAC, rq: AssociateRQ = RQ) -> NegotiatedContext:
    (context,) = outcome(rq, ac).contexts
    assert context.reason.endswith(".")
    return context


def _taken(*syntaxes: str, context_id: int = 1, result: int = 0) -> PresentationContextAC:
    return PresentationContextAC(id=context_id, result=result, items=tuple(TransferSyntax(name=s) for s in syntaxes))


@pytest.mark.parametrize(
    ("items", "result", "syntax", "said"),
    [
        ((_taken(IMPLICIT),), 0, IMPLICIT, "Accepted with Implicit VR Little Endian."),
        ((_taken(f"{IMPLICIT}\0"),), 0, IMPLICIT, "Accepted with Implicit VR Little Endian."),
        ((_taken("1.2.3"),), 0, "1.2.3", "Accepted with 1.2.3, a transfer syntax that was not proposed."),
        ((_taken(),), 0, "", "names no transfer syntax"),
        ((_taken(""),), 0, "", "names no transfer syntax"),
        ((_taken(EXPLICIT, IMPLICIT),), 0, EXPLICIT, "the first of 2"),
        ((_taken(EXPLICIT, result=1),), 1, "", "Refused: user-rejection - the acceptor turned this context down"),
        ((_taken(result=2),), 2, "", "no-reason"),
        ((_taken(result=3),), 3, "", "does not support CT Image Storage"),
        ((_taken(result=4),), 4, "", "none of the 2 transfer syntaxes"),
        ((_taken(result=9),), 9, "", "unknown (9) - a result the Standard does not define"),
        ((), -1, "", "does not mention this context"),
        ((_taken(IMPLICIT, context_id=3),), -1, "", "does not mention this context"),
        ((_taken(IMPLICIT), _taken(result=3)), 0, IMPLICIT, "mentions it 2 times and the first counts"),
    ],
)
def test_each_context_has_a_result_and_a_reason(items: tuple[Item, ...], result: int, syntax: str, said: str) -> None:
    context = _context(_ac(*items))
    assert (context.result, context.transfer_syntax) == (result, syntax)
    assert said in context.reason
    assert (context.requestor_scu, context.requestor_scp) == (result == 0, False)


def test_the_only_syntax_proposed_is_meant_when_none_is_named() -> None:
    context = _context(_ac(_taken()), propose(Proposal(contexts=(ProposedContext(1, CT, (EXPLICIT,)),))))
    assert context.transfer_syntax == EXPLICIT
    assert "taken to be the only one proposed" in context.reason


def test_a_syntax_refusal_advises_the_syntax_everyone_has() -> None:
    rq = propose(Proposal(contexts=(ProposedContext(1, CT, (EXPLICIT,)),)))
    reason = _context(_ac(_taken(result=4)), rq).reason
    assert "not Explicit VR Little Endian; propose Implicit VR Little Endian too." in reason


# PS3.7 D.3.3.4: (SCU, SCP) asked, answered (None: no item), the requestor's roles that follow.
ROLES = [
    ((1, 0), None, (1, 0)),
    ((1, 0), (0, 0), (0, 0)),
    ((1, 0), (1, 0), (1, 0)),
    ((1, 0), (0, 1), (0, 0)),
    ((1, 0), (1, 1), (1, 0)),
    ((0, 1), None, (1, 0)),
    ((0, 1), (0, 0), (0, 0)),
    ((0, 1), (1, 0), (0, 0)),
    ((0, 1), (0, 1), (0, 1)),
    ((0, 1), (1, 1), (0, 1)),
    ((1, 1), None, (1, 0)),
    ((1, 1), (0, 0), (0, 0)),
    ((1, 1), (1, 0), (1, 0)),
    ((1, 1), (0, 1), (0, 1)),
    ((1, 1), (1, 1), (1, 1)),
    ((0, 0), None, (1, 0)),
    ((0, 0), (0, 0), (0, 0)),
    ((0, 0), (1, 0), (0, 0)),
    ((0, 0), (0, 1), (0, 0)),
    ((0, 0), (1, 1), (0, 0)),
]


def _selection(roles: tuple[int, int]) -> RoleSelection:
    return RoleSelection(sop_class_uid=CT, scu_role=roles[0], scp_role=roles[1])


@pytest.mark.parametrize(("asked", "answered", "agreed"), ROLES)
def test_role_selection(asked: tuple[int, int], answered: tuple[int, int] | None, agreed: tuple[int, int]) -> None:
    rq = AssociateRQ(items=(*RQ.items[:-1], UserInformation(items=(_selection(asked),))))
    context = _context(_ac(_taken(IMPLICIT), user=(_selection(answered),) if answered else ()), rq)
    assert (context.requestor_scu, context.requestor_scp) == agreed
    assert context.accepted
    if answered is not None and agreed == (0, 0):
        assert "turned down" in context.reason
    if answered and any(a > b for a, b in zip(answered, asked, strict=True)):
        assert "was answered but not proposed" in context.reason
    if answered is None and asked != (1, 0):
        assert "was not answered, so the default holds" in context.reason


def test_roles_nobody_asked_for_count_for_nothing() -> None:
    context = _context(_ac(_taken(IMPLICIT), user=(_selection((0, 1)),)))
    assert (context.requestor_scu, context.requestor_scp) == (True, False)
    assert context.proposed_role is Role.DEFAULT
    assert "none were asked for" in context.reason


def test_a_refused_context_has_no_roles() -> None:
    rq = propose(Proposal(contexts=(ProposedContext(1, CT, (IMPLICIT,), Role.BOTH),)))
    context = _context(_ac(_taken(result=3), user=(_selection((1, 1)),)), rq)
    assert (context.requestor_scu, context.requestor_scp) == (False, False)
    assert (context.proposed_role, context.answered_role) == (Role.BOTH, (True, True))


@pytest.mark.parametrize(
    ("asked", "answered", "window"),
    [
        (None, None, (1, 1)),
        ((5, 5), None, (1, 1)),
        (None, (5, 5), (1, 1)),
        ((5, 0), (2, 3), (2, 3)),
        ((5, 5), (0, 9), (5, 5)),
        ((0, 0), (0, 0), (0, 0)),
    ],
)
def test_the_window_needs_both_sides_and_is_never_more_than_asked(
    asked: tuple[int, int] | None, answered: tuple[int, int] | None, window: tuple[int, int]
) -> None:
    rq = propose(Proposal(async_window=AsyncWindow(*asked) if asked else None))
    user = (AsyncOperationsWindow(invoked=answered[0], performed=answered[1]),) if answered else ()
    assert outcome(rq, _ac(user=user)).window == AsyncWindow(*window)


def test_each_direction_has_its_own_maximum_length_and_none_is_unlimited() -> None:
    negotiated = outcome(RQ, _ac(user=(MaximumLength(maximum_length_received=4096),)))
    assert (negotiated.send_maximum, negotiated.receive_maximum) == (4096, 131072)
    assert outcome(RQ, _ac()).send_maximum == 0


def test_who_the_peer_is() -> None:
    user = (
        ImplementationClassUID(uid="1.2.3\0"),
        ImplementationVersionName(name="PEER_1 "),
        UserIdentityAC(server_response=b"ticket"),
    )
    negotiated = outcome(RQ, _ac(user=user))
    assert negotiated.peer_implementation_class_uid == "1.2.3"
    assert negotiated.peer_implementation_version_name == "PEER_1"
    assert negotiated.user_identity_response == b"ticket"
    assert "ticket" not in repr(negotiated)


def test_an_id_proposed_twice_is_said() -> None:
    contexts = (ProposedContext(1, CT, (IMPLICIT,)), ProposedContext(1, "1.2.3", (IMPLICIT,)))
    first, second = outcome(propose(Proposal(contexts=contexts)), _ac(_taken(IMPLICIT))).contexts
    assert "more than once" not in first.reason
    assert "more than once" in second.reason


BODIES = st.binary(max_size=200).map(lambda items: bytes(68) + items)


@given(BODIES, BODIES)
def test_no_answer_and_no_request_is_too_odd(answer_body: bytes, request_body: bytes) -> None:
    def pdu(kind: int, body: bytes) -> bytes:
        return bytes((kind, 0)) + len(body).to_bytes(4, "big") + body

    rq, ac = decode_pdu(pdu(1, request_body)), decode_pdu(pdu(2, answer_body))
    assert isinstance(rq, AssociateRQ) and isinstance(ac, AssociateAC)
    assert len(outcome(rq, ac).contexts) == len(outcome(rq, AssociateAC()).contexts)
    encode_pdu(answer(rq, Policy()).pdu)


GOOD = encode_pdu(_ac(_taken(IMPLICIT), user=(MaximumLength(maximum_length_received=1), _selection((1, 1)))))


@given(st.integers(6, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_no_damaged_answer_is_too_odd(position: int, value: int, cut: int) -> None:
    data = bytearray(GOOD)
    data[position] = value
    try:
        ac = decode_pdu(bytes(data[: max(cut, 6)]))
    except PduError:
        return
    assert isinstance(ac, AssociateAC)
    assert len(outcome(RQ, ac).contexts) == 1
