"""PDUs and items to bytes, driven by the rows of `engine.standard.pdus` alone (PS3.8 9.3).

Encoding refuses nothing that fits its width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.standard.pdus import Item, Kind, Layout, MalformedItem, Pdu, Pdv, Row, UnknownItem, rows_of


class FieldProblem(ValueError):
    """A value that does not fit the field it is to be sent in; the text is a sentence."""


_AE_TITLE_SIZE = 16
WIDTHS = {Kind.UINT8: 1, Kind.UINT16: 2, Kind.UINT32: 4, Kind.AE_TITLE: _AE_TITLE_SIZE}
"""Bytes of the kinds of field that always have as many (PS3.8 9.3)."""


def encode_pdu(pdu: Pdu) -> bytes:
    """A whole PDU, header included. FieldProblem when a value does not fit the width of its field."""
    body = _encode_rows(pdu)
    length = len(body) if pdu.length is None else pdu.length
    return _head(pdu.TYPE, pdu) + _uint(length, 4, "PDU-length") + body


def encode_item(item: Item) -> bytes:
    """A whole item or sub-item. FieldProblem as `encode_pdu`."""
    if isinstance(item, UnknownItem | MalformedItem):
        kind, body = item.type, item.data + item.trailing
    else:
        kind, body = item.TYPE, _encode_rows(item)
    length = len(body) if item.length is None else item.length
    name = f"Item-length of the {item.NAME or 'item'} ({kind:02X}H)"
    return _head(kind, item) + _uint(length, 2, name) + body


def encode_pdv(pdv: Pdv) -> bytes:
    """A whole presentation-data-value item (PS3.8 9.3.5.1)."""
    body = _encode_rows(pdv)
    return _uint(len(body) if pdv.length is None else pdv.length, 4, "Item-length") + body


def _head(kind: int, value: Layout) -> bytes:
    return _uint(kind, 1, "Type") + _uint(value.header_reserved, 1, "Reserved")


def _encode_rows(value: Layout) -> bytes:
    parts = [_ENCODERS[row.kind](row, getattr(value, name)) for name, row in rows_of(type(value))]
    return b"".join((*parts, value.trailing))


def _uint(value: int, size: int, name: str) -> bytes:
    try:
        return value.to_bytes(size, "big")
    except OverflowError:
        raise FieldProblem(f"{name} is {value}; it holds 0 to {(1 << (8 * size)) - 1}.") from None


def _text(value: str, name: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise FieldProblem(f"{name} {value!r} has a character no byte stands for: {value[error.start]!r}.") from None


def _encode_number(row: Row, value: int) -> bytes:
    return _uint(value, WIDTHS[row.kind], row.name)


def _encode_reserved(row: Row, value: bytes) -> bytes:
    if len(value) != row.size:
        raise FieldProblem(f"{row.name} field of {row.size} bytes is given {len(value)}.")
    return value


def _encode_ae_title(row: Row, value: str) -> bytes:
    data = _text(value, row.name)
    if len(data) > _AE_TITLE_SIZE:
        raise FieldProblem(f"{row.name} {value!r} has {len(data)} characters; the field holds {_AE_TITLE_SIZE}.")
    return data.ljust(_AE_TITLE_SIZE)


def _counted(data: bytes, name: str) -> bytes:
    return _uint(len(data), 2, name) + data


def _encode_texts(row: Row, values: tuple[str, ...]) -> bytes:
    return _counted(b"".join(_counted(_text(v, row.name), row.length_name) for v in values), row.length_name)


_ENCODERS: dict[Kind, Callable[[Row, Any], bytes]] = {
    Kind.UINT8: _encode_number,
    Kind.UINT16: _encode_number,
    Kind.UINT32: _encode_number,
    Kind.RESERVED: _encode_reserved,
    Kind.AE_TITLE: _encode_ae_title,
    Kind.TEXT: lambda row, value: _text(value, row.name),
    Kind.BYTES: lambda _, value: bytes(value),
    Kind.COUNTED_TEXT: lambda row, value: _counted(_text(value, row.name), row.length_name),
    Kind.COUNTED_BYTES: lambda row, value: _counted(value, row.length_name),
    Kind.COUNTED_TEXTS: _encode_texts,
    Kind.ITEMS: lambda _, value: b"".join(encode_item(i) for i in value),
    Kind.PDVS: lambda _, value: b"".join(encode_pdv(p) for p in value),
}
