"""Data sets as text for the database: exactly what the value holds, unlike DICOM JSON, which turns numbers."""

from __future__ import annotations

import base64
import json
from json.encoder import encode_basestring_ascii
from typing import Any

from engine.model.dataset import DataElement, DataSet

_quoted = encode_basestring_ascii


def to_text(data: DataSet) -> str:
    """As JSON in ASCII: a list of [tag, VR, values]; bytes as one base64 text, items as lists of elements."""
    return f"[{','.join([f'[{e.tag},{_quoted(e.vr)},{_value(e)}]' for e in data])}]"


def from_text(text: str) -> DataSet:
    """The data set again. ValueError when the text is none of ours."""
    try:
        return _data_set(json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError(f"no data set: {error}") from None


def _value(element: DataElement) -> str:
    value = element.value
    if isinstance(value, bytes):
        return f'"{base64.b64encode(value).decode("ascii")}"'
    return f"[{','.join([to_text(v) if isinstance(v, DataSet) else _quoted(v) for v in value])}]"


def _data_set(elements: list[Any]) -> DataSet:
    return DataSet(tuple(_element(int(tag), str(vr), value) for tag, vr, value in elements))


def _element(tag: int, vr: str, value: Any) -> DataElement:
    if isinstance(value, str):
        return DataElement(tag, vr, base64.b64decode(value, validate=True))
    if vr == "SQ":
        return DataElement(tag, vr, tuple(_data_set(item) for item in value))
    return DataElement(tag, vr, tuple(str(v) for v in value))
