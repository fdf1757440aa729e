"""An A-ASSOCIATE-AC against the request it answers (PS3.8 7.1.1.14, 9.3.3, PS3.7 D.3.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.standard.pdus import (
    AbstractSyntax,
    AssociateAC,
    AssociateRQ,
    AsyncOperationsWindow,
    PresentationContextAC,
    PresentationContextRQ,
    RoleSelection,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    TransferSyntax,
    UserIdentityAC,
    UserIdentityRQ,
)
from engine.standard.sop_classes import sop_class
from engine.standard.transfer_syntaxes import IMPLICIT_VR_LE, transfer_syntax

from .findings import Finding, found
from .items import about, items_of, named, twice, user_items

_TRANSFER_SYNTAXES_REFUSED = 4
_NAMED = (1, 2)
"""User identities whose positive response says nothing more: a username, with a passcode or without."""
_OPTION_BYTES = ("qr_find", "qr_retrieve", "worklist_find", "composite_instance_root_retrieve")
"""Extended negotiations whose bytes are options: 1 grants what 1 asked for (PS3.4 C.5.1.1, C.5.2.1, K.5.1, Y.5.1)."""


def _ae_titles(rq: AssociateRQ, ac: AssociateAC) -> Iterator[Finding]:
    if (rq.called_ae_title, rq.calling_ae_title) != (ac.called_ae_title, ac.calling_ae_title):
        called, calling = (t.strip(" \0") for t in (ac.called_ae_title, ac.calling_ae_title))
        sentence = f"The answer's AE titles are {called or 'blank'} and {calling or 'blank'}, not the request's."
        yield found("association.ae-title-copy", sentence)


def _answered(rq: AssociateRQ, ac: AssociateAC) -> Iterator[Finding]:
    proposed = {c.id for c in items_of(rq.items, PresentationContextRQ)}
    contexts = items_of(ac.items, PresentationContextAC)
    answered = {c.id for c in contexts}
    for context_id in sorted(proposed - answered):
        yield found("association.context-unanswered", f"Presentation context {context_id} is not answered.")
    for context in contexts:
        if context.id not in proposed:
            sentence = f"Presentation context {context.id} is answered, but was not proposed."
            yield about("association.context-unproposed", context, sentence)
    for context in twice(contexts, lambda c: c.id):
        sentence = f"Presentation context {context.id} is answered more than once."
        yield about("association.context-id-repeated", context, sentence)
    if contexts and all(c.result for c in contexts):
        sentence = "No presentation context is accepted; the association can carry no message."
        yield found("association.nothing-accepted", sentence)


def _results(rq: AssociateRQ, ac: AssociateAC) -> Iterator[Finding]:
    proposed = {c.id: {t.name for t in items_of(c.items, TransferSyntax)} for c in _contexts(rq)}
    for context in items_of(ac.items, PresentationContextAC):
        syntaxes = [t.name for t in items_of(context.items, TransferSyntax)]
        name = f"Presentation context {context.id}"
        if context.result > _TRANSFER_SYNTAXES_REFUSED:
            sentence = f"{name} is answered with {context.result}; results are 0 to 4."
            yield about("association.context-result", context, sentence)
        if len(syntaxes) != 1:
            severity = "warning" if context.result else ""
            sentence = f"{name} is answered with {len(syntaxes)} transfer syntaxes; there must be one."
            yield about("association.answer-transfer-syntax", context, sentence, severity=severity)
        if context.result == 0 and context.id in proposed:
            for syntax in syntaxes:
                if syntax not in proposed[context.id]:
                    sentence = f"{name} is accepted with {named(syntax)}, which was not proposed for it."
                    yield about("association.unproposed-syntax", context, sentence)


def _contexts(rq: AssociateRQ) -> list[PresentationContextRQ]:
    return items_of(rq.items, PresentationContextRQ)


def _default_refused(rq: AssociateRQ, ac: AssociateAC) -> Iterator[Finding]:
    results = {c.id: c.result for c in items_of(ac.items, PresentationContextAC)}
    by_class: dict[str, list[PresentationContextRQ]] = {}
    for context in _contexts(rq):
        for abstract in items_of(context.items, AbstractSyntax):
            by_class.setdefault(abstract.name, []).append(context)
    for abstract_syntax, contexts in by_class.items():
        offered = {t.name for c in contexts for t in items_of(c.items, TransferSyntax)}
        refused = all(results.get(c.id) == _TRANSFER_SYNTAXES_REFUSED for c in contexts)
        if refused and IMPLICIT_VR_LE in offered and not any(map(_is_reference, offered)):
            sentence = f"{named(abstract_syntax)} is refused for its transfer syntaxes, Implicit VR among them."
            yield found("association.default-syntax-refused", sentence)


def _is_reference(uid: str) -> bool:
    row = transfer_syntax(uid)
    return row is not None and row.pixel_data == "reference"


def _window(rq: AssociateRQ, ac: AssociateAC) -> Iterator[Finding]:
    asked = user_items(rq.items, AsyncOperationsWindow)
    for item in user_items(ac.items, AsyncOperationsWindow):
        if not asked:
            yield about(
                "association.window", item, "An asynchronous operations window is answered, but none was proposed."
            )
            continue
        pairs = (("invoked", asked[0].invoked, item.invoked), ("performed", asked[0].performed, item.performed))
        for name, wanted, got in pairs:
            if wanted and (got == 0 or got > wanted):
                words = "unlimited" if got == 0 else str(got)
                sentence = f"Operations {name}: {words} granted, but {wanted} asked for."
                yield about("association.window", item, sentence)


def _roles(rq: AssociateRQ, ac: AssociateAC) -> Iterator[Finding]:
    proposed = {r.sop_class_uid: r for r in reversed(user_items(rq.items, RoleSelection))}
    for role in user_items(ac.items, RoleSelection):
        asked = proposed.get(role.sop_class_uid)
        name = named(role.sop_class_uid)
        if asked is None:
            yield about(
                "association.role-answer", role, f"Roles are answered for {name}, for which none were proposed."
            )
            continue
        for word, wanted, got in (("SCU", asked.scu_role, role.scu_role), ("SCP", asked.scp_role, role.scp_role)):
            if got and not wanted:
                sentence = f"The {word} role is accepted for {name}, but was not proposed; it does not count."
                yield about("association.role-answer", role, sentence)


def _extended(rq: AssociateRQ, ac: AssociateAC) -> Iterator[Finding]:
    asked = {e.sop_class_uid: e.information for e in reversed(user_items(rq.items, SopClassExtendedNegotiation))}
    for item in user_items(ac.items, SopClassExtendedNegotiation):
        information = asked.get(item.sop_class_uid)
        if information is None:
            sentence = f"Extended negotiation is answered for {named(item.sop_class_uid)}, but was not proposed."
            yield about("association.extended-answer", item, sentence)
        else:
            yield from _granted(item, information)
    for common in user_items(ac.items, SopClassCommonExtendedNegotiation):
        sentence = f"The answer has a common extended negotiation ({named(common.sop_class_uid)})."
        yield about("association.common-extended-answer", common, sentence)


def _granted(item: SopClassExtendedNegotiation, asked: bytes) -> Iterator[Finding]:
    sop = sop_class(item.sop_class_uid)
    if sop is None or sop.extended_negotiation not in _OPTION_BYTES:
        return
    name = sop.name
    if len(asked) == 1 and len(item.information) > 1:
        sentence = f"Extended negotiation of {name}: one byte was proposed, {len(item.information)} are answered."
        yield about("association.extended-answer-content", item, sentence)
    for number, got in enumerate(item.information, 1):
        wanted = asked[number - 1] if number <= len(asked) else 0
        if got and not wanted:
            sentence = f"Extended negotiation of {name}: byte {number} is granted, but was not asked for."
            yield about("association.extended-answer-content", item, sentence)


def _identity(rq: AssociateRQ, ac: AssociateAC) -> Iterator[Finding]:
    asked = user_items(rq.items, UserIdentityRQ)
    answers = user_items(ac.items, UserIdentityAC)
    wanted = any(a.positive_response_requested for a in asked)
    for item in answers if asked and asked[0].type in _NAMED else ():
        if item.server_response:
            sentence = f"The response to a user identity of type {asked[0].type} has {len(item.server_response)} bytes."
            yield about("association.user-identity-response", item, sentence)
    if answers and not wanted:
        why = "no response to it was requested" if asked else "no user identity was sent"
        yield found("association.user-identity-answer", f"There is a user identity response, but {why}.")
    elif wanted and not answers:
        sentence = "The requested user identity response is missing; the acceptor may not have looked at the identity."
        yield found("association.user-identity-silent", sentence)


ANSWER_CHECKS: tuple[Callable[[AssociateRQ, AssociateAC], Iterable[Finding]], ...] = (
    _ae_titles,
    _answered,
    _results,
    _default_refused,
    _window,
    _roles,
    _extended,
    _identity,
)
