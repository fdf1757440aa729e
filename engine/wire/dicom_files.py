"""DICOM files (PS3.10 7): finding the data set in one, and taking its bytes as they are. `file_writing` writes them."""

from __future__ import annotations

import errno
import os
import stat
import zlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import IO

from engine.model.dataset import EncodedData, FileData
from engine.model.quick import quick
from engine.model.reading import regular
from engine.standard.lean import dataclass
from engine.standard.transfer_syntaxes import EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE, transfer_syntax

from .data_reader import LONG_VRS, SHORT_VRS, RawElement, Reader, Source
from .errors import DataSetError
from .file_front import FRONT, plain_front
from .pdus import strip

PREAMBLE = 128
PREFIX = b"DICM"
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
"""SOP class of a DICOMDIR, which is a file but no composite instance to be stored."""
_GROUP_LENGTH, SOP_CLASS, SOP_INSTANCE, SYNTAX = 0x00020000, 0x00020002, 0x00020003, 0x00020010
_AFTER_META = 0x00030000
_OWN_CLASS, _OWN_INSTANCE = 0x00080016, 0x00080018
_AFTER_SOP_INSTANCE = 0x00080019
_CHUNK = 1 << 20
_FRONT = 4096
"""Bytes read at once in front: what a file is and where its data set begins stands there."""
_SHORT = 64
"""Bytes of an element that structure may hang on: a header, a private creator's name."""
_HEAD = 1 << 16
"""Bytes of a deflated data set looked at for what it is; group 0008H begins it."""
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
"""A pipe nobody writes to is not waited for; files know no such wait."""
CHANGED = "the file has changed since it was looked at"
_META_LIMIT = 1 << 20
"""Bytes of File Meta Information looked at; real ones have a few hundred."""


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What a file's header says. data_offset, length: where the data set is, in bytes. cut: a sentence when the data
    set was found to break off (`checked`). note: what is odd about its File Meta Information, in words. modified: when
    the file was changed last, in ns since the epoch."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    data_offset: int
    length: int
    cut: str = ""
    note: str = ""
    modified: int = 0

    @property
    def is_directory(self) -> bool:
        """Whether it is a DICOMDIR."""
        return self.sop_class_uid == MEDIA_STORAGE_DIRECTORY

    @property
    def data(self) -> FileData:
        """The data set in the file."""
        return FileData(self.path, self.data_offset, self.length, self.transfer_syntax)


_file_header = quick(FileHeader)


class FileSource:
    """A file that is sliced like bytes up to `end`; what is not asked for is not read. OSError when it is shorter."""

    def __init__(self, file: IO[bytes], end: int, front: bytes | None = None) -> None:
        self._file = file
        self._end = end
        self._front = file.read(_FRONT) if front is None else front

    def upto(self, end: int) -> FileSource:
        """The same file, ending earlier."""
        return FileSource(self._file, min(end, self._end), self._front)

    def __len__(self) -> int:
        return self._end

    def __getitem__(self, place: slice, /) -> bytes:
        start, stop, _ = place.indices(self._end)
        if stop <= len(self._front):
            return self._front[start:stop]
        count = max(0, stop - start)
        self._file.seek(start)
        data = self._file.read(count)
        if len(data) < count:
            raise OSError(errno.EIO, "the file ends before its data set does")
        return data


class _Skimmed(FileSource):
    """A file of which only short pieces are read: enough to follow its structure."""

    def __getitem__(self, place: slice, /) -> bytes:
        start, stop, _ = place.indices(len(self))
        return super().__getitem__(place) if stop - start <= _SHORT else b""


def problem(path: Path, error: OSError | str) -> DataSetError:
    """The error about a file, as a sentence that names it."""
    text = error if isinstance(error, str) else error.strerror or str(error)
    return DataSetError(f"{path}: {text.rstrip('.')}.")


def open_file(path: Path) -> FileHeader:
    """Read a file's header: preamble and meta information, or their absence. DataSetError names file and reason."""
    path = Path(path)
    try:
        with open(path, "rb", opener=regular) as file:
            told = os.fstat(file.fileno())
            return _header(path, FileSource(file, told.st_size), told.st_mtime_ns)
    except OSError as error:
        raise problem(path, error) from None


def examined(path: Path) -> FileHeader:
    """`checked(open_file(path))`, of a file with which nothing is wrong in one read."""
    return examined_at_once(path) or checked(open_file(path))


def examined_at_once(path: Path) -> FileHeader | None:
    """The same, of a file whose first bytes tell that nothing is wrong with it; None where more has to be read."""
    try:
        file = os.open(path, _READ)
        try:
            told = os.fstat(file)
            size = told.st_size
            front = os.read(file, FRONT)
        finally:
            os.close(file)
    except OSError:
        return None
    plain = plain_front(front, size) if len(front) == min(size, FRONT) else None
    if plain is None:
        return None
    meta, found, offset = plain.meta, plain.found, plain.offset
    sop_class, sop_instance, note = _told(meta, found)
    length, modified = size - offset, told.st_mtime_ns
    return _file_header(path, sop_class, sop_instance, meta[SYNTAX], offset, length, note=note, modified=modified)


