"""The builder's tabs from one run of the program to the next, as message files of the workspace."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QSettings, QTimer

from engine.model.dataset import Data, DataSet, EncodedData
from engine.model.reading import may_be_there
from engine.model.whole_numbers import whole_number
from engine.workspace.errors import WorkspaceError
from engine.workspace.message_files import MessageFile, load_message, save_message
from gui.background import Background

from .builder_page import MessagePage
from .builder_panel import BuilderPanel
from .draft_places import take_places

LIMIT = 8 * 1024 * 1024
"""Bytes of values kept of one draft: beyond, writing them as text would hold up the window as it closes."""
OFTEN = 15_000
"""Milliseconds between two looks whether anything has changed: what is lost at most when the program is killed."""
UNREADABLE = ".unreadable"


class Drafts(QObject):
    """Which tabs there are stands in the window's own settings, what is in them in files of the workspace, which only
    the user may read: they may hold patients' data."""

    def __init__(self, builder: BuilderPanel, workspace: Path, store: QSettings, parent: QObject | None = None) -> None:
        """workspace: its folder."""
        super().__init__(parent)
        self._builder, self._store = builder, store
        self._place, *self._adopted = take_places(workspace, store)
        """Ours, and those whose drafts become ours as soon as they are written."""
        self._folder = self._place.folder
        self._work: Background | None = None
        self._kept: dict[str, MessageFile] = {}
        """By name of the draft, what was written while the window is open."""
        self._told = ""
        self._names: WeakKeyDictionary[MessagePage, str] = WeakKeyDictionary()
        """Of the drafts. Each page has its own, every time: whatever was written last, a draft never comes back as the
        message of another file."""
        self._own: set[str] = set()
        """What we wrote or opened: ours to remove."""
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.keep)
        self._timer.start(OFTEN)

    def keep(self) -> None:
        """Write what has changed since, beside the loop: nobody says goodbye before the power fails. What cannot be
        kept is told when the window closes."""
        if self._work is not None:
            return
        found: dict[str, MessageFile] = {}
        tabs: list[dict[str, object]] = []
        for page in self._builder.pages:
            if page.blank:
                continue
            message = page.message_file()
            name = self._name(page)
            before = self._kept.get(name)
            measured = before is not None and before.data is message.data
            if measured or _size(message.data) <= LIMIT:
                tabs.append(self._tab(page, name))
                found[name] = message
        told = json.dumps(tabs)
        new = {name for name, message in found.items() if self._kept.get(name) != message}
        if not new and told == self._told:
            return
        self._kept, self._told = found, told
        self._own |= new
        self._work = Background(lambda: _write(self._folder, found, new))
        self._work.done.connect(self._written)
        self._work.failed.connect(self._not_written)
        self._work.begin()

    def _written(self) -> None:
        if self._work is None:
            return  # the window closes, and everything was saved since
        self._work = None
        self._list(self._told)
        self._remove(self._own - set(self._kept))
        self._own &= set(self._kept)
        self._remove_adopted()

    def _not_written(self) -> None:
        self._work = None
        self._kept, self._told = {}, ""

    def save(self) -> list[str]:
        """Keep all tabs with something in them; returns the names of those that are changed and cannot be kept."""
        if self._work is not None:
            self._work.wait()
            self._work = None
        self._kept, self._told = {}, ""  # where the window stays open after all everything is written again
        tabs: list[dict[str, object]] = []
        lost: list[str] = []
        current = 0
        for page in self._builder.pages:
            if page.blank:
                continue
            name = self._name(page)
            if not self._save(page, self._folder / name):
                lost += [page.name] if page.changed else []
                continue
            if page is self._builder.page:
                current = len(tabs)
            tabs.append(self._tab(page, name))
        kept = {str(tab["draft"]) for tab in tabs}
        self._store.setValue(self._place.current, current)
        self._list(json.dumps(tabs))
        self._remove({old.name for old in self._folder.glob("*.toml")} - kept)
        self._own = kept
        if not lost:
            self._remove_adopted()
        return lost

    def leave(self) -> None:
        """Nothing is kept from here on; another window may have the place."""
        self._timer.stop()
        for place in (self._place, *self._adopted):
            place.leave()

    def _name(self, page: MessagePage) -> str:
        return self._names.setdefault(page, f"{uuid4().hex[:12]}.toml")

    def _list(self, tabs: str) -> None:
        self._store.setValue(self._place.tabs, tabs)
        self._store.sync()  # before what it named is removed

    def _tab(self, page: MessagePage, name: str) -> dict[str, object]:
        path = self._builder.file_of(page)
        return {"draft": name, "file": str(path) if path else "", "changed": page.changed}

    def _remove(self, names: set[str]) -> None:
        for name in names:
            with suppress(OSError):  # where nothing may be deleted the window closes all the same
                (self._folder / name).unlink(missing_ok=True)

    def _remove_adopted(self) -> None:
        for place in self._adopted:
            place.remove()
        self._adopted = []

    def restore(self) -> list[str]:
        """Open what was kept; returns a sentence for each that cannot be read, which stays under another name."""
        problems = []
        pages: list[MessagePage] = []
        places = (self._place, *self._adopted)
        for place, tab in [(p, tab) for p in places for tab in _table(self._store.value(p.tabs))]:
            draft = place.folder / str(tab.get("draft"))
            file = Path(str(tab["file"])) if tab.get("file") else None
            gone = file is not None and not may_be_there(file)
            if place is self._place:
                self._own.add(draft.name)
            try:
                message = load_message(draft)
            except WorkspaceError as error:
                problems.append(str(error))
                _set_aside(draft)
                continue
            pages.append(
                self._builder.reopen(message, None if gone else file, changed=bool(tab.get("changed")) or gone)
            )
        current = whole_number(str(self._store.value(self._place.current, 0)))
        if pages and current is not None:
            self._builder.show_page(pages[min(current, len(pages) - 1)])
        return problems

    def _save(self, page: MessagePage, path: Path) -> bool:
        message = page.message_file()
        if _size(message.data) > LIMIT:
            return False
        try:
            save_message(path, message, private=True)
        except WorkspaceError:
            return False
        return True


def _write(folder: Path, messages: dict[str, MessageFile], new: set[str]) -> None:
    """Those that are new, and those that somebody has removed."""
    for name, message in messages.items():
        if name in new or not may_be_there(folder / name):
            save_message(folder / name, message, private=True)


def _table(value: object) -> list[dict[str, object]]:
    try:
        found = json.loads(str(value or "[]"))
    except ValueError:
        return []
    return [tab for tab in found if isinstance(tab, dict)] if isinstance(found, list) else []


def _set_aside(draft: Path) -> None:
    """Beside those set aside before. Where it is gone or may not be touched there is nothing to keep."""
    number = 1
    while os.path.lexists(aside := draft.with_name(f"{draft.name}{UNREADABLE}{f'-{number}' if number > 1 else ''}")):
        number += 1
    with suppress(OSError):
        draft.rename(aside)


def _size(data: Data | None) -> int:
    """Bytes or characters of all values written with the message; a file is only named."""
    if isinstance(data, EncodedData):
        return len(data.data)
    if not isinstance(data, DataSet):
        return 0
    total = 0
    for element in data:
        total += len(element.value) if isinstance(element.value, bytes) else sum(map(len, element.texts))
        total += sum(map(_size, element.items))
    return total
