"""User identities at the acceptor: who is let in, what is answered, and that no secret is ever told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.association import Negotiated, Policy, Proposal, ProposedContext, UserIdentity
from engine.model.identity import KnownIdentity, SecretHash
from engine.protocol.acceptance import answer
from engine.protocol.identity import Verdict
from engine.protocol.negotiation import outcome, propose
from engine.standard.pdus import AssociateAC, AssociateRJ, UserIdentityAC
from engine.wire.pdus import decode_pdu, encode_pdu, first, user_items

ECHO = Proposal(contexts=(ProposedContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),))
KNOWN = (
    KnownIdentity(type=1, name="ann"),
    KnownIdentity(type=2, name="bob", secret=SecretHash.of(b"swordfish")),
    KnownIdentity(type=3, name="krb", secret=SecretHash.of(b"\0ticket"), response=b"server ticket"),
    KnownIdentity(type=4, name="saml", secret=SecretHash.of(b"<assertion/>"), response=b"<response/>"),
    KnownIdentity(type=5, name="jwt", secret=SecretHash.of(b"a.b.c")),
)
POLICY = Policy(identities=KNOWN)
GOOD = [
    UserIdentity(1, b"ann"),
    UserIdentity(2, b"bob", b"swordfish"),
    UserIdentity(3, b"\0ticket"),
    UserIdentity(4, b"<assertion/>"),
    UserIdentity(5, b"a.b.c"),
]


def ask(identity: UserIdentity | None, policy: Policy = POLICY) -> tuple[AssociateAC | AssociateRJ, str]:
    made = answer(propose(replace(ECHO, user_identity=identity)), policy)
    return made.pdu, " ".join(made.reasons)


def negotiated(identity: UserIdentity) -> Negotiated:
    rq = propose(replace(ECHO, user_identity=identity))
    made = answer(rq, POLICY)
    wire = decode_pdu(encode_pdu(made.pdu))
    assert isinstance(wire, AssociateAC) and made.negotiated is not None
    theirs = outcome(rq, wire)
    assert theirs.user_identity_response == made.negotiated.user_identity_response
    return theirs


@pytest.mark.parametrize("identity", GOOD, ids=lambda i: f"type {i.type}")
def test_who_is_known_is_let_in_and_confirmed_only_when_asked(identity: UserIdentity) -> None:
    pdu, _ = ask(identity)
    assert isinstance(pdu, AssociateAC)
    assert first(user_items(pdu), UserIdentityAC) is None
    responses = {3: b"server ticket", 4: b"<response/>"}
    assert negotiated(replace(identity, positive_response_requested=True)).user_identity_response == responses.get(
        identity.type, b""
    )


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (UserIdentity(1, b"eve"), "User 'eve' is not known"),
        (UserIdentity(1, b"Ann"), "case counts"),
        (UserIdentity(1, b"bob"), "User 'bob' is not known"),
        (UserIdentity(2, b"bob", b"guessed"), "The passcode of user 'bob' is wrong"),
        (UserIdentity(2, b"bob", b""), "The passcode of user 'bob' is wrong"),
        (UserIdentity(2, b"ann", b""), "User 'ann' is not known"),
        (UserIdentity(3, b"guessed"), "token given as 3"),
        (UserIdentity(4, b"guessed"), "token given as 4"),
        (UserIdentity(5, b""), "token given as 5"),
        (UserIdentity(9, b"ann"), "No user identity of type 9"),
        (UserIdentity(1, b"\xff\xfe"), "is not known"),
        (UserIdentity(1, b"x" * 9999), "is not known"),
    ],
)
def test_others_are_rejected_with_a_sentence_without_secrets(identity: UserIdentity, said: str) -> None:
    pdu, why = ask(replace(identity, positive_response_requested=True))
    assert isinstance(pdu, AssociateRJ)
    assert (pdu.result, pdu.source, pdu.reason) == (1, 2, 1)
    assert said in why
    assert "guessed" not in why
    assert len(why) < 300


def test_saying_nothing_is_allowed_unless_an_identity_is_required() -> None:
    assert isinstance(ask(None)[0], AssociateAC)
    pdu, why = ask(None, replace(POLICY, require_identity=True))
    assert isinstance(pdu, AssociateRJ) and (pdu.result, pdu.source, pdu.reason) == (1, 2, 1)
    assert "is required" in why
    required = Policy(require_identity=True)
    assert isinstance(ask(UserIdentity(1, b"anybody"), required)[0], AssociateAC)
    assert isinstance(ask(None, required)[0], AssociateRJ)


def test_a_type_that_is_not_listed_is_not_known() -> None:
    only_ann = Policy(identities=KNOWN[:1])
    assert "type 5" in ask(UserIdentity(5, b"a.b.c"), only_ann)[1]


def test_two_passcodes_of_one_user_are_both_good() -> None:
    policy = Policy(identities=(*KNOWN, KnownIdentity(type=2, name="bob", secret=SecretHash.of(b"second"))))
    for passcode in (b"swordfish", b"second"):
        assert isinstance(ask(UserIdentity(2, b"bob", passcode), policy)[0], AssociateAC)


def test_anything_else_wrong_comes_first() -> None:
    pdu, _ = ask(UserIdentity(1, b"eve"), replace(POLICY, ae_titles=("OTHER",)))
    assert isinstance(pdu, AssociateRJ) and (pdu.source, pdu.reason) == (1, 7)


def test_the_judge_can_be_another() -> None:
    seen: list[UserIdentity | None] = []

    def judge(identity: UserIdentity | None, _policy: Policy) -> Verdict:
        seen.append(identity)
        return Verdict("Not on Sundays.")

    made = answer(propose(replace(ECHO, user_identity=UserIdentity(5, b"t"))), Policy(), judge=judge)
    assert isinstance(made.pdu, AssociateRJ)
    assert made.reasons[0].endswith("Not on Sundays.")
    assert seen == [UserIdentity(5, b"t")]


def test_hashes_are_salted_read_back_and_shown_nowhere() -> None:
    one, other = SecretHash.of(b"swordfish"), SecretHash.of(b"swordfish")
    assert one != other
    assert SecretHash.parse(one.text) == one
    assert one.matches(b"swordfish") and not one.matches(b"Swordfish")
    assert one.digest.hex() not in repr(KNOWN) + repr(one)
    assert "ticket'" not in repr(KNOWN)


@pytest.mark.parametrize("text", ["", "swordfish", "scrypt:00:11", "md5:" + "0" * 32 + ":" + "0" * 64, "scrypt:x:y"])
def test_what_is_no_hash_is_said_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="is not a hash") as told:
        SecretHash.parse(text)
    assert "swordfish" not in str(told.value)


@settings(deadline=None, max_examples=60)
@given(
    kind=st.integers(0, 255),
    primary=st.sampled_from([b"", b"ann", b"bob", b"a.b.c", b"\xff"]) | st.binary(max_size=40),
    secondary=st.sampled_from([b"", b"swordfish"]) | st.binary(max_size=20),
    flag=st.booleans(),
)
def test_whatever_is_given_it_is_answered_and_only_the_known_get_in(
    kind: int, primary: bytes, secondary: bytes, flag: bool
) -> None:
    identity = UserIdentity(kind, primary, secondary, flag)
    pdu, _ = ask(identity)
    good = any((g.type, g.primary) == (kind, primary) and g.secondary in (b"", secondary) for g in GOOD)
    assert isinstance(pdu, AssociateAC) is good
    encode_pdu(pdu)
