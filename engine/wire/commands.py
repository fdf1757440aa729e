"""Command sets to bytes and back: Implicit VR Little Endian (PS3.7 6.3.1), by the VRs of the element dictionary.

Encoding writes what it is told, in the order it is told. Decoding never raises and keeps every byte it can name: each
element holds its raw value, so that a decoded command set encodes to the bytes it came from.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache

from engine.model.command_set import (
    AFFECTED_INSTANCE,
    GROUP_LENGTH,
    MESSAGE_ID,
    RESPONDED_TO,
    CommandSet,
    Element,
    Value,
)
from engine.model.quick import quick
from engine.standard.elements import ELEMENTS, tag_text
from engine.standard.lean import dataclass

from .issues import Issue

HEADER = 8
"""Bytes of tag and Value Length."""
UNDEFINED_LENGTH = 0xFFFFFFFF
NUMBER_SIZES = {"US": 2, "UL": 4}
_SINGLE_TEXT = frozenset({"LT", "ST", "UT"})
"""Text VRs in which a backslash is a character (PS3.5 6.2)."""
_UNKNOWN = "UN"
_HEADER = struct.Struct("<HHI")
_US_HEADS = {tag: _HEADER.pack(tag >> 16, tag & 0xFFFF, 2) for tag, row in ELEMENTS.items() if row.vr == "US"}


class CommandError(Exception):
    """A command set that cannot be encoded; a sentence that names the element and the value."""


def vr_of(tag: int) -> str:
    """VR of a command element, "UN" when the dictionary does not have it."""
    row = ELEMENTS.get(tag)
    return row.vr if row else _UNKNOWN


# --- encoding -----------------------------------------------------------------------------------------------------


def encode_command(command: CommandSet) -> bytes:
    """The command set's bytes in the order given. CommandError when a value does not fit its VR.

    A (0000,0000) without value gets the count of the bytes that follow it (PS3.7 6.3.1). `Element.raw` wins over the
    value, `Element.length` over the true length.
    """
    encoded: list[bytes] = []
    following = 0
    for element in reversed(command.elements):
        data = _plain(element)
        if not data:
            if element.tag == GROUP_LENGTH and element.value is None and element.raw is None:
                value = following.to_bytes(4, "little")
            else:
                value = encode_value(element)
            data = _header(element, len(value)) + value
        following += len(data)
        encoded.append(data)
    encoded.reverse()
    return b"".join(encoded)


def _plain(element: Element) -> bytes:
    """A whole element with nothing deliberate about it: one number of VR US, or a text that was encoded before. Most
    are; b"" for everything else."""
    if element.raw is not None or element.length is not None:
        return b""
    value = element.value
    if type(value) is int:
        head = _US_HEADS.get(element.tag)
        return head + value.to_bytes(2, "little") if head is not None and 0 <= value <= 0xFFFF else b""
    if type(value) is str and element.tag != AFFECTED_INSTANCE:  # seldom the same twice
        return _encoded_text(element.tag, value)
    return b""


@lru_cache(maxsize=256)
def _encoded_text(tag: int, text: str) -> bytes:
    element = Element(tag, text)
    value = encode_value(element)
    return _header(element, len(value)) + value


def encode_value(element: Element) -> bytes:
    """Bytes of the value field, padded to even length (raw bytes and bytes values as they are). CommandError."""
    if element.raw is not None:
        return element.raw
    value = element.value
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    values = value if isinstance(value, tuple) else (value,)
    vr = vr_of(element.tag)
    size = NUMBER_SIZES.get(vr)
    if size:
        return b"".join(_number(element, v, size) for v in values)
    if vr == "AT":
        return b"".join(struct.pack("<HH", *divmod(_checked(element, v, 4), 0x10000)) for v in values)
    text = "\\".join(_text(element, v, vr) for v in values).encode("latin-1")
    return text + (b"\0" if vr == "UI" else b" ") * (len(text) % 2)


def _header(element: Element, length: int) -> bytes:
    if not 0 <= element.tag <= 0xFFFFFFFF:
        raise CommandError(f"{element.tag:X}H is not a tag; tags are 0000,0000 to FFFF,FFFF.")
    if element.length is not None:
        length = element.length
    if not 0 <= length <= 0xFFFFFFFF:
        raise CommandError(f"Value Length {length} of {_name(element)} does not fit in 4 bytes.")
    return _HEADER.pack(element.tag >> 16, element.tag & 0xFFFF, length)


def _name(element: Element) -> str:
    row = ELEMENTS.get(element.tag)
    return f"{row.name} {tag_text(element.tag)}" if row else f"element {tag_text(element.tag)}"


def _checked(element: Element, value: int | str, size: int) -> int:
    vr, highest = vr_of(element.tag), (1 << (8 * size)) - 1
    if isinstance(value, int) and 0 <= value <= highest:
        return int(value)
    raise CommandError(f"{_name(element)} is {value!r}; its VR {vr} holds a number from 0 to {highest}.")


def _number(element: Element, value: int | str, size: int) -> bytes:
    return _checked(element, value, size).to_bytes(size, "little")


def _text(element: Element, value: int | str, vr: str) -> str:
    if not isinstance(value, str):
        raise CommandError(f"{_name(element)} is {value!r}; its VR {vr} holds text.")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError as error:
        sentence = f"{_name(element)} is {value!r}; no single byte stands for {value[error.start]!r}."
        raise CommandError(sentence) from None
    return value


# --- decoding -----------------------------------------------------------------------------------------------------


KINDS = 512
"""Kinds of command set remembered; a conversation has a handful."""
_OWN = (MESSAGE_ID, RESPONDED_TO)
_OWN_HEADS = tuple(_HEADER.pack(tag >> 16, tag & 0xFFFF, 2) for tag in _OWN)
_INSTANCE_TAG = struct.pack("<HH", AFFECTED_INSTANCE >> 16, AFFECTED_INSTANCE & 0xFFFF)
_element, _command_set = quick(Element), quick(CommandSet)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Command sets alike. elements: of the first of them. own, instance: which elements are each one's own: its Message
    ID, and its Affected SOP Instance UID (-1: it has none). places: of each tag."""

    elements: tuple[Element, ...]
    own: int
    instance: int
    places: dict[int, int]


