"""File work of the engine: received instances in a folder, large data sets on their way to it."""

from __future__ import annotations

import asyncio
import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from engine.model.dataset import DataSet, EncodedData, FileData, Unkept
from engine.model.file_names import is_plain_uid, uid_stem
from engine.model.limits import KIB, MIB, USUAL, Limits, named
from engine.services.effects import Instance
from engine.services.instances import instance_from
from engine.standard.lean import dataclass
from engine.standard.transfer_syntaxes import is_deflated
from engine.wire import datasets
from engine.wire.element_walk import ElementWalk, walk_of
from engine.wire.framer import Unfinished
from engine.wire.pdus import Buffer

from .outgoing import size_of
from .room import LOOK_AFTER, disk_problem
from .temporary_files import Owner, new_name, prefix, sweep_left

if TYPE_CHECKING:
    from .association import Association
    from .invocation import Invocation

LARGEST_INFLATED = 16 * MIB
"""Bytes that a deflated data set that is no instance to store becomes at most, whatever the limits say: decoded, many
small elements take thirty times their bytes, and a kilobyte of the peer's would become a gigabyte of ours."""
LONG, LONG_FRONT = 128 * KIB, 32 * KIB
"""Bytes of a data set from which on it is decoded in another thread, and of what is read of an instance to store,
dozens of which may come in one PDU: where all are elements without a value,
these take a tenth and a hundredth of a second."""
MOST_HEADS = 2000
"""Elements and items looked at to find where the pixel data of an instance begin."""
EARLY = 4 * MIB
"""Bytes from which on an instance that is to be stored is written while it comes, whatever more may be in memory: its
sender waits for what is left to write at its end."""
STRETCH, LONGEST_STRETCH = 8 * MIB, 32 * MIB
"""Bytes of a large instance after which the disk is set to work on them while more comes, at first and at most:
synchronizing all of it at the end would leave it idle until then. Each time costs two turns of threads; so many of them
as a gigabyte has of the former took a tenth of what receiving it does."""
TOGETHER = 512 * MIB
"""Bytes of data sets under way that stay in memory on all connections together, or the limit `memory` where that is
more: four messages of 16 MiB on each of 64 associations would be 4 GiB. Nobody who sends them one after the other
comes near it with fewer than 32 large ones at the same time."""
COUNTED = 64 * KIB
"""Bytes of one from which on it counts there."""
Elsewhere = Callable[[Callable[[str, int, int], None], str, int, int], asyncio.Future[None]]
"""Has a function called with these in another thread."""


