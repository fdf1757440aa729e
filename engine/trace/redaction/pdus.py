"""A PDU with the same items and none of what others have named in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.model.command_set import GROUP_LENGTH, CommandSet, Element
from engine.standard.pdus import (
    ImplementationVersionName,
    Item,
    Kind,
    Layout,
    MalformedItem,
    Pdu,
    Pdv,
    Row,
    UnknownItem,
    rows_of,
)
from engine.wire.commands import CommandError, decode_command, encode_command
from engine.wire.pdu_encoding import encode_pdu
from engine.wire.pdus import ITEM_HEADER, PduError, decode_pdu, split_items, unread_items

from . import values
from .stand_ins import StandIns

_HEADER = 6


def pdu(data: bytes, size: int, stand_ins: StandIns) -> bytes:
    """The bytes of a PDU that is told instead; b"" where it is cut or cannot be read. Fragments become zeros, but for
    whole command sets."""
    if len(data) < max(size, _HEADER):
        return b""
    try:
        made = _layout(decode_pdu(data), stand_ins)
        return encode_pdu(made) if isinstance(made, Pdu) else b""
    except (PduError, ValueError):
        return b""


def _layout(value: Layout, stand_ins: StandIns) -> Layout:
    """A new one, of the fields that the Standard's table has: what follows them, and untrue lengths, are left out. Of
    items that are not read only their number is told: as many that are empty."""
    if isinstance(value, UnknownItem):
        return UnknownItem(type=value.type, data=bytes(len(value.data)))
    if isinstance(value, MalformedItem):
        return MalformedItem(type=value.type, data=bytes(len(value.data)), reason="")
    if isinstance(value, ImplementationVersionName):
        return ImplementationVersionName(name=stand_ins.version_name(value.name.rstrip("\0")))
    if isinstance(value, Pdv) and value.is_command and value.is_last:
        command = _command(value.fragment, stand_ins) or bytes(len(value.fragment))
        return Pdv(
            header_reserved=value.header_reserved, context_id=value.context_id, control=value.control, fragment=command
        )
    fields = {name: _FIELDS[row.kind](row, getattr(value, name), stand_ins) for name, row in rows_of(type(value))}
    unread = unread_items(value)
    trailing = bytes(ITEM_HEADER * len(split_items(unread, 0, len(unread))))
    return type(value)(header_reserved=value.header_reserved, trailing=trailing, **fields)


def _command(fragment: bytes, stand_ins: StandIns) -> bytes:
    """A command set as its message tells it; b"" of what is none, such as the end of a longer one."""
    try:
        command = decode_command(fragment)
        if command.command_field is None or encode_command(command) != fragment:
            return b""
        return encoded(values.command_set(command, stand_ins))
    except CommandError:
        return b""


def encoded(command: CommandSet) -> bytes:
    """Its bytes, with the group length that they have."""
    plain = [Element(e.tag) if e.tag == GROUP_LENGTH else e for e in command]
    try:
        return encode_command(CommandSet(tuple(plain)))
    except CommandError:
        return b""


def _number(_row: Row, value: int, _stand_ins: StandIns) -> int:
    return value


def _zeros(_row: Row, value: bytes, _stand_ins: StandIns) -> bytes:
    return bytes(len(value))


def _title(_row: Row, value: str, stand_ins: StandIns) -> str:
    return stand_ins.title(value)


def _uid(_row: Row, value: str, stand_ins: StandIns) -> str:
    return stand_ins.uid(value)


def _uids(_row: Row, value: tuple[str, ...], stand_ins: StandIns) -> tuple[str, ...]:
    return tuple(stand_ins.uid(v) for v in value)


def _parts(_row: Row, value: tuple[Item, ...], stand_ins: StandIns) -> tuple[Layout, ...]:
    return tuple(_layout(v, stand_ins) for v in value)


_FIELDS: dict[Kind, Callable[[Row, Any, StandIns], Any]] = {
    Kind.UINT8: _number,
    Kind.UINT16: _number,
    Kind.UINT32: _number,
    Kind.RESERVED: _zeros,
    Kind.AE_TITLE: _title,
    Kind.TEXT: _uid,
    Kind.BYTES: _zeros,
    Kind.COUNTED_TEXT: _uid,
    Kind.COUNTED_BYTES: _zeros,
    Kind.COUNTED_TEXTS: _uids,
    Kind.ITEMS: _parts,
    Kind.PDVS: _parts,
}
"""Texts but for AE titles and version names are UIDs."""
