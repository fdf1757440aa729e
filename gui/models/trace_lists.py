"""The trace's lists: associations newest first, PDUs, findings; records are the notices themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from engine.model.notices import Direction, PduNotice
from engine.standard.state_table import Evt, Sta
from gui.sound import sound
from gui.theme import theme
from gui.tips import plain_tip

from .log_associations import peer_text
from .log_text import clock_text, full_time
from .rows import RECORD_ROLE, Column, Index
from .trace_store import TraceAssociation
from .trace_words import PHASE_LOOKS, brief_transition, pdu_name, transition_text


def title(record: TraceAssociation) -> str:
    """ "#12 → Orthanc · established · 15:06:41"."""
    arrow = "→" if record.requestor else "←"
    peer = record.peer.name or record.peer.ae_title or record.peer.host or "a peer not known yet"
    return f"#{record.number} {arrow} {peer} · {record.phase.value} · {clock_text(record.time)[:8]}"


class AssociationList(QAbstractListModel):
    """Associations of the store, newest first."""

    def __init__(self, associations: dict[int, TraceAssociation], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._associations = associations
        self._numbers: list[int] = []
        """Oldest first; a row counts from the end."""

    def row_of(self, number: int | None) -> int:
        """-1 when it is not listed."""
        if number is None or number not in self._numbers:
            return -1
        return len(self._numbers) - 1 - self._numbers.index(number)

    def number(self, row: int) -> int | None:
        return self._numbers[len(self._numbers) - 1 - row] if 0 <= row < len(self._numbers) else None

    def add(self, number: int) -> None:
        self.beginInsertRows(QModelIndex(), 0, 0)
        self._numbers.append(number)
        self.endInsertRows()

    def remove(self, number: int) -> None:
        row = self.row_of(number)
        if row >= 0:
            self.beginRemoveRows(QModelIndex(), row, row)
            self._numbers.remove(number)
            self.endRemoveRows()

    def changed(self, number: int) -> None:
        row = self.row_of(number)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._numbers)

    @sound
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        number = self.number(index.row()) if index.isValid() else None
        record = self._associations.get(number) if number is not None else None
        if record is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return title(record)
        if role == Qt.ItemDataRole.DecorationRole:
            return theme().icon(*PHASE_LOOKS[record.phase])
        if role == Qt.ItemDataRole.ToolTipRole:
            opened = "opened by us" if record.requestor else "opened by the peer"
            lines = (f"{peer_text(record.peer)}, {opened}", full_time(record.time), record.sentence)
            return plain_tip("\n".join(line for line in lines if line))
        return record if role == RECORD_ROLE else None


# -- PDUs -------------------------------------------------------------------------------------------------------


def _sent(pdu: PduNotice) -> bool:
    return pdu.direction is Direction.SENT


def _type_text(pdu: PduNotice) -> str:
    return pdu_name(pdu.type)


def _transition_tip(pdu: PduNotice) -> str:
    """The states and the event in words (PS3.8 9.2)."""
    parts = [f"{name}: {_definition(Sta, name)}" for name in (pdu.state_before, pdu.state_after) if name]
    if pdu.event:
        parts.insert(1, f"{pdu.event}: {_definition(Evt, pdu.event)}")
    return "\n".join(dict.fromkeys(parts))


def _definition(kind: type[Sta | Evt], name: str) -> str:
    member = kind.__members__.get(name)
    return member.definition if member is not None else "not a state or event of PS3.8"


PDU_COLUMNS: tuple[Column[PduNotice], ...] = (
    # The association's line above has the hour.
    Column("Time", lambda p: clock_text(p.time)[3:], lambda p: full_time(p.time), copy=lambda p: full_time(p.time),
           sample="00:00.000"),
    Column("PDU", lambda p: f"{'→' if _sent(p) else '←'} {_type_text(p)}",
           lambda p: f"{_type_text(p)} ({p.type:02X}H), {p.direction.value}",
           copy=lambda p: f"{p.direction.value} {_type_text(p)}", sample="→ A-ASSOCIATE-RQ"),
    Column("Length", lambda p: f"{p.size:,}", lambda p: f"{p.size:,} bytes, header included",
           copy=lambda p: str(p.size), align_right=True, sample="131,078", priority=-1),
    Column("State", brief_transition, _transition_tip, copy=transition_text, sample="6→7 · AR-1", weight=1),
)  # fmt: skip


def pdu_filter(text: str) -> Callable[[PduNotice], bool] | None:
    """Keeps PDUs with all the words in type, direction, states, event or action; None for an empty text.

    PDUs that look the same are judged once, so that 200,000 P-DATA-TF take no longer than a few.
    """
    words = text.lower().split()
    if not words:
        return None
    judged: dict[tuple[object, ...], bool] = {}

    def keeps(pdu: PduNotice) -> bool:
        key = (pdu.type, pdu.direction, pdu.state_before, pdu.event, pdu.action, pdu.state_after)
        known = judged.get(key)
        if known is None:
            said = f"{pdu_name(pdu.type)} {pdu.direction.value} {transition_text(pdu)} {pdu.event}".lower()
            known = judged[key] = all(word in said for word in words)
        return known

    return keeps
