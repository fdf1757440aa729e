"""Which unified procedure steps are asked for: their state, and on wish more keys and the class asked."""

from __future__ import annotations

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from engine.model.dataset import DataElement, DataSet
from engine.standard.ups import PROGRESS_INFORMATION, SCHEDULED, STATES, STEP_STATE, UPS_PULL, UPS_QUERY, UPS_WATCH
from gui.theme import SPACING

from .choices import ChoiceField
from .query_form import QueryForm

THROUGH = tuple(
    (uid, f"Unified Procedure Step - {name}")
    for uid, name in ((UPS_PULL, "Pull"), (UPS_WATCH, "Watch"), (UPS_QUERY, "Query"))
)
ANY = ""
_STORE = "services/ups/"
_STATE_PATH = "ProcedureStepState"


class UpsQuestion(QWidget):
    """`run_wanted` on Return in a key. What was chosen last is remembered, but for the keys."""

    run_wanted = Signal()

    def __init__(self, store: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        states = [(s, s.capitalize()) for s in STATES]
        self.state = ChoiceField("", [*states, (ANY, "In any state")], self)
        self.state.combo.setAccessibleName("State of the steps")
        self.state.combo.setToolTip("State of the steps that are asked for")
        self.state.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # where there is room
        self.keys_button = QPushButton("&Query keys", self)
        self.keys_button.setCheckable(True)
        self.keys_button.setAutoDefault(False)
        self.keys_button.setToolTip("Match by patient, date, label or any other attribute; choose the class asked")
        self.form = QueryForm(self)
        self.form.start(UPS_PULL)
        self.form.remove(_STATE_PATH, keep=True)
        self.through = ChoiceField("Asked th&rough", THROUGH, self)
        self.through.combo.setToolTip("The class the query goes through; a provider may have only some of them")
        self.row = QHBoxLayout()
        self.row.setSpacing(SPACING.small)
        for widget in (self.state, self.keys_button):
            self.row.addWidget(widget)
        self.row.addStretch(1)
        self.more = QWidget(self)
        below = QVBoxLayout(self.more)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(SPACING.normal)
        below.addWidget(self.form)
        below.addWidget(self.through)
        self.more.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.normal)
        column.addLayout(self.row)
        column.addWidget(self.more)
        self._restore()
        self.form.run_wanted.connect(self.run_wanted)
        self.state.edited.connect(self._keep)
        self.through.edited.connect(self._keep)
        self.keys_button.toggled.connect(self._toggled)

    @property
    def sop_class_uid(self) -> str:
        """The class the query goes through."""
        return str(self.through.value())

    def identifier(self) -> DataSet:
        """Every usual key asked for, these matched."""
        state = str(self.state.value())
        asked = self.form.identifier().put(STEP_STATE, "CS", *([state] if state else []))
        return asked.merged(DataSet((DataElement(PROGRESS_INFORMATION, "SQ", ()),)))

    def matching(self) -> DataSet:
        """Only the keys that have a value, as a filtered subscription takes them."""
        return DataSet(tuple(e for e in self.identifier() if e.texts or e.items))

    def _toggled(self, shown: bool) -> None:
        self.more.setVisible(shown)
        self._keep()
        if shown and self.isVisible():
            self.form.first_field().setFocus(Qt.FocusReason.OtherFocusReason)

    def _keep(self, *_value: object) -> None:
        self._store.setValue(_STORE + "state", self.state.value())
        self._store.setValue(_STORE + "through", self.through.value())
        self._store.setValue(_STORE + "keys", str(self.keys_button.isChecked()).lower())

    def _restore(self) -> None:
        state = str(self._store.value(_STORE + "state", SCHEDULED))
        through = str(self._store.value(_STORE + "through", UPS_PULL))
        shown = self._store.value(_STORE + "keys", "false") in (True, "true")
        self.state.set_value(state if state in STATES else ANY)
        self.through.set_value(through if through in dict(THROUGH) else UPS_PULL)
        self.keys_button.setChecked(shown)
        self.more.setVisible(shown)
