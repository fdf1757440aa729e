"""The row of message tabs: add, close, move, rename in place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QTabBar, QToolButton, QWidget

from gui.sound import sound
from gui.theme import theme
from gui.tips import plain_tip

CHANGED = " ●"
"""After the name of a message that was changed and not saved."""
LONGEST = 20
"""Characters of a name in its tab."""
ARROW = 20
"""Pixels of one of the arrows that scroll the tabs."""
LEAST = 60
"""Pixels a tab has in any case."""


class MessageTabs(QTabBar):
    """`renamed` carries (tab, name)."""

    renamed = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages")
        self.setMovable(True)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setDrawBase(False)
        # The arrows that scroll the tabs need their whole small button, and nothing looks torn off.
        self.setStyleSheet(
            "QTabBar::tear { width: 0; image: none; } QTabBar QToolButton { padding: 0; border: none; } "
            f"QTabBar::scroller {{ width: {ARROW}px; }}"
        )
        self._edit = QLineEdit(self)
        self._edit.setAccessibleName("Name of the message")
        self._edit.hide()
        self._edit.installEventFilter(self)
        self._editing = -1
        self.tabMoved.connect(self._tab_moved)

    @sound
    def tabInserted(self, index: int) -> None:
        """Each tab gets a close button in the window's own style."""
        super().tabInserted(index)
        button = QToolButton(self)
        theme().bind_icon(button, "close", "muted")
        button.setIconSize(QSize(12, 12))
        button.setFixedSize(18, 18)
        button.setStyleSheet("padding: 0; margin: 0")
        button.setToolTip("Close (Ctrl+W)")
        button.setAccessibleName("Close message")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(self._close_clicked)
        self.setTabButton(index, QTabBar.ButtonPosition.RightSide, button)
        if self._editing >= index:
            self._edit_at(self._editing + 1)

    @sound
    def tabRemoved(self, index: int) -> None:
        """A name being typed goes with its tab."""
        super().tabRemoved(index)
        if self._editing == index:
            self._finish(take=False)
        elif self._editing > index:
            self._edit_at(self._editing - 1)

    def _tab_moved(self, source: int, target: int) -> None:
        if self._editing >= 0:
            order = list(range(self.count()))
            order.insert(target, order.pop(source))
            self._edit_at(order.index(self._editing))

    @sound
    def tabSizeHint(self, index: int) -> QSize:
        """A tab is no wider than the row, nor than what the arrows leave of it: name and close button are seen."""
        size = super().tabSizeHint(index)
        room = self.width() - (2 * ARROW if self.count() > 1 else 0)
        size.setWidth(min(size.width(), max(LEAST, room)))
        return size

    @sound
    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def _close_clicked(self) -> None:
        for tab in range(self.count()):
            if self.tabButton(tab, QTabBar.ButtonPosition.RightSide) is self.sender():
                self.tabCloseRequested.emit(tab)
                return

    def set_name(self, tab: int, name: str) -> None:
        """The tab's text, shortened when it is long; the tooltip has the whole."""
        plain, mark = name.removesuffix(CHANGED), CHANGED if name.endswith(CHANGED) else ""
        short = plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1].rstrip()}…"
        self.setTabText(tab, short.replace("&", "&&") + mark)
        self.setTabData(tab, name)
        self.setTabToolTip(tab, plain_tip(name))

    def rename(self, tab: int, text: str) -> None:
        """Edit a tab's name in its place."""
        self._edit.setText(text)
        self._edit_at(tab)
        self._edit.selectAll()
        self._edit.show()
        self._edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _edit_at(self, tab: int) -> None:
        self._editing = tab
        rect = self.tabRect(tab)
        rect.setWidth(max(rect.width(), 120))
        self._edit.setGeometry(rect)

    @sound
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        tab = self.tabAt(event.position().toPoint())
        if tab >= 0:
            self.rename(tab, str(self.tabData(tab)).removesuffix(CHANGED))

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2 and self.currentIndex() >= 0:
            self.rename(self.currentIndex(), str(self.tabData(self.currentIndex())).removesuffix(CHANGED))
        else:
            super().keyPressEvent(event)

    @sound
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return and leaving the field take the name, Escape drops it."""
        if watched is self._edit and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._finish(take=True)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._finish(take=False)
                return True
        if watched is self._edit and isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            self._finish(take=True)
        return super().eventFilter(watched, event)

    def _finish(self, *, take: bool) -> None:
        tab, self._editing = self._editing, -1
        self._edit.hide()
        if take and tab >= 0:
            self.renamed.emit(tab, self._edit.text())
