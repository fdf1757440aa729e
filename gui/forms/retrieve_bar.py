"""How and where to the selected matches are retrieved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from engine.conformance.names import check_ae_title
from engine.standard.lean import dataclass
from engine.workspace.retrieve_requests import Way
from gui.dialogs import Questions
from gui.folders import show_folder
from gui.theme import SPACING, restyle
from gui.tips import plain_tip

from .header import OneLine, icon_button, text_button

_ABOUT = {
    ("C-GET", True): "The instances come on the same association; the peer needs no knowledge of us.",
    (
        "C-MOVE",
        True,
    ): "The peer opens an association to us: it must know our AE title, host and port. The built-in peer "
    "receives, or a listener of its own while it lasts.",
    ("C-MOVE", False): "The peer sends to another AE that it knows.",
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A way with where it leads. here: to ourselves."""

    way: Way
    here: bool

    @property
    def words(self) -> str:
        root = f" · {self.way.root}" if self.way.root else ""
        if self.way.service == "C-GET":
            return f"C-GET{root}"
        return f"C-MOVE {'to us' if self.here else 'to other AE'}{root}"


class RetrieveBar(QWidget):
    """`retrieve_wanted` when the button is pressed; `changed` when another way, title or folder was chosen."""

    retrieve_wanted = Signal()
    changed = Signal()
    failed = Signal(object)
    """A sentence: the folder cannot be shown."""

    def __init__(self, questions: Questions, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._questions = questions
        self._folder = folder
        self._goals: list[Goal] = []
        self.button = text_button(
            "Retrie&ve", self.retrieve_wanted.emit, self, icon="received", tip="Retrieve the selected matches (Ctrl+G)"
        )
        self.ways = QComboBox(self)
        self.ways.setAccessibleName("Way to retrieve")
        self.ways.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.ways.setMinimumContentsLength(11)
        self.ways.activated.connect(self._chosen)
        self.title = QLineEdit(self)
        self.title.setPlaceholderText("AE title")
        self.title.setAccessibleName("Move destination")
        self.title.setMaxLength(64)
        self.title.textEdited.connect(self._chosen)
        self.about = OneLine(self)
        self.about.setProperty("role", "muted")
        self.choose_button = icon_button("edit", "Choose another folder", self.choose_folder, self)
        self.open_button = icon_button("open", "Show the folder in the file manager", self.open_folder, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING.small)
        row.addWidget(self.button)
        row.addWidget(self.ways)
        row.addWidget(self.title)
        row.addSpacing(SPACING.small)
        row.addWidget(self.about, 1)
        row.addWidget(self.choose_button)
        row.addWidget(self.open_button)

    # -- what is chosen

    @property
    def goal(self) -> Goal | None:
        place = self.ways.currentIndex()
        return self._goals[place] if 0 <= place < len(self._goals) else None

    @property
    def folder(self) -> Path:
        return self._folder

    def destination(self) -> str:
        """The AE title typed."""
        return self.title.text().strip()

    def set_ways(self, found: Sequence[Way]) -> None:
        """What can be done with the matches; what was chosen stays where it is still there."""
        before = self.goal.words if self.goal is not None else ""
        self._goals = []
        for way in found:
            self._goals += [Goal(way, True), Goal(way, False)] if way.service == "C-MOVE" else [Goal(way, True)]
        self.ways.clear()
        for place, goal in enumerate(self._goals):
            self.ways.addItem(goal.words)
            self.ways.setItemData(place, _ABOUT[goal.way.service, goal.here], Qt.ItemDataRole.ToolTipRole)
        self.choose(before)
        self._show()

    def choose(self, words: str) -> None:
        """Choose a way by its words; an unknown one changes nothing."""
        place = self.ways.findText(words)
        if place >= 0:
            self.ways.setCurrentIndex(place)
        self._show()

    def set_folder(self, folder: Path) -> None:
        self._folder = folder
        self._show()

    def set_problem(self, problem: str) -> None:
        """Why nothing can be retrieved now; "" frees the button."""
        self.button.setEnabled(not problem)
        self.button.setToolTip(problem or "Retrieve the selected matches (Ctrl+G)")

    # -- what happens

    def choose_folder(self) -> None:
        self._questions.open_folder(self.window(), "Folder for what arrives", self._picked)

    def open_folder(self) -> None:
        problem = show_folder(self._folder)
        if problem:
            self.failed.emit(problem)

    def title_error(self) -> str | None:
        """What is wrong with the destination, when one is needed."""
        goal = self.goal
        if goal is None or goal.here:
            return None
        if not self.destination():
            return "The AE title to move to is needed."
        return check_ae_title(self.destination())

    def _picked(self, paths: tuple[Path, ...]) -> None:
        self.set_folder(paths[0])
        self.changed.emit()

    def _chosen(self, *_what: object) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        goal = self.goal
        here = goal is None or goal.here
        self.title.setVisible(not here)
        error = self.title_error() if self.destination() else None
        restyle(self.title, "invalid", "true" if error else "false")
        self.title.setToolTip(plain_tip(error or ""))
        for button in (self.choose_button, self.open_button):
            button.setVisible(here)
        self.about.say(f"Into {self._folder}" if here else "Nothing arrives here.")
