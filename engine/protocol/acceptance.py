"""How an acceptor answers an A-ASSOCIATE-RQ by its policy (PS3.8 9.3.3, 9.3.4, PS3.7 Annex D); a pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine.model.association import (
    APPLICATION_CONTEXT,
    AcceptedSyntax,
    AsyncWindow,
    ExtendedNegotiation,
    Negotiated,
    NegotiatedContext,
    Policy,
    Rejection,
    UserIdentity,
)
from engine.model.limits import Limits, announced, named
from engine.model.remembering import by_identity
from engine.standard.codes import rejection_text
from engine.standard.extended_negotiation import (
    DATETIME,
    EMPTY,
    FUZZY,
    LEVEL,
    MULTIPLE,
    RELATIONAL,
    TIMEZONE,
    layout_of,
)
from engine.standard.lean import dataclass
from engine.standard.pdus import (
    ApplicationContext,
    AssociateAC,
    AssociateRJ,
    AssociateRQ,
    AsyncOperationsWindow,
    ImplementationClassUID,
    ImplementationVersionName,
    Item,
    MaximumLength,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    TransferSyntax,
    UserIdentityAC,
    UserIdentityRQ,
    UserInformation,
)
from engine.standard.transfer_syntaxes import IMPLICIT_VR_LE, transfer_syntax
from engine.wire.pdus import all_of, first, strip, user_items

from . import identity, roles
from .asked import Asked, asked_contexts, asked_roles, label, narrower

ACCEPTED, USER_REJECTION, NO_REASON, ABSTRACT_SYNTAX, TRANSFER_SYNTAXES = range(5)
"""Results of a presentation context (PS3.8 9.3.3.2)."""


Withheld = Callable[[str], str]


def _nothing_withheld(_abstract_syntax: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send, and what it means.

    negotiated: None when rejected. reasons: sentences for people; why it was rejected, or what was odd about an
        association that was accepted all the same.
    """

    pdu: AssociateAC | AssociateRJ
    negotiated: Negotiated | None
    reasons: tuple[str, ...] = ()


def answer(
    rq: AssociateRQ,
    policy: Policy,
    *,
    association_count: int = 0,
    peer_count: int = 0,
    judge: identity.Judge = identity.judge,
    withheld: Withheld = _nothing_withheld,
) -> Answer:
    """The A-ASSOCIATE-AC or -RJ a policy gives. Never raises.

    association_count: associations open besides this one; peer_count: those of them with this calling AE title.
    withheld: why an abstract syntax is not accepted whatever the policy says, "" for what is not withheld.
    judge: decides about the user identity, once everything else would let the association in. An association none of
    whose contexts is accepted is accepted; the contexts' results tell why (PS3.8 7.1.1.14).
    """
    refused = _rejection(rq, policy, association_count, peer_count)
    verdict = identity.Verdict() if refused else judge(_identity(rq), policy)
    if verdict.refusal:
        refused = Rejection(*identity.REFUSED), verdict.refusal
    if refused is not None:
        rejection, why = refused
        text = rejection_text(rejection.result, rejection.source, rejection.reason)
        pdu = AssociateRJ(result=rejection.result, source=rejection.source, reason=rejection.reason)
        return Answer(pdu, None, (f"Rejected: {text}. {why}",))
    return _acceptance(rq, policy, verdict, withheld)


# --- the association ----------------------------------------------------------------------------------------------


