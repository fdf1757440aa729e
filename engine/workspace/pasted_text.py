"""Data sets as other programs print them, for pasting: DICOM JSON, and the dumps of DCMTK and pydicom.

    (0010,0010) PN [Doe^John]                               #   8, 1 PatientName
    (0010,0010) Patient's Name                      PN: 'Doe^John'

Dumps are made for reading: they shorten long values and name UIDs. What cannot be had back is left out and said.
"""

from __future__ import annotations

import ast
import json
import re
import struct
from collections.abc import Callable
from dataclasses import field

from engine.model.dataset import DataElement, DataSet
from engine.standard.elements import tag_text
from engine.standard.lean import dataclass

from .dataset_text import DataSetTextError, parse_dataset_text
from .dataset_toml import BINARY_VRS, MAXIMUM_DEPTH, SINGLE_VRS, VRS
from .errors import ValueProblem
from .names import resolve_uid

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
"""Tags of PS3.5 7.5, which dumps show as lines."""
_TAG = r"^(\s*)\(([0-9A-Fa-f]{4}), ?([0-9A-Fa-f]{4})\)\s*"
_DCMTK = re.compile(_TAG + r"([A-Z]{2}|na|pi|-)(?:\s+(.*))?$")
_PYDICOM = re.compile(_TAG + r"[^=]*?\s([A-Z]{2}): (.*)$")
_PYDICOM_SEQUENCE = re.compile(_TAG + r"[^=]*?\s\d+ item\(s\) -+\s*$")
_SEPARATOR = re.compile(r"^\s*-{5,}\s*$")
_COMMENT = re.compile(r"\s+#\s*(?:\d+|u/l),\s*\d+(?:\s[^#\]]*)?$")
_WORDS = {"OB": 1, "UN": 1, "OW": 2, "OL": 4, "OV": 8}
"""Bytes of the words a binary VR is printed in, most significant digit first."""
Value = tuple[str, ...] | bytes
_FLOATS = {"OF": "<f", "OD": "<d"}


@dataclass(frozen=True, slots=True)
class Pasted:
    """`left_out`: a sentence for each element the text has but does not tell the value of."""

    data_set: DataSet
    left_out: tuple[str, ...] = ()


def parse_pasted(text: str) -> Pasted:
    """The elements of a text in our own form (see `dataset_text`), in DICOM JSON, or of a dump.

    Raises `DataSetTextError`.
    """
    start = text.lstrip()[:1]
    if start in ("{", "[", '"'):
        return Pasted(_json(text, braces=start == '"'))
    if any(_is_dump(line) for line in text.splitlines()):
        return _Dump().read(text)
    return Pasted(parse_dataset_text(text))


def _json(text: str, *, braces: bool) -> DataSet:
    from engine.wire.datasets import DataSetError, dataset_from_json

    try:
        found = json.loads("{" + text.strip().rstrip(",") + "}" if braces else text)
    except json.JSONDecodeError as error:
        raise DataSetTextError(error.lineno, f"not valid JSON: {error.msg}") from None
    except RecursionError:
        raise DataSetTextError(1, "not valid JSON: nested too deep") from None
    except ValueError:
        raise DataSetTextError(1, "not valid JSON: a number with thousands of digits") from None
    if isinstance(found, list):
        if len(found) != 1:
            raise DataSetTextError(1, f"{len(found)} data sets: copy one of them")
        found = found[0]
    try:
        return dataset_from_json(found)
    except RecursionError:
        raise DataSetTextError(1, "not valid JSON: nested too deep") from None
    except DataSetError as error:
        raise DataSetTextError(1, str(error)) from None


def _is_dump(line: str) -> bool:
    """Whether a line can only come from a dump: our own form writes “=” where it writes a value."""
    if _PYDICOM.match(line) or _PYDICOM_SEQUENCE.match(line):
        return True
    match = _DCMTK.match(line)
    if match is None:
        return False
    value = match[5] or ""
    return value.startswith(("[", "(no value", "(Sequence", "(Item")) or _COMMENT.search(value) is not None


@dataclass(slots=True)
class _Open:
    """A sequence whose items are being read. `indent`: -1 where lines of their own end it."""

    element: DataElement
    indent: int
    items: list[DataSet] = field(default_factory=list)
    item: list[DataElement] | None = None


