"""A list of items with buttons to add, edit and remove them; each is edited in a dialog of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gui.dialogs import FormDialog, top_window
from gui.models.lists import Entry, EntryModel
from gui.theme import SPACING

from .entry_list import EntryList
from .header import icon_button, text_button

MakeDialog = Callable[[Any, QWidget], FormDialog]
"""(the item or None, the parent): a dialog whose signal `saved` carries one item, or a tuple of items to add."""


class ItemsView(QWidget):
    """`changed` when the user has added, edited, moved or removed an item.

    empty: what to say (rich text) in an empty list; without it an empty list is not shown. rows: that fit at least.
    """

    changed = Signal()

    def __init__(
        self,
        title: str,
        describe: Callable[[Any], Entry],
        make: MakeDialog,
        parent: QWidget | None = None,
        *,
        empty: str = "",
        rows: int = 3,
        add: str = "Add",
    ) -> None:
        super().__init__(parent)
        self._make, self._always = make, bool(empty)
        self._dialog: FormDialog | None = None
        self._edited_row = -1
        self.model: EntryModel[Any] = EntryModel(describe, self)
        heading = QLabel(title, self)
        heading.setProperty("role", "title")
        heading.setWordWrap(True)
        self.list = EntryList(self.model, self, name=title)
        self.list.set_empty(empty)
        self.list.starts_at_first = True
        self.list.opened.connect(self.edit)
        self.list.add_action("&Edit…", "F2", self.edit)
        self.list.add_action("&Remove", "Del", self.remove)
        height = rows * self.list.fontMetrics().height() * 2 + 40
        if self._always:
            self.list.setMinimumHeight(height)
        else:
            self.list.setFixedHeight(height)
        self.model.reordered.connect(self.changed)
        self.add_button = text_button(add, self.add, self, icon="add")
        self.add_button.setAccessibleName(f"Add: {title}")
        self.row = QHBoxLayout()
        self.row.addWidget(self.add_button)
        self.row.addStretch(1)
        buttons = (("edit", "Edit", self.edit), ("delete", "Remove", self.remove))
        moves = (("up", "Move up", self.list.move_up), ("down", "Move down", self.list.move_down))
        self._needing_an_item: list[QToolButton] = []
        for icon, text, slot in (*buttons, *(moves if self._always else ())):
            self.add_tool(icon_button(icon, f"{text}: {title}", slot, self), self.row.count())
        self.list.selectionModel().selectionChanged.connect(self._chosen)
        self.model.modelReset.connect(self._chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.small)
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)
        layout.addLayout(self.row)
        self._fit()

    def add_tool(self, button: QToolButton, place: int) -> None:
        """A button that does something with the selected items: off while there are none."""
        self.row.insertWidget(place, button)
        button.setEnabled(False)
        self._needing_an_item.append(button)

    @property
    def dialog(self) -> FormDialog | None:
        """The open dialog."""
        return self._dialog

    def set_items(self, items: tuple[Any, ...]) -> None:
        self.model.set_records(items)
        self._fit()

    def items(self) -> tuple[Any, ...]:
        return tuple(self.model.records)

    def add(self) -> None:
        self._open(None, -1)

    def edit(self) -> None:
        record = self.list.current_record()
        if record is not None:
            self._open(record, self.list.currentIndex().row())

    def remove(self) -> None:
        gone = set(self.list.selected_rows())
        if gone:
            self.set_items(tuple(r for i, r in enumerate(self.model.records) if i not in gone))
            self.list.select_row(min(*gone, len(self.model.records) - 1))
            self.changed.emit()

    def put(self, *items: Any) -> None:
        """Add items at the end, as the dialog does."""
        self.set_items((*self.items(), *items))
        self.list.select_row(len(self.model.records) - 1)
        self.changed.emit()

    def _open(self, item: Any, row: int) -> None:
        dialog = self._make(item, top_window(self))
        self._dialog, self._edited_row = dialog, row
        dialog.saved.connect(self._saved)  # type: ignore[attr-defined]
        dialog.finished.connect(self._closed)
        dialog.open()

    def _closed(self) -> None:
        self._dialog = None

    def _saved(self, saved: Any) -> None:
        items = saved if isinstance(saved, tuple) else (saved,)
        if self._edited_row < 0:
            self.put(*items)
            return
        kept = list(self.model.records)
        kept[self._edited_row : self._edited_row + 1] = items
        self.set_items(tuple(kept))
        self.changed.emit()

    def _chosen(self) -> None:
        for button in self._needing_an_item:
            button.setEnabled(bool(self.list.selected_rows()))

    def _fit(self) -> None:
        """No empty box where there is nothing to say either."""
        self.list.setVisible(self._always or bool(self.model.records))