def _rejection(rq: AssociateRQ, policy: Policy, count: int, of_peer: int) -> tuple[Rejection, str] | None:
    """The first thing in the way, with a sentence."""
    called, calling = strip(rq.called_ae_title), strip(rq.calling_ae_title)
    name = first(rq.items, ApplicationContext)
    context = strip(name.name) if name else ""
    too_much, of_each = beyond(rq, policy.limits), policy.max_associations_per_peer
    checks: tuple[tuple[bool, tuple[int, int, int], str], ...] = (
        (not rq.protocol_version & 1, (1, 2, 2), f"Bit 0 of Protocol-version {rq.protocol_version:04X}H is not set."),
        (
            count >= policy.max_associations,
            (2, 3, 2),
            f"{count} associations are open, and {policy.max_associations} is the limit{named('max_associations')}.",
        ),
        (
            0 < of_each <= of_peer,
            (2, 3, 2),
            f"'{calling}' has {of_peer} associations open; {of_each} is the limit for each{named('max_per_caller')}.",
        ),
        (bool(too_much), (1, 3, 2), too_much),
        (
            context not in policy.application_contexts,
            (1, 1, 2),
            f"The Application Context is '{context}', not {' or '.join(map(repr, policy.application_contexts))}."
            if name
            else "There is no Application Context item.",
        ),
        (_missing(called, policy.ae_titles), (1, 1, 7), f"Called AE title '{called}' is none of ours (case counts)."),
        (
            _missing(calling, policy.calling_ae_titles),
            (1, 1, 3),
            f"Calling AE title '{calling}' is none of those let in (case counts).",
        ),
    )
    if policy.reject is not None:
        return policy.reject, "The policy rejects every association."
    return next(((Rejection(*codes), why) for wrong, codes, why in checks if wrong), None)


def beyond(pdu: AssociateRQ | AssociateAC, limits: Limits) -> str:
    """Which limit what is negotiated goes beyond, in a sentence; "" for none."""
    asks = isinstance(pdu, AssociateRQ)
    kind, what = (PresentationContextRQ, "proposes") if asks else (PresentationContextAC, "answers")
    contexts, items = _size(pdu, kind) if asks else _size_of_answer(pdu, kind)
    if items > limits.items:  # not all of which may have been counted, nor the contexts among them
        name = named("items", limits.items)
        return f"It has more items and sub-items than are taken; {limits.items} is the limit{name}."
    if contexts > limits.contexts:
        name = named("contexts", limits.contexts)
        return f"It {what} {contexts} presentation contexts; {limits.contexts} is the limit{name}."
    return ""


def _size(pdu: AssociateRQ | AssociateAC, kind: type[Item]) -> tuple[int, int]:
    """Presentation contexts; items with the sub-items in them."""
    return len(all_of(pdu.items, kind)), _count(pdu.items)


_size_of_answer = by_identity(_size)
"""Who calls again and again gets the same A-ASSOCIATE-AC. An A-ASSOCIATE-RQ may hold a passcode and is not kept."""


def _count(items: Sequence[object]) -> int:
    """Items with the sub-items in them."""
    return sum(1 + _count(getattr(item, "items", ())) for item in items)


def _missing(title: str, allowed: tuple[str, ...]) -> bool:
    return bool(allowed) and title not in (strip(t) for t in allowed)


def _identity(rq: AssociateRQ) -> UserIdentity | None:
    item = first(user_items(rq), UserIdentityRQ)
    if item is None:
        return None
    return UserIdentity(item.type, item.primary, item.secondary, item.positive_response_requested == 1)


def _acceptance(rq: AssociateRQ, policy: Policy, verdict: identity.Verdict, withheld: Withheld) -> Answer:
    asked_items = user_items(rq)
    asked_for = asked_roles(asked_items)
    related = {
        strip(item.sop_class_uid): tuple(strip(uid) for uid in item.related_general)
        for item in all_of(asked_items, SopClassCommonExtendedNegotiation)
    }
    context = first(rq.items, ApplicationContext)
    contexts = tuple(_decide(c, policy, asked_for, related, withheld) for c in asked_contexts(rq))
    sub_items = tuple(_user_information(asked_items, policy, contexts, verdict))
    pdu = AssociateAC(
        called_ae_title=rq.called_ae_title,
        calling_ae_title=rq.calling_ae_title,
        reserved_2=rq.reserved_2,
        items=(
            # As proposed: a policy lets only those in that it answers to. The Standard has its value not tested.
            ApplicationContext(name=strip(context.name) if context else APPLICATION_CONTEXT),
            *(_context_item(c) for c in contexts),
            UserInformation(items=sub_items),
        ),
    )
    return Answer(pdu, _negotiated(rq, asked_items, sub_items, contexts), _oddities(rq, contexts))


