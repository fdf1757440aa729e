"""The page of the emulators' settings: what they are filled from, how storage commitment and the printer behave."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.model.emulation import CommitmentOptions, PrinterOptions, ReportOn
from engine.standard.defined_terms import PRINTER_STATES
from engine.standard.failure_reasons import FAILURE_REASONS
from engine.workspace.emulation_text import MAXIMUM_DELAY, MOST_RETRIES
from engine.workspace.listening import ListenerSettings
from gui.dialogs import Questions
from gui.forms.choices import CheckField, ChoiceField
from gui.forms.fields import NumberField, TextField
from gui.forms.header import icon_button
from gui.forms.path_field import PathField

from .listener_pages import Page

_ROUTES = (
    (ReportOn.EITHER, "The same association while it is open, else a new one"),
    (ReportOn.SAME, "The same association only"),
    (ReportOn.NEW, "A new association always"),
)
_MOST = 9999


def check_info(text: str) -> str | None:
    """Printer Status Info is CS (PS3.3 C.13.9)."""
    return "16 characters at most." if len(text) > 16 else None


class EmulatorsPage(Page):
    """Which of them are on is switched where their objects are: Built-in peer > Emulators and objects."""

    title = "Emulators"

    def __init__(self, settings: ListenerSettings, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._questions = questions
        emulation = settings.peer.emulation
        self.samples = CheckField("&Start with the sample studies and worklist items", self)
        self.worklist = PathField("&Worklist folder", placeholder="none", parent=self)
        self.worklist.add_beside(icon_button("open", "Choose the worklist folder", self._browse, self))
        self.worklist.set_hint("Items as TOML, DICOM JSON or DICOM files; looked at again at each query.")
        self.report = ChoiceField("&Report on", _ROUTES, self)
        self.delay = NumberField("&Delay", 0, MAXIMUM_DELAY, self, unit="s", decimals=True)
        self.every = NumberField("&Fail every … reference", 0, _MOST, self, hint="0: none, 1: all, 2: every second.")
        names = {code: f"{code:04X}H {name}" for code, (name, _) in FAILURE_REASONS.items()}
        own = emulation.commitment.reason
        names.setdefault(own, f"{own:04X}H")
        self.reason = ChoiceField("Failure r&eason", sorted(names.items()), self)
        self.retries = NumberField(
            "Re&tries", 0, MOST_RETRIES, self, hint="How often a report that could not be delivered is tried again."
        )
        self.retry_after = NumberField(
            "Retry &after", 0, MAXIMUM_DELAY, self, unit="s", decimals=True, hint="Each further wait is twice as long."
        )
        self.printer = ChoiceField("&Printer status", [(s, s) for s in PRINTER_STATES], self)
        self.info = TextField("&Information", check_info, "NORMAL", self)
        self.info.set_hint("Such as SUPPLY LOW, FILM JAM.")
        self.heading("Filled from")
        self.column.addWidget(self.samples)
        self.column.addWidget(self.worklist)
        self.heading("Storage commitment")
        self.column.addWidget(self.report)
        self.pairs((self.delay, None), (self.every, self.reason), (self.retries, self.retry_after))
        self.heading("Printer", "With FAILURE nothing is printed, and the print job says so.")
        self.pairs((self.printer, self.info))
        self.column.addStretch(1)
        self.samples.set_value(emulation.samples)
        self.worklist.set_value(str(emulation.worklist or ""))
        self.report.set_value(emulation.commitment.report)
        self.delay.set_value(emulation.commitment.delay)
        self.every.set_value(emulation.commitment.fail_every)
        self.reason.set_value(own)
        self.retries.set_value(emulation.commitment.retries)
        self.retry_after.set_value(emulation.commitment.retry_after)
        self.printer.set_value(emulation.printer.status)
        self.info.set_value("" if emulation.printer.info == "NORMAL" else emulation.printer.info)
        fields = (self.samples, self.worklist, self.report, self.delay, self.every, self.reason)
        self.watch(*fields, self.retries, self.retry_after, self.printer, self.info)

    def applied(self, settings: ListenerSettings) -> ListenerSettings:
        route, reason = self.report.value(), self.reason.value()
        commitment = CommitmentOptions(
            report=route if isinstance(route, ReportOn) else ReportOn.EITHER,
            delay=float(self.delay.value() or 0),
            fail_every=int(self.every.value() or 0),
            reason=reason if isinstance(reason, int) else CommitmentOptions().reason,
            retries=int(self.retries.value() or 0),
            retry_after=float(self.retry_after.value() or 0),
        )
        printer = PrinterOptions(
            status=str(self.printer.value()), info=self.info.value().strip().upper() or PrinterOptions().info
        )
        emulation = replace(
            settings.peer.emulation,
            samples=self.samples.value(),
            worklist=self.worklist.path(),
            commitment=commitment,
            printer=printer,
        )
        return replace(settings, peer=replace(settings.peer, emulation=emulation))

    def _browse(self) -> None:
        self._questions.open_folder(self, "Worklist folder", self._chosen)

    def _chosen(self, folders: tuple[Path, ...]) -> None:
        self.worklist.set_value(str(folders[0]))
        self.edited.emit()
