"""Form fields in which one chooses: among values, among suggestions, yes or no."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from .eliding_combo import ElidingCombo
from .fields import Check, Field, no_check, plain_label


class ChoiceField(Field):
    """One of several values, each with its text."""

    def __init__(
        self,
        label: str,
        choices: Iterable[tuple[object, str]] = (),
        parent: QWidget | None = None,
        *,
        hint: str = "",
    ) -> None:
        super().__init__(label, parent, hint=hint)
        self._values: list[object] = []
        self.combo: QComboBox = ElidingCombo(self)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(6)
        self.combo.activated.connect(self._activated)
        self._place(self.combo)
        self.set_choices(choices)

    def set_choices(self, choices: Iterable[tuple[object, str]]) -> None:
        """Replace the choices; the value stays where it is among the new ones."""
        before = self.value()
        self._values.clear()
        self.combo.clear()
        for value, text in choices:
            self._values.append(value)
            self.combo.addItem(text)
        if before in self._values:
            self.combo.setCurrentIndex(self._values.index(before))

    def value(self) -> object:
        index = self.combo.currentIndex()
        return self._values[index] if 0 <= index < len(self._values) else None

    def set_value(self, value: object) -> None:
        """Choose a value. ValueError when it is not among the choices."""
        self.combo.setCurrentIndex(self._values.index(value))

    def _activated(self, _index: int) -> None:
        self.edited.emit(self.value())
        self.finished.emit()


class SuggestField(Field):
    """One line of text with values to choose from: those are known, others may be right too."""

    def __init__(
        self,
        label: str,
        suggestions: Iterable[str],
        check: Check = no_check,
        placeholder: str = "",
        parent: QWidget | None = None,
        *,
        hint: str = "",
    ) -> None:
        super().__init__(label, parent, hint=hint)
        self._check = check
        self.combo = QComboBox(self)
        self.combo.setEditable(True)
        self.combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(6)
        self.combo.addItems(["", *suggestions])
        self.line = QLineEdit(self.combo)
        self.combo.setLineEdit(self.line)
        self.line.setPlaceholderText(placeholder)
        self.line.textChanged.connect(self._text_changed)
        self.line.textEdited.connect(self._text_edited)
        self.line.editingFinished.connect(self.finished)
        self.combo.activated.connect(self._activated)
        self._place(self.combo)

    def value(self) -> str:
        return self.line.text().strip()

    def set_value(self, value: str) -> None:
        self.line.setText(value)
        self.line.setCursorPosition(0)
        self._judge(self._check(value))

    def _text_changed(self, text: str) -> None:
        self._judge(self._check(text))

    def _text_edited(self, text: str) -> None:
        self._judge(self._check(text))  # Qt tells textEdited before textChanged
        self.edited.emit(text.strip())

    def _activated(self, _index: int) -> None:
        self.line.setCursorPosition(0)
        self.edited.emit(self.value())
        self.finished.emit()


class CheckField(Field):
    """Yes or no."""

    def __init__(self, label: str, parent: QWidget | None = None, *, hint: str = "") -> None:
        super().__init__("", parent, hint=hint)
        self.box = QCheckBox(label, self)
        self.box.clicked.connect(self._clicked)
        self._place(self.box)
        self.box.setAccessibleName(plain_label(label))

    def value(self) -> bool:
        return self.box.isChecked()

    def set_value(self, value: bool) -> None:
        self.box.setChecked(value)

    def _clicked(self, checked: bool) -> None:
        self.edited.emit(checked)
        self.finished.emit()
