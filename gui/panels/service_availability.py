"""Instance Availability Notification: which instances can be had, how fast and from where (PS3.4 Annex R)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from engine.model.commands import RunProcedure
from engine.model.dataset import DataSet
from engine.model.procedures.modality import NotifyAvailability
from engine.model.whole_numbers import counted
from engine.workspace.availability import AVAILABILITIES, notifications, without_series
from engine.workspace.placeholders import new_uid
from gui.forms.choices import ChoiceField
from gui.forms.dataset_view import DataSetView
from gui.forms.fields import TextField
from gui.forms.references_form import ReferencesForm
from gui.models.dataset_model import DataSetModel
from gui.models.dataset_values import display_text
from gui.services_host import Runnable, ServicesHost
from gui.theme import SPACING

from .service_page import ServicePage

_PROMPT = "Drop files or a folder here, or choose above: their studies are notified of, one by one."


class AvailabilityPage(ServicePage):
    """Sources and what is said of them above, the first notification as it will be sent below."""

    verb = "Notif&y"

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(host, parent)
        self.sources = ReferencesForm(host, _PROMPT, self)
        self.sources.changed.connect(self._show)
        choices = [(value, f"{value}: {words}") for value, words in AVAILABILITIES.items()]
        self.availability = ChoiceField("Availability", choices, self)
        self.retrieve = TextField("&Retrieve AE title", _title, host.proposal().local.ae_title, self)
        self.step = ChoiceField("Performed procedure &step they come from", (), self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.large)
        grid.setVerticalSpacing(SPACING.normal)
        grid.addWidget(self.availability, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.retrieve, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.step, 1, 0, 1, 2, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.sources)
        self.body.addLayout(grid)
        self.heading = QLabel(self)
        self.heading.setProperty("role", "muted")
        self.model = DataSetModel(self, read_only=True, describe=display_text)
        self.tree = DataSetView(self.model, self, name="What is sent")
        self.tree.set_empty("What each N-CREATE says is shown here.")
        self.tree.setMinimumHeight(120)
        self.tree.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # takes what is left
        self.finish_layout(self.tree)
        self.column.insertWidget(self.column.count() - 1, self.heading)
        for field in (self.availability, self.retrieve, self.step):
            field.edited.connect(self._show)
        host.desk.steps_changed.connect(self._fill_steps)
        self._fill_steps()
        self._show()

    def problem(self) -> str:
        if not hasattr(self, "tree"):
            return ""  # the base asks while the page is being made
        found = self.sources.references
        if not found:
            return "Say first which instances."
        homeless = without_series(found)
        if homeless:
            count = counted(len(homeless), "instance")
            return f"The study and series of {count} are not known: give their files."
        return super().problem() or ("" if self.retrieve.is_valid() else "Mend what is marked first.")

    def command(self) -> Runnable | None:
        made = tuple((new_uid(), data) for data in self._made())
        procedure = NotifyAvailability(notifications=made)
        return RunProcedure(operation=0, association=0, proposal=self.host.proposal(), procedure=procedure)

    def _made(self) -> tuple[DataSet, ...]:
        retrieve = self.retrieve.value().strip() or self.host.proposal().local.ae_title
        step = str(self.step.value() or "")
        return notifications(self.sources.references, str(self.availability.value()), retrieve, step)

    def _fill_steps(self) -> None:
        steps = [(s.uid, f"{s.patient}, {s.description}") for s in self.host.desk.steps()]
        self.step.set_choices([("", "None"), *steps])

    def _show(self, *_changed: object) -> None:
        found = self.sources.references
        made = self._made() if found and not without_series(found) else ()
        self.heading.setText(f"The first of {counted(len(made), 'notification')}" if made else "")
        self.heading.setVisible(bool(made))
        self.model.load(made[0] if made else DataSet())
        self.tree.expandAll()
        self.refresh()


def _title(value: str) -> str | None:
    return None if len(value.strip()) <= 16 else "At most 16 characters."
