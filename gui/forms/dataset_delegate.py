"""Editors of the data set tree: a line for the value, a list for the VR."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QStyleOptionViewItem, QTreeView, QWidget

from engine.model.dataset import DataElement, DataSet
from engine.standard.sop_classes import sop_classes
from engine.workspace.dataset_toml import VRS
from engine.workspace.placeholders import new_uid
from gui.models.command_values import plain_name
from gui.models.dataset_model import PROBLEM_ROLE, VALUE, VR, DataSetModel
from gui.models.dataset_values import with_text
from gui.models.rows import Index
from gui.models.tables import CellDelegate
from gui.sound import sound
from gui.theme import mono_font, theme

from .command_delegate import GAP, contains_completer


class DataSetDelegate(CellDelegate):
    """`said` carries what is wrong with the value being typed, "" when nothing is."""

    said = Signal(str)

    def __init__(self, view: QTreeView, model: DataSetModel) -> None:
        super().__init__(view)
        self._model = model
        self._element: DataElement | None = None

    @sound
    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if index.column() == VALUE and index.data(PROBLEM_ROLE):
            option.icon = theme().icon("warning", "warning")
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration

    @sound
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        node = self._model.node(index)
        self._element = None if isinstance(node, DataSet) else node
        if index.column() == VR:
            box = QComboBox(parent)
            box.addItems(sorted(VRS | {"SQ"}))
            box.setAccessibleName("Value representation")
            box.setProperty("cell", "true")
            box.activated.connect(self._chosen)
            return box
        edit = QLineEdit(parent)
        edit.setFrame(False)
        edit.setProperty("cell", "true")
        edit.setAccessibleName("Value" if index.column() == VALUE else "Tag")
        if index.column() != VALUE:
            edit.setFont(mono_font())
        else:
            self._prepare(edit)
        return edit

    def _prepare(self, edit: QLineEdit) -> None:
        edit.textChanged.connect(self._typed)
        if self._element is None or self._element.vr != "UI":
            return
        action = edit.addAction(theme().icon("refresh", "muted"), QLineEdit.ActionPosition.TrailingPosition)
        action.setToolTip("New UID (Ctrl+U)")
        action.setShortcut("Ctrl+U")
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(self._new_uid)
        words = [f"{s.uid}{GAP}{plain_name(s.name)}" for s in sop_classes().values() if not s.retired]
        edit.setCompleter(contains_completer(words, edit))

    @sound
    def setEditorData(self, editor: QWidget, index: Index) -> None:
        text = str(index.data(Qt.ItemDataRole.EditRole) or "")
        if isinstance(editor, QComboBox):
            editor.setCurrentText(text)
        elif isinstance(editor, QLineEdit):
            editor.setText(text)
            editor.selectAll()

    @sound
    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        self.said.emit("")
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText(), Qt.ItemDataRole.EditRole)
        elif isinstance(editor, QLineEdit):
            text = editor.text()
            if self._element is not None and self._element.vr == "UI":
                text = "\\".join(part.split(GAP)[0] for part in text.split("\\"))
            model.setData(index, text, Qt.ItemDataRole.EditRole)

    @sound
    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect = option.rect
        if index.column() == VR:
            rect.setWidth(max(rect.width(), 64))
        editor.setGeometry(rect)

    def _typed(self, text: str) -> None:
        if self._element is not None:
            self.said.emit(self._model.problem(with_text(self._element, text)))

    def _new_uid(self) -> None:
        edit = self.sender().parent()
        if isinstance(edit, QLineEdit):
            edit.setText(new_uid())

    def _chosen(self, _index: int) -> None:
        box = self.sender()
        if isinstance(box, QComboBox):
            self.commitData.emit(box)
            self.closeEditor.emit(box)
