"""Data sets as DICOM JSON and back (PS3.18 Annex F)."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import Any

from engine.model.dataset import DataElement, DataSet
from engine.standard.dictionary import attribute, attribute_by_keyword
from engine.standard.elements import tag_text

from .data_reader import LONG_VRS, MAXIMUM_DEPTH, SHORT_VRS, resolve_vr
from .errors import DataSetError
from .values import BYTES, FLOATS, INTEGERS

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_EXACT = 1 << 53
"""Whole numbers up to this survive a reader that takes JSON numbers for doubles."""
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def to_json(data_set: DataSet) -> dict[str, Any]:
    """The DICOM JSON object of a data set."""
    return {f"{e.tag:08X}": _element_to_json(e) for e in sorted(data_set.elements, key=lambda e: e.tag)}


def _element_to_json(element: DataElement) -> dict[str, Any]:
    out: dict[str, Any] = {"vr": element.vr}
    if isinstance(element.value, bytes):
        if element.value:
            out["InlineBinary"] = base64.b64encode(element.value).decode("ascii")
    elif element.value:
        convert = _TO_JSON.get(element.vr, _text_to_json)
        out["Value"] = [to_json(v) if isinstance(v, DataSet) else convert(v) for v in element.value]
    return out


def _text_to_json(text: str) -> Any:
    return text or None


def _name_to_json(text: str) -> Any:
    groups = {key: part for key, part in zip(_GROUPS, text.split("=", 2), strict=False) if part}
    return groups or None


def _number_to_json(text: str) -> Any:
    """A JSON number where it says the same digits, else the text (allowed for DS, IS, SV and UV, PS3.18 F.2.3)."""
    if not text:
        return None
    if not _DECIMAL.fullmatch(text) or len(text) > 17:
        return text
    number = float(text) if "." in text else int(text)
    return number if str(number) == text and abs(number) <= _EXACT else text


def _float_to_json(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text or None
    return number if math.isfinite(number) else text


_TO_JSON: dict[str, Callable[[str], Any]] = {
    "PN": _name_to_json,
    **dict.fromkeys(("DS", "IS", *INTEGERS), _number_to_json),
    **dict.fromkeys(FLOATS, _float_to_json),
}


def from_json(obj: Any, depth: int = 0) -> DataSet:
    """The data set of a DICOM JSON object; keywords are taken for tags too. DataSetError names the attribute."""
    if not isinstance(obj, dict):
        raise DataSetError(f"A DICOM JSON data set is an object, not {_kind(obj)}.")
    if depth > MAXIMUM_DEPTH:
        raise DataSetError(f"Sequences are more than {MAXIMUM_DEPTH} levels deep.")
    elements = [_element_from_json(_tag(str(key)), body, depth) for key, body in obj.items()]
    return DataSet(tuple(sorted(elements, key=lambda e: e.tag)))


def _kind(obj: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(obj), "null")


def _tag(key: str) -> int:
    if re.fullmatch(r"[0-9A-Fa-f]{8}", key):
        return int(key, 16)
    entry = attribute_by_keyword(key)
    if entry is None:
        raise DataSetError(f'"{key}" is neither a tag of eight hexadecimal digits nor a keyword.')
    return entry.tag


def _element_from_json(tag: int, body: Any, depth: int) -> DataElement:
    name = tag_text(tag)
    if not isinstance(body, dict):
        raise DataSetError(f"{name}: an attribute is an object with vr and Value, not {_kind(body)}.")
    vr = body.get("vr") or _dictionary_vr(tag)
    if not isinstance(vr, str) or vr not in SHORT_VRS | LONG_VRS:
        raise DataSetError(f"{name}: {vr!r} is not a VR.")
    if "BulkDataURI" in body:
        raise DataSetError(f"{name}: its value is elsewhere ({body['BulkDataURI']}); only values in the JSON are read.")
    if "InlineBinary" in body:
        return DataElement(tag, vr, _binary(name, body["InlineBinary"]))
    values = body.get("Value", [])
    if not isinstance(values, list):
        raise DataSetError(f"{name}: Value is a list, not {_kind(values)}.")
    if vr in BYTES:
        if values:
            raise DataSetError(f"{name}: the value of VR {vr} belongs in InlineBinary.")
        return DataElement(tag, vr, b"")
    if vr == "SQ":
        return DataElement(tag, vr, tuple(from_json({} if v is None else v, depth + 1) for v in values))
    return DataElement(tag, vr, tuple(_value_text(name, vr, v) for v in values))


def _dictionary_vr(tag: int) -> str:
    entry = attribute(tag)
    return resolve_vr(entry.vr, False) if entry else "UN"


def _binary(name: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise DataSetError(f"{name}: InlineBinary is not base64.") from None


def _value_text(name: str, vr: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if vr == "PN" and isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
        return "=".join(value.get(group, "") for group in _GROUPS).rstrip("=")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataSetError(f"{name}: {_kind(value)} is no value of VR {vr}.")
    if isinstance(value, float) and value.is_integer() and vr not in ("FL", "FD", "DS") and abs(value) < _EXACT:
        return str(int(value))
    return str(value)
