"""The built-in peer's state in one SQLite database, so that it outlives the process, however that ends.

What `commit` has been awaited for outlives a kill; changes of objects are on the disk then: a write-ahead log,
synchronized at each commit. One writer thread; what waits while it writes goes into its next transaction together.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, cast

from engine.model.dataset import DataSet
from engine.services.state import Change, Record
from engine.standard.lean import dataclass

from .kept_text import from_text, to_text

FORMAT = 1
"""`user_version` of the database; a newer one is not touched."""
APPLICATION = 0x44434F4E
"""`application_id`: DCON."""

_SCHEMA = """
CREATE TABLE object (
    number INTEGER PRIMARY KEY,
    shelf TEXT NOT NULL,
    key TEXT NOT NULL,
    sop_class TEXT NOT NULL,
    sop_instance TEXT NOT NULL,
    attributes TEXT NOT NULL,
    UNIQUE (shelf, key)
);
CREATE TABLE instance (
    number INTEGER PRIMARY KEY,
    file TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    sop_class TEXT NOT NULL,
    sop_instance TEXT NOT NULL,
    transfer_syntax TEXT NOT NULL,
    data_offset INTEGER NOT NULL,
    data_length INTEGER NOT NULL,
    attributes TEXT NOT NULL
);
CREATE INDEX instance_uid ON instance (sop_instance);
"""
_PUT_OBJECT = """
INSERT INTO object (shelf, key, sop_class, sop_instance, attributes) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (shelf, key) DO UPDATE SET sop_class = excluded.sop_class, sop_instance = excluded.sop_instance,
attributes = excluded.attributes
"""
_TOGETHER = (64, 8, 1)
"""Files told in one statement: after each the writer's thread waits for the interpreter, and the loop's then for it."""
_PUT_FILES = {
    count: f"""
INSERT INTO instance (file, size, modified, sop_class, sop_instance, transfer_syntax, data_offset, data_length,
attributes) VALUES {", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?)"] * count)}
ON CONFLICT (file) DO UPDATE SET size = excluded.size, modified = excluded.modified, sop_class = excluded.sop_class,
sop_instance = excluded.sop_instance, transfer_syntax = excluded.transfer_syntax, data_offset = excluded.data_offset,
data_length = excluded.data_length, attributes = excluded.attributes
"""  # noqa: S608 - our own words
    for count in _TOGETHER
}


class DatabaseError(Exception):
    """The database cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """What is known of a stored file. modified: nanoseconds, as the file system tells them. attributes: text where they
    come from the database, which makes it of those that are put there."""

    file: str
    size: int
    modified: int
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    data_offset: int
    data_length: int
    attributes: DataSet | str


@dataclass(frozen=True, slots=True)
class GoneFile:
    """A file to be forgotten."""

    file: str


Entry = Change | IndexedFile | GoneFile


