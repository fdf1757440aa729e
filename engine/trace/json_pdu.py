"""A PDU as JSON, with the Standard's field names (resources/docs/json-lines.md)."""

from __future__ import annotations

from typing import Any

from engine.standard.codes import explain_code, reject_reason
from engine.standard.dictionary import uid_name
from engine.standard.lean import dataclass
from engine.standard.pdus import (
    ITEMS,
    PDUS,
    AssociateRJ,
    Item,
    Kind,
    Layout,
    MalformedItem,
    Pdu,
    Pdv,
    Row,
    SopClassCommonExtendedNegotiation,
    UnknownItem,
    UserIdentityAC,
    UserIdentityRQ,
    UserInformation,
    rows_of,
)
from engine.wire.pdus import PduError, decode_pdu, split_items, unread_items
from engine.wire.secrets import without_strays

HIDDEN = "(not shown)"
"""What stands for a secret: user identity and its answer (PS3.7 D.3.3.7)."""
_SECRETS = (UserIdentityRQ, UserIdentityAC)
_SECRET_TYPES = (*(c.TYPE for c in _SECRETS), UserInformation.TYPE)
_NAMED = frozenset({Kind.TEXT, Kind.COUNTED_TEXT})
LONGEST_HEX = 1024
"""Bytes of an unknown item shown; the whole PDU is in the capture."""


def pdu_name(kind: int) -> str:
    """ "A-ASSOCIATE-RQ", or what an unknown type is called."""
    cls = PDUS.get(kind)
    return cls.NAME if cls else f"PDU-type {kind:02X}H"


def pdu_json(data: bytes, kind: int) -> dict[str, Any]:
    """The fields of a PDU's bytes; `error` says why when they cannot be read."""
    try:
        return _layout(decode_pdu(without_strays(data)), _Walk())
    except PduError as error:
        shown = {} if kind in (1, 2) else {"bytes": without_strays(data)[:LONGEST_HEX].hex()}
        return {"PDU-type": f"{kind:02X}H", "error": error.reason, "offset": error.offset, **shown}


@dataclass(slots=True)
class _Walk:
    """broken: a user identity was met whose fields cannot be told apart: what follows may be its rest."""

    broken: bool = False


def _layout(value: Layout, walk: _Walk) -> dict[str, Any]:
    result = _head(value)
    for attribute, row in rows_of(type(value)):
        _add(result, row, getattr(value, attribute), value, walk)
    unread = unread_items(value)
    if unread:
        result["items left out"] = len(split_items(unread, 0, len(unread)))
    return result


def _head(value: Layout) -> dict[str, Any]:
    if isinstance(value, Pdv):
        head: dict[str, Any] = {}
    else:
        head = {"PDU-type" if isinstance(value, Pdu) else "Item-type": f"{value.TYPE:02X}H", "name": value.NAME}
    if value.length is not None:
        head["PDU-length" if isinstance(value, Pdu) else "Item-length"] = value.length
    if value.header_reserved:
        versioned = isinstance(value, SopClassCommonExtendedNegotiation)
        head["Sub-Item-version" if versioned else "Reserved"] = value.header_reserved
    return head


def _add(result: dict[str, Any], row: Row, value: Any, owner: Layout, walk: _Walk) -> None:
    """One field; numbers with a code table and registered UIDs get their meaning beside."""
    if row.kind is Kind.RESERVED:
        if any(value):
            result.setdefault("reserved bytes", []).append(value.hex())
    elif row.kind is Kind.ITEMS:
        result[row.name] = [_item(item, walk) for item in value]
    elif row.kind is Kind.PDVS:
        result[row.name] = [_layout(pdv, walk) for pdv in value]
    elif isinstance(owner, Pdv) and row.kind is Kind.BYTES:
        result[f"{row.name} length"] = len(value)
    elif isinstance(value, bytes):
        if value or row.name != "Reserved":
            result[row.name] = HIDDEN if isinstance(owner, _SECRETS) and value else value.hex()
    elif row.codes:
        result[row.name] = value
        result[f"{row.name} meaning"] = _meaning(row.codes, value, owner)
    else:
        result[row.name] = list(value) if isinstance(value, tuple) else value
        name = uid_name(value.rstrip("\0 ")) if row.kind in _NAMED and isinstance(value, str) else ""
        if name:
            result[f"{row.name} meaning"] = name


def _meaning(codes: str, value: int, owner: Layout) -> str:
    """What a number of a code table says; a reason of rejection by its source (PS3.8 9.3.4)."""
    if isinstance(owner, AssociateRJ) and codes == "reject_reason":
        return reject_reason(owner.source, value) or explain_code(codes, value)
    return explain_code(codes, value)


def _item(item: Item, walk: _Walk) -> dict[str, Any]:
    if walk.broken:
        return {"name": "Behind a broken user identity", "data": HIDDEN}
    if not isinstance(item, UnknownItem | MalformedItem):
        walk.broken = isinstance(item, (*_SECRETS, UserInformation)) and item.length is not None
        return _layout(item, walk)
    cls = ITEMS.get(item.type)
    result: dict[str, Any] = {"Item-type": f"{item.type:02X}H", "name": cls.NAME if cls else "Unknown item"}
    if isinstance(item, MalformedItem):
        result["error"] = item.reason
    secret = walk.broken = item.type in _SECRET_TYPES
    result["data"] = HIDDEN if secret else item.data[:LONGEST_HEX].hex()
    result["data length"] = len(item.data)
    return result
