"""The log as a table: rows are read from the store when looked at, the filter has an index list of its own."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt, QTimer, Signal

from engine.model.notices import Notice
from engine.trace.diagnosis.model import Diagnosis
from gui.sound import sound

from .diagnosis_book import DiagnosisBook
from .log_associations import peer_text
from .log_feed import LogFeed
from .log_filter import Filter, parse
from .log_store import MAXIMUM_ROWS, Class, Kind, LogRow, LogStore
from .log_text import View, columns, spoken
from .log_texts import BLOCK
from .rows import Index, RowTableModel
from .waiver_book import WaiverBook

_EXPLAINED = (Class.FAILURE, Class.WARNING, Class.UNKNOWN)
_SINGLE_INSERTS = 200
"""Rows that come into the filter one by one; more are found by filtering anew."""


class LogModel(RowTableModel[LogRow]):
    """Rows of the log. The numbers of rows stay; their places change when older rows go."""

    filtered = Signal()
    """A filter has been applied to all rows."""

    def __init__(self, parent: QObject | None = None, *, maximum: int = MAXIMUM_ROWS) -> None:
        self._book: WaiverBook | None = None
        self._diagnoses: DiagnosisBook | None = None
        self._view = View(self.peer_text, waived=self.waived, found=self.found, why=self.why)
        super().__init__(columns(self._view), parent)
        self.store = LogStore(maximum)
        self.feed = LogFeed(self.store)
        self._end = 0
        """Rows up to here are known to the views."""
        self._changed: set[int] = set()
        """Rows absorbed or changed since the views were told."""
        self._text = ""
        self._keeps: Filter | None = None
        self._numbers: array[int] | None = None
        """Numbers of the rows shown; None while there is no filter."""
        self._next: Filter | None = None
        self._found = array("Q")
        self._scanned = 0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._scan)

    # -- what stands in the rows --------------------------------------------------------------------------------

    def peer_text(self, association: int) -> str:
        peer = self.feed.peers.get(association)
        return "" if peer is None else peer_text(peer)

    def associations(self) -> AbstractSet[int]:
        """Those whose peer is known, for the filter."""
        return self.feed.peers.keys()

    def text(self, association: int) -> str:
        """The peer of an association in words, for the filter."""
        return self.peer_text(association)

    def set_shown_association(self, association: int | None) -> None:
        """Mark the rows of the association the trace shows."""
        if association != self._view.association:
            self._view.association = association
            self._looks_changed()

    def set_counts_in_detail(self, on: bool) -> None:
        """Say the sub-operation counts in the detail, for there is no room for their column."""
        if on != self._view.counts_in_detail:
            self._view.counts_in_detail = on
            self._looks_changed()

    def set_waivers(self, book: WaiverBook) -> None:
        """Show which findings are waived."""
        self._book = book
        book.changed.connect(self._looks_changed)

    def set_diagnoses(self, book: DiagnosisBook) -> None:
        """Say in the rows of what failed why it did."""
        self._diagnoses = book
        book.changed.connect(self._looks_changed)

    def diagnosis_of(self, row: LogRow) -> Diagnosis | None:
        """What explains a row that tells of a failure; None for others."""
        shape = row.shape
        if self._diagnoses is None or row.association is None or shape.klass not in _EXPLAINED:
            return None
        if shape.kind in (Kind.FINDING, Kind.ERROR):
            return None  # they say themselves what is the matter
        found = self._diagnoses.explaining(row.association, row.time, row.duration or 0.0)
        # A status is explained by its own diagnosis or by none; how an association ended, by the one there is.
        return found or (self._diagnoses.only(row.association) if shape.status < 0 else None)

    def why(self, row: LogRow) -> str:
        """The cause in a few words, "" where none is known."""
        found = self.diagnosis_of(row)
        return found.title if found is not None else ""

    def waived(self, row: LogRow) -> str:
        """Why the finding of a row is waived; "" for rows that are none, or count."""
        if self._book is None or row.shape.kind is not Kind.FINDING:
            return ""
        waiver = self._book.waiver(row.shape.meaning, self._title(row))
        return waiver.reason if waiver is not None else ""

    def found(self, row: LogRow) -> str:
        """ "2 findings, 1 waived" in the messages of a row."""
        if not row.findings:
            return ""
        total, waived = sum(count for _, count in row.findings), 0
        if self._book is not None:
            title = self._title(row)
            waived = sum(count for rule, count in row.findings if self._book.waiver(rule, title) is not None)
        still = total - waived
        words = [f"{still:,} finding{'s' if still != 1 else ''}"] if still else []
        return ", ".join([*words, *([f"{waived:,} waived"] if waived else [])])

    @property
    def view(self) -> View:
        """What the columns' texts depend on, for saving the rows as they are shown."""
        return self._view

    def _title(self, row: LogRow) -> str:
        peer = self.feed.peers.get(row.association or 0)
        return peer.ae_title if peer is not None else ""

    def _looks_changed(self, *_what: object) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(self.columns) - 1))

    def number(self, row: int) -> int:
        """Number of the row shown at a place. IndexError when there is none."""
        if not 0 <= row < self.rowCount():
            raise IndexError(row)
        return self.store.first + row if self._numbers is None else self._numbers[row]

    def record(self, row: int) -> LogRow:
        return self.store.row(self.number(row))

    def row_of(self, position: int) -> int:
        """The place that shows the row with this number, -1 when it is filtered out or gone."""
        if self._numbers is None:
            return position - self.store.first if self.store.first <= position < self._end else -1
        place = bisect_left(self._numbers, position)
        return place if place < len(self._numbers) and self._numbers[place] == position else -1

    def shown(self) -> Iterator[int]:
        """Numbers of all rows shown, as they are now."""
        return iter(range(self.store.first, self._end) if self._numbers is None else array("Q", self._numbers))

    @property
    def total(self) -> int:
        """All rows, shown or not."""
        return self._end - self.store.first

    # -- change -------------------------------------------------------------------------------------------------

    def take(self, notices: Iterable[Notice]) -> None:
        """Add a batch of notices and show it: one insertion for the view, however many."""
        self.absorb(notices)
        self.publish()

    def absorb(self, notices: Iterable[Notice]) -> None:
        """Add notices without a word to the views: until `publish` they know nothing of the new rows."""
        self._changed |= self.feed.take(notices)

    def publish(self) -> None:
        """Show what was absorbed."""
        end = self._end
        self._insert()
        changed, self._changed = self._changed, set()
        self._tell(sorted(n for n in changed if self.store.first <= n < end))
        excess = self.store.excess()
        if excess:
            self._forget(excess)

    def _insert(self) -> None:
        start, end = self._end, self.store.end
        if start == end:
            return
        if self._numbers is None:
            count = start - self.store.first
            self.beginInsertRows(QModelIndex(), count, count + end - start - 1)
            self._end = end
            self.endInsertRows()
            return
        fresh = self._keeps.select(start, end) if self._keeps is not None else []
        self._end = end
        if fresh:
            count = len(self._numbers)
            self.beginInsertRows(QModelIndex(), count, count + len(fresh) - 1)
            self._numbers.extend(fresh)
            self.endInsertRows()

    def _tell(self, changed: list[int]) -> None:
        """Rows changed: repaint those shown; those the filter keeps now come in, none goes under the eye."""
        if not changed:
            return
        places = [p for p in (self.row_of(n) for n in changed) if p >= 0]
        if places:
            last = len(self.columns) - 1
            self.dataChanged.emit(self.index(min(places), 0), self.index(max(places), last))
        if self._keeps is None or self._numbers is None or len(places) == len(changed):
            return
        keeps = self._keeps.keeps
        missing = [n for n in changed if self.row_of(n) < 0 and keeps(n)]
        if len(missing) > _SINGLE_INSERTS:
            self.set_text_filter(self._text)
            return
        for number in missing:
            self._insert_one(self._numbers, number)

    def _insert_one(self, numbers: array[int], number: int) -> None:
        place = bisect_left(numbers, number)
        self.beginInsertRows(QModelIndex(), place, place)
        numbers.insert(place, number)
        self.endInsertRows()

    def _forget(self, count: int) -> None:
        first = self.store.first + count
        rows = count if self._numbers is None else bisect_left(self._numbers, first)
        if rows:
            self.beginRemoveRows(QModelIndex(), 0, rows - 1)
        self.store.forget(count)
        if self._numbers is not None:
            del self._numbers[:rows]
        if rows:
            self.endRemoveRows()

    def clear(self) -> None:
        self.beginResetModel()
        self._stop_scan()
        self.store.clear()
        self._changed.clear()
        self.feed.forget()
        self._end = self.store.end
        if self._numbers is not None:
            self._numbers = array("Q")
        self.endResetModel()

    # -- filter -------------------------------------------------------------------------------------------------

    @property
    def text_filter(self) -> str:
        return self._text

    def set_text_filter(self, text: str) -> None:
        """Show the rows a filter line keeps. Many are looked at in slices; the old ones stay until all are known."""
        self._stop_scan()
        self._text = text
        terms = parse(text)
        if not terms:
            self._apply(None, None)
            return
        self._next = Filter(terms, self.store, self)
        self._found = array("Q")
        self._scanned = self.store.first
        self._timer.start()
        self._scan()

    def _scan(self) -> None:
        if self._next is None:
            return
        stop = min((self._scanned // BLOCK + 1) * BLOCK, self._end)
        self._found.extend(self._next.select(self._scanned, stop))
        self._scanned = stop
        if stop >= self._end:
            keeps, found = self._next, self._found
            self._stop_scan()
            self._apply(keeps, found[bisect_left(found, self.store.first) :])

    def _stop_scan(self) -> None:
        self._timer.stop()
        self._next = None

    def _apply(self, keeps: Filter | None, numbers: array[int] | None) -> None:
        self.beginResetModel()
        self._keeps, self._numbers = keeps, numbers
        self.endResetModel()
        self.filtered.emit()

    # -- Qt -----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index | None = None) -> int:
        if parent is not None and parent.isValid():
            return 0
        return self._end - self.store.first if self._numbers is None else len(self._numbers)

    @sound
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.AccessibleTextRole and index.isValid():
            return spoken(self.record(index.row()))
        return super().data(index, role)
