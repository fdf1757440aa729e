"""Data sets as TOML: attributes by keyword or tag, sequences as arrays of tables (resources/docs/message-files.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.model.dataset import DataElement, DataSet
from engine.standard.dictionary import attribute
from engine.standard.elements import tag_text

from .binary import read_binary
from .errors import ValueProblem, under
from .names import attribute_tag
from .toml_text import Inline

BINARY_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
INTEGER_VRS = frozenset({"US", "UL", "SS", "SL", "SV", "UV"})
SINGLE_VRS = frozenset({"LT", "ST", "UR", "UT"})
"""Text in which a backslash is a character, not a separator (PS3.5 6.2)."""
_TEXT_VRS = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SQ SS ST SV TM UC UI UL UR US UT UV"
VRS = frozenset(_TEXT_VRS.split(" ")) | BINARY_VRS
MAXIMUM_DEPTH = 64
"""Nesting of sequences; real objects stay below ten."""
_BINARY_KEYS = ("hex", "base64", "file")


def dictionary_vr(tag: int) -> str:
    """The dictionary's VR; of several ("US or SS", "OB or OW") one that can hold what users type; "" when unknown."""
    if tag & 0x1FFFF == 0x10000 or ((tag >> 16) % 2 and 0x10 <= tag & 0xFFFF <= 0xFF):
        return "UL" if not tag & 0xFFFF else "LO"
    row = attribute(tag)
    if row is None:
        return "UL" if not tag & 0xFFFF else ""
    choices = [c for c in row.vr.replace(",", " ").split() if c in VRS]
    return choices[-1] if choices and choices[0] in BINARY_VRS else choices[0] if choices else ""


def read_dataset(table: Mapping[str, Any], folder: Path, depth: int = 0) -> DataSet:
    """The data set of a table, in tag order. `folder` is where { file = } is looked for. Raises `ValueProblem`."""
    if depth > MAXIMUM_DEPTH:
        raise ValueProblem("sequences are nested too deeply")
    elements: dict[int, DataElement] = {}
    for key, value in table.items():
        with under(key):
            element = _read_element(attribute_tag(key), value, folder, depth)
            if element.tag in elements:
                raise ValueProblem(f"the attribute {tag_text(element.tag)} is there twice")
            elements[element.tag] = element
    return DataSet(tuple(elements[tag] for tag in sorted(elements)))


def _read_element(tag: int, value: Any, folder: Path, depth: int) -> DataElement:
    vr, value = _vr_and_value(tag, value)
    if vr == "SQ":
        return DataElement(tag, vr, _read_items(value, folder, depth))
    if vr in BINARY_VRS:
        return DataElement(tag, vr, _read_bytes(value, folder))
    values = value if isinstance(value, list) else _split(vr, value)
    return DataElement(tag, vr, tuple(_read_text(vr, v) for v in values))


def _vr_and_value(tag: int, value: Any) -> tuple[str, Any]:
    vr = dictionary_vr(tag)
    if isinstance(value, Mapping):
        written = value.get("vr", vr)
        if not isinstance(written, str) or (written not in VRS and written != ""):
            raise ValueProblem(f"“{written}” is not a VR of PS3.5 6.2")
        vr = written
        if any(k in value for k in _BINARY_KEYS):
            _only(value, {"vr", *_BINARY_KEYS})
            return (vr if vr in BINARY_VRS else _binary_vr(tag, vr, "vr" in value)), value
        _only(value, {"vr", "value"})
        value = value.get("value", [])
    if not vr:
        raise ValueProblem(
            'the dictionary does not know this attribute, so its VR is needed: { vr = "LO", value = "…" }'
        )
    return vr, value


def _binary_vr(tag: int, vr: str, given: bool) -> str:
    """The VR of an element written as bytes: the dictionary's binary choice ("US or OW"), UN when it has no entry."""
    row = attribute(tag)
    choices = [c for c in (row.vr.split() if row else []) if c in BINARY_VRS]
    if choices and not given:
        return choices[-1]
    if not vr:
        return "UN"
    raise ValueProblem(f"bytes do not fit VR {vr}")


