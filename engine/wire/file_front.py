"""What a DICOM file is, by its first bytes alone: the quick twin of `dicom_files.open_file` and `checked` for the many
files with which nothing is wrong. Where anything is unusual there is no answer, and the long way finds out what."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache

from engine.model.dataset import DataSet
from engine.model.quick import quick
from engine.standard.lean import dataclass
from engine.standard.transfer_syntaxes import transfer_syntax

from .data_reader import ITEM, ITEM_END, MAXIMUM_DEPTH, SEQUENCE_END, UNDEFINED, plain_vr
from .element_walk import LONG, SHORT, ElementWalk, Head, Unusual, explicit_head, implicit_head
from .known_elements import leading_elements
from .pdus import Buffer, strip

FRONT = 16 * 1024
"""Bytes read of a file: in them stands all that comes before the pixel data of the usual image."""
META_START = 132
"""After preamble and prefix (PS3.10 7.1)."""
META_GROUP = 0x0002
META_INSTANCE, SYNTAX = 0x00020003, 0x00020010
_BEHIND_LENGTH = META_START + 12
MOST_METAS = 64
"""Kinds of File Meta Information remembered: by their length, of which a series has a few."""
OWN_CLASS, OWN_INSTANCE = 0x00080016, 0x00080018
PIXEL_GROUP, DELIMITERS = 0x7FE0, 0xFFFE
_PIXELS = PIXEL_GROUP << 16
_data_set = quick(DataSet)
_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHI").unpack_from
_length = struct.Struct("<I").unpack_from
_group_length = struct.Struct("<HH2sHI").unpack_from
_short = struct.Struct("<H").pack
_CLASS_HEAD, _INSTANCE_HEAD = b"\x08\0\x16\0UI", b"\x08\0\x18\0UI"
"""Tags and VR of the two."""


@dataclass(frozen=True, slots=True)
class Front:
    """meta: values of the File Meta Information. found: SOP Class and Instance UID in the data set, where they are.
    offset: of the data set."""

    meta: dict[int, str]
    found: dict[int, str]
    offset: int


def plain_front(data: bytes, size: int) -> Front | None:
    """What the first bytes of a file of `size` bytes tell; None when they do not tell that all of it is sound.

    data: the first `FRONT` bytes at least, or the whole file.
    """
    try:
        meta, offset = _meta(data)
        row = transfer_syntax(meta.get(SYNTAX, ""))
        if row is None or row.deflated or not row.little_endian or offset > size:
            return None
        walk, head = (_walk_implicit, implicit_head) if row.implicit_vr else (_walk_explicit, explicit_head)
        found = _identity(data, offset, size, head)
        walk(data, offset, size)
    except (Unusual, struct.error):  # the latter: it goes on behind the front
        return None
    return Front(meta, found, offset)


def is_plain_instance(
    data: bytes, size: int, syntax: str, uids: tuple[str, str], depth: int, pieces: Sequence[Buffer] = ()
) -> bool:
    """Whether a data set of `size` bytes has these SOP Class and Instance UIDs, nothing before its pixel data is
    unusual, and those are not cut: then all before them can be read with this limit of sequences in each other.

    The quick twin of reading it. False says nothing. data: all of it, or its beginning with the head of the first
    element of the pixel data at least. pieces: all of it, where that is there: else nobody looks where pixel data in
    fragments end, nor at what comes behind.
    """
    row = transfer_syntax(syntax)
    if row is None or row.deflated or not row.little_endian or depth < MAXIMUM_DEPTH:
        return False
    found: dict[int, bytes] = {}
    try:
        ended = (_skim_implicit if row.implicit_vr else _skim_explicit)(data, size, found, pieces)
    except (Unusual, struct.error):
        return False
    if not ended and len(data) != size:
        return False
    if not (uids[0].isascii() and uids[1].isascii()):
        return False
    sop_class, instance = found.get(OWN_CLASS, b""), found.get(OWN_INSTANCE, b"")
    return sop_class.rstrip(b" \0") == uids[0].encode() and instance.rstrip(b" \0") == uids[1].encode()


def plain_instance(
    data: bytes,
    size: int,
    syntax: str,
    uids: tuple[str, str],
    raw: tuple[bytes, bytes],
    pieces: Sequence[Buffer] = (),
) -> DataSet | None:
    """All before the pixel data of an instance in which `is_plain_instance` finds nothing and which begins with these
    UIDs, padded as they are in `raw`, with nothing but its group before them. None where there are sequences, private
    or long elements too, or the transfer syntax is another than Explicit VR Little Endian: says nothing.

    The quick twin of both, of `datasets.read_attributes`, and of what judges its UIDs, in one walk.
    """
    if not _is_explicit(syntax):
        return None
    found, ended, _, end, at = leading_elements(data, _PIXELS)
    if not ended or at < 0:
        return None
    own = raw[1]
    named = _named_by(raw[0], len(own))
    value = at + 8
    if not data.startswith(named, max(0, value - len(named))) or not data.startswith(own, value):
        return None
    before = -1
    for element in found:
        tag = element.tag
        if tag == OWN_INSTANCE:
            break
        if tag >> 16 != OWN_INSTANCE >> 16 or tag > OWN_INSTANCE or before == OWN_CLASS:
            return None
        if tag == OWN_CLASS and element.value != (uids[0],):
            return None
        before = tag
    if before != OWN_CLASS:
        return None
    try:
        if not _whole(data, end, size, explicit_head, pieces) or (end == len(data) != size):
            return None
    except (Unusual, struct.error):
        return None
    return _data_set(tuple(found))


@lru_cache(64)
def _is_explicit(syntax: str) -> bool:
    """Whether data sets are in Explicit VR Little Endian, and not deflated."""
    row = transfer_syntax(syntax)
    return row is not None and not row.deflated and row.little_endian and not row.implicit_vr


@lru_cache(256)
def _named_by(sop_class: bytes, size: int) -> bytes:
    """SOP Class UID, and all of an SOP Instance UID of `size` bytes but its value."""
    return b"".join((_CLASS_HEAD, _short(len(sop_class)), sop_class, _INSTANCE_HEAD, _short(size)))


def _skim_explicit(data: bytes, size: int, found: dict[int, bytes], pieces: Sequence[Buffer]) -> bool:
    """Walk to the pixel data and note the UIDs. Whether there are any, else it went to the end."""
    start, end = 0, len(data)
    while start < end:
        group, element, vr, count = _explicit(data, start)
        if group >= PIXEL_GROUP and group != DELIMITERS:
            return _whole(data, start, size, explicit_head, pieces)
        if vr in SHORT:
            begin, start = start + 8, start + 8 + count
            if group == 8 and vr == b"UI":
                found.setdefault(group << 16 | element, data[begin:start])
        elif vr in LONG:
            length = _length(data, start + 8)[0]
            if length == UNDEFINED:
                raise Unusual
            start += 12 + length
        elif vr == b"SQ":
            start = _walk_items(data, start + 12, end, _length(data, start + 8)[0], 0)
        else:
            raise Unusual
    if start > end:
        raise Unusual
    return False


def _whole(data: bytes, start: int, size: int, head: Head, pieces: Sequence[Buffer]) -> bool:
    """That the pixel data, which begin at `start`, and what comes behind them, as far as that is there, are not cut."""
    at = start
    while at < len(data):
        _, body, stop = head(data, at)
        if stop - body == UNDEFINED:  # in fragments
            break
        if stop > size:
            raise Unusual
        at = stop
    if at == size:
        return True
    if len(data) == size:
        pieces = (data,)
    if pieces:
        walk = ElementWalk(implicit_vr=head is implicit_head, little_endian=True, start=start)
        for piece in pieces:
            walk.feed(piece)
        if not walk.whole:
            raise Unusual
    elif size <= FRONT:
        raise Unusual
    return True


def _skim_implicit(data: bytes, size: int, found: dict[int, bytes], pieces: Sequence[Buffer]) -> bool:
    """The same in Implicit VR, of standard elements that are no sequences."""
    start, end = 0, len(data)
    while start < end:
        group, element, length = _implicit(data, start)
        tag = group << 16 | element
        if group >= PIXEL_GROUP and group != DELIMITERS:
            return _whole(data, start, size, implicit_head, pieces)
        if group & 1 or length == UNDEFINED or not plain_vr(tag):
            raise Unusual
        begin, start = start + 8, start + 8 + length
        if tag in (OWN_CLASS, OWN_INSTANCE):
            found.setdefault(tag, data[begin:start])
    if start > end:
        raise Unusual
    return False


def _meta(data: bytes) -> tuple[dict[int, str], int]:
    """The File Meta Information's values and the offset behind it, which its group length tells.

    The files of a series differ in their SOP Instance UID only: what is alike is read once.
    """
    known = _metas.get(data[128:_BEHIND_LENGTH])
    if known is not None:
        before, after, at, end, values = known
        if data.startswith(before, META_START) and data.startswith(after, end - len(after)):
            return {**values, META_INSTANCE: strip(data[at : end - len(after)].decode("latin-1"))}, end
    return _read_meta(data)


def _read_meta(data: bytes) -> tuple[dict[int, str], int]:
    if data[128:META_START] != b"DICM":
        raise Unusual
    group, element, vr, count, length = _group_length(data, META_START)
    start = _BEHIND_LENGTH
    end = start + length
    if (group, element, vr, count) != (META_GROUP, 0, b"UL", 4) or end > len(data):
        raise Unusual
    meta = {0x00020000: strip(data[start - 4 : start].decode("latin-1"))}
    instance = None
    while start < end:
        tag, body, stop = explicit_head(data, start)
        if tag >> 16 != META_GROUP:
            raise Unusual
        if tag == META_INSTANCE:
            instance = (body, stop) if tag not in meta else None
        meta[tag] = strip(data[body:stop].decode("latin-1"))
        start = stop
    if start != end:
        raise Unusual
    if instance is not None:
        at, stop = instance
        if len(_metas) >= MOST_METAS:
            _metas.clear()
        _metas[data[128:_BEHIND_LENGTH]] = data[META_START:at], data[stop:end], at, end, dict(meta)
    return meta, end


_metas: dict[bytes, tuple[bytes, bytes, int, int, dict[int, str]]] = {}
"""By its beginning with the group length: what stands before the SOP Instance UID and behind it, where that begins,
where all ends, and the values."""


def _identity(data: bytes, start: int, end: int, head: Head) -> dict[int, str]:
    found: dict[int, str] = {}
    while start < end:
        tag, body, stop = head(data, start)
        if tag > OWN_INSTANCE:
            break
        if stop > len(data):
            raise Unusual
        if tag in (OWN_CLASS, OWN_INSTANCE):
            found[tag] = strip(data[body:stop].decode("latin-1"))
        start = stop
    return found


def _walk_explicit(data: bytes, start: int, end: int, depth: int = 0) -> int:
    """The offset behind the elements up to `end`, or behind the delimiter of the item they are."""
    while start < end:
        group, element, vr, count = _explicit(data, start)
        if vr in SHORT:
            start += 8 + count
        elif vr in LONG:
            length = _length(data, start + 8)[0]
            if length == UNDEFINED:
                raise Unusual
            start += 12 + length
        elif vr == b"SQ":
            length = _length(data, start + 8)[0]
            start = _walk_items(data, start + 12, end, length, depth)
        elif depth and (group << 16 | element) == ITEM_END:
            return start + 8
        else:
            raise Unusual
    if start > end:
        raise Unusual
    return start


def _walk_items(data: bytes, start: int, end: int, length: int, depth: int) -> int:
    """The offset behind a sequence whose items begin at `start`."""
    delimited = length == UNDEFINED
    stop = end if delimited else start + length
    if stop > end or depth >= MAXIMUM_DEPTH:
        raise Unusual
    while start < stop:
        group, element, count = _implicit(data, start)
        tag = group << 16 | element
        if tag == SEQUENCE_END and delimited:
            return start + 8
        if tag != ITEM:
            raise Unusual
        start += 8
        if count == UNDEFINED:
            start = _walk_explicit(data, start, stop, depth + 1)
        else:
            if start + count > stop:
                raise Unusual
            _walk_explicit(data, start, start + count, depth + 1)
            start += count
    if delimited:
        raise Unusual
    return start


def _walk_implicit(data: bytes, start: int, end: int) -> int:
    """As `_walk_explicit`, of standard elements that are no sequences: for all others the VR must be looked for."""
    while start < end:
        group, element, length = _implicit(data, start)
        if group & 1 or length == UNDEFINED or not plain_vr(group << 16 | element):
            raise Unusual
        start += 8 + length
    if start > end:
        raise Unusual
    return start
