"""Whether an acceptor lets a user in (PS3.7 D.3.3.7): a pure function of what was given and who is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from engine.model.association import Policy, UserIdentity
from engine.model.identity import NAMED, PASSCODE, KnownIdentity
from engine.standard.codes import explain_code
from engine.standard.lean import dataclass

REFUSED = (1, 2, 1)
"""A-ASSOCIATE-RJ: permanent, by the ACSE related function, no reason given (PS3.7 D.3.3.7.3)."""

_SHOWN = 64
"""Characters of a user name in a sentence; on the wire it may have 65535 bytes."""

_ANSWERED_UNKNOWN = frozenset({1, 2, 5})
"""Types whose positive response needs no ticket or assertion of ours, so that they can be confirmed unchecked."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """refusal: "" when let in. response: Server-response of the 59H item; None when nothing can be confirmed."""

    refusal: str = ""
    response: bytes | None = field(default=None, repr=False)


Judge = Callable[[UserIdentity | None, Policy], Verdict]


def judge(given: UserIdentity | None, policy: Policy) -> Verdict:
    """By the policy's list; with an empty list whoever comes is let in. Sentences hold no passcode and no token."""
    if given is None:
        return Verdict("A user identity is required and none was given." if policy.require_identity else "")
    if not policy.identities:
        return Verdict(response=b"" if given.type in _ANSWERED_UNKNOWN else None)
    of_type = [k for k in policy.identities if k.type == given.type]
    if not of_type:
        return Verdict(f"No user identity of type {_type(given)} is known here.")
    return _judge_named(given, of_type) if given.type in NAMED else _judge_token(given, of_type)


def _judge_named(given: UserIdentity, known: list[KnownIdentity]) -> Verdict:
    name = given.primary.decode("utf-8", "replace")
    same = [k for k in known if k.name == name]
    if not same:
        return Verdict(f"User '{name[:_SHOWN]}' is not known here (case counts).")
    if given.type == PASSCODE and not any(_matches(k, given.secondary) for k in same):
        return Verdict(f"The passcode of user '{name}' is wrong.")
    return Verdict(response=b"")


def _judge_token(given: UserIdentity, known: list[KnownIdentity]) -> Verdict:
    match = next((k for k in known if _matches(k, given.primary)), None)
    if match is None:
        return Verdict(f"The token given as {_type(given)} is not known here.")
    return Verdict(response=match.response)


def _matches(known: KnownIdentity, secret: bytes) -> bool:
    return known.secret is not None and known.secret.matches(secret)


def _type(given: UserIdentity) -> str:
    return f"{given.type} ({explain_code('user_identity_type', given.type)})"
