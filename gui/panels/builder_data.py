"""The data set of a message: edited, none, or a file's own bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from engine.model.dataset import Data, DataSet, EncodedData, FileData
from engine.model.limits import Limits
from engine.trace.explain import PreviewError, data_set_of, transfer_syntax_of
from gui.background import Background
from gui.forms.dataset_editor import DataSetEditor
from gui.models.command_values import plain_name
from gui.models.contexts import abstract_name
from gui.models.dataset_model import DataSetModel
from gui.theme import SPACING

SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080016, 0x00080018


class DataPane(QWidget):
    """Editor, or what is sent instead. `changed` when what would be sent is another thing; `said` a sentence.

    limits: of the data sets that are read, asked for each.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, model: DataSetModel, limits: Callable[[], Limits], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._limits = limits
        self.fixed: FileData | EncodedData | None = None
        """Bytes sent as they are, in place of what is edited."""
        self._fixed_uids = ("", "")
        self.transfer_syntax = ""
        """What the bytes sent as they are are in, "" when it is not known (yet) or nothing of the kind is sent."""
        self._edit_next: Data | None = None
        self.editor = DataSetEditor(model, self)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.edit_button = QPushButton("&Edit a copy of it instead", self)
        self.edit_button.clicked.connect(self.edit_copy)
        self.drop_button = QPushButton("&Drop it", self)
        self.drop_button.clicked.connect(self.drop)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.edit_button)
        buttons.addWidget(self.drop_button)
        buttons.addStretch(1)
        instead = QWidget(self)
        column = QVBoxLayout(instead)
        column.setSpacing(SPACING.normal)
        column.addStretch(1)
        column.addWidget(self.words)
        column.addLayout(buttons)
        column.addStretch(1)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.editor)
        self._stack.addWidget(instead)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        model.changed.connect(self.changed)

    @property
    def data(self) -> Data:
        """What would be sent if a data set is sent."""
        return self.fixed if self.fixed is not None else self.model.data_set

    @property
    def uids(self) -> tuple[str, str]:
        """SOP Class and SOP Instance UID the data set speaks of, "" where it does not."""
        if self.fixed is not None:
            return self._fixed_uids
        return self.model.data_set.text(SOP_CLASS_UID), self.model.data_set.text(SOP_INSTANCE_UID)

    @property
    def has_elements(self) -> bool:
        return self.fixed is not None or len(self.model.data_set) > 0

    def set_data(self, data: Data | None) -> None:
        """Start over with a message's data."""
        if isinstance(data, FileData | EncodedData):
            self.model.load(DataSet())
            self._fix(data)
        else:
            self.fixed, self.transfer_syntax = None, ""
            self.model.load(data or DataSet())
            self._stack.setCurrentIndex(0)

    def send_file(self, path: Path) -> None:
        """Send the data-set bytes of a DICOM file as they are."""
        self._fix(FileData(path))
        self.changed.emit()

    def edit_file(self, path: Path) -> None:
        """Take a DICOM file's data set into the editor."""
        self._read(FileData(path), edit=True)

    def edit_copy(self) -> None:
        if self.fixed is not None:
            self._read(self.fixed, edit=True)

    def drop(self) -> None:
        """Back to the edited data set."""
        self.fixed, self.transfer_syntax = None, ""
        self._stack.setCurrentIndex(0)
        self.changed.emit()

    def take(self, data_set: DataSet, words: str) -> None:
        """Put a whole data set in the editor as one undoable step."""
        self.fixed, self.transfer_syntax = None, ""
        self._stack.setCurrentIndex(0)
        self.model.edit(data_set, words, ())
        self.changed.emit()

    def _fix(self, data: FileData | EncodedData) -> None:
        self.fixed, self._fixed_uids, self.transfer_syntax = data, ("", ""), ""
        self._stack.setCurrentIndex(1)
        if isinstance(data, FileData):
            self.words.setText(f"The data set of {data.path} is sent with its own bytes.\nReading it…")
        else:
            self.words.setText(f"{len(data.data):,} bytes are sent as they are, in {data.transfer_syntax}.")
        self._read(data, edit=False)

    def _read(self, data: Data, *, edit: bool) -> None:
        """Decode beside: a file may be large or on a slow disk."""
        self._edit_next = data if edit else self._edit_next
        work = Background(partial(_decoded, data, self._limits()))
        work.done.connect(self._was_read)
        work.begin()

    def _was_read(self, found: tuple[Data, DataSet, str, str]) -> None:
        data, data_set, syntax, problem = found
        if data is self._edit_next:
            self._edit_next = None
            if problem:
                self.said.emit(problem)
            else:
                self.take(data_set, "Load file")
        elif data is self.fixed:
            self._fixed_uids = data_set.text(SOP_CLASS_UID), data_set.text(SOP_INSTANCE_UID)
            self.transfer_syntax = syntax
            self.words.setText(_words(data, self._fixed_uids, problem))
            self.edit_button.setEnabled(not problem)
            self.changed.emit()


def _decoded(data: Data, limits: Limits) -> tuple[Data, DataSet, str, str]:
    """(data, as a data set, transfer syntax, what is wrong with it)."""
    syntax = transfer_syntax_of(data)
    try:
        return data, data_set_of(data, limits=limits), syntax, ""
    except PreviewError as error:
        return data, DataSet(), syntax, str(error)


def _words(data: Data, uids: tuple[str, str], problem: str) -> str:
    name = data.path.name if isinstance(data, FileData) else "The data set"
    if problem:
        return f"▲ {problem}\nIt is offered to the engine all the same."
    lines = [f"{name} is sent with its own bytes where the transfer syntax matches the context's."]
    lines += [f"{plain_name(abstract_name(uids[0]))}\n{uids[1]}"] if uids[0] else []
    return "\n".join(lines)
