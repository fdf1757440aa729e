"""The status log: one row for each message or event, what came of it and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from engine.model.association import Peer
from engine.model.notices import Notice, ProgressNotice, StatusNotice
from gui.forms.header import PanelHeader, icon_button, text_button
from gui.forms.log_table import LogTable, redacted_log
from gui.models.log_filter import FIELDS
from gui.models.log_json import json_lines
from gui.models.log_model import LogModel
from gui.models.log_store import Kind, LogRow
from gui.models.log_text import text_lines
from gui.models.trace_target import TraceTarget
from gui.pace import Pace
from gui.sound import sound
from gui.theme import LEAST_TABLE, SPACING, theme

from .log_progress import ProgressStrip
from .log_save import AskWhere, LineWriter

_Lines = Callable[[Iterable[LogRow]], Iterable[str]]
_TYPING_PAUSE = 120
"""Milliseconds without a key before the filter is applied: short enough to feel live."""
_EMPTY = (
    "<b>Nothing sent yet</b><br>Choose the built-in peer in the toolbar and press <a href='echo'>Echo</a>: it runs on "
    "this computer and answers at once.<br>Every message and event then has its row here, with its status in words."
)
_NO_MATCH = "<b>No row matches the filter</b><br><a href='clear'>Clear the filter</a> to see all {count:,} rows."
_FILTER_TIP = (
    "Words that must occur, or field:value terms; all must hold.\n"
    "status:A8  service:C-MOVE  association:12  message:7  class:failure  direction:sent  sop:CT\n"
    "Several values with commas; a minus in front excludes; quotes keep words together."
)


def _key(record: object) -> tuple[int, int] | None:
    """(association, Message ID) of a row about a message received."""
    if not isinstance(record, LogRow) or record.shape.kind is not Kind.MESSAGE or record.shape.sent is not False:
        return None
    return None if record.association is None or record.message_id is None else (record.association, record.message_id)


class LogPanel(QWidget):
    """Rows come with `add_notices`; the integrator connects the signals."""

    row_selected = Signal(object)
    """The TraceTarget of the row the user chose."""
    cancel_requested = Signal(object)
    """The operation to cancel."""
    answer_requested = Signal(object, object)
    """(association, Message ID) of the request the user wants to answer."""
    echo_requested = Signal()
    """The user followed the empty log's advice."""
    said = Signal(object, object)
    """(sentence, theme role) for the status bar."""

    def __init__(self, parent: QWidget | None = None, *, model: LogModel | None = None) -> None:
        super().__init__(parent)
        self.model = model or LogModel(self)
        self.ask_where: AskWhere = AskWhere(self)
        self._writer: LineWriter | None = None
        self._settling = False
        self._kept = -1
        self._missed = 0
        self._waiting: frozenset[tuple[int, int]] = frozenset()
        self.table = LogTable(self.model, self)
        self.table.setMinimumHeight(LEAST_TABLE)
        self._pace = Pace(self)
        self._pace.due.connect(self._publish)
        self.table.chosen.connect(self._chosen)
        self.table.empty.link.connect(self._follow_link)
        self.filter_line = self._make_filter_line()
        self.header = self._make_header()
        self.progress = ProgressStrip(self)
        self.progress.cancel_requested.connect(self.cancel_requested)
        self.newest = self._make_newest_button()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addWidget(self.header)
        column.addWidget(self.progress)
        column.addWidget(self.table, 1)
        self._connect()
        self._update_texts()

    # -- making -------------------------------------------------------------------------------------------------

    def _make_filter_line(self) -> QLineEdit:
        line = QLineEdit(self)
        line.setPlaceholderText("Filter: words, status:A8, class:failure, assoc:12")
        line.setAccessibleName("Filter the status log")
        line.setAccessibleDescription(f"Words or terms of {', '.join(FIELDS)}")
        line.setToolTip(_FILTER_TIP)
        line.setClearButtonEnabled(True)
        line.setMinimumWidth(330)
        return line

    def _make_header(self) -> PanelHeader:
        header = PanelHeader("Status log", self)
        self.count = header.note
        header.add(self.filter_line)
        self.follow = QToolButton(self)
        self.follow.setText("Follow")
        self.follow.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self.follow.setToolTip("Keep the newest row in view")
        self.follow.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme().bind_text_icon(self.follow, "follow")
        header.add(self.follow)
        self.copy_button = header.add(icon_button("copy", "Copy the selected rows", self.table.copy_selection, self))
        self.clear_button = header.add(icon_button("delete", "Clear the log", self.clear, self))
        self.save_button = text_button(
            "Save…", self.save, self, icon="save", tip="Save as text or JSON lines, also without patients' data"
        )
        header.add(self.save_button)
        return header

    def _make_newest_button(self) -> QPushButton:
        button = QPushButton(self.table)
        button.setProperty("primary", "true")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(self._back_to_newest)
        button.hide()
        return button

    def _connect(self) -> None:
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_PAUSE)
        self._pause.timeout.connect(self._apply_filter)
        self.filter_line.textChanged.connect(self._filter_typed)
        self.filter_line.returnPressed.connect(self._apply_filter)
        self.model.modelAboutToBeReset.connect(self._reset_begins)
        self.model.modelReset.connect(self._reset_ends)
        self.model.filtered.connect(self._update_texts)
        self.follow.toggled.connect(self._follow_toggled)
        self.table.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.table.verticalScrollBar().rangeChanged.connect(self._range_changed)
        self.copy_redacted_action = self.table.copy_redacted_action
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._find)
        only = QAction("Show &only this association", self.table)
        only.triggered.connect(self._only_this_association)
        self.table.addAction(only)
        self.only_this_association = only
        self.answer_action = QAction("&Answer this request", self.table)
        self.answer_action.setEnabled(False)
        self.answer_action.triggered.connect(self._answer)
        self.table.addAction(self.answer_action)

    # -- for the integrator -------------------------------------------------------------------------------------

    def add_notices(self, notices: tuple[Notice, ...]) -> None:
        """Take in a batch; those the log does not show are passed over."""
        self.model.absorb(notices)
        latest: dict[int, ProgressNotice] = {}
        ended: list[int] = []
        for notice in notices:
            if isinstance(notice, ProgressNotice):
                latest[notice.operation] = notice
            elif isinstance(notice, StatusNotice):
                ended.append(notice.operation)
        for progress in latest.values():
            self.progress.show_progress(progress)
        for operation in ended:
            self.progress.end(operation)
        self._pace.ask()

    def _publish(self) -> None:
        """Show the rows that came."""
        before = self.model.rowCount()
        self._settling = True
        self.model.publish()
        self._settling = False
        added = self.model.rowCount() - before
        if self.follow.isChecked():
            self._to_bottom()
        elif added > 0:
            self._missed += added
        self._update_texts()

    def set_shown_association(self, association: object) -> None:
        """Mark the rows of the association the trace shows (an int, or None)."""
        self.model.set_shown_association(association if isinstance(association, int) else None)

    def set_waiting(self, requests: object) -> None:
        """(association, Message ID) of the received requests that wait for an answer, a frozenset."""
        self._waiting = requests if isinstance(requests, frozenset) else frozenset()
        self._allow_answer(self.table.current_record())

    def _allow_answer(self, record: object) -> None:
        self.answer_action.setEnabled(_key(record) in self._waiting)

    def _answer(self) -> None:
        key = _key(self.table.current_record())
        if key is not None:
            self.answer_requested.emit(*key)

    def set_filter(self, text: str) -> None:
        """Filter as if typed."""
        self.filter_line.setText(text)
        self._apply_filter()

    def clear(self) -> None:
        """Forget all rows."""
        self.model.clear()
        self._missed = 0
        self.follow.setChecked(True)
        self._update_texts()

    def save(self) -> None:
        """Ask where, then write the rows shown."""
        self.ask_where.answered.connect(self.save_to, Qt.ConnectionType.UniqueConnection)
        self.ask_where.answered_redacted.connect(self.save_redacted_to, Qt.ConnectionType.UniqueConnection)
        self.ask_where.ask()

    def save_to(self, path: object) -> None:
        """Write the rows shown, as JSON lines where the name ends so, else as text; without blocking."""
        model = self.model
        self._save_to(
            path, lambda rows: json_lines(rows, self._peer, model.waived), lambda rows: text_lines(rows, model.view)
        )

    def save_redacted_to(self, path: object) -> None:
        """As `save_to`, without patients' data, AE titles and addresses."""
        redacted = redacted_log(self.model)
        self._save_to(path, redacted.json_lines, redacted.text_lines)

    def _save_to(self, path: object, as_json: _Lines, as_text: _Lines) -> None:
        if not isinstance(path, Path) or self._writer is not None:
            return
        self._pace.settle()  # what came is written too
        rows = (self.model.store.row(n) for n in self.model.shown() if n in self.model.store)
        lines = (as_json if path.suffix in (".jsonl", ".json", ".ndjson") else as_text)(rows)
        self._writer = LineWriter(path, lines, self)
        self._writer.finished.connect(self._saved)
        self._writer.failed.connect(self._not_saved)
        self.save_button.setEnabled(False)
        self._writer.start()

    def _peer(self, association: int | None) -> Peer:
        return self.model.feed.peers.get(association or 0, Peer())

    def _saved(self, path: object) -> None:
        self._writer_done()
        self.said.emit(f"Status log saved to {path}.", "ok")

    def _not_saved(self, sentence: object) -> None:
        self._writer_done()
        self.said.emit(sentence, "failure")

    def _writer_done(self) -> None:
        if self._writer is not None:
            self._writer.deleteLater()
        self._writer = None
        self.save_button.setEnabled(True)

    # -- choosing -----------------------------------------------------------------------------------------------

    def _chosen(self, record: object) -> None:
        self._allow_answer(record)
        if self._settling or not isinstance(record, LogRow) or record.association is None:
            return
        message, ahead = record.shape.kind is Kind.MESSAGE, self.model.store.ahead(record.number)
        diagnosis = self.model.diagnosis_of(record)
        target = TraceTarget(record.association, record.time, record.shape.sent, message, ahead, diagnosis)
        self.row_selected.emit(target)

    def _only_this_association(self) -> None:
        row = self.table.current_record()
        if isinstance(row, LogRow) and row.association is not None:
            self.set_filter(f"assoc:{row.association}")

    def _follow_link(self, link: str) -> None:
        if link == "clear":
            self.set_filter("")
        else:
            self.echo_requested.emit()

    def _find(self) -> None:
        self.filter_line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter_line.selectAll()

    # -- filter -------------------------------------------------------------------------------------------------

    def _filter_typed(self, _text: str) -> None:
        self._pause.start()

    def _apply_filter(self) -> None:
        self._pause.stop()
        text = self.filter_line.text().strip()
        if text != self.model.text_filter:
            self.model.set_text_filter(text)

    def _reset_begins(self) -> None:
        self._settling = True
        row = self.table.current_record()
        self._kept = row.number if isinstance(row, LogRow) else -1

    def _reset_ends(self) -> None:
        place = self.model.row_of(self._kept)
        if place >= 0:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.table.selectionModel().setCurrentIndex(self.model.index(place, 0), flags)
        self._settling = False
        if self.follow.isChecked():
            self._to_bottom()
        elif place >= 0:
            self.table.scrollTo(self.model.index(place, 0))

    # -- the tail -----------------------------------------------------------------------------------------------

    def _to_bottom(self) -> None:
        self._settling = True
        self.table.scrollToBottom()
        self._settling = False

    def _scrolled(self, value: int) -> None:
        """Scrolling up stops following; coming back to the end does not start it: the user says when."""
        if not self._settling and value < self.table.verticalScrollBar().maximum():
            self.follow.setChecked(False)

    def _range_changed(self) -> None:
        """The panel got another height."""
        if self.follow.isChecked() and not self._settling:
            self._to_bottom()
        if self._missed:
            self._place_newest()

    def _follow_toggled(self, on: bool) -> None:
        self._missed = 0
        if on:
            self._to_bottom()
        self._update_texts()

    def _back_to_newest(self) -> None:
        self.follow.setChecked(True)

    def _update_texts(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        unit = "row" if total == 1 else "rows"
        text = f"{shown:,} of {total:,} {unit}" if self.model.text_filter else f"{total:,} {unit}" if total else ""
        self.count.setText(text)
        self.table.set_empty(_NO_MATCH.format(count=total) if total else _EMPTY)
        self.newest.setVisible(self._missed > 0)
        if self._missed:
            self.newest.setText(f"↓ {self._missed:,} new row{'s' if self._missed != 1 else ''}")
            self._place_newest()

    def _place_newest(self) -> None:
        self.newest.adjustSize()
        area = self.table.viewport().geometry()
        self.newest.move(
            area.center().x() - self.newest.width() // 2, area.bottom() - self.newest.height() - SPACING.normal
        )
        self.newest.raise_()

    @sound
    def sizeHint(self) -> QSize:
        return QSize(1000, 220)

    def currentIndex(self) -> QModelIndex:
        """The row the user is at."""
        return self.table.currentIndex()
