"""Where a window keeps its drafts: one place each, however many windows have the workspace open."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from pathlib import Path

from PySide6.QtCore import QLockFile, QSettings, QSysInfo

MOST = 32
"""Places looked through for drafts that a window has left; more are made where as many windows are open."""


class DraftPlace:
    """A folder of drafts and the list of their tabs in the window's settings. While it is locked it is one window's
    alone; of a program that was killed the lock is void."""

    def __init__(self, workspace: Path, store: QSettings, number: int) -> None:
        """number: from 1."""
        name = "" if number == 1 else f"-{number}"
        self.folder = workspace / f"drafts{name}"
        self.tabs, self.current = f"builder/tabs{name}", f"builder/tab{name}"
        self._store = store
        self._lock = QLockFile(str(workspace / f"drafts{name}.lock"))
        self._lock.setStaleLockTime(0)

    @property
    def used(self) -> bool:
        """Whether a window has left its tabs there."""
        return self._store.contains(self.tabs)

    def take(self) -> bool:
        """Whether it is ours now. Where no lock can be written nothing else can, and nothing is lost."""
        if self._lock.tryLock(0) or self._lock.error() is not QLockFile.LockError.LockFailedError:
            return True
        return self._here() and self._lock.removeStaleLockFile() and self._lock.tryLock(0)

    def _here(self) -> bool:
        """Whether it does not say another computer's name. Then the system knows better than its words whether it is
        held: there are none after the power failed, and in a container each start has the same process number."""
        _process, host, _program = self._lock.getLockInfo()
        return host in ("", QSysInfo.machineHostName())

    def leave(self) -> None:
        """Let another window have it."""
        self._lock.unlock()

    def remove(self) -> None:
        """What was in it is kept elsewhere."""
        self._store.remove(self.tabs)
        self._store.remove(self.current)
        with suppress(OSError):  # what may not be deleted, or was set aside, stays
            for draft in self.folder.glob("*.toml"):
                draft.unlink(missing_ok=True)
            self.folder.rmdir()
        self.leave()


def take_places(workspace: Path, store: QSettings) -> list[DraftPlace]:
    """One for a window that opens, then those that others have left and nobody has now."""
    with suppress(OSError):
        workspace.mkdir(parents=True, exist_ok=True)
    store.sync()
    taken: list[DraftPlace] = []
    for number in count(1):
        if number > MOST and taken:
            return taken
        place = DraftPlace(workspace, store, number)
        if (place.used or not taken) and place.take():
            taken.append(place)
    raise AssertionError
