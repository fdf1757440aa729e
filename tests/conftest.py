"""What every test stands on: Qt off screen, an empty home, no keyring, and nothing left running at its end."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

# Before anything imports Qt: the platform is chosen when the first application object is made.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Run in the background of a script; the programs that tests start would inherit it and never hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest
from hypothesis import HealthCheck, settings
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QTimer
from shiboken6 import isValid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PySide6.QtWidgets import QApplication

settings.register_profile("dev", deadline=None, max_examples=100)
# The same examples each time: a build says the same thing twice. The search for new ones goes on where people work.
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=300,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

PEERS_REQUIRED = os.environ.get("DIMSE_CONSOLE_PEERS") == "required"
_THREAD_GRACE_SECONDS = 5.0
_SYSTEM_FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin")
_HOME_VARIABLES = {
    "HOME": "home",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_STATE_HOME": "home/.local/state",
    "APPDATA": "home/AppData/Roaming",
    "LOCALAPPDATA": "home/AppData/Local",
}

_started_timers: WeakSet[QTimer] = WeakSet()


def _remember_started_timers() -> None:
    original: Callable[..., None] = QTimer.start

    def start(timer: QTimer, *arguments: Any) -> None:
        _started_timers.add(timer)
        original(timer, *arguments)

    QTimer.start = start  # type: ignore[method-assign,assignment]


_remember_started_timers()


def tool_path(name: str) -> str | None:
    """The full path of a peer's program, searched outside the virtual environment first.

    pynetdicom installs scripts with DCMTK's names, so the environment's folder comes last.
    """
    own = Path(sys.prefix, "bin")
    elsewhere = [part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != own]
    return shutil.which(name, path=os.pathsep.join([*elsewhere, *_SYSTEM_FOLDERS]))


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """``need("storescp")`` gives the program's full path; where it is missing the test is skipped, in CI it fails."""

    def find(name: str) -> str:
        path = tool_path(name)
        if path is None:
            reason = f"the peer {name} is not installed (Debian: apt-get install dcmtk orthanc tshark)"
            if PEERS_REQUIRED:
                pytest.fail(reason + "; here it must be", pytrace=False)
            pytest.skip(reason)
        return path

    return find


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """The one application object of the run, named apart from the product's so that no setting is shared."""
    qapp.setOrganizationName("DIMSE Console tests")
    qapp.setApplicationName("DIMSE Console tests")
    qapp.setQuitOnLastWindowClosed(False)
    return qapp


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Empty folders, one for each test that asks; counted here, for pytest's own numbering reads the whole folder."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def isolated_home(homes: Iterator[Path]) -> Iterator[None]:
    """Settings, workspace and caches of this test live and end with it; nobody's real ones are read or written."""
    folder = next(homes)
    before = {name: os.environ.get(name) for name in _HOME_VARIABLES}
    for name, part in _HOME_VARIABLES.items():
        os.environ[name] = str(folder / part)
    Path(folder, "home").mkdir(parents=True)
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, str(folder / "settings"))
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(autouse=True)
def nothing_left_running(isolated_home: None) -> Iterator[None]:
    """Fail the test that leaves a thread or a running QTimer behind."""
    before = set(threading.enumerate())
    _started_timers.clear()
    yield
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    # A QThread that once asked for its Python thread leaves a dummy behind, which is no thread and cannot be joined.
    found = (thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread))
    left = [thread for thread in found if thread not in before]
    for thread in left:
        thread.join(_THREAD_GRACE_SECONDS)
    names = [f"thread {thread.name}" for thread in left if thread.is_alive()]
    names += [
        f"QTimer {timer.objectName() or timer.parent()!r}"
        for timer in list(_started_timers)
        if isValid(timer) and timer.isActive()
    ]
    for timer in list(_started_timers):
        if isValid(timer):
            timer.stop()
    assert not names, f"left running at the end of the test: {', '.join(names)}"
