"""Table cells of two lines: a value, and under it in a calmer colour what belongs to it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget

from gui.models.rows import ELIDE_MIDDLE_ROLE, SECOND_LINE_ROLE
from gui.models.tables import CellDelegate, PlainTable
from gui.sound import sound
from gui.theme import SPACING, theme

_MARGIN = 6
"""Pixels between a cell's edge and its text, as Qt leaves them."""


def two_line_height(widget: QWidget) -> int:
    """Height of a row of two lines."""
    return 2 * QFontMetrics(widget.font()).height() + 2 * SPACING.small


class TwoLineDelegate(CellDelegate):
    """Draws text and second line of a cell; both are shortened where they have no room."""

    @sound
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        first = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        second = str(index.data(SECOND_LINE_ROLE) or "")
        self.initStyleOption(option, index)
        option.text = ""
        icon = index.data(Qt.ItemDataRole.DecorationRole)
        option.icon = QIcon()
        widget = option.widget
        widget.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        metrics = QFontMetrics(option.font)
        lines = metrics.height() * (2 if second else 1)
        rect = option.rect.adjusted(_MARGIN, 0, -_MARGIN, 0)
        area = QRect(rect.left(), rect.center().y() - lines // 2 + 1, rect.width(), metrics.height())
        painter.save()
        painter.setFont(option.font)
        if isinstance(icon, QIcon):
            size = SPACING.icon
            icon.paint(painter, QRect(area.left(), area.center().y() - size // 2 + 1, size, size))
            area.setLeft(area.left() + size + _MARGIN)
        ink = index.data(Qt.ItemDataRole.ForegroundRole)
        mode = Qt.TextElideMode.ElideMiddle if index.data(ELIDE_MIDDLE_ROLE) else Qt.TextElideMode.ElideRight
        flags = Qt.AlignmentFlag.AlignVCenter | (option.displayAlignment & Qt.AlignmentFlag.AlignHorizontal_Mask)
        painter.setPen(ink if isinstance(ink, QColor) else theme().color("text"))
        painter.drawText(area, flags, metrics.elidedText(first, mode, area.width()))
        if second:
            area.translate(0, metrics.height())
            if not isinstance(ink, QColor):
                painter.setPen(theme().color("muted"))
            painter.drawText(area, flags, metrics.elidedText(second, mode, area.width()))
        painter.restore()

    @sound
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        parent = self.parent()
        if isinstance(parent, QWidget):
            size.setHeight(two_line_height(parent))
        return size


def give_two_lines(table: PlainTable) -> None:
    """Rows of two lines for a table whose columns have second lines."""
    table.setItemDelegate(TwoLineDelegate(table))
    table.verticalHeader().setDefaultSectionSize(two_line_height(table))
