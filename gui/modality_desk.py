"""What a modality has under way, for all pages: performed steps and storage commitments of the workspace, the report of
a commitment whenever and wherever it comes, the files that were stored last."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from engine.model.commitment import STORAGE_COMMITMENT, transaction_of
from engine.model.notices import Direction, MessageNotice, Notice, StoredNotice
from engine.model.storing import FileState
from engine.standard.messages import message_name
from engine.trace.explain import PreviewError, data_set_of
from engine.workspace.errors import WorkspaceError
from engine.workspace.modality_records import StepRecord, Transaction, step_records, take_report, transactions
from gui.session import Session

R = TypeVar("R")
_STORED = (FileState.STORED, FileState.WARNING)


class ModalityDesk(QObject):
    """`steps_changed`, `transactions_changed` when a file of them is written; `stored_changed` when the first
    files of a store are stored."""

    steps_changed = Signal()
    transactions_changed = Signal(object)
    """The Transaction that is other than before, or None."""
    stored_changed = Signal()
    said = Signal(object, object)
    """(sentence, theme role) worth a line in the status bar."""

    def __init__(self, session: Session, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._steps, self._transactions = step_records(folder), transactions(folder)
        self._operation: int | None = None
        self._stored: dict[Path, None] = {}
        session.notices.connect(self._take)

    @property
    def stored(self) -> tuple[Path, ...]:
        """The files of the last store that the peer has taken."""
        return tuple(self._stored)

    # -- performed steps ----------------------------------------------------------------------------------------

    def steps(self) -> tuple[StepRecord, ...]:
        """Newest first."""
        return self._told(self._steps.all(), self._steps.problems)

    def keep_step(self, step: StepRecord) -> None:
        try:
            self._steps.save(step)
        except WorkspaceError as error:
            self.said.emit(f"The step is not kept: {error}", "failure")
        self.steps_changed.emit()

    def forget_step(self, uid: str) -> None:
        self._steps.forget(uid)
        self.steps_changed.emit()

    # -- storage commitment -------------------------------------------------------------------------------------

    def transactions(self) -> tuple[Transaction, ...]:
        """Newest first."""
        return self._told(self._transactions.all(), self._transactions.problems)

    def transaction(self, uid: str) -> Transaction | None:
        return self._transactions.find(uid)

    def keep_transaction(self, transaction: Transaction) -> None:
        try:
            self._transactions.save(transaction)
        except WorkspaceError as error:
            self.said.emit(f"The transaction is not kept: {error}", "failure")
        self.transactions_changed.emit(transaction)

    def forget_transaction(self, uid: str) -> None:
        self._transactions.forget(uid)
        self.transactions_changed.emit(None)

    # -- what comes ---------------------------------------------------------------------------------------------

    def _take(self, batch: Iterable[Notice]) -> None:
        for notice in batch:
            if isinstance(notice, MessageNotice):
                if notice.direction is Direction.RECEIVED and notice.command.sop_class_uid == STORAGE_COMMITMENT:
                    self._take_report(notice)
            elif isinstance(notice, StoredNotice):
                self._take_stored(notice)

    def _take_report(self, notice: MessageNotice) -> None:
        if message_name(notice.command.command_field) != "N-EVENT-REPORT-RQ" or notice.data is None:
            return
        try:
            data = data_set_of(notice.data, notice.transfer_syntax, notice.limits)
        except PreviewError as error:
            self.said.emit(f"A commitment report cannot be read: {error}", "failure")
            return
        event, sender = notice.command.number("EventTypeID") or 0, self._session.peer_of(notice.association)
        try:
            told = take_report(self._transactions, event, data, notice.time, sender)
        except WorkspaceError as error:
            self.said.emit(f"A commitment report is not kept: {error}", "failure")
            return
        if told is None:
            uid = transaction_of(data) or "(none)"
            self.said.emit(f"A commitment report came for a transaction nobody asked for here: {uid}.", "warning")
            return
        self.said.emit(told.sentence, "ok" if told.committed else "failure")
        self.transactions_changed.emit(told)

    def _take_stored(self, notice: StoredNotice) -> None:
        found = tuple(r.path for r in notice.results if r.state in _STORED)
        if not found:
            return
        if notice.operation != self._operation:
            self._operation, self._stored = notice.operation, {}
        # Added to, not made anew: of thousands of files each has its own notice.
        had = bool(self._stored)
        self._stored.update(dict.fromkeys(found))
        if not had:
            self.stored_changed.emit()

    def _told(self, found: tuple[R, ...], problems: list[WorkspaceError]) -> tuple[R, ...]:
        if problems:
            self.said.emit(f"Not read: {problems[0]}", "warning")
        return found
