"""A test pattern for printers, after what such patterns have since television: gray steps, 5 % and 95 % patches, line
pairs, a frame to see what is trimmed, and words. Made here, of nobody's data.
"""

from __future__ import annotations

from array import array

from engine.model.picture import Picture

SIDE = 512
"""Pixels a side."""
STEPS = 11
_GLYPHS = (
    "0:0e11131519110e 1:040c040404040e 2:0e11010204081f 3:1f02040201110e 4:02060a121f0202 5:1f101e0101110e "
    "6:0608101e11110e 7:1f010204080808 8:0e11110e11110e 9:0e11110f01020c A:0e1111111f1111 B:1e11111e11111e "
    "C:0e11101010110e D:1c12111111121c E:1f10101e10101f F:1f10101e101010 G:0e11101711110f H:1111111f111111 "
    "I:0e04040404040e J:0702020202120c K:11121418141211 L:1010101010101f M:111b1515111111 N:11111915131111 "
    "O:0e11111111110e P:1e11111e101010 Q:0e11111115120d R:1e11111e141211 S:0f10100e01011e T:1f040404040404 "
    "U:1111111111110e V:11111111110a04 W:1111111515150a X:11110a040a1111 Y:1111110a040404 Z:1f01020408101f "
    "-:0000001f000000 .:00000000000c0c %:18190204081303 /:00010204081000"
)
"""Seven rows of five pixels a sign, as hexadecimal."""
_FONT = {g[0]: bytes.fromhex(g[2:]) for g in _GLYPHS.split()}
_BARS = ((1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0))


class _Canvas:
    """Gray levels from 0.0 (black) to 1.0, drawn in rectangles."""

    def __init__(self, level: float, top: int) -> None:
        self.top = top
        self.lines = [array("H", [round(level * top)]) * SIDE for _ in range(SIDE)]

    def fill(self, x: int, y: int, width: int, height: int, level: float) -> None:
        strip = array("H", [round(level * self.top)]) * width
        for line in self.lines[y : y + height]:
            line[x : x + width] = strip

    def frame(self, margin: int, thick: int, level: float) -> None:
        side = SIDE - 2 * margin
        for x, y, width, height in (
            (margin, margin, side, thick),
            (margin, SIDE - margin - thick, side, thick),
            (margin, margin, thick, side),
            (SIDE - margin - thick, margin, thick, side),
        ):
            self.fill(x, y, width, height, level)

    def pairs(self, x: int, y: int, side: int, width: int, *, upright: bool) -> None:
        """A square of line pairs, each line `width` pixels."""
        for at in range(0, side, width):
            level, left = float(at // width % 2 == 0), min(width, side - at)
            if upright:
                self.fill(x + at, y, left, side, level)
            else:
                self.fill(x, y + at, side, left, level)

    def text(self, words: str, y: int, size: int, level: float) -> None:
        """Centred; signs of `size` pixels a dot. What there is no glyph for is left blank."""
        shown = words.upper()[: SIDE // (6 * size) - 4]
        x = (SIDE - 6 * size * len(shown)) // 2
        for sign in shown:
            for row, bits in enumerate(_FONT.get(sign, b"")):
                for column in range(5):
                    if bits >> (4 - column) & 1:
                        self.fill(x + column * size, y + row * size, size, size, level)
            x += 6 * size


def printed_pattern(*, color: bool = False, bits: int = 8, words: str = "") -> Picture:
    """The pattern. bits: of gray, 8 or 12. words: a line of its own, such as which image of how many it is."""
    canvas = _Canvas(0.5, (1 << (8 if color else bits)) - 1)
    canvas.frame(0, 2, 1.0)
    canvas.frame(8, 2, 0.0)
    cell = 40
    left = (SIDE - STEPS * cell) // 2
    for step in range(STEPS):
        canvas.fill(left + step * cell, 96, cell, 72, step / (STEPS - 1))
    for x, ground, inner in ((72, 0.0, 0.05), (SIDE - 72 - 96, 1.0, 0.95)):
        canvas.fill(x, 196, 96, 96, ground)
        canvas.fill(x + 32, 228, 32, 32, inner)
    canvas.pairs(208, 196, 44, 1, upright=True)
    canvas.pairs(260, 196, 44, 1, upright=False)
    canvas.pairs(208, 248, 44, 3, upright=True)
    canvas.pairs(260, 248, 44, 3, upright=False)
    canvas.text("DIMSE CONSOLE", 36, 4, 1.0)
    canvas.text("TEST PATTERN - NOT FOR DIAGNOSIS", 76, 2, 1.0)
    canvas.text(words, 458, 3, 1.0)
    for x, name in ((72, "5 %"), (SIDE - 72 - 96, "95 %")):
        _caption(canvas, name, x + 48, 298)
    if color:
        return _colored(canvas)
    _ramp(canvas, 72, 330, SIDE - 144, 96)
    return _gray(canvas, bits)


def _caption(canvas: _Canvas, words: str, centre: int, y: int) -> None:
    x = centre - 6 * len(words)
    for sign in words:
        for row, bits in enumerate(_FONT.get(sign, b"")):
            for column in range(5):
                if bits >> (4 - column) & 1:
                    canvas.fill(x + 2 * column, y + 2 * row, 2, 2, 1.0)
        x += 12


def _ramp(canvas: _Canvas, x: int, y: int, width: int, height: int) -> None:
    for column in range(width):
        canvas.fill(x + column, y, 1, height, column / (width - 1))


def _gray(canvas: _Canvas, bits: int) -> Picture:
    if bits <= 8:
        pixels = b"".join(bytes(line.tolist()) for line in canvas.lines)
    else:
        pixels = b"".join(b"".join(v.to_bytes(2, "little") for v in line) for line in canvas.lines)
    return Picture(rows=SIDE, columns=SIDE, samples=1, bits=bits, pixels=pixels)


def _colored(canvas: _Canvas) -> Picture:
    """The gray one with colour bars in place of the ramp."""
    rgb = bytearray(3 * SIDE * SIDE)
    gray = b"".join(bytes(line.tolist()) for line in canvas.lines)
    for place in range(3):
        rgb[place::3] = gray
    width = (SIDE - 144) // len(_BARS)
    for number, color in enumerate(_BARS):
        strip = bytes(255 * c for c in color) * width
        for y in range(330, 426):
            at = 3 * (y * SIDE + 72 + number * width)
            rgb[at : at + len(strip)] = strip
    return Picture(rows=SIDE, columns=SIDE, samples=3, bits=8, pixels=bytes(rgb))
