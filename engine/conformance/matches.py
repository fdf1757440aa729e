"""Matches of a C-FIND alike but for the values nobody judges: what is found of one is found of all.

A query brings thousands of them, and reading a data set in full costs more than all else about it.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable

from engine.model.notices import Direction
from engine.standard.lean import dataclass
from engine.standard.transfer_syntaxes import transfer_syntax
from engine.wire.data_reader import SHORT_VRS, plain_vr
from engine.wire.message_run import MessageRun
from engine.wire.pdus import PDU_HEADER, PDV_HEADER

from .conversation import Conversation
from .message import Message, Operation, circumstances

SHAPES = 64
"""Kinds of match remembered of one C-FIND; a provider answers all alike."""
_HEADER = 8
_JUDGED = frozenset({0x00080005, 0x00080052, 0x00080053, 0x00080054, 0x00880130, 0x00880140})
"""Whose values count: Specific Character Set, level, view, Retrieve AE Title, storage media file-set."""
_SHORT = frozenset(vr.encode() for vr in SHORT_VRS)
_header = struct.Struct("<II").unpack_from
_HEADERS = {True: struct.Struct("<4sI"), False: struct.Struct("<6sH")}
"""By Implicit VR: what an element of a kind begins with, and its length."""
KNOWN = 8192
"""Tags remembered."""
_PLAIN: dict[int, int] = {}
"""By the four bytes of a tag, as a number."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The way through the data sets of one shape, with nothing made on it.

    first: the header each begins with. header: how one is read. elements: tag (and VR) of each, and the value it must
    have, None for any.
    """

    first: bytes
    header: struct.Struct
    elements: tuple[tuple[bytes, bytes | None], ...]

    def fits(self, data: bytes, at: int, end: int) -> bool:
        """Whether the data set between these places of `data` is of the shape. One that is may be denied, where an
        element has another VR."""
        if not data.startswith(self.first, at):
            return False
        header = self.header.unpack_from
        try:
            for kind, value in self.elements:
                found, length = header(data, at)
                at += _HEADER
                if found != kind or (value is not None and data[at : at + length] != value):
                    return False
                at += length
        except struct.error:  # it is shorter, and nothing comes after it
            return False
        return at == end


def pass_matches(talk: Conversation, direction: Direction, run: MessageRun, first: int) -> int:
    """How many of these messages, from `first` on, are matches of a C-FIND with which nothing is wrong, as is known of
    others like them: those have passed."""
    by_requestor = talk.by_requestor(direction)
    assembly, maximum = talk.assemblies[by_requestor], talk.maximum[direction is Direction.SENT]
    longest = PDV_HEADER + max(run.largest, len(run.head) - PDU_HEADER - PDV_HEADER)
    too_long = maximum and longest > maximum
    if not talk.has_accepted(run.context_id) or too_long or not talk.sequence.takes_data(by_requestor):
        return 0
    m = assembly.seen(run.context_id, run.command_bytes)
    if m is None or m.service != "C-FIND" or m.kind != "response" or m.is_final or not m.announced:
        return 0
    operation = talk.exchanges.plainly_asked(m)
    if operation is None:
        return 0
    m.has_data = True
    if circumstances(m, operation.request) not in m.template.clean:
        return 0
    count = count_clean(m, operation, run, first)
    if count:
        operation.responses += count
        assembly.passed(m.context_id, m.field)
    return count


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


def note_clean(m: Message, shape: Hashable) -> None:
    """Nothing was found in this match: nor will be in those of its shape."""
    operation = m.operation
    if operation is None or len(operation.clean) >= SHAPES:
        return
    row = transfer_syntax(m.transfer_syntax)
    header = _HEADERS[row is not None and row.implicit_vr]
    data, at = bytes(m.body), 0
    elements: list[tuple[bytes, bytes | None]] = []
    while at < len(data):
        kind, length = header.unpack_from(data, at)
        at += _HEADER
        tag = int.from_bytes(kind[:2], "little") << 16 | int.from_bytes(kind[2:4], "little")
        elements.append((kind, data[at : at + length] if tag in _JUDGED else None))
        at += length
    operation.latest = operation.clean[shape] = Walk(data[:_HEADER], header, tuple(elements))


def count_clean(m: Message, operation: Operation, run: MessageRun, first: int) -> int:
    """How many of these matches, from `first` on, are of shapes nothing was found in. m: stands for any of them."""
    walk, data, count = operation.latest, run.data, 0
    for start, end in run.data_sets(first):
        if walk is None or not walk.fits(data, start, end):
            m.body, m.body_length = data[start:end], end - start
            walk = operation.clean.get(match_shape(m))
            if walk is None:
                break
            operation.latest = walk
        count += 1
    return count


def _learn(word: int) -> int:
    """The tag whose bytes these are, if it is of a standard group and has one VR that is no sequence; else 0."""
    group, number = word & 0xFFFF, word >> 16
    tag = group << 16 | number
    plain = tag if not group & 1 and plain_vr(tag) else 0
    if len(_PLAIN) < KNOWN:
        _PLAIN[word] = plain
    return plain
