"""Command sets alike but for their Message ID, and for the (well-formed) SOP Instance UID of a C-STORE.

Reading and checking a command set costs more than sending it, and most of a conversation repeats itself. What differs
from a message found correct only in those is correct too, so each kind is read and checked once.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Hashable
from dataclasses import field
from functools import lru_cache

from engine.model.command_set import AFFECTED_INSTANCE, COMMAND_FIELD, DATA_SET_TYPE, MESSAGE_ID, RESPONDED_TO, STATUS
from engine.standard.lean import dataclass
from engine.standard.messages import NO_DATA_SET, MessageRow, message_for
from engine.standard.status import StatusClass, status_class
from engine.wire.commands import decode_command

from .names import UID_LENGTH

LIMIT = 512
"""Kinds of message remembered; a conversation has a handful."""
_STORE = (b"\x01\x00", b"\x01\x80")
_class_of = lru_cache(maxsize=256)(status_class)
_header = struct.Struct("<HHI").unpack_from
_uid = re.compile(rb"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*\0?").fullmatch


def _head_of(tag: int, length: int) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, length)


_ID_HEADS = (_head_of(MESSAGE_ID, 2), _head_of(RESPONDED_TO, 2))
_FIELD_HEAD = _head_of(COMMAND_FIELD, 2)
_INSTANCE_HEAD = _head_of(AFFECTED_INSTANCE, 0)[:4]


def walk(data: bytes) -> tuple[tuple[int, int, bytes], ...]:
    """Tag, offset and value bytes of each element; () where it does not add up, which is left to the decoder."""
    elements = []
    start, end = 0, len(data)
    while start + 8 <= end:
        group, number, length = _header(data, start)
        stop = start + 8 + length
        if stop > end:
            return ()
        elements.append((group << 16 | number, start, data[start + 8 : stop]))
        start = stop
    return tuple(elements) if start == end else ()


def number_in(raw: bytes | None) -> int | None:
    """The first number of a value of VR US."""
    return int.from_bytes(raw[:2], "little") if raw and not len(raw) % 2 else None


@dataclass(slots=True, eq=False)
class Template:
    """What the messages of one kind have in common. raw: value bytes by tag, of the first of them.

    kind: "request", "response", "cancel", or "" for a command field the Standard does not have. status_class: UNKNOWN
    without a status. announced: whether Command Data Set Type promises a data set. number: its own, 0 for a template
    of one message only. message_id, responded_to: where they are not each message's own. clean: circumstances in which
    such a message was found correct.
    """

    number: int
    raw: dict[int, bytes]
    command_field: int | None
    row: MessageRow | None
    kind: str
    service: str
    status: int | None
    status_class: StatusClass
    announced: bool
    message_id: int | None
    responded_to: int | None
    clean: set[Hashable] = field(default_factory=set)


def read(data: bytes, number: int = 0) -> Template:
    """The template of one message."""
    elements = walk(data)
    raw = {tag: value for tag, _, value in reversed(elements)}
    if not elements:
        raw = {e.tag: e.raw or b"" for e in reversed(decode_command(data).elements)}
    command_field, status = number_in(raw.get(COMMAND_FIELD)), number_in(raw.get(STATUS))
    row = None if command_field is None else message_for(command_field)
    kind = number_in(raw.get(DATA_SET_TYPE))
    return Template(
        number,
        raw,
        command_field,
        row,
        row.kind if row else "",
        row.service if row else "",
        status,
        StatusClass.UNKNOWN if status is None else _class_of(status),
        kind is not None and kind != NO_DATA_SET,
        number_in(raw.get(MESSAGE_ID)),
        number_in(raw.get(RESPONDED_TO)),
    )


_NOTHING = read(b"")


class Templates:
    """The kinds of message that have passed."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Template] = {}
        self._count = 0
        self._latest: tuple[bytes, Template, dict[int, bytes]] = b"", _NOTHING, {}

    def of(self, data: bytes) -> tuple[Template, dict[int, bytes]]:
        """The template of a command set, and the values that are its own."""
        if data != self._latest[0]:  # the responses of one query are the same to the last byte
            self._latest = data, *self._of(data)
        return self._latest[1:]

    def _of(self, data: bytes) -> tuple[Template, dict[int, bytes]]:
        start = data.find(_ID_HEADS[0])
        tag = MESSAGE_ID
        if start < 0:
            start, tag = data.find(_ID_HEADS[1]), RESPONDED_TO
        if start < 0 or start + 10 > len(data):
            return read(data), {}
        own = {tag: data[start + 8 : start + 10]}
        at = data.find(_FIELD_HEAD)
        uid_at, uid = 0, b""
        if at >= 0 and data[at + 8 : at + 10] in _STORE:
            uid_at = data.find(_INSTANCE_HEAD, start)
            uid = data[uid_at + 8 : uid_at + 8 + int.from_bytes(data[uid_at + 4 : uid_at + 8], "little")]
            if uid_at < 0 or not _is_uid(uid):
                return read(data), {}
            own[AFFECTED_INSTANCE] = uid
            key: Hashable = (
                start,
                uid_at,
                data[: start + 8],
                data[start + 10 : uid_at + 8],
                data[uid_at + 8 + len(uid) :],
            )
        else:
            key = (start, data[: start + 8], data[start + 10 :])
        template = self._known.get(key)
        if template is None:
            template = self._learn(key, data, {tag: start, AFFECTED_INSTANCE: uid_at} if uid else {tag: start})
        return template, own if template.number else {}

    def _learn(self, key: Hashable, data: bytes, places: dict[int, int]) -> Template:
        """Remember a kind, if what was taken for its own values are elements and no bytes within others."""
        found = {tag: start for tag, start, _ in reversed(walk(data))}
        if any(found.get(tag) != start for tag, start in places.items()):
            return read(data)
        if len(self._known) >= LIMIT:
            self._known.clear()
        self._count += 1
        template = self._known[key] = read(data, self._count)
        return template


def _is_uid(value: bytes) -> bool:
    return len(value) <= UID_LENGTH and not len(value) % 2 and _uid(value) is not None
