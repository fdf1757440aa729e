"""One line that says how the printer is, and a button that asks again."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.model.commands import RunProcedure
from engine.model.notices import Notice, Outcome, StatusNotice, StepNotice, StepState
from engine.model.procedures.printing import ReadPrinter
from gui.services_host import ServicesHost
from gui.theme import SPACING, restyle, theme

from .header import OneLine, icon_button

PRINTER_STEP = "Printer status"
_SIGNS = {Outcome.SUCCESS: ("ok", "ok"), Outcome.WARNING: ("warning", "warning")}
_STATES = {StepState.DONE: Outcome.SUCCESS, StepState.WARNING: Outcome.WARNING, StepState.FAILED: Outcome.FAILURE}


class PrinterLine(QWidget):
    """Asks with N-GET on an association of its own; what a print learns of the printer is shown too (`take`)."""

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._operation: int | None = None
        self._asking = False
        self._said = ""
        self._shown: tuple[str, Outcome] | None = None
        self.sign = QLabel(self)
        self.sign.setFixedWidth(SPACING.icon)
        self.words = OneLine(self)
        self.button = icon_button("refresh", "Ask for the printer's status (N-GET)", self.ask, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.small)
        row.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        host.notices.connect(self._notices)
        host.operation_ended.connect(self._ended)
        host.changed.connect(self.refresh)
        theme().changed.connect(self._show)
        self._peer = self._who()
        self.refresh()

    def ask(self) -> None:
        """N-GET of the Printer; nothing while that is under way."""
        if self._asking or not self._host.has_peer():
            return
        self._asking, self._said = True, ""
        self.words.say("Asking the printer …")
        restyle(self.words, "role", "muted")
        self.button.setEnabled(False)
        command = RunProcedure(operation=0, association=0, proposal=self._host.proposal(), procedure=ReadPrinter())
        self._operation = self._host.run(command)

    def take(self, step: StepNotice) -> None:
        """A step of a print: when it is about the printer, that is news."""
        outcome = _STATES.get(step.state)
        if step.name == PRINTER_STEP and outcome is not None:
            self._shown = step.sentence, outcome
            self._show()

    def refresh(self) -> None:
        """Another peer: what is known is of the one before."""
        if self._who() != self._peer:
            self._peer, self._shown = self._who(), None
        self.button.setEnabled(self._host.has_peer() and not self._asking)
        if not self._asking:
            self._show()

    def _who(self) -> object:
        return self._host.proposal().peer if self._host.has_peer() else None

    def _notices(self, batch: tuple[Notice, ...]) -> None:
        for notice in batch:
            if isinstance(notice, StepNotice) and notice.operation == self._operation:
                self._said = notice.sentence or self._said

    def _ended(self, status: StatusNotice) -> None:
        if status.operation == self._operation:
            self._asking = False
            self._shown = self._said or status.sentence, status.outcome
            self.refresh()

    def _show(self) -> None:
        if self._shown is None:
            self.sign.setPixmap(theme().icon("never", "muted").pixmap(SPACING.icon))
            self.words.say("Printer status not asked for yet")
            restyle(self.words, "role", "muted")
            return
        sentence, outcome = self._shown
        icon, role = _SIGNS.get(outcome, ("failure", "failure"))
        self.sign.setPixmap(theme().icon(icon, role).pixmap(SPACING.icon))
        self.words.say(f"Printer: {sentence}")
        restyle(self.words, "role", "error" if role == "failure" else role)
