"""The three theme commands: one is checked, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QApplication

from .shortcuts import Actions
from .theme import CHOICES, theme


class ThemeChoice(QObject):
    """Follows the theme, and lets the user choose it."""

    def __init__(self, store: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._actions: Actions | None = None
        self.handlers: dict[str, Callable[[bool], None]] = {
            f"theme_{choice}": partial(self._chosen, choice) for choice in CHOICES
        }
        theme().changed.connect(self.show)

    def follow(self, actions: Actions) -> None:
        """Keep the checks of these actions true."""
        self._actions = actions
        self.show()

    def show(self) -> None:
        if self._actions is None:
            return
        for choice in CHOICES:
            action = self._actions[f"theme_{choice}"]
            action.blockSignals(True)
            action.setChecked(choice == theme().choice)
            action.blockSignals(False)

    def _chosen(self, choice: str, on: bool) -> None:
        app = QApplication.instance()
        if on and isinstance(app, QApplication) and theme().choice != choice:
            theme().apply(app, choice)
            self._store.setValue("window/theme", choice)
        self.show()
