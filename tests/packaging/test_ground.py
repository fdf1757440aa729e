"""The ground the tests stand on: leaks and missing peers are told, and this Qt lives through many signals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEAKS = """
import threading
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
kept = []
def test_running_timer(qtbot):
    kept.append(QTimer())
    kept[0].start(1000)
def test_timer_of_a_closed_widget(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    QTimer(widget).start(1000)
def test_running_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
def test_qt_warning(qtbot):
    QTimer().start(-2)
def test_home():
    assert not list(Path.home().iterdir())
    (Path.home() / "mine").touch()
def test_home_again():
    assert not list(Path.home().iterdir())
"""
EMITS = """
from PySide6.QtCore import QObject, Signal
class Bell(QObject):
    rang = Signal(bool)
bell, heard = Bell(), []
bell.rang.connect(heard.append)
for _ in range(5000):
    bell.rang.emit(True)
print(len(heard))
"""


def _outcomes(folder: Path, tests: str, **settings: str) -> dict[str, set[str]]:
    """Run `tests` below this project's conftest.py; the names by pytest's letter for their outcome."""
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    assert "_THREAD_GRACE_SECONDS = 5.0" in conftest
    (folder / "conftest.py").write_text(conftest.replace("_THREAD_GRACE_SECONDS = 5.0", "_THREAD_GRACE_SECONDS = 0.1"))
    (folder / "pytest.ini").write_text("[pytest]\nqt_log_level_fail = WARNING\n")
    (folder / "test_these.py").write_text(tests)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **settings}
    command = [sys.executable, "-m", "pytest", "-rA", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    found: dict[str, set[str]] = {}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("PASSED", "FAILED", "ERROR", "SKIPPED"):
            found.setdefault(word, set()).add(rest.rpartition("::")[2].partition(" ")[0])
    return found


def test_what_is_left_running_fails_its_test(tmp_path: Path) -> None:
    found = _outcomes(tmp_path, LEAKS)
    assert found["ERROR"] == {"test_running_timer", "test_running_thread"}
    assert found["FAILED"] == {"test_qt_warning"}
    assert {"test_timer_of_a_closed_widget", "test_home", "test_home_again"} <= found["PASSED"]


@pytest.mark.parametrize(("peers", "outcome"), [("required", "FAILED"), ("", "SKIPPED")])
def test_a_missing_peer_fails_only_where_it_must_be(tmp_path: Path, peers: str, outcome: str) -> None:
    found = _outcomes(tmp_path, "def test_it(need): need('no-such-peer')\n", DIMSE_CONSOLE_PEERS=peers)
    assert set(found) == {outcome}


def test_this_qt_survives_five_thousand_signals() -> None:
    """Some releases drop a reference to True at each emit and end the process after a few hundred."""
    done = subprocess.run([sys.executable, "-c", EMITS], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "5000", done.stderr
