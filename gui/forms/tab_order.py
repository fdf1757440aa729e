"""The order Tab goes through a form: as it is laid out, not as its parts were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLayout, QScrollArea, QSplitter, QStackedWidget, QTabWidget, QWidget


def in_order(item: QWidget | QLayout) -> Iterator[QWidget]:
    """What takes the keyboard by Tab in a widget or layout, in the order it stands there."""
    if isinstance(item, QLayout):
        for inner in (item.itemAt(n) for n in range(item.count())):
            part = None if inner is None else inner.widget() or inner.layout()
            if part is not None:
                yield from in_order(part)
        return
    if item.focusPolicy() & Qt.FocusPolicy.TabFocus and item.focusProxy() is None:
        yield item
    for part in _parts(item):
        yield from in_order(part)


def _parts(widget: QWidget) -> list[QWidget | QLayout]:
    parts: list[QWidget | QLayout | None] = []
    if isinstance(widget, QTabWidget):
        corner = widget.cornerWidget()
        parts = [widget.tabBar(), corner, widget.currentWidget()]
    elif isinstance(widget, QStackedWidget):
        parts = [widget.currentWidget()]  # of the others, of which there may be many, nothing is seen
    elif isinstance(widget, QSplitter):
        parts = [widget.widget(n) for n in range(widget.count())]
    elif isinstance(widget, QScrollArea):
        parts = [widget.widget()]
    else:
        parts = [widget.layout()]
    return [part for part in parts if part is not None]


def step_focus(stops: Sequence[QWidget], forward: bool, *, around: bool = False) -> bool:
    """Move the keyboard one stop on, from the one that has it; False at an end, or where it is elsewhere.

    around: from the last the way goes to the first, and from the first to the last.

    `QWidget.setTabOrder` would do for plain widgets; lists, whose viewports hand the keyboard to them, it ties into
    rings that Tab does not leave.
    """
    usable = [w for w in stops if w.isVisible() and w.isEnabled()]
    focus = QApplication.focusWidget()
    if focus is None:
        return False
    here = next((n for n, w in enumerate(usable) if w is focus or w.isAncestorOf(focus)), -1)
    there = here + (1 if forward else -1)
    if here < 0 or not (around or 0 <= there < len(usable)):
        return False
    _give_focus(usable[there % len(usable)], forward)
    return True


def _give_focus(widget: QWidget, forward: bool) -> None:
    """What has the keyboard is seen, whatever it comes from."""
    widget.setFocus(_reason(forward))
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()


def first_stop(widget: QWidget | None) -> QWidget:
    """The widget itself if it takes the keyboard, else the first in it that does."""
    if widget is None:
        return QWidget()
    if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus or widget.focusProxy() is not None:
        return widget
    inner = [w for w in widget.findChildren(QWidget) if w.isVisibleTo(widget)]
    return next((w for w in inner if w.focusPolicy() & Qt.FocusPolicy.TabFocus), widget)


def _reason(forward: bool) -> Qt.FocusReason:
    return Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
