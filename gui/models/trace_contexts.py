"""Presentation contexts, proposed and answered, as rows of a table and as two-line entries for a narrow panel."""

from __future__ import annotations

from engine.model.association import NegotiatedContext, Role
from engine.model.notices import AssociationPhase
from engine.standard.codes import explain_code

from .contexts import short_abstract_name
from .lists import Entry
from .rows import Column
from .trace_store import TraceAssociation
from .trace_words import bits_word, named, result_word, role_word, short_name

PROPOSED_ONLY = -2
"""Result of a context for which no answer has come (yet)."""
_STILL = {
    AssociationPhase.CONNECTING: "Not sent yet: the connection is being made.",
    AssociationPhase.NEGOTIATING: "Not answered yet.",
    AssociationPhase.REJECTED: "The association was rejected as a whole, so no context was answered.",
}


def context_rows(record: TraceAssociation) -> tuple[NegotiatedContext, ...]:
    """What was negotiated, or what was proposed while (or because) there is no answer."""
    if record.negotiated is not None:
        return record.negotiated.contexts
    if record.proposal is None:
        return ()
    reason = _STILL.get(record.phase, "No answer came.")
    return tuple(
        NegotiatedContext(
            id=c.id,
            abstract_syntax=c.abstract_syntax,
            proposed=c.transfer_syntaxes,
            result=PROPOSED_ONLY,
            proposed_role=c.role,
            reason=reason,
        )
        for c in record.proposal.contexts
    )


def result_text(context: NegotiatedContext) -> str:
    return "no answer" if context.result == PROPOSED_ONLY else result_word(context.result)


def result_full(context: NegotiatedContext) -> str:
    """With the code and who said it: "3 abstract-syntax-not-supported (provider rejection)"."""
    if context.result < 0:
        return result_text(context)
    return f"{context.result} {explain_code('context_result', context.result)}"


def look(context: NegotiatedContext) -> tuple[str, str]:
    """(icon, theme role)."""
    if context.result == PROPOSED_ONLY:
        return ("never", "muted")
    return ("ok", "ok") if context.accepted else ("failure", "failure")


def roles_text(context: NegotiatedContext) -> str:
    """Proposed and answered roles; "" while the default is not touched."""
    if context.proposed_role is Role.DEFAULT and context.answered_role is None:
        return "default"
    return f"{role_word(context.proposed_role)} → {bits_word(context.answered_role)}"


def proposed_text(context: NegotiatedContext) -> str:
    """How many and which; the number survives where the names are cut."""
    names = ", ".join(map(short_name, context.proposed))
    return names if len(context.proposed) == 1 else f"{len(context.proposed)}: {names}" if names else "none"


def _syntaxes_tip(context: NegotiatedContext) -> str:
    return "\n".join(map(named, context.proposed))


def _accepted_text(context: NegotiatedContext) -> str:
    return short_name(context.transfer_syntax) if context.transfer_syntax else "—"


COLUMNS: tuple[Column[NegotiatedContext], ...] = (
    Column("ID", lambda c: str(c.id), sample="255", align_right=True, title_tooltip="Presentation-context-ID"),
    Column(
        "Abstract syntax",
        lambda c: short_abstract_name(c.abstract_syntax),
        lambda c: named(c.abstract_syntax),
        copy=lambda c: named(c.abstract_syntax),
        middle=True,
        sample="Study Root Query/Retrieve - MOVE",
        weight=3,
    ),
    Column(
        "Proposed transfer syntaxes",
        proposed_text,
        _syntaxes_tip,
        copy=lambda c: ", ".join(map(named, c.proposed)),
        weight=3,
        priority=1,
    ),
    Column(
        "Result",
        result_text,
        lambda c: f"{result_full(c)}\n{c.reason}",
        lambda c: look(c)[1],
        look,
        copy=result_full,
        sample="transfer-syntaxes-not-supported",
    ),
    Column(
        "Accepted",
        _accepted_text,
        lambda c: named(c.transfer_syntax),
        copy=lambda c: named(c.transfer_syntax),
        sample="Explicit VR Little Endian",
        weight=1,
    ),
    Column(
        "Roles",
        roles_text,
        copy=roles_text,
        sample="SCU/SCP → SCU/SCP",
        title_tooltip="SCP/SCU role selection, proposed → answered",
    ),
)


def entry(context: NegotiatedContext) -> Entry:
    """The same in two lines."""
    icon, role = look(context)
    count = len(context.proposed)
    roles = "" if roles_text(context) == "default" else roles_text(context)
    parts: tuple[str, ...]
    if context.accepted:
        parts = (f"{_accepted_text(context)}, of {count} proposed", roles)
    else:
        parts = (result_text(context) if context.result >= 0 else "", f"{count} proposed", roles)
    note = result_text(context) if context.accepted or context.result < 0 else "rejected"
    return Entry(
        title=short_abstract_name(context.abstract_syntax),
        lead=str(context.id),
        detail=" · ".join(p for p in parts if p),
        note=note,
        note_role=role,
        icon=(icon, role),
        tooltip=f"{named(context.abstract_syntax)}\n{result_full(context)}\n{context.reason}",
        copy="\t".join((column.copy or column.text)(context) for column in COLUMNS),
    )


def details(context: NegotiatedContext) -> tuple[tuple[str, str], ...]:
    """(label, text) lines that say everything about one context."""
    return (
        ("Abstract syntax", named(context.abstract_syntax)),
        ("Reason", context.reason),
        ("Result", result_full(context)),
        ("Accepted", named(context.transfer_syntax) if context.transfer_syntax else "no transfer syntax"),
        ("Proposed", "\n".join(map(named, context.proposed)) or "no transfer syntax"),
        ("Roles", _roles_sentence(context)),
    )


def _roles_sentence(context: NegotiatedContext) -> str:
    agreed = bits_word((context.requestor_scu, context.requestor_scp))
    outcome = f"; the requestor is {agreed}" if context.accepted else ""
    if roles_text(context) == "default":
        return f"no role selection{outcome}"
    return f"proposed {role_word(context.proposed_role)}, {_answered_role(context)}{outcome}"


def _answered_role(context: NegotiatedContext) -> str:
    return "not answered" if context.answered_role is None else f"answered {bits_word(context.answered_role)}"
