"""Settings for printing as people write them: values by keyword, frames by number."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.model.dataset import DataElement, DataSet
from engine.model.whole_numbers import whole_number
from engine.standard.display_formats import display_format
from engine.standard.print_attributes import PrintAttribute, of_level
from engine.wire.value_rules import value_error

from .errors import ValueProblem

MOST_FRAMES = 1000
"""Images printed at once: more films than any test wants."""
_FRAMES = re.compile(r"\s*\d+\s*(-\s*\d+\s*)?(,\s*\d+\s*(-\s*\d+\s*)?)*\Z")


def print_value_error(row: PrintAttribute, text: str) -> str | None:
    """Why a value cannot be sent for an attribute, as a sentence; None when it can or is empty."""
    text = text.strip()
    if not text:
        return None
    if row.keyword == "ImageDisplayFormat":
        try:
            display_format(text.upper())
        except ValueError as error:
            return str(error)
        return None
    if row.vr == "IS" and not whole_number(text, 0x7FFFFFFF):
        return "A whole number from 1 to 2147483647 is wanted."
    return value_error(row.vr, _written(row, text))


def _written(row: PrintAttribute, text: str) -> str:
    """Codes are in capitals."""
    return text.upper() if row.vr == "CS" or row.keyword == "ImageDisplayFormat" else text


def print_data_set(level: str, values: Mapping[str, str]) -> DataSet:
    """The attributes of one level ("session", "film", "image") by keyword, empty ones left out. ValueProblem."""
    elements = []
    for row in of_level(level):
        text = values.get(row.keyword, "").strip()
        problem = print_value_error(row, text)
        if problem:
            raise ValueProblem(f"{row.label} “{text}”: {problem.rstrip('.')}")
        if text:
            elements.append(DataElement(row.tag, row.vr, (_written(row, text),)))
    return DataSet(tuple(sorted(elements, key=lambda e: e.tag)))


def frame_numbers(text: str, frames: int) -> tuple[int, ...]:
    """Frames of "1", "2,5-7" or "all", of an image that has so many. ValueProblem."""
    parts = [f"1-{frames}"] if text.strip().lower() == "all" else text.split(",")
    if not _FRAMES.match(",".join(parts)):
        raise ValueProblem(f"“{text}” are no frames: write 1, 2,5-7 or all")
    found: list[int] = []
    for part in parts:
        first, _, last = part.partition("-")
        start, end = int(first), int(last or first)
        if not 1 <= start <= end <= frames:
            none = f"are no frames {part.strip()}" if last else f"is no frame {part.strip()}"
            raise ValueProblem(f"there {none}: the image has {frames}")
        if len(found) + end - start >= MOST_FRAMES:
            raise ValueProblem(f"“{text}” are more than {MOST_FRAMES} frames at once")
        found += range(start, end + 1)
    return tuple(found)


def window_of(text: str) -> tuple[float, float] | None:
    """Center and width of "40,400"; None for nothing. ValueProblem."""
    if not text.strip():
        return None
    try:
        center, width = (float(t) for t in text.split(","))
    except ValueError:
        raise ValueProblem(f"“{text}” is no window: write center,width, such as 40,400") from None
    if not width > 0:
        raise ValueProblem(f"a window has a width above 0, not {width:g}")
    return center, width
