"""DICOM files written (PS3.10 7), their data sets as they are. What fails is a DataSetError that names the file."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from engine.model.association import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from engine.model.dataset import DataElement, DataSet, EncodedData, FileData

from .data_writer import Layout, write_data_set
from .dicom_files import PREAMBLE, PREFIX, SOP_CLASS, SOP_INSTANCE, SYNTAX, file_chunks, located, problem
from .errors import DataSetError
from .pdus import Buffer

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_GATHERS = hasattr(os, "writev")
MOST_GATHERED = 1024
"""Buffers in one system call (IOV_MAX of Linux and macOS)."""


def file_meta(transfer_syntax: str, sop_class_uid: str, sop_instance_uid: str, source_ae_title: str = "") -> bytes:
    """Preamble, prefix and File Meta Information (PS3.10 7.1). DataSetError when a value cannot be written."""
    value = _instance_value(sop_instance_uid)
    before, after = _meta_around(transfer_syntax, sop_class_uid, source_ae_title, len(value))
    return b"".join((before, value, after))


def meta_pieces(transfer_syntax: str, sop_class_uid: str, sop_instance_uid: str) -> tuple[bytes, bytes, bytes]:
    """The same, not joined, of a UID of digits and dots."""
    value = sop_instance_uid.encode()
    if len(value) & 1:
        value += b"\0"
    before, after = _meta_around(transfer_syntax, sop_class_uid, "", len(value))
    return before, value, after


@lru_cache(256)
def _meta_around(transfer_syntax: str, sop_class_uid: str, source_ae_title: str, size: int) -> tuple[bytes, bytes]:
    """What stands before and behind a Media Storage SOP Instance UID of so many bytes, in all files of a kind."""
    after = [
        DataElement(SYNTAX, "UI", (transfer_syntax,)),
        DataElement(0x00020012, "UI", (IMPLEMENTATION_CLASS_UID,)),
        DataElement(0x00020013, "SH", (IMPLEMENTATION_VERSION_NAME,)),
    ]
    if source_ae_title:
        after.append(DataElement(0x00020016, "AE", (source_ae_title,)))
    version = DataElement(0x00020001, "OB", b"\0\1")
    instance = _INSTANCE_HEAD + size.to_bytes(2, "little")
    before, behind = _written(version, DataElement(SOP_CLASS, "UI", (sop_class_uid,))) + instance, _written(*after)
    length = len(before) + size + len(behind)
    return b"".join((_META_BEGINS, length.to_bytes(4, "little"), before)), behind


def _instance_value(uid: str) -> bytes:
    """That of Media Storage SOP Instance UID, which is seldom the same twice: written here where it is a usual one."""
    if _USUAL_UID(uid) is None:
        if len(uid) > LONGEST_UID:
            raise DataSetError(f"the SOP Instance UID has {len(uid)} bytes; a file can hold {LONGEST_UID}")
        return _written(DataElement(SOP_INSTANCE, "UI", (uid,)))[len(_INSTANCE_HEAD) + 2 :]
    return uid.encode() if len(uid) % 2 == 0 else uid.encode() + b"\0"


def _written(*elements: DataElement) -> bytes:
    return write_data_set(DataSet(elements), Layout(implicit_vr=False, little_endian=True))


_USUAL_UID = re.compile(r"[0-9.]{1,64}", re.ASCII).fullmatch
LONGEST_UID = 0xFFFE
"""Bytes of one in the File Meta Information, which has no other form than 16 bits of length (PS3.5 7.1.2)."""
_INSTANCE_HEAD = b"\x02\0\x03\0UI"
"""Tag and VR of Media Storage SOP Instance UID."""
_META_BEGINS = bytes(PREAMBLE) + PREFIX + b"\x02\0\0\0UL\x04\0"
"""Up to the value of File Meta Information Group Length."""


def write_file(
    path: Path,
    data: Buffer | Iterable[Buffer],
    transfer_syntax: str,
    sop_class_uid: str,
    sop_instance_uid: str,
    source_ae_title: str = "",
    *,
    durable: bool = False,
) -> FileData:
    """Write a DICOM file whose data set is exactly these bytes, and say where they are in it. DataSetError names the
    file and the reason.

    durable: return only when the bytes are on the disk.
    """
    head = file_meta(transfer_syntax, sop_class_uid, sop_instance_uid, source_ae_title)
    chunks = (data,) if isinstance(data, bytes | bytearray | memoryview) else data
    length = write_out(path, head, chunks, durable=durable)
    return FileData(path, len(head), length, transfer_syntax)


def write_out(path: Path | str, head: bytes, chunks: Iterable[Buffer], *, durable: bool = False) -> int:
    """Write a file of these bytes, the head together with what comes first, and give the size of what follows the head;
    as `write_file`."""
    first, length = [head], 0
    try:
        file = new_file(path)
        try:
            for chunk in chunks:
                length += len(chunk)
                put(file, (*first, chunk))
                first = []
            if first:
                put(file, first)
            if durable:
                os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise problem(Path(path), error) from error
    return length


def write_whole(path: str, buffers: Sequence[Buffer], *, durable: bool) -> os.stat_result:
    """Write a file of these bytes in one go, and give what the system tells of it; as `write_file`."""
    try:
        file = new_file(path)
        try:
            put(file, buffers)
            if durable:
                os.fsync(file)
            return os.fstat(file)
        finally:
            os.close(file)
    except OSError as error:
        raise problem(Path(path), error) from error


def new_file(path: Path | str) -> int:
    """Descriptor of a file without a byte, to be written. OSError."""
    return os.open(path, _WRITE, 0o666)


def put_in_place(
    part: str, path: str, buffers: Sequence[Buffer], *, durable: bool, folder: int = -1, made: int = -1
) -> os.stat_result:
    """Write a file of these bytes as `part`, then give it its name, and return what the system tells of it.

    durable: it and its name are on the disk then. folder: descriptor of where it is, -1 where the system keeps names by
    itself. made: that of `part`, where it is made already and may have space for more; it is closed.

    OSError, also where not all is taken at once; `part` may be left then.
    """
    size = sum(map(len, buffers))
    file = new_file(part) if made < 0 else made
    try:
        if (os.writev(file, buffers) if _GATHERS else os.write(file, b"".join(buffers))) != size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), part)
        if made >= 0:
            os.ftruncate(file, size)
        if durable:
            os.fsync(file)
        told = os.fstat(file)
    finally:
        os.close(file)
    os.replace(part, path)  # noqa: PTH105 - paths would cost more than what is done with them
    if durable and folder >= 0:
        os.fsync(folder)
    return told


def put(file: int, buffers: Sequence[Buffer]) -> None:
    """Write all of these to a descriptor, gathered into one system call where there is such and it takes them all.
    OSError."""
    done = os.writev(file, buffers) if _GATHERS and len(buffers) <= MOST_GATHERED else 0
    if done == sum(map(len, buffers)):
        return
    for buffer in buffers:
        rest = memoryview(buffer)[done:]
        done = max(0, done - len(buffer))
        while rest:
            rest = rest[os.write(file, rest) :]


def write_instance(
    path: Path,
    data: EncodedData | FileData,
    sop_class_uid: str,
    sop_instance_uid: str,
    source_ae_title: str = "",
    *,
    durable: bool = False,
) -> FileData:
    """Write a received instance as a DICOM file, its data set bit for bit; as `write_file`."""
    if isinstance(data, FileData):
        place = located(data)
        chunks: Iterable[Buffer] = file_chunks(place)
        syntax = place.transfer_syntax
    else:
        chunks, syntax = (data.data,), data.transfer_syntax
    return write_file(path, chunks, syntax, sop_class_uid, sop_instance_uid, source_ae_title, durable=durable)
