"""Packets of .pcap and .pcapng files, with the place of every fault.

Formats: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/ and .../draft-ietf-opsawg-pcapng/.
"""

from __future__ import annotations

import errno
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engine.model.reading import read_up_to
from engine.standard.lean import dataclass

LARGEST_PACKET = 1 << 28
"""Bytes of one packet or block taken; captures hold at most some 64 KiB, with offloading some MB."""
_PCAP_MAGIC = {
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
}
_GZIP = b"\x1f\x8b"
_OTHER_CAPTURES = {
    b"snoop\0\0\0": "snoop",
    b"RTSS": "Microsoft Network Monitor",
    b"GMBU": "Microsoft Network Monitor",
    b"TRSNIFF data": "a Sniffer",
    b"XCP\0": "a Sniffer or NetXRay",
    b"ObserverPktBuffe": "Observer",
    b"\x34\xcd\xb2\xa1": "a modified tcpdump",
    b"\xa1\xb2\xcd\x34": "a modified tcpdump",
}
_PACKED = {
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bzip2",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
}
"""How files begin that are captures of another kind, or packed."""
LARGEST = LARGEST_UNPACKED = 1 << 30
"""Bytes of a recording, or taken out of a gzip file: reading takes about three times as much memory."""
_TOO_LARGE = f'There are more than {LARGEST >> 30} GiB. Cut a capture first, as "editcap -c 1000000 IN OUT" does.'
_LATEST = 253_370_764_800
"""The first second of the year 9999, UTC: no time zone makes more of what is before it than a calendar has."""
_SECTION = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _PACKET, _SIMPLE, _ENHANCED = 1, 2, 3, 6


class CaptureError(Exception):
    """A capture or byte stream that cannot be read (further).

    name: the file, "-" for standard input. offset: where in it, bytes; None: nowhere, it could not be opened.
    reason: a sentence.
    """

    def __init__(self, name: str, offset: int | None, reason: str) -> None:
        super().__init__(name, offset, reason)
        self.name = name
        self.offset = offset
        self.reason = reason

    def __str__(self) -> str:
        place = self.name if self.offset is None else f"{self.name}, byte {self.offset}"
        return f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Packet:
    """One captured packet. time: seconds since the epoch, 0 when the file has none that a calendar knows.
    link: link-layer type (LINKTYPE_...). length: bytes on the wire, >= len(data)."""

    number: int
    time: float
    link: int
    data: bytes
    length: int
    offset: int


def is_capture(data: bytes) -> bool:
    """Whether the first bytes are those of a .pcap or .pcapng file."""
    return data[:4] in _PCAP_MAGIC or data[:4] == _SECTION


def other_format(data: bytes) -> str:
    """What else than .pcap and .pcapng a recording is, and what makes it readable, in a sentence; "" where nothing is
    known about it."""
    kind = next((kind for magic, kind in _OTHER_CAPTURES.items() if data.startswith(magic)), "")
    if kind:
        return f'This is a capture of {kind}: "editcap IN OUT.pcapng" (of Wireshark) makes one that can be read.'
    packed = next((kind for magic, kind in _PACKED.items() if data.startswith(magic)), "")
    return f"This file is packed with {packed}: unpack it first." if packed else ""


def read_packets(data: bytes, name: str) -> Iterator[Packet]:
    """The packets in order. Raises `CaptureError`, after the packets before the fault."""
    if data[:4] in _PCAP_MAGIC:
        return _pcap(data, name)
    if data[:4] == _SECTION:
        return _pcapng(data, name)
    raise CaptureError(name, 0, "The file is neither .pcap nor .pcapng.")


def read_capture(path: Path) -> bytes:
    """The bytes of a file, those inside where it is a gzip file. Raises `CaptureError`."""
    name = str(path)
    try:
        with path.open("rb") as file:
            return unpacked(read_all(file, name), name)
    except OSError as error:
        raise CaptureError(name, None, f"The file cannot be read: {error.strerror or error}.") from None


def read_all(file: IO[bytes], name: str) -> bytes:
    """What an open file gives, to its end. Raises `CaptureError` when it is too much, and OSError."""
    try:
        return read_up_to(file, LARGEST)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise CaptureError(name, None, _TOO_LARGE) from None


