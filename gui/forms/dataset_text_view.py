"""The data set as text, parsed while typing; what does not read is said with its line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from engine.model.dataset import DataSet
from engine.workspace.dataset_text import DataSetTextError, dataset_text, parse_dataset_text
from gui.models.dataset_model import DataSetModel
from gui.redacted import PARAGRAPH, copy_text, redaction_for
from gui.theme import LEAST_TABLE, SPACING, mono_font, theme

TEXT_LIMIT = 512 * 1024
"""Bytes of values shown as text: beyond, parsing at every key would be felt. The tree has no such limit."""


class DataSetTextView(QWidget):
    """Two ways: what is typed becomes the model's data set, what else changes it is shown when one comes back here."""

    def __init__(self, model: DataSetModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._writing = False
        self._session = 0
        self._shown: DataSet | None = None
        self.edit = QPlainTextEdit(self)
        self.edit.setMinimumHeight(LEAST_TABLE)
        self.edit.setFont(mono_font())
        self.edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.edit.setAccessibleName("Data set as text")
        self.edit.setTabChangesFocus(True)
        self.edit.setPlaceholderText("(0010,0010) PN PatientName = DOE^JANE\nPatientID = 12345")
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.small)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self.words)
        self.edit.textChanged.connect(self._typed)
        model.changed.connect(self._model_changed)

    def refresh(self) -> None:
        """Show the model's data set; a new session of typing begins."""
        self._session += 1
        data_set = self.model.data_set
        if data_set is self._shown:
            return
        self._shown = data_set
        fits = _size(data_set) <= TEXT_LIMIT
        self._writing = True
        self.edit.setPlainText(dataset_text(data_set) if fits else "")
        self._writing = False
        self.edit.setReadOnly(not fits)
        self._say(None if fits else f"More than {TEXT_LIMIT >> 10} kB of values: shown in the tree only.")

    def copy_redacted(self) -> None:
        """What is selected, else all, as elements with only the values that may leave the program."""
        chosen = self.edit.textCursor().selectedText().replace(PARAGRAPH, "\n") or self.edit.toPlainText()
        try:
            found = parse_dataset_text(chosen)
        except DataSetTextError as error:
            self._say(f"Not copied, as what is selected does not read as elements: line {error.line}, {error.reason}.")
        else:
            copy_text(dataset_text(redaction_for(self).data_set(found)))

    def _model_changed(self) -> None:
        if self.isVisible() and self.model.data_set is not self._shown:
            self.refresh()

    def _typed(self) -> None:
        if self._writing:
            return
        try:
            data_set = parse_dataset_text(self.edit.toPlainText())
        except DataSetTextError as error:
            reason = error.reason if error.reason.endswith("?") else f"{error.reason}."
            self._say(f"Line {error.line}: {reason} The tree keeps the last text that reads.", error.line)
            return
        self._say(None)
        self._shown = data_set
        self.model.edit(data_set, "Edit as text", session=self._session)
        self._shown = self.model.data_set

    def _say(self, sentence: str | None, line: int | None = None) -> None:
        count = len(self.model.data_set)
        self.words.setText(f"▲ {sentence}" if sentence else "✓ Reads as a data set")
        self.words.setProperty("role", "warning" if sentence else "muted")
        self.words.setVisible(bool(sentence or count))
        self.words.style().unpolish(self.words)
        self.words.style().polish(self.words)
        marks = []
        if line is not None:
            mark = QTextEdit.ExtraSelection()
            shade = QTextCharFormat()
            shade.setBackground(theme().color("warning_tint"))
            shade.setProperty(QTextFormat.Property.FullWidthSelection, True)
            mark.format = shade
            mark.cursor = QTextCursor(self.edit.document().findBlockByNumber(line - 1))
            marks.append(mark)
        self.edit.setExtraSelections(marks)


def _size(data_set: DataSet) -> int:
    """Bytes or characters of all values."""
    total = 0
    for element in data_set:
        if isinstance(element.value, bytes):
            total += len(element.value)
        else:
            total += sum(map(len, element.texts)) + sum(_size(item) for item in element.items)
        if total > TEXT_LIMIT:
            break
    return total
