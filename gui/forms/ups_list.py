"""The list of unified procedure steps a query gave; rows follow what is learnt of a step later."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.model.dataset import DataSet
from gui.models import redacted_rows
from gui.models.lists import EntryModel
from gui.models.ups_rows import StepRow, describe_row, merged, step_row

from .entry_list import EntryList

KEPT = 10_000
"""Steps of one query that are shown."""


class StepList(EntryList):
    """`counted` carries the number of steps. own: marks a row that is claimed here."""

    counted = Signal(object)

    def __init__(self, own: Callable[[StepRow], StepRow], parent: QWidget | None = None) -> None:
        self.rows = EntryModel[StepRow](describe_row, redact=redacted_rows.own_uid)
        super().__init__(self.rows, parent, name="Steps", many=False, movable=False)
        self.rows.setParent(self)
        self._own = own

    def clear_all(self) -> None:
        self.rows.set_records((), reset=True)
        self.counted.emit(0)

    def add(self, matches: Iterable[DataSet]) -> None:
        """Matches join the list; the first of all becomes the current one."""
        self._show([*self.rows.records, *map(step_row, matches)][:KEPT], max(0, self.currentIndex().row()))

    def put_first(self, row: StepRow) -> None:
        """A new step stands at the top and is the current one."""
        self._show([row, *(r for r in self.rows.records if r.uid != row.uid)][:KEPT], 0)

    def update_row(self, changed: StepRow) -> None:
        """What is known of a step now; one that is not in the list is not put into it."""
        self.rows.set_records([self._own(row) for row in merged(self.rows.records, changed)])

    def look_again(self) -> None:
        """Other claims than before."""
        self.rows.set_records([self._own(row) for row in self.rows.records])

    def find_row(self, uid: str) -> StepRow | None:
        return next((row for row in self.rows.records if row.uid == uid), None)

    def label_of(self, uid: str) -> str:
        row = self.find_row(uid)
        return row.label if row is not None else ""

    def select(self, uid: str) -> bool:
        """Make a step the current one; False when it is not in the list."""
        place = next((n for n, row in enumerate(self.rows.records) if row.uid == uid), None)
        if place is not None:
            self.select_row(place)
        return place is not None

    def current(self) -> StepRow | None:
        record = self.current_record()
        return record if isinstance(record, StepRow) else None

    def _show(self, rows: list[StepRow], current: int) -> None:
        self.rows.set_records([self._own(row) for row in rows])
        self.select_row(current)
        self.counted.emit(len(rows))
