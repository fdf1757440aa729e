"""Data sets as text for the database: exactly what the value holds, unlike DICOM JSON, which turns numbers."""

from __future__ import annotations

import base64
import json
from typing import Any

from engine.model.dataset import DataElement, DataSet

_encode = json.JSONEncoder(separators=(",", ":")).encode


def to_text(data: DataSet) -> str:
    """As JSON in ASCII: a list of [tag, VR, values]; bytes as one base64 text, items as lists of elements."""
    return _encode(_plain(data))


def from_text(text: str) -> DataSet:
    """The data set again. ValueError when the text is none of ours."""
    try:
        return _data_set(json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError(f"no data set: {error}") from None


def _plain(data: DataSet) -> list[Any]:
    return [[e.tag, e.vr, _value(e)] for e in data]


def _value(element: DataElement) -> Any:
    if isinstance(element.value, bytes):
        return base64.b64encode(element.value).decode("ascii")
    return [_plain(v) if isinstance(v, DataSet) else v for v in element.value]


def _data_set(elements: list[Any]) -> DataSet:
    return DataSet(tuple(_element(int(tag), str(vr), value) for tag, vr, value in elements))


def _element(tag: int, vr: str, value: Any) -> DataElement:
    if isinstance(value, str):
        return DataElement(tag, vr, base64.b64decode(value, validate=True))
    if vr == "SQ":
        return DataElement(tag, vr, tuple(_data_set(item) for item in value))
    return DataElement(tag, vr, tuple(str(v) for v in value))
