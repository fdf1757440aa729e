"""Matches of a C-FIND alike but for the values nobody judges: what is found of one is found of all.

A query brings thousands of them, and reading a data set in full costs more than all else about it.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable

from engine.standard.transfer_syntaxes import transfer_syntax
from engine.wire.data_reader import SHORT_VRS, plain_vr

from .message import Message

_HEADER = 8
_JUDGED = frozenset({0x00080005, 0x00080052, 0x00080053, 0x00080054, 0x00880130, 0x00880140})
"""Whose values count: Specific Character Set, level, view, Retrieve AE Title, storage media file-set."""
_SHORT = frozenset(vr.encode() for vr in SHORT_VRS)
_header = struct.Struct("<II").unpack_from
KNOWN = 8192
"""Tags remembered."""
_PLAIN: dict[int, int] = {}
"""By the four bytes of a tag, as a number."""


def match_shape(m: Message) -> Hashable:
    """What a pending response's findings depend on, beside its request; None where it takes the whole data set.

    Its context, its attributes in order, and the values of those that are judged. Only data sets kept whole, in little
    endian, of elements of standard groups with one short header each: with the encoding of such nothing else can be
    wrong than what their first header shows.
    """
    row = transfer_syntax(m.transfer_syntax)
    if m.is_final or row is None or row.deflated or not row.little_endian or len(m.body) != m.body_length:
        return None
    data, at, end, implicit = bytes(m.body), 0, m.body_length, row.implicit_vr
    tags: list[int] = []
    values: list[bytes] = []
    while at + _HEADER <= end:
        word, length = _header(data, at)
        tag = _PLAIN.get(word) or _learn(word)
        if not tag:
            return None
        if not implicit:
            if data[at + 4 : at + 6] not in _SHORT:
                return None
            length >>= 16
        at += _HEADER
        if tag in _JUDGED:
            values.append(data[at : at + length])
        tags.append(tag)
        at += length
    return (m.context_id, data[:_HEADER], *tags, *values) if at == end and tags else None


def _learn(word: int) -> int:
    """The tag whose bytes these are, if it is of a standard group and has one VR that is no sequence; else 0."""
    group, number = word & 0xFFFF, word >> 16
    tag = group << 16 | number
    plain = tag if not group & 1 and plain_vr(tag) else 0
    if len(_PLAIN) < KNOWN:
        _PLAIN[word] = plain
    return plain
