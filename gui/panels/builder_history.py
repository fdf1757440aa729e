"""What was sent from a tab: when, in which context, how it ended; Return takes it back into the form."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.model.notices import Outcome, StatusNotice
from engine.standard.lean import dataclass
from engine.standard.status import status_class, status_text
from engine.workspace.message_files import MessageFile
from gui.models.rows import Column, RowTableModel
from gui.models.tables import PlainTable
from gui.theme import LEAST_TABLE

from .builder_response import SIGNS, duration_text

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

KEPT = 1_000
"""Sent messages remembered a tab: data sets are shared with the editor's, so an entry costs little."""
_OUTCOME_ROLES = {Outcome.SUCCESS: "ok", Outcome.WARNING: "warning", Outcome.CANCELLED: "warning"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message that was sent."""

    time: datetime
    message: MessageFile
    context: str
    operation: int | None = None
    ended: StatusNotice | None = None

    @property
    def status(self) -> str:
        if self.ended is None:
            return "… waiting" if self.operation is not None else "sent"
        if self.ended.status is None:
            return self.ended.outcome.value
        sign = SIGNS[status_class(self.ended.status)][0]
        return f"{sign} {status_text(self.ended.status, self.ended.service, self.ended.sop_class_uid)}"

    @property
    def duration(self) -> float | None:
        return self.ended.duration if self.ended else None

    @property
    def role(self) -> str:
        if self.ended is None:
            return "muted"
        if self.ended.status is not None:
            return SIGNS[status_class(self.ended.status)][1]
        return _OUTCOME_ROLES.get(self.ended.outcome, "failure")


def _columns() -> tuple[Column[Sent], ...]:
    return (
        Column("Time", lambda s: s.time.strftime("%H:%M:%S"), sample="00:00:00", mono=True),
        Column("Message", lambda s: s.message.message, sample="N-EVENT-REPORT-RSP"),
        Column(
            "Status",
            lambda s: s.status,
            tooltip=lambda s: s.ended.sentence if s.ended else "",
            color=lambda s: s.role,
            sample="✓ 0000H Success",
            weight=2,
        ),
        Column("Duration", lambda s: duration_text(s.duration), sample="000.0 ms", priority=1),
        Column("Context", lambda s: s.context, tooltip=lambda s: s.context, sample="0" * 16, weight=1, priority=2),
    )


def redacted_sent(sent: Sent, redaction: Redaction) -> Sent:
    """What may leave the program."""
    return replace(sent, context=redaction.sentence(sent.context))


class HistoryView(QWidget):
    """The list. `reload_wanted` carries the MessageFile to take back into the form; `counted` the number of entries."""

    reload_wanted = Signal(object)
    counted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model: RowTableModel[Sent] = RowTableModel(_columns(), self, maximum=KEPT, redact=redacted_sent)
        self.table = PlainTable(self.model, self, name="History")
        self.table.setMinimumHeight(LEAST_TABLE)
        self.table.set_empty("What is sent from here is listed.<br>Press <b>Return</b> on a line to take it back.")
        self.table.activated_record.connect(self._activated)
        self.total = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)

    def add(self, sent: Sent) -> None:
        self.total += 1
        self.model.append((sent,))
        self.counted.emit(self.total)

    def started(self, operation: int) -> None:
        """The operation of the latest entry is known now."""
        if self.model.records:
            last = len(self.model.records) - 1
            self.model.update_record(last, replace(self.model.records[last], operation=operation))

    def ended(self, notice: StatusNotice) -> None:
        for position in range(len(self.model.records) - 1, -1, -1):
            if self.model.records[position].operation == notice.operation:
                self.model.update_record(position, replace(self.model.records[position], ended=notice))
                return

    def _activated(self, record: object) -> None:
        if isinstance(record, Sent):
            self.reload_wanted.emit(record.message)
