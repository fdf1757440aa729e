"""What tests of the AE configuration need: two peers, answers, typing."""

from __future__ import annotations

from PySide6.QtCore import Qt

from engine.model.association import Peer
from engine.model.notices import Outcome
from engine.workspace.workspace import Workspace
from gui.dialogs import Questions
from gui.session import EchoReport

ORTHANC = Peer(name="Orthanc", ae_title="ORTHANC", host="127.0.0.1", port=4242)
RIS = Peer(name="RIS", ae_title="WLM", host="ris.example.org", port=2104)
VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"


class Yes(Questions):
    """Answers yes, and remembers what was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def ask(self, parent, title, text, yes, on_yes):
        self.asked.append(text)
        on_yes()


def again(workspace):
    """What a next start reads."""
    return Workspace(workspace.folder, workspace.secrets)


def type_over(qtbot, line, text):
    line.selectAll()
    qtbot.keyClicks(line, text)
    if not text:
        qtbot.keyClick(line, Qt.Key.Key_Delete)


def report(peer, outcome=Outcome.SUCCESS, round_trip=0.0019, sentence=""):
    return EchoReport(operation=1, peer=peer, outcome=outcome, time=1e9, round_trip=round_trip, sentence=sentence)
