"""The window at work, off screen, in a process of its own: `python -m tests.bench.window WORK [COUNT [PORT]]`.

start: prints the seconds from the first line of Python to a window that shows and whose built-in peer listens.
busy: COUNT echoes of the peer at PORT, or of the built-in peer; prints the seconds, and how long Qt's loop was held.
log: COUNT rows in the status log; prints the memory they take and the seconds a filter takes over all of them.
"""

from __future__ import annotations

import time

BEGUN = time.perf_counter()  # before everything else is loaded

import gc  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from gui.app import load_before_qt  # noqa: E402

load_before_qt()  # as gui.app does

from PySide6.QtCore import QEventLoop, Qt, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

BEAT = 5
"""Milliseconds between two looks at the clock."""
VERIFICATION = "1.2.840.10008.1.1"


def until(done: Callable[[], object]) -> None:
    loop, look = QEventLoop(), QTimer()
    look.timeout.connect(lambda: loop.quit() if done() else None)
    look.start(BEAT)
    loop.exec()


def start(count: int, port: int = 0) -> dict[str, float]:
    from gui.app import TURN

    gc.disable()  # as gui.app does
    sys.setswitchinterval(TURN)
    app = QApplication(["dimse-console"])
    app.setQuitOnLastWindowClosed(False)
    with tempfile.TemporaryDirectory() as folder:
        window, bridge = _opened(app, Path(folder))
        seconds = time.perf_counter() - BEGUN
        told = {"seconds": seconds, "cpu": time.process_time(), "rss": 0.0}
        if count:
            told |= _busy(window, bridge, count, port)
        window.ended.connect(app.quit)
        window.close()
        app.exec()
        bridge.close()
    return told


def _opened(app: QApplication, folder: Path):
    from engine.runtime.engine import Engine
    from engine.workspace.workspace import Workspace
    from gui.bridge import Bridge
    from gui.collecting import settle
    from gui.main_window import MainWindow
    from gui.theme import theme

    theme().apply(app, "light", sheet=False)
    bridge = Bridge(Engine)
    bridge.start()
    window = MainWindow(Workspace(folder), bridge)
    theme().dress(app)
    window.resize(1280, 800)
    window.show()
    window.built_in.start(introduce=True)
    until(lambda: window.session.listener.listening)
    settle()
    return window, bridge


def _busy(window, bridge, count: int, port: int) -> dict[str, float]:
    from engine.model.commands import OneShot, Outgoing
    from engine.services.responses import request_of
    from gui.warming import Warming

    warming = Warming(window)  # as gui.app does; whoever sends thousands of echoes has had the window for a second
    until(lambda: not warming.step())
    until(lambda: window.ae.proposal().peer.port == window.session.listener.port)
    proposal = window.ae.proposal()
    if port:
        proposal = replace(proposal, peer=replace(proposal.peer, port=port))
    gaps: list[float] = []
    last = [time.perf_counter()]

    def beat() -> None:
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now

    message = Outgoing(command=request_of("C-ECHO-RQ", AffectedSOPClassUID=VERIFICATION))
    work = OneShot(
        association=bridge.new_id(),
        operation=bridge.new_id(),
        proposal=proposal,
        messages=(message,) * count,
    )
    loop = QEventLoop()  # quit by what is waited for: to look for it would be one more thing the thread has to do
    window.session.operation_ended.connect(lambda status: loop.quit() if status.operation == work.operation else None)
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(beat)
    timer.start(BEAT)
    used = time.process_time(), time.thread_time()
    begun = last[0] = time.perf_counter()
    bridge.submit(work)
    loop.exec()
    seconds = time.perf_counter() - begun
    timer.stop()
    gaps.sort()
    return {
        "seconds": seconds,
        "cpu": time.process_time() - used[0],
        "thread_us": 1e6 * (time.thread_time() - used[1]) / count,
        "median_ms": 1e3 * gaps[len(gaps) // 2],
        "p99_ms": 1e3 * gaps[int(len(gaps) * 0.99)],
        "longest_ms": 1e3 * gaps[-1],
    }


def log(count: int) -> dict[str, float]:
    from engine.model.notices import ErrorNotice
    from gui.models.log_model import LogModel

    from .measure import largest_resident

    app = QApplication(["dimse-console"])
    model = LogModel()
    before = largest_resident(os.getpid())
    begun = time.perf_counter()
    for first in range(0, count, 1000):
        told = [
            ErrorNotice(time=float(n), sentence=f"Row {n % 500}.", association=n) for n in range(first, first + 1000)
        ]
        model.take(told)
    seconds = time.perf_counter() - begun
    found: list[None] = []
    model.filtered.connect(lambda: found.append(None))
    begun = time.perf_counter()
    model.set_text_filter("77")
    until(lambda: found)
    filtered = time.perf_counter() - begun
    memory = largest_resident(os.getpid()) - before
    del app
    return {
        "seconds": seconds,
        "cpu": time.process_time(),
        "rss": memory,
        "filter_s": filtered,
        "rows": model.rowCount(),
    }


def main() -> None:
    count, port = (int(n) for n in [*sys.argv[2:4], "0", "0"][:2])
    told = {
        "start": lambda: start(0),
        "busy": lambda: start(count or 3000, port),
        "log": lambda: log(count or 1_000_000),
    }
    print(json.dumps(told[sys.argv[1]]()), flush=True)


if __name__ == "__main__":
    main()
