"""Bytes to PDUs and items, driven by the rows of `engine.standard.pdus` alone (PS3.8 9.3); back is `pdu_encoding`.

Decoding repairs nothing and loses nothing: unknown items, items that do not follow their table and bytes nobody
foresees are kept, so that what was decoded encodes to the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from engine.model.limits import USUAL, named
from engine.standard.pdus import (
    ITEMS,
    PDUS,
    AbortPdu,
    AssociateAC,
    AssociateRJ,
    Item,
    Kind,
    Layout,
    MalformedItem,
    Pdu,
    Pdv,
    ReleaseRP,
    ReleaseRQ,
    Row,
    UnknownItem,
    UserInformation,
    rows_of,
)

from .pdu_encoding import WIDTHS, encode_item, encode_pdu, encode_pdv
from .recognise import Buffer, recognise, unrecognized

PDU_HEADER = 6
ITEM_HEADER = 4
PDV_HEADER = 6
"""Bytes in front of a fragment: item length, presentation context ID, message control header."""
MOST_PDVS = USUAL.pdvs
_ONE_PDV = struct.Struct(">IIBB").unpack_from
"""PDU-length, and those of the first PDV, from the third byte of a P-DATA-TF on."""

UNSPECIFIED = 0
UNRECOGNIZED_PDU = 1
UNEXPECTED_PARAMETER = 5
INVALID_PARAMETER_VALUE = 6
"""A-ABORT reasons (PS3.8 9.3.8)."""

_COUNTED = frozenset({Kind.COUNTED_TEXT, Kind.COUNTED_BYTES, Kind.COUNTED_TEXTS})

MOST_ITEMS = USUAL.items + 1
"""Items decoded of one PDU, in all: so that it is seen to be beyond the limit. A PDU of a MiB can have a quarter of a
million, which would hold up everybody for seconds."""
KNOWN_SIZE = 4096
"""Bytes of a PDU that is decoded once for all that are equal."""

L = TypeVar("L", bound=Layout)


class PduError(Exception):
    """Bytes that cannot be read as the PDU they say they are.

    reason: a sentence. abort_reason: the A-ABORT reason that answers it (PS3.8 9.3.8).
    offset: where in the PDU, in bytes.
    """

    def __init__(self, reason: str, abort_reason: int = INVALID_PARAMETER_VALUE, offset: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.abort_reason = abort_reason
        self.offset = offset


class FieldError(Exception):
    """A field does not fit in the bytes there are; `offset` is where the field starts."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


def decode_pdu(data: Buffer) -> Pdu:
    """The PDU of these bytes, header included. PduError when it cannot be read as its type at all.

    All bytes given belong to the PDU; a PDU-length that says otherwise is kept in `Layout.length`.
    """
    raw = bytes(data)
    return _decode_known(raw) if len(raw) <= KNOWN_SIZE and raw[:1] in _KNOWN else _decode_pdu(raw)


def _decode_pdu(raw: bytes) -> Pdu:
    header = read_header(raw)
    if header is None:
        raise PduError(f"A PDU header is 6 bytes; there are {len(raw)}.", UNRECOGNIZED_PDU, 0)
    kind, length = header
    cls = PDUS.get(kind)
    if cls is None:
        raise PduError(unrecognized(raw), UNRECOGNIZED_PDU, 0)
    try:
        values = _decode_rows(cls, raw, PDU_HEADER, len(raw), 0)
    except FieldError as error:
        raise PduError(f"{cls.NAME}: {error.reason}", INVALID_PARAMETER_VALUE, error.offset) from None
    return cls(**values, length=_unless(length, len(raw) - PDU_HEADER), header_reserved=raw[1])


_decode_known = lru_cache(64)(_decode_pdu)
_KNOWN = frozenset(bytes([cls.TYPE]) for cls in (AssociateAC, AssociateRJ, ReleaseRQ, ReleaseRP, AbortPdu))
"""Types of which one association after the other brings the same. An A-ASSOCIATE-RQ may hold a passcode: not kept."""


def read_header(data: Buffer) -> tuple[int, int] | None:
    """(PDU-type, PDU-length) of the 6 bytes in front, None while they are not all there."""
    if len(data) < PDU_HEADER:
        return None
    return data[0], int.from_bytes(data[2:6], "big")


