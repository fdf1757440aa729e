"""Everything about one row in full, as labelled lines that can be selected and copied."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QTextBrowser, QWidget

from gui.sound import sound
from gui.theme import SPACING, theme


class Details(QTextBrowser):
    """Shows (label, text) lines."""

    def __init__(self, parent: QWidget | None = None, *, name: str = "Details") -> None:
        super().__init__(parent)
        self._lines: tuple[tuple[str, str], ...] = ()
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(SPACING.normal)
        theme().changed.connect(self._write)

    def set_lines(self, lines: Iterable[tuple[str, str]]) -> None:
        self._lines = tuple(lines)
        self._write()

    @sound
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._to_top()

    def _write(self) -> None:
        muted = theme().color("muted").name()
        rows = (
            f"<tr><td style='color:{muted}; padding-right:{SPACING.large}px'>{escape(label)}</td>"
            f"<td>{escape(text).replace(chr(10), '<br>')}</td></tr>"
            for label, text in self._lines
        )
        self.setHtml(f"<table cellspacing='0' cellpadding='1'>{''.join(rows)}</table>" if self._lines else "")
        self._to_top()

    def _to_top(self) -> None:
        """Qt brings the cursor into view when it is shown or filled, which stands below the margin."""
        self.verticalScrollBar().setValue(0)
