"""Presentation contexts, proposed and answered, as rows of a table and as two-line entries for a narrow panel."""

from __future__ import annotations

from engine.model.association import NegotiatedContext, Role
from engine.model.notices import AssociationPhase
from engine.standard.codes import explain_code
from engine.standard.dictionary import uid_words

from .command_values import plain_name
from .contexts import abstract_name
from .lists import Entry
from .rows import Column
from .trace_store import TraceAssociation
from .trace_words import bits_word, brief_syntax, result_word, role_word

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
    """Proposed and answered roles; "default" while neither side said a word."""
    if context.proposed_role is Role.DEFAULT and context.answered_role is None:
        return "default"
    return f"{role_word(context.proposed_role)} → {bits_word(context.answered_role)}"


def _name(context: NegotiatedContext) -> str:
    return plain_name(abstract_name(context.abstract_syntax))


def _first_proposed(context: NegotiatedContext) -> str:
    return brief_syntax(context.proposed[0]) if context.proposed else "none"


def _other_proposed(context: NegotiatedContext) -> str:
    """The second one; of more, how many and which."""
    others = context.proposed[1:]
    names = ", ".join(map(brief_syntax, others))
    return f"+ {len(others)}: {names}" if len(others) > 1 else names


def _syntaxes_tip(context: NegotiatedContext) -> str:
    return "\n".join(map(uid_words, context.proposed))


def _accepted_text(context: NegotiatedContext) -> str:
    return brief_syntax(context.transfer_syntax) if context.transfer_syntax else "—"


def _result_lines(context: NegotiatedContext) -> tuple[str, str]:
    """The Standard's word, the long ones broken where they say what is not supported."""
    word = result_text(context)
    head, not_, tail = word.partition("-not-")
    return (f"{head}-", f"{not_[1:]}{tail}") if not_ else (word, "")


def _role_lines(context: NegotiatedContext) -> tuple[str, str]:
    proposed, arrow, answered = roles_text(context).partition(" → ")
    return proposed, f"{arrow.strip()} {answered}".strip()


COLUMNS: tuple[Column[NegotiatedContext], ...] = (
    Column("ID", lambda c: str(c.id), sample="255", align_right=True, title_tooltip="Presentation-context-ID"),
    Column(
        "Abstract syntax",
        _name,
        lambda c: uid_words(c.abstract_syntax),
        copy=lambda c: uid_words(c.abstract_syntax),
        middle=True,
        sample="Storage Commitmen",
        weight=3,
        second=lambda c: c.abstract_syntax if _name(c) != c.abstract_syntax else "",
    ),
    Column(
        "Proposed",
        _first_proposed,
        _syntaxes_tip,
        copy=lambda c: ", ".join(map(uid_words, c.proposed)),
        sample="Explicit LE",
        weight=2,
        title_tooltip="Transfer syntaxes proposed",
        second=_other_proposed,
    ),
    Column(
        "Result",
        lambda c: _result_lines(c)[0],
        lambda c: f"{result_full(c)}\n{c.reason}",
        lambda c: look(c)[1],
        look,
        copy=result_full,
        sample="abstract-syntax-",
        second=lambda c: _result_lines(c)[1],
    ),
    Column(
        "Accepted",
        _accepted_text,
        lambda c: uid_words(c.transfer_syntax),
        copy=lambda c: uid_words(c.transfer_syntax),
        sample="Explicit LE",
        weight=1,
        title_tooltip="Transfer syntax accepted",
    ),
    Column(
        "Roles",
        lambda c: _role_lines(c)[0],
        lambda c: f"Roles: {_roles_sentence(c)}",
        copy=roles_text,
        sample="→ SCP",
        title_tooltip="SCP/SCU role selection, proposed → answered",
        second=lambda c: _role_lines(c)[1],
    ),
)


def entry(context: NegotiatedContext) -> Entry:
    """The same in two lines: what was proposed and, behind the arrow, what was answered."""
    icon, role = look(context)
    first, others = map(brief_syntax, context.proposed[:2]), len(context.proposed) - 2
    proposed = ", ".join(first) + (f" + {others}" if others > 0 else "")
    answer = f" → {_accepted_text(context)}" if context.transfer_syntax else ""
    default = "" if roles_text(context) == "default" else roles_text(context)
    roles = default or (bits_word((context.requestor_scu, context.requestor_scp)) if context.accepted else "")
    return Entry(
        title=_name(context),
        lead=str(context.id),
        detail=(proposed or "none") + answer,
        note=" · ".join(filter(None, (result_text(context), roles))),
        note_role=role,
        icon=(icon, role),
        tooltip=f"{uid_words(context.abstract_syntax)}\n{result_full(context)}\n{context.reason}\n"
        f"Proposed:\n{_syntaxes_tip(context)}\nRoles: {_roles_sentence(context)}",
        copy="\t".join((column.copy or column.text)(context) for column in COLUMNS),
    )


def details(context: NegotiatedContext) -> tuple[tuple[str, str], ...]:
    """(label, text) lines that say everything about one context."""
    return (
        ("Abstract syntax", uid_words(context.abstract_syntax)),
        ("Reason", context.reason),
        ("Result", result_full(context)),
        ("Accepted", uid_words(context.transfer_syntax) if context.transfer_syntax else "no transfer syntax"),
        ("Proposed", "\n".join(map(uid_words, context.proposed)) or "no transfer syntax"),
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