def checked(header: FileHeader) -> FileHeader:
    """The header with `cut` told: what is wrong with the structure of the data set and where, reading no long value."""
    row = transfer_syntax(header.transfer_syntax)
    if row is None:
        return header
    if row.deflated:
        return header if _inflates(header) else replace(header, cut=NOT_DEFLATED)
    try:
        with open(header.path, "rb", opener=regular) as file:
            source = _Skimmed(file, header.data_offset + header.length)
            reader = Reader(source, implicit_vr=row.implicit_vr, little_endian=row.little_endian)
            reader.read(header.data_offset)
    except OSError as error:
        raise problem(header.path, error) from None
    if reader.failure is None:
        return header
    text, offset = reader.failure
    return replace(header, cut=f"The data set is cut or broken at byte {offset} of the file: {text}.")


NOT_DEFLATED = "The data set is cut, or not deflated as its transfer syntax says (RFC 1951)."


def _inflates(header: FileHeader) -> bool:
    """Whether a deflated data set inflates to its end; a piece at a time, nothing is kept."""
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        for chunk in file_chunks(header.data):
            rest, more = chunk, True
            while more and not inflater.eof:
                size = len(inflater.decompress(rest, _CHUNK))
                rest = inflater.unconsumed_tail
                more = len(rest) > 0 or size == _CHUNK  # what it has read may give more than that
    except zlib.error:
        return False
    return inflater.eof


def _header(path: Path, source: FileSource, modified: int) -> FileHeader:
    if not len(source):
        raise problem(path, "the file is empty")
    start = PREAMBLE + len(PREFIX) if source[PREAMBLE : PREAMBLE + len(PREFIX)] == PREFIX else 0
    meta, offset = _meta(source, start)
    values = {e.tag: strip(e.value.decode("latin-1")) for e in meta}
    syntax = values.get(SYNTAX, "") or _guess_syntax(path, source, offset, prefixed=bool(start or meta))
    # Where meta information and data set disagree, the data set is what travels and what the receiver compares.
    found = _identity(source, offset, syntax)
    sop_class, sop_instance, note = _told(values, found)
    length = len(source) - offset
    return FileHeader(path, sop_class, sop_instance, syntax, offset, length, note=note, modified=modified)


def _told(meta: dict[int, str], found: dict[int, str]) -> tuple[str, str, str]:
    """SOP Class and Instance UID, of the data set where it has them, and what is odd about the meta information."""
    sop_class = found.get(_OWN_CLASS) or meta.get(SOP_CLASS, "")
    sop_instance = found.get(_OWN_INSTANCE) or meta.get(SOP_INSTANCE, "")
    return sop_class, sop_instance, _note(meta, sop_class, sop_instance)


def _note(meta: dict[int, str], sop_class: str, sop_instance: str) -> str:
    """How the File Meta Information departs from what the data set says."""
    if not meta:
        return "It has no File Meta Information; the transfer syntax is told by its first bytes."
    differ = [
        f"{name} {meta[tag]}"
        for tag, name, own in (
            (SOP_CLASS, "SOP Class UID", sop_class),
            (SOP_INSTANCE, "SOP Instance UID", sop_instance),
        )
        if meta.get(tag, own) != own
    ]
    if differ:
        return f"Its File Meta Information says {' and '.join(differ)}; what its data set says is sent."
    return (
        "" if meta.get(SYNTAX) else "Its File Meta Information has no transfer syntax; it is told by the first bytes."
    )


def _identity(source: FileSource, offset: int, syntax: str) -> dict[int, str]:
    """SOP Class and Instance UID in the data set itself, as far as it can be read."""
    row = transfer_syntax(syntax)
    if row is None:
        return {}
    try:
        where: Source = source
        if row.deflated:
            inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
            where, offset = inflater.decompress(source[offset : offset + _HEAD], _HEAD), 0
        reader = Reader(
            where, implicit_vr=row.implicit_vr, little_endian=row.little_endian, stop_at=_AFTER_SOP_INSTANCE
        )
        elements = reader.read(offset)
    except (DataSetError, OSError, zlib.error):
        return {}
    if elements and reader.failure is not None and reader.failure[1] == elements[-1].start:
        elements = elements[:-1]  # a UID that the file ends in is none
    return {e.tag: strip(e.value.decode("latin-1")) for e in elements if e.tag in (_OWN_CLASS, _OWN_INSTANCE)}


