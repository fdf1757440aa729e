"""The data set editor: the tree, a line that adds elements, and what is wrong with the value in words."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from engine.model.dataset import DataElement, DataSet
from engine.standard.dictionary import search_attributes
from engine.standard.elements import tag_text
from gui.models.dataset_edits import node_at
from gui.models.dataset_model import DataSetModel
from gui.models.dataset_values import element_name, parse_new
from gui.theme import LEAST_TABLE, SPACING

from .command_delegate import GAP, SHOWN_COMPLETIONS
from .dataset_view import DataSetView
from .header import icon_button

SUGGESTIONS = 40
"""Attributes offered for what is typed so far; more letters narrow it."""


class AddLine(QLineEdit):
    """Where an element is typed: `PatientName = DOE^JANE`, `0009,0010 LO = ACME`."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = QStringListModel(self)
        completer = QCompleter(self._words, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setMaxVisibleItems(SHOWN_COMPLETIONS)
        self.setCompleter(completer)
        self.textEdited.connect(self._suggest)
        self.setAccessibleName("Add an element by keyword, name or tag")
        self.setClearButtonEnabled(True)

    def _suggest(self, text: str) -> None:
        if "=" in text or len(text.strip()) < 2:
            self._words.setStringList([])
            return
        found = search_attributes(text.split(GAP, maxsplit=1)[0], SUGGESTIONS)
        self._words.setStringList([f"{a.keyword}{GAP}{tag_text(a.tag)} {a.vr}" for a in found])


class DataSetEditor(QWidget):
    """Tree, add line, tools and the line of words below."""

    def __init__(self, model: DataSetModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.view = DataSetView(model, self)
        self.view.setMinimumHeight(LEAST_TABLE)
        self.say_how_to_begin()
        self.line = AddLine(self)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.hide()
        tools = QHBoxLayout()
        tools.setSpacing(SPACING.hair)
        tools.addWidget(self.line, 1)
        stack = model.undo_stack
        self.item_button = icon_button("add", "Add an item to the sequence (Ctrl+I)", self.view.add_item, self)
        self.delete_button = icon_button("delete", "Delete (Del)", self.view.delete, self)
        self.undo_button = icon_button("undo", "Undo (Ctrl+Z)", stack.undo, self)
        self.redo_button = icon_button("redo", "Redo (Ctrl+Y)", stack.redo, self)
        for button in (self.item_button, self.delete_button, self.undo_button, self.redo_button):
            tools.addWidget(button)
        stack.canUndoChanged.connect(self.undo_button.setEnabled)
        stack.canRedoChanged.connect(self.redo_button.setEnabled)
        self.undo_button.setEnabled(False)
        self.redo_button.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING.small)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.words)
        layout.addLayout(tools)
        self.line.returnPressed.connect(self.add_typed)
        self.line.textEdited.connect(self._typed)
        self.view.add_wanted.connect(self.start_adding)
        self.view.said.connect(self.say)
        self.view.place_changed.connect(self._place_changed)
        model.changed.connect(self._data_changed)
        self._place_changed(())

    def say_how_to_begin(self) -> None:
        """In the empty tree."""
        self.view.set_empty(
            "<b>No elements yet</b><br>Press <b>Insert</b> and type a keyword, a name or a tag, paste elements as "
            "text, or choose a template."
        )

    def set_read_only(self, read_only: bool) -> None:
        """Only the tree: what adds and changes is not offered."""
        for part in (self.line, self.item_button, self.delete_button, self.undo_button, self.redo_button):
            part.setVisible(not read_only)

    def start_adding(self) -> None:
        """Go to the line that adds."""
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def add_typed(self) -> None:
        """Take the line: a known element is put in the data set and is the current one."""
        text = self.line.text()
        head, gap, _tail = text.partition(GAP)
        path = self.view.item_place()
        item = node_at(self.model.data_set, path)
        element, sentence = parse_new(head if gap and "=" not in text else text, _creator(item, text))
        if element is None:
            self.say(sentence)
            return
        self.view.add([element])
        self.line.clear()
        if "=" in text or element.vr == "SQ":
            return
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.view.edit_value()

    def say(self, sentence: str) -> None:
        """Show what is wrong, or clear it."""
        self.words.setText(f"▲ {sentence}" if sentence else "")
        self.words.setProperty("role", "warning")
        self.words.setVisible(bool(sentence))

    def _typed(self, text: str) -> None:
        if "=" not in text:
            self.say("")
            return
        element, sentence = parse_new(text)
        self.say(sentence if element is None else self.model.problem(element))

    def _place_changed(self, _path: object) -> None:
        path = self.view.item_place()
        where = ""
        if path:
            sequence = node_at(self.model.data_set, path[:-1])
            name = element_name(sequence.tag) if isinstance(sequence, DataElement) else ""
            where = f" to {name} item {path[-1] + 1}"
        self.line.setPlaceholderText(f"Add{where}: keyword, name or tag, = value")
        self._data_changed()

    def _data_changed(self) -> None:
        node = self.model.node(self.view.currentIndex())
        self.say(self.model.problem(node) if isinstance(node, DataElement) else "")


def _creator(item: object, text: str) -> str:
    """The private creator in an item for a tag typed as gggg,bbee."""
    digits = text.strip().lstrip("(").replace(",", "")[:8]
    try:
        tag = int(digits, 16)
    except ValueError:
        return ""
    reserving = tag & 0xFFFF0000 | tag >> 8 & 0xFF
    return item.text(reserving) if isinstance(item, DataSet) and tag >> 16 & 1 and tag & 0xFF00 else ""
