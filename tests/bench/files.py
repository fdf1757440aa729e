"""DICOM files of any size made on the spot: valid CT images, nobody's data, the same UIDs at each run."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from pathlib import Path
from typing import BinaryIO

from engine.wire.file_writing import file_meta

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
_ROOT = "1.2.826.0.1.3680043.8.498"
_PIECE = bytes(range(256)) * 4096
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
LARGEST = 2**32 - 4096
"""Bytes of pixel data in one element: its length has 32 bits (PS3.5 7.1). More needs fragments (PS3.5 A.4)."""
FRAGMENT = 2**30


SPARE = 256 * 2**20
"""Bytes to stay free: others use the place too."""


class LeftOutError(Exception):
    """A sentence: why a row cannot be measured here, and what to do."""


def need_room(folder: Path, size: int) -> None:
    """LeftOutError unless so many bytes fit there."""
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        wanted = f"{size / 2**30:.1f} GB are needed in {folder.parent} and {free / 2**30:.1f} GB are free"
        raise LeftOutError(f"{wanted}; name another place with --folder.")


def on_disk() -> Path:
    """A folder of the system's on a disk. Raises LeftOutError where all there are lie in memory."""
    folders = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path.home() / ".cache"]
    for folder in folders:
        if os.access(folder, os.W_OK) and not _in_memory(folder):
            return folder
    raise LeftOutError(f"{', '.join(map(str, folders))} are in memory or cannot be written to")


def _in_memory(folder: Path) -> bool:
    """Whether a folder is of a file system that has no disk, where the system tells."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return False
    parents = {str(parent) for parent in (folder.resolve(), *folder.resolve().parents)}
    above = [(len(where), kind) for where, kind in mounts if where in parents]
    return max(above, default=(0, ""))[1] in ("tmpfs", "ramfs")


def make_files(folder: Path, count: int, size: int) -> Path:
    """A folder with `count` files whose data sets have `size` bytes each, made once. Raises LeftOutError."""
    made = folder / f"{count}x{size}"
    if not made.exists():
        need_room(folder, count * size)
        made.mkdir(parents=True)
        for number in range(1, count + 1):
            write_file(made / f"{number:06}.dcm", number, size)
    return made


def write_file(path: Path, number: int, size: int) -> str:
    """One such file; gives its SOP Instance UID."""
    instance = f"{_ROOT}.3.{number}"
    elements = [
        (0x00080016, b"UI", CT_IMAGE),
        (0x00080018, b"UI", instance),
        (0x00080060, b"CS", "CT"),
        (0x00100010, b"PN", "Bench^Mark"),
        (0x00100020, b"LO", "BENCH"),
        (0x0020000D, b"UI", f"{_ROOT}.1"),
        (0x0020000E, b"UI", f"{_ROOT}.2"),
    ]
    head = b"".join(_element(tag, vr, value) for tag, vr, value in elements)
    pixels = size - len(head) - 12
    with path.open("wb") as file:
        if pixels <= LARGEST:
            file.write(file_meta(EXPLICIT, CT_IMAGE, instance))
            file.write(head + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, pixels))
            _fill(file, pixels)
        else:
            file.write(file_meta(JPEG_BASELINE, CT_IMAGE, instance))
            file.write(head + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF))
            file.write(_item(0))
            while pixels:
                file.write(_item(part := min(pixels, FRAGMENT)))
                _fill(file, part)
                pixels -= part
            file.write(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
    return instance


def _fill(file: BinaryIO, count: int) -> None:
    while count:
        count -= file.write(_PIECE[:count])


def _item(length: int) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, length)


def _element(tag: int, vr: bytes, value: str) -> bytes:
    pad = b"\0" if vr == b"UI" else b" "
    data = value.encode() + pad * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(data)) + data