def read_field(row: Row, data: bytes, start: int, end: int) -> tuple[Any, int]:
    """(value, offset after it) of one field; FieldError when it does not fit before `end`. Not for ITEMS and PDVS."""
    if row.kind in _COUNTED:
        body = start + 2
        if body > end:
            raise FieldError(f"{row.length_name} is missing.", start)
        stop = body + int.from_bytes(data[start:body], "big")
        if stop > end:
            raise FieldError(f"{row.length_name} is {stop - body}, but only {end - body} bytes follow.", start)
        try:
            return _VALUES[row.kind](data[body:stop]), stop
        except FieldError as error:
            raise FieldError(f"{row.name}: {error.reason}", body + error.offset) from None
    size = row.size if row.kind is Kind.RESERVED else WIDTHS.get(row.kind, end - start)
    if start + size > end:
        raise FieldError(f"{row.name} needs {size} bytes, but {end - start} are left.", start)
    return _VALUES[row.kind](data[start : start + size]), start + size


def split_texts(data: bytes) -> list[tuple[int, int]]:
    """(start of the length field, end) of each counted text; FieldError when they do not fill the list exactly."""
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(data):
        stop = start + 2 + int.from_bytes(data[start : start + 2], "big")
        if start + 2 > len(data) or stop > len(data):
            raise FieldError("the last entry of the list runs past its end.", start)
        spans.append((start, stop))
        start = stop
    return spans


def split_items(data: bytes, start: int, end: int, most: int | None = None) -> list[tuple[int, int]]:
    """(start, end) of each item between start and end, cut at `end`. Up to 3 bytes too few for a header are left, and
    what stands behind `most` items."""
    spans: list[tuple[int, int]] = []
    while end - start >= ITEM_HEADER and len(spans) != most:
        stop = min(end, start + ITEM_HEADER + int.from_bytes(data[start + 2 : start + 4], "big"))
        spans.append((start, stop))
        start = stop
    return spans


def split_pdvs(data: bytes, start: int, end: int, most: int | None = None) -> list[tuple[int, int]]:
    """(start, end) of each PDV item, cut at `end`. Stops at one without context ID and control header, and behind
    `most` of them."""
    spans: list[tuple[int, int]] = []
    while end - start >= PDV_HEADER and len(spans) != most:
        stop = min(end, start + 4 + int.from_bytes(data[start : start + 4], "big"))
        if stop - start < PDV_HEADER:
            break
        spans.append((start, stop))
        start = stop
    return spans


def unread_items(value: Layout) -> bytes:
    """Of its `trailing` the items for which there was no room (`MOST_ITEMS`); b"" where there are none."""
    has_items = len(value.trailing) >= ITEM_HEADER and any(row.kind is Kind.ITEMS for _, row in rows_of(type(value)))
    return value.trailing if has_items else b""


def item_class(kind: int, depth: int) -> type[Item] | None:
    """The class of an item type `depth` items deep; None: not defined there. Items with items are never inside one."""
    cls = ITEMS.get(kind)
    if cls is not None and depth and any(row.kind is Kind.ITEMS for _, row in rows_of(cls)):
        return None
    return cls


def decode_item(data: bytes, start: int, end: int, depth: int = 0, room: list[int] | None = None) -> Item:
    """The item whose header stands at `start`; its content is all bytes to `end`. Never raises. room: how many items
    may still be decoded of its PDU."""
    kind, extra, length = data[start], data[start + 1], int.from_bytes(data[start + 2 : start + 4], "big")
    body = start + ITEM_HEADER
    odd = _unless(length, end - body)
    cls = item_class(kind, depth)
    if cls is None:
        return UnknownItem(kind, data[body:end], length=odd, header_reserved=extra)
    if odd is not None:
        reason = f"Item-length is {length}, but only {end - body} bytes follow."
        return MalformedItem(kind, data[body:end], reason, length=odd, header_reserved=extra)
    try:
        return cls(**_decode_rows(cls, data, body, end, depth + 1, room), header_reserved=extra)
    except FieldError as error:
        return MalformedItem(kind, data[body:end], error.reason, header_reserved=extra)


def _decode_rows(
    cls: type[Layout], data: bytes, start: int, end: int, depth: int, room: list[int] | None = None
) -> dict[str, Any]:
    """Attributes of a PDU, item or PDV whose content is data[start:end]; `trailing` is what its table leaves over, and
    what there is no `room` for."""
    room = room or [MOST_ITEMS]
    values: dict[str, Any] = {}
    for name, row in rows_of(cls):
        if row.kind is Kind.ITEMS:
            spans = split_items(data, start, end, room[0])
            room[0] -= len(spans)
            values[name] = tuple(decode_item(data, s, e, depth, room) for s, e in spans)
            start = spans[-1][1] if spans else start
        elif row.kind is Kind.PDVS:
            spans = split_pdvs(data, start, end)
            values[name] = tuple(_decode_pdv(data, s, e) for s, e in spans)
            start = spans[-1][1] if spans else start
        else:
            values[name], start = read_field(row, data, start, end)
    values["trailing"] = data[start:end]
    return values


