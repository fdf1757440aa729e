"""Where what a provider keeps goes before it is acknowledged: memory, or a folder with a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from engine.model.limits import Limits
from engine.model.objects import SHELVES
from engine.services.effects import Instance
from engine.services.instances import InstanceStore, MemoryStore
from engine.services.state import Change, State

from .archive import Archive
from .database import Database, DatabaseError
from .files import USUAL, FolderStore, drop_spooled

INSIDE = ".dimse-console"
"""Folder beside the stored instances with what is not theirs: the database, and files while they are received."""
DATABASE = "state.sqlite3"


class Keeper(Protocol):
    """Each returns "" or why it was not possible."""

    async def keep(self, instance: Instance) -> str: ...

    async def forget(self, sop_instance_uid: str) -> str: ...

    async def commit(self, changes: tuple[Change, ...]) -> str: ...


class Volatile:
    """A store that needs no more than to be told; state lives in memory alone."""

    def __init__(self, store: InstanceStore) -> None:
        self._store = store

    async def keep(self, instance: Instance) -> str:
        if isinstance(self._store, FolderStore):
            return await asyncio.to_thread(self._store.add, instance)
        return self._store.add(instance)

    async def forget(self, sop_instance_uid: str) -> str:
        held = self._store.held.pop(sop_instance_uid, None) if isinstance(self._store, MemoryStore) else None
        if held is None:
            return "no such instance"
        drop_spooled(held.data)
        return ""

    async def commit(self, changes: tuple[Change, ...]) -> str:
        return ""


class Durable:
    """A folder: stored instances in it, their index and all other state in its database."""

    def __init__(
        self, folder: Path, on_problem: Callable[[str], None] = lambda _: None, limits: Limits = USUAL
    ) -> None:
        """on_problem: told what goes wrong where nobody waits for it. limits: of what is read when it is opened."""
        inside = folder / INSIDE
        self.folder = folder
        self.incoming = inside / "incoming"
        self._database = Database(inside / DATABASE)
        self.archive = Archive(folder, self.incoming, self._database, on_problem, limits)

    def load(self, state: State, stop: Callable[[], bool]) -> list[str]:
        """Open the folder and bring back what it holds, in place of what `state` was made with; blocks.

        Returns a sentence for each stored file that cannot be read. Raises OSError and DatabaseError.
        """
        self.incoming.mkdir(parents=True, exist_ok=True)
        self._database.open()
        if self._database.is_new:
            self._database.write(
                Change(name, key, None, record) for name in SHELVES for key, record in state.shelves[name].items()
            )
        else:
            for shelf in state.shelves.values():
                for key in shelf:
                    shelf.restore(key, None)
            for name, key, record in self._database.objects():
                if name in state.shelves:
                    state.shelves[name].restore(key, record)
        return self.archive.load(stop)

    async def keep(self, instance: Instance) -> str:
        return await self.archive.keep(instance)

    async def forget(self, sop_instance_uid: str) -> str:
        return await self.archive.forget(sop_instance_uid)

    async def commit(self, changes: tuple[Change, ...]) -> str:
        try:
            await self._database.commit(changes)
        except DatabaseError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Blocks until everything is written."""
        self.archive.close()
