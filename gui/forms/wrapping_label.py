"""Sentences that wrap wherever they must: a UID of 64 characters or a long host name is no wider than its place."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QWidget

from gui.menus import new_menu
from gui.redacted import copy_redacted_title, copy_text, redaction_for
from gui.sound import sound

LONG = 24
"""Characters of a word from which it may be broken."""
_WORD = re.compile(rf"\S{{{LONG + 1},}}")
_SIGNS = r".:/\\,;=@_?&-"
_PLACES = re.compile(rf"[{_SIGNS}](?=.)|[^{_SIGNS}]{{{LONG}}}(?=.)")
_BREAK = "\u200b"
"""A space without width: Qt may begin a line there."""


def breakable(text: str) -> str:
    """The text with places in its long words where a line may end."""
    return _WORD.sub(lambda word: _PLACES.sub(lambda place: place[0] + _BREAK, word[0]), text)


class WrappingLabel(QLabel):
    """Plain text. `text()` is what was set."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(breakable(text), parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def setText(self, text: str) -> None:
        super().setText(breakable(text))

    def text(self) -> str:
        return super().text().replace(_BREAK, "")

    def selectedText(self) -> str:
        return super().selectedText().replace(_BREAK, "")


class SelectableLabel(WrappingLabel):
    """One that can be copied: what is selected by mouse, else all of it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def copy(self) -> None:
        copy_text(self.selectedText() or self.text())

    def copy_redacted(self) -> None:
        """The same without patients' data, AE titles and addresses."""
        copy_text(redaction_for(self).lines(self.selectedText() or self.text()))

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(event)

    @sound
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = new_menu(self)
        menu.addAction("&Copy", self.copy)
        menu.addAction(copy_redacted_title(), self.copy_redacted)
        menu.popup(event.globalPos())
