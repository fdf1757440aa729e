"""Data sets as lines of text, for the builder's text view.

One element a line, ``(0010,0010) PN PatientName = Doe^Jane``; values separated by a backslash, items of a sequence
indented under ``item`` lines:

    (0040,0100) SQ ScheduledProcedureStepSequence
      item
        (0008,0060) CS Modality = MR

Bytes are hexadecimal after ``hex:``. A value in double quotes may hold anything: spaces at its ends, ``\\n``, ``\\t``,
``\\"``, ``\\\\``. The keyword is for reading; the tag counts, and a line may start with a keyword instead:
``PatientName = Doe^Jane``.
"""

from __future__ import annotations

import re

from engine.model.dataset import DataElement, DataSet
from engine.standard.elements import tag_text
from engine.standard.lean import dataclass

from .binary import hex_bytes
from .dataset_toml import BINARY_VRS, MAXIMUM_DEPTH, SINGLE_VRS, VRS, attribute_key, dictionary_vr
from .errors import ValueProblem
from .names import attribute_tag, parse_tag

_INDENT = "  "
_HEAD = re.compile(
    r"(\([^)]*\)|[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}|[A-Za-z0-9]+)(?:\s+([A-Z]{2})(?=\s|=|$))?\s*([A-Za-z0-9]*)\s*(=?)"
)
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"'}
_UNESCAPE = {"n": "\n", "r": "\r", "t": "\t"}


