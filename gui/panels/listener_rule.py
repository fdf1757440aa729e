"""The dialog of one rule of a script: when it applies at the left, what it does at the right."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from engine.model.faults import Fault, Phase
from engine.model.scripting import Deviation, Rule
from gui.dialogs import FormDialog, give_size
from gui.forms.choices import CheckField, ChoiceField
from gui.forms.entry_list import EntryList
from gui.forms.fault_values import FaultValues
from gui.forms.fields import TextField
from gui.forms.header import icon_button, text_button
from gui.forms.lines_field import LinesField
from gui.models import redacted_rows
from gui.models.lists import EntryModel
from gui.models.script_rows import (
    OUR_PHASES,
    PHASES,
    describe_deviation,
    describe_fault,
    faults_for,
    when_of,
    when_problem,
    when_texts,
)
from gui.sound import sound
from gui.theme import SPACING

CHOSEN_ROWS = 2


class RuleDialog(FormDialog):
    """`saved` carries a Rule."""

    saved = Signal(object)

    def __init__(self, rule: Rule | None = None, parent: QWidget | None = None, *, ours: bool = False) -> None:
        """ours: of our own associations rather than of the built-in peer's."""
        adding = rule is None
        super().__init__("Add a rule" if adding else "Rule", "Add" if adding else "Save", parent)
        base = rule or Rule(phase=Phase.REQUEST if ours else Phase.RESPONSE, then=())
        phases = OUR_PHASES if ours and base.phase in dict(OUR_PHASES) else PHASES
        self.title = TextField("&Name", placeholder="told in the log; empty: what it does", parent=self)
        self.phase = ChoiceField("&When", phases, self)
        self.services = TextField("&Services", partial(when_problem, "service"), "any: C-STORE, C-FIND", self)
        self.classes = TextField("SOP &classes", partial(when_problem, "sop_class"), "any: CTImageStorage", self)
        self.calling = TextField("Calling A&E title", placeholder="any: MR*", parent=self)
        self.called = TextField("Calle&d AE title", placeholder="any", parent=self)
        self.nth = TextField("Which &times", partial(when_problem, "nth"), "each: 1, 2, 5", self)
        self.every = TextField("E&very so many times", partial(when_problem, "every"), "each: 3", self)
        self.values = LinesField(
            "Va&lues of data set or command set",
            partial(when_problem, "value"),
            "any: PatientID = X*\nStatus = 0xFE00",
            self,
            lines=3,
        )
        self.enabled = CheckField("Switched &on", self)
        self.search = QLineEdit(self)
        self.faults: EntryModel[Fault] = EntryModel(describe_fault, self, redact=redacted_rows.fault)
        self.list = EntryList(self.faults, self, name="Faults", many=False, movable=False)
        self.chosen: EntryModel[Deviation] = EntryModel(describe_deviation, self)
        self.then = EntryList(self.chosen, self, name="What it does", many=False)
        self.placing: list[QAbstractButton] = []
        """What takes the selected fault out of the rule, or to another place in it."""
        self.form = FaultValues(self)
        self.remark = QLabel(self)
        self.remark.setTextFormat(Qt.TextFormat.PlainText)
        self.remark.setProperty("role", "error")
        self.remark.setWordWrap(True)
        self._lay_out()
        self._fill(base)
        self._connect()
        give_size(self, 900, 600)
        self.search.setFocus()
        self._judge()

    # -- building

    def _lay_out(self) -> None:
        columns = QHBoxLayout()
        columns.setSpacing(SPACING.panel)
        columns.addLayout(self._left(), 4)
        columns.addLayout(self._right(), 5)
        self.body.addLayout(columns, 1)

    def _left(self) -> QVBoxLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.large)
        grid.setVerticalSpacing(SPACING.normal)
        top = Qt.AlignmentFlag.AlignTop
        wide = (self.title, self.phase, self.services, self.classes)
        for row, field in enumerate(wide):
            grid.addWidget(field, row, 0, 1, 2, top)
        pairs = ((self.calling, self.called), (self.nth, self.every))
        for row, (left, right) in enumerate(pairs, len(wide)):
            grid.addWidget(left, row, 0, top)
            grid.addWidget(right, row, 1, top)
        grid.addWidget(self.values, len(wide) + 2, 0, 1, 2, top)
        column = QVBoxLayout()
        column.setSpacing(SPACING.normal)
        column.addLayout(grid)
        column.addWidget(self.enabled)
        column.addStretch(1)
        return column

    def _right(self) -> QVBoxLayout:
        self.search.setPlaceholderText("Find a fault: late, half, status, UID, PS3.8…")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Find a fault")
        self.list.set_empty("No fault of this moment has all these words.")
        self.then.set_empty("Nothing yet: add a fault of those above.")
        line = self.then.fontMetrics().height()
        self.then.setFixedHeight(CHOSEN_ROWS * (2 * line + 3 * SPACING.small) + 2 * SPACING.small)
        self.then.add_action("&Remove", "Del", self.remove)
        self.add_button = text_button("&Add", self.add, self, icon="add", tip="Add the fault selected above (Return)")
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(self.add_button)
        row.addStretch(1)
        for icon, text, slot in (
            ("delete", "Remove the fault from the rule", self.remove),
            ("up", "Carry it out earlier", self.then.move_up),
            ("down", "Carry it out later", self.then.move_down),
        ):
            button = icon_button(icon, text, slot, self)
            self.placing.append(button)
            row.addWidget(button)
        heading = QLabel("What it does", self)
        heading.setProperty("role", "title")
        column = QVBoxLayout()
        column.setSpacing(SPACING.normal)
        column.addWidget(heading)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        for widget in (self.then, self.form, self.remark):
            column.addWidget(widget)
        return column

    def _fill(self, rule: Rule) -> None:
        texts = when_texts(rule.when)
        self.title.set_value(rule.title)
        self.phase.set_value(rule.phase)
        for field, key in self._conditions():
            field.set_value(texts[key])
        self.values.set_value(tuple(texts["value"].splitlines()))
        self.enabled.set_value(rule.enabled)
        self.chosen.set_records(rule.then)
        self._search()
        self.then.select_row(0)
        self.form.show_deviation(self.then.current_record())

    def _conditions(self) -> tuple[tuple[TextField, str], ...]:
        return (
            (self.services, "service"),
            (self.classes, "sop_class"),
            (self.calling, "calling"),
            (self.called, "called"),
            (self.nth, "nth"),
            (self.every, "every"),
        )

    def _connect(self) -> None:
        for field in (self.title, self.phase, self.values, self.enabled, *(f for f, _ in self._conditions())):
            field.edited.connect(self._judge)
        self.phase.edited.connect(self._search)
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self.list.opened.connect(self.add)
        self.then.chosen.connect(self.form.show_deviation)
        self.form.edited.connect(self._valued)
        self.form.judged.connect(self._judge)
        self.chosen.reordered.connect(self._judge)

    # -- what it does

    @sound
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return in the search adds the fault found and goes no further: to the dialog it would be its end."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.search.text():
                self.add()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                QApplication.sendEvent(self.list, event)
                return True
        return super().eventFilter(watched, event)

    def add(self) -> None:
        """The fault selected in the list of all, after those the rule has."""
        fault = self.list.current_record()
        if isinstance(fault, Fault):
            self.chosen.set_records((*self.chosen.records, Deviation(fault.name)))
            self.then.select_row(len(self.chosen.records) - 1)
            self.form.show_deviation(self.then.current_record())
            self._judge()

    def remove(self) -> None:
        row = self.then.currentIndex().row()
        if row >= 0:
            self.chosen.set_records([d for i, d in enumerate(self.chosen.records) if i != row])
            self.then.select_row(min(row, len(self.chosen.records) - 1))
            self.form.show_deviation(self.then.current_record())
            self._judge()

    def _valued(self, deviation: Deviation) -> None:
        row = self.then.currentIndex().row()
        self.chosen.set_records([deviation if i == row else d for i, d in enumerate(self.chosen.records)])

    def _search(self) -> None:
        phase = self.phase.value()
        assert isinstance(phase, Phase)
        self.faults.set_records(faults_for(phase, self.search.text()), reset=True)
        self.list.select_row(0)
        self.add_button.setEnabled(bool(self.faults.records))

    # -- the rule

    def rule(self) -> Rule:
        """As the fields stand, which must be right."""
        phase = self.phase.value()
        assert isinstance(phase, Phase)
        texts = {key: field.value() for field, key in self._conditions()}
        when = when_of({**texts, "value": "\n".join(self.values.value())})
        return Rule(
            phase=phase,
            then=tuple(self.chosen.records),
            when=when,
            title=self.title.value().strip(),
            enabled=bool(self.enabled.value()),
        )

    def accept(self) -> None:
        if self._problem() is None:
            self.saved.emit(self.rule())
            super().accept()

    def _problem(self) -> str | None:
        """What keeps it from being saved; "" where the fields themselves say it."""
        fields = (self.values, *(f for f, _ in self._conditions()))
        if not self.form.is_valid() or not all(field.is_valid() for field in fields):
            return ""
        if not self.chosen.records:
            return ""
        phase = self.phase.value()
        wrong = [d.fault for d in self.chosen.records if phase not in d.row.phases]
        return f"Not possible at that moment: {', '.join(wrong)}." if wrong else None

    def _judge(self) -> None:
        problem = self._problem()
        self.accept_button.setEnabled(problem is None)
        self.remark.setText(problem or "")
        self.remark.setVisible(bool(problem))
        count = len(self.chosen.records)
        for button, least in zip(self.placing, (1, 2, 2), strict=True):  # one alone has no other place
            button.setEnabled(count >= least)
