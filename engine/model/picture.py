"""A picture as pixels: what is put into an image box, and what the window draws of an image."""

from __future__ import annotations

from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One frame, unsigned, ready to be shown.

    samples: 1 gray, 3 RGB pixel after pixel. bits: 8 (a byte a sample) or 12 (gray only, two bytes little endian).
    monochrome1: the lowest value is white. aspect: vertical and horizontal size of a pixel (PS3.3 C.7.6.3.1.7).
    """

    rows: int
    columns: int
    samples: int
    bits: int
    pixels: bytes
    monochrome1: bool = False
    aspect: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What can be told of an image without its pixels.

    frames: how many. problem: a sentence why it cannot be shown or printed, "" when it can.
    """

    rows: int = 0
    columns: int = 0
    frames: int = 1
    photometric: str = ""
    problem: str = ""
