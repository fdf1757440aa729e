"""Under which title something is to be kept in the workspace."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui.dialogs import FormDialog

from .fields import TextField


def _problem(text: str) -> str | None:
    return None if text.strip() else "A title is needed."


class TitleDialog(FormDialog):
    """Asks for a title; `chosen` carries it. noun: what is kept. taken: titles it would replace, in small letters."""

    chosen = Signal(object)

    def __init__(self, noun: str, title: str, taken: frozenset[str], parent: QWidget | None = None) -> None:
        super().__init__(f"Save the {noun}", "Save", parent, width=360)
        self._noun, self._taken = noun, taken
        self.title = TextField("&Title", _problem, parent=self)
        self.body.addWidget(self.title)
        self.title.edited.connect(self._allow)
        self.title.set_value(title)
        self.title.stay_calm()
        self._allow()

    def _allow(self, *_: object) -> None:
        text = self.title.value().strip()
        self.title.set_hint(f"Replaces the {self._noun} of this title." if text.lower() in self._taken else "")
        self.accept_button.setEnabled(self.title.is_valid())

    def accept(self) -> None:
        if self.title.is_valid():
            self.chosen.emit(self.title.value().strip())
            super().accept()
