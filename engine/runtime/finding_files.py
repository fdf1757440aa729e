"""Looking at what there is to store (`candidates`): what each file is and why it cannot go."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from time import perf_counter

from engine.model.commands import PlanStore, StoreFiles
from engine.model.quick import quick
from engine.model.storing import FileState, PlannedFile
from engine.standard.dictionary import uid_name
from engine.standard.sop_classes import sop_class
from engine.wire import datasets
from engine.wire.datasets import DataSetError, FileHeader
from engine.wire.dicomdir import Reference, references

from .beside import beside
from .candidates import Candidate, DirectoryFolder, candidates
from .files import looks_like_dicom
from .operations import Operation

LOOK = 0.25
"""Seconds between two reports of how many files were found: often enough to be seen moving."""
GIVEN_UP = 2.0
"""Seconds a disk has to answer once it was cancelled."""
LOOKING = "Looking for files to store."
STRETCH = 16
"""Steps the thread takes at first, which tell nothing yet of how quick the disk is."""
SLICE = 0.001
"""Seconds the loop looks at files until others have their turn."""
QUICK, SLOW = 0.002, 2
"""Seconds the loop may take for a file; so many in succession that took longer, and the thread goes on: one may be
chance."""
IS_DIRECTORY = "A DICOMDIR is no instance to store; named by itself, the files it refers to are stored."


_planned_file = quick(PlannedFile)


async def found_files(command: PlanStore | StoreFiles, operation: Operation) -> list[PlannedFile]:
    """The files a command names, looked at with progress; fewer when the operation is cancelled.

    A thread looks at whatever may take long, the loop at files whose first bytes say enough: a thread gives the
    interpreter up for each of them several times, and has the loop wait as often until it has it back.
    """
    finder = Finder(command.paths, duplicates=command.options.duplicates, stop=lambda: operation.cancelled)
    loop, stretch, told = asyncio.get_running_loop(), STRETCH, perf_counter()
    while not finder.done:
        looking = loop.create_task(beside(finder.look_at, stretch))
        stretch *= 2  # so that the loop tries rarely what it cannot do
        while not (await asyncio.wait({looking}, timeout=LOOK))[0]:
            if operation.cancelled and perf_counter() - told > GIVEN_UP:  # the disk does not answer
                return list(finder.files)
            if not operation.cancelled:
                operation.progress(len(finder.files), sentence=LOOKING)
                told = perf_counter()
        await looking
        while finder.look_quickly(SLICE):
            if perf_counter() - told >= LOOK:
                operation.progress(len(finder.files), sentence=LOOKING)
                told = perf_counter()
            await asyncio.sleep(0)  # the associations have their turn
    return finder.files


class Finder:
    """Looks at everything below the paths; `files` grows meanwhile. For one thread at a time."""

    def __init__(
        self, paths: Iterable[Path], *, duplicates: bool = False, stop: Callable[[], bool] = lambda: False
    ) -> None:
        self.files: list[PlannedFile] = []
        self.done = False
        """Everything was looked at, or it was to stop."""
        self._duplicates = duplicates
        self._stop = stop
        self._coming = chain.from_iterable(map(candidates, paths))
        self._seen: set[str] = set()
        self._instances: dict[str, int] = {}

    def run(self) -> None:
        """To the end, or until it is to stop. Reads headers and structure, no long value."""
        while not self.done:
            self.look_at(STRETCH)

    def look_at(self, count: int) -> None:
        """Go on by so many steps."""
        for _ in range(count):
            while (candidate := self._next()) is None:
                if self.done:
                    return
            self._look(candidate)

    def look_quickly(self, seconds: float) -> bool:
        """Go on for so long with files in a folder that is listed already and whose first bytes say enough. False where
        something else comes, or the disk is slow."""
        began = now = perf_counter()
        slow = 0
        while slow < SLOW and now - began < seconds:
            candidate = self._next()
            if candidate is None:
                return False
            if not self._looked_quickly(candidate):
                self._coming = chain((candidate,), self._coming)
                return False
            before, now = now, perf_counter()
            slow = slow + 1 if now - before > QUICK else 0
        return slow < SLOW

    def _next(self) -> Candidate | None:
        """None where looking for the next may take long, and at the end."""
        if not self._stop():
            for candidate in self._coming:
                return candidate
        self.done = True
        return None

    def _look(self, candidate: Candidate) -> None:
        if not self._is_new(candidate):
            return
        if candidate.why:
            self._add(candidate.path, FileState.CANNOT_GO, candidate.why)
            return
        try:
            header = datasets.examined(candidate.path)
        except DataSetError as error:
            self._turn_down(candidate, str(error).removeprefix(f"{candidate.path}: "))
            return
        if header.is_directory:
            self._take_directory(candidate, header)
        elif header.sop_class_uid and header.sop_instance_uid:
            self._take(header, candidate.told)
        else:
            self._turn_down(candidate, "It has no SOP Class UID or no SOP Instance UID, so it is no instance to store.")

    def _looked_quickly(self, candidate: Candidate) -> bool:
        """As `_look`; False where that may take long: nothing has happened then."""
        if candidate.why or not candidate.quick:
            return False
        header = datasets.examined_at_once(candidate.path)
        if header is None or header.is_directory or not header.sop_class_uid or not header.sop_instance_uid:
            return False
        if header.sop_instance_uid in self._instances:  # their data are compared
            return False
        if self._is_new(candidate):
            self._take(header, candidate.told)
        return True

    def _is_new(self, candidate: Candidate) -> bool:
        """Whether it was not looked at yet: the same path may be named twice, or be in a folder that is named too."""
        place = candidate.place or os.path.abspath(candidate.path)  # noqa: PTH100 - resolve() asks the disk for each part
        if place in self._seen:
            return False
        self._seen.add(place)
        return True

    def _turn_down(self, candidate: Candidate, why: str) -> None:
        """No instance: a mistake where it was named or says that it is DICOM, else another kind of file."""
        meant = candidate.named or candidate.told is not None or looks_like_dicom(candidate.path)
        why = why[:1].upper() + why[1:]
        self._add(candidate.path, FileState.CANNOT_GO if meant else FileState.PASSED_OVER, why)

    def _take_directory(self, candidate: Candidate, header: FileHeader) -> None:
        if not candidate.named:
            self._add(candidate.path, FileState.PASSED_OVER, IS_DIRECTORY)
            return
        try:
            refers = references(header)
        except DataSetError as error:
            why = str(error).removeprefix(f"{candidate.path}: ")
            self._add(candidate.path, FileState.CANNOT_GO, f"The DICOMDIR cannot be read: {why}")
            return
        if not refers:
            self._add(candidate.path, FileState.CANNOT_GO, "The DICOMDIR refers to no file.")
            return
        folder = DirectoryFolder(candidate.path.parent)
        for reference in refers:
            if self._stop():
                return
            self._look(folder.find(reference))

    def _take(self, header: FileHeader, told: Reference | None) -> None:
        """An instance, unless another file of the set is the same one."""
        first = self._instances.setdefault(header.sop_instance_uid, len(self.files))
        state, why = FileState.PLANNED, ""
        if first < len(self.files) and not self._duplicates:
            other = self.files[first]
            if _same_data(header, other):
                state, why = FileState.PASSED_OVER, f"The same instance, byte for byte, as {other.path}."
            else:
                state, why = FileState.CANNOT_GO, f"{other.path} has the same SOP Instance UID and other data."
        self._add(header.path, state, why, header, told)

    def _add(
        self,
        path: Path,
        state: FileState,
        why: str = "",
        header: FileHeader | None = None,
        told: Reference | None = None,
    ) -> None:
        number = len(self.files)
        if header is None:
            self.files.append(_planned_file(number=number, path=path, state=state, why=why))
            return
        file = _planned_file(
            number=number,
            path=path,
            state=state,
            why=why,
            note=" ".join(_notes(header, told)) if state is FileState.PLANNED else "",
            cut=bool(header.cut),
            sop_class_uid=header.sop_class_uid,
            sop_instance_uid=header.sop_instance_uid,
            transfer_syntax=header.transfer_syntax,
            offset=header.data_offset,
            length=header.length,
            modified=header.modified,
        )
        self.files.append(file)


def _notes(header: FileHeader, told: Reference | None) -> Iterator[str]:
    """What is odd about a file that is sent all the same."""
    if header.cut:
        yield f"{header.cut} It is sent as it is."
    if header.note:
        yield header.note
    row = sop_class(header.sop_class_uid)
    if row is not None and "storage" not in row.kind:
        yield f"{row.name} is no storage SOP class."
    if told is None:
        return
    for what, said, has in (
        ("SOP Class UID", told.sop_class_uid, header.sop_class_uid),
        ("SOP Instance UID", told.sop_instance_uid, header.sop_instance_uid),
        ("transfer syntax", told.transfer_syntax, header.transfer_syntax),
    ):
        if said and said != has:
            yield f"The DICOMDIR tells {what} {_named(said)}, the file has {_named(has)}."


def _named(uid: str) -> str:
    name = uid_name(uid)
    return f"{uid} ({name})" if name else uid


def _same_data(header: FileHeader, other: PlannedFile) -> bool:
    """Whether both have the same data set bytes; a file that cannot be read any more has not."""
    if (header.length, header.transfer_syntax) != (other.length, other.transfer_syntax):
        return False
    try:
        pairs = zip(datasets.file_chunks(header.data), datasets.file_chunks(other.data), strict=False)
        return all(mine == its for mine, its in pairs)
    except DataSetError:
        return False
