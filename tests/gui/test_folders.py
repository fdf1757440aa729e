"""Folders shown in the desktop's file manager: made when they are not there, and told when it cannot be."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QDesktopServices

from gui.folders import show_folder
from gui.forms.retrieve_bar import RetrieveBar


@pytest.fixture
def shown(monkeypatch):
    """The folders the desktop was asked to show; none is really."""
    asked = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: not asked.append(url.toLocalFile()))
    return asked


def test_a_folder_is_made_and_shown(shown, tmp_path):
    folder = tmp_path / "a" / "b"
    assert show_folder(folder) == ""
    assert folder.is_dir()
    assert shown == [str(folder)]


def test_a_folder_that_cannot_be_made_is_told(shown, tmp_path):
    (tmp_path / "a").write_text("in the way", encoding="utf-8")
    assert show_folder(tmp_path / "a" / "b") == f"The folder {tmp_path / 'a' / 'b'} cannot be made: Not a directory."
    assert not shown


def test_a_desktop_without_a_file_manager_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    assert show_folder(tmp_path) == f"No program is there to show the folder {tmp_path}."


def test_the_page_that_retrieves_tells_it(monkeypatch, qtbot, tmp_path):
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    bar = RetrieveBar(None, tmp_path)
    qtbot.addWidget(bar)
    with qtbot.waitSignal(bar.failed) as told:
        bar.open_button.click()
    assert "No program" in told.args[0]
