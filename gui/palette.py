"""Ctrl+K: one field that finds any command, peer, SOP class or message and does what one wants with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from engine.standard.lean import dataclass
from gui.forms.entry_list import EntryList
from gui.models.lists import Entry, EntryModel

from .redacted import CopyKeys
from .sound import sound
from .theme import SPACING

LIMIT = 60
"""Rows shown: more than one reads; whoever does not find it types another letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something the palette finds. `run` is called after the palette has closed."""

    kind: str
    title: str
    run: Callable[[], None]
    detail: str = ""
    keys: str = ""
    icon: str = ""
    words: str = ""
    """Further words it is found by."""


Provider = Callable[[str], Iterable[Found]]
"""Gives what might fit a text (the palette itself checks the words)."""


class Palette(QDialog):
    """Type, choose with Up and Down, Return."""

    chosen = Signal(object)

    def __init__(self, providers: Iterable[Provider], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self._providers = tuple(providers)
        self.model = EntryModel(describe_found, self)
        CopyKeys(self)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Find a command, peer, SOP class or message")
        self.line.setAccessibleName("Find a command, peer, SOP class or message")
        self.list = EntryList(self.model, self, name="Found", many=False, movable=False)
        self.list.set_empty("Nothing has all these words.")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING.normal, SPACING.normal, SPACING.normal, SPACING.normal)
        layout.setSpacing(SPACING.normal)
        layout.addWidget(self.line)
        layout.addWidget(self.list, 1)
        self.line.textChanged.connect(self.search)
        self.line.installEventFilter(self)
        self.list.opened.connect(self._take)
        self.list.clicked.connect(self._clicked)
        self.setFocusProxy(self.line)

    def show_over(self, window: QWidget) -> None:
        """Open over the upper middle of a window, with everything in it."""
        width = min(680, window.width() - 80)
        self.resize(width, min(520, window.height() - 120))
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, 56)))
        self.line.clear()
        self.search("")
        self.open()
        self.line.setFocus()

    def search(self, text: str) -> None:
        """Show what has all the words."""
        words = text.lower().split()
        hits = [f for provider in self._providers for f in provider(text.strip()) if _has(f, words)]
        if words:
            hits.sort(key=lambda f: _rank(f, words))
        self.model.set_records(hits[:LIMIT], reset=True)
        self.list.select_row(0)

    def run_current(self) -> None:
        """Close and do what the current row stands for."""
        found = self.list.current_record()
        if isinstance(found, Found):
            self.hide()
            self.accept()
            found.run()

    def _take(self, _record: object) -> None:
        self.run_current()

    def _clicked(self) -> None:
        self.run_current()

    @sound
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            key = Qt.Key(event.key())
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if key in steps:
                last = self.model.rowCount() - 1
                self.list.select_row(max(0, min(last, self.list.currentIndex().row() + steps[key])))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.run_current()
                return True
        return super().eventFilter(watched, event)


def describe_found(found: Found) -> Entry:
    """The entry of something found."""
    note = "  ".join(t for t in (found.kind, found.keys) if t)
    return Entry(title=found.title, detail=found.detail, note=note, icon=(found.icon or "chevron-right", "muted"))


def _hay(found: Found) -> str:
    hay = f"{found.title} {found.kind} {found.detail} {found.words}".lower()
    return f"{hay} {hay.replace('-', '')}"  # "nget" finds N-GET


def _has(found: Found, words: list[str]) -> bool:
    hay = _hay(found)
    return all(w in hay for w in words)


def _rank(found: Found, words: list[str]) -> tuple[bool, bool, int]:
    title = found.title.lower()
    return (not title.startswith(words[0]), not all(w in title for w in words), len(title))
