"""Association negotiation as pure functions: what to propose, and what came of it (PS3.8 7.1, PS3.7 Annex D).

The acceptor's side, `answer`, is in `engine.protocol.acceptance` and exported here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from engine.model.association import AsyncWindow, ExtendedNegotiation, Negotiated, NegotiatedContext, Proposal, Role
from engine.model.limits import announced
from engine.model.remembering import by_identity, by_its_identity
from engine.standard.codes import explain_code
from engine.standard.pdus import (
    AbstractSyntax,
    ApplicationContext,
    AssociateAC,
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
from engine.standard.transfer_syntaxes import IMPLICIT_VR_LE
from engine.wire.pdus import all_of, first, strip, user_items

from . import roles
from .acceptance import Answer, answer
from .asked import Asked, asked_contexts, asked_roles, label, narrower, syntaxes_of

__all__ = ["Answer", "answer", "outcome", "propose"]

REMEMBERED = 64
"""Proposals, and answers to them, whose outcome is remembered: who calls again and again says and hears the same."""
NOT_ANSWERED = -1
"""`NegotiatedContext.result` of a context the answer does not mention."""


# --- what we propose ----------------------------------------------------------------------------------------------


@by_its_identity
@lru_cache(REMEMBERED)
def propose(p: Proposal) -> AssociateRQ:
    """The A-ASSOCIATE-RQ of a proposal, items and sub-items in ascending order of their types."""
    contexts = (
        PresentationContextRQ(
            id=c.id,
            items=(AbstractSyntax(name=c.abstract_syntax), *(TransferSyntax(name=t) for t in c.transfer_syntaxes)),
        )
        for c in p.contexts
    )
    return AssociateRQ(
        protocol_version=p.protocol_version,
        called_ae_title=p.peer.ae_title,
        calling_ae_title=p.local.ae_title,
        items=(
            ApplicationContext(name=p.application_context),
            *contexts,
            UserInformation(items=tuple(_user_information(p))),
        ),
    )


def _user_information(p: Proposal) -> Iterator[Item]:
    yield MaximumLength(maximum_length_received=announced(p.local.maximum_length, p.limits))
    yield ImplementationClassUID(uid=p.local.implementation_class_uid)
    if p.async_window is not None:
        yield AsyncOperationsWindow(invoked=p.async_window.invoked, performed=p.async_window.performed)
    yield from _role_selection(p)
    if p.local.implementation_version_name:  # the item may be left out but not be empty (PS3.7 D.3.3.2.3)
        yield ImplementationVersionName(name=p.local.implementation_version_name)
    for extended in p.extended:
        yield SopClassExtendedNegotiation(sop_class_uid=extended.sop_class_uid, information=extended.information)
    for common in p.common_extended:
        yield SopClassCommonExtendedNegotiation(
            sop_class_uid=common.sop_class_uid,
            service_class_uid=common.service_class_uid,
            related_general=common.related_general,
        )
    if p.user_identity is not None:
        yield UserIdentityRQ(
            type=p.user_identity.type,
            positive_response_requested=int(p.user_identity.positive_response_requested),
            primary=p.user_identity.primary,
            secondary=p.user_identity.secondary,
        )


def _role_selection(p: Proposal) -> Iterator[RoleSelection]:
    """One item for each SOP class, whatever number of contexts it has (PS3.7 D.3.3.4)."""
    wanted: dict[str, tuple[bool, bool]] = {}
    for c in p.contexts:
        if c.role is not Role.DEFAULT:
            scu, scp = wanted.get(c.abstract_syntax, roles.NONE)
            wanted[c.abstract_syntax] = (scu or c.role.scu, scp or c.role.scp)
    for uid, (scu, scp) in wanted.items():
        yield RoleSelection(sop_class_uid=uid, scu_role=int(scu), scp_role=int(scp))


# --- what came of it ----------------------------------------------------------------------------------------------


@by_identity
@lru_cache(REMEMBERED)
def outcome(rq: AssociateRQ, ac: AssociateAC) -> Negotiated:
    """What an A-ASSOCIATE-AC makes of our A-ASSOCIATE-RQ. Never raises, whatever the answer holds.

    Contexts come in the order proposed, each with its reason. A missing Maximum Length item sets no limit.
    """
    answers: dict[int, list[PresentationContextAC]] = {}
    for item in all_of(ac.items, PresentationContextAC):
        answers.setdefault(item.id, []).append(item)
    ours, theirs = user_items(rq), user_items(ac)
    asked, answered = asked_roles(ours), asked_roles(theirs)
    wanted = asked_contexts(rq)
    implicit = {c.abstract_syntax for c in wanted if IMPLICIT_VR_LE in c.transfer_syntaxes}
    contexts = tuple(_judge(c, answers.get(c.id, []), asked, answered, implicit) for c in wanted)
    version = first(theirs, ImplementationVersionName)
    class_uid = first(theirs, ImplementationClassUID)
    identity = first(theirs, UserIdentityAC)
    return Negotiated(
        contexts=contexts,
        calling_ae_title=strip(rq.calling_ae_title),
        called_ae_title=strip(rq.called_ae_title),
        send_maximum=maximum_length(theirs),
        receive_maximum=maximum_length(ours),
        window=_window(first(ours, AsyncOperationsWindow), first(theirs, AsyncOperationsWindow)),
        peer_implementation_class_uid=strip(class_uid.uid) if class_uid else "",
        peer_implementation_version_name=strip(version.name) if version else "",
        user_identity_response=identity.server_response if identity else None,
        extended=tuple(
            ExtendedNegotiation(strip(e.sop_class_uid), e.information)
            for e in all_of(theirs, SopClassExtendedNegotiation)
        ),
    )


def maximum_length(items: tuple[Item, ...]) -> int:
    """The Maximum-length-received of these user information sub-items; 0 (unlimited) when there is none."""
    item = first(items, MaximumLength)
    return item.maximum_length_received if item else 0


def _window(asked: AsyncOperationsWindow | None, answered: AsyncOperationsWindow | None) -> AsyncWindow:
    """Without both items operations are synchronous; an answer beyond what was asked counts as what was asked."""
    if asked is None or answered is None:
        return AsyncWindow(1, 1)
    return AsyncWindow(narrower(asked.invoked, answered.invoked), narrower(asked.performed, answered.performed))


def _judge(
    asked: Asked,
    answers: list[PresentationContextAC],
    asked_for: dict[str, roles.Bits],
    answered: dict[str, roles.Bits],
    implicit: set[str],
) -> NegotiatedContext:
    proposed_role = asked_for.get(asked.abstract_syntax)
    answered_role = answered.get(asked.abstract_syntax)
    result = answers[0].result if answers else NOT_ANSWERED
    syntax, agreed = "", roles.NONE
    if not answers:
        reason = "The answer does not mention this context, so it cannot be used"
    elif result:
        reason = refusal(result, asked, asked.abstract_syntax in implicit)
    else:
        syntax, reason = _accepted_syntax(asked, answers[0])
        agreement = roles.agree(proposed_role, answered_role)
        agreed = agreement.requestor
        reason += f"; {agreement.remark}" if agreement.remark else ""
    if len(answers) > 1:
        reason += f"; the answer mentions it {len(answers)} times and the first counts"
    if asked.duplicate:
        reason += f"; ID {asked.id} was proposed more than once, so the answer may mean another context"
    return NegotiatedContext(
        id=asked.id,
        abstract_syntax=asked.abstract_syntax,
        proposed=asked.transfer_syntaxes,
        result=result,
        transfer_syntax=syntax,
        proposed_role=roles.role_of(proposed_role),
        answered_role=answered_role,
        requestor_scu=agreed[0],
        requestor_scp=agreed[1],
        reason=f"{reason}.",
    )


def _accepted_syntax(asked: Asked, item: PresentationContextAC) -> tuple[str, str]:
    """(transfer syntax, reason) of an accepted context."""
    named = syntaxes_of(item.items)
    if not named or not named[0]:
        if len(asked.transfer_syntaxes) == 1:
            (only,) = asked.transfer_syntaxes
            return only, f"Accepted without naming a transfer syntax; taken to be the only one proposed, {label(only)}"
        return "", "Accepted, but the answer names no transfer syntax, so no message can be encoded for it"
    syntax = named[0]
    reason = f"Accepted with {label(syntax)}"
    if syntax not in asked.transfer_syntaxes:
        reason += ", a transfer syntax that was not proposed"
    if len(named) > 1:
        reason += f" (the first of {len(named)} transfer syntaxes answered, where only one is allowed)"
    return syntax, reason


def refusal(result: int, asked: Asked, implicit: bool) -> str:
    """A result other than 0 (PS3.8 9.3.3.2): the Standard's word, its meaning, a way out; without the full stop.

    implicit: whether Implicit VR Little Endian was proposed for the abstract syntax, in whichever context."""
    word = explain_code("context_result", result)
    meanings = {
        1: "the acceptor turned this context down; its settings for our AE title or this SOP class decide",
        2: "the acceptor gives no reason; its log may",
        3: f"the acceptor does not support {label(asked.abstract_syntax)} in the role it would play",
        4: f"the acceptor supports {label(asked.abstract_syntax)} but {_none_of(asked, implicit)}",
    }
    meaning = meanings.get(result, "a result the Standard does not define; the acceptor's log may say more")
    return f"Refused: {word} - {meaning}"


def _none_of(asked: Asked, implicit: bool) -> str:
    syntaxes = asked.transfer_syntaxes
    none = f"not {label(syntaxes[0])}" if len(syntaxes) == 1 else f"none of the {len(syntaxes)} transfer syntaxes"
    return none if implicit else f"{none}; propose Implicit VR Little Endian too"
