"""Find SOP classes by words of their name, by keyword or by UID."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from engine.conformance.names import check_uid
from engine.standard.sop_classes import SopClass, search, sop_classes
from gui.forms.entry_list import EntryList
from gui.models import redacted_rows
from gui.models.contexts import abstract_name
from gui.models.lists import Entry, EntryModel
from gui.sound import sound
from gui.theme import SPACING

LIMIT = 400
"""Rows shown at once: all current SOP classes fit, and the list is built in a few milliseconds."""


def describe_sop_class(row: SopClass) -> Entry:
    """The entry of a SOP class."""
    services = ", ".join(dict.fromkeys((*row.scu_invokes, *row.scp_invokes)))
    about = " · ".join(t for t in (row.service_class, services) if t)
    return Entry(
        title=row.name or row.uid,
        detail=row.uid,
        note="retired" if row.retired else "",
        tooltip="\n".join(t for t in (row.name, row.keyword, row.uid, about) if t),
        copy=row.uid,
    )


def _current() -> list[SopClass]:
    """All that are not retired, by name."""
    return sorted((s for s in sop_classes().values() if not s.retired), key=lambda s: s.name)


class SopClassPicker(QWidget):
    """A search field over a list; several may be selected when `many`. `picked` on Return or double click."""

    picked = Signal()
    changed = Signal()
    """Other SOP classes are selected than before."""

    def __init__(self, parent: QWidget | None = None, *, many: bool = False, current: str = "") -> None:
        super().__init__(parent)
        self.model = EntryModel(describe_sop_class, self, redact=redacted_rows.own_uid)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText("Words, keyword or UID: ct storage, MR, 1.2.840…")
        self.line.setClearButtonEnabled(True)
        self.line.setAccessibleName("Search SOP classes")
        self.list = EntryList(self.model, self, name="SOP classes", many=many, movable=False)
        self.list.set_empty("No SOP class has all these words.<br>A whole UID can be used as it is, registered or not.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.normal)
        layout.addWidget(self.line)
        layout.addWidget(self.list, 1)
        self.line.textChanged.connect(self._search)
        self.line.returnPressed.connect(self.picked)
        self.line.installEventFilter(self)
        self.list.opened.connect(self._opened)
        self.list.selectionModel().selectionChanged.connect(self.changed)
        self.setFocusProxy(self.line)
        self._search("")
        if current:
            self.line.setText(current)

    def uids(self) -> tuple[str, ...]:
        """The UIDs selected."""
        return tuple(self.model.records[row].uid for row in self.list.selected_rows())

    def _search(self, text: str) -> None:
        text = text.strip()
        found = search(text, LIMIT) if text else _current()[:LIMIT]
        if text and "." in text and check_uid(text) is None and all(s.uid != text for s in found):
            found = [SopClass(text, abstract_name(text), "", False), *found]
        # The selection belonged to what was found before.
        self.model.set_records(found, reset=True)
        if text:
            self.list.select_row(0)
        self.changed.emit()

    def _opened(self, _record: object) -> None:
        self.picked.emit()

    @sound
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and Down in the search field walk through the list."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if step:
                self.list.select_row(max(0, self.list.currentIndex().row() + step))
                return True
        return super().eventFilter(watched, event)
