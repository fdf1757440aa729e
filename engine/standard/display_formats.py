"""Image Display Format (2010,0010): how a film is divided into image boxes (PS3.3 C.13.3)."""

from __future__ import annotations

import re

from .lean import dataclass

MAX_IMAGE_BOXES = 200
"""More boxes than any film has: an absurd display format is refused, not obeyed."""
KINDS = ("STANDARD", "ROW", "COL", "SLIDE", "SUPERSLIDE", "CUSTOM")
_NUMBERS = re.compile(r"\d{1,4}(,\d{1,4})*\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image box lies on the film, as shares of its width and height, from the top left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class DisplayFormat:
    """A display format that says what it means.

    places: of the image boxes in the order of Image Position; () where the printer decides (SLIDE, SUPERSLIDE, CUSTOM).
    """

    text: str
    kind: str
    places: tuple[Place, ...]

    @property
    def count(self) -> int:
        """Image boxes of a film; 0 where only the printer knows."""
        return len(self.places)


def display_format(text: str) -> DisplayFormat:
    """The format of "STANDARD\\2,3", "ROW\\1,2", ... ValueError with a sentence when it is none."""
    kind, _, rest = text.strip().partition("\\")
    if kind not in KINDS:
        raise ValueError(f"{kind or 'Nothing'} is no display format: choose {', '.join(KINDS)}.")
    if kind in ("SLIDE", "SUPERSLIDE"):
        if rest:
            raise ValueError(f"{kind} stands alone: the printer knows how many slides fit.")
        return DisplayFormat(kind, kind, ())
    if not _NUMBERS.match(rest):
        raise ValueError(f"{kind} needs {_NEEDS[kind]} behind a backslash.")
    numbers = [int(n) for n in rest.split(",")]
    if 0 in numbers and kind != "CUSTOM":
        raise ValueError(f"{kind}\\{rest} has a row or column without images.")
    if (kind == "STANDARD" and len(numbers) != 2) or (kind == "CUSTOM" and len(numbers) != 1):
        raise ValueError(f"{kind} needs {_NEEDS[kind]} behind a backslash.")
    if kind == "CUSTOM":
        return DisplayFormat(f"{kind}\\{rest}", kind, ())
    boxes = numbers[0] * numbers[1] if kind == "STANDARD" else sum(numbers)
    if boxes > MAX_IMAGE_BOXES:
        raise ValueError(f"{kind}\\{rest} has {boxes} image boxes: more than {MAX_IMAGE_BOXES} fit no film.")
    return DisplayFormat(f"{kind}\\{rest}", kind, _places(kind, numbers))


_NEEDS = {
    "STANDARD": "its columns and rows, such as 2,3,",
    "ROW": "the images of each row, such as 1,2,",
    "COL": "the images of each column, such as 1,2,",
    "CUSTOM": "the number of a format the printer defines",
}


def _places(kind: str, numbers: list[int]) -> tuple[Place, ...]:
    """Positions go row by row from the top left; for COL column by column (PS3.3 C.13.5.1)."""
    if kind == "STANDARD":
        columns, rows = numbers
        numbers = [columns] * rows
    lines = []
    for line, count in enumerate(numbers):
        for n in range(count):
            across, along = Place(n / count, line / len(numbers), 1 / count, 1 / len(numbers)), n / count
            turned = Place(line / len(numbers), along, 1 / len(numbers), 1 / count)
            lines.append(turned if kind == "COL" else across)
    return tuple(lines)
