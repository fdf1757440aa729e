"""A page of the Services panel: what is asked above, the button that does it, what came of it below."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.model.notices import Notice, ProgressNotice, StatusNotice, StepNotice
from gui.forms.run_bar import RunBar
from gui.forms.steps_view import StepsView
from gui.forms.tab_order import in_order
from gui.models.trace_target import TraceTarget
from gui.services_host import Runnable, ServicesHost
from gui.sound import sound
from gui.theme import SPACING

NOTHING_CAME = "No answer came. The line above says why, the trace what to do."
"""What an empty list of results says after a run that was not answered."""


class ServicePage(QWidget):
    """Base of all pages. A page fills `body`, and makes its command in `command()`.

    `run_bar` is the row with the primary button, Cancel and the verdict; `steps` lists a procedure's steps. Both are
    made here and placed by `finish_layout`, which a page calls last, with what shows its results.
    """

    verb = "Run"
    """What the primary button says."""
    shows_steps = True
    """Whether a procedure's steps are listed; of one alone the run bar says it all."""

    def __init__(self, host: ServicesHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.host = host
        self.operation: int | None = None
        """The operation this page runs or ran last."""
        self.running = False
        self.run_bar = RunBar(self.verb, self)
        self.run_bar.run_wanted.connect(self.start)
        self.run_bar.cancel_wanted.connect(self.cancel)
        self.steps = StepsView(self)
        self.steps.chosen.connect(self._step_chosen)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, SPACING.small, 0, 0)
        self.column.setSpacing(SPACING.normal)
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACING.normal)
        self.column.addLayout(self.body)
        host.notices.connect(self._notices)
        host.operation_ended.connect(self._ended)
        host.changed.connect(self.refresh)

    def finish_layout(self, results: QWidget | None = None) -> None:
        """Below the body: the run bar, the steps, and what shows the results, which gets the room."""
        self.column.addWidget(self.run_bar)
        self.column.addWidget(self.steps)
        self.steps.setVisible(False)
        if results is not None:
            self.column.addWidget(results, 1)
        else:
            self.column.addStretch(1)
        self.refresh()

    @sound
    def event(self, event: QEvent) -> bool:
        """Wrapped text that needs more lines at the present width makes the page higher, to be scrolled, instead of
        squeezing the fields: Qt's own minimum size does not look at that."""
        handled = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize) and self.column.hasHeightForWidth():
            least = self.column.minimumHeightForWidth(self.width())
            if least != self.minimumHeight():
                self.setMinimumHeight(least)
        return handled

    # -- for pages to say

    def command(self) -> Runnable | None:
        """What the primary button submits; None when the form is not right (the field beside says why)."""
        return None

    def association(self) -> int | None:
        """The association to run on; None opens one for it."""
        return None

    def problem(self) -> str:
        """Why nothing can be run now, "" when it can. Shown beside the button, which is greyed."""
        return "" if self.host.has_peer() else "Select a peer first."

    def begun(self) -> None:
        """The operation has been submitted: clear what the last one left."""

    def take(self, notices: tuple[Notice, ...]) -> None:
        """Every batch of notices, of this operation and others."""

    def ended(self, status: StatusNotice) -> None:
        """The page's own operation has ended; the run bar has said how."""

    # -- what happens

    def start(self) -> None:
        """Run; does nothing while it runs or cannot."""
        if self.running or self.problem():
            return
        command = self.command()
        if command is None:
            return
        self.submit(command, self.association())

    def submit(self, command: Runnable, association: int | None = None) -> int:
        """Run a command as this page's operation."""
        self.running = True
        self.steps.clear()
        self.steps.setVisible(False)
        self.run_bar.set_running()
        self.begun()
        self.operation = self.host.run(command, association)
        return self.operation

    def cancel(self) -> None:
        if self.running and self.operation is not None:
            self.host.cancel(self.operation)

    def refresh(self) -> None:
        """Grey or free the button after what can be done now."""
        self.run_bar.set_problem(self.problem())

    def first_focus(self) -> QWidget:
        """Where the keyboard goes when the page is shown."""
        return next((w for w in in_order(self.column) if w.isVisibleTo(self) and w.isEnabled()), self)

    def _notices(self, batch: tuple[Notice, ...]) -> None:
        progress: ProgressNotice | None = None
        for notice in batch:
            if isinstance(notice, StepNotice) and notice.operation == self.operation:
                self.steps.take(notice)
                self.steps.setVisible(self.shows_steps)
            elif isinstance(notice, ProgressNotice) and notice.operation == self.operation:
                progress = notice
        if progress is not None and self.running:
            self.run_bar.show_progress(progress)
        self.take(batch)

    def _step_chosen(self, step: StepNotice) -> None:
        """Return or double click on a step: its response in the trace."""
        if step.duration is not None:
            self.host.target_chosen.emit(TraceTarget(association=step.association, time=step.time, sent=False))

    def _ended(self, status: StatusNotice) -> None:
        if status.operation != self.operation or not self.running:
            return
        self.running = False
        self.run_bar.show_end(status)
        self.ended(status)
