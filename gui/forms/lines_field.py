"""A field of several lines, one value on each."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from gui.theme import SPACING

from .fields import Check, Field, no_check


class LinesField(Field):
    """Values one a line; empty lines are none. What is wrong is said with its line."""

    def __init__(
        self,
        label: str,
        check: Check = no_check,
        placeholder: str = "",
        parent: QWidget | None = None,
        *,
        hint: str = "",
        lines: int = 4,
    ) -> None:
        super().__init__(label, parent, hint=hint)
        self._check, self._setting = check, False
        self.text = QPlainTextEdit(self)
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText(placeholder)
        self.text.setFixedHeight(lines * self.text.fontMetrics().lineSpacing() + 2 * SPACING.normal)
        self.text.document().setDocumentMargin(SPACING.small + SPACING.hair)
        self.text.textChanged.connect(self._changed)
        self._place(self.text)

    def value(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.text.toPlainText().splitlines() if line.strip())

    def set_value(self, values: tuple[str, ...]) -> None:
        self._setting = True
        self.text.setPlainText("\n".join(values))
        self._setting = False

    def _changed(self) -> None:
        problems = ((line, self._check(line)) for line in self.value())
        self._judge(next((f"{line}: {problem}" for line, problem in problems if problem), None))
        if not self._setting:
            self.edited.emit(self.value())