_kinds: dict[tuple[object, ...], _Kind] = {}


def decode_command(data: bytes) -> CommandSet:
    """The command set of these bytes; never raises. See `decode_command_spans`.

    The messages of a conversation are alike but for their Message ID and Affected SOP Instance UID: what is alike is
    decoded once (the whole decoder is what the tests compare with).
    """
    return _decoded(bytes(data))


@lru_cache(maxsize=4)  # the responses of one query are the same to the last byte
def _decoded(data: bytes) -> CommandSet:
    at = data.find(_OWN_HEADS[0])
    if at < 0:
        at = data.find(_OWN_HEADS[1])
    uid = data.find(_INSTANCE_TAG, at + 10)
    end = at + 10 if uid < 0 else uid + 8 + int.from_bytes(data[uid + 4 : uid + 8], "little")
    if at < 0 or end > len(data):
        return decode_command_spans(data)[0]
    key: tuple[object, ...]
    if uid < 0:
        key = (at, data[: at + 8], data[end:])
    else:
        key = (at, uid, data[: at + 8], data[at + 10 : uid + 8], data[end:])
    kind = _kinds.get(key)
    if kind is None:
        return _learned(key, data, at, uid)
    elements, own = kind.elements, kind.own
    number = _element(elements[own].tag, data[at + 8] | data[at + 9] << 8, data[at + 8 : at + 10])
    if uid < 0:
        return _command_set((*elements[:own], number, *elements[own + 1 :]), kind.places)
    raw, instance = data[uid + 8 : end], kind.instance
    text = _element(AFFECTED_INSTANCE, decode_value(AFFECTED_INSTANCE, raw), raw)
    return _command_set(
        (*elements[:own], number, *elements[own + 1 : instance], text, *elements[instance + 1 :]), kind.places
    )


def _learned(key: tuple[object, ...], data: bytes, at: int, uid: int) -> CommandSet:
    """The first of its kind, if what was taken for its own values are elements and no bytes within others."""
    command, spans, _ = decode_command_spans(data)
    starts = [start for start, _ in spans]
    known = at in starts and (uid < 0 or uid in starts)
    if not known or any(e.length is not None for e in command):
        return command
    if len(_kinds) >= KINDS:
        _kinds.clear()
    places = {e.tag: n for n, e in reversed(list(enumerate(command)))}
    kind = _kinds[key] = _Kind(command.elements, starts.index(at), -1 if uid < 0 else starts.index(uid), places)
    return CommandSet(kind.elements, kind.places)


