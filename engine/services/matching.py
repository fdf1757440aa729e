"""Attribute matching of queries (PS3.4 C.2.2.2), pure."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.model.dataset import DataElement, DataSet

WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""PS3.4 C.2.2.2.4."""
RANGE_VRS = frozenset({"DA", "TM", "DT"})
"""PS3.4 C.2.2.2.5."""
NUMBER_VRS = frozenset({"DS", "IS", "FL", "FD", "SS", "US", "SL", "UL", "SV", "UV"})


def matches(keys: DataSet, candidate: DataSet, ignore: frozenset[int] = frozenset()) -> bool:
    """Whether a candidate's attributes match every key."""
    return all(key.tag in ignore or key_matches(key, candidate.find(key.tag)) for key in keys)


def key_matches(key: DataElement, found: DataElement | None) -> bool:
    """One key against one attribute, absent or not."""
    if key.vr == "SQ":
        return _sequence_matches(key, found)
    wanted = key.value if isinstance(key.value, bytes) else key.texts
    if not wanted or all(v == "" for v in wanted):
        return True
    if isinstance(wanted, bytes):
        return found is not None and found.value == wanted
    have = [v for v in found.texts if v] if found else []
    if not have:
        return key.vr in WILDCARD_VRS and all(set(v) == {"*"} for v in key.texts)
    return any(value_matches(key.vr, w, h) for w in key.texts for h in have)


def _sequence_matches(key: DataElement, found: DataElement | None) -> bool:
    """PS3.4 C.2.2.2.6: one item of keys, matched by any item; no item or an empty one is universal."""
    if not key.items or all(_universal(item) for item in key.items):
        return True
    return found is not None and any(matches(key.items[0], item) for item in found.items)


def _universal(item: DataSet) -> bool:
    for element in item:
        if element.vr == "SQ":
            if not all(_universal(i) for i in element.items):
                return False
        elif element.value not in ((), b"") and any(element.texts or (element.value,)):
            return False
    return True


def value_matches(vr: str, wanted: str, have: str) -> bool:
    """One value of a key against one value of an attribute."""
    if vr in RANGE_VRS:
        return _range_matches(vr, wanted, have)
    if vr in NUMBER_VRS:
        return _number(wanted) == _number(have)
    wanted, have = wanted.strip(), have.strip()
    if vr == "PN":
        wanted, have = _person(wanted), _person(have)
    if vr in WILDCARD_VRS and ("*" in wanted or "?" in wanted):
        return _pattern(wanted).fullmatch(have) is not None
    return wanted == have


@lru_cache(maxsize=256)
def _pattern(wanted: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(c, re.escape(c)) for c in re.sub(r"\*+", "*", wanted)), re.DOTALL)


def _person(name: str) -> str:
    """Person names: case and empty trailing components do not count (PS3.4 C.2.2.2.1 leaves it to the SCP)."""
    return "=".join(group.rstrip("^ ") for group in name.split("=")).rstrip("=").casefold()


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.strip()


def _range_matches(vr: str, wanted: str, have: str) -> bool:
    low, high, is_range = _bounds(vr, wanted.strip())
    have = have.strip()
    if not is_range:
        return _earliest(vr, low) == _earliest(vr, have) if vr != "DT" else have.startswith(low)
    value = _earliest(vr, have)
    return (not low or _earliest(vr, low) <= value) and (not high or value <= _latest(vr, high))


def _bounds(vr: str, wanted: str) -> tuple[str, str, bool]:
    """Both ends of "a-b", "a-" or "-b"; a hyphen in front of a DT's UTC offset is no range (PS3.4 C.2.2.2.5.1)."""
    splits = [i for i, c in enumerate(wanted) if c == "-"]
    for i in splits:
        low, high = wanted[:i], wanted[i + 1 :]
        if vr == "DT" and low and re.fullmatch(r"\d{4}", high) and len(splits) != 1:
            continue
        if vr == "DT" and low and re.fullmatch(r"(0\d|1[0-4])[0-5]\d", high) and len(splits) == 1 and len(low) > 8:
            return wanted, wanted, False
        return low, high, True
    return wanted, wanted, False


def _digits(vr: str, text: str) -> str:
    if vr == "DA":
        return text.replace(".", "")
    plain = text.replace(":", "") if vr == "TM" else re.split(r"[+-]", text)[0]
    whole, _, fraction = plain.partition(".")
    return whole + fraction if len(whole) == (6 if vr == "TM" else 14) else whole


_FULL = {"DA": 8, "TM": 12, "DT": 20}
_LAST = {"DA": "99991231", "TM": "235959999999", "DT": "99991231235959999999"}


def _earliest(vr: str, text: str) -> str:
    return _digits(vr, text).ljust(_FULL[vr], "0")


def _latest(vr: str, text: str) -> str:
    digits = _digits(vr, text)
    return digits + _LAST[vr][len(digits) :]
