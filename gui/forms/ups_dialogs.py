"""What is asked about a unified procedure step before a message about it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QGridLayout, QLabel, QWidget

from engine.conformance.names import check_ae_title, check_uid
from engine.conformance.ups import check_create
from engine.model.dataset import DataSet
from engine.standard.ups import PRIORITIES, READINESS
from engine.workspace.errors import ValueProblem
from engine.workspace.ups_steps import (
    CODE_HINT,
    DISCONTINUATION_REASONS,
    WORKITEMS,
    NewStep,
    Performed,
    cancel_request,
    canceled,
    code_choices,
    instances,
    is_percent,
    now_text,
    progress,
    read_code,
)
from gui.dialogs import FormDialog
from gui.services_host import ServicesHost
from gui.theme import SPACING, restyle

from .choices import CheckField, ChoiceField
from .fields import ERROR_SIGN, Field, TextField
from .references_form import ReferencesForm

WIDTH = 620
WORKITEM = "110005^DCM^Interpretation"


def check_code(text: str) -> str | None:
    """A code, or nothing. One line, so that the dialog stays on a small screen with every field wrong."""
    try:
        if text.strip():
            read_code(text)
    except ValueProblem:
        return f"A code is {CODE_HINT}."
    return None


def needed_code(text: str) -> str | None:
    return check_code(text) if text.strip() else "A code is needed here."


def check_dt(text: str) -> str | None:
    """A DT, whole days and longer: what people type."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (8, 10, 12, 14):
        return "Write 20260131 or 20260131120000."
    return None


def _check_percent(text: str) -> str | None:
    return None if is_percent(text.strip() or "0") else "A percentage is a number from 0 to 100."


def _title_or_nothing(text: str) -> str | None:
    return check_ae_title(text) if text.strip() else None


def _own_uid(text: str) -> str | None:
    return check_uid(text.strip()) if text.strip() else None


def code_field(label: str, check: Callable[[str], str | None], group: int, parent: QWidget) -> TextField:
    """A code with those of a context group offered while one types."""
    field = TextField(label, check, CODE_HINT, parent)
    completer = QCompleter(list(code_choices(group)) if group else [], field)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    field.line.setCompleter(completer)
    return field


class StepDialog(FormDialog):
    """`made` carries what `build` gives. A dialog lays out its fields in two columns."""

    made = Signal(object)

    def __init__(self, title: str, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(title, verb, parent, width=WIDTH)
        self.verb = verb
        self.fields: list[Field] = []
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACING.large)
        self._grid.setVerticalSpacing(SPACING.large)
        for column in (0, 1):
            self._grid.setColumnStretch(column, 1)
        self.body.addLayout(self._grid)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("role", "muted")
        self.body.addWidget(self.note)
        self.note.hide()

    def put(self, *fields: Field) -> None:
        """A row: one field over both columns, or two side by side."""
        row = self._grid.rowCount()
        for column, field in enumerate(fields):
            span = 2 if len(fields) == 1 else 1
            self._grid.addWidget(field, row, column, 1, span, Qt.AlignmentFlag.AlignTop)
            field.edited.connect(self._edited)
            self.fields.append(field)

    def put_instances(self, host: ServicesHost, prompt: str) -> None:
        """Rows for instances, and from whom they can be had."""
        self.references = ReferencesForm(host, prompt, self)
        self.references.changed.connect(self._instances_changed)
        self._grid.addWidget(self.references, self._grid.rowCount(), 0, 1, 2)
        self.retrieve = TextField("&Retrieve them from AE", _title_or_nothing, parent=self)
        self.retrieve.set_value(host.proposal().peer.ae_title if host.has_peer() else "")
        self.put(self.retrieve)
        self.retrieve.hide()

    def instances(self) -> tuple[DataSet, ...]:
        """Items for the instances chosen."""
        return instances(self.references.references, self.retrieve.value().strip())

    def build(self) -> Any:
        """What the form says. Raises `ValueProblem`."""
        raise NotImplementedError

    def judge(self) -> None:
        """After each change; a dialog that may send what is wrong says so on its button."""
        said = ""
        if valid := all(field.is_valid() for field in self.fields):  # else it is said beside the field
            try:
                self.build()
            except ValueProblem as problem:
                said = f"{problem.reason[:1].upper()}{problem.reason[1:]}."
        self.say(said, "error")
        self.accept_button.setEnabled(valid and not said)

    def say(self, sentence: str, role: str) -> None:
        """What is wrong with the whole, below the fields."""
        self.note.setText(f"{ERROR_SIGN} {sentence}" if role == "error" else sentence)
        restyle(self.note, "role", role)
        self.note.setVisible(bool(sentence))

    def accept(self) -> None:
        if self.accept_button.isEnabled():
            self.made.emit(self.build())
            super().accept()

    def _edited(self, _value: object) -> None:
        self.judge()

    def _instances_changed(self) -> None:
        self.retrieve.setVisible(bool(self.references.references))
        self.judge()


