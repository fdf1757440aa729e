"""An engine that does not answer: said in a window of its own, from which it can be replaced."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from engine.model.notices import EngineNotice

from .bridge import Bridge
from .dialogs import Questions, SilenceDialog
from .report import whole_text


class Silence(QObject):
    """Keeps one such window at most."""

    def __init__(self, bridge: Bridge, questions: Questions, parent: QWidget) -> None:
        super().__init__(parent)
        self._bridge, self._questions, self._window = bridge, questions, parent
        self.dialog: SilenceDialog | None = None

    def take(self, notice: EngineNotice) -> None:
        """It does not answer, or does again."""
        if notice.answers:
            if self.dialog is not None:
                self.dialog.answered(notice.sentence)
            return
        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = SilenceDialog(whole_text(notice.report), self._questions, self._window)
        self.dialog.replace_wanted.connect(self._bridge.replace)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _closed(self) -> None:
        self.dialog = None
