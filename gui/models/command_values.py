"""Values of command elements as text: shown with their meaning, typed in any of the usual ways."""

from __future__ import annotations

import re

from engine.model.command_set import (
    COMMAND_FIELD,
    DATA_SET_TYPE,
    GROUP_LENGTH,
    MESSAGE_ID,
    PRIORITY,
    STATUS,
    Element,
    Value,
)
from engine.model.whole_numbers import whole_number
from engine.standard.command_fields import PRIORITIES, priority_named
from engine.standard.dictionary import attribute, uid_name
from engine.standard.elements import ELEMENTS, tag_text
from engine.standard.lean import dataclass
from engine.standard.messages import DATA_SET_FOLLOWS, MESSAGES, NO_DATA_SET, message_name
from engine.standard.sop_classes import SopClass
from engine.standard.status import status_text, statuses_for
from engine.workspace.errors import ValueProblem
from engine.workspace.names import attribute_tag

from .dataset_values import hex_text, parse_hex

EVENT_TYPE_ID, ACTION_TYPE_ID = 0x00001002, 0x00001008
HEX_TAGS = frozenset({COMMAND_FIELD, PRIORITY, DATA_SET_TYPE, STATUS})
"""Shown and typed as hexadecimal, as the Standard prints them."""
RAW = "hex:"
"""What is typed before bytes given as they are."""
_FILLED_IN = frozenset({GROUP_LENGTH, MESSAGE_ID, DATA_SET_TYPE})
"""Elements the engine fills in when they have no value; empty bytes are given when they are to go out empty."""
_BITS = {"US": 16, "UL": 32}
_WIDEST = 1 << 64
"""Of a typed number: beyond every VR, so that one too wide is told; what is larger still is characters."""
_GAP = "  "
"""Between a value and its meaning; what follows is not part of the value when typed."""


@dataclass(frozen=True, slots=True)
class About:
    """What the meaning of a value depends on."""

    service: str = ""
    sop_class: SopClass | None = None
    sop_class_uid: str = ""


def number_text(tag: int, value: int) -> str:
    return f"{value:04X}H" if tag in HEX_TAGS else str(value)


def edit_text(element: Element) -> str:
    """The value as typed."""
    if element.raw is not None or isinstance(element.value, bytes):
        return f"{RAW} {hex_text(given_bytes(element))}".rstrip()
    values = element.value if isinstance(element.value, tuple) else () if element.value is None else (element.value,)
    return "\\".join(_one(element.tag, v) for v in values)


def given_bytes(element: Element) -> bytes:
    """The bytes given in place of a value; b"" when there are none."""
    data = element.raw if element.raw is not None else element.value
    return data if isinstance(data, bytes) else b""


def _one(tag: int, value: int | str) -> str:
    if isinstance(value, str):
        return value
    row = ELEMENTS.get(tag)
    return tag_text(value) if row is not None and row.vr == "AT" else number_text(tag, value)


def meaning(tag: int, value: Value, about: About) -> str:
    """What a value says, in the Standard's words; "" when it only is what it is."""
    if isinstance(value, tuple):
        return ", ".join(filter(None, (meaning(tag, v, about) for v in value)))
    row = ELEMENTS.get(tag)
    if isinstance(value, str):
        return uid_name(value) if row is not None and row.vr == "UI" else ""
    if not isinstance(value, int) or row is None:
        return ""
    if row.vr == "AT":
        found = attribute(value)
        return found.keyword if found else ""
    return next((words for number, words in choices(tag, about) if number == value), _other(tag, value, about))


def plain_name(name: str) -> str:
    """The name of a SOP class without the words every one of them has."""
    name = name.removesuffix(" (Retired)").removesuffix(" SOP Class").removesuffix(" Meta")
    return name.replace("Query/Retrieve Information Model", "Q/R")


def _other(tag: int, value: int, about: About) -> str:
    """Meanings of values outside the lists offered."""
    if tag == DATA_SET_TYPE:
        return "Data Set follows"
    if tag == STATUS:
        return status_words(value, about)
    return message_name(value) if tag == COMMAND_FIELD else ""


def status_words(value: int, about: About) -> str:
    """Meaning of a status without its number."""
    return re.sub(r"^[0-9A-F]{4}H\s*", "", status_text(value, about.service, about.sop_class_uid))


