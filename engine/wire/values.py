"""Values of data elements: text to bytes and back by VR (PS3.5 6.2)."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence

from .charset import decode_text, encode_text

INTEGERS: dict[str, tuple[int, bool]] = {
    "US": (2, False),
    "SS": (2, True),
    "UL": (4, False),
    "SL": (4, True),
    "UV": (8, False),
    "SV": (8, True),
}
"""Bytes and signedness of the integer VRs."""
FLOATS = {"FL": "f", "FD": "d"}
BYTES: dict[str, int] = {"OB": 1, "UN": 1, "OW": 2, "OL": 4, "OF": 4, "OV": 8, "OD": 8}
"""VRs whose value is bytes, with the size of a word; values are held little endian."""
CHARSET_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs that Specific Character Set is about (PS3.5 6.1.2.3)."""
SINGLE_TEXT = frozenset({"LT", "ST", "UR", "UT"})
"""A backslash is a character in these."""

_SINGLE_BYTE = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"})
"""Text of the default repertoire, whatever the character set."""
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,30}\s*")

Texts = tuple[str, ...]


def decode_value(vr: str, raw: bytes, codecs: Sequence[str], little_endian: bool = True) -> Texts | bytes:
    """The values as text; of byte VRs, and of numbers whose length does not fit, the bytes, words little endian."""
    if vr in _SINGLE_BYTE and raw:  # the many
        return _split(raw.decode("latin_1"))
    if vr in BYTES:
        return raw if little_endian else swap(raw, BYTES[vr])
    if not raw:
        return ()
    order = "<" if little_endian else ">"
    if vr in INTEGERS:
        size, signed = INTEGERS[vr]
        if len(raw) % size:
            return raw if little_endian else swap(raw, size)
        words = (raw[i : i + size] for i in range(0, len(raw), size))
        return tuple(str(int.from_bytes(w, "little" if little_endian else "big", signed=signed)) for w in words)
    if vr in FLOATS:
        code = FLOATS[vr]
        if len(raw) % struct.calcsize(code):
            return raw if little_endian else swap(raw, struct.calcsize(code))
        return tuple(float_text(value, code) for (value,) in struct.iter_unpack(order + code, raw))
    if vr == "AT":
        if len(raw) % 4:
            return raw if little_endian else swap(raw, 2)
        return tuple(f"{group:04X}{number:04X}" for group, number in struct.iter_unpack(order + "HH", raw))
    text = decode_text(raw, codecs if vr in CHARSET_VRS else ("latin_1",))
    if vr not in SINGLE_TEXT:
        return _split(text)
    text = text.rstrip(" \0")
    return (text,) if text else ()


def _split(text: str) -> Texts:
    """The values of a text."""
    text = text.rstrip(" \0")
    if "\\" in text:
        return tuple(text.split("\\"))
    return (text,) if text else ()


def encode_value(vr: str, values: Sequence[str], codecs: Sequence[str], little_endian: bool = True) -> bytes:
    """Bytes of the values, padded to even length. ValueError (part of a sentence) for what the VR cannot hold."""
    order = "<" if little_endian else ">"
    if vr in INTEGERS:
        size, signed = INTEGERS[vr]
        byte_order = "little" if little_endian else "big"
        return b"".join(integer(vr, v).to_bytes(size, byte_order, signed=signed) for v in values)  # type: ignore[arg-type]
    if vr in FLOATS:
        return b"".join(_pack_float(vr, v, order) for v in values)
    if vr == "AT":
        tags = [parse_tag(v) for v in values]
        return b"".join(struct.pack(order + "HH", tag >> 16, tag & 0xFFFF) for tag in tags)
    text = "\\".join(values)
    try:
        raw = encode_text(text, codecs if vr in CHARSET_VRS else ("latin_1",))
    except UnicodeEncodeError as error:
        raise ValueError(_not_encodable(text[error.start], vr, codecs)) from None
    return raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)


def _not_encodable(character: str, vr: str, codecs: Sequence[str]) -> str:
    if vr not in CHARSET_VRS:
        return f"VR {vr} cannot hold the character {character!r}"
    if "\ud800" <= character <= "\udfff":  # a byte of the command line that the system's encoding does not have
        return f"{character!r} is no character: the text came in another encoding than this computer's"
    hint = "; ISO_IR 192 has all characters" if tuple(codecs) != ("UTF8",) else ""
    return f"the Specific Character Set (0008,0005) does not have the character {character!r}{hint}"


def pad(raw: bytes) -> bytes:
    """Bytes of even length."""
    return raw + b"\0" if len(raw) % 2 else raw


def swap(raw: bytes, size: int) -> bytes:
    """The words of the value in the other byte order; bytes that fill no word stay."""
    if size == 1:
        return raw
    out = bytearray(raw)
    whole = len(raw) - len(raw) % size
    for place in range(size):
        out[place:whole:size] = raw[size - 1 - place : whole : size]
    return bytes(out)


def integer(vr: str, text: str) -> int:
    """The number of a value of an integer VR. ValueError when it is none or does not fit."""
    size, signed = INTEGERS[vr]
    low = -(1 << (8 * size - 1)) if signed else 0
    high = (1 << (8 * size - signed)) - 1
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    value = int(text)
    if not low <= value <= high:
        raise ValueError(f"{text} does not fit VR {vr}, which holds {low} to {high}")
    return value


def _pack_float(vr: str, text: str, order: str) -> bytes:
    try:
        return struct.pack(order + FLOATS[vr], float(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    except OverflowError:
        raise ValueError(f"{text} is too large for VR {vr}") from None


def float_text(value: float, code: str) -> str:
    """The shortest text that reads back as the same number in its width."""
    if code == "d" or not math.isfinite(value):
        return repr(value)
    for digits in range(6, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", value):
            break
    return text if any(c in text for c in ".en") else f"{text}.0"


def parse_tag(text: str) -> int:
    """A tag written "ggggeeee" or "(gggg,eeee)". ValueError when it is none."""
    digits = text.strip().removeprefix("(").removesuffix(")").replace(",", "")
    if len(digits) != 8 or not all(c in "0123456789abcdefABCDEF" for c in digits):
        raise ValueError(f"{text!r} is not a tag; eight hexadecimal digits are (ggggeeee)")
    return int(digits, 16)
