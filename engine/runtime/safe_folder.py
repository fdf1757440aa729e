"""A folder of files that are safe once they are written: beside, then renamed; after a power failure too once they and
the folder are synchronized."""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from engine.model.dataset import FileData
from engine.model.limits import USUAL, Limits
from engine.wire import datasets
from engine.wire.pdus import Buffer

from .files import FolderStore, begin_writing, file_name

SYNCHRONIZES = os.name != "nt"
"""Names in a folder have to be written to the disk; Windows keeps them without being asked."""
_TO_SYNCHRONIZE = os.O_RDONLY if SYNCHRONIZES else os.O_RDWR
"""Of a file: Windows wants to be able to write it; elsewhere one may be held that we cannot."""
Written = tuple[str, int, int, int, int]
"""Name, size, time of modification in nanoseconds; offset and length of the data set."""


class SafeFolder(FolderStore):
    """What others are told is stored outlives the process; the power, where it is synchronized."""

    def __init__(self, folder: Path, incoming: Path, limits: Limits = USUAL, *, durable: bool = False) -> None:
        """incoming: where files are while they are received, on the same file system. durable: each is synchronized
        before that is told; else `synchronize` does it."""
        super().__init__(folder, limits)
        self.incoming = incoming
        self.durable = durable
        self.promised: set[str] = set()
        """SOP Instance UIDs whose safekeeping was confirmed: what comes in their place is synchronized too."""
        self._part = itertools.count(1)
        unknown = f"{secrets.token_hex(4)}-"  # so that nobody puts a link elsewhere where the next file is to be
        self._prefix, self._incoming = os.path.join(folder, ""), os.path.join(incoming, unknown)  # noqa: PTH118
        self._number = -1
        """Descriptor of the folder, while it is open."""
        self._closed = False
        self._opening = threading.Lock()
        """Whoever opens or closes the folder: a large instance may still be written when the archive is closed."""

    def _open_folder(self) -> None:
        """For `_synchronize`; anew where another folder has the name now. Not any more once the archive is closed."""
        if not SYNCHRONIZES:
            return
        with self._opening:
            if self._closed:
                return
            number = os.open(self.folder, os.O_RDONLY)
            if self._number < 0:
                self._number = number
                return
            try:
                os.dup2(number, self._number, inheritable=False)  # other threads may be using it
            finally:
                os.close(number)

    def _close_folder(self) -> None:
        """What is still written gets its name on the disk by other means."""
        with self._opening:
            self._closed = True
            number, self._number = self._number, -1
            if number >= 0:
                os.close(number)

    def _new_part(self) -> str:
        return f"{self._incoming}{next(self._part)}.part"

    def _write(self, uids: tuple[str, str], syntax: str, data: Sequence[Buffer] | FileData) -> Written:
        """data: the data set in pieces, or a file it was received into. A folder that was taken away is made again."""
        if isinstance(data, FileData):
            self._open_folder()  # it may have been made again for the file
        try:
            return self._written(uids, syntax, data)
        except (OSError, datasets.DataSetError) as error:
            if not any(isinstance(e, FileNotFoundError) for e in (error, error.__cause__)):
                raise
            self.incoming.mkdir(parents=True, exist_ok=True)
            self._open_folder()
            return self._written(uids, syntax, data)

    def _written(self, uids: tuple[str, str], syntax: str, data: Sequence[Buffer] | FileData) -> Written:
        name, durable = file_name(uids[1]), self._to_synchronize(uids[1])
        part = self._new_part()
        try:
            if isinstance(data, FileData):
                offset, length = self._write_spooled(Path(part), data, uids, durable=durable)
                told = os.stat(part)  # noqa: PTH116 - as all here: paths would cost more than what is done with them
            else:
                head = datasets.file_meta(syntax, *uids)
                told = datasets.write_whole(part, (head, *data), durable=durable)
                offset, length = len(head), told.st_size - len(head)
            os.replace(part, self._prefix + name)  # noqa: PTH105
            if durable:
                self._synchronize()
        except BaseException:
            with suppress(OSError):
                os.unlink(part)  # noqa: PTH108
            raise
        return name, told.st_size, told.st_mtime_ns, offset, length

    def _to_synchronize(self, sop_instance_uid: str) -> bool:
        """Whether the one that is to be written has to be on the disk before it is acknowledged."""
        return self.durable or sop_instance_uid in self.promised

    def _write_spooled(self, part: Path, data: FileData, uids: tuple[str, str], *, durable: bool) -> tuple[int, int]:
        """Offset and length of the data set of one that was received into a file."""
        written = self._taken_over(part, data, uids, durable=durable)
        if written is None:
            written = datasets.write_instance(part, data, *uids, durable=durable)
        return written.offset or 0, written.length or 0

    def synchronize(self, sizes: Mapping[Path, int]) -> dict[Path, OSError]:
        """Have these files of the folder, and their names, on the disk; blocks. Those with which that failed, and why;
        their names then are not. OSError for all of them, also once it is closed.

        sizes: bytes each has as it was written; one that has more or less now was changed by somebody, and fails.
        """
        folders, failed = set[Path](), dict[Path, OSError]()
        for path in sizes:  # of many, each waits for less then: thousands take half of the time
            if not self._closed:
                begin_writing(str(path), 0, 0)
        for path, size in sizes.items():
            if self._closed:
                raise OSError(errno.ECANCELED, "the built-in peer was stopped")
            try:
                _synchronize_at(path, _TO_SYNCHRONIZE, size)
            except OSError as error:
                failed[path] = error
            folders.add(path.parent)
        if SYNCHRONIZES and not failed:
            for folder in folders:
                _synchronize_at(folder, os.O_RDONLY)
        return failed

    def _synchronize(self) -> None:
        """Have the names in the folder on the disk; Windows keeps them without being asked."""
        if not SYNCHRONIZES:
            return
        number = self._number  # read once: it may be closed meanwhile
        try:
            if number >= 0:
                os.fsync(number)
        except OSError:
            if not self._closed:
                raise
        if number < 0 or self._closed:  # then it is not sure what was synchronized, if anything was
            _synchronize_at(self.folder, os.O_RDONLY)

    def _taken_over(self, part: Path, data: FileData, uids: tuple[str, str], *, durable: bool) -> FileData | None:
        """A large one that was received into a file as it is to be stored, under another name; None
        where it was not, or the file system has no second names."""
        if not data.offset or data.path.parent != self.incoming:
            return None
        head = datasets.file_meta(data.transfer_syntax, *uids)
        with data.path.open("rb+") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(data.offset) != head or size != len(head) + (data.length or 0):
                return None
            try:
                part.hardlink_to(data.path)
            except OSError:
                return None
            if durable:
                os.fsync(file.fileno())
        return FileData(part, data.offset, data.length, data.transfer_syntax)


def _synchronize_at(path: Path, flags: int, size: int | None = None) -> None:
    """size: bytes a file has to have; OSError otherwise."""
    number = os.open(path, flags)
    try:
        os.fsync(number)
        if size is not None and (now := os.fstat(number).st_size) != size:
            raise OSError(errno.EIO, f"a file of {size} bytes has {now} now: another program has changed it")
    finally:
        os.close(number)
