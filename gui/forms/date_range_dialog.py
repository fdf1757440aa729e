"""From–to of a date key, from a calendar; either end may be open."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDateEdit, QGridLayout, QLabel, QWidget

from engine.workspace.errors import ValueProblem
from engine.workspace.matching_values import date_range, resolve, this_day
from gui.dialogs import FormDialog
from gui.theme import SPACING


class DateRangeDialog(FormDialog):
    """`chosen` carries the range as the key's value."""

    chosen = Signal(str)

    def __init__(self, what: str, value: str, parent: QWidget | None = None) -> None:
        super().__init__(f"{what}: from – to", "Use", parent, width=320)
        first, last = _ends(value)
        self.first, self.with_first = self._end("&From", first)
        self.last, self.with_last = self._end("&To", last)
        grid = QGridLayout()
        grid.setSpacing(SPACING.normal)
        for row, (box, edit) in enumerate(((self.with_first, self.first), (self.with_last, self.last))):
            grid.addWidget(box, row, 0)
            grid.addWidget(edit, row, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setProperty("role", "muted")
        self.body.addWidget(self.words)
        self._show()

    def _end(self, label: str, day: date | None) -> tuple[QDateEdit, QCheckBox]:
        box = QCheckBox(label, self)
        box.setChecked(day is not None)
        shown = day or this_day()
        edit = QDateEdit(QDate(shown.year, shown.month, shown.day), self)
        edit.setDisplayFormat("yyyy-MM-dd")
        edit.setCalendarPopup(True)
        edit.setAccessibleName(label.replace("&", ""))
        edit.setEnabled(day is not None)
        box.toggled.connect(edit.setEnabled)
        box.toggled.connect(self._show)
        edit.dateChanged.connect(self._show)
        return edit, box

    def value(self) -> str:
        """The range; "" when both ends are open. Raises `ValueProblem`."""
        return date_range(_day(self.first, self.with_first), _day(self.last, self.with_last))

    def accept(self) -> None:
        try:
            self.chosen.emit(self.value())
        except ValueProblem:
            return  # said below the fields
        super().accept()

    def _show(self, *_: object) -> None:
        try:
            text = self.value() or "any date"
        except ValueProblem as problem:
            self.words.setText(f"✕ {problem.reason[:1].upper()}{problem.reason[1:]}.")
            self.accept_button.setEnabled(False)
            return
        self.words.setText(text)
        self.accept_button.setEnabled(True)


def _day(edit: QDateEdit, box: QCheckBox) -> date | None:
    chosen = edit.date()
    return date(chosen.year(), chosen.month(), chosen.day()) if box.isChecked() else None


def _ends(value: str) -> tuple[date | None, date | None]:
    """The ends of what stands in the field; today where there is none that reads."""
    today = this_day()
    left, dash, right = resolve("DA", value.strip(), today).partition("-")
    ends = [_read(left), _read(right) if dash else _read(left)]
    return (ends[0], ends[1]) if any(ends) else (today, today)


def _read(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
