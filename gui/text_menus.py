"""The context menus of text fields: Qt's own, and beside its Copy the one without what may not leave the program."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from .redacted import can_copy_from, copy_from, copy_redacted_title

_QT_COPY = "edit-copy"
"""What Qt calls its entry."""


class TextMenus(QObject):
    """Sees to every text field of the application when the keyboard comes to it, as a press of any button makes it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focused)

    def _focused(self) -> None:
        """Without the signal's widgets: one of them may be on its way to be deleted."""
        widget = QApplication.focusWidget()
        if widget is None or _text_in(widget) is None:
            return
        if widget.contextMenuPolicy() is Qt.ContextMenuPolicy.DefaultContextMenu:
            widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            widget.customContextMenuRequested.connect(_Menu(widget).show_at)


class _Menu(QObject):
    """Of one field, which owns it."""

    def __init__(self, field: QWidget) -> None:
        super().__init__(field)
        self._field = field

    def show_at(self, where: QPoint) -> None:
        """where: in pixels of the field, or of what it scrolls."""
        menu = text_menu(self._field, where)
        if menu is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            area = self._field
            menu.popup((area.viewport() if isinstance(area, QAbstractScrollArea) else area).mapToGlobal(where))


def text_menu(field: QWidget, where: QPoint) -> QMenu | None:
    """Qt's menu of a text field (a combo box: of what one types into it) with one entry more; None: it has none.

    where: as `_Menu.show_at`; a link that stands there can be copied.
    """
    text = _text_in(field)
    if text is None:
        return None
    if isinstance(text, QLineEdit):
        menu = text.createStandardContextMenu()
    else:
        scrolled = QPoint(text.horizontalScrollBar().value(), text.verticalScrollBar().value())
        menu = text.createStandardContextMenu(where + scrolled if isinstance(text, QTextEdit) else where)
    entry = QAction(copy_redacted_title(), menu)
    entry.setEnabled(can_copy_from(text))
    entry.triggered.connect(lambda: copy_from(text))
    actions = menu.actions()
    place = next((n for n, action in enumerate(actions) if action.objectName() == _QT_COPY), len(actions))
    if place + 1 < len(actions):
        menu.insertAction(actions[place + 1], entry)
    else:
        menu.addAction(entry)
    return menu


def _text_in(field: QWidget) -> QLineEdit | QTextEdit | QPlainTextEdit | None:
    text = field.lineEdit() if isinstance(field, QComboBox) else field
    return text if isinstance(text, QLineEdit | QTextEdit | QPlainTextEdit) else None
