"""Attributes to pick from: those picked, those a SOP class is known to have, then whatever the dictionary finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QObject, Qt, Signal

from engine.standard.dictionary import attribute, search_attributes
from engine.standard.elements import tag_text
from engine.workspace.names import parse_tag
from gui.sound import sound

from .dataset_values import element_name, tag_digits
from .rows import Index

FOUND = 200
"""Attributes of the dictionary shown for a search: what is further down is found by another word."""
NOTE_ROLE = Qt.ItemDataRole.UserRole + 20
"""What stands at the right end of a row: the tag."""


class AttributePicks(QAbstractListModel):
    """Rows with a tick each. `picked_changed` when the user ticked or unticked one."""

    picked_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: tuple[int, ...] = ()
        self._words = ""
        self._rows: list[int] = []
        self.picked: tuple[int, ...] = ()
        """Tags, in the order they were picked in."""

    def set_known(self, tags: Iterable[int]) -> None:
        """What the SOP class has."""
        self._known = tuple(tags)
        self._fill()

    @property
    def known(self) -> tuple[int, ...]:
        return self._known

    def search(self, words: str) -> None:
        """Show what has all these words in keyword, name or tag."""
        self._words = words.strip()
        self._fill()

    def set_picked(self, tags: Iterable[int]) -> None:
        self.picked = tuple(dict.fromkeys(tags))
        self._fill()
        self.picked_changed.emit()

    def toggle(self, row: int) -> None:
        """Pick a row's attribute, or do not any more; rows stay where they are."""
        tag = self._rows[row]
        on = tag not in self.picked
        self.picked = (*self.picked, tag) if on else tuple(t for t in self.picked if t != tag)
        index = self.index(row)
        self.dataChanged.emit(index, index)
        self.picked_changed.emit()

    def tag(self, row: int) -> int:
        return self._rows[row]

    def _fill(self) -> None:
        if self._words:
            known = [tag for tag in self._known if self._fits(tag)]
            typed = parse_tag(self._words)
            found = [typed] if typed is not None else [a.tag for a in search_attributes(self._words, FOUND)]
            rows = [*known, *found]
        else:
            rows = [*(tag for tag in self.picked if tag not in self._known), *self._known]
        self.beginResetModel()
        self._rows = list(dict.fromkeys(rows))
        self.endResetModel()

    def _fits(self, tag: int) -> bool:
        row = attribute(tag)
        text = f"{row.keyword} {row.name} {tag_digits(tag)} {tag:08x}".lower() if row else tag_digits(tag)
        return all(word in text for word in self._words.lower().split())

    # -- Qt

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    @sound
    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() else Qt.ItemFlag.NoItemFlags

    @sound
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        tag = self._rows[index.row()]
        row = attribute(tag)
        if role == Qt.ItemDataRole.DisplayRole:
            return element_name(tag)
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if tag in self.picked else Qt.CheckState.Unchecked
        if role == NOTE_ROLE:
            return tag_digits(tag)
        if role == Qt.ItemDataRole.ToolTipRole:
            of_class = "\nIn the Standard's table of this SOP class" if tag in self._known else ""
            about = f"{row.name} {tag_text(tag)} {row.vr}" if row else tag_digits(tag)
            return about + of_class
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{element_name(tag)}, {'picked' if tag in self.picked else 'not picked'}"
        return None

    @sound
    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        self.toggle(index.row())
        return True
