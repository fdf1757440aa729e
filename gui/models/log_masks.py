"""Which of many rows fit, as one byte a row (0 or 1), by what C does for whole columns at once.

A million rows are looked through in a few hundredths of a second; a loop over them in Python takes ten times as long.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Container, Iterable

_NOT = bytes([1, 0]) + bytes(254)
_PAGE = 256
_PAGES = 8
"""Pages of 256 numbers looked at one by one; where more have a hit, row by row is quicker."""


def nothing(count: int) -> bytes:
    return bytes(count)


def everything(count: int) -> bytes:
    return b"\1" * count


def inverted(mask: bytes) -> bytes:
    return mask.translate(_NOT)


def either(masks: Iterable[bytes], count: int) -> bytes:
    """Rows that any of the masks has."""
    total = 0
    for mask in masks:
        total |= int.from_bytes(mask, "little")
    return total.to_bytes(count, "little")


def both(one: bytes, other: bytes) -> bytes:
    """Rows that both masks have."""
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def picked(numbers: array[int], hits: bytes | bytearray) -> bytes:
    """Rows whose number is one with a hit (1 at its place in `hits`)."""
    if 1 not in hits:
        return nothing(len(numbers))
    if 0 not in hits:
        return everything(len(numbers))
    pages = [page for page in range(-(-len(hits) // _PAGE)) if 1 in hits[page * _PAGE : (page + 1) * _PAGE]]
    if len(hits) > _PAGE * _PAGE or len(pages) > _PAGES:
        return bytes(map(hits.__getitem__, numbers))
    low = _plane(numbers, 0)
    if len(hits) <= _PAGE:
        return low.translate(_table(hits))
    high = _plane(numbers, 1)
    masks = (both(low.translate(_table(hits[p * _PAGE : (p + 1) * _PAGE])), _equal(high, p)) for p in pages)
    return either(masks, len(numbers))


def holding(numbers: array[int], wanted: Container[int]) -> bytes:
    """Rows whose number is one of those wanted."""
    return bytes(map(wanted.__contains__, numbers))


def equal(numbers: array[int], wanted: int) -> bytes:
    """Rows with this number, which may be too large for the column."""
    size = numbers.itemsize
    if wanted >= 1 << (8 * size - 1):
        return nothing(len(numbers))
    mask = everything(len(numbers))
    for place in range(size):
        mask = both(mask, _equal(_plane(numbers, place), wanted >> 8 * place & 0xFF))
        if 1 not in mask:
            break
    return mask


def _plane(numbers: array[int], place: int) -> bytes:
    """One byte of each number, counted from the least significant."""
    size = numbers.itemsize
    offset = place if sys.byteorder == "little" else size - 1 - place
    return numbers.tobytes()[offset::size]


def _equal(plane: bytes, value: int) -> bytes:
    table = bytearray(_PAGE)
    table[value] = 1
    return plane.translate(table)


def _table(hits: bytes | bytearray) -> bytes:
    return bytes(hits).ljust(_PAGE, b"\0")
