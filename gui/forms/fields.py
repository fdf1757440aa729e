"""Form fields that say what is wrong beside themselves while one types.

A field never refuses a value: `value()` gives what stands in it, `error()` says what is wrong with it in a sentence.
A sign (✕) before the sentence keeps colour from being alone; the sentence is the editor's accessible description too.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.theme import SPACING, mono_font, restyle
from gui.tips import plain_tip

from .wrapping_label import WrappingLabel

Check = Callable[[str], str | None]
"""Gives the sentence that says what is wrong, or None."""

ERROR_SIGN = "✕"
BRIEF = 16
"""Characters of a wrong text that are repeated."""
LONG = 30
"""Characters from which a text may not fit its field: it is told on hover."""


def no_check(_text: str) -> str | None:
    """A field in which everything is right."""
    return None


def plain_label(label: str) -> str:
    """A label without its mnemonic mark."""
    return label.replace("&&", "\0").replace("&", "").replace("\0", "&")


class Field(QWidget):
    """Label above, editor, error below. `hint` stands below while there is no error."""

    edited = Signal(object)
    """The user changed the value; carries the new one. Not emitted by `set_value`."""
    finished = Signal()
    """The user is done with the field for now (Return, or the focus left it): the moment to write it down."""

    def __init__(self, label: str, parent: QWidget | None = None, *, hint: str = "") -> None:
        super().__init__(parent)
        self._hint = hint
        self._error: str | None = None
        self._outer_error: str | None = None
        self._calm = False
        self.caption = QLabel(label, self)
        self.caption.setProperty("role", "muted")
        self.caption.setVisible(bool(label))
        self._note = WrappingLabel(hint, self)
        self._note.setProperty("role", "muted")  # before it is shown: that is when the style sheet looks at it
        self._note.setVisible(bool(hint))
        self._note.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACING.small)
        self._layout.addWidget(self.caption)
        self._layout.addWidget(self._note)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.editor: QWidget = self

    def _place(self, editor: QWidget, *beside: QWidget) -> None:
        """Put the editor between caption and note, with what belongs beside it."""
        self.editor = editor
        name = plain_label(self.caption.text())
        if name and not editor.accessibleName():
            editor.setAccessibleName(name)
        editor.setAccessibleDescription(self._hint)
        self.caption.setBuddy(editor)
        self.setFocusProxy(editor)
        if not beside:
            self._layout.insertWidget(1, editor)
            return
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(editor, 1)
        for widget in beside:
            row.addWidget(widget)
        self._layout.insertLayout(1, row)

    def add_beside(self, widget: QWidget) -> None:
        """Put a button after the editor: one that helps to fill it in."""
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        self._layout.removeWidget(self.editor)
        row.addWidget(self.editor, 1)
        row.addWidget(widget)
        self._layout.insertLayout(1, row)

    def set_beside(self, width: int) -> None:
        """Put the label at the left of the editor, so wide, where height is short; a longer one ends in …"""
        self._layout.removeWidget(self.caption)
        self._layout.removeWidget(self.editor)
        self.caption.setFixedWidth(width)
        whole = self.caption.text()
        self.caption.setText(
            self.caption.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideRight, width - SPACING.small)
        )
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(self.caption)
        row.addWidget(self.editor, 1)
        self._layout.insertLayout(0, row)

    def error(self) -> str | None:
        """What is wrong with the value, in a sentence, or None."""
        return self._error or self._outer_error

    def is_valid(self) -> bool:
        return self.error() is None

    def note_text(self) -> str:
        """What is written below the field now."""
        return self._note.text() if not self._note.isHidden() else ""

    def set_error(self, sentence: str | None) -> None:
        """An error the field cannot see by itself (a name already taken, a limit over several fields)."""
        self._outer_error = sentence
        self._show()

    def set_hint(self, hint: str) -> None:
        self._hint = hint
        self._show()

    def stay_calm(self) -> None:
        """Say what is missing as a hint, not as an error, until the user has been there."""
        self._calm = True
        self.edited.connect(self._visited)
        self.finished.connect(self._visited)
        self._show()

    def _visited(self) -> None:
        if self._calm:
            self._calm = False
            self._show()

    def _judge(self, sentence: str | None) -> None:
        self._error = sentence
        self._show()

    def _show(self) -> None:
        sentence = self.error()
        wrong = sentence is not None and not self._calm
        text = f"{ERROR_SIGN} {sentence}" if wrong else sentence or self._hint
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self.editor.setAccessibleDescription(text)
        restyle(self._note, "role", "error" if wrong else "muted")
        restyle(self.editor, "invalid", "true" if wrong else "false")


class TextField(Field):
    """One line of text."""

    def __init__(
        self,
        label: str,
        check: Check = no_check,
        placeholder: str = "",
        parent: QWidget | None = None,
        *,
        hint: str = "",
        mono: bool = False,
        secret: bool = False,
    ) -> None:
        super().__init__(label, parent, hint=hint)
        self._check, self._secret = check, secret
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(placeholder)
        if mono:
            self.line.setFont(mono_font())
        self.line.textChanged.connect(self._text_changed)
        self.line.textEdited.connect(self._text_edited)
        self.line.editingFinished.connect(self.finished)
        if not secret:
            self._place(self.line)
            return
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self._reveal = QPushButton("Show", self)
        self._reveal.setCheckable(True)
        self._reveal.setAccessibleName(f"Show {plain_label(label).lower()}")
        self._reveal.toggled.connect(self._reveal_toggled)
        self._place(self.line, self._reveal)

    def value(self) -> str:
        return self.line.text()

    def set_value(self, value: str) -> None:
        if value != self.line.text():
            self.line.setText(value)
            self.line.setCursorPosition(0)
        self._judge(self._check(value))

    def recheck(self) -> None:
        """Judge again: what the check looks at besides the text has changed."""
        self._judge(self._check(self.line.text()))

    def _text_changed(self, text: str) -> None:
        self.line.setToolTip(plain_tip(text) if len(text) > LONG and not self._secret else "")
        self._judge(self._check(text))

    def _text_edited(self, text: str) -> None:
        self._judge(self._check(text))  # Qt tells textEdited before textChanged
        self.edited.emit(text)

    def _reveal_toggled(self, shown: bool) -> None:
        self.line.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        self._reveal.setText("Hide" if shown else "Show")


class NumberField(Field):
    """A whole or decimal number between two bounds, typed as text so that a wrong one can be spoken about.

    `value()` is None while the text is no number within the bounds (or is empty).
    """

    def __init__(
        self,
        label: str,
        minimum: float = 0,
        maximum: float = 2**32 - 1,
        parent: QWidget | None = None,
        *,
        unit: str = "",
        decimals: bool = False,
        optional: bool = False,
        hint: str = "",
        check: Callable[[float], str | None] | None = None,
    ) -> None:
        super().__init__(label, parent, hint=hint)
        self._minimum, self._maximum = minimum, maximum
        self._decimals, self._optional, self._more = decimals, optional, check
        self.line = QLineEdit(self)
        self.line.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.line.textChanged.connect(self._text_changed)
        self.line.textEdited.connect(self._text_edited)
        self.line.editingFinished.connect(self.finished)
        if unit:
            after = QLabel(unit, self)
            after.setProperty("role", "muted")
            self.line.setAccessibleName(f"{plain_label(label)}, {unit}")
            self._place(self.line, after)
        else:
            self._place(self.line)
        self._judge(self._sentence(""))

    def value(self) -> float | None:
        text = self.line.text().strip()
        return None if self._sentence(text) or not text else self._number(text)

    def set_value(self, value: float | None) -> None:
        text = "" if value is None else _plain(value)
        if text != self.line.text():
            self.line.setText(text)
        self._judge(self._sentence(text))

    def text(self) -> str:
        return self.line.text()

    def _number(self, text: str) -> float | None:
        try:
            return float(text) if self._decimals else int(text)
        except ValueError:
            return None

    def _sentence(self, text: str) -> str | None:
        if not text:
            return None if self._optional else "A number is needed here."
        number = self._number(text)
        if number is None or number != number:
            return f"{_brief(text)} is not a {'number' if self._decimals else 'whole number'}."
        if not self._minimum <= number <= self._maximum:
            return f"Must be between {self._minimum:g} and {_plain(self._maximum)}."
        return self._more(number) if self._more else None

    def _text_changed(self, text: str) -> None:
        self._judge(self._sentence(text.strip()))

    def _text_edited(self, text: str) -> None:
        self._judge(self._sentence(text.strip()))  # Qt tells textEdited before textChanged
        self.edited.emit(self.value())


def _brief(text: str) -> str:
    """What was typed, as far as a sentence beside a narrow field has room for it."""
    return text if len(text) <= BRIEF else f"{text[:BRIEF]}…"


def _plain(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else f"{number:g}"
