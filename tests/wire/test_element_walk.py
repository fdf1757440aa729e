"""Where the elements of a data set end, whatever the pieces it comes in."""

from __future__ import annotations

import itertools
import random
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.standard.transfer_syntaxes import DEFLATED_LE, EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE
from engine.wire import element_walk
from engine.wire.element_walk import INFLATED_AT_LEAST, MOST_ELEMENTS, AnyWalk, Cut, ElementWalk, InflatingWalk, walk_of

UNDEFINED = 0xFFFFFFFF
NAME = struct.pack("<HH2sH", 0x0010, 0x0010, b"PN", 4) + b"A^B "
ITEM, ITEM_END, SEQUENCE_END = (struct.pack("<HHI", 0xFFFE, n, 0) for n in (0xE000, 0xE00D, 0xE0DD))
OPEN_ITEM = ITEM[:4] + b"\xff\xff\xff\xff"
SEQUENCE = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, UNDEFINED)
UNKNOWN = struct.pack("<HH2sHI", 0x0009, 0x1001, b"UN", 0, UNDEFINED)
PIXELS = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, UNDEFINED)
FRAME = struct.pack("<HHI", 0xFFFE, 0xE000, 20_000) + bytes(20_000)
JPEG = "1.2.840.10008.1.2.4.50"


def walked(data: bytes, syntax: str, *pieces: int) -> AnyWalk:
    walk = walk_of(syntax)
    assert walk is not None
    ends = [0, *sorted(p % (len(data) + 1) for p in pieces), len(data)]
    for begin, end in itertools.pairwise(ends):
        if not walk.skips(end - begin):
            walk.feed(memoryview(data)[begin:end])
    return walk


