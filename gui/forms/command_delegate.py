"""Editors of the command set's values: lists where the Standard has one, UIDs by name, keywords for tags."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QLineEdit,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from engine.model.command_set import Element
from engine.standard.dictionary import search_attributes, uid_entries, uid_name
from engine.standard.elements import ELEMENTS, tag_text
from engine.workspace.placeholders import new_uid
from gui.models.command_model import CommandModel
from gui.models.command_values import completions, given_bytes, parse, plain_name
from gui.models.rows import Index
from gui.models.tables import CellDelegate
from gui.sound import sound
from gui.theme import mono_font, theme

GAP = "  "
SHOWN_COMPLETIONS = 12
"""Rows of a completion list: as many as fit under a field in a window 800 pixels high."""
WIDEST_LIST = 560
"""Pixels: the builder's own width in the smallest window."""


class CommandDelegate(CellDelegate):
    """Makes the editors of a `CommandModel`'s rows. `said` carries what is wrong with the text being typed."""

    said = Signal(str)

    def __init__(self, view: QTableView, model: CommandModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self.instances: Callable[[], list[str]] = list
        """Instance UIDs worth offering."""
        self.titles: Callable[[], list[str]] = list
        """AE titles worth offering."""
        self._tag = 0

    @sound
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        line = self._model.line(index.row())
        if line is None:
            return self._line(parent, [f"{e.name}{GAP}{tag_text(e.tag)}" for e in self._model.addable()])
        self._tag = line.tag
        row = ELEMENTS.get(line.tag)
        vr = row.vr if row else ""
        offered = completions(line.tag, self._model.about)
        if offered and not given_bytes(line.element or Element(line.tag)):
            return self._choice(parent, offered)
        if vr == "UI":
            return self._uid(parent, "Instance" in (row.keyword if row else ""))
        if vr == "AT":
            words = [f"{a.keyword}{GAP}{tag_text(a.tag)}" for a in search_attributes("e", 5000)]
            return self._line(parent, words)
        return self._line(parent, self.titles() if vr == "AE" else [])

    @sound
    def setEditorData(self, editor: QWidget, index: Index) -> None:
        text = index.data(Qt.ItemDataRole.EditRole) or ""
        if isinstance(editor, QComboBox):
            at = next((i for i in range(editor.count()) if editor.itemText(i).split(GAP)[0] == text), -1)
            editor.setCurrentIndex(at)
            if at < 0:
                editor.setEditText(text)
            edit = editor.lineEdit()
            if edit is not None:
                # Selected backwards, so that the beginning of a long text is what one sees.
                edit.end(False)
                edit.home(True)
        elif isinstance(editor, QLineEdit):
            editor.setText(text)
            editor.selectAll()

    @sound
    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        self.said.emit("")
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText(), Qt.ItemDataRole.EditRole)
        elif isinstance(editor, QLineEdit):
            model.setData(index, editor.text(), Qt.ItemDataRole.EditRole)

    @sound
    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """An editor takes the room of the columns right of it: what is typed is often longer than its cell."""
        rect = option.rect
        rect.setRight(max(rect.right(), self._view.viewport().width() - 1))
        editor.setGeometry(rect.adjusted(0, 0, 0, 0))

    def _line(self, parent: QWidget, words: list[str]) -> QLineEdit:
        edit = QLineEdit(parent)
        edit.setFrame(False)
        edit.setProperty("cell", "true")
        edit.setAccessibleName("Value")
        edit.textEdited.connect(self._typed)
        if words:
            edit.setCompleter(contains_completer(words, edit))
        return edit

    def _choice(self, parent: QWidget, offered: list[str]) -> QComboBox:
        box = QComboBox(parent)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setMaxVisibleItems(SHOWN_COMPLETIONS)
        box.setAccessibleName("Value")
        box.setProperty("cell", "true")
        box.addItems(offered)
        widen(box.view(), offered)
        box.setCompleter(contains_completer(offered, box))
        box.activated.connect(self._chosen)
        box.editTextChanged.connect(self._typed)
        return box

    def _uid(self, parent: QWidget, instance: bool) -> QLineEdit:
        kinds = ("Well-known SOP Instance",) if instance else ("SOP Class", "Meta SOP Class")
        known = [e.uid for e in uid_entries().values() if e.type in kinds and not e.retired]
        uids = [*self.instances(), *known] if instance else known
        edit = self._line(parent, [f"{u}{GAP}{plain_name(uid_name(u))}".strip() for u in dict.fromkeys(uids)])
        edit.setFont(mono_font())
        action = QAction("New UID", edit)
        action.setIcon(theme().icon("refresh", "muted"))
        action.setToolTip("New UID (Ctrl+U)")
        action.setShortcut("Ctrl+U")
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(self._new_uid)
        edit.addAction(action, QLineEdit.ActionPosition.TrailingPosition)
        return edit

    def _new_uid(self) -> None:
        action = self.sender()
        edit = action.parent()
        if isinstance(edit, QLineEdit):
            edit.setText(new_uid())

    def _typed(self, text: str) -> None:
        self.said.emit(parse(self._tag, text)[1])

    def _chosen(self, _index: int) -> None:
        box = self.sender()
        if isinstance(box, QComboBox):
            self.commitData.emit(box)
            self.closeEditor.emit(box)


def contains_completer(words: list[str], parent: QWidget) -> QCompleter:
    """Offers what contains the typed text anywhere, in the given order."""
    completer = QCompleter(words, parent)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
    completer.setMaxVisibleItems(SHOWN_COMPLETIONS)
    widen(completer.popup(), words)
    return completer


def widen(popup: QWidget | None, words: list[str]) -> None:
    """A list wide enough for its texts, up to `WIDEST_LIST`, whatever the width of the field it belongs to."""
    if popup is None:
        return
    metrics = QFontMetrics(popup.font())
    widest = max((metrics.horizontalAdvance(word) for word in words), default=0)
    popup.setMinimumWidth(min(widest + 32, WIDEST_LIST))
