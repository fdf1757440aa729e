"""The steps of a procedure as a list: what each does, where it is, what came of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.model.notices import StepNotice, StepState
from gui.models import redacted_rows
from gui.models.lists import Entry, EntryModel
from gui.models.log_text import duration_text
from gui.theme import SPACING

from .entry_list import EntryList

MOST_ROWS = 6
"""Steps shown at once; more are scrolled to."""
_SIGNS = {
    StepState.PLANNED: ("never", "muted"),
    StepState.RUNNING: ("play", "accent"),
    StepState.DONE: ("ok", "ok"),
    StepState.WARNING: ("warning", "warning"),
    StepState.FAILED: ("failure", "failure"),
    StepState.SKIPPED: ("remove", "muted"),
}


def describe_step(notice: StepNotice) -> Entry:
    """A step in two lines: its name and how long it took, what came of it."""
    took = duration_text(notice.duration) if notice.duration is not None else ""
    said = notice.sentence or notice.state.value
    service, _, rest = said.partition(": ")
    brief = f"{notice.service} · {rest}" if notice.service and rest and service.startswith(notice.service) else said
    return Entry(title=notice.name, detail=brief, note=took, icon=_SIGNS[notice.state], tooltip=said)


class StepsView(QWidget):
    """`chosen` carries the StepNotice of the row opened (Return, double click)."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = EntryModel[StepNotice](describe_step, self, redact=redacted_rows.step)
        self.list = EntryList(self.model, self, name="Steps", many=False, movable=False)
        self.list.opened.connect(self.chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        self._fills = False

    def fill(self) -> None:
        """Take the height there is instead of that of a few rows; the step that runs is kept in sight."""
        self._fills = True
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)

    def clear(self) -> None:
        self.model.set_records((), reset=True)

    def take(self, notice: StepNotice) -> None:
        """A step is new, or other than before."""
        steps = [n for n in self.model.records if n.step != notice.step]
        self.model.set_records(sorted([*steps, notice], key=lambda n: n.step))
        if self._fills:
            self._follow(notice)
        else:
            self._fit()

    def _follow(self, notice: StepNotice) -> None:
        if notice.state is not StepState.PLANNED:
            row = next(n for n, record in enumerate(self.model.records) if record.step == notice.step)
            self.list.scrollTo(self.model.index(row))

    def _fit(self) -> None:
        rows = max(1, min(len(self.model.records), MOST_ROWS))
        height = self.list.sizeHintForRow(0) * rows + SPACING.small
        self.list.setFixedHeight(height)
