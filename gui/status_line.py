"""The line at the lower edge: what happened last, with a sign where it was good or bad."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from .forms.header import OneLine
from .theme import SPACING, restyle, theme

_SIGNS = {"ok": "ok", "warning": "warning", "failure": "failure"}
_LABEL_ROLES = {"failure": "error"}


class StatusLine(QWidget):
    """`say` shows a sentence in the colour of a theme role."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = "text"
        self.sign = QLabel(self)
        self.sentence = OneLine(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING.hair, 0, 0, 0)
        row.setSpacing(SPACING.small + SPACING.hair)
        row.addWidget(self.sign)
        row.addWidget(self.sentence, 1)
        self.sign.hide()
        theme().changed.connect(self._recolour)

    def say(self, sentence: str, role: str) -> None:
        self._role = role
        self.sentence.say(sentence)
        restyle(self.sentence, "role", _LABEL_ROLES.get(role, role))
        self._recolour()

    def _recolour(self) -> None:
        self.sign.setVisible(self._role in _SIGNS)
        if self._role in _SIGNS:
            self.sign.setPixmap(theme().pixmap(_SIGNS[self._role], self._role))
