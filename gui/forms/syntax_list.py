"""Choose transfer syntaxes by ticking them; those ticked keep their order."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE, TransferSyntaxRow, transfer_syntaxes
from gui.models.contexts import syntax_name
from gui.models.tables import CellDelegate
from gui.theme import SPACING

from .header import icon_button, text_button

UID_ROLE = int(Qt.ItemDataRole.UserRole)
NAME_ROLE = UID_ROLE + 1


class SyntaxList(QWidget):
    """A list of all transfer syntaxes with boxes to tick. `changed` when the choice is another.

    ordered: the order is what is chosen too; it is shown, and moved with Alt+Up and Alt+Down.
    """

    changed = Signal()

    def __init__(self, chosen: Iterable[str] = (), parent: QWidget | None = None, *, ordered: bool = False) -> None:
        super().__init__(parent)
        self._ordered = ordered
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Filter transfer syntaxes")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter transfer syntaxes")
        self.list = QListWidget(self)
        self.list.setAccessibleName("Transfer syntaxes")
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(CellDelegate(self.list))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.count = QLabel(self)
        self.count.setProperty("role", "muted")
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(text_button("&Usual", self.usual, self, tip="Explicit and Implicit VR Little Endian"))
        row.addWidget(text_button("A&ll", self.all, self, tip="Every transfer syntax shown that is not retired"))
        row.addWidget(text_button("N&one", self.none, self))
        row.addStretch(1)
        row.addWidget(self.count)
        if ordered:
            row.addWidget(icon_button("up", "Prefer it more", self.prefer, self, keys="Alt+Up"))
            row.addWidget(icon_button("down", "Prefer it less", self.defer, self, keys="Alt+Down"))
            for keys, slot in (("Alt+Up", self.prefer), ("Alt+Down", self.defer)):
                shortcut = QShortcut(QKeySequence(keys), self.list, slot)
                shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.normal)
        layout.addWidget(self.filter)
        layout.addWidget(self.list, 1)
        layout.addLayout(row)
        self._chosen: list[str] = []
        self._fill(tuple(chosen))
        self.filter.textChanged.connect(self._filter)
        self.list.itemChanged.connect(self._ticked)

    def uids(self) -> tuple[str, ...]:
        """The ticked ones: first those that were there, in their order, then as they were ticked."""
        return tuple(self._chosen)

    def usual(self) -> None:
        self._tick({EXPLICIT_VR_LE, IMPLICIT_VR_LE})

    def all(self) -> None:
        rows = transfer_syntaxes()
        shown = (str(i.data(UID_ROLE)) for i in self._items() if not i.isHidden())
        self._tick({u for u in shown if u not in rows or not rows[u].retired})

    def none(self) -> None:
        self._tick(set())

    def prefer(self) -> None:
        self._move(-1)

    def defer(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        """Let the current ticked one change places with its neighbour in the order."""
        if self.list.currentRow() < 0:
            return
        item = self.list.currentItem()
        uid = str(item.data(UID_ROLE))
        if uid not in self._chosen:
            return
        place = self._chosen.index(uid)
        other = place + by
        if not 0 <= other < len(self._chosen):
            return
        neighbour = next(i for i in self._items() if i.data(UID_ROLE) == self._chosen[other])
        self._chosen[place], self._chosen[other] = self._chosen[other], self._chosen[place]
        self.list.takeItem(self.list.row(item))
        row = self.list.row(neighbour)
        self.list.insertItem(row if by < 0 else row + 1, item)
        self.list.setCurrentItem(item)
        self._say()
        self.changed.emit()

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(i) for i in range(self.list.count())]

    def _fill(self, chosen: tuple[str, ...]) -> None:
        rows = transfer_syntaxes()
        order = [*chosen, *(u for u in _usual_first(rows) if u not in chosen)]
        self._chosen = list(chosen)
        for uid in order:
            row = rows.get(uid)
            retired = " (retired)" if row is not None and row.retired and "etired" not in row.name else ""
            item = QListWidgetItem(f"{syntax_name(uid)}{retired}")
            item.setData(NAME_ROLE, item.text())
            item.setData(UID_ROLE, uid)
            item.setToolTip(f"{syntax_name(uid)}\n{uid}")
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if uid in chosen else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self._say()

    def _tick(self, wanted: set[str]) -> None:
        for item in self._items():
            item.setCheckState(Qt.CheckState.Checked if item.data(UID_ROLE) in wanted else Qt.CheckState.Unchecked)

    def _ticked(self, item: QListWidgetItem) -> None:
        uid = str(item.data(UID_ROLE))
        checked = item.checkState() is Qt.CheckState.Checked
        if checked is (uid in self._chosen):
            return
        if checked:
            self._chosen.append(uid)
        else:
            self._chosen.remove(uid)
        self._say()
        self.changed.emit()

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items():
            hay = f"{item.text()} {item.data(UID_ROLE)}".lower()
            item.setHidden(not all(w in hay for w in words))

    def _say(self) -> None:
        self.count.setText(f"{len(self._chosen)} chosen")
        if not self._ordered:
            return
        with QSignalBlocker(self.list):
            for item in self._items():
                uid, name = str(item.data(UID_ROLE)), str(item.data(NAME_ROLE))
                item.setText(f"{self._chosen.index(uid) + 1}.  {name}" if uid in self._chosen else name)


def _usual_first(rows: dict[str, TransferSyntaxRow]) -> list[str]:
    usual = [EXPLICIT_VR_LE, IMPLICIT_VR_LE]
    rest = [u for u in rows if u not in usual]
    return usual + sorted(rest, key=lambda u: rows[u].retired)
