"""What can be done with a unified procedure step, as buttons; what cannot be done now is grey and says why."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from gui.models.ups_rows import ACTIONS, StepAction, StepRow, standing, why_not
from gui.theme import SPACING

from .header import OneLine, text_button

COLUMNS = 4


class StepActions(QWidget):
    """`run` is called with the name of an action."""

    def __init__(self, run: Callable[[str], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self.line = OneLine(self)
        self.line.setProperty("role", "muted")
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING.hair)  # a window 960 pixels wide has room for them beside a scroll bar
        grid.setVerticalSpacing(SPACING.small)
        for number, action in enumerate(ACTIONS):
            button = self.buttons[action.name] = text_button(action.text, self._pressed, self, tip=action.tip)
            button.setObjectName(action.name)
            grid.addWidget(button, number // COLUMNS, number % COLUMNS)
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SPACING.small)
        whole.addWidget(self.line)
        whole.addLayout(grid)
        self.show_row(None)

    def show_row(self, row: StepRow | None, hindrance: str = "", taken: dict[str, str] | None = None) -> None:
        """Free what can be done with the step. hindrance: why nothing can be done now. taken: why single actions
        cannot, beyond the step's state."""
        self.line.say(standing(row))
        for action in ACTIONS:
            why = why_not(action.name, row) or hindrance or (taken or {}).get(action.name, "")
            self._free(self.buttons[action.name], action, why)

    def _free(self, button: QPushButton, action: StepAction, why: str) -> None:
        button.setEnabled(not why)
        button.setToolTip(f"{action.tip}\nNot now: {why}" if why else action.tip)
        button.setAccessibleDescription(why or action.tip)

    def _pressed(self) -> None:
        self._run(self.sender().objectName())
