"""C-FIND results as a table: one row an identifier, columns of choice, any number of rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.model.dataset import Data, DataSet
from engine.model.limits import USUAL, Limits
from engine.trace.explain import PreviewError, data_set_json, data_set_of
from gui.background import Background
from gui.models.dataset_values import display_text, element_name
from gui.models.rows import Column, RowTableModel
from gui.models.tables import PlainTable

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

ColumnPath = tuple[int, ...]
"""Tags from the identifier to a value, through the first items of sequences."""
KEPT = 200_000
"""Results kept: identifiers are a few hundred bytes, so this is some 100 MB; the oldest go first, and that is said."""
SORTED_AT_ONCE = 5_000
"""Results decoded and sorted while one waits (about a second); more are done beside, in a thread."""
LOOKED_AT = 50
"""Results whose elements are offered as columns: all identifiers of a query have the same keys."""
OFFERED = 300
"""Places offered as columns: more than any query asks for, and what a menu can hold."""
DEFAULT_COLUMNS = 6
_NOT_SHOWN = frozenset({0x00080005, 0x00080052, 0x00080054})
"""Character set, level and retrieve AE title: the same in every row."""
_FIRST = (0x00100010, 0x00100020, 0x00080020, 0x00400002, 0x00400003, 0x00080060, 0x00080061, 0x00081030, 0x0008103E)
"""What people look for first: patient, date, modality, description."""


class Result:
    """One pending response's identifier, decoded when it is looked at."""

    __slots__ = ("_decoded", "data", "limits", "number", "problem", "syntax")

    def __init__(self, number: int, data: Data | None, syntax: str, limits: Limits = USUAL) -> None:
        self.number, self.data, self.syntax, self.limits = number, data, syntax, limits
        self.problem = ""
        self._decoded: DataSet | None = data if isinstance(data, DataSet) else None

    @property
    def data_set(self) -> DataSet:
        if self._decoded is None:
            try:
                self._decoded = data_set_of(self.data, self.syntax, self.limits) if self.data is not None else DataSet()
            except PreviewError as error:
                self._decoded, self.problem = DataSet(), str(error)
        return self._decoded

    def text(self, path: ColumnPath) -> str:
        """The value at a column's path as shown, "" when it is not there."""
        data_set = self.data_set
        for tag in path[:-1]:
            element = data_set.find(tag)
            if element is None or not element.items:
                return ""
            data_set = element.items[0]
        element = data_set.find(path[-1])
        if element is None:
            return ""
        return element.texts[0] if element.vr == "UI" and element.texts else display_text(element)


def redacted_result(result: Result, redaction: Redaction) -> Result:
    """What may leave the program."""
    return Result(result.number, redaction.data_set(result.data_set), result.syntax)


def paths_of(data_set: DataSet, above: ColumnPath = ()) -> Iterator[ColumnPath]:
    """Every place a value can be at."""
    for element in data_set:
        path = (*above, element.tag)
        if element.items:
            yield from paths_of(element.items[0], path)
        elif element.vr != "SQ":
            yield path


def title(path: ColumnPath) -> str:
    return element_name(path[-1])


def default_columns(paths: Sequence[ColumnPath]) -> list[ColumnPath]:
    """What people look for first, then what else was asked for."""
    usable = [p for p in paths if p[-1] not in _NOT_SHOWN]
    first = [p for tag in _FIRST for p in usable if p[-1] == tag]
    names = [p for p in usable if p not in first and not title(p).endswith("UID")]
    return (first + names + [p for p in usable if p not in first + names])[:DEFAULT_COLUMNS]


