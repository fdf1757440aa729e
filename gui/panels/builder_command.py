"""The command set's pane: the form, what the Standard says of it in one line, and its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSplitter, QToolButton, QVBoxLayout, QWidget

from engine.model.dataset import Data, DataSet
from engine.trace.explain import PreviewError, preview_dataset
from gui.forms.command_view import CommandView
from gui.forms.hex_view import HexView
from gui.models.command_model import CommandModel
from gui.models.dataset_edits import count
from gui.sound import sound
from gui.theme import LEAST_TABLE, SPACING, theme
from gui.tips import plain_tip

from .builder_preview import Preview

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

MEASURED_ELEMENTS = 500
"""Elements of a data set encoded after every change to say its length; larger ones are only counted."""
MEASURED_BYTES = 65536
ROOM_FOR_BYTES = 300
"""Pixels of this pane from which the bytes are shown unless the user said otherwise."""
ROOM_FOR_SIZES = 540
"""Pixels of width from which the lengths stand beside the summary."""
_BYTES_KEY = "builder/bytes"


class SummaryLabel(QLabel):
    """One line, shortened at its end where there is no room; what its tooltip says is its owner's."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_whole(self, text: str) -> None:
        self._whole = text
        self.setAccessibleName(text)
        self._elide()

    def whole(self) -> str:
        return self._whole

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    @sound
    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def _elide(self) -> None:
        self.setText(QFontMetrics(self.font()).elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))


class CommandPane(QWidget):
    """Form, summary and bytes of a `CommandModel`."""

    def __init__(self, model: CommandModel, store: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._preview = Preview()
        self._said = ""
        self.view = CommandView(model, self)
        self.view.setMinimumHeight(LEAST_TABLE)
        self.view.delegate.said.connect(self.say)
        self.view.row_chosen.connect(self._row_chosen)
        self.summary = SummaryLabel(self)
        self.sizes = QLabel(self)
        self.sizes.setProperty("role", "muted")
        self.bytes_button = QToolButton(self)
        self.bytes_button.setText("B&ytes")
        self.bytes_button.setCheckable(True)
        self.bytes_button.setToolTip("Show the encoded command set")
        self.bytes_button.clicked.connect(self._bytes_clicked)
        self.hex = HexView(self, name="Encoded command set")
        self.hex.redact = self._redacted
        self.hex.byte_selected.connect(self._byte_chosen)
        self.hex.hide()
        line = QHBoxLayout()
        line.setSpacing(SPACING.large)
        line.addWidget(self.summary, 1)
        line.addWidget(self.sizes)
        line.addWidget(self.bytes_button)
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        upper = QWidget(self)
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addWidget(self.view, 1)
        column.addLayout(line)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.hex)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        self._wanted = store.value(_BYTES_KEY)
        theme().changed.connect(self._restyle)

    def show_preview(self, preview: Preview, data: Data | None, syntax: str) -> None:
        """What the present draft looks like on the wire; `data` is what would follow it."""
        self._preview, self._said = preview, ""
        self._restyle()
        self.sizes.setText(_sizes(preview, data, syntax))
        self.hex.set_data(preview.data)
        self._row_chosen(self.view.currentIndex().row())

    def _redacted(self, redaction: Redaction, _start: int, _end: int) -> bytes:
        """All of it: a part of the bytes says nothing without its element."""
        return redaction.command_bytes(bytes(self.hex.data()))

    def say(self, sentence: str) -> None:
        """A sentence about what is being typed, in place of the summary; "" brings it back."""
        self._said = sentence
        self._restyle()

    def finish_editing(self) -> None:
        """Take an editor still open: what is typed counts when Send is pressed."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sizes.setVisible(self.width() >= ROOM_FOR_SIZES)
        if self._wanted is None:
            self._show_bytes(self.height() >= ROOM_FOR_BYTES)
        else:
            self._show_bytes(str(self._wanted).lower() == "true")

    def _restyle(self) -> None:
        sign, role = ("▲", "warning") if self._said else self._preview.sign
        self.summary.set_whole(f"{sign} {self._said or self._preview.summary}")
        self.summary.setToolTip(plain_tip(self._said or self._preview.details))
        self.summary.setProperty("role", {"failure": "error", "ok": "muted"}.get(role, role))
        self.summary.style().unpolish(self.summary)
        self.summary.style().polish(self.summary)

    def _row_chosen(self, row: int) -> None:
        self.hex.highlight(*self._preview.span_of(row))

    def _byte_chosen(self, offset: object) -> None:
        row = self._preview.row_at(offset) if isinstance(offset, int) else -1
        if row >= 0:
            self.view.select(row)

    def _bytes_clicked(self, shown: bool) -> None:
        self._wanted = "true" if shown else "false"
        self._store.setValue(_BYTES_KEY, self._wanted)
        self._show_bytes(shown)

    def _show_bytes(self, shown: bool) -> None:
        self.bytes_button.setChecked(shown)
        if shown is self.hex.isHidden():
            self.hex.setVisible(shown)
            if shown:
                self.splitter.setSizes([self.height() - 96, 96])


def _sizes(preview: Preview, data: Data | None, syntax: str) -> str:
    words = f"{len(preview.data)} bytes" if preview.data else ""
    if not isinstance(data, DataSet):
        return words
    elements = count(data)
    if elements <= MEASURED_ELEMENTS and not any(len(e.value) > MEASURED_BYTES for e in data):
        try:
            return f"{words} + {len(preview_dataset(data, syntax))} data set"
        except PreviewError as error:
            return f"{words} · data set: {str(error)[:60]}"
    return f"{words} + {elements:,} elements"