class NewStepDialog(StepDialog):
    """A step to create; `made` carries (attributes, SOP Instance UID). What Table CC.2.5-3 asks for stands beside each
    field, and it can be sent all the same."""

    def __init__(self, host: ServicesHost, uid: str, station: str, parent: QWidget | None = None) -> None:
        super().__init__("New step", "&Create", parent)
        self.label = TextField("Step &label", parent=self)
        self.worklist = TextField("&Worklist label", parent=self)
        self.start = TextField("Scheduled &start", check_dt, "20260131120000", self)
        self.priority = ChoiceField("&Priority", [(p, p.title()) for p in PRIORITIES], self)
        self.readiness = ChoiceField("&Input readiness", [(r, r.title()) for r in READINESS], self)
        self.station = code_field("Stati&on", check_code, 0, self)
        self.workitem = code_field("What is to &be done", check_code, WORKITEMS, self)
        self.performer = code_field("Per&former", check_code, 0, self)
        self.performer_name = TextField("Performer's &name", placeholder="Doe^Jane", parent=self)
        self.organization = TextField("Or&ganization", parent=self)
        self.patient = TextField("P&atient's name", placeholder="Doe^Jane", parent=self)
        self.patient_id = TextField("Patien&t ID", parent=self)
        self.comments = TextField("Co&mments", parent=self)
        self.uid = TextField("SOP Instance &UID", _own_uid, "chosen by the provider", self, mono=True)
        self.put(self.label, self.worklist)
        self.put(self.start, self.priority)
        self.put(self.workitem, self.station)
        self.put(self.patient, self.patient_id)
        self.put(self.performer, self.performer_name)
        self.put(self.organization, self.readiness)
        self.put(self.comments, self.uid)
        self.put_instances(host, "Input instances: none. Add files, or drop them here.")
        self.label.set_value("Test step")
        self.worklist.set_value("Test worklist")
        self.start.set_value(now_text())
        self.priority.set_value("MEDIUM")
        self.workitem.set_value(WORKITEM)
        self.station.set_value(station)
        self.patient.set_value("Test^Patient")
        self.patient_id.set_value("TEST-0001")
        self.uid.set_value(uid)
        self._by_keyword = {
            "ProcedureStepLabel": self.label,
            "ScheduledProcedureStepStartDateTime": self.start,
            "HumanPerformerCodeSequence": self.performer,
            "HumanPerformerName": self.performer_name,
            "HumanPerformerOrganization": self.organization,
        }
        self.judge()
        self.label.line.selectAll()

    def build(self) -> tuple[DataSet, str]:
        return self._step().data_set(), self.uid.value().strip()

    def _step(self) -> NewStep:
        return NewStep(
            label=self.label.value().strip(),
            worklist=self.worklist.value().strip(),
            priority=str(self.priority.value()),
            start=self.start.value().strip(),
            station=self.station.value(),
            workitem=self.workitem.value(),
            performer=self.performer.value(),
            performer_name=self.performer_name.value().strip(),
            performer_organization=self.organization.value().strip(),
            readiness=str(self.readiness.value()),
            comments=self.comments.value().strip(),
            patient_name=self.patient.value().strip(),
            patient_id=self.patient_id.value().strip(),
            inputs=self.instances(),
        )

    def judge(self) -> None:
        """What the table asks for is said and sent all the same; only what is no code cannot be encoded."""
        for field in self._by_keyword.values():
            field.set_error(None)
        fields = (self.station, self.workitem, self.performer)
        bad = any(check_code(field.value()) for field in fields)
        station, workitem, performer = ("" if check_code(f.value()) else f.value() for f in fields)
        step = replace(self._step(), station=station, workitem=workitem, performer=performer)
        problems = check_create(step.data_set())
        for problem in problems:
            place = self._by_keyword.get(problem.path.rsplit(".", 1)[-1])
            if place is not None:
                place.set_error(problem.sentence)
        elsewhere = [p.sentence for p in problems if p.path.rsplit(".", 1)[-1] not in self._by_keyword]
        self.say(" ".join(elsewhere), "warning")
        wrong = bool(problems) or not all(field.is_valid() for field in self.fields)
        self.accept_button.setText("&Create all the same" if wrong and not bad else self.verb)
        self.accept_button.setEnabled(not bad)


