"""Lists for narrow places: each record takes two lines, so that nothing needs a column that would be cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, Signal

from engine.standard.lean import dataclass
from gui.sound import sound
from gui.tips import plain_tip

from .rows import COPY_ROLE, RECORD_ROLE, Index

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

R = TypeVar("R")

ENTRY_ROLE = RECORD_ROLE + 10
"""Gives the `Entry` of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a row shows: lead and title with a note at the right on the first line, the detail on the second."""

    title: str
    detail: str = ""
    lead: str = ""
    """A short text before the title (a presentation-context-ID)."""
    note: str = ""
    note_role: str = "muted"
    icon: tuple[str, str] | None = None
    """(icon name, theme role) before everything."""
    tooltip: str = ""
    copy: str = ""
    """What Copy puts on the clipboard; the texts shown when empty."""

    @property
    def spoken(self) -> str:
        return ", ".join(t for t in (self.lead, self.title, self.note, self.detail) if t)


class EntryModel(QAbstractListModel, Generic[R]):
    """Records in an order the user may change.

    redact: what Copy has of a record that may leave the program; without it that is nothing.
    """

    reordered = Signal()
    """The user moved a record (not emitted by `set_records`)."""

    def __init__(
        self,
        describe: Callable[[R], Entry],
        parent: QObject | None = None,
        *,
        redact: Callable[[R, Redaction], str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._describe = describe
        self._redact = redact
        self._records: list[R] = []

    @property
    def records(self) -> Sequence[R]:
        return self._records

    def set_records(self, records: Iterable[R], *, reset: bool = False) -> None:
        """Show these. A list of the same length changes in place, so that selection stays, unless `reset`."""
        fresh = list(records)
        if len(fresh) == len(self._records) and not reset:
            self._records = fresh
            self.refresh()
            return
        self.beginResetModel()
        self._records = fresh
        self.endResetModel()

    def copied_redacted(self, row: int, redaction: Redaction) -> str:
        """What Copy has of a row, of what may leave the program."""
        if self._redact is None:
            from engine.trace.redaction.stand_ins import LEFT_OUT

            return LEFT_OUT
        return self._redact(self._records[row], redaction)

    def move(self, row: int, target: int) -> bool:
        """Move a record so that it stands at row `target`; False when there is nothing to move."""
        count = len(self._records)
        if not (0 <= row < count and 0 <= target < count) or row == target:
            return False
        nothing = QModelIndex()
        if not self.beginMoveRows(nothing, row, row, nothing, target + 1 if target > row else target):
            return False
        self._records.insert(target, self._records.pop(row))
        self.endMoveRows()
        self._rearranged()
        self.reordered.emit()
        return True

    def _rearranged(self) -> None:
        """The records stand in another order now: what depends on the order is set right here."""

    def refresh(self) -> None:
        """Look at every record again (ages, colours)."""
        if self._records:
            self.dataChanged.emit(self.index(0), self.index(len(self._records) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._records)

    @sound
    def flags(self, index: Index) -> Qt.ItemFlag:
        base = super().flags(index)
        return base | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else base | Qt.ItemFlag.ItemIsDropEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    @sound
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        record = self._records[index.row()]
        if role == RECORD_ROLE:
            return record
        show = _SHOW.get(role)
        return show(self._describe(record)) if show else None


_SHOW: dict[int, Callable[[Entry], Any]] = {
    int(Qt.ItemDataRole.DisplayRole): lambda entry: entry.title,
    int(Qt.ItemDataRole.ToolTipRole): lambda entry: plain_tip(entry.tooltip) or None,
    int(Qt.ItemDataRole.AccessibleTextRole): lambda entry: entry.spoken,
    COPY_ROLE: lambda entry: entry.copy or entry.spoken,
    ENTRY_ROLE: lambda entry: entry,
}
