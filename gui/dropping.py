"""Files and folders dropped on a widget."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from .sound import sound


class TakesFiles(QWidget):
    """A widget on which files and folders of this machine can be dropped: `add_paths` gets them."""

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """What to do with them."""
        raise NotImplementedError

    @sound
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    @sound
    def dropEvent(self, event: QDropEvent) -> None:
        paths = tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
        if paths:
            event.acceptProposedAction()
            self.add_paths(paths)
