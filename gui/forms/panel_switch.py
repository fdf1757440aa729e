"""The titles of two panels that share a place: the one shown is bold, the other one a click or a key away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from gui.theme import SPACING

from .header import HEADER_HEIGHT


class PanelSwitch(QWidget):
    """titles: (name, title, short title, tooltip) of each panel. shown: the name of the one this stands above."""

    def __init__(
        self,
        titles: tuple[tuple[str, str, str, str], ...],
        shown: str,
        on_chosen: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.large)
        self._titles = {name: (title, short) for name, title, short, _tip in titles}
        for name, title, _short, tip in titles:
            button = QToolButton(self)
            button.setText(title)
            button.setProperty("heading", "shown" if name == shown else "other")
            button.setToolTip(tip)
            button.setAccessibleName(f"{title}, shown" if name == shown else f"Show {title}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus if name == shown else Qt.FocusPolicy.TabFocus)
            button.clicked.connect(partial(on_chosen, name))
            self.buttons[name] = button
            row.addWidget(button)
        self.setMinimumHeight(HEADER_HEIGHT)

    def set_narrow(self, narrow: bool) -> None:
        """Show the short titles."""
        for name, button in self.buttons.items():
            button.setText(self._titles[name][narrow])