def _decode_pdv(data: bytes, start: int, end: int) -> Pdv:
    length = int.from_bytes(data[start : start + 4], "big")
    return Pdv(**_decode_rows(Pdv, data, start + 4, end, 0), length=_unless(length, end - start - 4))


def _unless(value: int, expected: int) -> int | None:
    return None if value == expected else value


def _big_endian(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _latin(data: bytes) -> str:
    return data.decode("latin-1")


def _texts(data: bytes) -> tuple[str, ...]:
    return tuple(data[start + 2 : end].decode("latin-1") for start, end in split_texts(data))


_VALUES: dict[Kind, Callable[[bytes], Any]] = {
    Kind.UINT8: _big_endian,
    Kind.UINT16: _big_endian,
    Kind.UINT32: _big_endian,
    Kind.RESERVED: bytes,
    Kind.AE_TITLE: _latin,
    Kind.TEXT: _latin,
    Kind.BYTES: bytes,
    Kind.COUNTED_TEXT: _latin,
    Kind.COUNTED_BYTES: bytes,
    Kind.COUNTED_TEXTS: _texts,
}


def iter_pdvs(data: Buffer, most: int = MOST_PDVS) -> list[tuple[int, int, memoryview]]:
    """(presentation context ID, message control header, fragment) of a whole P-DATA-TF, header included; no copies.

    The fast twin of `decode_pdu`. PduError when there is no PDV, there are more than `most`, or they do not fill the
    PDU (PS3.8 9.3.5).
    """
    view = memoryview(data)
    end = len(view)
    if end >= PDU_HEADER + PDV_HEADER:
        length, of_item, context_id, control = _ONE_PDV(data, 2)
        if length == end - PDU_HEADER and of_item == length - 4:
            return [(context_id, control, view[PDU_HEADER + PDV_HEADER :])]  # nearly all
    if end < PDU_HEADER or int.from_bytes(view[2:6], "big") != end - PDU_HEADER:
        raise PduError("P-DATA-TF: PDU-length is not the length of the PDU.", INVALID_PARAMETER_VALUE, 2)
    pdvs: list[tuple[int, int, memoryview]] = []
    start = PDU_HEADER
    while start + PDV_HEADER <= end:
        stop = start + 4 + int.from_bytes(view[start : start + 4], "big")
        if stop > end or stop < start + PDV_HEADER:
            break
        if len(pdvs) == most:
            reason = f"P-DATA-TF: it has more than {most} Presentation Data Value items{named('pdvs', most)}."
            raise PduError(reason, INVALID_PARAMETER_VALUE, start)
        pdvs.append((view[start + 4], view[start + 5], view[start + PDV_HEADER : stop]))
        start = stop
    if start != end:
        reason = f"P-DATA-TF: the Presentation Data Value item at byte {start} does not fit the PDU of {end} bytes."
        raise PduError(reason, INVALID_PARAMETER_VALUE, start)
    if not pdvs:
        raise PduError("P-DATA-TF without a Presentation Data Value item.", INVALID_PARAMETER_VALUE, PDU_HEADER)
    return pdvs


# --- helpers ------------------------------------------------------------------------------------------------------


def strip(text: str) -> str:
    """An AE title, UID or name without padding: spaces and NULs on either side."""
    return text.strip(" \0")


def first(items: Iterable[Item], cls: type[L]) -> L | None:
    """The first item of the class, or None."""
    return next((i for i in items if isinstance(i, cls)), None)


def all_of(items: Iterable[Item], cls: type[L]) -> tuple[L, ...]:
    """Every item of the class, in order."""
    return tuple(i for i in items if isinstance(i, cls))


def user_items(pdu: Pdu) -> tuple[Item, ...]:
    """Sub-items of all User Information items of an A-ASSOCIATE-RQ or -AC, in order; () for other PDUs."""
    items: tuple[Item, ...] = getattr(pdu, "items", ())
    return tuple(sub for information in all_of(items, UserInformation) for sub in information.items)


__all__ = [
    "INVALID_PARAMETER_VALUE",
    "ITEM_HEADER",
    "PDU_HEADER",
    "PDV_HEADER",
    "UNEXPECTED_PARAMETER",
    "UNRECOGNIZED_PDU",
    "Buffer",
    "FieldError",
    "PduError",
    "all_of",
    "decode_item",
    "decode_pdu",
    "encode_item",
    "encode_pdu",
    "encode_pdv",
    "first",
    "item_class",
    "iter_pdvs",
    "read_field",
    "read_header",
    "recognise",
    "split_items",
    "split_pdvs",
    "split_texts",
    "strip",
    "unread_items",
    "user_items",
]
