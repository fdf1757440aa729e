"""Requests from the peer: whether they are answered by themselves, and the way to answer those that wait."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QAction

from engine.model.notices import Direction, MessageNotice
from engine.standard.messages import message_for, message_name

from .panels.builder_panel import BuilderPanel
from .panels.log_panel import LogPanel
from .session import AssociationRecord, Session

_KEY = "association/auto_answer"


class Answering(QObject):
    """Connects log and builder, and remembers the choice. `said`: (sentence, role) when a request waits."""

    said = Signal(object, object)

    def __init__(
        self, session: Session, builder: BuilderPanel, log: LogPanel, store: QSettings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._builder, self._store = session, builder, store
        session.auto_answer = str(store.value(_KEY, "true")).lower() != "false"
        session.association_changed.connect(self._association_changed)
        builder.association_wanted.connect(session.make_current)
        builder.waiting_changed.connect(log.set_waiting)
        log.answer_requested.connect(builder.answer_request)

    def follow(self, action: QAction) -> None:
        """Show the choice in the menu."""
        action.setChecked(self._session.auto_answer)

    def set_automatic(self, on: bool) -> None:
        """For associations opened from now on."""
        if on == self._session.auto_answer:
            return
        self._session.auto_answer = on
        self._store.setValue(_KEY, on)
        how = "are answered automatically" if on else "wait for the answer you build and send"
        self.said.emit(f"On associations opened from now on, incoming requests {how}.", "text")

    def take(self, notice: MessageNotice) -> None:
        """Say that a request waits, where nothing answers it by itself."""
        if notice.direction is not Direction.RECEIVED:
            return
        record = self._session.record(notice.association)
        if record is None or not record.held or record.auto_answer:
            return
        row = message_for(notice.command.command_field or 0)
        if row is not None and row.kind == "request":
            name, number = message_name(notice.command.command_field), notice.command.message_id
            self.said.emit(f"{name} {number} of #{notice.association} waits for your answer: press Ctrl+R.", "warning")

    def _association_changed(self, record: AssociationRecord) -> None:
        if record.finished:
            self._builder.association_ended(record.association)
