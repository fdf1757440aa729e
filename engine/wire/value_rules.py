"""Whether a text is a value of a VR (PS3.5 6.2, Table 6.2-1): the sentence beside the field that holds it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable

from .values import FLOATS, INTEGERS, integer, parse_tag

_CONTROL = re.compile(r"[\x00-\x1a\x1c-\x1f\x7f]")
_CONTROL_BUT_LAYOUT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.\d{1,6})?)?)? *", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.\d{1,6})?)?)?)?)?)?([+-]\d{4})? *", re.ASCII
)
_LENGTHS = {"AE": 16, "CS": 16, "DS": 16, "IS": 12, "LO": 64, "SH": 16, "ST": 1024, "LT": 10240, "UI": 64}
_LAYOUT_VRS = frozenset({"ST", "LT", "UT"})


def value_error(vr: str, text: str, query: bool = False) -> str | None:
    """Why one value is none of its VR, as a sentence; None when it is, or is empty.

    query: for the identifier of a C-FIND, where DA, TM and DT may be ranges and CS may hold wildcards (PS3.4 C.2.2.2).
    """
    rule = _RULES.get(vr)
    if rule is None or not text:
        return None
    if query and vr in ("DA", "TM", "DT"):
        return _range_error(vr, text, rule)
    if query and vr == "CS":
        text = text.replace("*", "").replace("?", "")
    return rule(vr, text) if text else None


def _range_error(vr: str, text: str, rule: Callable[[str, str], str | None]) -> str | None:
    if vr == "DT" and rule(vr, text) is None:
        return None
    places = [i for i, c in enumerate(text) if c == "-"]
    for place in places:
        ends = [e for e in (text[:place], text[place + 1 :]) if e]
        if ends and all(rule(vr, e) is None for e in ends):
            return None
    return rule(vr, text)


def _too_long(vr: str, text: str) -> str | None:
    limit = _LENGTHS.get(vr)
    if limit is not None and len(text) > limit:
        return f"{vr} holds {limit} characters; this has {len(text)}."
    return None


def _text(vr: str, text: str) -> str | None:
    if vr in _LAYOUT_VRS:
        if _CONTROL_BUT_LAYOUT.search(text):
            return f"{vr} holds no control characters but line and page breaks."
    elif _CONTROL.search(text):
        return f"{vr} holds no control characters."
    elif "\\" in text and vr != "UR":
        return f"{vr} holds no backslash; it separates values."
    return _too_long(vr, text)


def _ae(vr: str, text: str) -> str | None:
    if not text.strip():
        return "An AE title is not spaces only."
    if not text.isascii():
        return "An AE title holds ASCII characters only."
    return _text(vr, text)


def _code(vr: str, text: str) -> str | None:
    if not re.fullmatch(r"[A-Z0-9 _]*", text):
        return "CS holds upper case letters, digits, spaces and underscores."
    return _too_long(vr, text)


def _age(_: str, text: str) -> str | None:
    return None if re.fullmatch(r"[0-9]{3}[DWMY]", text) else "AS is three digits and D, W, M or Y, like 045Y."


def _tag(_: str, text: str) -> str | None:
    return _as_sentence(lambda: parse_tag(text))


def _as_sentence(convert: Callable[[], object]) -> str | None:
    try:
        convert()
    except ValueError as error:
        return f"{error}."
    return None


def _date(_: str, text: str) -> str | None:
    match = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2}) *", text)
    if match is None:
        return "DA is a date YYYYMMDD."
    return None if _day_exists(*match.groups()) else f"There is no day {text.strip()}."


def _day_exists(year: str, month: str, day: str) -> bool:
    return int(year) >= 1 and 1 <= int(month) <= 12 and 1 <= int(day) <= monthrange(int(year), int(month))[1]


def _clock_exists(hour: str | None, minute: str | None, second: str | None) -> bool:
    return int(hour or 0) <= 23 and int(minute or 0) <= 59 and int(second or 0) <= 60


def _time(_: str, text: str) -> str | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return "TM is a time HHMMSS.FFFFFF; all after the hour may be left out from the right."
    return None if _clock_exists(*match.groups()) else f"There is no time {text.strip()}."


def _date_time(_: str, text: str) -> str | None:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return (
            "DT is YYYYMMDDHHMMSS.FFFFFF and an offset like +0100; all after the year may be left out from the right."
        )
    year, month, day, hour, minute, second, offset = match.groups()
    if not _day_exists(year, month or "01", day or "01") or not _clock_exists(hour, minute, second):
        return f"There is no time {text.strip()}."
    if offset and (not -1200 <= int(offset) <= 1400 or int(offset[3:]) > 59):
        return f"There is no offset {offset}; they go from -1200 to +1400."
    return None


def _decimal(vr: str, text: str) -> str | None:
    if not re.fullmatch(r" *[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([Ee][+-]?[0-9]+)? *", text, re.ASCII):
        return "DS is a number like 12.5 or 1.25e1."
    return _too_long(vr, text)


def _integer_string(vr: str, text: str) -> str | None:
    if not re.fullmatch(r" *[+-]?[0-9]+ *", text, re.ASCII):
        return "IS is a whole number."
    if not -(1 << 31) <= int(text) < 1 << 31:
        return f"IS holds {-(1 << 31)} to {(1 << 31) - 1}."
    return _too_long(vr, text)


def _name(vr: str, text: str) -> str | None:
    groups = text.split("=")
    if len(groups) > 3:
        return "PN has at most three groups: alphabetic=ideographic=phonetic."
    if any(group.count("^") > 4 for group in groups):
        return "A name has at most five parts: family^given^middle^prefix^suffix."
    if any(len(group) > 64 for group in groups):
        return "A name holds 64 characters in each of its groups."
    return _text(vr, text)


def _uid(vr: str, text: str) -> str | None:
    parts = text.split(".")
    if not re.fullmatch(r"[0-9.]+", text):
        return "A UID holds digits and dots only."
    if "" in parts:
        return "A UID has digits between its dots, and at both ends."
    if any(len(part) > 1 and part.startswith("0") for part in parts):
        return "The parts of a UID do not start with 0."
    return _too_long(vr, text)


def _uri(vr: str, text: str) -> str | None:
    if text.startswith(" "):
        return "UR does not begin with a space."
    return _text(vr, text)


def _float(_: str, text: str) -> str | None:
    try:
        float(text)
    except ValueError:
        return f"{text!r} is not a number."
    return None


def _integer(vr: str, text: str) -> str | None:
    return _as_sentence(lambda: integer(vr, text))


_RULES: dict[str, Callable[[str, str], str | None]] = {
    "AE": _ae,
    "AS": _age,
    "AT": _tag,
    "CS": _code,
    "DA": _date,
    "DS": _decimal,
    "DT": _date_time,
    "IS": _integer_string,
    "LO": _text,
    "LT": _text,
    "PN": _name,
    "SH": _text,
    "ST": _text,
    "TM": _time,
    "UC": _text,
    "UI": _uid,
    "UR": _uri,
    "UT": _text,
    **dict.fromkeys(FLOATS, _float),
    **dict.fromkeys(INTEGERS, _integer),
}
"""Byte VRs and sequences have no text to judge."""
