"""A column of texts for a million rows: each row holds a number, rows that say the same share the text.

Texts are shared within a block of rows, so that they go when their rows go and the numbers stay small.
"""

from __future__ import annotations

from array import array

BLOCK = 50_000
"""Rows whose texts are kept together: looked through in a few milliseconds, and half of what is trimmed at once."""


class TextColumn:
    """Texts by the number of their row; numbers count on when older rows go."""

    def __init__(self) -> None:
        self.first = 0
        self._ids = array("I")
        self._blocks: dict[int, list[str]] = {}
        self._index: dict[str, int] = {}
        """Texts of the newest block."""
        self._newest = -1

    def append(self, text: str) -> None:
        block = (self.first + len(self._ids)) // BLOCK
        if block != self._newest:
            self._blocks[block], self._index, self._newest = [""], {"": 0}, block
        number = self._index.get(text)
        self._ids.append(self._added(text) if number is None else number)

    def _added(self, text: str) -> int:
        texts = self._blocks[self._newest]
        number = self._index[text] = len(texts)
        texts.append(text)
        return number

    def __getitem__(self, number: int) -> str:
        return self._blocks[number // BLOCK][self._ids[number - self.first]]

    def __setitem__(self, number: int, text: str) -> None:
        if self[number] == text:
            return
        block = number // BLOCK
        if block == self._newest:
            found = self._index.get(text)
            self._ids[number - self.first] = self._added(text) if found is None else found
            return
        texts = self._blocks[block]
        self._ids[number - self.first] = len(texts)
        texts.append(text)

    def keep(self, count: int) -> None:
        """Drop what stands behind so many rows."""
        del self._ids[count:]

    def forget(self, count: int) -> None:
        """Drop the oldest rows."""
        del self._ids[:count]
        self.first += count
        for block in [b for b in self._blocks if b < self.first // BLOCK]:
            del self._blocks[block]

    def texts(self, block: int) -> list[str]:
        """The texts of a block of rows (row number // BLOCK), to be read only; some may be in no row any more."""
        return self._blocks.get(block, [])

    def ids(self, start: int, end: int) -> array[int]:
        """For the rows from start to end (not included), the place of each text among the texts of its block."""
        return self._ids[start - self.first : end - self.first]
