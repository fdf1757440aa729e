"""Beginning and ending a performed procedure step: what is said about it, and the data set that says it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QGridLayout, QLabel, QWidget

from engine.model.dataset import DataSet
from engine.standard.dictionary import Code, context_group
from engine.standard.performed_steps import COMPLETED, DISCONTINUATION_REASONS, DISCONTINUED, FINAL_STATES
from engine.workspace.modality_records import StepRecord
from engine.workspace.performed_steps import Performing, begun, ended, item_problems, lacking, step_id
from engine.workspace.placeholders import new_uid
from engine.workspace.worklist import WorklistItem
from gui.dialogs import FormDialog
from gui.forms.choices import ChoiceField
from gui.forms.dataset_view import DataSetView
from gui.forms.fields import Field, TextField
from gui.forms.references_form import ReferencesForm
from gui.models.dataset_model import DataSetModel
from gui.models.dataset_values import display_text
from gui.services_host import ServicesHost
from gui.theme import SPACING, restyle

USUAL_REASON = "110513"
"""Discontinued for unspecified reason."""
_WIDTH, _TREE_HEIGHT = 620, 220


class ItemDialog(FormDialog):
    """A worklist item or a step, every attribute of it; nothing to decide, so there is one button."""

    def __init__(self, item: DataSet, parent: QWidget | None = None, title: str = "Worklist item") -> None:
        super().__init__(title, "&Close", parent, width=_WIDTH)
        self.buttons.removeButton(self.buttons.button(QDialogButtonBox.StandardButton.Cancel))
        model = DataSetModel(self, read_only=True, describe=display_text)
        model.load(item)
        tree = DataSetView(model, self, name=title)
        tree.setMinimumHeight(2 * _TREE_HEIGHT)
        tree.expandAll()
        self.body.addWidget(tree, 1)


class _StepDialog(FormDialog):
    """Fields above, the data set that will be sent below; `saved` carries it."""

    saved = Signal(object)

    def __init__(self, title: str, verb: str, intro: str, parent: QWidget | None = None) -> None:
        super().__init__(title, verb, parent, width=_WIDTH)
        self._verb = verb
        self.now = datetime.now().astimezone()
        self.intro = QLabel(intro, self)
        self.intro.setTextFormat(Qt.TextFormat.PlainText)
        self.intro.setWordWrap(True)
        self.body.addWidget(self.intro)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(SPACING.large)
        self.grid.setVerticalSpacing(SPACING.normal)
        self.model = DataSetModel(self, read_only=True, describe=display_text)
        self.tree = DataSetView(self.model, self, name="What is sent")
        self.tree.setMinimumHeight(_TREE_HEIGHT)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)

    def finish(self, message: str) -> None:
        """Below the fields: the data set."""
        self.body.addLayout(self.grid)
        heading = QLabel(f"What the {message} says", self)
        heading.setProperty("role", "muted")
        self.body.addWidget(heading)
        self.body.addWidget(self.tree, 1)
        self.body.addWidget(self.note)
        self.refresh()

    def place(self, *fields: Field) -> None:
        """Two fields a row."""
        for n, field in enumerate(fields):
            self.grid.addWidget(field, n // 2, n % 2, Qt.AlignmentFlag.AlignTop)

    def data_set(self) -> DataSet:
        raise NotImplementedError

    def problems(self) -> tuple[str, ...]:
        """What is odd about it; it is sent all the same."""
        return ()

    def refresh(self, *_changed: object) -> None:
        self.model.load(self.data_set())
        self.tree.expandAll()
        said = self.problems()
        self.note.setText("\n".join(said))
        self.note.setVisible(bool(said))
        restyle(self.note, "role", "warning" if said else "muted")
        wrong = bool(said) or not all(one.is_valid() for one in self.findChildren(Field))
        self.accept_button.setText(f"{self._verb} all the same" if wrong else self._verb)

    def accept(self) -> None:
        self.saved.emit(self.data_set())
        super().accept()


class BeginStepDialog(_StepDialog):
    """A step from a worklist item, or one that was not scheduled (item None)."""

    def __init__(self, item: DataSet | None, station_ae_title: str, parent: QWidget | None = None) -> None:
        shown = WorklistItem(item) if item is not None else None
        intro = (
            f"{shown.patient or 'No name'} ({shown.patient_id or 'no ID'}), scheduled {shown.begins or 'at no time'}"
            if shown is not None
            else "A step that was not scheduled: nothing is taken from a worklist item."
        )
        super().__init__("Begin a step", "&Begin", intro, parent)
        self._item = item
        self._study_uid = new_uid()  # of a step without one, the same while one types
        self.patient_name = TextField("Patient's &name", parent=self)
        self.patient_id = TextField("Patient &ID", _long, parent=self)
        self.step_id = TextField("Performed step I&D", _short, parent=self)
        self.modality = TextField("&Modality", _short, parent=self)
        self.description = TextField("De&scription", _long, parent=self)
        self.station = TextField("Station &AE title", _short, parent=self)
        self.step_id.set_value(step_id(self.now))
        self.station.set_value(station_ae_title)
        if shown is None:
            self.modality.set_value("OT")
            self.place(self.patient_name, self.patient_id)
        else:
            self.patient_name.hide()
            self.patient_id.hide()
            self.modality.set_value(shown.modality)
            self.description.set_value(shown.description)
        row = 0 if shown is not None else 1
        for n, field in enumerate((self.description, self.modality, self.step_id, self.station)):
            self.grid.addWidget(field, row + n // 2, n % 2, Qt.AlignmentFlag.AlignTop)
        for field in self._fields():
            field.edited.connect(self.refresh)
        self.finish("N-CREATE")
        (self.patient_name if shown is None else self.description).setFocus()

    def _fields(self) -> tuple[TextField, ...]:
        own = (self.step_id, self.modality, self.description, self.station)
        return (self.patient_name, self.patient_id, *own)

    def data_set(self) -> DataSet:
        own = Performing(
            station_ae_title=self.station.value().strip(),
            modality=self.modality.value().strip(),
            step_id=self.step_id.value().strip(),
            description=self.description.value().strip(),
            patient_name=self.patient_name.value().strip(),
            patient_id=self.patient_id.value().strip(),
        )
        return begun(self._item, own, self.now, lambda: self._study_uid)

    def problems(self) -> tuple[str, ...]:
        told = item_problems(self._item) if self._item is not None else ()
        return (*told, *_lacking(lacking(self.data_set(), "create")))


class EndStepDialog(_StepDialog):
    """COMPLETED with the series of files, or DISCONTINUED with a reason too."""

    def __init__(self, step: StepRecord, state: str, host: ServicesHost, parent: QWidget | None = None) -> None:
        title = "Complete the step" if state == COMPLETED else "Discontinue the step"
        verb = "&Complete" if state == COMPLETED else "Disconti&nue"
        super().__init__(title, verb, ", ".join(filter(None, (step.patient, step.description))), parent)
        self._state, self._known = state, step.state
        self._series_uid = new_uid()  # of a series without instances
        self.reason = ChoiceField("&Reason (CID 9300)", _reasons(), self)
        self.reason.set_value(_usual())
        self.reason.setVisible(state == DISCONTINUED)
        if state == DISCONTINUED:
            self.body.addWidget(self.reason)
        prompt = "Instances acquired: drop files or a folder here. None: one series without instances."
        self.sources = ReferencesForm(host, prompt, self)
        self.sources.changed.connect(self.refresh)
        self.body.addWidget(self.sources)
        self.protocol = TextField("&Protocol name", parent=self, hint="Empty: the files' own.")
        self.retrieve = TextField("R&etrieve AE title", _short, parent=self, hint="Where the series can be had from.")
        self.place(self.protocol, self.retrieve)
        for field in (self.protocol, self.retrieve, self.reason):
            field.edited.connect(self.refresh)
        self.finish("N-SET")

    def data_set(self) -> DataSet:
        reason = self.reason.value()
        return ended(
            self._state,
            self.now,
            self.sources.references,
            reason if isinstance(reason, Code) else None,
            self.retrieve.value().strip(),
            self.protocol.value().strip(),
            lambda: self._series_uid,
        )

    def problems(self) -> tuple[str, ...]:
        told = _lacking(lacking(self.data_set(), "final"))
        over = f"The step is {self._known} already: the peer should refuse this with 0110H, Error ID A710H."
        return (over, *told) if self._known in FINAL_STATES else told


def _lacking(keywords: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{k} has no value, though PS3.4 Table F.7.2-1 wants one; it is sent so." for k in keywords)


def _short(value: str) -> str | None:
    return None if len(value.strip()) <= 16 else "At most 16 characters."


def _long(value: str) -> str | None:
    return None if len(value.strip()) <= 64 else "At most 64 characters."


def _reasons() -> list[tuple[object, str]]:
    return [(code, f"{code.meaning}  ({code.value})") for code in context_group(DISCONTINUATION_REASONS)]


def _usual() -> Code:
    group = context_group(DISCONTINUATION_REASONS)
    return next((code for code in group if code.value == USUAL_REASON), group[0])
