"""What the window puts on the clipboard at a command: the association shown, and what has the keyboard, redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from .redacted import COPIED, copy_focused
from .text_menus import TextMenus

if TYPE_CHECKING:
    from collections.abc import Callable

    from .main_window import MainWindow


class Copying(QObject):
    """The commands; what came of them is said in the status bar."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        TextMenus(self)
        self._trace, self._say = window.trace, window.say
        self._trace.copy_requested.connect(self._copied)
        self.handlers: dict[str, Callable[..., None]] = {
            "copy_redacted": self.copy_redacted,
            "copy_association": self.copy_association,
            "copy_association_redacted": self.copy_association_redacted,
        }

    def copy_redacted(self) -> None:
        """The rows selected, or the text, without patients' data, AE titles and addresses."""
        if copy_focused():
            self._say(COPIED, "text")
        else:
            self._say("There is nothing to copy here: select rows, a value or a text first.", "warning")

    def copy_association(self) -> None:
        """The association the trace shows, as text."""
        self._copy(self._trace.copy_text)

    def copy_association_redacted(self) -> None:
        """The same without patients' data, AE titles and addresses."""
        self._copy(self._trace.copy_redacted_text)

    def _copy(self, copy: Callable[[], None]) -> None:
        if self._trace.text():
            copy()
        else:
            self._say("There is no association to copy yet.", "warning")

    def _copied(self, _text: str) -> None:
        self._say("The association is on the clipboard as text.", "text")
