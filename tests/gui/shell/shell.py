"""What the tests of the whole window share: its peers, its answers to questions, and a hand to click with."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from engine.model.association import Peer
from gui.dialogs import Questions
from gui.main_window import MainWindow

COMMITMENT = "1.2.840.10008.1.20.1"
ORTHANC = Peer(name="Orthanc", ae_title="ORTHANC", host="127.0.0.1", port=4242)
RIS = Peer(name="RIS", ae_title="WLM", host="ris.example.org", port=2104)


class Answers(Questions):
    """Answers file dialogs with `files`, remembers what was told."""

    def __init__(self):
        super().__init__()
        self.files: tuple[Path, ...] = ()
        self.told = []

    def ask(self, parent, title, text, yes, on_yes):
        self.told.append(text)
        on_yes()

    def tell(self, parent, title, text, details=""):
        self.told.append(text)

    def show(self, parent, title, html):
        self.told.append(html())

    def open_files(self, parent, title, pattern, on_files):
        on_files(self.files)

    def open_folder(self, parent, title, on_files):
        on_files(self.files)

    def save_file(self, parent, title, pattern, name, on_files):
        on_files(self.files)


def click(qtbot, window, name):
    qtbot.mouseClick(window.toolbar.buttons[name], Qt.MouseButton.LeftButton)


def said(window):
    return window.status.sentence.whole()


def hold(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_F6)
    qtbot.waitUntil(lambda: window.session.current is not None and window.session.current.established)
    return window.session.current.association


def closed(window, qtbot):
    with qtbot.waitSignal(window.ended):
        window.close()


def opened_again(qtbot, workspace, bridge, questions):
    again = MainWindow(workspace, bridge, questions)
    qtbot.addWidget(again)
    again._closed = True
    return again
