"""A button of the toolbar that says the same thing ever shorter, as the window gets narrow."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from .sound import sound


class GivingButton(QToolButton):
    """Shows one of `texts`, longest first; `texts_changed` when there is room to be shared anew."""

    texts_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.texts: tuple[str, ...] = ("",)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def say(self, texts: tuple[str, ...]) -> None:
        """The same thing in other words, longest first."""
        self.texts = texts
        self.setText(texts[0])
        self.texts_changed.emit()

    def width_with(self, text: str) -> int:
        """Pixels the button needs to show a text."""
        metrics = self.fontMetrics()
        beside = super().sizeHint().width() - metrics.horizontalAdvance(self.text())
        return beside + metrics.horizontalAdvance(text)

    @sound
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def fitting(buttons: tuple[GivingButton, ...], room: int) -> tuple[str, ...]:
    """A text for each button, so that together they fit into `room` pixels as well as they can: they give way in turn,
    the first first."""
    places = [0] * len(buttons)
    turn = 0

    def texts() -> tuple[str, ...]:
        return tuple(button.texts[place] for button, place in zip(buttons, places, strict=True))

    while sum(b.width_with(t) for b, t in zip(buttons, texts(), strict=True)) > room:
        left = [n for n, button in enumerate(buttons) if places[n] + 1 < len(button.texts)]
        if not left:
            break
        giving = next((n for n in left if n >= turn), left[0])
        places[giving] += 1
        turn = (giving + 1) % len(buttons)
    return texts()