def decode_command_spans(data: bytes) -> tuple[CommandSet, tuple[tuple[int, int], ...], tuple[Issue, ...]]:
    """The command set, the span of each element (header included), and what is odd about the bytes; never raises.

    A value cut short by the end of the bytes is kept, with the received length in `Element.length`. Up to 7 bytes at
    the end that cannot hold an element's header are in no element; an issue tells where they are.
    """
    data = bytes(data)
    elements: list[Element] = []
    spans: list[tuple[int, int]] = []
    issues: list[Issue] = []
    start = 0
    while start + HEADER <= len(data):
        element, end = _decode_element(data, start, issues)
        elements.append(element)
        spans.append((start, end))
        start = end
    if start < len(data):
        text = f"{len(data) - start} bytes at the end are too few for an element."
        issues.append(Issue(text, start, len(data), "PS3.7 6.3.1"))
    return CommandSet(tuple(elements)), tuple(spans), tuple(issues)


def _decode_element(data: bytes, start: int, issues: list[Issue]) -> tuple[Element, int]:
    group, number, length = struct.unpack_from("<HHI", data, start)
    tag, body = group << 16 | number, start + HEADER
    end = min(len(data), body + length)
    raw = data[body:end]
    value = decode_value(tag, raw)
    element = Element(tag, value, raw, length if length != len(raw) else None)
    issues += (Issue(text, start, end, clause) for text, clause in _oddities(data, element, length, body, end))
    return element, end


def decode_value(tag: int, raw: bytes) -> Value:
    """The value these bytes stand for by the element's VR; the bytes themselves when they do not fit it."""
    if not raw:
        return None
    vr = vr_of(tag)
    return _DECODERS.get(vr, _decode_text)(vr, raw)


def _decode_number(vr: str, raw: bytes) -> Value:
    size = NUMBER_SIZES[vr]
    if len(raw) % size:
        return raw
    return _one_or_many(tuple(int.from_bytes(raw[i : i + size], "little") for i in range(0, len(raw), size)))


def _decode_tags(_: str, raw: bytes) -> Value:
    if len(raw) % 4:
        return raw
    return _one_or_many(tuple(group << 16 | element for group, element in struct.iter_unpack("<HH", raw)))


def _decode_text(vr: str, raw: bytes) -> Value:
    text = raw.decode("latin-1")
    if "\\" not in text or vr in _SINGLE_TEXT:
        return _unpadded(text)
    values = tuple(_unpadded(v) for v in text.split("\\"))
    return values if len(values) > 1 else values[0]


def _unpadded(text: str) -> str:
    return text.rstrip(" \0")


def _one_or_many(values: tuple[int, ...]) -> Value:
    return values if len(values) > 1 else values[0]


_DECODERS: dict[str, Callable[[str, bytes], Value]] = {
    "US": _decode_number,
    "UL": _decode_number,
    "AT": _decode_tags,
    _UNKNOWN: lambda _, raw: raw,
}


def _oddities(data: bytes, element: Element, length: int, body: int, end: int) -> list[tuple[str, str]]:
    """(sentence, clause) of what is structurally odd about one element."""
    found: list[tuple[str, str]] = []
    if element.tag >> 16:
        found.append((f"{_name(element)} is not in group 0000.", "PS3.7 6.3.1"))
    if length == UNDEFINED_LENGTH:
        text = f"{_name(element)} has undefined length; a command element's length is always given."
        found.append((text, "PS3.7 6.3.1"))
    elif element.length is not None:
        text = f"{_name(element)} says it has {length} bytes, but only {end - body} follow."
        hint = data[body - 4 : body - 2]
        if hint.isalpha() and hint.isupper():
            text += " It looks like Explicit VR; command sets are Implicit VR Little Endian."
        found.append((text, "PS3.7 6.3.1"))
    if length % 2 and length != UNDEFINED_LENGTH:
        found.append((f"{_name(element)} has an odd length of {length}.", "PS3.7 6.3.1"))
    if isinstance(element.value, bytes) and vr_of(element.tag) != _UNKNOWN:
        text = f"{_name(element)} has {end - body} bytes, which VR {vr_of(element.tag)} cannot have."
        found.append((text, "PS3.5 6.2"))
    if element.tag == GROUP_LENGTH and isinstance(element.value, int) and element.value != len(data) - end:
        text = f"{_name(element)} is {element.value}, but {len(data) - end} bytes follow it."
        found.append((text, "PS3.7 6.3.1"))
    return found
