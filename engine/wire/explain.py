"""A PDU as a tree of its fields, by the same rows that decode it (PS3.8 9.3). Takes any bytes, covers each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.standard.codes import explain_code, reject_reason
from engine.standard.extended_negotiation import ExtendedLayout, layout_of
from engine.standard.pdus import (
    PDUS,
    Item,
    Kind,
    Layout,
    Pdv,
    Row,
    SopClassCommonExtendedNegotiation,
    SopClassExtendedNegotiation,
    rows_of,
)

from .explain_command import command_node, explain_command
from .fragments import COMMAND, LAST
from .nodes import Node, hex_text, padding_detail, plain_text, uid_text, zeros_or_hex
from .pdus import (
    ITEM_HEADER,
    MOST_ITEMS,
    PDU_HEADER,
    PDV_HEADER,
    FieldError,
    item_class,
    read_field,
    split_items,
    split_pdvs,
    split_texts,
)
from .recognise import unrecognized
from .secrets import SECRET_ITEMS, not_shown, without_spilt, without_strays

_COUNTED = frozenset({Kind.COUNTED_TEXT, Kind.COUNTED_BYTES, Kind.COUNTED_TEXTS})
_NUMBERS = frozenset({Kind.UINT8, Kind.UINT16, Kind.UINT32})
_LISTS = frozenset({Kind.ITEMS, Kind.PDVS})
_TELLING = frozenset({Kind.AE_TITLE, Kind.TEXT, Kind.COUNTED_TEXT})


def explain_pdu(data: bytes) -> Node:
    """The tree of one PDU, header included; never raises.

    All bytes given belong to it; a PDU-length that says otherwise has an `issue`.
    """
    data = without_strays(bytes(data))
    if len(data) < PDU_HEADER:
        issue = f"A PDU header is {PDU_HEADER} bytes; there are {len(data)}."
        return Node("Incomplete PDU", hex_text(data), 0, len(data), issue=issue)
    cls = PDUS.get(data[0])
    length = int.from_bytes(data[2:PDU_HEADER], "big")
    actual = len(data) - PDU_HEADER
    header = (
        Node("PDU-type", f"{data[0]:02X}H" + (f" {cls.NAME}" if cls else ""), 0, 1),
        Node("Reserved", hex_text(data[1:2]), 1, 2),
        Node("PDU-length", str(length), 2, PDU_HEADER, issue=_length_issue("PDU-length", length, actual)),
    )
    if cls is None:
        rest = _leftover(data, PDU_HEADER, len(data), "Data", "")
        return Node("Unknown PDU", f"{data[0]:02X}H", 0, len(data), header + rest, "PS3.8 9.3", "", unrecognized(data))
    children, issue = _explain_rows(cls, data, PDU_HEADER, len(data), 0, [MOST_ITEMS])
    summary = _summary(cls, data, PDU_HEADER, len(data))
    return without_spilt(Node(cls.NAME, summary, 0, len(data), header + children, cls.CLAUSE, "", issue))


def _length_issue(name: str, length: int, actual: int) -> str:
    return "" if length == actual else f"{name} is {length}, but {actual} bytes follow."


def _leftover(data: bytes, start: int, end: int, label: str, issue: str) -> tuple[Node, ...]:
    """A node for bytes no field takes; none when there are none."""
    return (Node(label, hex_text(data[start:end]), start, end, issue=issue),) if end > start else ()


def _explain_rows(
    cls: type[Layout], data: bytes, start: int, end: int, depth: int, room: list[int]
) -> tuple[tuple[Node, ...], str]:
    """(nodes covering data[start:end], why the table could not be followed to its end or ""). room: how many items and
    PDVs of the PDU may still be explained: a PDU of a MiB can have a quarter of a million, which takes seconds."""
    nodes: list[Node] = []
    values: dict[str, Any] = {}
    for name, row in rows_of(cls):
        if row.kind in _LISTS:
            found = _explain_list(row.kind, data, start, end, depth, room)
            nodes += found
            start = found[-1].end if found else start
            continue
        try:
            value, stop = read_field(row, data, start, end)
        except FieldError as error:
            nodes += _leftover(data, start, end, row.name, error.reason)
            return tuple(nodes), error.reason
        values[name] = value
        if stop > start:
            nodes += _explain_field(cls, row, value, values, data, start, stop)
        start = stop
    issue = "The table of this PDU or item has no field for these bytes."
    nodes += _leftover(data, start, end, "Bytes after the last field", issue)
    return tuple(nodes), ""


def _explain_list(kind: Kind, data: bytes, start: int, end: int, depth: int, room: list[int]) -> list[Node]:
    spans = (split_pdvs if kind is Kind.PDVS else split_items)(data, start, end, room[0])
    room[0] -= len(spans)
    if kind is Kind.PDVS:
        found = [_explain_pdv(data, s, e) for s, e in spans]
    else:
        found = [_explain_item(data, s, e, depth, room) for s, e in spans]
    start = spans[-1][1] if spans else start
    if start < end and not room[0]:  # a user identity may be in it
        issue = f"No more than {MOST_ITEMS} items are shown."
        found.append(Node("More items", not_shown(end - start), start, end, issue=issue))
    return found


def _explain_field(
    cls: type[Layout], row: Row, value: Any, values: dict[str, Any], data: bytes, start: int, end: int
) -> list[Node]:
    nodes: list[Node] = []
    if row.kind in _COUNTED:
        length = int.from_bytes(data[start : start + 2], "big")
        nodes.append(Node(row.length_name, str(length), start, start + 2))
        start += 2
    if start == end:
        return nodes
    raw = data[start:end]
    if row.kind is Kind.COUNTED_BYTES and issubclass(cls, SECRET_ITEMS):
        nodes.append(Node(row.name, not_shown(len(raw)), start, end))
    elif cls is SopClassExtendedNegotiation and row.kind is Kind.BYTES:
        layout = layout_of(str(values["sop_class_uid"]).strip(" \0"))
        children = _explain_information(layout, raw, start) if layout else ()
        nodes.append(Node(row.name, hex_text(raw), start, end, children, layout.clause if layout else ""))
    elif row.kind is Kind.COUNTED_TEXTS:
        nodes.append(Node(row.name, f"{len(value)} UIDs", start, end, _explain_texts(raw, start)))
    elif row.kind in _NUMBERS:
        nodes.append(Node(row.name, _number_text(row, value, values), start, end))
    else:
        detail = padding_detail(raw) if isinstance(value, str) else ""
        nodes.append(Node(row.name, _WORDS[row.kind](value), start, end, detail=detail))
    return nodes


def _explain_information(layout: ExtendedLayout, raw: bytes, base: int) -> tuple[Node, ...]:
    """Each byte of an extended negotiation with its meaning (PS3.4); bytes beyond the layout as they are."""
    nodes = [
        Node(
            field.name,
            f"{value} {field.values.get(value, '(undefined)')}" if field.values else hex_text(bytes((value,))),
            base + place,
            base + place + 1,
            clause=layout.clause,
        )
        for place, (value, field) in enumerate(zip(raw, layout.fields, strict=False))
    ]
    known = len(nodes)
    if len(raw) > known:
        issue = f"{layout.clause} has {layout.lengths[1]} bytes at most."
        nodes.append(Node("More bytes", hex_text(raw[known:]), base + known, base + len(raw), issue=issue))
    return tuple(nodes)


def _explain_texts(raw: bytes, base: int) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for start, end in split_texts(raw):
        middle = base + start + 2
        nodes.append(Node("Length", str(end - start - 2), base + start, middle))
        if base + end > middle:
            nodes.append(Node("UID", uid_text(raw[start + 2 : end].decode("latin-1")), middle, base + end))
    return tuple(nodes)


def _number_text(row: Row, value: int, values: dict[str, Any]) -> str:
    """A number, with its meaning where a code table has one."""
    if not row.codes:
        return str(value)
    # The meaning of a reject reason depends on the source in front of it (PS3.8 9.3.4).
    words = reject_reason(values["source"], value) if row.codes == "reject_reason" else explain_code(row.codes, value)
    if row.codes == "message_control_header":
        return f"{value:02X}H {words}"
    return words if words.endswith(f"({value})") else f"{value} {words}"


def _ae_words(value: str) -> str:
    return plain_text(value) or "(blank)"


_WORDS: dict[Kind, Callable[[Any], str]] = {
    Kind.RESERVED: zeros_or_hex,
    Kind.AE_TITLE: _ae_words,
    Kind.TEXT: uid_text,
    Kind.BYTES: hex_text,
    Kind.COUNTED_TEXT: uid_text,
    Kind.COUNTED_BYTES: hex_text,
}


def _explain_item(data: bytes, start: int, end: int, depth: int, room: list[int]) -> Node:
    kind, length = data[start], int.from_bytes(data[start + 2 : start + ITEM_HEADER], "big")
    body = start + ITEM_HEADER
    cls = item_class(kind, depth)
    name = cls.NAME if cls else "Unknown item"
    second = "Sub-Item-version" if cls is SopClassCommonExtendedNegotiation else "Reserved"
    header = (
        Node("Item-type", f"{kind:02X}H", start, start + 1),
        Node(second, hex_text(data[start + 1 : start + 2]), start + 1, start + 2),
        Node("Item-length", str(length), start + 2, body, issue=_length_issue("Item-length", length, end - body)),
    )
    if cls is None:
        issue = "The Standard defines no item of this type here; it is to be ignored."
        rest = _leftover(data, body, end, "Data", "")
        return Node(name, f"{kind:02X}H", start, end, header + rest, "PS3.8 9.3.1", "", issue)
    children, issue = _explain_rows(cls, data, body, end, depth + 1, room)
    summary = _summary(cls, data, body, end)
    return Node(name, summary, start, end, header + children, cls.CLAUSE, "", header[2].issue or issue)


def _summary(cls: type[Layout], data: bytes, start: int, end: int) -> str:
    """What a line about the PDU or item says: its texts, the codes' meanings, an item's numbers."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    for name, row in rows_of(cls):
        try:
            values[name], start = read_field(row, data, start, end) if row.kind not in _LISTS else ("", start)
        except FieldError:
            break
        if row.codes:
            parts.append(_number_text(row, values[name], values))
        elif row.kind in _NUMBERS and issubclass(cls, Item):
            parts.append(f"{row.name} {values[name]}")
        elif row.kind in _TELLING:
            parts.append(_WORDS[row.kind](values[name]))
    return ", ".join(p for p in parts if p)


def _explain_pdv(data: bytes, start: int, end: int) -> Node:
    length = int.from_bytes(data[start : start + 4], "big")
    context_id, control = data[start + 4], data[start + 5]
    body = start + PDV_HEADER
    fields, _ = _explain_rows(Pdv, data, start + 4, end, 0, [0])
    issue = _length_issue("Item-length", length, end - start - 4)
    header = Node("Item-length", str(length), start, start + 4, issue=issue)
    # A command set in one fragment is shown element by element; (0000,eeee) tells its beginning from a middle part.
    if control & (COMMAND | LAST) == COMMAND | LAST and data[body : body + 2] == b"\0\0" and end - body >= 8:
        fields = (*fields[:2], command_node(data[body:end], body))
    value = f"context {context_id}, {explain_code('message_control_header', control)}, {end - body} bytes"
    return Node(Pdv.NAME, value, start, end, (header, *fields), Pdv.CLAUSE, "", issue)


__all__ = ["Node", "explain_command", "explain_pdu"]
