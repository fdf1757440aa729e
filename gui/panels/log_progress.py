"""Long operations on their way: how far, how well, what now, and a button to stop each."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.model.notices import ProgressNotice
from engine.trace.store_text import size_text
from gui.later import Later
from gui.pace import Pace
from gui.theme import SPACING
from gui.tips import plain_tip

SHOWN = 3
"""Operations with a line of their own; the others are counted."""
_STEPS = 1000


def counts_text(notice: ProgressNotice) -> str:
    """ "120 of 500 · 2 failed · 12.3 MB"; what is zero is left out."""
    done = f"{notice.done:,} of {notice.total:,}" if notice.total is not None else f"{notice.done:,} done"
    parts = [done]
    if notice.failed:
        parts.append(f"✕ {notice.failed:,} failed")
    if notice.warning:
        parts.append(f"! {notice.warning:,} with warnings")
    if notice.bytes:
        parts.append(size_text(notice.bytes))
    return " · ".join(parts)


class OperationLine(QWidget):
    """One operation."""

    cancelled = Signal(object)

    def __init__(self, operation: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.operation = operation
        self._newest: ProgressNotice | None = None
        self._pace = Pace(self)  # a bar that moves is drawn at once, each time
        self._pace.due.connect(self._show_newest)
        self.sentence = QLabel(self)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.counts = QLabel(self)
        self.counts.setProperty("role", "muted")
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setMinimumWidth(120)
        self.cancel = QPushButton("Cancel", self)
        self.cancel.clicked.connect(self._cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.large)
        row.addWidget(self.bar, 2)
        row.addWidget(self.counts)
        row.addWidget(self.sentence, 5)
        row.addWidget(self.cancel)

    def show_progress(self, notice: ProgressNotice) -> None:
        """Show how far it is, or what is newest when the next look is due."""
        self._newest = notice
        self._pace.ask()

    def _show_newest(self) -> None:
        if self._newest is not None:
            self._show(self._newest)

    def _show(self, notice: ProgressNotice) -> None:
        if notice.total:
            self.bar.setUpdatesEnabled(False)  # else it draws itself, and all else that waits to be drawn, right here
            self.bar.setRange(0, _STEPS)
            self.bar.setValue(_STEPS * min(notice.done, notice.total) // notice.total)
            self.bar.setUpdatesEnabled(True)
        else:
            self.bar.setRange(0, 0)
        self.counts.setText(counts_text(notice))
        self.sentence.setText(notice.sentence)
        self.sentence.setToolTip(plain_tip(notice.sentence))
        self.bar.setAccessibleName(f"{notice.sentence}, {self.counts.text()}")
        self.cancel.setAccessibleName(f"Cancel: {notice.sentence}")

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self.cancel.setText("Cancelling")
        self.cancelled.emit(self.operation)


class ProgressStrip(QWidget):
    """The operations that told progress and have not ended; not there while there is none."""

    cancel_requested = Signal(object)
    """The operation to cancel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: dict[int, OperationLine] = {}
        self._new: dict[int, ProgressNotice] = {}
        """What is newest of operations whose line is not made yet: it moves all that is below."""
        self._making = Later(self)
        self._making.due.connect(self._make)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, SPACING.small)
        self._rows.setSpacing(SPACING.small)
        self._more = QLabel(self)
        self._more.setProperty("role", "muted")
        self._rows.addWidget(self._more)
        self.hide()

    def lines(self) -> tuple[OperationLine, ...]:
        """Operations on their way, oldest first."""
        return tuple(self._lines.values())

    def show_progress(self, notice: ProgressNotice) -> None:
        line = self._lines.get(notice.operation)
        if line is not None:
            line.show_progress(notice)
            return
        self._new[notice.operation] = notice
        self._making.ask()

    def _make(self) -> None:
        fresh, self._new = self._new, {}
        for operation, notice in fresh.items():
            line = self._lines[operation] = OperationLine(operation, self)
            line.cancelled.connect(self.cancel_requested)
            self._rows.insertWidget(self._rows.count() - 1, line)
            line.show_progress(notice)
        if fresh:
            self._arrange()

    def end(self, operation: int) -> None:
        """The operation ended."""
        self._new.pop(operation, None)
        line = self._lines.pop(operation, None)
        if line is not None:
            self._rows.removeWidget(line)
            line.hide()
            line.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        for place, line in enumerate(self._lines.values()):
            line.setVisible(place < SHOWN)
        hidden = len(self._lines) - SHOWN
        self._more.setText(f"and {hidden} more operations")
        self._more.setVisible(hidden > 0)
        self.setVisible(bool(self._lines))
