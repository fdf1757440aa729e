"""The matches of a query as they come: a fast table with a filter, a match's whole data set on Return, saving.

Any page that queries uses it: `start()` when the query is submitted, `take()` for each batch of notices, `finish()` at
its end.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QSplitter, QVBoxLayout, QWidget

from engine.model.dataset import DataSet
from engine.model.notices import Direction, MessageNotice, Notice
from engine.standard.messages import message_name
from engine.standard.status import StatusClass, status_class
from gui.dialogs import Questions
from gui.models.dataset_model import DataSetModel
from gui.models.dataset_values import display_text
from gui.sound import sound
from gui.theme import SPACING

from .dataset_view import DataSetView
from .header import icon_button
from .matches_saving import MatchesSaving
from .matches_table import KEPT, Result, ResultsTable

FILTER_PAUSE = 150
"""Milliseconds without a key before a filter is applied."""


class MatchesView(QWidget):
    """`opened` carries the DataSet of a match on Return or double click; `selection_changed` when others are selected.

    details: Return also shows the whole data set below the table.
    """

    opened = Signal(object)
    counted = Signal(object)
    """How many came so far."""
    selection_changed = Signal()

    def __init__(
        self, questions: Questions, store: QSettings, parent: QWidget | None = None, *, details: bool = True
    ) -> None:
        super().__init__(parent)
        self._operation: int | None = None
        self._numbers = 0
        self._details = details
        self._brief = False
        self.table = ResultsTable(store, self)
        self.table.counted.connect(self._counted)
        self.table.said.connect(self._say)
        self.saving = MatchesSaving(self.table, questions, self)
        self.saving.said.connect(self._say)
        self.table.activated_record.connect(self._opened)
        self.table.chosen.connect(self._chosen)
        self.model = DataSetModel(self, read_only=True, describe=display_text)
        self.tree = DataSetView(self.model, self, name="Match")
        self.count = QLabel(self)
        self.note = QLabel(self)
        self.note.setProperty("role", "muted")
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the matches")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(130)
        self.filter.textChanged.connect(self._filter_typed)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._apply_filter)
        self._more_menu = QMenu(self)
        self._columns_menu = QMenu("C&olumns", self)
        self._columns_menu.aboutToShow.connect(self._fill_columns)
        self._more_menu.addMenu(self._columns_menu)
        self._more_menu.addSeparator()
        self.saving.add_to(self._more_menu, "Save")
        self.more_button = icon_button("more", "Columns, save the matches", self.show_more, self)
        self.close_button = icon_button("close", "Close the data set", self.hide_details, self, keys="Esc")
        self._lay_out()
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.filter.setFocus)
        self.clear()

    def _lay_out(self) -> None:
        self.head = QWidget(self)
        head = self._head = QHBoxLayout(self.head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(SPACING.small)
        head.addWidget(self.count)
        head.addWidget(self.note, 1)
        for widget in (self.filter, self.more_button):
            head.addWidget(widget)
        self.details = QWidget(self)
        title = QHBoxLayout()
        title.setContentsMargins(0, SPACING.small, 0, 0)
        self.details_title = QLabel(self.details)
        self.details_title.setTextFormat(Qt.TextFormat.PlainText)
        self.details_title.setProperty("role", "muted")
        title.addWidget(self.details_title, 1)
        title.addWidget(self.close_button)
        inner = QVBoxLayout(self.details)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(SPACING.small)
        inner.addLayout(title)
        inner.addWidget(self.tree, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.details)
        self.details.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addWidget(self.head)
        column.addWidget(self.splitter, 1)

    def take_head(self) -> QWidget:
        """The row above the table, to be put where the number of matches is shown already."""
        self._brief = True
        layout = self.layout()
        if layout is not None:
            layout.removeWidget(self.head)
        return self.head

    def add_action(self, button: QWidget) -> None:
        """Put a button at the end of the row above the table."""
        self._head.addWidget(button)

    # -- a query

    def clear(self) -> None:
        self._operation = None
        self.start("", None)

    def start(self, sop_class_uid: str, identifier: DataSet | None, operation: int | None = None) -> None:
        """A new query. Its columns are those remembered for the SOP class, else made from what is asked.

        operation: when given, `take` looks at this one only.
        """
        self._operation = operation
        self._numbers = 0
        self.filter.clear()
        self.table.start(sop_class_uid, identifier)
        self.table.selectionModel().selectionChanged.connect(self._selection_changed)
        self.hide_details()
        self._say("")
        self._counted(0)

    def show_all(self, matches: Iterable[DataSet], sop_class_uid: str, identifier: DataSet | None) -> None:
        """Matches that are at hand already (one went back to a query made before)."""
        self.start(sop_class_uid, identifier)
        found = [Result(n, match, "") for n, match in enumerate(matches, 1)]
        self._numbers = len(found)
        self._add(found)

    def take(self, notices: Iterable[Notice], operation: int | None = None) -> None:
        """The matches among a batch of notices, in one insertion."""
        wanted = operation if operation is not None else self._operation
        found: list[Result] = []
        for notice in notices:
            if isinstance(notice, MessageNotice) and notice.operation == wanted and _is_match(notice):
                self._numbers += 1
                found.append(Result(self._numbers, notice.data, notice.transfer_syntax, notice.limits))
        if found:
            self._add(found)

    def finish(self) -> None:
        """The query has ended: what came after sorting or filtering takes its place."""
        self.table.finish()
        if self.filter.text():
            self._apply_filter()

    def _add(self, found: list[Result]) -> None:
        before = self.table.results
        self.table.add(found)
        if self.table.results is not before:  # other columns: another model
            self.table.selectionModel().selectionChanged.connect(self._selection_changed)
        if self.table.current_record() is None and self.table.results.rowCount():
            self.table.selectRow(0)

    # -- what is at hand

    def matches(self) -> list[DataSet]:
        """All, in the order they are shown in."""
        return [r.data_set for r in self.table.results.records]

    def current(self) -> DataSet | None:
        """The match the keyboard stands on."""
        record = self.table.current_record()
        return record.data_set if isinstance(record, Result) else None

    def selected(self) -> list[DataSet]:
        """The matches selected, in the order they are shown in."""
        return [self.table.results.record(row).data_set for row in self.table.selected_rows()]

    @property
    def total(self) -> int:
        """Matches that came, kept or not."""
        return self.table.total

    def set_empty(self, text: str) -> None:
        """What stands in the table while there is none (rich text)."""
        self.table.set_empty(text)

    # -- one match whole

    def show_details(self) -> None:
        """The whole data set of the current match below the table."""
        record = self.table.current_record()
        if not isinstance(record, Result):
            return
        self._load(record)
        if self.details.isHidden():
            self.details.show()
            height = self.splitter.height()
            self.splitter.setSizes([height * 2 // 5, height - height * 2 // 5])
        self.table.scrollTo(self.table.currentIndex())

    def hide_details(self) -> None:
        if not self.details.isHidden():
            self.details.hide()
            self.table.setFocus()

    @sound
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self.details.isHidden():
            self.hide_details()
            return
        super().keyPressEvent(event)

    def _opened(self, record: object) -> None:
        if not isinstance(record, Result):
            return
        if self._details:
            self.show_details()
        self.opened.emit(record.data_set)

    def _chosen(self, record: object) -> None:
        if isinstance(record, Result) and not self.details.isHidden():
            self._load(record)

    def _load(self, record: Result) -> None:
        self.model.load(record.data_set)
        self.details_title.setText(f"Match {record.number}" + (f" · {record.problem}" if record.problem else ""))

    def _selection_changed(self) -> None:
        self._counted(self.table.total)
        self.selection_changed.emit()

    # -- the filter

    def _filter_typed(self) -> None:
        self._pause.start(FILTER_PAUSE)

    def _apply_filter(self) -> None:
        self._pause.stop()
        words = self.filter.text().casefold().split()
        self.table.keep_with(words)
        self._counted(self.table.total)

    # -- words

    def _counted(self, total: object) -> None:
        number = total if isinstance(total, int) else 0
        shown, kept = self.table.results.rowCount(), len(self.table.results.records)
        chosen = len(self.table.selected_rows())
        words = [f"{number:,} {'match' if number == 1 else 'matches'}"]
        if shown != kept:
            words.append(f"{shown:,} shown")
        if chosen > 1:
            words.append(f"{chosen:,} selected")
        self.counted.emit(number)
        self.count.setText(" · ".join(words[1:] if self._brief else words))
        self.count.setVisible(bool(number))
        for widget in (self.filter, self.more_button):
            widget.setVisible(bool(number))
        if number > KEPT:
            self._say(f"the last {KEPT:,} are kept")

    def _say(self, sentence: str) -> None:
        self.note.setText(sentence)

    # -- columns and files

    def show_more(self) -> None:
        self._more_menu.popup(self.more_button.mapToGlobal(self.more_button.rect().bottomLeft()))

    def _fill_columns(self) -> None:
        self._columns_menu.clear()
        self.table.fill_columns_menu(self._columns_menu)


def _is_match(notice: MessageNotice) -> bool:
    """A pending C-FIND-RSP with an Identifier."""
    if notice.direction is not Direction.RECEIVED or notice.data is None:
        return False
    status = notice.command.status
    pending = status is not None and status_class(status) is StatusClass.PENDING
    return pending and message_name(notice.command.command_field) == "C-FIND-RSP"
