"""Small pieces every panel has: its title with the buttons beside it, icon buttons, rows of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.sound import sound
from gui.theme import SPACING, theme
from gui.tips import plain_tip

HEADER_HEIGHT = 30
"""Pixels of a panel's title row, so that the titles of all panels stand on one line."""


class OneLine(QLabel):
    """A line of plain text that ends in … where the room ends; the tooltip has the whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def say(self, text: str) -> None:
        """Show a text, line ends as spaces."""
        self._whole = " ".join(text.split())
        self.setAccessibleName(self._whole)
        self._fit()

    def whole(self) -> str:
        """The text, shortened or not."""
        return self._whole

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        self.setText(shown)
        self.setToolTip(plain_tip(self._whole) if shown != self._whole else "")

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


class PanelHeader(QWidget):
    """A title at the left, a quiet note after it, buttons at the right."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._giving: QPushButton | None = None
        self._giving_text = ""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACING.small)
        self.title = QLabel(title, self)
        self.title.setProperty("role", "title")
        self.note = QLabel("", self)
        self.note.setProperty("role", "muted")
        self._row.addWidget(self.title)
        self._row.addSpacing(SPACING.small)
        self._row.addWidget(self.note)
        self._row.addStretch(1)
        self.setMinimumHeight(HEADER_HEIGHT)

    def add(self, widget: QWidget) -> QWidget:
        """Put a widget at the right end."""
        self._row.addWidget(widget)
        return widget

    def add_giving(self, button: QPushButton) -> None:
        """Put a button with an icon at the right end, which loses its text where there is no room for it."""
        button.setAccessibleName(button.text())
        self._giving, self._giving_text = button, button.text()
        self.add(button)

    def say_on_giving(self, text: str) -> None:
        """Another text on that button, where there is room for one."""
        self._giving_text = text
        self._fit()

    @sound
    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._fit()
        return handled

    def _fit(self) -> None:
        """Where it is narrow the text of the giving button goes, then the note."""
        least = self._row.minimumSize().width()
        if self.note.isHidden():
            least += self.note.sizeHint().width() + SPACING.small
        button, text = self._giving, self._giving_text
        if button is not None:
            advance = button.fontMetrics().horizontalAdvance
            whole = least - advance(button.text()) + advance(text)
            shown = text if whole <= self.width() else ""
            least = whole - advance(text) + advance(shown)
            if button.text() != shown:
                button.setText(shown)
        fits = least <= self.width()
        if fits == self.note.isHidden():
            self.note.setVisible(fits)


class ButtonRow(QWidget):
    """Buttons at the left and at the right of a row; where there is no room for all, the spare ones go."""

    def __init__(
        self, left: tuple[QWidget, ...], right: tuple[QWidget, ...], spare: tuple[QWidget, ...], parent: QWidget
    ) -> None:
        """spare: those of `right` whose work keys do too."""
        super().__init__(parent)
        self._buttons, self._spare = (*left, *right), spare
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.hair)
        for button in left:
            row.addWidget(button)
        row.addStretch(1)
        for button in right:
            row.addWidget(button)

    @sound
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        needed = sum(b.sizeHint().width() for b in self._buttons) + SPACING.hair * len(self._buttons)
        for button in self._spare:
            button.setVisible(self.width() >= needed)


def icon_button(
    name: str, text: str, slot: Callable[..., Any] | None = None, parent: QWidget | None = None, *, keys: str = ""
) -> QToolButton:
    """A button with only an icon; `text` is its tooltip and accessible name, `keys` the shortcut told with it."""
    button = QToolButton(parent)
    theme().bind_icon(button, name)
    shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""
    button.setToolTip(f"{text} ({shown})" if shown else text)
    button.setAccessibleName(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if slot is not None:
        button.clicked.connect(slot)
    return button


def text_button(
    text: str, slot: Callable[..., Any] | None = None, parent: QWidget | None = None, *, icon: str = "", tip: str = ""
) -> QPushButton:
    """A push button with a text and perhaps an icon."""
    button = QPushButton(text, parent)
    button.setAutoDefault(False)
    if icon:
        theme().bind_text_icon(button, icon)
    if tip:
        button.setToolTip(tip)
    if slot is not None:
        button.clicked.connect(slot)
    return button


def menu_button(text: str, menu: QMenu, parent: QWidget | None = None, *, icon: str = "", tip: str = "") -> QPushButton:
    """A push button that opens a menu."""
    button = text_button(text, None, parent, icon=icon, tip=tip)
    button.setProperty("menu", "true")
    button.setMenu(menu)
    return button


def titled_column(parent: QWidget, title: str, *widgets: QWidget, grows: QWidget) -> QVBoxLayout:
    """Widgets below each other under a title; `grows` takes the height that is left."""
    column = QVBoxLayout()
    column.setSpacing(SPACING.normal)
    label = QLabel(title, parent)
    label.setProperty("role", "title")
    column.addWidget(label)
    for widget in widgets:
        column.addWidget(widget, int(widget is grows))
    return column
