"""A tinted line that says what ended badly: a sign, a few words, the sentence below."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.theme import SPACING, theme

_RADIUS = 4


class Banner(QWidget):
    """Hidden until it has something to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = "failure"
        self._icon = QLabel(self)
        self.title = QLabel(self)
        self.sentence = QLabel(self)
        for label in (self.title, self.sentence):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.title.setProperty("role", "title")
        words = QVBoxLayout()
        words.setSpacing(SPACING.hair)
        words.addWidget(self.title)
        words.addWidget(self.sentence)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING.large, SPACING.normal, SPACING.large, SPACING.normal)
        row.setSpacing(SPACING.normal)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        theme().changed.connect(self._dress)
        self.hide()

    def say(self, title: str, sentence: str = "", role: str = "failure") -> None:
        """Show this; an empty title hides the banner. role: "failure", "warning" or "ok"."""
        self._role = role
        self.title.setText(title)
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))
        self.setAccessibleName(f"{title}. {sentence}")
        self.setVisible(bool(title))
        self._dress()

    def _dress(self) -> None:
        self._icon.setPixmap(theme().pixmap(self._role, self._role))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(f"{self._role}_tint"))
        painter.drawRoundedRect(QRectF(self.rect()), _RADIUS, _RADIUS)
        painter.end()
