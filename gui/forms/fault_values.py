"""The values of one fault as fields, and what the fault is about."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.model.scripting import Deviation
from gui.models.script_rows import deviation_of, parameter_problem, usual_text, written_text
from gui.theme import SPACING

from .fields import TextField


class FaultValues(QWidget):
    """`edited` carries the Deviation as it stands, once all its fields are right."""

    edited = Signal(object)
    judged = Signal()
    """A field was changed, rightly or not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._deviation: Deviation | None = None
        self.fields: dict[str, TextField] = {}
        self.about = QLabel(self)
        self.about.setProperty("role", "muted")
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self._box = QWidget(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.normal)
        layout.addWidget(self.about)
        layout.addWidget(self._box)

    def show_deviation(self, deviation: Deviation | None) -> None:
        """Fields for this one; None: nothing is chosen."""
        if deviation == self._deviation:
            return
        same = deviation is not None and self._deviation is not None and deviation.fault == self._deviation.fault
        self._deviation = deviation
        if not same:
            self._rebuild()

    def is_valid(self) -> bool:
        return all(field.is_valid() for field in self.fields.values())

    def _rebuild(self) -> None:
        self.fields = {}
        old, self._box = self._box, QWidget(self)
        layout = self.layout()
        assert layout is not None
        layout.replaceWidget(old, self._box)
        old.hide()
        old.deleteLater()
        deviation = self._deviation
        if deviation is None:
            self.about.setText("Add faults from the list above; they are carried out in their order.")
            return
        row = deviation.row
        self.about.setText(f"{row.sentence} {row.clause}. A right peer {row.expected}.")
        grid = QGridLayout(self._box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(SPACING.large)
        grid.setVerticalSpacing(SPACING.normal)
        for place, parameter in enumerate(row.parameters):
            label = parameter.sentence[:1].upper() + parameter.sentence[1:]
            field = TextField(label, partial(parameter_problem, parameter), usual_text(parameter), self._box)
            field.set_value(written_text(deviation, parameter.name))
            field.edited.connect(self._changed)
            self.fields[parameter.name] = field
            grid.addWidget(field, place // 2, place % 2, Qt.AlignmentFlag.AlignTop)
        if len(row.parameters) == 1:
            grid.setColumnStretch(1, 1)
            grid.setColumnStretch(0, 1)
        self._box.show()

    def _changed(self) -> None:
        if self._deviation is not None and self.is_valid():
            texts = {name: field.value() for name, field in self.fields.items()}
            self._deviation = deviation_of(self._deviation.row, texts)
            self.edited.emit(self._deviation)
        self.judged.emit()
