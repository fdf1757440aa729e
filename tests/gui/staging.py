"""The window with the engine that really talks over TCP, and what stands in for the system's keyring."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.runtime.engine import Engine
from engine.workspace.workspace import Workspace
from gui.bridge import Bridge
from gui.main_window import MainWindow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from engine.model.notices import AnyNotice
    from engine.workspace.secrets import Secrets
    from gui.dialogs import Questions
    from gui.report import Reporter


class MemoryKeyring:
    """Keeps secrets as long as the test."""

    def __init__(self):
        self.kept = {}

    def get_password(self, service, name):
        return self.kept.get(name)

    def set_password(self, service, name, secret):
        self.kept[name] = secret

    def delete_password(self, service, name):
        del self.kept[name]


@contextmanager
def staged(
    qtbot: QtBot,
    folder: Path,
    *,
    secrets: Secrets | None = None,
    questions: Questions | None = None,
    reporter: Reporter | None = None,
    told: list[AnyNotice] | None = None,
) -> Iterator[MainWindow]:
    """The built-in peer listens, stands in the list of peers and is selected. told: gets every notice."""
    bridge = Bridge(Engine)
    bridge.start()
    if told is not None:
        bridge.notices.connect(told.extend)
    if reporter is not None:
        bridge.notices.connect(reporter.take)
    window = MainWindow(Workspace(folder, secrets), bridge, questions)
    if reporter is not None:
        reporter.reported.connect(window.show_report)
        reporter.followed.connect(window.follow_report)
    window.resize(1280, 800)
    window.show()
    window.workspace.save_listener(replace(window.workspace.listener, port=0))
    with qtbot.waitSignal(window.built_in.ready):
        window.built_in.start(introduce=True)
    yield window
    window.drafts.save = list  # type: ignore[method-assign]  # nobody is there to be asked
    with qtbot.waitSignal(window.ended, timeout=30_000):
        window.close()
    bridge.close()
    window.deleteLater()
