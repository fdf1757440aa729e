"""Bytes of a data set to its raw elements, each with its place (PS3.5 7). Values stay bytes.

Tolerant: where the bytes stop making sense the reader keeps what it has, and `Reader.failure` says why and where.
"""

from __future__ import annotations

import struct
from dataclasses import field
from functools import lru_cache
from typing import Protocol

from engine.model.limits import named
from engine.model.quick import quick
from engine.standard.dictionary import attribute, private_attribute
from engine.standard.elements import tag_text
from engine.standard.lean import dataclass

UNDEFINED = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
PIXEL_REPRESENTATION = 0x00280103
MAXIMUM_DEPTH = 64
"""Sequences in sequences; structured reports, the deepest real ones, need about twenty."""
MAXIMUM_ELEMENTS = 1 << 21
"""In one data set, items included: several times what ten thousand frames need, and some seconds of reading zeros."""
LONG_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
"""Explicit VR: two reserved bytes and a 4-byte length (PS3.5 Table 7.1-1)."""
SHORT_VRS = frozenset({
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI",
    "UL", "US",
})  # fmt: skip
"""Explicit VR: a 2-byte length (PS3.5 Table 7.1-2)."""
_SHORT_FORM = {vr.encode(): vr for vr in SHORT_VRS}


class Source(Protocol):
    """Bytes, or a file that looks like them."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: slice, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class RawItem:
    """One item of a sequence; start and end include its header and delimiter."""

    elements: tuple[RawElement, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RawElement:
    """One data element as it stands.

    items: of a sequence; else None, and `value` has the bytes (of encapsulated pixel data: all fragments with their
    item headers). undefined: whether its length was. start, value_start, end: offsets; `end` includes a delimiter.
    """

    tag: int
    vr: str
    value: bytes
    items: tuple[RawItem, ...] | None
    undefined: bool
    start: int
    value_start: int
    end: int


_raw_element = quick(RawElement)
_explicit = struct.Struct("<HH2sH").unpack_from
_DELIMITERS = 0xFFFE


@dataclass(slots=True)
class _Scope:
    """What elements further up in the data set say about those below."""

    signed: bool = False
    creators: dict[int, str] = field(default_factory=dict)

    def note(self, tag: int, value: bytes) -> None:
        if tag == PIXEL_REPRESENTATION:
            self.signed = any(value)
        elif tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
            self.creators[(tag >> 16) << 8 | tag & 0xFF] = value.rstrip(b" \0").decode("latin-1")


class Reader:
    """Reads one data set. `failure` is (sentence, offset) of the first thing that could not be read, or None."""

    def __init__(
        self,
        source: Source,
        *,
        implicit_vr: bool,
        little_endian: bool,
        stop_at: int = 1 << 32,
        depth: int = MAXIMUM_DEPTH,
        most: int | None = None,
    ) -> None:
        """stop_at: the first tag at top level not to be read any more. depth: of sequences in each other. most:
        elements and items that are read; `MAXIMUM_ELEMENTS` by default."""
        self._source = source
        self._little = little_endian
        self._implicit = implicit_vr
        self._order = "<" if little_endian else ">"
        self._stop_at = stop_at
        self._depth = depth
        self._most = MAXIMUM_ELEMENTS if most is None else most
        self.too_deep = False
        """Whether that is the failure."""
        self.too_many = False
        """The same of their number."""
        self.failure: tuple[str, int] | None = None
        self.position = 0
        """Where reading ended."""
        self._count = 0

    def read(self, start: int = 0) -> tuple[RawElement, ...]:
        """The elements from `start` to the end, to `stop_at`, or to where reading fails."""
        elements, self.position = self._elements(start, len(self._source), self._implicit, _Scope(), 0)
        return elements

    def _fail(self, text: str, offset: int) -> None:
        if self.failure is None:
            self.failure = (text, offset)

    def _counted(self, offset: int) -> None:
        """One more, which ends there."""
        self._count += 1
        if self._count > self._most:
            self.too_many = self.failure is None
            self._fail(f"there are more than {self._most} elements", offset)

    def _elements(
        self, start: int, end: int, implicit: bool, scope: _Scope, depth: int
    ) -> tuple[tuple[RawElement, ...], int]:
        """Elements up to `end` or an item delimiter (included in the offset returned)."""
        found: list[RawElement] = []
        while start < end and self.failure is None:
            if self._little and not implicit and type(self._source) is bytes:
                start = self._many(self._source, start, end, scope, depth, found)
                if start == end:
                    break
            if end - start < 8:
                self._fail(f"{end - start} bytes at the end are too few for an element", start)
                break
            head = self._source[start : start + 8]
            tag = self._tag(head)
            if tag == ITEM_END and depth:
                return tuple(found), start + 8
            if tag in (ITEM_END, SEQUENCE_END):
                start += 8
                continue
            if not depth and tag >= self._stop_at:
                break
            plain = self._plain(tag, head, start, end, implicit) if self._little else None
            if plain is not None:
                found.append(plain)
                start = plain.end
                self._count += 1
                if tag == PIXEL_REPRESENTATION:
                    scope.note(tag, plain.value)
                continue
            element = self._element(tag, head, start, end, implicit, scope, depth)
            if element is None:
                break
            found.append(element)
            start = element.end
            self._counted(start)
        return tuple(found), start

    def _many(self, source: bytes, start: int, end: int, scope: _Scope, depth: int, found: list[RawElement]) -> int:
        """Take the elements from `start` on as long as they are such as `_plain` takes, and say where they end. The
        fast twin of that for bytes in Explicit VR Little Endian."""
        stop_at = (1 << 32) if depth else self._stop_at
        room = self._most - self._count
        before = len(found)
        while end - start >= 8 and len(found) - before < room:
            group, number, code, length = _explicit(source, start)
            vr, tag, body = _SHORT_FORM.get(code), group << 16 | number, start + 8
            stop = body + length
            if vr is None or group & 1 or group == _DELIMITERS or tag >= stop_at or stop > end:
                break
            value = source[body:stop]
            found.append(_raw_element(tag, vr, value, None, False, start, body, stop))
            if tag == PIXEL_REPRESENTATION:
                scope.note(tag, value)
            start = stop
        self._count += len(found) - before
        return start

    def _plain(self, tag: int, head: bytes, start: int, end: int, implicit: bool) -> RawElement | None:
        """The element at `start`, if it is one of the many: of a standard group, of one VR that is no sequence, its
        length told. The fast twin of `_element`, for little endian."""
        if tag >> 16 & 1 or self._count >= self._most:
            return None
        if implicit:
            vr = plain_vr(tag)
            length = int.from_bytes(head[4:8], "little")
        else:
            vr = _SHORT_FORM.get(head[4:6], "")
            length = int.from_bytes(head[6:8], "little")
        body = start + 8
        stop = body + length
        if not vr or stop > end:
            return None
        return _raw_element(tag, vr, self._source[body:stop], None, False, start, body, stop)

    def _tag(self, head: bytes) -> int:
        if self._little:
            return int.from_bytes(head[:2], "little") << 16 | int.from_bytes(head[2:4], "little")
        group, number = struct.unpack_from(self._order + "HH", head)
        return int(group << 16 | number)

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self._little else "big")

    def _element(
        self, tag: int, head: bytes, start: int, end: int, implicit: bool, scope: _Scope, depth: int
    ) -> RawElement | None:
        """The element at `start`; None where not even its header can be read."""
        vr, length, body = self._header(head, start, implicit)
        if not vr:
            vr = _implied_vr(tag, scope)
        if length is None:
            self._fail(f"{tag_text(tag)} ends within its header", start)
            return None
        if length == UNDEFINED:
            return self._undefined(tag, vr, start, body, end, implicit, scope, depth)
        stop = body + length
        if stop > end:
            self._fail(f"{tag_text(tag)} says it has {length} bytes, but only {max(0, end - body)} follow", start)
            stop = end
        if vr == "SQ":
            items, _ = self._items(tag, body, stop, implicit, scope, depth, delimited=False)
            return RawElement(tag, vr, b"", items, False, start, body, stop)
        value = self._source[body:stop]
        scope.note(tag, value)
        return RawElement(tag, vr, value, None, False, start, body, stop)

    def _header(self, head: bytes, start: int, implicit: bool) -> tuple[str, int | None, int]:
        """(VR or "" to be looked up, length, offset of the value)."""
        vr = "" if implicit else head[4:6].decode("latin-1")
        if vr in SHORT_VRS:
            return vr, self._number(head[6:8]), start + 8
        # Some writers fall back to Implicit VR inside sequences; a VR nobody knows yet has the long form (PS3.5 6.2).
        if not (vr.isascii() and vr.isalpha() and vr.isupper()):
            return "", self._number(head[4:8]), start + 8
        length = self._source[start + 8 : start + 12]
        return vr if vr in LONG_VRS else "UN", self._number(length) if len(length) == 4 else None, start + 12

    def _undefined(
        self, tag: int, vr: str, start: int, body: int, end: int, implicit: bool, scope: _Scope, depth: int
    ) -> RawElement:
        if vr in ("SQ", "UN"):
            # UN of undefined length is a sequence in Implicit VR Little Endian (PS3.5 6.2.2).
            items, stop = self._items(tag, body, end, implicit or vr == "UN", scope, depth, delimited=True)
            return RawElement(tag, "SQ", b"", items, True, start, body, stop)
        value_end, stop = self._fragments(tag, body, end)
        return RawElement(tag, vr, self._source[body:value_end], None, True, start, body, stop)

    def _items(
        self, tag: int, start: int, end: int, implicit: bool, scope: _Scope, depth: int, *, delimited: bool
    ) -> tuple[tuple[RawItem, ...], int]:
        """The items of a sequence, and the offset after its delimiter or end."""
        items: list[RawItem] = []
        if depth >= self._depth:
            self.too_deep = self.failure is None
            name = named("depth", self._depth)
            self._fail(f"{tag_text(tag)} is a sequence more than {self._depth} levels deep{name}", start)
            return (), end
        while start < end and self.failure is None:
            head = self._source[start : start + 8]
            kind = self._tag(head) if len(head) == 8 and end - start >= 8 else 0
            if kind == SEQUENCE_END:
                return tuple(items), start + 8
            if kind != ITEM:
                self._fail(f"the sequence {tag_text(tag)} goes on with something that is not an item", start)
                break
            length = self._number(head[4:8])
            body = start + 8
            stop = end if length == UNDEFINED else min(end, body + length)
            inner = _Scope(scope.signed)
            elements, stopped = self._elements(body, stop, implicit, inner, depth + 1)
            if length != UNDEFINED and body + length > end:
                self._fail(f"an item of {tag_text(tag)} says it has {length} bytes, more than are left", start)
            stop = stopped if length == UNDEFINED else stop
            items.append(RawItem(elements, start, stop))
            start = stop
            self._counted(start)
        if delimited and self.failure is None:
            self._fail(f"the sequence {tag_text(tag)} does not end", start)
        return tuple(items), start

    def _fragments(self, tag: int, start: int, end: int) -> tuple[int, int]:
        """(end of the last fragment, offset after the delimiter) of encapsulated pixel data (PS3.5 A.4)."""
        while end - start >= 8:
            head = self._source[start : start + 8]
            kind, length = self._tag(head), self._number(head[4:8])
            if kind == SEQUENCE_END:
                return start, start + 8
            if kind != ITEM or start + 8 + length > end:
                self._fail(f"a fragment of {tag_text(tag)} is broken", start)
                return start, end
            start += 8 + length
        self._fail(f"the fragments of {tag_text(tag)} do not end", start)
        return start, end


@lru_cache(maxsize=8192)
def plain_vr(tag: int) -> str:
    """The VR of an element of a standard group that has but one, and no sequence's; "" for the others."""
    if tag & 0xFFFF == 0:
        return "UL"
    entry = attribute(tag)
    vr = entry.vr if entry else ""
    return vr if vr in SHORT_VRS | LONG_VRS and vr != "SQ" else ""


def _implied_vr(tag: int, scope: _Scope) -> str:
    """The VR of an element whose VR is not written (PS3.5 A.1)."""
    if tag & 0xFFFF == 0:
        return "UL"
    if tag >> 16 & 1:
        if 0x10 <= tag & 0xFFFF <= 0xFF:
            return "LO"
        creator = scope.creators.get(tag >> 16 << 8 | (tag >> 8 & 0xFF), "")
        entry = private_attribute(creator, tag) if creator else None
    else:
        entry = attribute(tag)
    return resolve_vr(entry.vr, scope.signed) if entry else "UN"


def resolve_vr(vr: str, signed: bool) -> str:
    """One of the VRs of a dictionary entry that allows several: "US or SS", "OB or OW", ... (PS3.5 A.1)."""
    choices = vr.split(" or ")
    if "OW" in choices:
        return "OW"
    if len(choices) > 1:
        return "SS" if signed else "US"
    return vr if vr in SHORT_VRS | LONG_VRS else "UN"