class ResultsTable(PlainTable):
    """The table. `counted` follows the number of results; `said` carries what saving and sorting have to say."""

    counted = Signal(object)
    said = Signal(str)

    def __init__(self, store: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, name="Matches")
        self._store = store
        self.results: RowTableModel[Result] = RowTableModel((), self, maximum=KEPT, redact=redacted_result)
        self.total = 0
        self._key = ""
        self._paths: dict[ColumnPath, None] = {}
        self._columns: list[ColumnPath] = []
        self._sorted: tuple[int, Qt.SortOrder] | None = None
        self._work: Background | None = None
        self._look: Background | None = None
        self._wanted: tuple[str, ...] = ()
        self._hay: dict[int, str] = {}
        """What the filter looks at, by the number of the result: decoding 50,000 takes its time, once."""
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sectionClicked.connect(self.sort_by)
        self._rebuild()

    def start(self, sop_class_uid: str, identifier: DataSet | None) -> None:
        """A new query: columns remembered for the SOP class, else made from what was asked for."""
        self.total = 0
        self._wanted = ()
        self._paths = dict.fromkeys(islice(paths_of(identifier), OFFERED) if identifier is not None else ())
        self._key = f"builder/columns/{sop_class_uid}"
        self._columns = self._remembered() or default_columns(list(self._paths))
        self._rebuild()

    def add(self, results: list[Result]) -> None:
        """A batch of results, one insertion."""
        fresh = self.total < LOOKED_AT
        self.total += len(results)
        if fresh:
            before = len(self._paths)
            for result in results[:LOOKED_AT]:
                self._paths.update(dict.fromkeys(islice(paths_of(result.data_set), OFFERED - len(self._paths))))
            if not self._columns and len(self._paths) > before:
                self._columns = default_columns(list(self._paths))
                self._rebuild(self.results.records)
        self.results.append(results)
        self.counted.emit(self.total)

    def finish(self) -> None:
        """The last response came: results that arrived after sorting take their place."""
        if self._sorted is not None:
            self._sort(*self._sorted)

    def columns_menu(self, parent: QWidget) -> QMenu:
        """Checkable columns, chosen ones first."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_columns_menu(menu)
        return menu

    def fill_columns_menu(self, menu: QMenu) -> None:
        """The same into a menu that is there."""
        for path in [*self._columns, *(p for p in self._paths if p not in self._columns)]:
            action = QAction(" › ".join(element_name(tag) for tag in path), menu)
            action.setCheckable(True)
            action.setChecked(path in self._columns)
            action.toggled.connect(partial(self.show_column, path))
            menu.addAction(action)

    def keep_with(self, words: Sequence[str]) -> None:
        """Show only the results whose columns hold all these words (in lower case); none shows all."""
        wanted, columns = tuple(words), tuple(self._columns)
        self._wanted = wanted
        fresh = len(self.results.records) - len(self._hay)
        if not wanted or fresh <= SORTED_AT_ONCE:
            self._filter_by(wanted)
            return
        self.said.emit(f"Looking through {fresh:,} results…")
        self._look = Background(partial(_hay_of, list(self.results.records), columns))
        self._look.done.connect(self._looked)
        self._look.begin()

    def show_column(self, path: ColumnPath, shown: bool) -> None:
        """Show or hide a column, and remember it for the SOP class."""
        if shown and path not in self._columns:
            self._columns.append(path)
        elif not shown and path in self._columns and len(self._columns) > 1:
            self._columns.remove(path)
        self._store.setValue(self._key, [".".join(f"{tag:08X}" for tag in p) for p in self._columns])
        self._rebuild(self.results.records)

    def sort_by(self, section: int) -> None:
        """By the values of a column; again: the other way round."""
        again = self._sorted == (section, Qt.SortOrder.AscendingOrder)
        order = Qt.SortOrder.DescendingOrder if again else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(section, order)
        self._sort(section, order)

    def csv_text(self, redaction: Redaction | None = None) -> str:
        """All results with the chosen columns; redaction: without what it leaves out."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([title(p) for p in self._columns])
        records: Iterable[Result] = self.results.records
        if redaction is not None:
            records = (redacted_result(r, redaction) for r in records)
        writer.writerows([r.text(p) for p in self._columns] for r in records)
        return out.getvalue()

    def json_text(self, redaction: Redaction | None = None) -> str:
        """All results whole, as an array of DICOM JSON objects (PS3.18 F); redaction: without what it leaves out."""
        found = [
            data_set_json(r.data if redaction is None else redaction.data_set(r.data_set), r.syntax, r.limits)
            for r in self.results.records
            if r.data is not None
        ]
        return json.dumps(found, indent=1, ensure_ascii=False) + "\n"

    # inside

    def _looked(self, hay: object) -> None:
        self.said.emit("")
        if isinstance(hay, dict):
            self._hay = hay
            self._filter_by(self._wanted)
            self.counted.emit(self.total)

    def _filter_by(self, words: tuple[str, ...]) -> None:
        self.results.set_filter(partial(self._has, words, tuple(self._columns)) if words else None)

    def _has(self, words: tuple[str, ...], columns: tuple[ColumnPath, ...], result: Result) -> bool:
        text = self._hay.get(result.number)
        if text is None:
            text = self._hay[result.number] = _hay(result, columns)
        return all(word in text for word in words)

    def _remembered(self) -> list[ColumnPath]:
        value = self._store.value(self._key)
        texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        try:
            return [tuple(int(tag, 16) for tag in str(text).split(".")) for text in texts]
        except ValueError:
            return []

    def _rebuild(self, records: Sequence[Result] = ()) -> None:
        """A model with the present columns; records are kept."""
        columns: list[Column[Result]] = [
            Column("#", _number, sample="99999", align_right=True),
            *(
                Column(
                    title(path),
                    partial(_text, path),
                    tooltip=partial(_text, path),
                    sample="0" * 10,
                    weight=3 if title(path).endswith(("Name", "Description")) else 1,
                    middle=title(path).endswith("UID"),
                    title_tooltip=" › ".join(element_name(tag) for tag in path),
                    priority=place,
                )
                for place, path in enumerate(self._columns)
            ),
        ]
        self._hay = {}
        old: QObject = self.results
        self.results = RowTableModel(columns, self, maximum=KEPT, redact=redacted_result)
        self.results.set_records(records)
        if self._wanted:
            self._filter_by(self._wanted)
        self._sorted = None
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.set_rows(self.results)
        old.deleteLater()

    def _sort(self, section: int, order: Qt.SortOrder) -> None:
        self._sorted = (section, order)
        records = list(self.results.records)
        work = partial(_in_order, records, self._columns[section - 1] if section else None, order)
        if len(records) <= SORTED_AT_ONCE:
            self._take_sorted(work())
            return
        self.said.emit(f"Sorting {len(records):,} results…")
        self._work = Background(work)
        self._work.done.connect(self._take_sorted)
        self._work.begin()

    def _take_sorted(self, records: object) -> None:
        self.said.emit("")
        if isinstance(records, list):
            self.results.set_records([*records, *self.results.records[len(records) :]])


def _hay(result: Result, columns: Sequence[ColumnPath]) -> str:
    return "\n".join(result.text(path) for path in columns).casefold()


def _hay_of(results: list[Result], columns: Sequence[ColumnPath]) -> dict[int, str]:
    return {result.number: _hay(result, columns) for result in results}


def _number(result: Result) -> str:
    return str(result.number)


def _text(path: ColumnPath, result: Result) -> str:
    return result.text(path)


def _in_order(records: list[Result], path: ColumnPath | None, order: Qt.SortOrder) -> list[Result]:
    """Numbers before texts, empty last either way."""

    def key(result: Result) -> tuple[int, float, str]:
        if path is None:
            return (0, result.number, "")
        text = result.text(path)
        try:
            return (0, float(text), "")
        except ValueError:
            return (1, 0.0, text.casefold())

    filled = [r for r in records if path is None or r.text(path)]
    empty = [r for r in records if path is not None and not r.text(path)]
    return sorted(filled, key=key, reverse=order is Qt.SortOrder.DescendingOrder) + empty
