"""Mnemonics that two things share which are shown at once."""

from __future__ import annotations

import re
from collections import defaultdict

from PySide6.QtWidgets import QAbstractButton, QLabel, QMainWindow, QTabBar, QWidget


def clashing(window: QWidget) -> dict[str, list[str]]:
    """Letters of Alt that two or more menus, buttons, labels or tabs of `window` wait for, with their texts."""
    texts = [action.text() for action in window.menuBar().actions()] if isinstance(window, QMainWindow) else []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QAbstractButton) or (isinstance(widget, QLabel) and widget.buddy() is not None):
            texts.append(widget.text())
        elif isinstance(widget, QTabBar):
            texts += [widget.tabText(i) for i in range(widget.count())]
    waiting = defaultdict(list)
    for text in texts:
        if found := re.search(r"&([^&\s])", text.replace("&&", "")):
            waiting[found[1].lower()].append(text)
    return {letter: told for letter, told in waiting.items() if len(told) > 1}
