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
_header = struct.Struct("<HHI").unpack_from


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
        group, number, length = _header(data, at)
        tag = group << 16 | number
        if group & 1:
            return None
        if implicit:
            if not plain_vr(tag):
                return None
        elif data[at + 4 : at + 6] in _SHORT:
            length >>= 16
        else:
            return None
        at += _HEADER
        if tag in _JUDGED:
            values.append(data[at : at + length])
        tags.append(tag)
        at += length
    return (m.context_id, data[:_HEADER], *tags, *values) if at == end and tags else None
