"""Which instances are spoken of: from files, a folder, a DICOMDIR, what was just stored, or a typed list."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.model.commands import ReadReferences
from engine.model.notices import ReferencesNotice, StatusNotice
from engine.model.references import Reference, by_series, by_study, unique
from engine.model.whole_numbers import counted
from engine.workspace.errors import ValueProblem
from engine.workspace.reference_text import parse_references
from gui.dialogs import FormDialog
from gui.dropping import TakesFiles
from gui.forms.lines_field import LinesField
from gui.services_host import ServicesHost
from gui.theme import SPACING, restyle
from gui.tips import plain_tip

from .header import icon_button, text_button

ANY_FILES = "All files (*);;DICOM files (*.dcm *.dicom *.ima DICOMDIR)"
MOST_TOLD = 12
"""Files left out that a tooltip names."""


def summary(references: tuple[Reference, ...]) -> str:
    """How many instances of what."""
    series = len([key for key in by_series(references) if key[1]])
    studies = len([study for study in by_study(references) if study])
    parts = [counted(len(references), "instance")]
    if series:
        parts.append(counted(series, "series", "series"))
    if studies:
        parts.append(counted(studies, "study", "studies"))
    return " · ".join(parts)


class ListDialog(FormDialog):
    """`saved` carries the references of a typed or pasted list."""

    saved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Instances by list", "&Add", parent, width=520)
        self.lines = LinesField(
            "SOP &class and SOP Instance UID, one instance a line",
            _check_line,
            "CTImageStorage 1.2.840.113619.2.1.1",
            self,
            hint="The class as a keyword, a name or a UID; separated by space, comma or tab.",
            lines=10,
        )
        self.lines.edited.connect(self._judge)
        self.body.addWidget(self.lines)
        self._judge()

    def accept(self) -> None:
        try:
            found = parse_references("\n".join(self.lines.value()))
        except ValueProblem as problem:
            self.lines.set_error(problem.reason)
            return
        self.saved.emit(found)
        super().accept()

    def _judge(self, *_changed: object) -> None:
        self.accept_button.setEnabled(bool(self.lines.value()) and self.lines.is_valid())


def _check_line(line: str) -> str | None:
    try:
        parse_references(line)
    except ValueProblem as problem:
        return problem.reason.removeprefix("line 1: ")
    return None


class ReferencesForm(TakesFiles):
    """`changed` when there are other instances than before."""

    changed = Signal()

    def __init__(self, host: ServicesHost, prompt: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host, self._prompt = host, prompt
        self._operation: int | None = None
        self.references: tuple[Reference, ...] = ()
        self.problems: tuple[str, ...] = ()
        self.setAcceptDrops(True)
        self.files_button = text_button("Files…", self.ask_files, self, tip="DICOM files, or a DICOMDIR")
        self.folder_button = text_button("Fol&der…", self.ask_folder, self, tip="All files below it")
        self.stored_button = text_button(
            "&Just stored", self.add_stored, self, tip="The files of the last store that the peer took"
        )
        self.list_button = text_button("By list…", self.ask_list, self, tip="Typed or pasted UIDs")
        self.clear_button = icon_button("delete", "Take all instances out", self.clear, self)
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        for button in (self.files_button, self.folder_button, self.stored_button, self.list_button):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.clear_button)
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING.small)
        column.addLayout(row)
        column.addWidget(self.summary)
        host.notices.connect(self._notices)
        host.operation_ended.connect(self._ended)
        host.desk.stored_changed.connect(self._show)
        self._show()

    @property
    def reading(self) -> bool:
        """Whether files are being looked at."""
        return self._operation is not None

    # -- gathering ----------------------------------------------------------------------------------------------

    def ask_files(self) -> None:
        self._host.questions.open_files(self.window(), "Files with the instances", ANY_FILES, self.add_paths)

    def ask_folder(self) -> None:
        self._host.questions.open_folder(self.window(), "Folder with the instances", self.add_paths)

    def ask_list(self) -> None:
        dialog = ListDialog(self.window())
        dialog.saved.connect(self.add)
        dialog.open()

    def add_stored(self) -> None:
        self.add_paths(self._host.desk.stored)

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Read the instances in files, folders and DICOMDIRs, beside what is there."""
        if paths and not self.reading:
            self.problems = ()
            self._operation = self._host.run(ReadReferences(operation=0, paths=paths))
            self._show()

    def add(self, references: object) -> None:
        """More instances; those known already stay once."""
        if isinstance(references, tuple):
            self.references = unique((*self.references, *references))
            self._show()
            self.changed.emit()

    def clear(self) -> None:
        self.references, self.problems = (), ()
        self._show()
        self.changed.emit()

    # -- what came ----------------------------------------------------------------------------------------------

    def _notices(self, batch: object) -> None:
        for notice in batch if isinstance(batch, tuple) else ():
            if isinstance(notice, ReferencesNotice) and notice.operation == self._operation:
                self.problems = notice.found.problems
                self.add(notice.found.references)

    def _ended(self, status: StatusNotice) -> None:
        if status.operation == self._operation:
            self._operation = None
            self._show()
            self.changed.emit()

    def _show(self) -> None:
        resting = not self.reading
        for button in (self.files_button, self.folder_button):
            button.setEnabled(resting)
        self.stored_button.setEnabled(resting and bool(self._host.desk.stored))
        self.clear_button.setEnabled(resting and bool(self.references))
        said, role = self._prompt, "muted"
        if self.reading:
            said = "Looking at the files …"
        elif self.references:
            said, role = summary(self.references), "text"
        if self.problems:
            left = counted(len(self.problems), "file")
            said = f"{said if self.references else 'No instance found'}; {left} left out"
            role = "warning"
        self.summary.setText(said)
        self.summary.setToolTip(plain_tip("\n".join(self.problems[:MOST_TOLD])))
        restyle(self.summary, "role", role)
