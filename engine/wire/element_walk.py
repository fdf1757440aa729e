"""Where the elements of a data set that comes in pieces begin and end: what of it is cut. Values are passed over, so
that a gigabyte of pixel data costs no more than its header."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence

from engine.standard.lean import dataclass
from engine.standard.transfer_syntaxes import transfer_syntax

from .data_reader import ITEM, ITEM_END, LONG_VRS, MAXIMUM_DEPTH, SEQUENCE_END, SHORT_VRS, UNDEFINED
from .pdus import Buffer

MOST_ELEMENTS = 1 << 18
"""Elements and items looked at in one data set: ten thousand frames in fragments have less than a tenth. Looking at so
many takes a quarter of a second, in the stretches in which they come."""
INFLATED_AT_LEAST, INFLATED_EACH = 1 << 20, 16
"""Bytes that are inflated of a deflated data set, and how many more for each that came: images become three times as
long, so that only what is made to hold us up is given up."""
INFLATED_A_PIECE = 32 << 20
"""Bytes that one piece, or all of one PDU together, may become, which takes half a second at worst: a P-DATA-TF of
128 MiB would else become 2 GiB in one turn of the loop. Pieces are seldom longer than a MiB."""
_PIXEL_DATA = 0x7FE00010
_DELIMITERS = 0xFFFE
"""Group of items and of what ends them and their sequences (PS3.5 7.5): no element of a data set."""
_INFLATED_AT_ONCE = 64 * 1024

SHORT = frozenset(vr.encode() for vr in SHORT_VRS)
LONG = frozenset(vr.encode() for vr in LONG_VRS - {"SQ"})
_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHI").unpack_from
_length = struct.Struct("<I").unpack_from
_big_endian = struct.Struct(">HH2sH").unpack_from
_big_endian_item = struct.Struct(">HHI").unpack_from
_big_endian_length = struct.Struct(">I").unpack_from

Head = Callable[[Buffer, int], tuple[int, int, int]]
"""Of an element: its tag, the offset of its value, the offset behind it. Raises struct.error where it is not all there,
`Unusual` where it cannot be told."""


class Unusual(Exception):
    """Something a plain data set has not."""


def explicit_head(data: Buffer, start: int) -> tuple[int, int, int]:
    """Of an element in Explicit VR Little Endian."""
    group, element, vr, count = _explicit(data, start)
    if vr in SHORT:
        return group << 16 | element, start + 8, start + 8 + count
    if vr not in LONG and vr != b"SQ":
        raise Unusual
    length = _length(data, start + 8)[0]
    return group << 16 | element, start + 12, start + 12 + length


def big_endian_head(data: Buffer, start: int) -> tuple[int, int, int]:
    """The same in Explicit VR Big Endian."""
    group, element, vr, count = _big_endian(data, start)
    if vr in SHORT:
        return group << 16 | element, start + 8, start + 8 + count
    if vr not in LONG and vr != b"SQ":
        raise Unusual
    length = _big_endian_length(data, start + 8)[0]
    return group << 16 | element, start + 12, start + 12 + length


def implicit_head(data: Buffer, start: int) -> tuple[int, int, int]:
    """The same in Implicit VR Little Endian."""
    group, element, length = _implicit(data, start)
    return group << 16 | element, start + 8, start + 8 + length


@dataclass(frozen=True, slots=True)
class Cut:
    """Of the outermost element that has not all its bytes: its tag, how many it says it has (`UNDEFINED`: it has no
    end), how many are left."""

    tag: int
    told: int
    left: int


class ElementWalk:
    """Of one data set in a transfer syntax that is not deflated, by its pieces in their order. Elements of a known
    length are passed over as a whole, sequences too."""

    def __init__(self, *, implicit_vr: bool, little_endian: bool, start: int = 0, most: int = MOST_ELEMENTS) -> None:
        """start: offset of the first element looked at. most: elements and items looked at."""
        explicit, self._item = (explicit_head, _implicit) if little_endian else (big_endian_head, _big_endian_item)
        self._head: Head = implicit_head if implicit_vr else explicit
        self.size = 0
        """Bytes that came."""
        self._next = start
        """Where the next head begins: of an element, an item or a delimiter."""
        self._rest = b""
        """The part of it that came."""
        self._items = False
        """Whether it is of an item, else of an element."""
        self._open = 0
        """Sequences and items of undefined length it is in: of the two in turn, beginning with the former."""
        self._unknown = 0
        """How many of these there were with the outermost of VR UN, which is in Implicit VR (PS3.5 6.2.2, Note 2)."""
        self._outer = (0, 0, 0)
        """The outermost element begun last: tag, where its value begins, its length."""
        self._left = most
        self.lost = False
        """The rest could not be understood, or is too much to look at."""

    @property
    def given_up(self) -> str:
        """Why it is not looked at to its end, where it would have held up others, in words; else ""."""
        return "" if self._left else "it has more elements and items than are looked at"

    def skips(self, length: int) -> bool:
        """Take so many bytes, where they lie within a value; else False."""
        if self._next < self.size + length and not self.lost:
            return False
        self.size += length
        return True

    def feed(self, data: Buffer, together: int = 1) -> None:
        """The next piece, one of so many that are looked at in one turn of the loop."""
        if self.skips(len(data)):
            return
        if self._rest:
            data = b"".join((self._rest, data))
        begin = self.size - len(self._rest)
        self.size = begin + len(data)
        self._rest = b""
        self._look(data, begin)

    def feed_alike(self, pieces: Sequence[Buffer], start: int, length: int) -> None:
        """The pieces from `start` on, `length` bytes each."""
        count = len(pieces)
        while start < count:
            ahead = (count - start) * length
            if self.skips(ahead):
                return
            within = max(0, self._next - self.size) // length
            self.size += within * length
            start += within
            if start < count:
                self.feed(pieces[start])
                start += 1

    def cut(self) -> Cut | None:
        """What is cut now that all has come; None where nothing is, or that cannot be told."""
        if self.lost or (self._rest and not self._open):
            return None
        tag, body, told = self._outer
        if self._open:
            return Cut(tag, UNDEFINED, self.size - body)
        return Cut(tag, told, max(0, self.size - body)) if self._next > self.size else None

    @property
    def front(self) -> int:
        """Bytes that came before the value of Pixel Data, where that is the last element so far; else all."""
        tag, body, _ = self._outer
        return body if tag == _PIXEL_DATA else self.size

    @property
    def whole(self) -> bool:
        """Whether all that came was understood, and nothing is cut."""
        return not self.lost and not self._open and not self._rest and self._next == self.size

    def _look(self, data: Buffer, begin: int) -> None:
        """At the heads in these bytes, which begin at that offset of the data set."""
        end, at = len(data), self._next - begin
        try:
            while at < end and self._left:
                self._left -= 1
                at = self._behind_item(data, at) if self._items else self._behind_element(data, at, begin)
        except struct.error:
            self._rest = bytes(data[at:])
        except Unusual:
            self.lost = True
        self._next = begin + at
        self.lost = self.lost or not self._left

    def _behind_element(self, data: Buffer, at: int, begin: int) -> int:
        """Where the next head begins behind the one at `at`, of an element or the end of the item it is in."""
        if self._open:
            group, number, _ = self._item(data, at)
            if group << 16 | number == ITEM_END:
                self._items = True
                self._open -= 1
                return at + 8
        tag, body, stop = (implicit_head if self._unknown else self._head)(data, at)
        if not self._open:
            if tag >> 16 == _DELIMITERS:
                raise Unusual
            self._outer = tag, begin + body, stop - body
        if stop - body != UNDEFINED:
            return stop
        self._enter(items=True)
        if self._head is not implicit_head and not self._unknown and data[at + 4 : at + 6] == b"UN":
            if self._head is big_endian_head:
                raise Unusual
            self._unknown = self._open
        return body

    def _behind_item(self, data: Buffer, at: int) -> int:
        """The same of an item or the end of its sequence."""
        group, number, count = self._item(data, at)
        tag = group << 16 | number
        if tag == SEQUENCE_END:
            self._items = False
            self._open -= 1
            if self._open < self._unknown:
                self._unknown = 0
            return at + 8
        if tag != ITEM:
            raise Unusual
        if count != UNDEFINED:
            return at + 8 + int(count)
        self._enter(items=False)
        return at + 8

    def _enter(self, *, items: bool) -> None:
        self._items = items
        self._open += 1
        if self._open > 2 * MAXIMUM_DEPTH:
            raise Unusual


class InflatingWalk:
    """The same of a deflated data set, which is inflated a piece at a time; nothing of it is kept."""

    def __init__(self) -> None:
        self._elements = ElementWalk(implicit_vr=False, little_endian=True)  # PS3.5 A.5
        self._inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        self._room = INFLATED_AT_LEAST
        self._came = False
        """Whether there is anything of it."""
        self._given_up = ""
        self.broken = False
        """It is none that was deflated (RFC 1951)."""

    @property
    def lost(self) -> bool:
        return bool(self._given_up) or self.broken

    @property
    def given_up(self) -> str:
        """As there."""
        return self._given_up or ("" if self.broken else self._elements.given_up)

    @property
    def unended(self) -> bool:
        """Whether the end of what was deflated is missing."""
        return self._came and not self.lost and not self._inflater.eof

    def skips(self, length: int) -> bool:
        return self.lost or self._inflater.eof

    def feed(self, data: Buffer, together: int = 1) -> None:
        self._came = self._came or len(data) > 0
        self._room += INFLATED_EACH * len(data)
        rest: Buffer = data
        least = self._room - INFLATED_A_PIECE // together  # of the room, before this piece has become too much
        more = len(data) > 0
        try:
            while more and not self.lost and not self._inflater.eof:
                out = self._inflater.decompress(rest, _INFLATED_AT_ONCE)
                rest = self._inflater.unconsumed_tail
                more = len(rest) > 0 or len(out) == _INFLATED_AT_ONCE  # what it has read may give more than that
                self._room -= len(out)
                self._elements.feed(out)
                if self._room < 0:
                    self._given_up = f"it inflates to more than {INFLATED_EACH} bytes for each that came"
                elif self._room < least:
                    most = INFLATED_A_PIECE // together
                    self._given_up = f"a piece of {len(data)} bytes inflates to more than {most}"
        except zlib.error:
            self.broken = True

    def feed_alike(self, pieces: Sequence[Buffer], start: int, length: int) -> None:
        for index in range(start, len(pieces)):
            if self.skips(length):
                break
            self.feed(pieces[index])

    def cut(self) -> Cut | None:
        """As there, of what was inflated."""
        return None if self.lost or self.unended else self._elements.cut()


AnyWalk = ElementWalk | InflatingWalk


def walk_of(syntax_uid: str, most: int = MOST_ELEMENTS) -> AnyWalk | None:
    """For a data set in this transfer syntax; None where that is not known. most: elements and items looked at of one
    that is not deflated."""
    row = transfer_syntax(syntax_uid)
    if row is None:
        return None
    if row.deflated:
        return InflatingWalk()
    return ElementWalk(implicit_vr=row.implicit_vr, little_endian=row.little_endian, most=most)
