"""A command set as a tree: each element with its tag, length and value in words (PS3.7 6.3.1, Annex E)."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.command_set import CommandSet, Element
from engine.standard.dictionary import attribute
from engine.standard.elements import ELEMENTS, tag_text
from engine.standard.messages import NO_DATA_SET, PRIORITIES, message_for, message_name
from engine.standard.status import status_text

from .commands import HEADER, decode_command_spans, vr_of
from .issues import Issue
from .nodes import Node, hex_text, padding_detail, plain_text, uid_text

_CLAUSE = "PS3.7 6.3.1"


def explain_command(data: bytes) -> Node:
    """The tree of any bytes taken as a command set; never raises."""
    return command_node(bytes(data), 0)


def command_node(data: bytes, base: int) -> Node:
    """The tree of a command set that stands at offset `base` of what is explained."""
    command, spans, issues = decode_command_spans(data)
    nodes = [_element_node(e, command, data, span, base, issues) for e, span in zip(command, spans, strict=True)]
    end = spans[-1][1] if spans else 0
    if end < len(data):
        text = next((i.text for i in issues if i.start == end), "")
        nodes.append(
            Node("Bytes after the last element", hex_text(data[end:]), base + end, base + len(data), issue=text)
        )
    name = message_name(command.command_field) if command.command_field is not None else ""
    return Node("Command Set", name, base, base + len(data), tuple(nodes), _CLAUSE)


def _element_node(
    element: Element, command: CommandSet, data: bytes, span: tuple[int, int], base: int, issues: tuple[Issue, ...]
) -> Node:
    start, end = span
    row = ELEMENTS.get(element.tag)
    words = _words(element, command)
    tag_end, body = base + start + 4, base + start + HEADER
    length = int.from_bytes(data[start + 4 : start + HEADER], "little")
    children = [
        Node("Tag", tag_text(element.tag), base + start, tag_end),
        Node("Value Length", str(length) if length != 0xFFFFFFFF else "undefined", tag_end, body),
    ]
    if end > start + HEADER:
        detail = padding_detail(element.raw or b"") if isinstance(element.value, str) else ""
        children.append(Node("Value", words, body, base + end, detail=detail))
    return Node(
        f"{tag_text(element.tag)} {row.name if row else 'Unknown element'}",
        words,
        base + start,
        base + end,
        tuple(children),
        row.clause if row else _CLAUSE,
        f"{row.keyword}, VR {row.vr}, VM {row.vm}. {row.meaning}".rstrip(". ") + "." if row else "",
        " ".join(i.text for i in issues if i.start == start),
    )


def _words(element: Element, command: CommandSet) -> str:
    value = element.value
    if value is None:
        return "(empty)"
    if isinstance(value, bytes):
        return hex_text(value)
    values = value if isinstance(value, tuple) else (value,)
    say = _BY_KEYWORD.get(element.keyword) or _BY_VR.get(vr_of(element.tag), _plain)
    return ", ".join(say(v, command) for v in values)


def _plain(value: int | str, _: CommandSet) -> str:
    return str(value) if isinstance(value, int) else plain_text(value)


def _uid(value: int | str, _: CommandSet) -> str:
    return uid_text(str(value))


def _tag(value: int | str, _: CommandSet) -> str:
    if not isinstance(value, int):
        return str(value)
    entry = attribute(value)
    return f"{tag_text(value)} {entry.name}" if entry else tag_text(value)


def _command_field(value: int | str, _: CommandSet) -> str:
    return f"{value:04X}H {message_name(value)}" if isinstance(value, int) else str(value)


def _priority(value: int | str, _: CommandSet) -> str:
    return f"{value} {PRIORITIES[value]}" if value in PRIORITIES and isinstance(value, int) else str(value)


def _data_set_type(value: int | str, _: CommandSet) -> str:
    words = "no Data Set" if value == NO_DATA_SET else "a Data Set follows"
    return f"{value:04X}H {words}" if isinstance(value, int) else str(value)


def _status(value: int | str, command: CommandSet) -> str:
    if not isinstance(value, int):
        return str(value)
    message = message_for(command.command_field or 0)
    return status_text(value, message.service if message else "", command.sop_class_uid)


_BY_VR: dict[str, Callable[[int | str, CommandSet], str]] = {"UI": _uid, "AT": _tag}
_BY_KEYWORD: dict[str, Callable[[int | str, CommandSet], str]] = {
    "CommandField": _command_field,
    "Priority": _priority,
    "CommandDataSetType": _data_set_type,
    "Status": _status,
}
