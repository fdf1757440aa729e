"""Stored instances for good: files in a folder, their index in the database, safe before they are acknowledged."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import perf_counter

from engine.model.dataset import DataSet, EncodedData, FileData
from engine.model.file_names import is_plain_uid
from engine.model.limits import USUAL, Limits
from engine.model.quick import quick
from engine.services.effects import Instance
from engine.services.instances import instance_from
from engine.wire import datasets
from engine.wire.pdus import Buffer

from .beside import beside
from .database import Database, DatabaseError, Entry, GoneFile, IndexedFile
from .disk_pace import AT_ONCE, DiskPace
from .file_ahead import NONE, FileAhead
from .files import reason
from .kept_text import from_text
from .outgoing import size_of
from .places import is_quick
from .safe_folder import SYNCHRONIZES, SafeFolder, Written

STRIPES = 64
"""Locks that keep two stores of one SOP Instance UID apart; unequal UIDs rarely share one."""
MOST_PIECES = 512
"""Of a data set that are written together: half of what a system call takes."""
INDEX_LATER = 0.05
"""Seconds until a file that is safe is indexed, with those that came meanwhile; after a kill the next start does it."""
LOST = (errno.ENOENT, errno.EIO, errno.ENOSPC, getattr(errno, "EDQUOT", errno.EIO))
"""What the system says of a file that is gone, or that does not get to the disk."""
FindIt = Callable[[DataSet], None]
"""Given the attributes of an instance that is safe, it is found in the store."""
_instance, _indexed_file, _file_data = quick(Instance), quick(IndexedFile), quick(FileData)
_FRESH = Instance(
    sop_class_uid="", sop_instance_uid="", transfer_syntax="", attributes=DataSet(), data=EncodedData(b"", "")
)
"""Has the place of one that came, until somebody looks for it."""


class Archive(SafeFolder):
    """A folder of PS3.10 files with an index.

    A file is written beside and renamed, synchronized where it is to be: then it is safe. It is indexed a little later:
    at whatever moment the process is killed, each file with a name of its own is whole, and what is in the folder but
    not in the index is found at the next start.
    """

    def __init__(
        self,
        folder: Path,
        incoming: Path,
        database: Database,
        on_problem: Callable[[str], None] = lambda _: None,
        limits: Limits = USUAL,
        *,
        durable: bool = False,
    ) -> None:
        """on_problem: told why files could not be indexed. The rest as `SafeFolder`."""
        super().__init__(folder, incoming, limits, durable=durable)
        self._database = database
        self._on_problem = on_problem
        self._ahead = FileAhead()
        self._unindexed: list[IndexedFile] = []
        self._fresh: dict[str, tuple[IndexedFile, DataSet]] = {}
        """What came and nobody has looked for yet, by SOP Instance UID."""
        self.quick = True
        """The folder is on a disk of this computer."""
        self._pace = DiskPace()
        self._locks = [asyncio.Lock() for _ in range(STRIPES)]

    def load(self, stop: Callable[[], bool] = lambda: False) -> list[str]:
        """Sweep what a killed process left, then read the folder: from the index where a file is as it was indexed.

        Blocks. A sentence for each file that cannot be read. Raises OSError and DatabaseError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open_folder()
        self.quick = is_quick(self.folder)
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
            except OSError as error:  # of this one: a link to itself, a folder that may not be looked into
                problems.append(f"{path}: {error.strerror or type(error).__name__}.")
                continue
            seen.add(name)
            self._held[instance.sop_instance_uid] = instance
            if row is not known.get(name):
                news.append(row)
        news += [GoneFile(name) for name in known if name not in seen]
        self._database.write(news)
        return problems

    def _ordered(self, known: dict[str, IndexedFile]) -> Iterator[Path]:
        """Files as they came: those that are indexed, then the rest by their time."""
        yield from (self.folder / name for name in known)
        found = (p for p in self.folder.rglob("*.dcm") if p.relative_to(self.folder).as_posix() not in known)
        yield from sorted(found, key=lambda path: (path.lstat().st_mtime_ns, path))

    def _row(self, name: str, path: Path, known: IndexedFile | None) -> IndexedFile:
        told = path.stat()
        if known is not None and (known.size, known.modified) == (told.st_size, told.st_mtime_ns):
            return known
        header = datasets.open_file(path)
        instance = instance_from(header.sop_class_uid, header.sop_instance_uid, header.data, self._limits)
        return _indexed(name, told, instance, header.data)

    def _instance(self, path: Path, row: IndexedFile) -> Instance:
        try:
            attributes = from_text(row.attributes) if isinstance(row.attributes, str) else row.attributes
        except ValueError as error:
            raise DatabaseError(f"The index entry of {path} is damaged: {error}.") from None
        return Instance(
            sop_class_uid=row.sop_class_uid,
            sop_instance_uid=row.sop_instance_uid,
            transfer_syntax=row.transfer_syntax,
            attributes=attributes,
            data=FileData(path, row.data_offset, row.data_length, row.transfer_syntax, to_end=True),
        )

    async def keep(self, instance: Instance) -> str:
        """Returns "" once the instance is safe, or why it could not be kept."""
        uids, syntax = (instance.sop_class_uid, instance.sop_instance_uid), instance.transfer_syntax
        async with self._locks[hash(instance.sop_instance_uid) % STRIPES]:
            try:
                data, written = instance.data, None
                if isinstance(data, EncodedData):
                    written = self._write_here(uids, syntax, (data.data,), len(data.data))
                if written is None:
                    elsewhere = asyncio.to_thread if self.quick else beside
                    written = await elsewhere(self._write_elsewhere, uids, syntax, data)
            except (OSError, datasets.DataSetError) as error:
                return f"cannot store: {reason(error, instance.data)}"
            self._find_it(uids, syntax, written, instance.attributes)
        return ""

    def keep_at_once(self, uids: tuple[str, str], syntax: str, data: Sequence[Buffer], size: int) -> FindIt | None:
        """`keep` of a small one while the disk is quick and nobody else is at it; None where that is not so, or fails:
        `keep` has to be asked then. What is returned makes it found.

        uids: SOP Class and Instance UID. data: the data set of `size` bytes in pieces; they are not kept.

        The straight way of `_write_here`, in as few steps as can be: half of what a small one costs is spent here.
        """
        uid, folder, begun = uids[1], self._number, perf_counter()
        if not self.quick or not self._pace.is_for_here(size, begun) or not is_plain_uid(uid):
            return None
        if self._locks[hash(uid) % STRIPES].locked() or len(data) > MOST_PIECES or (folder < 0 and SYNCHRONIZES):
            return None
        name, part = f"{uid}.dcm", ""
        try:
            head = datasets.meta_pieces(syntax, *uids)
            part, made = self._ahead.take()
            if made == NONE:
                part = self._new_part()
            path, buffers, durable = self._prefix + name, (*head, *data), self._to_synchronize(uid)
            told = datasets.put_in_place(part, path, buffers, durable=durable, folder=folder, made=made)
        except (OSError, datasets.DataSetError):
            with suppress(OSError):
                os.unlink(part)  # noqa: PTH108
            return None  # why is for `keep` to find out
        finally:
            self._pace.took(perf_counter() - begun, size)
        if self._closed:  # then it is not sure which folder was synchronized
            return None
        written = name, told.st_size, told.st_mtime_ns, told.st_size - size, size
        return partial(self._find_it_and_look_ahead, uids, syntax, written)

    def _write_here(self, uids: tuple[str, str], syntax: str, data: Sequence[Buffer], size: int) -> Written | None:
        """Write a small one at once while the disk is quick; None when that is for another thread."""
        begun = perf_counter()
        if not self.quick or not self._pace.is_for_here(size, begun):
            return None
        try:
            return self._write(uids, syntax, data)
        finally:
            self._pace.took(perf_counter() - begun, size)

    def _write_elsewhere(self, uids: tuple[str, str], syntax: str, data: EncodedData | FileData) -> Written:
        begun, size = perf_counter(), size_of(data)
        written = self._write(uids, syntax, (data.data,) if isinstance(data, EncodedData) else data)
        if size <= AT_ONCE:  # more is on its way to the disk already when it has come
            self._pace.took_elsewhere(perf_counter() - begun, size)
        return written

    def _find_it(self, uids: tuple[str, str], syntax: str, written: Written, attributes: DataSet) -> None:
        """It is safe: find it from now on, and index it soon."""
        name, size, modified, offset, length = written
        row = _indexed_file(name, size, modified, *uids, syntax, offset, length, attributes)
        self._fresh[uids[1]] = row, attributes
        self._held[uids[1]] = _FRESH  # in the place of one that came before, which is not held beside it
        self._unindexed.append(row)
        if len(self._unindexed) == 1:
            asyncio.get_running_loop().call_later(INDEX_LATER, self._index)

    def _find_it_and_look_ahead(
        self, uids: tuple[str, str], syntax: str, written: Written, attributes: DataSet
    ) -> None:
        self._find_it(uids, syntax, written, attributes)
        self._ahead.make(self._new_part, written[1])

    def _settle(self, sop_instance_uid: str) -> None:
        """Make the instance that came under this UID, unless it is made already: nobody looks for most of them."""
        fresh = self._fresh.pop(sop_instance_uid, None)
        if fresh is None:
            return
        row, attributes = fresh
        self._held[sop_instance_uid] = _instance(
            sop_class_uid=row.sop_class_uid,
            sop_instance_uid=sop_instance_uid,
            transfer_syntax=row.transfer_syntax,
            attributes=attributes,
            data=_file_data(self.folder / row.file, row.data_offset, row.data_length, row.transfer_syntax, to_end=True),
        )

    def find(self, sop_instance_uid: str) -> Instance | None:
        self._settle(sop_instance_uid)
        return self._held.get(sop_instance_uid)

    def instances(self) -> Iterator[Instance]:
        """As they are when it is their turn, of those that are there when the first is asked for."""
        for uid in tuple(self._held):
            self._settle(uid)
            held = self._held.get(uid)
            if held is not None:
                yield held

    def _index(self) -> None:
        rows = self._take_unindexed()
        self._rest()
        if not rows:
            return
        try:
            self._database.begin(rows).add_done_callback(self._indexed)
        except DatabaseError as error:
            self._not_indexed(error)

    def _rest(self) -> None:
        """Nothing more may come: looked at again where that is not sure, and no file leads to another `_index`."""
        if not self._ahead.rest() and not self._unindexed:
            asyncio.get_running_loop().call_later(INDEX_LATER, self._rest)

    def _take_unindexed(self) -> list[IndexedFile]:
        rows, self._unindexed = self._unindexed, []
        return rows

    def _indexed(self, done: asyncio.Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._not_indexed(error)

    def _not_indexed(self, error: BaseException) -> None:
        why = error if isinstance(error, DatabaseError) else f"{type(error).__name__}."
        self._on_problem(f"Stored files are safe, but not in their index before the next start: {why}")
        if not isinstance(error, DatabaseError):
            raise error  # a defect of ours, which the loop reports

    def close(self) -> None:
        """Index the rest and close the database; blocks."""
        try:
            self._database.close(self._take_unindexed())
        except DatabaseError as error:
            self._not_indexed(error)
        finally:
            self._close_folder()
            self._ahead.close()

    async def synchronize_held(self, sop_instance_uids: Iterable[str]) -> None:
        """Have the files of these instances, where they are held, on the disk, and what comes in their place. OSError
        where that fails. One whose file is gone or has another size, or did not get there, is not held any more: asked
        again, the system would say that all is well."""
        uids = tuple(sop_instance_uids)
        self.promised.update(uids)
        for place in {hash(uid) % STRIPES for uid in uids}:
            async with self._locks[place]:
                pass  # what takes their place just now began before that
        held = {uid: one for uid in uids if (one := self.find(uid)) is not None}
        data = {uid: one.data for uid, one in held.items() if isinstance(one.data, FileData)}
        paths = {uid: one.path for uid, one in data.items()}
        sizes = {one.path: (one.offset or 0) + (one.length or 0) for one in data.values()}
        failed = await (asyncio.to_thread if self.quick else beside)(self.synchronize, sizes)
        for uid, path in paths.items():
            if path in failed and failed[path].errno in LOST and self._held.get(uid) is held[uid]:
                del self._held[uid]
        if failed:
            raise next(iter(failed.values()))

    async def forget(self, sop_instance_uid: str) -> str:
        """Delete an instance and its file; "" or why not."""
        async with self._locks[hash(sop_instance_uid) % STRIPES]:
            held = self.find(sop_instance_uid)
            if held is None or not isinstance(held.data, FileData):
                return "no such instance"
            path = held.data.path
            try:
                await asyncio.to_thread(path.unlink, missing_ok=True)
                gone = GoneFile(path.relative_to(self.folder).as_posix())
                await self._database.commit((*self._take_unindexed(), gone))
            except (OSError, DatabaseError) as error:
                return f"cannot delete: {reason(error)}"
            self._fresh.pop(sop_instance_uid, None)
            self._held.pop(sop_instance_uid, None)
        return ""


def _indexed(name: str, told: os.stat_result, instance: Instance, data: FileData) -> IndexedFile:
    return _indexed_file(
        file=name,
        size=told.st_size,
        modified=told.st_mtime_ns,
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.sop_instance_uid,
        transfer_syntax=data.transfer_syntax,
        data_offset=data.offset or 0,
        data_length=data.length or 0,
        attributes=instance.attributes,
    )
