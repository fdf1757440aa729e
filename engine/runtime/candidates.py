"""What paths that are named stand for: files, folders, patterns, and what a DICOMDIR refers to."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from engine.model.quick import quick
from engine.model.reading import is_file, is_folder
from engine.standard.lean import dataclass
from engine.wire.dicomdir import Reference

from .places import is_quick, is_quick_file, known_quick


@dataclass(frozen=True, slots=True)
class Candidate:
    """A path to look at. named: outright, so that it is tried whatever it looks like. why: what is wrong with it
    already. told: what a DICOMDIR says of it. place: the absolute path, where it is known already. quick: it is on a
    disk of this computer, so that the loop may look at it."""

    path: Path
    named: bool = False
    why: str = ""
    told: Reference | None = None
    place: str = ""
    quick: bool = False


_candidate = quick(Candidate)
_name_of = attrgetter("name")


def candidates(path: Path) -> Iterator[Candidate | None]:
    """What a path the user gave stands for. None before each step that may take long."""
    yield None
    if is_folder(path):
        yield from _walk(path)
    elif is_file(path):
        yield Candidate(path, named=True, quick=is_quick_file(path))
    elif os.path.lexists(path):
        yield Candidate(path, why="It is no regular file.")
    elif glob.has_magic(str(path)):
        yield from _matches(path)
    else:
        yield Candidate(path, named=True)  # opening it says why


def _matches(pattern: Path) -> Iterator[Candidate | None]:
    """Files and folders a pattern fits, for shells that do not expand it and for ** everywhere."""
    found = sorted(glob.iglob(str(pattern), recursive=True))  # noqa: PTH207 - takes whole patterns, roots included
    whole = {m for m in found if is_folder(Path(m))} if pattern.name != "**" else set()
    for match in found:
        quick = _is_quick_again(Path(match).parent) and not Path(match).is_symlink()
        if not quick:
            yield None
        if match in whole:
            yield None
            yield from _walk(Path(match))
        elif not is_folder(Path(match)):
            yield _regular(Path(match), quick=quick)
    if not found:
        yield Candidate(pattern, why="No file fits this pattern.")


def _walk(folder: Path) -> Iterator[Candidate | None]:
    """Every file below a folder, by name, those of its folders after its own; a folder that cannot be read is told.
    Folders that are links are not gone into: they may lead back."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=_name_of)
    except OSError as error:
        yield _unreadable(error)
        return
    place = os.path.join(os.path.abspath(folder), "")  # noqa: PTH100, PTH118 - once for all in it
    folders = []
    quick = is_quick(folder)
    for entry in entries:
        if not quick or _may_lead_elsewhere(entry):
            yield None
        name = entry.name
        if _is_folder(entry):
            folders.append(entry)
        elif _is_plain(entry):
            yield _candidate(folder / name, place=place + name, quick=quick)
        else:
            yield _regular(folder / name, place + name)
    for entry in folders:
        if not entry.is_symlink():
            yield None
            yield from _walk(folder / entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads nowhere: opening it says so
        return False


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """A file and no link. Most folders have told so themselves, without a question to the disk."""
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:  # looking at it says why
        return False


def _may_lead_elsewhere(entry: os.DirEntry[str]) -> bool:
    """A link, or what cannot be told from one."""
    try:
        return entry.is_symlink()
    except OSError:
        return True


def _unreadable(error: OSError) -> Candidate:
    return Candidate(Path(error.filename), why=f"The folder cannot be read: {error.strerror or error}.")


def _is_quick_again(folder: Path) -> bool:
    known = known_quick(folder)
    return is_quick(folder) if known is None else known


def _regular(path: Path, place: str = "", *, quick: bool = False) -> Candidate:
    """A file found; opening anything else, such as a pipe, might never end."""
    if is_file(path) or not os.path.exists(path):  # noqa: PTH110 - opening says what hinders
        return _candidate(path, place=place, quick=quick)
    return Candidate(path, why="It is no regular file.")


def _plain(name: str) -> str:
    """A name as it is compared: a disc shows IM1 as im1, IM1. or IM1;1 (ISO 9660), and so do some DICOMDIRs."""
    return re.sub(r"\.?(;\d+)?$", "", name).casefold()


class DirectoryFolder:
    """The folder of a DICOMDIR: finds a file by its File ID, which file systems do not always keep as it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, tuple[frozenset[str], dict[str, str]]] = {}

    def find(self, reference: Reference) -> Candidate:
        """The file a directory record refers to, or why there is none."""
        path = self._folder
        for component in reference.file_id:
            if component in ("", ".", "..") or any(c in component for c in "/\\:\0"):
                said = "\\".join(reference.file_id)
                why = f"The File ID {said} in the DICOMDIR cannot name a file (PS3.10 8.2)."
                return Candidate(self._folder / said.replace("\0", ""), why=why)
            path /= self._name(path, component)
        if not is_file(path):
            return Candidate(path, why="The DICOMDIR refers to this file, which is not there.")
        return Candidate(path, named=True, told=reference)

    def _name(self, folder: Path, component: str) -> str:
        """The name of an entry as it is on the disk."""
        if folder not in self._names:
            try:
                names = frozenset(entry.name for entry in folder.iterdir())
            except OSError:
                names = frozenset()
            self._names[folder] = names, {_plain(name): name for name in sorted(names)}
        exact, plain = self._names[folder]
        return component if component in exact else plain.get(_plain(component), component)
