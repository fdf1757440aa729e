"""Small changes to bytes and text, the same for the same generator; plain and guided runs share them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

_EDGES = (0, 1, 2, 3, 4, 6, 7, 8, 0x10, 0x7F, 0x80, 0xFE, 0xFF)
_WORDS = tuple(
    n.to_bytes(size, order)  # type: ignore[arg-type]
    for n in (0, 1, 6, 0x100, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFEE000, 0xFFFEE00D)
    for size in (2, 4)
    for order in ("big", "little")
    if n < 1 << (8 * size)
)
_TEXT = (
    b'"', b"'", b'"""', b"{", b"}", b"[", b"]", b"[[", b"]]", b"=", b",", b".", b"\n", b"#", b"\\", b"\\u0000", b"\0",
    b"-1", b"0", b"1e999", b"nan", b"inf", b"0x", b"true", b"9" * 30, b"65536",
    b"\xf0\x9f\xa9\xba", b"\xff", b"\xef\xbb\xbf",
    b"1979-05-27T07:32:00Z", b"0001-01-01", b"9999-12-31T23:59:59-23:59",
    b"{}", b"[]", b"(0010,0010)", b"PatientName",
    b"$", b"\xcd\xbe", b"\xd9\xa3", b"\xc2\xb2", b"\xe2\x91\xa0", b"\r",
    b"\x0b", b"\xe2\x80\xa8", b"\x1b(B", b"\x1b$B",
)  # fmt: skip


def _flip(data: bytearray, rng: Random, other: bytes) -> None:
    place = rng.randrange(len(data))
    data[place] ^= 1 << rng.randrange(8)


def _put(data: bytearray, rng: Random, other: bytes) -> None:
    data[rng.randrange(len(data))] = rng.choice(_EDGES) if rng.random() < 0.5 else rng.randrange(256)


def _word(data: bytearray, rng: Random, other: bytes) -> None:
    word = rng.choice(_WORDS)
    place = rng.randrange(len(data))
    data[place : place + len(word)] = word


def _add(data: bytearray, rng: Random, other: bytes) -> None:
    """A number that stands there a little larger or smaller: lengths that do not fit."""
    place, size = rng.randrange(len(data)), rng.choice((1, 2, 4))
    order = "big" if rng.random() < 0.5 else "little"
    number = int.from_bytes(data[place : place + size], order) + rng.randint(-9, 9)  # type: ignore[arg-type]
    data[place : place + size] = (number % (1 << (8 * size))).to_bytes(size, order)  # type: ignore[arg-type]


def _remove(data: bytearray, rng: Random, other: bytes) -> None:
    place = rng.randrange(len(data))
    del data[place : place + rng.choice((1, 1, 2, 4, 8, rng.randrange(1, len(data) + 1)))]


def _repeat(data: bytearray, rng: Random, other: bytes) -> None:
    place = rng.randrange(len(data))
    piece = data[place : place + rng.randrange(1, 64)]
    target = rng.randrange(len(data))
    data[target:target] = piece * rng.choice((1, 1, 1, 2, 8))


def _splice(data: bytearray, rng: Random, other: bytes) -> None:
    """A piece of another seed in place of one of this, or between."""
    if other:
        start = rng.randrange(len(other))
        piece = other[start : start + rng.choice((4, 16, 64, len(other)))]
        place = rng.randrange(len(data))
        data[place : place + rng.choice((0, len(piece)))] = piece


def _lines(data: bytearray, rng: Random, other: bytes) -> None:
    """A line of another text between two of this."""
    theirs = other.split(b"\n")
    ours = bytes(data).split(b"\n")
    place = rng.randrange(len(ours) + 1)
    ours[place : place + rng.randrange(2)] = [rng.choice(theirs)]
    data[:] = b"\n".join(ours)


def _token(data: bytearray, rng: Random, other: bytes) -> None:
    place = rng.randrange(len(data))
    data[place : place + rng.choice((0, 0, 1, 4))] = rng.choice(_TEXT)


Change = Callable[[bytearray, Random, bytes], None]
BINARY: tuple[Change, ...] = (_flip, _put, _word, _add, _add, _remove, _repeat, _splice)
TEXT: tuple[Change, ...] = (_token, _token, _token, _lines, _lines, _flip, _put, _remove, _repeat, _splice)


def mutated(data: bytes, rng: Random, other: bytes, largest: int, *, text: bool = False) -> bytes:
    """One to five changes, in most cases few."""
    out = bytearray(data)
    changes: Sequence[Change] = TEXT if text else BINARY
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        if not out:
            out += b"\0"
        rng.choice(changes)(out, rng, other)
    return bytes(out[:largest])
