"""Data elements of Explicit VR Little Endian as they come again: the instances of a series have most of theirs in
common, and each is decoded once."""

from __future__ import annotations

import struct

from engine.model.dataset import DataElement
from engine.model.quick import quick

from .charset import DEFAULT, codecs_of
from .data_reader import SHORT_VRS
from .data_writer import SPECIFIC_CHARACTER_SET
from .values import decode_value

KEPT = 4096
"""Elements remembered of one character set; then it begins anew."""
SETS = 16
"""Character sets of which they are; a site has one or two."""
LONGEST = 256
"""Bytes of one that is."""
MOST = 1000
"""Elements taken of a data set: no usual one has more before its pixel data."""
SOP_INSTANCE = 0x00080018
"""Each instance has its own."""
_DELIMITERS = 0xFFFE
_SHORT = {vr.encode(): vr for vr in SHORT_VRS}
_ONLY_DEFAULT: tuple[str, ...] = (DEFAULT,)
_head = struct.Struct("<HH2sH").unpack_from
_element = quick(DataElement)
_known: dict[tuple[str, ...], dict[bytes, DataElement]] = {}
"""By the codecs of their character sets and their bytes."""


Leading = tuple[list[DataElement], bool, tuple[str, ...], int, int]
"""The elements; whether nothing else has to be read; the codecs of the texts behind them; the offset of what comes
behind them; that of the SOP Instance UID, -1 where it is not among them."""


def leading_elements(data: bytes, stop_at: int) -> Leading:
    """The elements a data set begins with, up to the first that is anything but a short one of a standard group, or has
    a tag from `stop_at` on.

    The quick twin of `datasets.read_attributes`, which reads what follows.
    """
    found: list[DataElement] = []
    start, end, instance = 0, len(data), -1
    codecs, short = _ONLY_DEFAULT, _SHORT.get
    known = _known.get(codecs) or _of(codecs)
    while end - start >= 8 and len(found) < MOST:
        group, number, code, length = _head(data, start)
        vr, tag, stop = short(code), group << 16 | number, start + 8 + length
        if group == _DELIMITERS:
            break
        if tag >= stop_at:
            return found, True, codecs, start, instance
        if vr is None or group & 1 or stop > end or (tag == SPECIFIC_CHARACTER_SET and found):
            break
        raw = data[start:stop]
        element = known.get(raw)
        if element is None:
            element = _element(tag, vr, decode_value(vr, raw[8:], codecs))
            if tag == SOP_INSTANCE:
                instance = start if instance < 0 else instance
            elif len(raw) <= LONGEST:
                if len(known) > KEPT:
                    known.clear()
                known[raw] = element
        if tag == SPECIFIC_CHARACTER_SET and length:
            codecs = codecs_of(raw[8:].rstrip(b" \0").decode("latin-1").split("\\"))
            known = _of(codecs)
        found.append(element)
        start = stop
    return found, start == end, codecs, start, instance


def _of(codecs: tuple[str, ...]) -> dict[bytes, DataElement]:
    """Those known of a character set."""
    known = _known.get(codecs)
    if known is None:
        if len(_known) >= SETS:
            _known.clear()
        known = _known[codecs] = {}
    return known
