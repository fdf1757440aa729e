"""Frames of DICOM files as pictures, gray or colour, windowed: for an image box or for the eye."""

from __future__ import annotations

import sys
from array import array

from engine.model.dataset import DataSet, FileData
from engine.model.picture import Picture

from .errors import DataSetError
from .frames import ASPECT, Frame, image_facts, read_frame
from .grayscale import Depth, Window, lut, table, with_functional_groups

_RED_DESCRIPTOR, _RED_DATA = 0x00281101, 0x00281201
__all__ = ["DataSetError", "Window", "image_facts", "read_picture", "thumbnail", "to_color", "to_gray"]


def read_picture(file: FileData, frame: int = 1, *, bits: int = 8, window: Window | None = None) -> Picture:
    """A frame, counted from 1. bits: of gray ones, 8 or 12; colour has 8. DataSetError names file and reason."""
    found = read_frame(file, frame)
    attributes = with_functional_groups(found.attributes, frame)
    if found.samples == 3:
        return _picture(found, attributes, _color(found), samples=3)
    if found.photometric == "PALETTE COLOR":
        return _picture(found, attributes, _palette(found, attributes), samples=3)
    cells = _cells(found)
    shown = table(attributes, _depth(found), lambda: _ends(cells, found), bits, window)
    if bits <= 8:
        pixels = _mapped(cells, bytes(shown.tolist()))
    else:
        pixels = _little(array("H", map(shown.__getitem__, cells)))
    return _picture(found, attributes, pixels, samples=1, bits=bits)


def to_gray(picture: Picture) -> Picture:
    """A colour picture as gray of 8 bits, by the luminance of ITU-R BT.601; a gray one as it is."""
    if picture.samples == 1:
        return picture
    red, green, blue = ([round(n * w * 65536) for n in range(256)] for w in (0.299, 0.587, 0.114))
    p = picture.pixels
    gray = bytes((red[r] + green[g] + blue[b]) >> 16 for r, g, b in zip(p[0::3], p[1::3], p[2::3], strict=True))
    return _like(picture, gray, 1)


def to_color(picture: Picture) -> Picture:
    """A gray picture as RGB of 8 bits; a colour one as it is."""
    if picture.samples == 3:
        return picture
    gray = picture.pixels if picture.bits <= 8 else _eight(picture)
    if picture.monochrome1:
        gray = gray.translate(bytes(range(255, -1, -1)))
    rgb = bytearray(3 * len(gray))
    for place in range(3):
        rgb[place::3] = gray
    return _like(picture, bytes(rgb), 3)


