"""What the association is doing, at one glance: `Sta6 Association established · 3 of 4 contexts · 12.4 ms`."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.model.notices import AssociationPhase
from engine.standard.state_table import Sta
from engine.trace.tls_text import tls_lines

from .giving_button import GivingButton
from .models.peers import duration_text
from .models.trace_tls import tls_words
from .session import AssociationRecord
from .theme import restyle, theme
from .tips import plain_tip

_PHASES = {
    AssociationPhase.CONNECTING: ("Connecting", "muted", "refresh"),
    AssociationPhase.NEGOTIATING: ("Waiting for the answer", "muted", "refresh"),
    AssociationPhase.ESTABLISHED: ("Association established", "ok", "ok"),
    AssociationPhase.REJECTED: ("Rejected", "failure", "failure"),
    AssociationPhase.RELEASING: ("Releasing", "muted", "refresh"),
    AssociationPhase.RELEASED: ("Released", "muted", "check"),
    AssociationPhase.ABORTED: ("Aborted", "failure", "failure"),
    AssociationPhase.FAILED: ("Failed", "failure", "failure"),
}
"""Words, theme role and sign of each phase."""


def state_parts(record: AssociationRecord | None) -> tuple[list[str], str, str]:
    """Parts from the most to the least important, theme role, sign."""
    if record is None:
        return ["No association"], "muted", "never"
    words, role, sign = _PHASES[record.phase]
    parts = [f"{record.state} {words}"]
    contexts = record.negotiated.contexts if record.negotiated is not None else ()
    accepted = sum(c.accepted for c in contexts)
    if record.established:
        parts.append(f"{accepted} of {len(contexts)} context{'' if len(contexts) == 1 else 's'}")
        if not accepted:
            role, sign = "warning", "warning"
        if record.tls is not None:
            sign = "lock" if sign == "ok" else sign
            # What is wrong with it comes before what fits otherwise.
            parts.insert(1 if record.tls.verified is False else len(parts), tls_words(record.tls))
        if record.established_after is not None:
            parts.append(duration_text(record.established_after))
    return parts, role, sign


def state_definition(state: str) -> str:
    """What the Standard calls a state, "" for one it does not have."""
    return Sta[state].definition if state in Sta.__members__ else ""


class StatePill(GivingButton):
    """Shows as many parts as there is room for; the tooltip has all and the Standard's words for the state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("pill", "muted")
        self.show_record(None)

    def show_record(self, record: AssociationRecord | None) -> None:
        """Say what this association is doing."""
        parts, role, sign = state_parts(record)
        restyle(self, "pill", role)
        theme().bind_text_icon(self, sign, role)
        whole = " · ".join(parts)
        lines = [whole]
        if record is not None:
            lines += [f"Association #{record.association} with {record.peer.ae_title}", state_definition(record.state)]
            lines += [record.sentence]
            lines += tls_lines(record.tls) if record.tls is not None else ()
        self.setToolTip(plain_tip("\n".join(t for t in lines if t)))
        self.setAccessibleName(f"Association state: {whole}")
        shorter = [" · ".join(parts[:count]) for count in range(len(parts), 0, -1)]
        self.say((*shorter, *_shortest(record)))

    def text_shown(self) -> str:
        return self.text()


def _shortest(record: AssociationRecord | None) -> tuple[str, ...]:
    """Less than the first part: the phase in a word, then the state alone."""
    return (f"{record.state} {record.phase.value}", record.state) if record is not None else ()