def unpacked(data: bytes, name: str) -> bytes:
    """What is inside a gzip file; anything else as it is. Raises `CaptureError`."""
    if not data.startswith(_GZIP):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        inside = unpacker.decompress(data, LARGEST_UNPACKED)
    except zlib.error as error:
        raise CaptureError(name, 0, f"This is a gzip file, but it is broken: {error}.") from None
    if not unpacker.eof:
        why = "is cut off" if len(inside) < LARGEST_UNPACKED else f"holds more than {LARGEST_UNPACKED} bytes"
        raise CaptureError(name, 0, f"This is a gzip file, but it {why}; unpack it first.")
    return inside


def _pcap(data: bytes, name: str) -> Iterator[Packet]:
    order, unit = _PCAP_MAGIC[data[:4]]
    if len(data) < 24:
        raise CaptureError(name, len(data), "The file ends within its header.")
    link = struct.unpack_from(order + "I", data, 20)[0] & 0x0FFFFFFF
    header = struct.Struct(order + "IIII")
    position, number = 24, 0
    while position < len(data):
        if position + header.size > len(data):
            raise CaptureError(name, position, "The file ends within a packet's header.")
        seconds, fraction, captured, length = header.unpack_from(data, position)
        start = position + header.size
        if captured > LARGEST_PACKET or start + captured > len(data):
            raise CaptureError(name, position, f"A packet of {captured} bytes goes beyond the end of the file.")
        number += 1
        yield Packet(number, seconds + fraction * unit, link, data[start : start + captured], length, position)
        position = start + captured


@dataclass(slots=True)
class _Interface:
    """snap: bytes of a packet captured at most; 0: all."""

    link: int
    snap: int = 0
    unit: float = 1e-6
    shift: float = 0.0


def _pcapng(data: bytes, name: str) -> Iterator[Packet]:
    order, interfaces = "<", list[_Interface]()
    position, number = 0, 0
    while position < len(data):
        if position + 12 > len(data):
            raise CaptureError(name, position, "The file ends within a block.")
        if data[position : position + 4] == _SECTION:
            order = ">" if data[position + 8 : position + 12] == b"\x1a\x2b\x3c\x4d" else "<"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", data, position)
        if length < 12 or length % 4 or length > LARGEST_PACKET or position + length > len(data):
            raise CaptureError(name, position, f"A block says it has {length} bytes, which cannot be.")
        body = data[position + 8 : position + length - 4]
        try:
            if kind == _INTERFACE:
                interfaces.append(_interface(body, order))
            elif kind in (_PACKET, _SIMPLE, _ENHANCED):
                number += 1
                yield _packet(kind, body, order, interfaces, number, position)
        except (struct.error, IndexError):
            raise CaptureError(name, position, "A block does not have the fields its type asks for.") from None
        position += length


def _interface(body: bytes, order: str) -> _Interface:
    interface = _Interface(*struct.unpack_from(order + "HxxI", body))
    position = 8
    while position + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, position)
        value = body[position + 4 : position + 4 + length]
        if code == 9 and value:
            interface.unit = 2.0 ** -(value[0] & 0x7F) if value[0] & 0x80 else 10.0 ** -value[0]
        elif code == 14 and len(value) == 8:
            interface.shift = float(struct.unpack(order + "q", value)[0])
        elif code == 0:
            break
        position += 4 + length + -length % 4
    return interface


def _packet(kind: int, body: bytes, order: str, interfaces: list[_Interface], number: int, offset: int) -> Packet:
    if kind == _SIMPLE:
        length = struct.unpack_from(order + "I", body)[0]
        kept = min(length, interfaces[0].snap or length)  # what is behind it fills the block up
        return Packet(number, 0.0, interfaces[0].link, body[4 : 4 + kept], length, offset)
    layout = "IIIII" if kind == _ENHANCED else "HxxIIII"
    which, high, low, captured, length = struct.unpack_from(order + layout, body)
    interface = interfaces[which]
    time = (high << 32 | low) * interface.unit + interface.shift
    return Packet(
        number, time if 0 <= time < _LATEST else 0.0, interface.link, body[20 : 20 + captured], length, offset
    )