def thumbnail(picture: Picture, longest: int) -> Picture:
    """A smaller RGB picture of at most `longest` pixels a side: every n-th pixel, enough to tell images apart."""
    step = max(1, -(-max(picture.rows, picture.columns) // longest))
    size = picture.samples * (1 if picture.bits <= 8 else 2)
    width = picture.columns * size
    rows = []
    for row in range(0, picture.rows, step):
        line = picture.pixels[row * width : (row + 1) * width]
        short = bytearray(size * len(range(0, picture.columns, step)))
        for place in range(size):
            short[place::size] = line[place :: size * step]
        rows.append(bytes(short))
    small = Picture(
        rows=len(rows),
        columns=len(range(0, picture.columns, step)),
        samples=picture.samples,
        bits=picture.bits,
        pixels=b"".join(rows),
        monochrome1=picture.monochrome1,
        aspect=picture.aspect,
    )
    return to_color(small)


def _like(picture: Picture, pixels: bytes, samples: int) -> Picture:
    return Picture(
        rows=picture.rows, columns=picture.columns, samples=samples, bits=8, pixels=pixels, aspect=picture.aspect
    )


def _picture(frame: Frame, attributes: DataSet, pixels: bytes, *, samples: int, bits: int = 8) -> Picture:
    first = frame.photometric == "MONOCHROME1" and samples == 1
    return Picture(
        rows=frame.rows,
        columns=frame.columns,
        samples=samples,
        bits=bits,
        pixels=pixels,
        monochrome1=first,
        aspect=_aspect(attributes),
    )


def _aspect(attributes: DataSet) -> tuple[int, int]:
    """Pixel Aspect Ratio, as it is told or as the pixel spacing has it."""
    told = attributes.texts(ASPECT)
    try:
        vertical, horizontal = (int(t) for t in told)
    except ValueError:
        return 1, 1
    return (vertical, horizontal) if vertical > 0 and horizontal > 0 else (1, 1)


def _depth(frame: Frame) -> Depth:
    if not 1 <= frame.stored <= frame.allocated or frame.high_bit >= frame.allocated:
        raise DataSetError(f"{frame.stored} bits stored up to bit {frame.high_bit} do not fit {frame.allocated}.")
    return Depth(frame.allocated, frame.stored, frame.high_bit, frame.signed)


def _cells(frame: Frame) -> bytes | array[int]:
    """The cells of the frame as unsigned numbers."""
    size = frame.rows * frame.columns * frame.samples * frame.allocated // 8
    data = frame.data[:size]
    if len(data) < size:
        raise DataSetError(f"The frame has {len(data)} bytes, not the {size} of {frame.columns} × {frame.rows} pixels.")
    if frame.allocated == 8:
        return data
    words = array("H", data)
    if sys.byteorder == "big":
        words.byteswap()
    return words


def _little(words: array[int]) -> bytes:
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()


def _mapped(cells: bytes | array[int], shown: bytes) -> bytes:
    return cells.translate(shown) if isinstance(cells, bytes) else bytes(map(shown.__getitem__, cells))


def _ends(cells: bytes | array[int], frame: Frame) -> tuple[int, int]:
    """The cells that hold the least and the greatest stored value."""
    values = _depth(frame).values()
    present = set(cells)
    return min(present, key=values.__getitem__), max(present, key=values.__getitem__)


def _eight(picture: Picture) -> bytes:
    """The high 8 bits of samples of more."""
    words = array("H", picture.pixels)
    if sys.byteorder == "big":
        words.byteswap()
    shift = picture.bits - 8
    return bytes(w >> shift for w in words)


def _color(frame: Frame) -> bytes:
    """RGB pixel after pixel."""
    if frame.photometric == "YBR_FULL_422" and not frame.planar:
        return _from_ybr(_full(frame.data[: 2 * frame.rows * frame.columns]))
    cells = _cells(frame)
    if not isinstance(cells, bytes):
        shift = frame.stored - 8
        cells = bytes((w >> shift if shift >= 0 else w << -shift) & 0xFF for w in cells)
    if frame.planar:
        size = frame.rows * frame.columns
        mixed = bytearray(3 * size)
        for place in range(3):
            mixed[place::3] = cells[place * size : (place + 1) * size]
        cells = bytes(mixed)
    return _from_ybr(cells) if frame.photometric.startswith("YBR_FULL") else cells


def _full(half: bytes) -> bytes:
    """YBR_FULL of 4:2:2: two luminances, then the chrominances both share (PS3.3 C.7.6.3.1.2)."""
    full = bytearray(len(half) // 4 * 6)
    for to, source in enumerate((0, 2, 3, 1, 2, 3)):
        full[to::6] = half[source::4][: len(half) // 4]
    return bytes(full)


def _from_ybr(ybr: bytes) -> bytes:
    red = [round(1.402 * (n - 128)) for n in range(256)]
    blue = [round(1.772 * (n - 128)) for n in range(256)]
    from_blue = [-0.344136 * (n - 128) for n in range(256)]
    from_red = [-0.714136 * (n - 128) for n in range(256)]
    rgb = bytearray(len(ybr))
    y, b, r = ybr[0::3], ybr[1::3], ybr[2::3]
    clamp = [0] * 256 + list(range(256)) + [255] * 256
    rgb[0::3] = bytes(clamp[256 + l + red[c]] for l, c in zip(y, r, strict=True))  # noqa: E741
    rgb[1::3] = bytes(
        clamp[256 + round(l + from_blue[c] + from_red[d])]
        for l, c, d in zip(y, b, r, strict=True)  # noqa: E741
    )
    rgb[2::3] = bytes(clamp[256 + l + blue[c]] for l, c in zip(y, b, strict=True))  # noqa: E741
    return bytes(rgb)


def _palette(frame: Frame, attributes: DataSet) -> bytes:
    """RGB of a palette (PS3.3 C.7.6.3.1.5)."""
    cells, values = _cells(frame), _depth(frame).values()
    rgb = bytearray(3 * len(cells))
    for place in range(3):
        entries, first, bits = lut(attributes, "palette", _RED_DESCRIPTOR + place, _RED_DATA + place)
        last, shift = len(entries) - 1, max(0, bits - 8)
        shown = bytes((entries[min(max(v - first, 0), last)] >> shift) & 0xFF for v in values)
        rgb[place::3] = _mapped(cells, shown)
    return bytes(rgb)
