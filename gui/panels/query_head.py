"""The line above a query's keys: information model, level, how many matches are enough, queries kept as files."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from engine.model.whole_numbers import whole_number
from engine.workspace.queries import levels_of
from engine.workspace.query_models import query_models
from gui.forms.header import menu_button
from gui.theme import SPACING, restyle

from .query_menu import QueryMenu

_TIP = "Send C-CANCEL-RQ after so many matches; empty: never"


class QueryHead(QWidget):
    """`model_chosen` and `level_chosen` when the user chose another one."""

    model_chosen = Signal()
    level_chosen = Signal()

    def __init__(self, menu: QueryMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = QComboBox(self)
        self.model.setAccessibleName("Information model")
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model.setMinimumContentsLength(5)
        self.model.setMaxVisibleItems(24)
        for row in query_models():
            if row.find:
                self.model.addItem(f"{row.title} (retired)" if row.retired else row.title, row.find)
                about = f"{row.service_class}\n{row.find}\nCommand line: --model {row.word}"
                self.model.setItemData(self.model.count() - 1, about, Qt.ItemDataRole.ToolTipRole)
        self.level = QComboBox(self)
        self.level.setAccessibleName("Level")
        self.model.activated.connect(self._model_activated)
        self.level.activated.connect(self._level_activated)
        self.limit = QLineEdit(self)
        self.limit.setAccessibleName("Cancel after so many matches")
        self.limit.setPlaceholderText("all")
        self.limit.setMaximumWidth(48)
        self.limit.textChanged.connect(self._limit_typed)
        caption = QLabel("Ma&x", self)
        caption.setProperty("role", "muted")
        caption.setBuddy(self.limit)
        for widget in (caption, self.limit):
            widget.setToolTip(_TIP)
        self.queries_button = menu_button("Queries", menu, self, tip="Saved queries, and the form kept as one")
        row_ = QHBoxLayout(self)
        row_.setContentsMargins(0, 0, 0, 0)
        row_.setSpacing(SPACING.small)
        row_.addWidget(self.model, 1)
        row_.addWidget(self.level)
        row_.addSpacing(SPACING.small)
        row_.addWidget(caption)
        row_.addWidget(self.limit)
        row_.addWidget(self.queries_button)

    @property
    def chosen_model(self) -> str:
        """The SOP Class UID of the C-FIND."""
        return str(self.model.currentData() or "")

    @property
    def chosen_level(self) -> str:
        """ "" where the model has no levels."""
        return str(self.level.currentData() or "")

    def knows(self, sop_class_uid: str) -> bool:
        return self.model.findData(sop_class_uid) >= 0

    def show_model(self, sop_class_uid: str, level: str) -> None:
        """Choose them; a level the model does not have becomes its first."""
        self.model.setCurrentIndex(self.model.findData(sop_class_uid))
        levels = levels_of(sop_class_uid)
        self.level.clear()
        for name in levels:
            self.level.addItem(name.capitalize(), name)
        self.level.setVisible(bool(levels))
        self.show_level(level)

    def show_level(self, level: str) -> None:
        self.level.setCurrentIndex(max(0, self.level.findData(level)))

    def cancel_after(self) -> int | None:
        """The number typed, None for none, 0 for one that is none."""
        text = self.limit.text().strip()
        if not text:
            return None
        return whole_number(text) or 0

    def _model_activated(self, _index: int) -> None:
        self.model_chosen.emit()

    def _level_activated(self, _index: int) -> None:
        self.level_chosen.emit()

    def _limit_typed(self) -> None:
        wrong = self.cancel_after() == 0
        restyle(self.limit, "invalid", "true" if wrong else "false")
        self.limit.setToolTip("A whole number from 1" if wrong else _TIP)
