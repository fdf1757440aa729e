"""Folders in the desktop's own file manager."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def show_folder(folder: Path) -> str:
    """Show a folder, made where it is not there yet. Returns the sentence to tell when that cannot be done, else ""."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"The folder {folder} cannot be made: {error.strerror or error}."
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        return f"No program is there to show the folder {folder}."
    return ""
