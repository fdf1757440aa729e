"""Hexadecimal text as people paste it: plain digits, dumps with offsets, C arrays, escaped strings."""

from __future__ import annotations

import re
from itertools import pairwise

from engine.standard.lean import dataclass

from .capture_files import LARGEST, CaptureError

_DUMP_LINE = re.compile(r"\s*(?:0[xX])?([0-9A-Fa-f]{3,16})(?::\s*|\s+|$)(.*)")
_GROUP = re.compile(r"[0-9A-Fa-f]{2,16}(?= |$|\|)")
_ESCAPE = re.compile(r"\\x[0-9A-Fa-f]{2}")
_COMMENT = re.compile(r"/\*|//[^\n]*|#[^\n]*")
_BRACES = re.compile(r"\{([^{}]*)\}", re.DOTALL)
_SEPARATORS = re.compile(r"[\s:,;\-]+|0[xX](?=[0-9A-Fa-f])")
_LITERAL = re.compile(r"""[bB]?(["'])(.*)\1[,;)]*\s*\\?""")
_WIDEST_LINE = 4096
REPEATED = "*"
"""What hexdump writes for lines that are as the one before."""


def from_hex(text: str, name: str) -> bytes:
    """The bytes of a hexadecimal text. Raises `CaptureError`; its offset is the line's place in the text.

    Digits with spaces, line ends, colons, commas, 0x; C arrays; strings with \\x escapes; dumps with offsets and text
    columns as of Wireshark, xxd, hexdump -C, od and tcpdump -X.
    """
    dump = _dump(text)  # first: its text column may hold anything, escapes too
    if dump is not None:
        return dump
    return _escaped(text) if _ESCAPE.search(text) else _digits(text, name)


def _escaped(text: str) -> bytes:
    """A C or Python string with escapes, over several lines too; other characters stand for themselves."""
    parts = []
    for line in filter(None, map(str.strip, text.splitlines())):
        literal = _LITERAL.fullmatch(line.split("=", 1)[-1].strip()) or _LITERAL.fullmatch(line)
        parts.append(literal[2] if literal else line)
    plain = "".join(parts).encode("latin-1", "backslashreplace")
    return _SIMPLE_ESCAPES.sub(_unescaped, plain)


_SIMPLE_ESCAPES = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([0-7]{1,3})|([nrtabfv\\'\"]))")
_CHARACTERS = dict(zip(b"nrtabfv\\'\"", b"\n\r\t\a\b\f\v\\'\"", strict=True))


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes.fromhex(match[1].decode())
    return bytes([int(match[2], 8) & 0xFF if match[2] else _CHARACTERS[match[3][0]]])


# --- dumps ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    offset: str
    rest: str
    repeated: bool = False
    """A line of `REPEATED` stands in front of it."""


def _dump(text: str) -> bytes | None:
    """The bytes of a dump with offsets, which have to agree with them; None when it is none."""
    lines: list[_Line] = []
    repeated = False
    for line in filter(None, map(str.rstrip, text.splitlines())):
        if line.strip() == REPEATED:
            repeated = True
            continue
        match = _DUMP_LINE.fullmatch(line)
        if not match:
            return None
        lines.append(_Line(match[1], match[2], repeated))
        repeated = False
    readings = (_read_dump(lines, base) for base in (16, 8, 10)) if lines else ()
    return next((data for data in readings if data is not None), None)


def _read_dump(lines: list[_Line], base: int) -> bytes | None:
    """The lines with their offsets in this base; None when offsets and bytes contradict each other."""
    try:
        offsets = [int(line.offset, base) for line in lines]
    except ValueError:
        return None
    if offsets[0] or (len(lines) == 1 and len(lines[0].offset) > 8):
        return None
    widths = [b - a for (a, b), line in zip(pairwise(offsets), lines[1:], strict=True) if b > a and not line.repeated]
    width = max(widths, default=16)
    result, block = bytearray(), 0
    for number, line in enumerate(lines):
        offset, last = offsets[number], number == len(lines) - 1
        if offset == 0:  # the dump of another packet begins
            block = len(result)
        elif line.repeated and 0 < (missing := offset - (len(result) - block)) <= LARGEST - len(result):
            again = bytes(result[-width:])
            result += (again * (missing // max(1, len(again)) + 1))[:missing]
        if len(result) - block != offset:
            return None
        following = 0 if last else offsets[number + 1]
        count = following - offset if following > offset and not lines[number + 1].repeated else width
        if not 0 < count <= _WIDEST_LINE:
            return None
        result += _groups(line.rest, count)
    return bytes(result)


def _groups(rest: str, count: int) -> bytes:
    """Up to `count` bytes of a dump line, which end where the text column begins."""
    found = bytearray()
    position = 0
    while len(found) < count:
        match = _GROUP.match(rest, position)
        if not match or len(match[0]) % 2:
            break
        found += bytes.fromhex(match[0])
        position = match.end()
        gap = len(rest) - position - len(rest[position:].lstrip(" "))
        if gap > 2:
            break
        position += gap
    return bytes(found[:count])


# --- digits ---------------------------------------------------------------------------------------------------------


def _digits(text: str, name: str) -> bytes:
    """Digits between whatever separates them; of a C array what is in its braces, comments left out."""
    clean = _without_comments(text)
    spans = [(m.start(1), m.end(1)) for m in _BRACES.finditer(clean)] or [(0, len(clean))]
    result = bytearray()
    for start, end in spans:
        position = start
        for line in clean[start:end].splitlines(keepends=True):
            try:
                result += b"".join(map(_token, filter(None, _SEPARATORS.split(line))))
            except ValueError:
                raise CaptureError(name, position, f"Not hexadecimal: “{line.strip()[:40]}”.") from None
            position += len(line)
    return bytes(result)


def _token(digits: str) -> bytes:
    """One group of digits; a digit alone is a byte (0x7)."""
    return bytes.fromhex(digits if len(digits) > 1 else f"0{digits}")


def _without_comments(text: str) -> str:
    """Spaces for comments, so that places stay true. One that never ends is none; its end is looked for once only: a
    text may begin thousands."""
    parts, done, at, ends = list[str](), 0, 0, True
    while match := _COMMENT.search(text, at):
        start, at = match.span()
        if match[0] == "/*":
            end = text.find("*/", at) if ends else -1
            if ends := end >= 0:
                at = end + 2
            else:
                continue
        parts += text[done:start], re.sub(r"[^\n]", " ", text[start:at])
        done = at
    return "".join((*parts, text[done:]))
