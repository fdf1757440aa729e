"""What the association is doing, at one glance: `Sta6 Association established · 3 of 4 contexts · 12.4 ms`."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from engine.model.notices import AssociationPhase
from engine.standard.state_table import Sta
from engine.trace.tls_text import tls_lines

from .models.peers import duration_text
from .models.trace_tls import tls_words
from .session import AssociationRecord
from .theme import restyle, theme

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


class StatePill(QToolButton):
    """Shows as many parts as fit; the tooltip has all and the Standard's words for the state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: Sequence[str] = ()
        self.setProperty("pill", "muted")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.show_record(None)

    def show_record(self, record: AssociationRecord | None) -> None:
        """Say what this association is doing."""
        self._parts, role, sign = state_parts(record)
        restyle(self, "pill", role)
        theme().bind_text_icon(self, sign, role)
        whole = " · ".join(self._parts)
        lines = [whole]
        if record is not None:
            lines += [f"Association #{record.association} with {record.peer.ae_title}", state_definition(record.state)]
            lines += [record.sentence]
            lines += tls_lines(record.tls) if record.tls is not None else ()
        self.setToolTip("\n".join(t for t in lines if t))
        self.setAccessibleName(f"Association state: {whole}")
        self._fit()

    def text_shown(self) -> str:
        return self.text()

    def sizeHint(self) -> QSize:
        """As wide as all parts need, and no wider."""
        whole = self.fontMetrics().horizontalAdvance(" · ".join(self._parts))
        return QSize(whole + self._room_beside_text(), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        first = self.fontMetrics().horizontalAdvance(self._parts[0] if self._parts else "")
        return QSize(first + self._room_beside_text(), super().minimumSizeHint().height())

    @staticmethod
    def _room_beside_text() -> int:
        return 50

    def _fit(self) -> None:
        room = self.width() - self._room_beside_text()
        count = len(self._parts)
        while count > 1 and self.fontMetrics().horizontalAdvance(" · ".join(self._parts[:count])) > room:
            count -= 1
        self.setText(" · ".join(self._parts[:count]))
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
