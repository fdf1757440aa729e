"""Parts that scroll where there is no room: of a dialog, as high as what stands in it, and of the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from gui.sound import sound
from gui.theme import LEAST_TABLE


class GrowingArea(QScrollArea):
    """Fields and what is wrong with them. most: pixels of height, so that the dialog fits a small screen."""

    def __init__(self, content: QWidget, parent: QWidget | None = None, *, most: int) -> None:
        super().__init__(parent)
        self.maximum, self._content = most, content
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)

    @sound
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What stands in it wants another height."""
        if event.type() is QEvent.Type.LayoutRequest and watched is self._content:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    @sound
    def minimumSizeHint(self) -> QSize:
        content = self._content
        least = content.minimumSizeHint()
        width = max(least.width(), self.viewport().width())
        high = content.heightForWidth(width) if content.hasHeightForWidth() else least.height()
        bar = self.verticalScrollBar().sizeHint().width() if high > self.maximum else 0
        return QSize(least.width() + bar, min(max(high, least.height()), self.maximum))

    @sound
    def sizeHint(self) -> QSize:
        return self.minimumSizeHint().expandedTo(QSize(self._content.sizeHint().width(), 0))


def giving_area(content: QWidget, parent: QWidget) -> QScrollArea:
    """All of its content where there is room; in a low window it scrolls, instead of making the window higher."""
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumHeight(2 * LEAST_TABLE)
    area.setWidget(content)
    return area
