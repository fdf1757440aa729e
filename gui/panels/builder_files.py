"""Files of the message builder: messages opened and saved, data sets of DICOM files and DICOM JSON taken in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.model.file_names import file_stem
from engine.standard.messages import MESSAGES
from engine.workspace.errors import WorkspaceError
from engine.workspace.message_files import load_json
from gui.dialogs import Questions
from gui.redacted import WITHOUT

from .builder_page import STORE

if TYPE_CHECKING:
    from .builder_panel import BuilderPanel

MESSAGE_FILES = "Message files (*.toml)"
DICOM_FILES = "DICOM files (*.dcm *.dicom *.ima);;All files (*)"
JSON_FILES = "DICOM JSON (*.json);;All files (*)"


class BuilderFiles(QObject):
    """Asks which files; what goes wrong is said by the panel and on its current page."""

    def __init__(self, panel: BuilderPanel, questions: Questions) -> None:
        super().__init__(panel)
        self._panel, self._questions = panel, questions

    def ask_open(self) -> None:
        self._questions.open_files(self._panel, "Open messages", MESSAGE_FILES, self._open)

    def ask_save(self) -> None:
        path = self._panel.file_of(self._panel.page)
        if path is None:
            self.ask_save_as()
        else:
            self._try(self._panel.save, path)

    def ask_save_as(self) -> None:
        name = file_stem(self._panel.page.name)
        self._questions.save_file(self._panel, "Save message", MESSAGE_FILES, f"{name}.toml", self._save)

    def ask_save_redacted(self) -> None:
        """A copy for others; the message keeps its own file."""
        name = f"{self._panel.page.draft.message.name.lower()}-redacted.toml"
        self._questions.save_file(self._panel, f"Save message {WITHOUT}", MESSAGE_FILES, name, self._save_redacted)

    def ask_edit(self) -> None:
        self._questions.open_files(self._panel, "Edit a DICOM file's data set", DICOM_FILES, self._edit)

    def ask_send(self) -> None:
        self._questions.open_files(self._panel, "Send a DICOM file's own bytes", DICOM_FILES, self.send)

    def ask_json(self) -> None:
        self._questions.open_files(self._panel, "Load DICOM JSON", JSON_FILES, self._take_json)

    def send(self, paths: tuple[Path, ...]) -> None:
        """The first file's own bytes as the data set; a message that has none becomes a C-STORE-RQ."""
        page = self._panel.page
        if page.draft.message.data_set.presence == "never":
            page.set_message(MESSAGES[STORE])
        page.tabs.data.send_file(paths[0])

    def _open(self, paths: tuple[Path, ...]) -> None:
        for path in paths:
            self._try(self._panel.load, path)

    def _save(self, paths: tuple[Path, ...]) -> None:
        self._try(self._panel.save, paths[0])

    def _save_redacted(self, paths: tuple[Path, ...]) -> None:
        self._try(self._panel.save_redacted, paths[0])

    def _edit(self, paths: tuple[Path, ...]) -> None:
        self._panel.page.tabs.data.edit_file(paths[0])

    def _take_json(self, paths: tuple[Path, ...]) -> None:
        self._try(self._load_json, paths[0])

    def _load_json(self, path: Path) -> None:
        self._panel.page.tabs.data.take(load_json(path), f"Load {path.name}")

    def _try(self, work: Callable[[Path], None], path: Path) -> None:
        """Do it; what the workspace has against it is said in a sentence."""
        try:
            work(path)
        except WorkspaceError as error:
            self._panel.said.emit(str(error), "failure")
            self._panel.page.pane.say(str(error))
