"""Bytes as offset, hexadecimal and text; only the rows in sight are ever looked at, so size does not matter.

Two kinds of marks: the highlight (what another view points at) and the selection (what the user took here).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QAction,
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QLabel, QWidget

from gui.menus import show_actions
from gui.redacted import copy_redacted_action, copy_text, redaction_for
from gui.sound import sound
from gui.theme import SPACING, mono_font, theme

from .hex_geometry import HexGeometry
from .hex_text import COPIES, dots, printable, redacted_hex

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

_MOVES: dict[QKeySequence.StandardKey, str] = {
    QKeySequence.StandardKey.MoveToNextChar: "next",
    QKeySequence.StandardKey.MoveToPreviousChar: "previous",
    QKeySequence.StandardKey.MoveToNextLine: "down",
    QKeySequence.StandardKey.MoveToPreviousLine: "up",
    QKeySequence.StandardKey.MoveToNextPage: "page down",
    QKeySequence.StandardKey.MoveToPreviousPage: "page up",
    QKeySequence.StandardKey.MoveToStartOfLine: "row start",
    QKeySequence.StandardKey.MoveToEndOfLine: "row end",
    QKeySequence.StandardKey.MoveToStartOfDocument: "start",
    QKeySequence.StandardKey.MoveToEndOfDocument: "end",
}
_SELECTS: dict[QKeySequence.StandardKey, str] = {
    QKeySequence.StandardKey[key.name.replace("MoveTo", "Select")]: move for key, move in _MOVES.items()
}


class HexView(QAbstractScrollArea):
    """Shows bytes; tells which one the user points at."""

    byte_selected = Signal(object)
    """The user moved the cursor to this offset, by mouse or key."""

    def __init__(self, parent: QWidget | None = None, *, name: str = "Bytes") -> None:
        super().__init__(parent)
        self._data: bytes | memoryview = b""
        self._highlight = (0, 0)
        self._cursor = self._anchor = -1
        self._hover = -1
        self.redact: Callable[[Redaction, int, int], bytes] | None = None
        """What may leave the program of a span of the bytes; without it none of them does."""
        self._metrics = QFontMetricsF(mono_font())
        self._geometry = self._lay_out()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.copy_actions = [self._copy_action(text) for text in COPIES]
        self.copy_actions[0].setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        self.copy_actions[0].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.addActions(self.copy_actions)
        copy_redacted_action(self, self.copy_redacted)
        self._empty = QLabel(self.viewport())
        self._empty.setProperty("role", "empty")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.hide()
        theme().changed.connect(self.viewport().update)

    def _copy_action(self, text: str) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(partial(self.copy, text))
        return action

    # -- contents -----------------------------------------------------------------------------------------------

    def set_data(self, data: bytes | memoryview) -> None:
        """Show these bytes (not copied) from the start, nothing marked."""
        self._data = data
        self._highlight = (0, 0)
        self._cursor = self._anchor = self._hover = -1
        self._relayout()
        self.verticalScrollBar().setValue(0)
        self._count_changed()

    def set_empty(self, text: str) -> None:
        """What to say while there are no bytes."""
        self._empty.setText(text)
        self._count_changed()

    def data(self) -> bytes | memoryview:
        return self._data

    def bytes_per_row(self) -> int:
        return self._geometry.per_row

    def highlight(self, start: int, end: int) -> None:
        """Mark start..end (end not included) and bring its start into view; an empty range marks nothing."""
        size = len(self._data)
        self._highlight = (max(0, min(start, size)), max(0, min(end, size)))
        self._cursor = self._anchor = -1
        if self._highlight[0] < self._highlight[1]:
            self._show_offset(self._highlight[1] - 1)
            self._show_offset(self._highlight[0])
        self.viewport().update()

    def highlighted(self) -> tuple[int, int]:
        return self._highlight

    def selection(self) -> tuple[int, int]:
        """Start and end of what is selected, (0, 0) when nothing is."""
        if self._cursor < 0:
            return (0, 0)
        return min(self._anchor, self._cursor), max(self._anchor, self._cursor) + 1

    def cursor_offset(self) -> int:
        """Offset of the current byte, -1 when there is none."""
        return self._cursor

    def select(self, start: int, end: int) -> None:
        """Select start..end (end not included)."""
        if 0 <= start < end <= len(self._data):
            self._anchor, self._cursor = start, end - 1
            self._show_offset(self._cursor)
            self.viewport().update()

    def copy(self, form: str = "") -> None:
        """What is selected, else what is highlighted, else everything, on the clipboard."""
        start, end = self._span()
        make = COPIES.get(form) or next(iter(COPIES.values()))
        QGuiApplication.clipboard().setText(make(bytes(self._data[start:end])))

    def copy_redacted(self) -> None:
        """The same as hex, of what may leave the program; how many bytes were left out is said."""
        start, end = self._span()
        if start < end:
            told = self.redact(redaction_for(self), start, end) if self.redact is not None else b""
            copy_text(redacted_hex(told, end - start))

    def _span(self) -> tuple[int, int]:
        start, end = self.selection()
        if end - start <= 1 and self._highlight[0] < self._highlight[1]:
            start, end = self._highlight
        return (start, end) if start < end else (0, len(self._data))

    # -- layout -------------------------------------------------------------------------------------------------

    @sound
    def sizeHint(self) -> QSize:
        full = HexGeometry.fitting(1 << 20, len(self._data), *self._measures())
        return QSize(full.width + 16, 10 * full.height)

    @sound
    def minimumSizeHint(self) -> QSize:
        return QSize(120, 3 * self._geometry.height)

    def _measures(self) -> tuple[float, int, int]:
        # Over many characters, so that the fraction painted is the fraction measured.
        advance = self._metrics.horizontalAdvance("0" * 64) / 64
        return advance, round(self._metrics.height()) + 4, SPACING.normal

    def _lay_out(self) -> HexGeometry:
        width = self.maximumViewportSize().width()
        bar = self.verticalScrollBar()
        if not bar.style().styleHint(bar.style().StyleHint.SH_ScrollBar_Transient, None, bar):
            # As if the bar were always there: a row must not change its length because the bar appears.
            width -= bar.sizeHint().width()
        return HexGeometry.fitting(width, len(self._data), *self._measures())

    def _relayout(self) -> None:
        top = self._geometry.per_row * self.verticalScrollBar().value()
        self._geometry = self._lay_out()
        rows = self._geometry.rows(len(self._data))
        page = max(1, (self.viewport().height() - SPACING.small) // self._geometry.height)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, rows - page))
        bar.setPageStep(page)
        bar.setValue(top // self._geometry.per_row)
        across = self.horizontalScrollBar()
        across.setRange(0, max(0, self._geometry.width - self.viewport().width()))
        across.setPageStep(self.viewport().width())
        self._empty.setGeometry(self.viewport().rect())
        self.viewport().update()

    def _count_changed(self) -> None:
        self._empty.setVisible(not len(self._data) and bool(self._empty.text()))

    def _show_offset(self, offset: int) -> None:
        bar = self.verticalScrollBar()
        row = offset // self._geometry.per_row
        if row < bar.value():
            bar.setValue(row)
        elif row >= bar.value() + bar.pageStep():
            bar.setValue(row - bar.pageStep() + 1)

    def offset_at(self, point: QPointF) -> int:
        """Offset of the byte under a point of the viewport, -1 when there is none."""
        column = self._geometry.column_at(point.x() + self.horizontalScrollBar().value())
        line = int((point.y() - SPACING.small) // self._geometry.height)
        if column is None or line < 0:
            return -1
        offset = (self.verticalScrollBar().value() + line) * self._geometry.per_row + column
        return offset if offset < len(self._data) else -1

    def point_of(self, offset: int) -> QPointF:
        """Middle of a byte's digits in the viewport."""
        row, column = divmod(offset, self._geometry.per_row)
        left, width = self._geometry.byte_rect(column)
        y = SPACING.small + (row - self.verticalScrollBar().value() + 0.5) * self._geometry.height
        return QPointF(left + width / 2 - self.horizontalScrollBar().value(), y)

    # -- painting -----------------------------------------------------------------------------------------------

    @sound
    def paintEvent(self, event: QPaintEvent) -> None:
        geometry = self._geometry
        with QPainter(self.viewport()) as painter:
            painter.fillRect(event.rect(), theme().color("panel"))
            painter.translate(-self.horizontalScrollBar().value(), SPACING.small)
            painter.setFont(mono_font())
            first = self.verticalScrollBar().value()
            last = min(geometry.rows(len(self._data)), first + self.viewport().height() // geometry.height + 1)
            for row in range(first, last):
                self._paint_row(painter, row, (row - first) * geometry.height)

    def _paint_row(self, painter: QPainter, row: int, y: float) -> None:
        geometry = self._geometry
        start = row * geometry.per_row
        line = bytes(self._data[start : start + geometry.per_row])
        colors = theme().color
        self._paint_span(painter, row, y, self._highlight, colors("selection"))
        if self._hover >= 0:
            self._paint_span(painter, row, y, (self._hover, self._hover + 1), colors("pressed"))
        selection = self.selection()
        if selection != (0, 0):
            self._paint_span(painter, row, y, selection, colors("selection"), colors("accent"))
        base = y + (geometry.height - self._metrics.height()) / 2 + self._metrics.ascent()
        painter.setPen(colors("muted"))
        painter.drawText(QPointF(geometry.offset_x, base), f"{start:0{geometry.digits}X}")
        painter.drawText(QPointF(geometry.text_x, base), dots(line))
        painter.setPen(colors("text"))
        painter.drawText(QPointF(geometry.text_x, base), printable(line))
        for group in range(0, len(line), 8):
            left, _ = geometry.byte_rect(group)
            painter.drawText(QPointF(left, base), line[group : group + 8].hex(" ").upper())

    def _paint_span(
        self, painter: QPainter, row: int, y: float, span: tuple[int, int], fill: QColor, edge: QColor | None = None
    ) -> None:
        geometry = self._geometry
        start = row * geometry.per_row
        first, last = max(span[0], start), min(span[1], start + geometry.per_row) - 1
        if first > last:
            return
        for left, width in geometry.span_rects(first - start, last - start):
            rect = QRectF(left - 2, y + 1, width + 4, geometry.height - 2)
            painter.fillRect(rect, fill)
            if edge is not None:
                painter.setPen(QPen(edge, 1))
                painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    # -- input --------------------------------------------------------------------------------------------------

    def _move_to(self, offset: int, *, extend: bool) -> None:
        if not len(self._data):
            return
        self._cursor = max(0, min(offset, len(self._data) - 1))
        if not extend or self._anchor < 0:
            self._anchor = self._cursor
        self._show_offset(self._cursor)
        byte = self._data[self._cursor]
        self.setAccessibleDescription(f"offset {self._cursor:X}H, byte {byte:02X}H")
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        self.viewport().update()
        if not extend:
            self.byte_selected.emit(self._cursor)

    def _target(self, move: str) -> int:
        per_row, page = self._geometry.per_row, self.verticalScrollBar().pageStep()
        now = self._cursor if self._cursor >= 0 else self._highlight[0]
        row_start = now - now % per_row
        return {
            "next": now + 1,
            "previous": now - 1,
            "down": now + per_row if now + per_row < len(self._data) else now,
            "up": now - per_row if now >= per_row else now,
            "page down": now + per_row * page,
            "page up": now - per_row * page,
            "row start": row_start,
            "row end": row_start + per_row - 1,
            "start": 0,
            "end": len(self._data) - 1,
        }[move]

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        for moves, extend in ((_MOVES, False), (_SELECTS, True)):
            move = next((m for key, m in moves.items() if event.matches(key)), None)
            if move is not None:
                self._move_to(self._target(move), extend=extend)
                return
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.select(0, len(self._data))
            return
        super().keyPressEvent(event)

    @sound
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        offset = self.offset_at(event.position())
        if offset >= 0:
            self._move_to(offset, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    @sound
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        offset = self.offset_at(event.position())
        if event.buttons() & Qt.MouseButton.LeftButton and offset >= 0:
            self._move_to(offset, extend=True)
        if offset != self._hover:
            self._hover = offset
            self.viewport().setToolTip(self._tip(offset))
            self.viewport().update()

    @sound
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _tip(self, offset: int) -> str:
        if offset < 0:
            return ""
        byte = self._data[offset]
        return f"Offset {offset} ({offset:X}H): {byte:02X}H, {byte}, {byte:08b}"

    @sound
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Leave and self._hover >= 0:
            self._hover = -1
            self.viewport().update()
        return super().viewportEvent(event)

    @sound
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        show_actions(self, event.globalPos())

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._relayout()

    @sound
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._metrics = QFontMetricsF(mono_font())
            self._relayout()
