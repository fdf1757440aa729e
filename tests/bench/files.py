"""DICOM files of any size made on the spot: valid CT images, nobody's data, the same UIDs at each run."""

from __future__ import annotations

import struct
from pathlib import Path

from engine.wire.dicom_files import file_meta

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
_ROOT = "1.2.826.0.1.3680043.8.498"
_PIECE = bytes(range(256)) * 4096


def make_files(folder: Path, count: int, size: int) -> Path:
    """A folder with `count` files whose data sets have `size` bytes each, made once."""
    made = folder / f"{count}x{size}"
    if not made.exists():
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
        file.write(file_meta(EXPLICIT, CT_IMAGE, instance))
        file.write(head + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, pixels))
        while pixels:
            pixels -= file.write(_PIECE[:pixels])
    return instance


def _element(tag: int, vr: bytes, value: str) -> bytes:
    pad = b"\0" if vr == b"UI" else b" "
    data = value.encode() + pad * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(data)) + data