class Spool:
    """Takes a data set's fragments: memory first, a temporary file once it grows (the sink of the reassembler).

    Where the file cannot be written, or would take the last of the disk, the rest is let pass by and `close` gives
    an `Unkept`, so that the message can be answered.

    held: counts what all that share it have in memory; beyond `TOGETHER` the one that grows goes to its file.
    head: what the file begins with, before the data set, so that the archive can take it as it is; elsewhere: how what
    is to be on the disk when that has taken it is begun to be written before.
    """

    def __init__(
        self,
        transfer_syntax: str,
        folder: Path | None = None,
        limits: Limits = USUAL,
        head: Callable[[], bytes] | None = None,
        elsewhere: Elsewhere | None = None,
        held: Unfinished | None = None,
    ) -> None:
        self._held = held or Unfinished()
        self._counted = 0
        self._most_together = max(TOGETHER, limits.memory)
        self._head = head
        self._offset = 0
        self._elsewhere = elsewhere
        self._begun_to = 0
        self._beginning: asyncio.Future[None] | None = None
        self._syntax = transfer_syntax
        self._limits = limits
        self._most_in_memory = limits.memory if head is None else min(limits.memory, EARLY)
        self._problem = ""
        self._unseen = LOOK_AFTER
        self._folder = folder
        self._memory = BytesIO()  # gives what it holds without another copy, unlike a list to be joined
        self._size = 0
        self._file: IO[bytes] | None = None

    def write(self, data: bytes | memoryview) -> None:
        self._size += len(data)
        if self._problem:
            return
        if self._file is None:
            self._memory.write(data)
            if self._size <= self._most_in_memory and (self._size < COUNTED or self._count(self._size)):
                return
        try:
            self._write_out((data,), len(data))
        except OSError as error:
            self._give_up(reason(error))

    def _count(self, size: int) -> bool:
        """So much is in memory from now on; whether there is room for it."""
        self._held.size += size - self._counted
        self._counted = size
        return self._held.size <= self._most_together

    def __del__(self) -> None:
        """Whoever wrote to it failed."""
        self._count(0)

    def write_all(self, pieces: Sequence[Buffer]) -> None:
        """As `write`, in one system call where that can be."""
        if self._file is None or self._problem:
            for piece in pieces:
                self.write(memoryview(piece))
            return
        size = sum(map(len, pieces))
        self._size += size
        try:
            self._write_out(pieces, size)
        except OSError as error:
            self._give_up(reason(error))

    def _write_out(self, pieces: Sequence[Buffer], size: int) -> None:
        self._unseen += size
        if self._unseen >= LOOK_AFTER:
            self._unseen = 0
            if problem := disk_problem(self._folder, self._size if self._file is None else 0, self._limits.disk_left):
                self._give_up(problem)
                return
        if self._file is None:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
            self._file = self._begun()
            memory, self._memory = self._memory, BytesIO()
            self._count(0)
            pieces = (memory.getbuffer(),)  # what is to be written is in it
        datasets.put(self._file.fileno(), pieces)
        if self._elsewhere is not None:
            stretch = min(max(STRETCH, self._size // 8), LONGEST_STRETCH)
            if self._size - self._begun_to >= stretch:
                self._begin_writing(self._elsewhere, self._file.name)

    def _begin_writing(self, elsewhere: Elsewhere, path: str) -> None:
        """Have the disk begin with what it has not been given yet, unless it has enough to do."""
        if self._beginning is None or self._beginning.done():
            begin, self._begun_to = self._begun_to, self._size
            with suppress(RuntimeError):  # the loop is about to end
                self._beginning = elsewhere(begin_writing, path, begin, self._size - begin)

    def _begun(self) -> IO[bytes]:
        """The file, with its head; where it is to stay, with the permissions of a stored one."""
        if self._folder is not None and self._head is not None:
            head = self._head()
            file = (self._folder / f"dimse-console-{uuid.uuid4().hex}.part").open("xb", buffering=0)
            self._offset = len(head)
            datasets.put(file.fileno(), (head,))
            return file
        sweep_left(self._folder or Path(tempfile.gettempdir()))
        return tempfile.NamedTemporaryFile(buffering=0, prefix=prefix(), suffix=".part", dir=self._folder, delete=False)

    def _give_up(self, problem: str) -> None:
        self._problem = problem
        self.discard()

    def close(self) -> EncodedData | FileData:
        if self._file is not None:
            try:
                self._file.close()  # what is buffered is written now
            except OSError as error:
                self._give_up(reason(error))
            else:
                if not os.path.lexists(self._file.name):
                    self._give_up("its file was deleted, or its folder moved, while it came")
        self._count(0)
        if self._problem:
            return Unkept(b"", self._syntax, self._problem)
        if self._file is None:
            return EncodedData(self._memory.getvalue(), self._syntax)
        path = Path(self._file.name)
        return FileData(path, self._offset, self._size, self._syntax, Owner(path))

    def discard(self) -> None:
        """Throw away what was received of a message that never became whole."""
        self._memory = BytesIO()
        self._count(0)
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # what was buffered does not go out any more
                file.close()
            with suppress(OSError):
                Path(file.name).unlink(missing_ok=True)


def begin_writing(path: str, offset: int, count: int) -> None:
    """Have the system begin to write these bytes of a file (count 0: all from there) to the disk, where it can be told
    to; blocks while the disk takes them in, not until they are written. What goes wrong is met by whoever synchronizes
    the file: only the first who does is told, so that nobody asks here. The file may be gone.
    """
    if not hasattr(os, "posix_fadvise"):
        return
    with suppress(OSError):
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:  # Linux writes what is not to be kept in memory, and keeps it until it is written
            os.posix_fadvise(file, offset, count, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)


def in_memory(data: EncodedData | FileData, most: int = USUAL.decoded) -> bytes:
    """The bytes of a received data set that is to be decoded as a whole. Raises DataSetError when its file cannot be
    read, or it was not kept; LimitError when it has more than `most` bytes."""
    if isinstance(data, Unkept):
        raise datasets.DataSetError(f"The data set was not kept: {data.problem}.")
    if size_of(data) > most:
        what = f"The data set has {size_of(data)} bytes; {most} are decoded at most{named('decoded', most)}."
        raise datasets.LimitError(what)
    return data.data if isinstance(data, EncodedData) else datasets.load_file(data).data


def decoded(data: EncodedData | FileData, transfer_syntax_uid: str, limits: Limits) -> DataSet:
    """A received data set that is no instance to store, as a whole. Raises DataSetError, LimitError as `in_memory`, and
    where it makes no sense or inflates too far."""
    if limits.inflated <= LARGEST_INFLATED:
        return datasets.decode_dataset(in_memory(data, limits.decoded), transfer_syntax_uid, limits=limits)
    try:
        bounded = replace(limits, inflated=LARGEST_INFLATED)
        return datasets.decode_dataset(in_memory(data, limits.decoded), transfer_syntax_uid, limits=bounded)
    except datasets.LimitError as error:  # which no setting raises
        raise datasets.LimitError(str(error).replace(named("inflated"), "")) from None


def takes_long(data: EncodedData | FileData | None, transfer_syntax_uid: str, long: int = LONG) -> bool:
    """Whether a data set is to be decoded beside the loop: it is deflated, of which 1 KB can take a second, or has more
    than `long` bytes. Nearly all of it may be elements without a value, or items."""
    return is_deflated(transfer_syntax_uid) or (data is not None and size_of(data) > long)


def instance_takes_long(data: EncodedData | FileData | None, transfer_syntax_uid: str) -> bool:
    """Whether what is read of an instance to store, all before its pixel data, is to be read beside the loop."""
    if not takes_long(data, transfer_syntax_uid, LONG_FRONT):
        return False
    walk = walk_of(transfer_syntax_uid, MOST_HEADS) if isinstance(data, EncodedData) else None
    if not isinstance(data, EncodedData) or not isinstance(walk, ElementWalk):
        return True
    walk.feed(data.data)
    return walk.lost or walk.front > LONG_FRONT


async def decoded_beside(data: EncodedData | FileData, transfer_syntax_uid: str, limits: Limits) -> DataSet:
    """As `decoded`, of one that takes long in another thread."""
    if not takes_long(data, transfer_syntax_uid):
        return decoded(data, transfer_syntax_uid, limits)
    return await asyncio.to_thread(decoded, data, transfer_syntax_uid, limits)


async def decoded_response(
    association: Association, invocation: Invocation, data: EncodedData | FileData
) -> DataSet | None:
    """The data set of a response on an association that was negotiated; None where its context was not. The peer's next
    bytes wait meanwhile: decoded in the loop it would have had them wait too. Raises as `decoded`."""
    assert association.negotiated is not None
    context = association.negotiated.context(invocation.context_id)
    if context is None:
        return None
    held = takes_long(data, context.transfer_syntax) and association.link.hold_back(invocation.operation)
    try:
        return await decoded_beside(data, context.transfer_syntax, association.limits)
    finally:
        if held:
            association.link.read_on(invocation.operation)


def looks_like_dicom(path: Path) -> bool:
    """Whether a file has the DICOM prefix (PS3.10 7.1); an unreadable one is said to, so that it is not passed over."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return True


def file_name(uid: str) -> str:
    """The file of an instance, named after the UID a peer sent."""
    return f"{uid if is_plain_uid(uid) else uid_stem(uid, 'instance')}.dcm"


@dataclass(slots=True)
class Discarding:
    """Takes instances and forgets them."""

    def add(self, instance: Instance) -> str:
        return ""

    def find(self, sop_instance_uid: str) -> Instance | None:
        return None

    def instances(self) -> Iterable[Instance]:
        return ()


class FolderStore:
    """Received instances as PS3.10 files, data sets bit for bit. A file has its name only when it is whole."""

    def __init__(self, folder: Path, limits: Limits = USUAL) -> None:
        self.folder = folder
        self._limits = limits
        self._held: dict[str, Instance] = {}

    def load(self, stop: Callable[[], bool] = lambda: False) -> list[str]:
        """Read what the folder holds already, until `stop` says so; a sentence for each file that cannot be read."""
        problems: list[str] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.folder.rglob("*.dcm")):
            if stop():
                break
            try:
                header = datasets.open_file(path)
                instance = instance_from(header.sop_class_uid, header.sop_instance_uid, header.data, self._limits)
            except datasets.DataSetError as error:
                problems.append(str(error))
            else:
                self._held[instance.sop_instance_uid] = instance
        return problems

    def add(self, instance: Instance) -> str:
        path = self.folder / file_name(instance.sop_instance_uid)
        part = self.folder / new_name()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            sweep_left(self.folder)
            datasets.write_instance(part, instance.data, instance.sop_class_uid, instance.sop_instance_uid)
            part.replace(path)
            self._held[instance.sop_instance_uid] = replace(instance, data=datasets.open_file(path).data)
        except (OSError, datasets.DataSetError) as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            return f"cannot store: {reason(error, instance.data)}"
        return ""

    def find(self, sop_instance_uid: str) -> Instance | None:
        return self._held.get(sop_instance_uid)

    def instances(self) -> Iterable[Instance]:
        return tuple(self._held.values())


def reason(error: Exception, data: EncodedData | FileData | None = None) -> str:
    """What the system says went wrong with these, without the path: a peer reads it in an Error Comment of 64
    characters, and has no business with our folders."""
    for cause in (error, error.__cause__):
        if isinstance(cause, FileExistsError | NotADirectoryError):  # where an instance goes, or its folder is made
            return "a file has the folder's name"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return datasets.without_path(error, data) if isinstance(error, datasets.DataSetError) else str(error)
