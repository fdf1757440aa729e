"""The panel over a workspace with two peers."""

from __future__ import annotations

import pytest

from engine.workspace.secrets import Secrets
from engine.workspace.settings import SavedPeer
from engine.workspace.workspace import Workspace
from gui.panels.ae_panel import AEPanel
from tests.gui.ae_panel.panel import ORTHANC, RIS, Yes
from tests.gui.staging import MemoryKeyring


@pytest.fixture
def keyring():
    return MemoryKeyring()


@pytest.fixture
def workspace(tmp_path, keyring):
    made = Workspace(tmp_path / "workspace", Secrets(keyring))
    made.save_peers((SavedPeer(peer=ORTHANC), SavedPeer(peer=RIS)))
    return made


@pytest.fixture
def questions():
    return Yes()


@pytest.fixture
def panel(qtbot, workspace, questions):
    made = AEPanel(workspace, questions)
    qtbot.addWidget(made)
    made.resize(340, 760)
    made.show()
    return made