def _meta(source: FileSource, start: int) -> tuple[list[RawElement], int]:
    """File meta elements and the offset of the data set: by the group length where that ends an element, else where
    another group begins."""
    if source[start : start + 2] != b"\x02\0":
        return [], start
    source = source.upto(start + _META_LIMIT)
    reader = Reader(source, implicit_vr=False, little_endian=True, stop_at=_AFTER_META)
    meta = [e for e in reader.read(start) if e.tag >> 16 == 2]
    ends = [e.end for e in meta]
    if meta and meta[0].tag == _GROUP_LENGTH:
        told = meta[0].end + int.from_bytes(meta[0].value, "little")
        if told in ends:
            return [e for e in meta if e.end <= told], told
    return meta, ends[-1] if ends else start


def _guess_syntax(path: Path, source: FileSource, offset: int, *, prefixed: bool) -> str:
    """The transfer syntax of a file that does not tell it, by its first element."""
    head = source[offset : offset + 8]
    explicit = head[4:6].decode("latin-1") in SHORT_VRS | LONG_VRS
    if prefixed:
        return EXPLICIT_VR_LE if explicit or not head else IMPLICIT_VR_LE
    little, big, length = head[:2], head[1::-1], int.from_bytes(head[4:8], "little")
    if explicit and _is_first_group(little):
        return EXPLICIT_VR_LE
    if explicit and _is_first_group(big):
        return EXPLICIT_VR_BE
    if len(head) == 8 and _is_first_group(little) and length <= len(source) - offset - 8:
        return IMPLICIT_VR_LE
    raise problem(path, f"not a DICOM file: it has no DICM prefix and begins with no data element ({head.hex(' ')})")


def _is_first_group(number: bytes) -> bool:
    """Whether a little endian group number is one a composite instance's data set may begin with."""
    return 0x0004 <= int.from_bytes(number, "little") <= 0x0040


def located(data: FileData) -> FileData:
    """With offset, length and transfer syntax, read from the file where they are not told. DataSetError."""
    if data.offset is not None and data.length is not None and data.transfer_syntax:
        return data
    header = open_file(data.path)
    offset = header.data_offset if data.offset is None else data.offset
    length = header.data_offset + header.length - offset if data.length is None else data.length
    return replace(data, offset=offset, length=length, transfer_syntax=data.transfer_syntax or header.transfer_syntax)


def file_chunks(data: FileData, size: int = _CHUNK) -> Generator[bytes, None, None]:
    """The data set's bytes as they are in the file, `size` at a time. DataSetError when there are fewer than told, or
    the file has been changed since: before the last of them at the latest."""
    place = located(data)
    left = place.length or 0
    end = (place.offset or 0) + left
    try:
        with open(place.path, "rb", buffering=0, opener=regular) as file:
            file.seek(place.offset or 0)
            _as_it_was(file, place, end)
            if (missing := end - os.fstat(file.fileno()).st_size) > 0:  # before any of it has gone
                raise problem(place.path, f"the file ends {missing} bytes before its data set does")
            while left:
                chunk = file.read(min(size, left))
                if not chunk:
                    raise problem(place.path, f"the file ends {left} bytes before its data set does")
                left -= len(chunk)
                if not left:
                    _as_it_was(file, place, end)
                yield chunk
    except OSError as error:
        raise problem(place.path, error) from error


def _as_it_was(file: IO[bytes], place: FileData, end: int) -> None:
    """DataSetError when a file whose data set ends at `end` is not the one that was looked at any more."""
    told = os.fstat(file.fileno())  # a shorter one tells by itself
    changed = place.modified and told.st_mtime_ns != place.modified and told.st_size >= end
    if changed or (place.to_end and told.st_size > end):
        raise problem(place.path, CHANGED)


def read_file_into(path: Path, offset: int, room: memoryview, modified: int = 0) -> bool:
    """Fill `room` with a file's bytes from `offset`; whether that was possible and, by its time (0: any), it still is
    the file it was."""
    try:
        file = os.open(path, _READ)
        try:
            if _read_at(file, room, offset) != len(room):
                return False
            told = os.fstat(file)
            return (not modified or told.st_mtime_ns == modified) and stat.S_ISREG(told.st_mode)
        finally:
            os.close(file)
    except OSError:
        return False


def _read_at(file: int, room: memoryview, offset: int) -> int:
    """Bytes read, as many as are wanted where the file has them."""
    if hasattr(os, "preadv"):
        return os.preadv(file, [room], offset)
    os.lseek(file, offset, os.SEEK_SET)
    with open(file, "rb", buffering=0, closefd=False) as stream:
        return stream.readinto(room) or 0


def load_file(data: FileData) -> EncodedData:
    """The data set of a file in memory. DataSetError."""
    place = located(data)
    return EncodedData(b"".join(file_chunks(place)), place.transfer_syntax)
