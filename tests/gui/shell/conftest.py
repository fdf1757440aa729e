"""The whole window over an engine that answers from a script."""

from __future__ import annotations

import pytest

from engine.workspace.secrets import Secrets
from engine.workspace.settings import SavedPeer
from engine.workspace.workspace import Workspace
from gui.main_window import MainWindow
from tests.gui.shell.shell import ORTHANC, RIS, Answers


@pytest.fixture(autouse=True)
def _undress(undress):
    """The whole window dresses the application."""


@pytest.fixture
def workspace(tmp_path):
    class NoKeyring:
        def get_password(self, service, name):
            return None

        def set_password(self, service, name, secret):
            raise AssertionError

        def delete_password(self, service, name):
            raise AssertionError

    made = Workspace(tmp_path / "workspace", Secrets(NoKeyring()))
    made.save_peers((SavedPeer(peer=ORTHANC), SavedPeer(peer=RIS)))
    return made


@pytest.fixture
def questions():
    return Answers()


@pytest.fixture
def window(qtbot, workspace, bridge, fake, questions):
    made = MainWindow(workspace, bridge, questions)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made._closed = True
