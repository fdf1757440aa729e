"""Instances that arrive for a retrieval, as rows: which, in what syntax, how they were answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.model.notices import Direction, MessageNotice, Notice
from engine.standard.dictionary import uid_text
from engine.standard.lean import dataclass
from engine.standard.messages import STORE
from engine.standard.status import StatusClass, status_class, status_text

from .rows import Column, RowTableModel

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

KEPT = 100_000
"""Rows kept: more than one retrieval brings; the oldest go first."""
_ICONS = {StatusClass.SUCCESS: ("ok", "ok"), StatusClass.WARNING: ("warning", "warning")}


@dataclass(frozen=True, slots=True)
class Inbound:
    """One C-STORE that arrived. status: of our answer, None before it."""

    number: int
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    size: int
    status: int | None = None

    @property
    def stored(self) -> bool:
        return self.status is not None and status_class(self.status) in _ICONS


def _class_name(row: Inbound) -> str:
    return uid_text(row.sop_class_uid).removesuffix(" Storage")


def _status(row: Inbound) -> str:
    if row.status is None:
        return "arriving"
    return "stored" if row.status == 0 else status_text(row.status, "C-STORE", row.sop_class_uid)


def _icon(row: Inbound) -> tuple[str, str]:
    if row.status is None:
        return "received", "muted"
    return _ICONS.get(status_class(row.status), ("failure", "failure"))


def _tip(row: Inbound) -> str:
    syntax = uid_text(row.transfer_syntax)
    return f"{row.sop_instance_uid}\n{_class_name(row)}\n{syntax}, {row.size:,} bytes\n{_status(row)}"


def _size(row: Inbound) -> str:
    return f"{row.size / 1024:,.0f} kB" if row.size >= 1024 else f"{row.size} B"


_COLUMNS: tuple[Column[Inbound], ...] = (
    Column("#", lambda r: str(r.number), sample="99999", align_right=True),
    Column("Instance", lambda r: r.sop_instance_uid, tooltip=_tip, sample="1.2.840.113619", weight=3, middle=True),
    Column("SOP class", _class_name, tooltip=_tip, sample="Enhanced MR Image", weight=2),
    Column("Size", _size, sample="99,999 kB", align_right=True, priority=2),
    Column("Answer", _status, tooltip=_tip, icon=_icon, sample="stored now", weight=1),
)


def redacted_row(row: Inbound, redaction: Redaction) -> Inbound:
    """What may leave the program."""
    uid = redaction.stand_ins.uid
    return replace(row, sop_class_uid=uid(row.sop_class_uid), sop_instance_uid=uid(row.sop_instance_uid))


class InboundModel(RowTableModel[Inbound]):
    """Follows the C-STOREs within one operation."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_COLUMNS, parent, maximum=KEPT, redact=redacted_row)
        self._open: dict[tuple[int, int | None], int] = {}
        self._count = 0

    def start(self) -> None:
        """A new retrieval."""
        self._open.clear()
        self._count = 0
        self.clear()

    @property
    def count(self) -> int:
        """Instances that arrived, kept in the list or not."""
        return self._count

    def take(self, notices: Iterable[Notice], operation: int | None) -> None:
        """What arrived for the operation and how it was answered, in one insertion."""
        fresh: list[Inbound] = []
        answered: list[tuple[int, int | None]] = []
        for n in notices:
            if not isinstance(n, MessageNotice) or operation is None or n.within != operation:
                continue
            if n.direction is Direction.RECEIVED and n.command.command_field == STORE:
                self._count += 1
                self._open[(n.association, n.command.message_id)] = self._count
                fresh.append(_inbound(self._count, n))
            elif n.direction is Direction.SENT and n.command.is_response:
                number = self._open.pop((n.association, n.command.responded_to), None)
                if number is not None:
                    answered.append((number, n.command.status))
        if fresh:
            self.append(fresh)
        first = self._count - len(self.records) + 1
        for number, status in answered:
            place = number - first
            if 0 <= place < len(self.records):
                self.update_record(place, replace(self.records[place], status=status))


def _inbound(number: int, n: MessageNotice) -> Inbound:
    command = n.command
    return Inbound(number, command.sop_class_uid, command.sop_instance_uid, n.transfer_syntax, n.data_length)
