"""The row that runs something: the primary button, Cancel, how far it is, and in the end the verdict in words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from engine.model.notices import Outcome, ProgressNotice, StatusNotice
from gui.theme import SPACING, restyle, theme

from .header import text_button
from .wrapping_label import SelectableLabel

_STEPS = 1000
_ROLES = {
    Outcome.SUCCESS: ("ok", "ok"),
    Outcome.WARNING: ("warning", "warning"),
    Outcome.CANCELLED: ("warning", "stop"),
}
"""Theme role and icon of an outcome; every other is a failure."""


class RunBar(QWidget):
    """`run_wanted` and `cancel_wanted`; the owner tells what came of them."""

    run_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self._problem = ""
        self._end: tuple[str, str, str] | None = None
        self.run_button = text_button(verb, self.run_wanted.emit, self)
        self.run_button.setProperty("primary", "true")
        self.cancel_button = text_button("&Cancel", self._cancel, self, tip="Stop what runs (Ctrl+.)")
        self.cancel_button.hide()
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.sign = QLabel(self)
        self.sign.setFixedWidth(SPACING.icon)
        self.sign.hide()
        self.sentence = SelectableLabel(parent=self)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setSpacing(SPACING.normal)
        row.addWidget(self.run_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.cancel_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.sentence, 1, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addLayout(row)
        column.addWidget(self.bar)
        theme().changed.connect(self._dress)

    def set_verb(self, verb: str) -> None:
        """Another word on the primary button."""
        self.run_button.setText(verb)

    def set_problem(self, problem: str) -> None:
        """Why it cannot be run now; "" frees the button."""
        self._problem = problem
        self.run_button.setEnabled(not problem and not self._running)
        if not self._running and self._end is None:
            self._say("", problem, "muted")

    def set_running(self) -> None:
        self._running, self._end = True, None
        self.run_button.setEnabled(False)
        self.cancel_button.setEnabled(True)
        self.cancel_button.setText("&Cancel")
        self.cancel_button.show()
        self.bar.setRange(0, 0)
        self.bar.show()
        self._say("", "Connecting …", "muted")

    def show_progress(self, notice: ProgressNotice) -> None:
        if notice.total:
            self.bar.setRange(0, _STEPS)
            self.bar.setValue(_STEPS * min(notice.done, notice.total) // notice.total)
        total = f" of {notice.total:,}" if notice.total is not None else ""
        failed = f" · ✕ {notice.failed:,} failed" if notice.failed else ""
        said = f" · {notice.sentence}" if notice.sentence else ""
        self._say("", f"{notice.done:,}{total}{failed}{said}", "muted")

    def show_end(self, status: StatusNotice) -> None:
        """The verdict, which stays until the next run."""
        role, icon = _ROLES.get(status.outcome, ("failure", "failure"))
        said = status.sentence or status.outcome.value
        stop = "" if not status.verdict or said.endswith((".", "!", "?")) else "."
        self.show_verdict(f"{said}{stop} {status.verdict}".strip(), role, icon)

    def show_verdict(self, sentence: str, role: str, icon: str) -> None:
        """It runs no longer, and this came of it."""
        self._running = False
        self.cancel_button.hide()
        self.bar.hide()
        self.run_button.setEnabled(not self._problem)
        self._end = (icon, sentence, role)
        self._say(icon, sentence, role)

    def forget(self) -> None:
        """Take the verdict away: it is about something else than what stands in the form now."""
        if not self._running:
            self._end = None
            self._say("", self._problem, "muted")

    def _say(self, icon: str, sentence: str, role: str) -> None:
        self.sign.setVisible(bool(icon))
        if icon:
            self.sign.setPixmap(theme().icon(icon, role).pixmap(SPACING.icon))
        self.sentence.setText(sentence)
        restyle(self.sentence, "role", role)

    def _dress(self) -> None:
        if self._end is not None:
            self._say(*self._end)

    def _cancel(self) -> None:
        self.cancel_button.setEnabled(False)
        self.cancel_button.setText("Cancelling …")
        self.cancel_wanted.emit()