class DataSetTextError(ValueError):
    """A line that cannot be read. line: 1-based. reason: what is wrong with it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


def dataset_text(dataset: DataSet, depth: int = 0) -> str:
    """The text of a data set; reads back as the same."""
    return "".join(f"{line}\n" for line in _lines(dataset, _INDENT * depth))


def _lines(dataset: DataSet, indent: str) -> list[str]:
    lines: list[str] = []
    for element in dataset:
        keyword = attribute_key(element.tag)
        name = "" if keyword.startswith("(") else f" {keyword}"
        head = f"{indent}{tag_text(element.tag)} {element.vr}{name}"
        if element.vr == "SQ":
            lines.append(head)
            for item in element.items:
                lines.append(f"{indent}{_INDENT}item")
                lines += _lines(item, indent + _INDENT * 2)
        else:
            lines.append(f"{head} = {_value_text(element)}".rstrip(" "))
    return lines


def _value_text(element: DataElement) -> str:
    if isinstance(element.value, bytes):
        return f"hex: {element.value.hex(' ')}" if element.value else ""
    always = element.texts == ("",) or (element.vr in SINGLE_VRS and len(element.texts) > 1)
    return "\\".join(_quote(text, always) for text in element.texts)


def _quote(text: str, always: bool) -> str:
    """The text itself, or quoted when spaces at its ends, line ends, quotes or backslashes would be lost."""
    plain = text == text.strip() and text.isprintable() and '"' not in text and "\\" not in text
    if plain and not always and not text.startswith("hex:"):
        return text
    return f'"{"".join(map(_escape, text))}"'


def _escape(character: str) -> str:
    if character in _ESCAPES or character.isprintable():
        return _ESCAPES.get(character, character)
    return f"\\u{ord(character):06x}"


@dataclass(slots=True)
class _Line:
    number: int
    indent: int
    text: str


def parse_dataset_text(text: str) -> DataSet:
    """The data set of a text, elements as ordered in it. Raises `DataSetTextError`."""
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
            lines.append(_Line(number, indent, stripped))
    dataset, rest = _parse_block(lines, 0, lines[0].indent if lines else 0, 0)
    if rest < len(lines):
        raise DataSetTextError(
            lines[rest].number, "the line is indented less than the ones before, but no sequence is open"
        )
    return dataset


def _parse_block(lines: list[_Line], position: int, indent: int, depth: int) -> tuple[DataSet, int]:
    """Elements at this indentation, up to the first line indented less."""
    elements: list[DataElement] = []
    while position < len(lines) and lines[position].indent >= indent:
        line = lines[position]
        if depth > MAXIMUM_DEPTH:
            raise DataSetTextError(line.number, "sequences are nested too deeply")
        if line.indent > indent:
            raise DataSetTextError(line.number, "the line is indented, but the one above is not a sequence or an item")
        if line.text == "item":
            raise DataSetTextError(line.number, "an item must be indented under its sequence")
        element = _parse_element(line)
        position += 1
        if element.vr == "SQ":
            items, position = _parse_items(lines, position, indent, depth)
            element = DataElement(element.tag, "SQ", items)
        elements.append(element)
    return DataSet(tuple(elements)), position


def _parse_items(lines: list[_Line], position: int, indent: int, depth: int) -> tuple[tuple[DataSet, ...], int]:
    items: list[DataSet] = []
    while position < len(lines) and lines[position].indent > indent:
        line = lines[position]
        if line.text != "item":
            raise DataSetTextError(line.number, "a sequence holds items: write a line “item” above its elements")
        position += 1
        if position < len(lines) and lines[position].indent > line.indent:
            item, position = _parse_block(lines, position, lines[position].indent, depth + 1)
        else:
            item = DataSet()
        items.append(item)
    return tuple(items), position


def _parse_element(line: _Line) -> DataElement:
    match = _HEAD.match(line.text)
    if not match:
        raise DataSetTextError(line.number, "expected (gggg,eeee) VR Keyword = value")
    rest = line.text[match.end() :]
    if (rest or (match[3] and parse_tag(match[1]) is None and not match[1].startswith("("))) and not match[4]:
        raise DataSetTextError(line.number, "expected “=” before the value")
    try:
        return _element(match[1], match[2] or "", match[3], rest.strip())
    except ValueProblem as problem:
        raise DataSetTextError(line.number, problem.reason) from None


def _element(key: str, vr: str, keyword: str, value: str) -> DataElement:
    if key.startswith("(") and parse_tag(key) is None:
        raise ValueProblem(f"{key} is not a tag: (gggg,eeee) with hexadecimal digits")
    tag = attribute_tag(key)
    if keyword in VRS and not vr:
        vr, keyword = keyword, ""
    vr = vr or dictionary_vr(tag)
    if not vr:
        raise ValueProblem("the dictionary does not know this attribute: write its VR after the tag")
    if vr not in VRS:
        raise ValueProblem(f"“{vr}” is not a VR of PS3.5 6.2")
    if keyword and parse_tag(keyword) is None and attribute_tag(keyword) != tag:
        raise ValueProblem(f"{keyword} is {tag_text(attribute_tag(keyword))}, not {tag_text(tag)}")
    if vr == "SQ":
        if value:
            raise ValueProblem("a sequence has no value of its own: put “item” lines under it")
        return DataElement(tag, vr, ())
    if vr in BINARY_VRS:
        return DataElement(tag, vr, _bytes(value))
    if vr in SINGLE_VRS and not value.startswith('"'):
        return DataElement(tag, vr, (value,) if value else ())
    return DataElement(tag, vr, _texts(value))


def _bytes(value: str) -> bytes:
    if not value:
        return b""
    if not value.startswith("hex:"):
        raise ValueProblem("bytes are written hex: 00 01 …")
    return hex_bytes(value[4:], "the value")


def _texts(value: str) -> tuple[str, ...]:
    """Values between backslashes; quoted ones may hold anything."""
    if not value:
        return ()
    texts: list[str] = []
    position = 0
    while True:
        if value[position : position + 1] == '"':
            text, position = _quoted(value, position + 1)
            if position < len(value) and value[position] != "\\":
                raise ValueProblem("after the closing quote only a backslash and the next value may follow")
        else:
            end = value.find("\\", position)
            end = len(value) if end < 0 else end
            text, position = value[position:end], end
        texts.append(text)
        if position >= len(value):
            return tuple(texts)
        position += 1


def _quoted(value: str, position: int) -> tuple[str, int]:
    characters: list[str] = []
    while position < len(value):
        character = value[position]
        if character == '"':
            return "".join(characters), position + 1
        if character == "\\":
            position += 1
            character = value[position : position + 1]
            if character == "u":
                digits = value[position + 1 : position + 7]
                if not re.fullmatch("[0-9a-f]{6}", digits) or int(digits, 16) > 0x10FFFF:
                    raise ValueProblem("\\u needs six hexadecimal digits")
                character, position = chr(int(digits, 16)), position + 6
            else:
                character = _UNESCAPE.get(character, character)
        characters.append(character)
        position += 1
    raise ValueProblem("the closing quote is missing")
