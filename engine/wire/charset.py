"""Text of data elements by Specific Character Set (0008,0005), with code extensions (PS3.5 6.1, PS3.3 C.12.1.1.2).

The names of the character sets and their escape sequences are pydicom's; decoding here never fails and never warns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.standard.dictionary import load_pydicom

DEFAULT = "latin_1"
"""For the default repertoire: every byte stands for a character, so that undeclared text is not lost."""
_DELIMITERS = "\\^=\r\n\t\f"
"""After these the first character set is in force again (PS3.5 6.1.2.5.3)."""
_ESCAPED = re.compile(rb"(\x1b\$[()].|\x1b[^$].|\x1b\$[^()])", re.DOTALL)
_JAPANESE = ("iso2022_jp", "iso2022_jp_2")
"""Codecs that take their own escape sequences."""
_HALF_WIDTH = "shift_jis"
"""Python's codec for JIS X 0201 (ISO_IR 13), of which only the single-byte characters count."""


def codecs_of(names: Sequence[str]) -> tuple[str, ...]:
    """Python codecs of the values of Specific Character Set; unknown names fall back to the default repertoire."""
    if not any(names):
        return (DEFAULT,)
    load_pydicom()
    from pydicom.charset import python_encoding

    return tuple(python_encoding.get(name.strip(), DEFAULT) for name in names)


def decode_text(raw: bytes, codecs: Sequence[str]) -> str:
    """Text of these bytes; U+FFFD for what the character set does not have. Never raises."""
    if b"\x1b" not in raw or len(codecs) == 1:
        return raw.decode(codecs[0], "replace")
    load_pydicom()
    from pydicom.charset import CODES_TO_ENCODINGS

    head, *rest = _ESCAPED.split(raw)
    text = head.decode(codecs[0], "replace")
    for escape, part in zip(rest[::2], rest[1::2], strict=True):
        codec = CODES_TO_ENCODINGS.get(escape, "")
        if codec in _JAPANESE:
            text += (escape + part).decode(codec, "replace")
        elif codec in ("", "iso8859", _HALF_WIDTH) or codec not in codecs:
            text += part.decode(codecs[0], "replace")
        else:
            text += _decode_until_delimiter(part, codec, codecs[0])
    return text


def _decode_until_delimiter(part: bytes, codec: str, first: str) -> str:
    end = next((i for i, byte in enumerate(part) if chr(byte) in _DELIMITERS), len(part))
    return part[:end].decode(codec, "replace") + part[end:].decode(first, "replace")


def encode_text(text: str, codecs: Sequence[str]) -> bytes:
    """Bytes of the text; UnicodeEncodeError for a character that none of the character sets has."""
    first = codecs[0]
    if text.isascii() and first not in _JAPANESE:
        return text.encode("ascii")
    if len(codecs) == 1:
        return text.encode(first)
    load_pydicom()
    from pydicom.charset import ENCODINGS_TO_CODES

    out = bytearray()
    # The set in force, which delimiters put back to the first, and the one designated last: readers that overlook the
    # delimiters are told of both changes.
    current, designated, position = first, first, 0
    while position < len(text):
        codec, part = _longest(text, position, codecs)
        encoded = part.encode(codec)
        if codec in _JAPANESE:
            # Python's codec ends in ASCII; where JIS X 0201 is the first set, its Roman half is to follow.
            out += encoded[:-3] + b"\x1b(J" if first == _HALF_WIDTH else encoded
        elif part.isascii():
            out += encoded
        else:
            out += b"" if codec == current == designated else ENCODINGS_TO_CODES.get(codec, b"")
            out += encoded
            current = designated = codec
        if part[-1] in _DELIMITERS:
            current = first
        position += len(part)
    return bytes(out)


def _longest(text: str, start: int, codecs: Sequence[str]) -> tuple[str, str]:
    """(codec, part): the next delimiter, run of ASCII, or run of other characters that one codec has."""
    if text[start] in _DELIMITERS:
        return codecs[0], text[start]
    end = start
    if text[start].isascii():
        while end < len(text) and text[end].isascii() and text[end] not in _DELIMITERS:
            end += 1
        return codecs[0], text[start:end]
    best = ("", start)
    for codec in dict.fromkeys(codecs):
        end = start
        while end < len(text) and not text[end].isascii() and _has(codec, text[end]):
            end += 1
        if end > best[1]:
            best = (codec, end)
    if not best[0]:
        raise UnicodeEncodeError(codecs[0], text, start, start + 1, "no character set has it")
    return best[0], text[start : best[1]]


def _has(codec: str, character: str) -> bool:
    try:
        encoded = character.encode(codec)
    except UnicodeEncodeError:
        return False
    return codec != _HALF_WIDTH or len(encoded) == 1
