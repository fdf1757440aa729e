"""Command sets as TOML (resources/docs/message-files.md).

``[command]`` is the short form: keywords with values, written in tag order, what its row fixes filled in.
``[[command]]`` is the exact form: one table an element, in wire order, nothing added. Both read any command set; saving
uses the short form whenever it says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.model.command_set import (
    COMMAND_FIELD,
    DATA_SET_TYPE,
    GROUP_LENGTH,
    MESSAGE_ID,
    PRIORITY,
    STATUS,
    CommandSet,
    Element,
    Value,
)
from engine.standard.command_fields import PRIORITIES, priority_named
from engine.standard.elements import ELEMENTS, tag_text
from engine.standard.messages import MessageRow
from engine.standard.sop_classes import sop_class

from .binary import hex_bytes
from .errors import ValueProblem, under
from .names import attribute_tag, command_tag, uid_keyword, uid_of_keyword
from .toml_text import Hex, Inline

SOP_CLASSES = (0x00000002, 0x00000003)
"""Affected and Requested SOP Class UID."""
_HEX_TAGS = {COMMAND_FIELD, DATA_SET_TYPE, STATUS}
_FORM_KEYS = {"value", "raw", "length", "omit", "repeat", "element"}
_LIMITS = {"US": 0xFFFF, "UL": 0xFFFFFFFF}
MAXIMUM_REPEAT = 10000
"""Copies of one element: far beyond any use, and small enough to hold."""


def automatic_elements(row: MessageRow, abstract_syntax: str = "") -> dict[int, Element]:
    """What every message of this kind starts with: group length, Command Field, Message ID, Command Data Set Type; of a
    request in a context of this abstract syntax its SOP class too."""
    automatic = {GROUP_LENGTH: Element(GROUP_LENGTH), COMMAND_FIELD: Element(COMMAND_FIELD, row.command_field)}
    tags = {field.tag for field in row.fields}
    for tag in (MESSAGE_ID, DATA_SET_TYPE):
        if tag in tags:
            automatic[tag] = Element(tag)
    subject = _subject(abstract_syntax) if row.kind == "request" else ""
    automatic |= {tag: Element(tag, subject) for tag in SOP_CLASSES if subject and tag in tags}
    return automatic


def _subject(abstract_syntax: str) -> str:
    """The SOP class messages in a context of this abstract syntax are about; "" when there are several (meta)."""
    row = sop_class(abstract_syntax)
    return "" if row is None or row.members else row.message_sop_class or row.uid


def read_command(value: Any, row: MessageRow, abstract_syntax: str = "") -> CommandSet:
    """The command set of ``[command]`` or ``[[command]]`` in such a context. Raises `ValueProblem`."""
    if isinstance(value, list):
        return _read_exact(value)
    if not isinstance(value, Mapping):
        raise ValueProblem("must be a table [command] or an array of tables [[command]]")
    elements: dict[int, tuple[Element, ...]] = {t: (e,) for t, e in automatic_elements(row, abstract_syntax).items()}
    for key, entry in value.items():
        with under(key):
            tag = command_tag(key)
            elements[tag] = _read_entry(tag, entry)
    return CommandSet(tuple(e for tag in sorted(elements) for e in elements[tag]))


def _read_exact(entries: list[Any]) -> CommandSet:
    result: list[Element] = []
    for index, entry in enumerate(entries):
        with under(index):
            if not isinstance(entry, Mapping) or not isinstance(entry.get("element"), str):
                raise ValueProblem('each [[command]] table needs element = "Keyword" or "(gggg,eeee)"')
            result += _read_form(command_tag(entry["element"]), entry)
    return CommandSet(tuple(result))


def _read_entry(tag: int, entry: Any) -> tuple[Element, ...]:
    if isinstance(entry, Mapping):
        return _read_form(tag, entry)
    if isinstance(entry, list) and entry and all(isinstance(e, Mapping) for e in entry):
        return tuple(e for form in entry for e in _read_form(tag, form))
    return (Element(tag, _read_value(tag, entry, by_name=True)),)


def _read_form(tag: int, form: Mapping[str, Any]) -> tuple[Element, ...]:
    unknown = set(form) - _FORM_KEYS
    if unknown:
        raise ValueProblem(f"unknown key “{min(unknown)}”; allowed are value, raw, length, omit and repeat")
    if _flag(form, "omit"):
        return ()
    raw = hex_bytes(form["raw"], "raw") if "raw" in form else None
    length = _number(form, "length", 0xFFFFFFFF)
    repeat = _number(form, "repeat", MAXIMUM_REPEAT)
    value = _read_value(tag, form["value"], by_name=False) if "value" in form else None
    return (Element(tag, value, raw, length),) * (1 if repeat is None else repeat)


def _flag(form: Mapping[str, Any], key: str) -> bool:
    value = form.get(key, False)
    if not isinstance(value, bool):
        raise ValueProblem(f"{key} must be true or false")
    return value


def _number(form: Mapping[str, Any], key: str, maximum: int) -> int | None:
    value = form.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= maximum:
        raise ValueProblem(f"{key} must be a whole number from 0 to {maximum}")
    return value


def _read_value(tag: int, value: Any, by_name: bool) -> Value:
    if isinstance(value, Mapping):
        if set(value) != {"hex"}:
            raise ValueProblem('bytes are written { hex = "…" }')
        return hex_bytes(value["hex"], "hex")
    if isinstance(value, list):
        parts = [_read_value(tag, v, by_name) for v in value]
        if all(isinstance(p, int) for p in parts):
            return tuple(p for p in parts if isinstance(p, int))
        if all(isinstance(p, str) for p in parts):
            return tuple(p for p in parts if isinstance(p, str))
        raise ValueProblem("a list must hold only numbers or only texts")
    row = ELEMENTS.get(tag)
    return _read_scalar(tag, row.vr if row else "", value, by_name)


def _read_scalar(tag: int, vr: str, value: Any, by_name: bool) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueProblem(f"must be a text, a whole number or a list of them, not {_kind(value)}")
    if not vr:
        raise ValueProblem('the dictionary does not have this element, so its bytes are needed: { raw = "hex" }')
    if vr == "AT":
        return _in_range(value, 0xFFFFFFFF) if isinstance(value, int) else attribute_tag(value)
    if vr in _LIMITS:
        if isinstance(value, str):
            named = priority_named(value) if tag == PRIORITY else None
            if named is not None:
                return named
            others = f" or {', '.join(PRIORITIES.values())}" if tag == PRIORITY else ""
            raise ValueProblem(f"must be a whole number{others}")
        return _in_range(value, _LIMITS[vr])
    if isinstance(value, int):
        raise ValueProblem(f"must be a text (VR {vr}): put it in quotes")
    return (uid_of_keyword(value) or value) if vr == "UI" and by_name else value


def _in_range(value: int, maximum: int) -> int:
    if 0 <= value <= maximum:
        return value
    raise ValueProblem(
        f'{value} does not fit: allowed are 0 to {maximum}; other bytes can be given as {{ raw = "hex" }}'
    )


def _kind(value: Any) -> str:
    names = {bool: "true/false", float: "a decimal number", dict: "a table"}
    return names.get(type(value), "a date or time")


def write_command(
    command: CommandSet, row: MessageRow, abstract_syntax: str = ""
) -> dict[str, Any] | list[dict[str, Any]]:
    """The short form when it reads back as the same command set, else the exact one."""
    short = _write_short(command, automatic_elements(row, abstract_syntax))
    if short is not None and read_command(short, row, abstract_syntax) == command:
        return short
    return [{"element": _key(e.tag), **_form(e)} for e in command]


def _write_short(command: CommandSet, automatic: dict[int, Element]) -> dict[str, Any] | None:
    table: dict[str, Any] = {}
    for element in command:
        if automatic.get(element.tag) == element and element.tag not in SOP_CLASSES:  # those are written for people
            continue
        key = _key(element.tag)
        if key in table:
            return None
        table[key] = _short_value(element)
    present = {e.tag for e in command}
    table.update({_key(tag): Inline(omit=True) for tag in automatic if tag not in present})
    return table


def _short_value(element: Element) -> Any:
    value = element.value
    if element.raw is not None or element.length is not None or value is None or isinstance(value, bytes):
        return Inline(_form(element))
    if isinstance(value, str) and ELEMENTS[element.tag].vr == "UI":
        return uid_keyword(value) if uid_of_keyword(value) is None else Inline(value=value)
    return _toml_value(element.tag, value)


def _form(element: Element) -> dict[str, Any]:
    form: dict[str, Any] = {}
    if element.value is not None:
        form["value"] = _toml_value(element.tag, element.value)
    if element.raw is not None:
        form["raw"] = element.raw.hex()
    if element.length is not None:
        form["length"] = element.length
    return form


def _toml_value(tag: int, value: Value) -> Any:
    if isinstance(value, bytes):
        return Inline(hex=value.hex())
    if isinstance(value, tuple):
        return [_toml_value(tag, v) for v in value]
    row = ELEMENTS.get(tag)
    if isinstance(value, int):
        if row and row.vr == "AT":
            return tag_text(value)
        if tag == PRIORITY and value in PRIORITIES:
            return PRIORITIES[value]
        return Hex(value) if tag in _HEX_TAGS else value
    return value


def _key(tag: int) -> str:
    row = ELEMENTS.get(tag)
    return row.keyword if row else tag_text(tag)
