"""A choice whose text ends in … where the room ends, instead of being cut."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter

from gui.sound import sound
from gui.theme import SPACING

_EDGE = 1
"""Pixels that Qt keeps at either side of the text."""


class ElidingCombo(QComboBox):
    """Only what is painted is shortened: the text, its tooltip and what is spoken stay whole."""

    def shown_text(self) -> str:
        """The current text as far as there is room."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        icon = self.iconSize().width() + SPACING.small if not option.currentIcon.isNull() else 0
        room = field.width() - icon - 2 * _EDGE
        return self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)

    @sound
    def sizeHint(self) -> QSize:
        """Of one as wide as its texts, so much that none is shortened: Qt's own lacks a pixel."""
        hint = super().sizeHint()
        if self.sizeAdjustPolicy() is QComboBox.SizeAdjustPolicy.AdjustToContents:
            option = QStyleOptionComboBox()
            self.initStyleOption(option)
            option.rect = QRect(QPoint(), hint)
            field = self.style().subControlRect(
                QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
            )
            texts = (self.fontMetrics().horizontalAdvance(self.itemText(n)) for n in range(self.count()))
            lacking = max(texts, default=0) + 1 + 2 * _EDGE - field.width()  # 1: advances are rounded down
            hint.setWidth(hint.width() + max(0, lacking))
        return hint

    @sound
    def paintEvent(self, event: QPaintEvent) -> None:
        text = self.currentText()
        if not text or self.isEditable():
            super().paintEvent(event)
            return
        painter = QStylePainter(self)
        with painter:
            option = QStyleOptionComboBox()
            self.initStyleOption(option)
            option.currentText = self.shown_text()
            painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
            painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
