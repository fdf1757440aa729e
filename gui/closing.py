"""Ending cleanly: let procedures take back what they set up, release what is open, abort what does not answer, stop the
engine; the window never blocks."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from .bridge import Bridge
from .forms.header import text_button
from .session import Session
from .theme import SPACING

TIDY_TIME = 3_000
"""Milliseconds procedures have for their closing steps: a peer unsubscribes or deletes in one round trip each."""
RELEASE_TIME = 5_000
"""Milliseconds a peer has to answer A-RELEASE-RQ before its association is aborted."""
ABORT_TIME = 1_000
"""Milliseconds for the aborts to leave; then the engine is stopped whatever is left."""
LAST = TIDY_TIME + RELEASE_TIME + ABORT_TIME + 20_000
"""Milliseconds until the window goes whatever has become of it all: longer than the engine takes to stop."""
PATIENCE = 300
"""Milliseconds after which the window says what it waits for; most releases are answered sooner."""


class Closing(QObject):
    """Runs once; `done` when the engine has ended."""

    done = Signal()

    def __init__(self, session: Session, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._bridge, self._window = session, bridge, parent
        self._tidying = False
        self._aborting = False
        self._stopping = False
        self.dialog: ClosingDialog | None = None
        self._deadline = _single_shot(self, self._late)
        self._tell = _single_shot(self, self._show)
        self._last = _single_shot(self, self._give_up)
        self._last.start(LAST)
        session.association_changed.connect(self._look)
        session.operation_ended.connect(self._look)
        bridge.closed.connect(self._ended)

    def begin(self) -> None:
        """Cancel the procedures, then ask every open association to be released; what is only being opened is
        aborted."""
        procedures = self._session.running_procedures
        if not procedures:
            self._release()
            return
        self._tidying = True
        self._deadline.start(TIDY_TIME)
        self._tell.start(PATIENCE)
        for operation in procedures:
            self._session.cancel(operation)

    def _release(self) -> None:
        self._tidying = False
        if self._session.release_all():
            self._deadline.start(RELEASE_TIME)
            if self.dialog is None:
                self._tell.start(PATIENCE)
        self._look()

    def abort(self) -> None:
        """Do not wait for the peers any longer."""
        if self._aborting:
            return
        self._tidying, self._aborting = False, True
        self._session.abort_all()
        self._deadline.start(ABORT_TIME)
        self._look()

    def _look(self) -> None:
        if self._tidying:
            if not self._session.running_procedures:
                self._release()
            return
        count = len(self._session.open_records())
        self._say()
        if count == 0:
            self._stop()

    def _late(self) -> None:
        if self._tidying:
            self._release()
        elif self._aborting:
            self._stop()
        else:
            self.abort()

    def _stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        self._deadline.stop()
        self._bridge.close_later()

    def _show(self) -> None:
        self.dialog = ClosingDialog(self._window)
        self.dialog.abort_wanted.connect(self.abort)
        self._say()
        self.dialog.open()

    def _say(self) -> None:
        if self.dialog is not None:
            self.dialog.say(len(self._session.open_records()), aborting=self._aborting, tidying=self._tidying)

    def _give_up(self) -> None:
        """A defect in one of the steps keeps nobody from closing the window."""
        self._bridge.closed.disconnect(self._ended)
        self._ended()

    def _ended(self) -> None:
        self._last.stop()
        self._deadline.stop()
        self._tell.stop()
        if self.dialog is not None:
            self.dialog.accept()
        self.done.emit()


class ClosingDialog(QDialog):
    """Says what is waited for and lets one stop waiting."""

    abort_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Closing")
        self.setWindowFlag(Qt.WindowType.WindowCloseButtonHint, False)
        self.text = QLabel(self)
        bar = QProgressBar(self)
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        self.abort_button = text_button("&Abort them", self.abort_wanted.emit, self, icon="abort")
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.abort_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING.panel, SPACING.panel, SPACING.panel, SPACING.panel)
        layout.setSpacing(SPACING.large)
        layout.addWidget(self.text)
        layout.addWidget(bar)
        layout.addLayout(row)
        self.setMinimumWidth(380)

    def say(self, count: int, *, aborting: bool, tidying: bool) -> None:
        what = "1 association" if count == 1 else f"{count} associations"
        doing = f"Aborting {what}" if aborting else "Ending the procedures that run" if tidying else f"Releasing {what}"
        self.text.setText(f"{doing} …")
        self.abort_button.setEnabled(not aborting)

    def reject(self) -> None:
        """Escape stops the waiting, not the closing."""
        self.abort_wanted.emit()


def _single_shot(parent: QObject, slot: object) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.timeout.connect(slot)
    return timer
