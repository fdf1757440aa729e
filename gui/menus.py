"""The context menu of a view: its own actions."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget


def new_menu(parent: QWidget) -> QMenu:
    """A menu that is gone when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def show_actions(view: QWidget, where: QPoint) -> None:
    """The actions of `view` as a menu; `where` in pixels of the screen."""
    menu = new_menu(view)
    menu.addActions(view.actions())
    menu.popup(where)
