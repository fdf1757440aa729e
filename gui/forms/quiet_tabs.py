"""Tabs whose titles count: a title that changes draws the bar, not the page below it."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QTabWidget, QWidget

from gui.sound import sound


class QuietTabs(QTabWidget):
    """In document mode, where the bar is as wide as the widget whatever its titles say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)

    def setTabText(self, index: int, text: str) -> None:
        """Qt's own lays out and draws everything, pages included: nothing of them has moved."""
        self.tabBar().setTabText(index, text)

    @sound
    def event(self, event: QEvent) -> bool:
        """The bar asks for a layout at each new title."""
        if event.type() is QEvent.Type.LayoutRequest and self._fits():
            return True
        return super().event(event)

    def _fits(self) -> bool:
        bar = self.tabBar()
        return bar.width() == self.width() and bar.height() == bar.sizeHint().height()