def _negotiated(
    rq: AssociateRQ, asked: tuple[Item, ...], answered: tuple[Item, ...], contexts: tuple[NegotiatedContext, ...]
) -> Negotiated:
    theirs, ours = first(asked, MaximumLength), first(answered, MaximumLength)
    class_uid, version = first(asked, ImplementationClassUID), first(asked, ImplementationVersionName)
    window = first(answered, AsyncOperationsWindow)
    confirmed = first(answered, UserIdentityAC)
    return Negotiated(
        contexts=contexts,
        calling_ae_title=strip(rq.calling_ae_title),
        called_ae_title=strip(rq.called_ae_title),
        send_maximum=theirs.maximum_length_received if theirs else 0,
        receive_maximum=ours.maximum_length_received if ours else 0,
        window=AsyncWindow(window.invoked, window.performed) if window else AsyncWindow(1, 1),
        peer_implementation_class_uid=strip(class_uid.uid) if class_uid else "",
        peer_implementation_version_name=strip(version.name) if version else "",
        user_identity_response=confirmed.server_response if confirmed else None,
        extended=tuple(
            ExtendedNegotiation(e.sop_class_uid, e.information) for e in all_of(answered, SopClassExtendedNegotiation)
        ),
    )


def _oddities(rq: AssociateRQ, contexts: tuple[NegotiatedContext, ...]) -> tuple[str, ...]:
    found: list[str] = []
    if not contexts:
        found.append("No presentation context was proposed, so nothing can be exchanged.")
    elif not any(c.accepted for c in contexts):
        found.append(f"None of the {len(contexts)} presentation contexts proposed was accepted.")
    if first(user_items(rq), MaximumLength) is None:
        found.append("The A-ASSOCIATE-RQ has no Maximum Length item; it is taken as unlimited.")
    return tuple(found)


# --- one presentation context -------------------------------------------------------------------------------------


def _decide(
    asked: Asked,
    policy: Policy,
    asked_for: dict[str, roles.Bits],
    related: dict[str, tuple[str, ...]],
    withheld: Withheld,
) -> NegotiatedContext:
    wanted = asked_for.get(asked.abstract_syntax)
    general = (asked.abstract_syntax, *related.get(asked.abstract_syntax, ()))
    kept_back = all(withheld(uid) for uid in general) and withheld(asked.abstract_syntax)
    accepted = None if kept_back else _accepting(asked.abstract_syntax, policy, related)
    granted = _granted(wanted, accepted)
    syntax = _choose(asked.transfer_syntaxes, accepted) if accepted else ""
    result, reason = _result(asked, accepted, granted, syntax, kept_back or "")
    agreed = granted if result == ACCEPTED else roles.NONE
    return NegotiatedContext(
        id=asked.id,
        abstract_syntax=asked.abstract_syntax,
        proposed=asked.transfer_syntaxes,
        result=result,
        transfer_syntax=syntax if result == ACCEPTED else "",
        proposed_role=roles.role_of(wanted),
        answered_role=granted if wanted is not None and result == ACCEPTED else None,
        requestor_scu=agreed[0],
        requestor_scp=agreed[1],
        reason=f"{reason}.",
    )


def _result(
    asked: Asked, accepted: AcceptedSyntax | None, granted: roles.Bits, syntax: str, kept_back: str
) -> tuple[int, str]:
    """(result, reason without its full stop)."""
    if asked.duplicate:
        return NO_REASON, f"Refused: ID {asked.id} was proposed more than once"
    if not asked.id % 2:
        return NO_REASON, f"Refused: ID {asked.id} is even; presentation context IDs are odd"
    if not asked.abstract_syntax:
        return NO_REASON, "Refused: the context has no abstract syntax"
    if accepted is None:
        return (
            ABSTRACT_SYNTAX,
            f"Refused: {label(asked.abstract_syntax)} is not accepted here{kept_back and f': {kept_back}'}",
        )
    if not syntax:
        wanted = ", ".join(label(t) for t in accepted.transfer_syntaxes) or "any"
        return TRANSFER_SYNTAXES, f"Refused: none of the transfer syntaxes proposed is accepted here ({wanted})"
    if not any(granted):
        return USER_REJECTION, "Refused: the requestor would have no role that is accepted here"
    return ACCEPTED, f"Accepted with {label(syntax)}; the requestor is {roles.words(granted)}"


def _accepting(uid: str, policy: Policy, related: dict[str, tuple[str, ...]]) -> AcceptedSyntax | None:
    """The policy's row for an abstract syntax: its own, that of a Related General SOP Class (PS3.4 B.4.1.2), any."""
    for wanted in (uid, *related.get(uid, ()), "*"):
        row = next((a for a in policy.accepted if a.abstract_syntax == wanted), None)
        if row is not None:
            return row
    return None


