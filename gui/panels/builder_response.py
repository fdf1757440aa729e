"""What came back: the status in words, the whole response as a tree, the matches of a query as a table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSplitter, QVBoxLayout, QWidget

from engine.model.command_set import CommandSet
from engine.model.dataset import DataElement, DataSet
from engine.model.notices import MessageNotice, StatusNotice
from engine.standard.elements import ELEMENTS
from engine.standard.messages import message_for, message_name
from engine.standard.sop_classes import sop_class
from engine.standard.status import StatusClass, status_class, status_text
from engine.trace.explain import PreviewError, data_set_of
from gui.background import Background
from gui.dialogs import Questions
from gui.forms.dataset_view import DataSetView
from gui.forms.matches_saving import MatchesSaving
from gui.forms.matches_table import KEPT, Result, ResultsTable
from gui.forms.wrapping_label import SelectableLabel
from gui.models.command_values import About, shown
from gui.models.dataset_model import DataSetModel
from gui.models.dataset_values import display_text
from gui.theme import LEAST_TABLE, SPACING
from gui.tips import plain_tip

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

READ_AT_ONCE = 2 * 1024 * 1024
"""Bytes of a data set decoded while one waits (some 20 ms); larger ones are decoded beside."""
SIGNS = {
    StatusClass.SUCCESS: ("✓", "ok"),
    StatusClass.PENDING: ("…", "muted"),
    StatusClass.WARNING: ("▲", "warning"),
    StatusClass.CANCEL: ("▲", "warning"),
    StatusClass.FAILURE: ("✕", "failure"),
    StatusClass.UNKNOWN: ("✕", "failure"),
}
"""Sign and colour role of a status class."""


def redacted_response(elements: DataSet, command: CommandSet | None, redaction: Redaction) -> DataSet:
    """What may leave the program of elements of a response: of its command set by the rules for those."""
    told = command_elements(redaction.command_set(command)) if command is not None else []
    head = {element.tag: element for element in told}
    rest = redaction.data_set(DataSet(tuple(e for e in elements if e.tag >> 16)))
    return DataSet((*(head[e.tag] for e in elements if e.tag in head), *rest))


def command_elements(command: CommandSet) -> list[DataElement]:
    """A command set as elements for the tree, values with their meaning."""
    row = message_for(command.command_field or 0)
    about = About(row.service if row else "", sop_class(command.sop_class_uid), command.sop_class_uid)
    found = []
    for element in command:
        known = ELEMENTS.get(element.tag)
        plain = element if isinstance(element.value, bytes) else type(element)(element.tag, element.value)
        found.append(DataElement(element.tag, known.vr if known else "UN", (shown(plain, about),)))
    return found


def describe(element: DataElement) -> str:
    """Command elements carry their words already."""
    return " ".join(element.texts) if element.tag >> 16 == 0 else display_text(element)


def duration_text(seconds: float | None) -> str:
    """`4.2 ms`, `1.25 s`."""
    if seconds is None:
        return ""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


class ResponseView(QWidget):
    """Responses to the last message of a page. `cancel_wanted` when Cancel is pressed, `title_changed` for the tab."""

    cancel_wanted = Signal()
    title_changed = Signal(str)

    def __init__(self, questions: Questions, store: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Result] = []
        self._service = ""
        self._final: MessageNotice | None = None
        self._shown: MessageNotice | None = None
        self._numbers = 0
        self._ended: StatusNotice | None = None
        self._more = False
        self._work: Background | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._flush)
        self.status = SelectableLabel(parent=self)
        self.note = QLabel(self)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.note.hide()
        self.cancel_button = QPushButton("&Cancel", self)
        self.cancel_button.setToolTip("Send C-CANCEL-RQ")
        self.cancel_button.clicked.connect(self.cancel_wanted)
        self.columns_button = QPushButton("Co&lumns…", self)
        self.columns_button.clicked.connect(self._choose_columns)
        self.save_button = QPushButton("&Save…", self)
        self.save_button.clicked.connect(self._choose_format)
        self.table = ResultsTable(store, self)
        self.table.counted.connect(self._counted)
        self.table.said.connect(self._say)
        self.saving = MatchesSaving(self.table, questions, self)
        self.saving.said.connect(self._say)
        self.table.chosen.connect(self._show_result)
        self.model = DataSetModel(self, read_only=True, describe=describe)
        self.tree = DataSetView(self.model, self, name="Response")
        for view in (self.table, self.tree):
            view.setMinimumHeight(LEAST_TABLE)
        self.tree.redact = self._redacted
        self.tree.set_empty("Nothing was sent from here yet.<br>Press <b>Ctrl+Return</b>; the answer is shown here.")
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.tree)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        top = QHBoxLayout()
        top.setSpacing(SPACING.small)
        top.addWidget(self.status, 1)
        for button in (self.columns_button, self.save_button, self.cancel_button):
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.small)
        layout.addLayout(top)
        layout.addWidget(self.note)
        layout.addWidget(self.splitter, 1)
        self.clear()

    # what happens

    def clear(self) -> None:
        self._set_status("", "muted")
        self.model.load(DataSet())
        self._show_table(False)
        self.cancel_button.hide()
        self.title_changed.emit("Response")

    def start(self, command: CommandSet, identifier: DataSet | None, *, cancellable: bool) -> None:
        """A message was sent: wait for what it brings."""
        row = message_for(command.command_field or 0)
        self._service = row.service if row else ""
        self._waiting.clear()
        self._final = self._shown = self._ended = None
        self._numbers = 0
        self.model.load(DataSet())
        self.table.start(command.sop_class_uid, identifier)
        self._show_table(False)
        self.cancel_button.setVisible(cancellable)
        expects = row is not None and row.kind == "request"
        self._set_status("… Waiting for the response" if expects else "✓ Sent", "muted")
        self.title_changed.emit("Response · waiting" if expects else "Response")

    def add(self, notice: MessageNotice) -> None:
        """A response came; matches of a query are put in the table in batches."""
        status = notice.command.status
        pending = status is not None and status_class(status) is StatusClass.PENDING
        self._final = notice
        if pending and notice.data is not None and self._service == "C-FIND":
            self._numbers += 1
            self._waiting.append(Result(self._numbers, notice.data, notice.transfer_syntax, notice.limits))
        if not self._timer.isActive():
            self._timer.start(0)

    def end(self, notice: StatusNotice, *, more: bool = False) -> None:
        """An operation is over; `more` are still on their way. Its last messages may come right after this."""
        self._ended, self._more = notice, more
        self._timer.start(0)

    def _finish(self, notice: StatusNotice) -> None:
        self._ended = None
        self.cancel_button.setVisible(self._more and not self.cancel_button.isHidden())
        self.table.finish()
        if self._final is None or notice.status is None:
            self._set_status(f"✕ {notice.sentence or notice.outcome.value}", "failure")
            self.title_changed.emit(f"Response · {notice.outcome.value}")
        elif notice.duration:
            self._show_status(self._final, notice.duration, notice.sentence)

    # showing

    def _flush(self) -> None:
        """Show what came since the event loop was last free: one insertion, however much it is."""
        self._timer.stop()
        if self._final is not None:
            self._show_latest(self._final)
        if self._ended is not None:
            self._finish(self._ended)

    def _show_latest(self, notice: MessageNotice) -> None:
        batch, self._waiting = self._waiting, []
        if batch:
            self._show_table(True)
            self.table.add(batch)
            if self.table.current_record() is None and self.table.results.rowCount():
                self.table.selectRow(0)
        elif notice is not self._shown and not self.table.total:
            self._show_message(notice)
        self._show_status(notice)

    def _show_status(self, notice: MessageNotice, duration: float | None = None, sentence: str = "") -> None:
        command = notice.command
        code = command.status
        if code is None:
            self._set_status(f"{message_name(command.command_field)} without Status", "warning")
            return
        klass = status_class(code)
        sign, role = SIGNS[klass]
        words = [f"{sign} {status_text(code, self._service, command.sop_class_uid or notice.abstract_syntax)}"]
        if self.table.total:
            words.append(f"{self.table.total:,} {'match' if self.table.total == 1 else 'matches'}")
        counts = _counts(command)
        words += [counts] if counts else []
        comment = command.text("ErrorComment")
        words += [f"“{comment}”"] if comment else []
        words.append(duration_text(duration if duration is not None else notice.duration))
        self._set_status(" · ".join(filter(None, words)), role)
        self.status.setToolTip(plain_tip(sentence))
        self.title_changed.emit(f"Response · {code:04X}H {klass.value}")

    def _show_message(self, notice: MessageNotice) -> None:
        """The command set at once; a large data set when it is decoded."""
        self._shown = notice
        head = command_elements(notice.command)
        if notice.data is None:
            self.model.load(DataSet(tuple(head)))
            return
        if notice.data_length <= READ_AT_ONCE:
            self._decoded(_decode(notice))
            return
        self.model.load(DataSet(tuple(head)))
        self._say(f"Reading {notice.data_length:,} bytes…")
        self._work = Background(partial(_decode, notice))
        self._work.done.connect(self._decoded)
        self._work.begin()

    def _redacted(self, elements: DataSet, redaction: Redaction) -> DataSet:
        return redacted_response(elements, self._shown.command if self._shown is not None else None, redaction)

    def _decoded(self, found: tuple[MessageNotice, DataSet, str]) -> None:
        notice, data_set, problem = found
        if notice is self._shown:
            self.model.load(DataSet((*command_elements(notice.command), *data_set)))
            self._say(f"The data set cannot be shown: {problem}" if problem else "")

    def _show_result(self, record: object) -> None:
        if isinstance(record, Result):
            self.model.load(record.data_set)
            self._say(record.problem)

    def _show_table(self, shown_: bool) -> None:
        self.table.setVisible(shown_)
        self.columns_button.setVisible(shown_)
        self.save_button.setVisible(shown_)
        self._say("")

    def _counted(self, total: object) -> None:
        if isinstance(total, int) and total > KEPT:
            self._say(f"The last {KEPT:,} of {total:,} matches are kept.")

    def _set_status(self, text: str, role: str) -> None:
        self.status.setText(text)
        self.status.setProperty("role", {"failure": "error"}.get(role, role))
        self.status.style().unpolish(self.status)
        self.status.style().polish(self.status)

    def _say(self, sentence: str) -> None:
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))

    # the table's buttons

    def _choose_columns(self) -> None:
        menu = self.table.columns_menu(self)
        menu.popup(self.columns_button.mapToGlobal(self.columns_button.rect().bottomLeft()))

    def _choose_format(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.saving.add_to(menu)
        menu.popup(self.save_button.mapToGlobal(self.save_button.rect().bottomLeft()))


def _decode(notice: MessageNotice) -> tuple[MessageNotice, DataSet, str]:
    """The notice, its data set, and why there is none."""
    try:
        found = (
            data_set_of(notice.data, notice.transfer_syntax, notice.limits) if notice.data is not None else DataSet()
        )
        return notice, found, ""
    except PreviewError as error:
        return notice, DataSet(), str(error)


def _counts(command: CommandSet) -> str:
    """Sub-operations in words."""
    kinds = ("Remaining", "Completed", "Failed", "Warning")
    numbers = [(k, command.number(f"NumberOf{k}Suboperations")) for k in kinds]
    return ", ".join(f"{number} {kind.lower()}" for kind, number in numbers if number is not None)