def _only(form: Mapping[str, Any], allowed: set[str]) -> None:
    unknown = set(form) - allowed
    if unknown:
        raise ValueProblem(f"unknown key “{min(unknown)}”; allowed are {', '.join(sorted(allowed))}")


def _read_items(value: Any, folder: Path, depth: int) -> tuple[DataSet, ...]:
    if value == "":
        return ()
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise ValueProblem("a sequence is written as an array of tables, one an item")
    items = []
    for index, item in enumerate(value):
        with under(index):
            items.append(read_dataset(item, folder, depth + 1))
    return tuple(items)


def _read_bytes(value: Any, folder: Path) -> bytes:
    if value in ("", []):
        return b""
    if isinstance(value, Mapping) and any(k in value for k in _BINARY_KEYS):
        return read_binary(value, folder)
    raise ValueProblem('bytes are written { hex = "…" }, { base64 = "…" } or { file = "…" }')


def _split(vr: str, value: Any) -> list[Any]:
    if value == "":
        return []
    if isinstance(value, str) and "\\" in value and vr not in SINGLE_VRS:
        return value.split("\\")
    return [value]


def _read_text(vr: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueProblem(f"must be a text or a number (VR {vr})")
    if vr == "AT":
        tag = value if isinstance(value, int) else attribute_tag(str(value))
        if not 0 <= tag <= 0xFFFFFFFF:
            raise ValueProblem("must be a tag (gggg,eeee) or an attribute keyword")
        return f"{tag:08X}"
    if vr in INTEGER_VRS and isinstance(value, float):
        raise ValueProblem(f"must be a whole number (VR {vr})")
    return value if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)


def write_dataset(dataset: DataSet) -> dict[str, Any]:
    """The table that reads back as this data set, in tag order. `ValueProblem` when an attribute is there twice."""
    table: dict[str, Any] = {}
    for element in dataset:
        key = attribute_key(element.tag)
        if key in table:
            raise ValueProblem(f"the attribute {tag_text(element.tag)} is there twice; a message file holds it once")
        with under(key):
            table[key] = _write_element(element)
    return table


def attribute_key(tag: int) -> str:
    """The keyword when it leads back to this tag (not so for repeating groups), else "(gggg,eeee)"."""
    row = attribute(tag)
    if row and row.keyword:
        try:
            if attribute_tag(row.keyword) == tag:
                return row.keyword
        except ValueProblem:
            pass
    return tag_text(tag)


def _write_element(element: DataElement) -> Any:
    usual = element.vr == dictionary_vr(element.tag)
    if isinstance(element.value, bytes):
        if not element.value:
            return "" if usual else Inline(vr=element.vr, value="")
        form = Inline(hex=element.value.hex())
        return form if usual else Inline(vr=element.vr, **form)
    if element.vr == "SQ":
        items = [write_dataset(item) for item in element.items]
        return items if usual else {"vr": "SQ", "value": items}
    value = _write_texts(element.vr, element.texts)
    return value if usual else Inline(vr=element.vr, value=value)


def _write_texts(vr: str, texts: tuple[str, ...]) -> Any:
    values = [_write_text(vr, t) for t in texts]
    if not values:
        return ""
    if len(values) > 1 or values == [""] or len(_split(vr, values[0])) > 1:
        return values
    return values[0]


def _write_text(vr: str, text: str) -> Any:
    if vr == "AT":
        try:
            return tag_text(int(text, 16)) if len(text) == 8 else text
        except ValueError:
            return text
    if vr in INTEGER_VRS:
        try:
            number = int(text)
        except ValueError:
            return text
        return number if str(number) == text and abs(number) < 1 << 63 else text
    return text