class ProgressDialog(StepDialog):
    """`made` carries the N-SET's Modification List."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Progress", "&Send", parent)
        self.percent = TextField("&Percent", _check_percent, "0 to 100", self)
        self.description = TextField("&Description", parent=self)
        self.contact_uri = TextField("Contact &URI", placeholder="tel:+43-1-234", parent=self)
        self.contact_name = TextField("Contact &name", parent=self)
        self.put(self.percent, self.description)
        self.put(self.contact_uri, self.contact_name)
        self.percent.set_value("50")
        self.judge()
        self.percent.line.selectAll()

    def build(self) -> DataSet:
        fields = (self.percent, self.description, self.contact_name, self.contact_uri)
        return progress(*(field.value().strip() for field in fields))


class _FinalDialog(StepDialog):
    """`made` carries (final attributes, whether the step is read and judged first)."""

    def __init__(self, title: str, verb: str, state: str, parent: QWidget | None = None) -> None:
        super().__init__(title, verb, parent)
        self.check = CheckField(f"Look first whether the step has all that {state} &needs", self)
        self.check.set_value(True)

    def final(self) -> DataSet:
        raise NotImplementedError

    def build(self) -> tuple[DataSet, bool]:
        return self.final(), self.check.value()


class CompleteDialog(_FinalDialog):
    """What was done and what came of it: the final attributes of a step that is COMPLETED (PS3.4 Table CC.2.5-3)."""

    def __init__(self, host: ServicesHost, station: str, start: str, parent: QWidget | None = None) -> None:
        super().__init__("Complete the step", "Set to &COMPLETED", "COMPLETED", parent)
        self.station = code_field("&Station", needed_code, 0, self)
        self.workitem = code_field("&What was done", needed_code, WORKITEMS, self)
        self.start = TextField("S&tart", check_dt, parent=self)
        self.end = TextField("&End", check_dt, parent=self)
        self.performer = code_field("Per&former", check_code, 0, self)
        self.description = TextField("Descri&ption", parent=self)
        self.put(self.workitem, self.station)
        self.put(self.start, self.end)
        self.put(self.performer, self.description)
        self.put_instances(host, "Output instances: none. Add files, or drop them here.")
        self.put(self.check)
        self.station.set_value(station)
        self.workitem.set_value(WORKITEM)
        self.start.set_value(start)
        self.end.set_value(now_text())
        self.judge()

    def final(self) -> DataSet:
        return Performed(
            station=self.station.value(),
            workitem=self.workitem.value(),
            start=self.start.value().strip(),
            end=self.end.value().strip(),
            description=self.description.value().strip(),
            performer=self.performer.value(),
            outputs=self.instances(),
        ).data_set()


class CancelDialog(_FinalDialog):
    """Why: the final attributes of a step of ours that is CANCELED (PS3.4 Table CC.2.5-3)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Cancel the step", "Set to &CANCELED", "CANCELED", parent)
        self.code = _reason_field(self, none=False)
        self.reason = TextField("In &words", parent=self)
        self.put(self.code)
        self.put(self.reason)
        self.put(self.check)
        self.judge()

    def final(self) -> DataSet:
        return canceled(str(self.code.value()), self.reason.value().strip(), now_text())


class AskCancelDialog(StepDialog):
    """`made` carries the Action Information; everything in it is optional."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Ask for the cancellation", "&Ask", parent)
        self.reason = TextField("&Reason in words", parent=self)
        self.code = _reason_field(self, none=True)
        self.contact_uri = TextField("Contact &URI", placeholder="tel:+43-1-234", parent=self)
        self.contact_name = TextField("Contact &name", parent=self)
        self.put(self.reason)
        self.put(self.code)
        self.put(self.contact_uri, self.contact_name)
        self.judge()

    def build(self) -> DataSet:
        return cancel_request(
            self.reason.value().strip(),
            str(self.code.value()),
            self.contact_name.value().strip(),
            self.contact_uri.value().strip(),
        )


def _reason_field(parent: QWidget, *, none: bool) -> ChoiceField:
    """Why, by the codes of the Standard."""
    codes = [(code, code.rsplit("^", 1)[-1]) for code in code_choices(DISCONTINUATION_REASONS)]
    first = ("", "None given") if none else next(c for c in codes if c[0].startswith("110513^"))
    return ChoiceField("Reason co&de", [first, *(c for c in codes if c != first)], parent)
