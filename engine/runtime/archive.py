"""Stored instances for good: files in a folder, their index in the database, safe before they are acknowledged."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.model.dataset import FileData
from engine.services.effects import Instance
from engine.services.instances import instance_from
from engine.wire import datasets

from .database import Database, DatabaseError, Entry, GoneFile, IndexedFile
from .files import FolderStore, file_name, reason
from .kept_text import from_text, to_text

STRIPES = 64
"""Locks that keep two stores of one SOP Instance UID apart; unequal UIDs rarely share one."""


class Archive(FolderStore):
    """A folder of PS3.10 files with an index.

    A file is written beside, synchronized, renamed, then indexed: at whatever moment the process is killed, each file
    with a name of its own is whole, and what is in the folder but not in the index is found at the next start.
    """

    def __init__(self, folder: Path, incoming: Path, database: Database) -> None:
        """incoming: where files are while they are received, on the same file system."""
        super().__init__(folder)
        self.incoming = incoming
        self._database = database
        self._locks = [asyncio.Lock() for _ in range(STRIPES)]

    def load(self, stop: Callable[[], bool] = lambda: False) -> list[str]:
        """Sweep what a killed process left, then read the folder: from the index where a file is as it was indexed.

        Blocks. A sentence for each file that cannot be read. Raises OSError and DatabaseError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.incoming.glob("*.part"):
            left.unlink(missing_ok=True)
        known = {row.file: row for row in self._database.files()}
        news: list[Entry] = []
        problems: list[str] = []
        seen: set[str] = set()
        for path in self._ordered(known):
            if stop():
                return problems
            name = path.relative_to(self.folder).as_posix()
            try:
                row = self._row(name, path, known.get(name))
                instance = self._instance(path, row)
            except datasets.DataSetError as error:
                problems.append(str(error))
                continue
            except FileNotFoundError:
                continue
            seen.add(name)
            self._held[instance.sop_instance_uid] = instance
            if row is not known.get(name):
                news.append(row)
        news += [GoneFile(name) for name in known if name not in seen]
        self._database.write(news)
        return problems

    def _ordered(self, known: dict[str, IndexedFile]) -> Iterator[Path]:
        """Files as they came, then those nobody knows."""
        yield from (self.folder / name for name in known)
        for path in sorted(self.folder.rglob("*.dcm")):
            if path.relative_to(self.folder).as_posix() not in known:
                yield path

    def _row(self, name: str, path: Path, known: IndexedFile | None) -> IndexedFile:
        told = path.stat()
        if known is not None and (known.size, known.modified) == (told.st_size, told.st_mtime_ns):
            return known
        header = datasets.open_file(path)
        instance = instance_from(header.sop_class_uid, header.sop_instance_uid, header.data)
        return _indexed(name, path, instance, header.data)

    def _instance(self, path: Path, row: IndexedFile) -> Instance:
        try:
            attributes = from_text(row.attributes)
        except ValueError as error:
            raise DatabaseError(f"The index entry of {path} is damaged: {error}.") from None
        return Instance(
            sop_class_uid=row.sop_class_uid,
            sop_instance_uid=row.sop_instance_uid,
            transfer_syntax=row.transfer_syntax,
            attributes=attributes,
            data=FileData(path, row.data_offset, row.data_length, row.transfer_syntax),
        )

    async def keep(self, instance: Instance) -> str:
        """Returns "" once the instance is safe, or why it could not be kept."""
        async with self._locks[hash(instance.sop_instance_uid) % STRIPES]:
            try:
                data, row = await asyncio.to_thread(self._write, instance)
                await self._database.commit((row,))
            except (OSError, datasets.DataSetError, DatabaseError) as error:
                return f"cannot store: {reason(error)}"
            self._held[instance.sop_instance_uid] = replace(instance, data=data)
        return ""

    async def forget(self, sop_instance_uid: str) -> str:
        """Delete an instance and its file; "" or why not."""
        async with self._locks[hash(sop_instance_uid) % STRIPES]:
            held = self._held.get(sop_instance_uid)
            if held is None or not isinstance(held.data, FileData):
                return "no such instance"
            path = held.data.path
            try:
                await asyncio.to_thread(path.unlink, missing_ok=True)
                await self._database.commit((GoneFile(path.relative_to(self.folder).as_posix()),))
            except (OSError, DatabaseError) as error:
                return f"cannot delete: {reason(error)}"
            self._held.pop(sop_instance_uid, None)
        return ""

    def _write(self, instance: Instance) -> tuple[FileData, IndexedFile]:
        name = file_name(instance.sop_instance_uid)
        path = self.folder / name
        part = self.incoming / f"{uuid.uuid4().hex}.part"
        try:
            uids = (instance.sop_class_uid, instance.sop_instance_uid)
            datasets.write_instance(part, instance.data, *uids, durable=True)
            part.replace(path)
            synchronize(self.folder)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        data = datasets.open_file(path).data
        return data, _indexed(name, path, instance, data)


def _indexed(name: str, path: Path, instance: Instance, data: FileData) -> IndexedFile:
    told = path.stat()
    return IndexedFile(
        file=name,
        size=told.st_size,
        modified=told.st_mtime_ns,
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.sop_instance_uid,
        transfer_syntax=data.transfer_syntax,
        data_offset=data.offset or 0,
        data_length=data.length or 0,
        attributes=to_text(instance.attributes),
    )


def synchronize(folder: Path) -> None:
    """Have the names in a folder on the disk; Windows keeps them without being asked."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
