"""Copying without what may not leave the program: the same words and the same keys wherever there is a Copy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.trace.redaction.redaction import Redaction

WITHOUT = "without patients' data, AE titles and addresses"
KEYS = "Ctrl+Shift+C"
COPIED = f"Copied {WITHOUT}."
PARAGRAPH = "\u2029"
"""Qt's own end of a line in a selected text."""
MOST_ROWS = 10_000
"""Rows copied at once: they take a quarter of a second, and nobody pastes the hundred megabytes of a million."""


@runtime_checkable
class Copies(Protocol):
    """A view with something to copy."""

    def copy_redacted(self) -> None: ...


@runtime_checkable
class Teaches(Protocol):
    """A window that has seen what sentences may repeat: names, IDs, files, peers."""

    def teach(self, redaction: Redaction) -> None: ...

    def say(self, sentence: str, role: str) -> None: ...


def refuse_to_copy(widget: QWidget, count: int) -> None:
    """Say in the window around `widget` that so many rows are too many."""
    at: QWidget | None = widget
    while at is not None and not isinstance(at, Teaches):
        at = at.parentWidget()
    if isinstance(at, Teaches):
        sentence = f"{count:,} rows are too many to copy at once: select {MOST_ROWS:,} at most, or save them as a file."
        # After what is said of every copy.
        QTimer.singleShot(0, widget, partial(at.say, sentence, "warning"))


def redaction_for(widget: QWidget | None) -> Redaction:
    """A redaction of one export that knows what the window around `widget` has seen."""
    from engine.trace.redaction.redaction import Redaction

    redaction = Redaction()
    at = widget
    while at is not None:
        if isinstance(at, Teaches):
            at.teach(redaction)
            break
        at = at.parentWidget()
    return redaction


def copy_redacted_title() -> str:
    """What the entry of a context menu says. Its keys are shown only: they belong to the whole window."""
    return f"Copy &{WITHOUT}\t{QKeySequence(KEYS).toString(QKeySequence.SequenceFormat.NativeText)}"


def copy_redacted_action(view: QWidget, slot: Callable[[], None]) -> QAction:
    """The entry of a view's context menu."""
    action = QAction(copy_redacted_title(), view)
    action.triggered.connect(slot)
    view.addAction(action)
    return action


def copy_text(text: str) -> None:
    """Put it on the clipboard, if it is anything."""
    if text:
        QGuiApplication.clipboard().setText(text)


class CopyKeys(QObject):
    """The keys in a dialog; in the main window they are a command's."""

    def __init__(self, dialog: QWidget) -> None:
        super().__init__(dialog)
        keys = QShortcut(QKeySequence(KEYS), dialog)
        keys.setContext(Qt.ShortcutContext.WindowShortcut)
        keys.activated.connect(self._pressed)

    def _pressed(self) -> None:
        copy_focused()


def copy_focused() -> bool:
    """Copy what has the keyboard: the rows selected in a view, else a text. False where there is nothing."""
    return copy_from(QApplication.focusWidget())


def copy_from(widget: QWidget | None) -> bool:
    """Copy from this one, or the view it is part of."""
    view = _view_of(widget)
    if view is not None:
        view.copy_redacted()
        return True
    text, typed = _text_of(widget)
    if not text.strip():
        return False
    told = redaction_for(widget).sentence
    copy_text("\n".join(told(line, numbers=not typed) if line.strip() else "" for line in text.split("\n")))
    return True


def can_copy_from(widget: QWidget) -> bool:
    """Whether there is anything to copy."""
    return _view_of(widget) is not None or bool(_text_of(widget)[0].strip())


def _view_of(widget: QWidget | None) -> Copies | None:
    at = widget
    while at is not None:
        if isinstance(at, Copies):
            return at
        at = at.parentWidget()
    return None


def _text_of(widget: QWidget | None) -> tuple[str, bool]:
    """What is selected in a text, else all of it; and whether it was typed: its numbers are not ours to tell."""
    if isinstance(widget, QComboBox):
        widget = widget.lineEdit()  # which leaves the keyboard to it
    if isinstance(widget, QLabel):
        return widget.selectedText().replace(PARAGRAPH, "\n"), False
    if isinstance(widget, QLineEdit):
        secret = widget.echoMode() is not QLineEdit.EchoMode.Normal
        return "" if secret else widget.selectedText() or widget.text(), True
    if isinstance(widget, QTextEdit | QPlainTextEdit):
        chosen = widget.textCursor().selectedText().replace(PARAGRAPH, "\n")
        return chosen or widget.toPlainText(), not widget.isReadOnly()
    return "", False