def deflated(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    out = deflater.compress(data) + deflater.flush()
    return out + bytes(len(out) % 2)


@settings(max_examples=200)
@given(st.lists(st.integers(0, 100_000), max_size=12), st.integers(0, 100_000))
def test_pieces_make_no_difference(pieces: list[int], end: int) -> None:
    implicit = struct.pack("<HHI", 0x0010, 0x0010, 4) + b"A^B "
    data = NAME + SEQUENCE + OPEN_ITEM + NAME + ITEM_END + ITEM + SEQUENCE_END
    data += UNKNOWN + OPEN_ITEM + implicit + ITEM_END + SEQUENCE_END + PIXELS + ITEM + FRAME * 2 + SEQUENCE_END
    end %= len(data) + 1
    assert walked(data[:end], JPEG, *pieces).cut() == walked(data[:end], JPEG).cut()
    assert walked(data, JPEG, *pieces).cut() is None


def test_pixel_data_in_fragments_that_end_within_a_frame_or_have_no_end() -> None:
    data, head = NAME + PIXELS + ITEM + FRAME + FRAME, len(NAME + PIXELS)
    for end in (len(data), len(data) - 1, len(data) - len(FRAME) + 4):
        assert walked(data[:end], JPEG, 100, 16_384).cut() == Cut(0x7FE00010, UNDEFINED, end - head)
    assert walked(data + SEQUENCE_END, JPEG, 100).cut() is None


def test_what_begins_far_behind_the_front() -> None:
    long = struct.pack("<HH2sHI", 0x0008, 0x0119, b"UT", 0, 70_000) + bytes(70_000)
    for data, tag in ((long + NAME, 0x00100010), (NAME + long, 0x00080119)):
        assert walked(data, EXPLICIT_VR_LE, 16_000).cut() is None
        cut = walked(data[:-1], EXPLICIT_VR_LE, 16_000).cut()
        assert cut is not None and (cut.tag, cut.told - cut.left) == (tag, 1)


def test_big_endian() -> None:
    long = struct.pack(">HH2sHI", 0x0008, 0x0119, b"UT", 0, 70_000) + bytes(70_000)
    name = struct.pack(">HH2sH", 0x0010, 0x0010, b"PN", 4) + b"A^B "
    assert walked(long + name, EXPLICIT_VR_BE, 16_000).cut() is None
    assert walked(long + name[:-2], EXPLICIT_VR_BE, 16_000).cut() == Cut(0x00100010, 4, 2)


def test_sequences_of_unknown_vr_are_in_implicit_vr() -> None:
    name = struct.pack("<HHI", 0x0010, 0x0010, 4) + b"A^B "
    data = UNKNOWN + OPEN_ITEM + name + ITEM_END + SEQUENCE_END + NAME
    assert walked(data, EXPLICIT_VR_LE).cut() is None
    assert walked(data[:-1], EXPLICIT_VR_LE).cut() == Cut(0x00100010, 4, 3)


@pytest.mark.parametrize("size", [10, 100_000])
def test_deflated_data_sets(size: int) -> None:
    text = struct.pack("<HH2sHI", 0x0008, 0x0119, b"UT", 0, size) + bytes(n * n % 251 for n in range(size))
    whole = deflated(text + NAME)
    walk = walked(whole, DEFLATED_LE, 7, 1000)
    assert isinstance(walk, InflatingWalk) and not walk.unended and walk.cut() is None
    walk = walked(deflated(text + NAME[:-1]), DEFLATED_LE, 7, 1000)
    assert walk.cut() == Cut(0x00100010, 4, 3)
    walk = walked(whole[:-4], DEFLATED_LE, 7)
    assert isinstance(walk, InflatingWalk) and walk.unended
    empty = walked(b"", DEFLATED_LE)
    assert isinstance(empty, InflatingWalk) and not empty.unended and empty.cut() is None
    walk = walked(b"\xff" * 40, DEFLATED_LE)
    assert isinstance(walk, InflatingWalk) and walk.broken and walk.cut() is None


NAME_IMPLICIT = struct.pack("<HHI8s", 0x0010, 0x0010, 8, b"Doe^Jane")


def test_what_was_read_may_inflate_to_more_than_is_taken_at_once() -> None:
    for size in range((5 << 16) - 150, (5 << 16) + 400, 2):
        text = struct.pack("<HH2sHI", 0x0008, 0x0119, b"UT", 0, size) + bytes(size)
        walk = walked(deflated(text), DEFLATED_LE)
        assert isinstance(walk, InflatingWalk) and not walk.unended and walk.cut() is None, size


def test_a_piece_that_becomes_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be inflated in one turn of the loop; the same in small pieces is looked at to its end."""
    monkeypatch.setattr(element_walk, "INFLATED_A_PIECE", 1 << 20)
    text = struct.pack("<HH2sHI", 0x0008, 0x0119, b"UT", 0, 3 << 20) + random.Random(1).randbytes(3 << 20)
    data = deflated(text + NAME[:-1])
    assert walked(data, DEFLATED_LE).lost
    assert walked(data, DEFLATED_LE, *range(0, len(data), 1 << 19)).cut() == Cut(0x00100010, 4, 3)


def test_pieces_of_one_turn_share_what_they_may_become(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(element_walk, "INFLATED_A_PIECE", 1 << 20)
    data = deflated(struct.pack("<HH2sHI", 0x0008, 0x0119, b"UT", 0, 3 << 20) + random.Random(1).randbytes(3 << 20))
    for together in (1, 8):
        walk = InflatingWalk()
        for start in range(0, len(data), 1 << 19):
            walk.feed(data[start : start + (1 << 19)], together)
        assert walk.lost is (together == 8)


def test_where_the_pixel_data_begin() -> None:
    pixels = struct.pack("<HHI", 0x7FE0, 0x0010, 5000) + bytes(5000)
    for data, front in ((NAME_IMPLICIT, 16), (NAME_IMPLICIT + pixels, 24), (pixels + NAME_IMPLICIT, 5024)):
        walk = walked(data, IMPLICIT_VR_LE, 7)
        assert isinstance(walk, ElementWalk) and walk.front == front


def test_what_is_made_to_hold_us_up_is_given_up() -> None:
    empty = struct.pack("<HHI", 0x0008, 0x0060, 0)
    walk = walked(empty * (MOST_ELEMENTS + 1), IMPLICIT_VR_LE, 1000)
    assert walk.lost and walk.cut() is None
    bomb = deflated(struct.pack("<HH2sHI", 0x0008, 0x0119, b"UT", 0, 1 << 24) + bytes(1 << 24))
    assert len(bomb) * 16 + INFLATED_AT_LEAST < 1 << 24
    walk = walked(bomb, DEFLATED_LE)
    assert walk.lost and walk.cut() is None


@pytest.mark.parametrize("number", [0xE000, 0xE00D, 0xE0DD])
def test_what_delimits_nothing_is_not_told_as_cut(number: int) -> None:
    """It has no length of its own: what stands there is anything."""
    content = struct.pack("<HHI2sHHI", 0x0001, 0xE000, 2, b"\xff\xd8", 0xFFFE, number, 0x0900FFFE)
    walk = walk_of(IMPLICIT_VR_LE)
    assert walk is not None
    walk.feed(content)
    assert walk.cut() is None
    assert not walk.whole