class _Dump:
    """Reads line after line; sequences are open until their end is seen."""

    def __init__(self) -> None:
        self._top: list[DataElement] = []
        self._open: list[_Open] = []
        self._left_out: list[str] = []

    def read(self, text: str) -> Pasted:
        lines = text.splitlines()
        number = 0
        while number < len(lines):
            line, first = lines[number], number + 1
            number += 1
            # A text of several lines goes on until its bracket.
            while _bracket_open(line) and number < len(lines):
                line += "\n" + lines[number]
                number += 1
            self._line(line, first)
        while self._open:
            self._end_sequence()
        return Pasted(DataSet(tuple(self._top)), tuple(self._left_out))

    def _line(self, line: str, number: int) -> None:
        if not line.strip() or line.lstrip().startswith("#"):
            return
        if _SEPARATOR.match(line):
            self._end_item()
        elif match := _PYDICOM_SEQUENCE.match(line):
            self._come_back(len(match[1]))
            self._begin_sequence(DataElement(_tag(match), "SQ"), len(match[1]), number)
        elif match := _PYDICOM.match(line):
            self._come_back(len(match[1]))
            self._add(_tag(match), match[4], match[5], number, _pydicom_value)
        elif match := re.match(_DCMTK.pattern, line, re.DOTALL):
            self._dcmtk(_tag(match), match[4], _COMMENT.sub("", match[5] or "").strip(), number)
        else:
            raise DataSetTextError(number, "this is no line of a dump: (gggg,eeee) VR value, or name VR: value")

    def _dcmtk(self, tag: int, vr: str, value: str, number: int) -> None:
        if tag == ITEM and vr != "pi":
            self._end_item(keep_empty=False)
            if self._open:
                self._open[-1].item = []
        elif tag == ITEM_END:
            self._end_item(keep_empty=False)
        elif tag == SEQUENCE_END:
            if self._open:
                self._end_sequence()
        elif vr == "SQ":
            self._begin_sequence(DataElement(tag, vr), -1, number)
        elif tag != ITEM:
            self._add(tag, vr, value, number, _dcmtk_value)

    def _add(self, tag: int, vr: str, value: str, number: int, read: Callable[[str, str], Value]) -> None:
        try:
            _check(tag, vr)
            made = read(vr, value)
        except ValueProblem as problem:
            self._left_out.append(f"Line {number}, {tag_text(tag)}: {problem.reason}.")
            return
        self._place().append(DataElement(tag, vr, made))

    # sequences

    def _place(self) -> list[DataElement]:
        """Where the next element belongs."""
        while self._open:
            inner = self._open[-1]
            if inner.item is not None:
                return inner.item
            if inner.indent >= 0:
                inner.item = []
            else:
                # An element where an item should begin: a sequence without items whose end was not written.
                self._end_sequence()
        return self._top

    def _come_back(self, indent: int) -> None:
        """pydicom shows by indentation alone that a sequence has ended."""
        while self._open and 0 <= self._open[-1].indent >= indent:
            self._end_sequence()

    def _begin_sequence(self, element: DataElement, indent: int, number: int) -> None:
        self._place()
        if len(self._open) >= MAXIMUM_DEPTH:
            raise DataSetTextError(number, f"more than {MAXIMUM_DEPTH} sequences in each other")
        self._open.append(_Open(element, indent))

    def _end_item(self, *, keep_empty: bool = True) -> None:
        if not self._open:
            return
        inner = self._open[-1]
        if inner.item is not None or keep_empty:
            inner.items.append(DataSet(tuple(inner.item or ())))
        inner.item = None

    def _end_sequence(self) -> None:
        self._end_item(keep_empty=False)
        ended = self._open.pop()
        self._place().append(DataElement(ended.element.tag, "SQ", tuple(ended.items)))


def _check(tag: int, vr: str) -> None:
    if tag >> 16 == 2:
        raise ValueProblem("File Meta Information is not part of a data set")
    if vr not in VRS:
        raise ValueProblem(f"“{vr}” is not a VR of PS3.5 6.2")


def _tag(match: re.Match[str]) -> int:
    return int(match[2] + match[3], 16)


def _bracket_open(text: str) -> bool:
    match = re.match(_DCMTK.pattern, text, re.DOTALL)
    value = (match[5] or "") if match else ""
    return value.startswith("[") and not _COMMENT.sub("", value).rstrip().endswith("]")


def _dcmtk_value(vr: str, value: str) -> Value:
    if value.startswith("(") and vr != "AT":
        if value.startswith("(no value"):
            return b"" if vr in BINARY_VRS else ()
        raise ValueProblem(f"the dump does not show the value: {value}")
    if value.endswith("..."):
        raise ValueProblem("the dump has shortened the value")
    if vr in BINARY_VRS:
        return _binary(vr, value)
    if value.startswith("["):
        inner = value[1:].removesuffix("]")
        return (inner,) if vr in SINGLE_VRS else tuple(inner.split("\\")) if inner else ()
    if value.startswith("=") and vr == "UI":
        return tuple(resolve_uid(name.removeprefix("=")) for name in value.split("\\"))
    return _numbers(vr, value.split("\\")) if value and not value.startswith("(no") else ()


def _binary(vr: str, value: str) -> bytes:
    try:
        if vr in _FLOATS:
            return b"".join(struct.pack(_FLOATS[vr], float(part)) for part in value.split("\\") if part)
        size = _WORDS[vr]
        return b"".join(int(part, 16).to_bytes(size, "little") for part in value.split("\\") if part)
    except (ValueError, OverflowError, struct.error):
        raise ValueProblem("the bytes do not read") from None


def _pydicom_value(vr: str, value: str) -> Value:
    if value.startswith("Array of "):
        raise ValueProblem(f"the dump does not show the value: {value}")
    try:
        found = ast.literal_eval(value) if vr != "AT" else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        found = None
    if vr in BINARY_VRS:
        if not isinstance(found, bytes):
            raise ValueProblem("the dump does not show the bytes")
        return found
    if value in ("", "None"):
        return ()
    parts = [str(p) for p in found] if isinstance(found, list) else None
    if isinstance(found, str):
        parts = [found] if found else []
    if parts is None:
        parts = value.strip("[]").split(", ")
    if vr == "UI":
        return tuple(resolve_uid(part) for part in parts)
    return _numbers(vr, parts)


def _numbers(vr: str, parts: list[str]) -> tuple[str, ...]:
    """Values as they are; an attribute tag without its punctuation."""
    return tuple(re.sub("[(), ]", "", part) for part in parts) if vr == "AT" else tuple(parts)
