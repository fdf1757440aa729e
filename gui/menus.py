"""The actions of a view, which are its context menu too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget


def new_menu(parent: QWidget) -> QMenu:
    """A menu that is gone when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def add_actions(view: QWidget, rows: Iterable[tuple[str, str, Callable[..., Any]]]) -> None:
    """Give a view actions: of each its text, its shortcut while the view has the keyboard ("" for none), its slot."""
    for text, shortcut, slot in rows:
        action = QAction(text, view)
        if shortcut:
            action.setShortcut(shortcut)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(slot)
        view.addAction(action)


def show_actions(view: QWidget, where: QPoint) -> None:
    """The actions of `view` as a menu; `where` in pixels of the screen."""
    menu = new_menu(view)
    menu.addActions(view.actions())
    menu.popup(where)
