"""What comes up only when it is asked for: files, and the windows and dialogs beside the main window."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine import __version__
from engine.workspace.errors import WorkspaceError
from engine.workspace.message_files import MessageFile
from engine.workspace.messages import template

from .folders import show_folder
from .shortcuts import keys_table

if TYPE_CHECKING:
    from .main_window import MainWindow
    from .palette import Palette
    from .panels.emulators_window import EmulatorsWindow

ABOUT = (
    f"DIMSE Console {__version__}\n\nA desktop console for DICOM networking: verify connectivity, see what was "
    "negotiated, send any DIMSE message, read every byte.\n\nMIT licence. Not a medical device."
)


class Opening(QObject):
    """Of one main window; what is opened belongs to it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.emulators: EmulatorsWindow | None = None
        """Made when it is first wanted."""

    def open_message(self, path: Path) -> None:
        """Load a message file into the builder."""
        try:
            self._window.builder.load(path)
        except WorkspaceError as error:
            self._window.say(str(error), "failure")
        self._window.focus_panel("builder")

    def take_message(self, message: MessageFile) -> None:
        """A message already read, into the builder."""
        self._window.builder.open_message(message)
        self._window.focus_panel("builder")

    def start_message(self, name: str) -> None:
        """Start a message of PS3.7 in the builder."""
        self._window.builder.open_message(template(name, ""), automatic=True)
        self._window.focus_panel("builder")

    def ask_store_files(self) -> None:
        from .panels.service_store import ANY_FILES

        self._window.questions.open_files(self._window, "Store DICOM files", ANY_FILES, self.store_files)

    def ask_store_folder(self) -> None:
        self._window.questions.open_folder(self._window, "Store all DICOM files of a folder", self.store_files)

    def store_files(self, paths: tuple[Path, ...]) -> None:
        """Plan a C-STORE of files and folders: the page shows what would go, and stores them when told."""
        from .panels.service_store import StorePage

        self._window.show_service("store")
        page = self._window.services.page
        assert isinstance(page, StorePage)
        page.add_paths(paths)

    def open_workspace(self) -> None:
        problem = show_folder(self._window.workspace.folder)
        if problem:
            self._window.say(problem, "failure")

    def show_emulators(self) -> None:
        """The window of the built-in peer's emulators and objects, made when it is first wanted."""
        from .panels.emulators_window import EmulatorsWindow

        if self.emulators is None:
            self.emulators = EmulatorsWindow(self._window.session, self._window.questions, self._window)
            self.emulators.switched.connect(self._window.built_in.remember_emulators)
            self.emulators.keep_wanted.connect(self._window.built_in.keep_in_workspace)
            self.emulators.set_place(self._window.built_in.settings.peer.folder)
        if self.emulators.isVisible():
            self.emulators.raise_()
        self.emulators.show()
        self.emulators.activateWindow()

    @cached_property
    def palette_dialog(self) -> Palette:
        """Made when it is first wanted."""
        from .palette import Palette

        return Palette((*self._window.finder.providers, self._window.judging.rules), self._window)

    def open_palette(self) -> None:
        self._window.finder.refresh()
        self.palette_dialog.show_over(self._window)

    def show_keys(self) -> None:
        self._window.questions.show(self._window, "Keyboard shortcuts", keys_table)

    def show_about(self) -> None:
        self._window.questions.tell(self._window, "About DIMSE Console", ABOUT)
