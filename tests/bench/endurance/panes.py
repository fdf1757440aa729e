"""The window at work, off screen: associations, pages, dialogs, messages; its QObjects end as many as they began."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QDialog
from shiboken6 import getCppPointer, isValid

from engine.runtime.engine import Engine
from engine.workspace.workspace import Workspace
from gui.app import _tell
from gui.background import wait_for_all
from gui.bridge import Bridge
from gui.main_window import MainWindow
from gui.panels.service_rows import SERVICES
from gui.theme import theme

PATIENCE = 60_000
"""Milliseconds anything may take before it counts as hanging."""
DIALOGS = (
    *("add_peer", "edit_peer", "add_context", "listener_settings", "listener_faults"),
    *("keys", "about", "palette", "emulators"),
)
"""Commands that open a window."""


def until(done: Callable[[], object], what: str) -> None:
    """Let Qt's loop run until it holds. AssertionError when it takes too long."""
    if done():
        return
    loop, look, late = QEventLoop(), QTimer(), QTimer()
    late.setSingleShot(True)
    late.timeout.connect(loop.quit)
    look.timeout.connect(lambda: loop.quit() if done() else None)
    look.start(2)
    late.start(PATIENCE)
    loop.exec()
    look.stop()
    late.stop()
    assert done(), f"{what} did not happen"


@contextmanager
def opened(folder: Path) -> Iterator[MainWindow]:
    """The window with its built-in peer listening and selected."""
    app = QApplication.instance() or QApplication(["dimse-console"])
    assert isinstance(app, QApplication)
    app.setQuitOnLastWindowClosed(False)
    before = qInstallMessageHandler(_tell)
    theme().apply(app, "light")
    bridge = Bridge(Engine)
    bridge.start()
    window = MainWindow(Workspace(folder), bridge)
    window.resize(1280, 800)
    window.show()
    window.workspace.save_listener(replace(window.workspace.listener, port=0))
    window.built_in.start(introduce=True)
    until(lambda: window.ae.proposal().peer.port == window.session.listener.port, "The built-in peer's start")
    try:
        yield window
    finally:
        window.drafts.save = list  # type: ignore[method-assign]  # nobody is there to be asked
        over: list[None] = []
        window.ended.connect(lambda: over.append(None))
        window.close()
        until(lambda: over, "The window's end")
        bridge.close()
        wait_for_all()
        window.deleteLater()
        settle()
        qInstallMessageHandler(before)


def settle() -> None:
    """What is to be deleted later is."""
    for _ in range(3):
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()


def qobjects() -> Counter[str]:
    """By class: all that hang below a window or the application, and all that Python holds."""
    settle()
    app = QApplication.instance()
    roots: list[QObject] = [*QApplication.topLevelWidgets(), *([app] if app else [])]
    found: dict[int, str] = {}
    for root in roots:
        for each in (root, *root.findChildren(QObject)):
            found[getCppPointer(each)[0]] = each.metaObject().className()
    for held in gc.get_objects():
        if isinstance(held, QObject) and isValid(held):
            found[getCppPointer(held)[0]] = held.metaObject().className()
    return Counter(found.values())


def use(window: MainWindow) -> None:
    """An association held and used, every page of the services, every dialog, a message written and put away."""
    _associate(window)
    for row in SERVICES:
        window.actions_by_name[f"service_{row.name}"].trigger()
        QApplication.processEvents()
    for name in DIALOGS:
        before = {id(w) for w in _shown()}
        window.actions_by_name[name].trigger()
        until(lambda before=before: [w for w in _shown() if id(w) not in before], f"The dialog of {name}")
        for shown in _shown():
            if id(shown) not in before:
                shown.close()
        settle()
    window.actions_by_name["new_message"].trigger()
    QApplication.processEvents()
    window.actions_by_name["close_message"].trigger()
    settle()


def _shown() -> list[Any]:
    windows = [w for w in QApplication.topLevelWidgets() if w.isVisible() and not isinstance(w, MainWindow)]
    return [w for w in windows if isinstance(w, QDialog) or w.isWindow()]


def _associate(window: MainWindow) -> None:
    session = window.session
    ended: set[int] = set()

    def note(status: Any) -> None:
        ended.add(status.operation)

    session.operation_ended.connect(note)
    window.echo()
    until(lambda: ended, "The end of the echo")
    window.associate()
    until(lambda: session.current is not None and session.current.established, "The association")
    window.builder.one_shot_action.trigger()
    until(lambda: len(ended) >= 2, "The end of the one-shot message")
    session.release()
    until(lambda: not session.open_records(), "The end of the associations")
    session.operation_ended.disconnect(note)


def rounds(window: MainWindow, count: int, say: Callable[[str], None] = lambda _: None) -> None:
    for number in range(count):
        use(window)
        say(f"{number + 1} rounds through the window")
