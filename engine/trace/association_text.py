"""An association as the block of text people paste into tickets.

Its field names are those readers of other toolkits' logs know ("Their Implementation Class UID", "Context ID: 1
(Proposed)"), so that it is understood at once wherever it is pasted.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.association import Negotiated, NegotiatedContext, Proposal, ProposedContext, Role
from engine.model.notices import AssociationNotice
from engine.standard.codes import abort_text, explain_code, rejection_text
from engine.standard.dictionary import uid_name

from .plain_text import visible

_WIDTH = 38


def association_text(
    proposal: Proposal | None,
    negotiated: Negotiated | None = None,
    *,
    rejection: tuple[int, int, int] | None = None,
    abort: tuple[int, int] | None = None,
    sentence: str = "",
    requestor: bool = True,
) -> str:
    """The block. requestor: whether the proposal was ours; decides who is "our" and who is "their"."""
    lines: list[str] = []
    if proposal:
        lines += _proposed(proposal, "Our" if requestor else "Their")
    if negotiated:
        lines += ["", *_answered(negotiated, "Their" if requestor else "Our")]
    if rejection:
        lines += ["", "A-ASSOCIATE-RJ", _line("Rejected", rejection_text(*rejection))]
    if abort:
        lines += ["", "A-ABORT", _line("Aborted", abort_text(*abort))]
    if sentence:
        lines += ["", sentence]
    return "\n".join(map(visible, lines)).strip("\n") + "\n"


def notices_text(notices: Iterable[AssociationNotice]) -> str:
    """The block of one association from its notices, "" when there are none."""
    proposal: Proposal | None = None
    negotiated: Negotiated | None = None
    last: AssociationNotice | None = None
    rejection: tuple[int, int, int] | None = None
    abort: tuple[int, int] | None = None
    for notice in notices:
        last = notice
        proposal = notice.proposal or proposal
        negotiated = notice.negotiated or negotiated
        rejection = notice.rejection or rejection
        abort = notice.abort or abort
    if last is None:
        return ""
    text = association_text(
        proposal, negotiated, rejection=rejection, abort=abort, sentence=last.sentence, requestor=last.requestor
    )
    direction = "to" if last.requestor else "from"
    return f"Association {direction} {last.peer.host}:{last.peer.port}, {last.phase.value}\n\n{text}"


def _line(label: str, value: str, indent: int = 2) -> str:
    return f"{' ' * indent}{label + ':':{_WIDTH - indent}}{value}".rstrip()


def _named(uid: str) -> str:
    name = uid_name(uid)
    return f"={name} ({uid})" if name else uid or "(none)"


def _proposed(p: Proposal, whose: str) -> list[str]:
    lines = [
        "A-ASSOCIATE-RQ",
        _line(f"{whose} Implementation Class UID", p.local.implementation_class_uid),
        _line(f"{whose} Implementation Version Name", p.local.implementation_version_name),
        _line("Application Context Name", _named(p.application_context)),
        _line("Calling Application Name", p.local.ae_title),
        _line("Called Application Name", p.peer.ae_title),
        _line(f"{whose} Max PDU Receive Size", _size(p.local.maximum_length)),
    ]
    if p.async_window:
        lines.append(_line("Asynchronous operations window", _window(p.async_window.invoked, p.async_window.performed)))
    if p.user_identity:
        kind = explain_code("user_identity_type", p.user_identity.type)
        answer = "answer requested" if p.user_identity.positive_response_requested else "no answer requested"
        lines.append(_line("User identity", f"{kind} (not shown), {answer}"))
    lines.append("  Presentation Contexts:")
    for context in p.contexts:
        lines += _proposed_context(context)
    lines += [_line(f"Extended negotiation, {_named(e.sop_class_uid)}", e.information.hex(" ")) for e in p.extended]
    for common in p.common_extended:
        related = ", ".join(map(_named, common.related_general)) or "none"
        lines.append(_line(f"Common extended, {_named(common.sop_class_uid)}", f"related general: {related}"))
    return lines


def _proposed_context(c: ProposedContext) -> list[str]:
    lines = [
        f"    Context ID:        {c.id} (Proposed)",
        f"      Abstract Syntax: {_named(c.abstract_syntax)}",
        f"      Proposed SCP/SCU Role: {_ROLES[c.role]}",
        "      Proposed Transfer Syntax(es):",
    ]
    return lines + [f"        {_named(u)}" for u in c.transfer_syntaxes]


_ROLES = {Role.DEFAULT: "Default", Role.SCU: "SCU", Role.SCP: "SCP", Role.BOTH: "SCP/SCU"}


def _answered(n: Negotiated, whose: str) -> list[str]:
    theirs = n.send_maximum if whose == "Their" else n.receive_maximum
    lines = ["A-ASSOCIATE-AC"]
    if whose == "Their":
        lines += [
            _line("Their Implementation Class UID", n.peer_implementation_class_uid),
            _line("Their Implementation Version Name", n.peer_implementation_version_name or "(none)"),
        ]
    lines += [
        _line(f"{whose} Max PDU Receive Size", _size(theirs)),
        _line("Asynchronous operations window", _window(n.window.invoked, n.window.performed)),
    ]
    if n.user_identity_response is not None:
        lines.append(_line("User identity", "answered (not shown)"))
    lines.append("  Presentation Contexts:")
    for context in n.contexts:
        lines += _answered_context(context)
    lines += [_line(f"Extended negotiation, {_named(e.sop_class_uid)}", e.information.hex(" ")) for e in n.extended]
    return lines


def _answered_context(c: NegotiatedContext) -> list[str]:
    result = "Accepted" if c.accepted else explain_code("context_result", c.result) if c.result >= 0 else "not answered"
    lines = [f"    Context ID:        {c.id} ({result})", f"      Abstract Syntax: {_named(c.abstract_syntax)}"]
    if c.accepted:
        roles = " and ".join(r for r, on in (("SCU", c.requestor_scu), ("SCP", c.requestor_scp)) if on) or "none"
        lines += [
            f"      Requestor's role: {roles}",
            f"      Accepted Transfer Syntax: {_named(c.transfer_syntax)}",
        ]
    if c.reason:
        lines.append(f"      {c.reason}")
    return lines


def _size(length: int) -> str:
    return str(length) if length else "0 (unlimited)"


def _window(invoked: int, performed: int) -> str:
    return f"invoked {invoked or 'unlimited'}, performed {performed or 'unlimited'}"