def _granted(wanted: roles.Bits | None, accepted: AcceptedSyntax | None) -> roles.Bits:
    scu, scp = roles.DEFAULT if wanted is None else wanted
    return (scu and accepted.scu, scp and accepted.scp) if accepted else roles.NONE


def _choose(proposed: tuple[str, ...], accepted: AcceptedSyntax) -> str:
    """The first of the acceptor's preferences that was proposed; for "any" the first proposed one, known ones first."""
    if accepted.transfer_syntaxes:
        return next((t for t in accepted.transfer_syntaxes if t in proposed), "")
    known = next((t for t in proposed if transfer_syntax(t)), "")
    return known or next((t for t in proposed if t), "")


def _context_item(c: NegotiatedContext) -> PresentationContextAC:
    """A refused context has a transfer syntax too, which means nothing (PS3.8 9.3.3.2)."""
    syntax = c.transfer_syntax or next(iter(c.proposed), "") or IMPLICIT_VR_LE
    return PresentationContextAC(id=c.id, result=c.result, items=(TransferSyntax(name=syntax),))


# --- user information ---------------------------------------------------------------------------------------------


def _user_information(
    asked: tuple[Item, ...], policy: Policy, contexts: tuple[NegotiatedContext, ...], verdict: identity.Verdict
) -> Iterator[Item]:
    yield MaximumLength(maximum_length_received=announced(policy.local.maximum_length, policy.limits))
    yield ImplementationClassUID(uid=policy.local.implementation_class_uid)
    window = first(asked, AsyncOperationsWindow)
    if window is not None:
        yield AsyncOperationsWindow(
            invoked=narrower(window.invoked, policy.async_window.invoked),
            performed=narrower(window.performed, policy.async_window.performed),
        )
    answered = {c.abstract_syntax: c.answered_role for c in contexts if c.answered_role is not None}
    for uid, (scu, scp) in answered.items():
        yield RoleSelection(sop_class_uid=uid, scu_role=int(scu), scp_role=int(scp))
    if policy.local.implementation_version_name:
        yield ImplementationVersionName(name=policy.local.implementation_version_name)
    yield from _extended(asked, policy, {c.abstract_syntax for c in contexts if c.accepted})
    given = first(asked, UserIdentityRQ)
    if given and given.positive_response_requested == 1 and verdict.response is not None:
        yield UserIdentityAC(server_response=verdict.response)


def _extended(asked: tuple[Item, ...], policy: Policy, accepted: set[str]) -> Iterator[SopClassExtendedNegotiation]:
    """One answer for each SOP class accepted: the policy's own, else what is supported of what was asked for."""
    seen: set[str] = set()
    for item in all_of(asked, SopClassExtendedNegotiation):
        uid = strip(item.sop_class_uid)
        if uid in accepted and uid not in seen:
            own = next((e.information for e in policy.extended if e.sop_class_uid == uid), None)
            information = _supported(uid, item.information) if own is None else own
            if information:
                yield SopClassExtendedNegotiation(sop_class_uid=uid, information=information)
        seen.add(uid)


def _supported(uid: str, asked: bytes) -> bytes:
    """As many bytes as were asked, never more (PS3.4 B.3.1, C.5.1.1, C.5.2.1, K.5.1, Y.5.1.1); options not asked for
    are not granted. Empty where the Standard gives the information no meaning."""
    layout = layout_of(uid)
    if layout is None:
        return b""
    answer = bytearray()
    for field, value in zip(layout.fields, asked, strict=False):
        support = SUPPORTED.get(field.key, 0) if field.key else (field.fixed or 0)
        answer.append(support if value == 1 or not field.is_option else 0)
    return bytes(answer)


SUPPORTED = {RELATIONAL: 1, DATETIME: 1, FUZZY: 1, TIMEZONE: 1, EMPTY: 1, MULTIPLE: 1, LEVEL: 2}
"""What `engine.services` does: these options of queries and retrievals; a full (level 2) store that coerces nothing and
promises nothing about signatures. The rest is 0: nothing is converted to or from enhanced multi-frame images."""