class Database:
    """One open database. `open`, `objects`, `files` and `close` block; `commit` is for the loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_new = False
        """It was made when it was opened: what a peer has from the start belongs in it."""
        self._connection: sqlite3.Connection | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="dimse-database")
        self._waiting: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, int, int]] = {}
        """Device, number and bytes of the files it consists of, by path, as they were when it was last written."""

    def open(self) -> None:
        """Open or make it. DatabaseError when it is in use elsewhere, damaged or of a newer version."""
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=1.0)
            # Exclusive: another process would not see what this one holds in memory.
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("BEGIN IMMEDIATE")
            self._prepare(self._connection)
            self._connection.execute("COMMIT")
            self._demand_untouched()
        except sqlite3.Error as error:
            self.close()
            raise DatabaseError(self._sentence(error)) from None
        except DatabaseError:
            self.close()
            raise

    def _demand_untouched(self) -> None:
        """DatabaseError where another program has deleted, replaced or emptied it: SQLite would go on writing into what
        has no name any more. By `stat` alone: to open and close it would end SQLite's lock (POSIX)."""
        told: dict[str, tuple[int, int, int]] = {}
        for path in (str(self.path), f"{self.path}-wal"):
            with suppress(OSError):
                one = os.stat(path)  # noqa: PTH116 - at each commit
                told[path] = one.st_dev, one.st_ino, one.st_size
        for path, (*which, size) in self._seen.items():
            *now, has = told.get(path, (0, 0, 0))
            if now != which or has < size:
                what = f"{self.path} was deleted or changed by another program"
                raise DatabaseError(f"{what}; stop the built-in peer and start it again. Stored files stay.")
        self._seen = told

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version > FORMAT or (tables and not version):
            raise DatabaseError(f"{self.path} was made by a newer version or another program; name another folder.")
        if not tables:
            self.is_new = True
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _sentence(self, error: sqlite3.Error) -> str:
        text = str(error)
        if "locked" in text:
            return f"{self.path} is in use by another built-in peer; stop that one or name another folder."
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return f"the disk is full, {self.path} cannot be written."
        if isinstance(error, sqlite3.OperationalError):
            return f"{self.path} cannot be used: {text}."
        return f"{self.path} is damaged ({text}); move it away to start with an empty state. Stored files stay."

    def objects(self) -> Iterator[tuple[str, str, Record]]:
        """(shelf, key, record) of everything kept, in the order it came. DatabaseError."""
        for shelf, key, sop_class, uid, attributes in self._rows(
            "SELECT shelf, key, sop_class, sop_instance, attributes FROM object ORDER BY number"
        ):
            try:
                yield shelf, key, Record(sop_class, uid, from_text(attributes))
            except ValueError as error:
                raise DatabaseError(f"{self.path} is damaged ({shelf} {key}: {error}).") from None

    def files(self) -> Iterator[IndexedFile]:
        """The index of stored files, in the order they came. DatabaseError."""
        columns = "file, size, modified, sop_class, sop_instance, transfer_syntax, data_offset, data_length, attributes"
        for row in self._rows(f"SELECT {columns} FROM instance ORDER BY number"):  # noqa: S608 - our own words
            yield IndexedFile(*row)

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        assert self._connection is not None
        try:
            with closing(self._connection.execute(query)) as cursor:
                yield from cursor
        except sqlite3.Error as error:
            raise DatabaseError(self._sentence(error)) from None

    async def commit(self, entries: Iterable[Entry]) -> None:
        """Returns when all of these are safe, or none: DatabaseError."""
        await asyncio.shield(self.begin(entries))

    def begin(self, entries: Iterable[Entry]) -> asyncio.Future[None]:
        """Have these written, after those begun before: done when all of them are safe, or none (DatabaseError)."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append((tuple(entries), done))
            first = len(self._waiting) == 1
        if first:
            try:
                self._writer.submit(self._write_waiting)
            except RuntimeError:
                raise DatabaseError(f"{self.path} is closed.") from None
        return done

    def write(self, entries: Iterable[Entry]) -> None:
        """As `commit`, blocking: before the loop serves anybody."""
        self._write(tuple(entries))

    def _write_waiting(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            self._write([entry for entries, _ in batch for entry in entries])
        except Exception:  # noqa: BLE001 - a defect of ours, or too little memory, is met by who waits
            for entries, done in batch:  # one of them may be the reason: each alone
                try:
                    self._write(entries)
                except Exception as error:  # noqa: BLE001 - as said
                    _resolve(done, error)
                else:
                    _resolve(done, None)
        else:
            for _, done in batch:
                _resolve(done, None)

    def _write(self, entries: Sequence[Entry]) -> None:
        connection = self._connection
        if connection is None:
            raise DatabaseError(f"{self.path} is closed.")
        # The index of files can be made again from the files, which are safe already: it does not wait for the disk.
        wait = any(isinstance(entry, Change) for entry in entries)
        self._demand_untouched()
        try:
            connection.execute(f"PRAGMA synchronous = {'FULL' if wait else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            for are_files, some in itertools.groupby(entries, lambda entry: isinstance(entry, IndexedFile)):
                if are_files:
                    _put_files(connection, cast("list[IndexedFile]", list(some)))
                else:
                    for entry in some:
                        _put(connection, entry)
            connection.execute("COMMIT")
            self._demand_untouched()
        except BaseException as error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise DatabaseError(self._sentence(error)) from None
            raise

    def close(self, rest: Iterable[Entry] = ()) -> None:
        """Write what waits, then the rest, and close; closing twice does nothing. DatabaseError when the rest could not
        be written; it is closed then too."""
        self._writer.shutdown(wait=True)
        entries = tuple(rest)
        try:
            if entries:
                self._write(entries)
        finally:
            self._close_connection()

    def _close_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _put_files(connection: sqlite3.Connection, files: list[IndexedFile]) -> None:
    at = 0
    for count in _TOGETHER:
        while len(files) - at >= count:
            connection.execute(_PUT_FILES[count], [value for file in files[at : at + count] for value in _values(file)])
            at += count


def _values(file: IndexedFile) -> tuple[str | int, ...]:
    return (
        file.file,
        file.size,
        file.modified,
        file.sop_class_uid,
        file.sop_instance_uid,
        file.transfer_syntax,
        file.data_offset,
        file.data_length,
        file.attributes if isinstance(file.attributes, str) else to_text(file.attributes),
    )


def _put(connection: sqlite3.Connection, entry: Entry) -> None:
    if isinstance(entry, IndexedFile):
        _put_files(connection, [entry])
    elif isinstance(entry, GoneFile):
        connection.execute("DELETE FROM instance WHERE file = ?", (entry.file,))
    elif entry.after is None:
        connection.execute("DELETE FROM object WHERE shelf = ? AND key = ?", (entry.shelf, entry.key))
    else:
        record = entry.after
        text = to_text(record.attributes)
        connection.execute(_PUT_OBJECT, (entry.shelf, entry.key, record.sop_class_uid, record.sop_instance_uid, text))


def _resolve(done: asyncio.Future[None], error: Exception | None) -> None:
    def settle() -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    with suppress(RuntimeError):  # the loop is closed: nobody waits any more
        done.get_loop().call_soon_threadsafe(settle)
