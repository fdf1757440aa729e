"""Where each byte of a hex view stands: a pure calculation in pixels, shared by painting and pointing."""

from __future__ import annotations

from engine.standard.lean import dataclass

FULL_ROW = 16
"""Bytes a row, as every hex dump has them."""
NARROW_ROWS = (8, 4)
"""Bytes a row where 16 do not fit: the row gets shorter, it never wraps."""
_GAP = 2
"""Characters between the offset, the hex and the text."""
_GROUP = 8
"""Bytes before one more space, so that the eye can count."""


@dataclass(frozen=True, slots=True)
class HexGeometry:
    """One layout. `advance` and `height` are a character's, `margin` the space around; all in pixels."""

    per_row: int
    digits: int
    advance: float
    height: int
    margin: int

    @classmethod
    def fitting(cls, width: int, size: int, advance: float, height: int, margin: int) -> HexGeometry:
        """The layout with the most bytes a row that fits in `width`."""
        digits = max(4, (len(f"{max(size - 1, 0):X}") + 1) // 2 * 2)
        for per_row in (FULL_ROW, *NARROW_ROWS):
            geometry = cls(per_row, digits, advance, height, margin)
            if geometry.width <= width:
                return geometry
        return geometry

    @property
    def hex_characters(self) -> int:
        return 3 * self.per_row - 1 + (self.per_row - 1) // _GROUP

    @property
    def width(self) -> int:
        characters = self.digits + self.hex_characters + self.per_row + 2 * _GAP
        return round(characters * self.advance) + 2 * self.margin + 1

    @property
    def offset_x(self) -> float:
        return float(self.margin)

    @property
    def hex_x(self) -> float:
        return self.margin + (self.digits + _GAP) * self.advance

    @property
    def text_x(self) -> float:
        return self.hex_x + (self.hex_characters + _GAP) * self.advance

    def rows(self, size: int) -> int:
        return -(-size // self.per_row)

    def hex_column(self, column: int) -> int:
        """Character at which a byte's two digits start, from `hex_x`."""
        return 3 * column + column // _GROUP

    def byte_rect(self, column: int) -> tuple[float, float]:
        """Left and width of a byte's digits."""
        return self.hex_x + self.hex_column(column) * self.advance, 2 * self.advance

    def text_rect(self, column: int) -> tuple[float, float]:
        """Left and width of a byte's character."""
        return self.text_x + column * self.advance, self.advance

    def span_rects(self, first: int, last: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Left and width over the bytes first..last of a row, in the hex and in the text."""
        left, _ = self.byte_rect(first)
        right, wide = self.byte_rect(last)
        text_left, _ = self.text_rect(first)
        return (left, right + wide - left), (text_left, (last - first + 1) * self.advance)

    def column_at(self, x: float) -> int | None:
        """The byte of a row under a point, in the hex (with the space after it) or in the text; None beside both."""
        if self.text_x <= x < self.text_x + self.per_row * self.advance:
            return int((x - self.text_x) / self.advance)
        if not self.hex_x - self.advance / 2 <= x < self.hex_x + (self.hex_characters + 0.5) * self.advance:
            return None
        character = (x - self.hex_x) / self.advance
        return next((c for c in reversed(range(self.per_row)) if character >= self.hex_column(c) - 0.5), 0)
