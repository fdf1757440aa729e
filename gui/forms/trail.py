"""The way down through the levels: each step above is a button that goes back to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from gui.theme import SPACING, theme
from gui.tips import plain_tip

LONGEST = 28
"""Characters of a step shown; the tooltip has the whole."""


class Trail(QWidget):
    """`back` carries the place of the step gone back to, from 0. Hidden while there is nothing above."""

    back = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: list[QToolButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACING.small)
        self.hide()

    def show_steps(self, steps: Sequence[str], here: str) -> None:
        """The steps above, and what is shown now."""
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = []
        for place, words in enumerate(steps):
            button = QToolButton(self)
            button.setText(_short(words).replace("&", "&&"))
            button.setToolTip(plain_tip(f"Back to: {words}"))
            button.setAccessibleName(f"Back to {words}")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(self.back.emit, place))
            self.buttons.append(button)
            self._row.addWidget(button)
            mark = QLabel(self)
            mark.setPixmap(theme().icon("chevron-right", "muted").pixmap(SPACING.icon))
            self._row.addWidget(mark)
        last = QLabel(_short(here), self)
        last.setToolTip(here)
        last.setTextFormat(Qt.TextFormat.PlainText)
        self._row.addWidget(last)
        self._row.addStretch(1)
        self.setVisible(bool(steps))


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
