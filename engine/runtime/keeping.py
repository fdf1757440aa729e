"""Where what a provider keeps goes before it is acknowledged: memory, or a folder with a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from engine.model.limits import USUAL, Limits
from engine.model.objects import COMMITMENTS, SHELVES
from engine.services.commitment import committed
from engine.services.effects import Instance
from engine.services.instances import InstanceStore, MemoryStore
from engine.services.state import Change, State
from engine.wire.pdus import Buffer

from .archive import Archive, FindIt
from .beside import beside
from .database import Database, DatabaseError
from .files import FolderStore
from .places import known_quick
from .temporary_files import drop_spooled

INSIDE = ".dimse-console"
"""Folder beside the stored instances with what is not theirs: the database, and files while they are received."""
DATABASE = "state.sqlite3"


class Keeper(Protocol):
    """Each returns "" or why it was not possible."""

    at_once: bool
    """Whether `keep_at_once` is worth asking."""

    async def keep(self, instance: Instance) -> str: ...

    def keep_at_once(self, uids: tuple[str, str], syntax: str, data: Sequence[Buffer], size: int) -> FindIt | None:
        """`keep` where nothing has to be waited for and nothing fails; else None: `keep` has to be asked then.

        The instance is safe when this returns. What it returns is to be called with the attributes before the store is
        asked for anything. uids: SOP Class and Instance UID. data: the data set of `size` bytes in pieces, which are
        not kept.
        """

    async def forget(self, sop_instance_uid: str) -> str: ...

    async def commit(self, changes: tuple[Change, ...]) -> str: ...


class Volatile:
    """A store that needs no more than to be told; state lives in memory alone."""

    at_once = False

    def __init__(self, store: InstanceStore) -> None:
        self._store = store

    async def keep(self, instance: Instance) -> str:
        if isinstance(self._store, FolderStore):
            elsewhere = asyncio.to_thread if known_quick(self._store.folder) else beside
            return await elsewhere(self._store.add, instance)
        return self._store.add(instance)

    def keep_at_once(self, uids: tuple[str, str], syntax: str, data: Sequence[Buffer], size: int) -> FindIt | None:
        return None

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

    at_once = True

    def __init__(
        self,
        folder: Path,
        on_problem: Callable[[str], None] = lambda _: None,
        limits: Limits = USUAL,
        *,
        synchronize: bool = False,
    ) -> None:
        """on_problem: told what goes wrong where nobody waits for it. limits: of what is read when it is opened.
        synchronize: see `PeerSettings`."""
        inside = folder / INSIDE
        self.folder = folder
        self.incoming = inside / "incoming"
        self._database = Database(inside / DATABASE)
        self.archive = Archive(folder, self.incoming, self._database, on_problem, limits, durable=synchronize)
        self.keep_at_once = self.archive.keep_at_once

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
            kept = state.commitments.items()
            self.archive.promised.update(committed(Change(COMMITMENTS, key, None, record) for key, record in kept))
        return self.archive.load(stop)

    async def keep(self, instance: Instance) -> str:
        return await self.archive.keep(instance)

    async def forget(self, sop_instance_uid: str) -> str:
        return await self.archive.forget(sop_instance_uid)

    async def commit(self, changes: tuple[Change, ...]) -> str:
        try:
            if promised := committed(changes):  # also where each is synchronized: some were there before that was set
                await self.archive.synchronize_held(promised)
            await self._database.commit(changes)
        except DatabaseError as error:
            return str(error)
        except OSError as error:
            return f"files could not be synchronized to the disk: {error.strerror or error}"
        return ""

    def close(self) -> None:
        """Blocks until everything is written."""
        self.archive.close()
