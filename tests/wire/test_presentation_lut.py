"""Presentation LUTs in the picture of a printed film (PS3.3 C.11.4)."""

from __future__ import annotations

import pytest

from engine.model.dataset import DataSet
from engine.trace.pictures import PreviewError, printed_picture_of
from engine.wire.presentation_lut import shown_grays
from tests.services.playing import elements

SHAPE, SEQUENCE = 0x20500020, 0x20500010
RAMP = bytes(range(256))


def image(photometric: str = "MONOCHROME2") -> DataSet:
    """16 x 16, every gray once."""
    numbers = {0x00280002: 1, 0x00280010: 16, 0x00280011: 16, 0x00280100: 8, 0x00280101: 8, 0x00280102: 7}
    rows = ((tag, "US", str(number)) for tag, number in numbers.items())
    return elements(*rows, (0x00280004, "CS", photometric), (0x7FE00010, "OW", RAMP))


def of_table(*entries: int, bits: int = 12, told: int | None = None) -> DataSet:
    descriptor = (str(len(entries) if told is None else told), "0", str(bits))
    data = b"".join(e.to_bytes(2, "little") for e in entries)
    return elements((SEQUENCE, "SQ", (elements((0x00283002, "US", descriptor), (0x00283006, "OW", data)),)))


def pixels(lut: DataSet | None, *, photometric: str = "MONOCHROME2", reverse: bool = False) -> bytes:
    return printed_picture_of(image(photometric), 100, presentation=lut, reverse=reverse).pixels


def test_identity_and_none_leave_the_grays() -> None:
    identity = elements((SHAPE, "CS", "IDENTITY"))
    assert pixels(identity) == pixels(None) == RAMP


def test_a_table_is_applied_whatever_its_length() -> None:
    inverse = of_table(*range(4095, -1, -1))
    assert pixels(inverse) == RAMP[::-1]
    dark = of_table(*(n // 2 for n in range(256)), bits=10)
    assert pixels(dark)[-1] == round(127 * 255 / 1023)


def test_it_takes_black_as_zero_and_the_film_is_turned_over_after_it() -> None:
    half = of_table(*range(0, 2048, 8))
    assert pixels(half, photometric="MONOCHROME1") == pixels(half)[::-1]
    assert pixels(half, reverse=True) == bytes(255 - p for p in pixels(half))


def test_even_densities_are_seen_by_the_light_box_and_the_room() -> None:
    lin_od = elements((SHAPE, "CS", "LIN OD"))
    grays = shown_grays(lin_od, DataSet())
    assert (grays[0], grays[-1]) == (0, 255)
    assert list(grays) == sorted(grays)
    assert grays[128] < 128, "evenly spaced densities look darker than evenly spaced grays"
    bright_room = shown_grays(lin_od, elements((0x20100160, "US", "200")))
    assert bright_room[128] < grays[128]
    assert shown_grays(lin_od, elements((0x20100130, "US", "10"))) == RAMP, "a film that cannot be: as it is"


def test_a_broken_table_is_said() -> None:
    with pytest.raises(PreviewError, match="Presentation LUT has 2 entries"):
        pixels(of_table(0, 4095, told=256))