def choices(tag: int, about: About) -> list[tuple[int, str]]:
    """Values worth offering for a number, with their meaning; [] when any will do."""
    if tag == PRIORITY:
        return list(PRIORITIES.items())
    if tag == DATA_SET_TYPE:
        return [(NO_DATA_SET, "no Data Set"), (DATA_SET_FOLLOWS, "Data Set follows")]
    if tag == COMMAND_FIELD:
        return list({m.command_field: message_name(m.command_field) for m in MESSAGES.values()}.items())
    if tag == STATUS:
        rows = statuses_for(about.service, about.sop_class_uid)
        return [(row.first, status_words(row.first, about)) for row in rows]
    types = {EVENT_TYPE_ID: "event_types", ACTION_TYPE_ID: "action_types"}.get(tag)
    return list(getattr(about.sop_class, types).items()) if types and about.sop_class is not None else []


def shown(element: Element, about: About) -> str:
    """The value with its meaning, what was forced said in words."""
    if element.raw is not None or isinstance(element.value, bytes):
        text = edit_text(element) or RAW
        text += f"{_GAP}{len(given_bytes(element))} bytes as given"
    else:
        text, words = edit_text(element), meaning(element.tag, element.value, about)
        named = isinstance(element.value, str) and words
        text = f"{plain_name(words)} · {text}" if named else text + (_GAP + words if words else "")
    return text if element.length is None else f"{text}{_GAP}length {element.length} written"


def parse(tag: int, text: str) -> tuple[Element, str]:
    """An element from typed text, and a sentence when it had to be taken as bytes ("" when it fits its VR)."""
    text = text.strip()
    if text.lower().startswith(RAW):
        data = parse_hex(text[len(RAW) :])
        if data is not None:
            return Element(tag, raw=data), ""
        return Element(tag, raw=text.encode()), "Not pairs of hexadecimal digits: the characters themselves are sent."
    row = ELEMENTS.get(tag)
    if not text:
        return Element(tag, raw=b"" if tag in _FILLED_IN else None), ""
    if row is None:
        data = parse_hex(text)
        return Element(tag, raw=text.encode() if data is None else data), ""
    if row.vr not in ("AT", "US", "UL"):
        parts = [text] if not row.multiple and row.vr != "UI" else text.split("\\")
        names = tuple(p.split(_GAP)[0].strip() if row.vr == "UI" else p for p in parts)
        return Element(tag, names[0] if len(names) == 1 else names), ""
    return _parse_numbers(tag, row.vr, text)


def _parse_numbers(tag: int, vr: str, text: str) -> tuple[Element, str]:
    """As `parse`, of AT, US and UL."""
    numbers: list[int] = []
    for part in text.split("\\"):
        number = _tag_value(part) if vr == "AT" else parse_number(tag, part)
        if number is None:
            kind = "a tag or keyword" if vr == "AT" else "a number"
            return Element(tag, raw=text.encode()), f"“{part}” is not {kind}: the characters themselves are sent."
        numbers.append(number)
    bits = _BITS.get(vr, 32)
    wide = next((n for n in numbers if not 0 <= n < 1 << bits), None)
    if wide is not None:
        size = max(bits // 8, (abs(wide).bit_length() // 16 + 1) * 2)
        data = b"".join(n.to_bytes(size, "little", signed=n < 0) for n in numbers)
        return Element(tag, raw=data), f"{wide} does not fit {vr} ({bits} bits): sent in {size} bytes each."
    return Element(tag, numbers[0] if len(numbers) == 1 else tuple(numbers)), ""


def _tag_value(text: str) -> int | None:
    try:
        return attribute_tag(text.split(_GAP, maxsplit=1)[0].strip())
    except ValueProblem:
        return None


def parse_number(tag: int, text: str) -> int | None:
    """7, 0x7, 0007H; of elements the Standard prints in hexadecimal the H may be missing; or a word (MEDIUM)."""
    text = text.strip()
    named = priority_named(text) if tag == PRIORITY else None
    if named is not None:
        return named
    if tag == COMMAND_FIELD and text.upper() in MESSAGES:
        return MESSAGES[text.upper()].command_field
    text = text.split(_GAP)[0].strip().lower()
    hexadecimal = re.fullmatch(r"0x([0-9a-f]+)|([0-9a-f]+)h", text)
    if hexadecimal:
        return int(hexadecimal[1] or hexadecimal[2], 16)
    if tag in HEX_TAGS and re.fullmatch(r"[0-9a-f]+", text):
        return int(text, 16)
    number = whole_number(text.removeprefix("-"), _WIDEST)
    return -number if number is not None and text.startswith("-") else number


def completions(tag: int, about: About, uids: tuple[str, ...] = ()) -> list[str]:
    """What an editor offers."""
    row = ELEMENTS.get(tag)
    if row is not None and row.vr == "UI":
        return [uid + (_GAP + plain_name(uid_name(uid)) if uid_name(uid) else "") for uid in uids]
    return [number_text(tag, value) + (_GAP + words if words else "") for value, words in choices(tag, about)]
