"""How presentation contexts are shown and kept in order: IDs odd from 1, at most 128 (PS3.8 9.3.2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.model.association import MAX_CONTEXTS, ProposedContext, Role
from engine.standard.dictionary import uid_name, uid_text
from engine.standard.sop_classes import sop_class
from engine.standard.transfer_syntaxes import (
    DEFLATED_LE,
    EXPLICIT_VR_BE,
    EXPLICIT_VR_LE,
    IMPLICIT_VR_LE,
    transfer_syntax,
)
from engine.workspace.settings import number_contexts

from .lists import Entry, EntryModel

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

ROLE_TEXTS = {
    Role.DEFAULT: "default role",
    Role.SCU: "SCU",
    Role.SCP: "SCP",
    Role.BOTH: "SCU and SCP",
}
ROLE_CHOICES = (
    (Role.DEFAULT, "Default: no role selection item, we are SCU"),
    (Role.SCU, "SCU: role selection with SCU only"),
    (Role.SCP, "SCP: role selection with SCP only"),
    (Role.BOTH, "Both: role selection with SCU and SCP"),
)
_SHORT = {
    IMPLICIT_VR_LE: "Implicit LE",
    EXPLICIT_VR_LE: "Explicit LE",
    EXPLICIT_VR_BE: "Explicit BE",
    DEFLATED_LE: "Deflated LE",
}
_LAST_ID = 2 * MAX_CONTEXTS - 1
_UNCOMPRESSED = (EXPLICIT_VR_LE, IMPLICIT_VR_LE)


def abstract_name(uid: str) -> str:
    """Name of an abstract syntax, the UID itself when the registry does not have it."""
    row = sop_class(uid)
    return (row.name if row else uid_name(uid)) or uid


def short_abstract_name(uid: str) -> str:
    """A name for narrow lists: without the words every query model has, so that FIND, MOVE and GET stay visible."""
    return abstract_name(uid).replace(" Information Model", "")


def syntax_name(uid: str) -> str:
    """Full name of a transfer syntax, or its UID."""
    return uid_text(uid)


def short_syntax_name(uid: str) -> str:
    """A name that fits a list: what comes before the explanation in brackets or after the colon."""
    if uid in _SHORT:
        return _SHORT[uid]
    row = transfer_syntax(uid)
    return row.name.split(" (")[0].split(":")[0] if row else uid


def syntaxes_text(uids: Sequence[str]) -> str:
    """Transfer syntaxes in a line."""
    return ", ".join(short_syntax_name(u) for u in uids) or "no transfer syntax"


def describe_context(context: ProposedContext) -> Entry:
    """The entry of a context."""
    name = abstract_name(context.abstract_syntax)
    syntaxes = "\n".join(f"  {syntax_name(u)}  {u}" for u in context.transfer_syntaxes) or "  none"
    role = ROLE_TEXTS[context.role]
    surplus = context.id > _LAST_ID
    note = "not proposed" if surplus else "" if context.role is Role.DEFAULT else role
    return Entry(
        lead="—" if surplus else str(context.id),
        title=short_abstract_name(context.abstract_syntax),
        detail=syntaxes_text(context.transfer_syntaxes),
        note=note,
        note_role="warning" if surplus else "muted",
        tooltip=f"{name}\n{context.abstract_syntax}\n{role[0].upper()}{role[1:]}\nTransfer syntaxes:\n{syntaxes}",
        copy=f"{context.id}\t{name}\t{context.abstract_syntax}\t{' '.join(context.transfer_syntaxes)}\t{role}",
    )


def redacted_context(context: ProposedContext, redaction: Redaction) -> str:
    """What Copy has of a context, of what may leave the program."""
    uid = redaction.stand_ins.uid
    syntaxes = tuple(map(uid, context.transfer_syntaxes))
    return describe_context(ProposedContext(context.id, uid(context.abstract_syntax), syntaxes, context.role)).copy


def limit_sentence(count: int) -> str | None:
    """What to say when there are more contexts than an association can carry."""
    if count <= MAX_CONTEXTS:
        return None
    surplus = count - MAX_CONTEXTS
    those = "the last one is" if surplus == 1 else f"the last {surplus} are"
    return (
        f"{count} of {MAX_CONTEXTS}: {those} not proposed. Presentation-context-IDs are the odd numbers 1 to 255 "
        f"(PS3.8 9.3.2.2), so one association carries {MAX_CONTEXTS}; split the rest over another."
    )


def merge(present: Iterable[ProposedContext], more: Iterable[ProposedContext]) -> tuple[ProposedContext, ...]:
    """The contexts with those added that are not there yet, numbered anew."""
    result = [*present]
    seen = {(c.abstract_syntax, c.transfer_syntaxes, c.role) for c in result}
    for context in more:
        key = (context.abstract_syntax, context.transfer_syntaxes, context.role)
        if key not in seen:
            seen.add(key)
            result.append(context)
    return number_contexts(tuple(result))


def new_context(uid: str) -> ProposedContext:
    """A context for an abstract syntax as one usually proposes it."""
    return ProposedContext(1, uid, _UNCOMPRESSED)


class ContextsModel(EntryModel[ProposedContext]):
    """The list of contexts; IDs follow the order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(describe_context, parent, redact=redacted_context)

    def _rearranged(self) -> None:
        self._records = list(number_contexts(tuple(self._records)))
        self.refresh()

    def proposed(self) -> tuple[ProposedContext, ...]:
        """What fits an association."""
        return tuple(self.records[:MAX_CONTEXTS])

    def replaced(self, row: int, context: ProposedContext) -> tuple[ProposedContext, ...]:
        """The contexts with another in the place of one."""
        return tuple(replace(context, id=c.id) if i == row else c for i, c in enumerate(self.records))

    def without(self, rows: Iterable[int]) -> tuple[ProposedContext, ...]:
        """The contexts without some, numbered anew."""
        gone = set(rows)
        return number_contexts(tuple(c for i, c in enumerate(self.records) if i not in gone))
