"""Images of printed films as pictures: the items of Basic Grayscale and Basic Color Image Sequence (PS3.3 C.13.5)."""

from __future__ import annotations

import sys
from array import array

from engine.model.dataset import DataSet
from engine.model.picture import Picture
from engine.model.whole_numbers import whole_number

from .errors import DataSetError

_PIXELS = 0x7FE00010
_INVERSE = bytes(range(255, -1, -1))


def printed_picture(image: DataSet, longest: int, *, reverse: bool = False, grays: bytes = b"") -> Picture:
    """One image, at most `longest` pixels a side (every n-th pixel), as gray or RGB of 8 bits.

    reverse: the image box has Polarity REVERSE. grays: what its Presentation LUT makes of each gray
    (`presentation_lut.shown_grays`), b"" for none; colours have none. DataSetError when there are fewer pixels
    than told.
    """
    rows, columns, samples = (_number(image, tag) for tag in (0x00280010, 0x00280011, 0x00280002))
    wide = _number(image, 0x00280100) > 8
    element = image.find(_PIXELS)
    data = element.value if element is not None and isinstance(element.value, bytes) else b""
    if samples not in (1, 3) or (samples == 3 and wide):
        raise DataSetError(f"{samples} samples of {_number(image, 0x00280100)} bits are no image for a film.")
    needed = rows * columns * samples * (2 if wide else 1)
    if not needed or len(data) < needed:
        raise DataSetError(f"The image has {len(data)} bytes of pixels and needs {needed}.")
    step = -(-max(rows, columns) // longest)
    if samples == 3:
        pixels = _color(data, rows, columns, step, planar=_number(image, 0x00280006) == 1)
    else:
        pixels = _gray(data, rows, columns, step, _number(image, 0x00280101) if wide else 0)
    # The LUT takes black as 0, whatever the image has; the film is turned over after it.
    if image.text(0x00280004).strip() == "MONOCHROME1":
        pixels = pixels.translate(_INVERSE)
    if grays and samples == 1:
        pixels = pixels.translate(grays)
    if reverse:
        pixels = pixels.translate(_INVERSE)
    return Picture(rows=-(-rows // step), columns=-(-columns // step), samples=samples, bits=8, pixels=pixels)


def _number(image: DataSet, tag: int) -> int:
    return whole_number(image.text(tag).strip()) or 0


def _gray(data: bytes, rows: int, columns: int, step: int, stored: int) -> bytes:
    """stored: bits of a sample of two bytes; 0 for samples of one."""
    if not stored:
        return b"".join(data[row * columns : (row + 1) * columns : step] for row in range(0, rows, step))
    words = array("H", data[: 2 * rows * columns])
    if sys.byteorder == "big":
        words.byteswap()
    shift = max(0, stored - 8)
    lines = (words[row * columns : (row + 1) * columns : step] for row in range(0, rows, step))
    return b"".join(bytes([min(255, word >> shift) for word in line]) for line in lines)


def _color(data: bytes, rows: int, columns: int, step: int, *, planar: bool) -> bytes:
    size = rows * columns
    planes = [data[n * size : (n + 1) * size] if planar else data[n : 3 * size : 3] for n in range(3)]
    thin = [_gray(plane, rows, columns, step, 0) for plane in planes]
    made = bytearray(3 * len(thin[0]))
    for place, plane in enumerate(thin):
        made[place::3] = plane
    return bytes(made)
