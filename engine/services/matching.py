"""Attribute matching of queries (PS3.4 C.2.2.2), pure."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from engine.model.dataset import DataElement, DataSet
from engine.standard.dictionary import attribute, attribute_by_keyword
from engine.standard.extended_negotiation import DATETIME, EMPTY, FUZZY, MULTIPLE

MOST_VALUES = 256
"""Values of one key that are compared with each candidate. Lists are of UIDs; of other attributes a few values are
asked for at once, if at all (PS3.4 C.2.2.2.8). Tens of thousands would hold up everybody for a minute."""
_LISTS_KEPT = 8
WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""PS3.4 C.2.2.2.4."""
RANGE_VRS = frozenset({"DA", "TM", "DT"})
"""PS3.4 C.2.2.2.5."""
NUMBER_VRS = frozenset({"DS", "IS", "FL", "FD", "SS", "US", "SL", "UL", "SV", "UV"})


NO_OPTIONS: frozenset[str] = frozenset()
MULTIPLE_VRS = frozenset({"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"})
"""Whose several values are all to be found, where Multiple Value Matching was agreed on (PS3.4 C.2.2.2.8)."""
EMPTY_VALUE = '""'
"""The key value that asks for empty attributes (PS3.4 C.2.2.2.7)."""


def matches(
    keys: DataSet, candidate: DataSet, ignore: frozenset[int] = frozenset(), options: frozenset[str] = NO_OPTIONS
) -> bool:
    """Whether a candidate's attributes match every key.

    options: keys of `engine.standard.extended_negotiation` that change how; those agreed on.
    """
    if DATETIME in options:
        for date, time in _date_time_pairs(keys):
            if not _moment_matches(date, time, candidate):
                return False
            ignore |= {date.tag, time.tag}
    return all(key.tag in ignore or key_matches(key, candidate.find(key.tag), options) for key in keys)


def key_matches(key: DataElement, found: DataElement | None, options: frozenset[str] = NO_OPTIONS) -> bool:
    """One key against one attribute, absent or not."""
    if key.vr == "SQ":
        return _sequence_matches(key, found, options)
    if key.vr == "UI" and not isinstance(key.value, bytes):
        return _uids_match(_uids(key), found.texts if found else (), options)
    wanted = key.value if isinstance(key.value, bytes) else key.texts
    if not wanted or all(v == "" for v in wanted):
        return True
    if isinstance(wanted, bytes):
        return found is not None and found.value == wanted
    have = [v for v in found.texts if v] if found else []
    if EMPTY in options and wanted == (EMPTY_VALUE,):
        return not have
    if not have:
        return key.vr in WILDCARD_VRS and all(set(v) == {"*"} for v in key.texts)
    if MULTIPLE in options and len(key.texts) > 1 and _is_multiple(key):
        return all(any(value_matches(key.vr, w, h) for h in have) for w in key.texts if w)
    if FUZZY in options and key.vr == "PN":
        return any(fuzzy_matches(w, h) for w in key.texts for h in have)
    return any(value_matches(key.vr, w, h) for w in key.texts for h in have)


_sought: dict[int, tuple[DataElement, frozenset[str]]] = {}


def _uids_match(wanted: frozenset[str], have: tuple[str, ...], options: frozenset[str]) -> bool:
    if EMPTY in options and wanted == {EMPTY_VALUE}:
        return not any(have)
    return not wanted or any(v.strip() in wanted for v in have if v)


def _uids(key: DataElement) -> frozenset[str]:
    """Those of a list (PS3.4 C.2.2.2.2), which may be tens of thousands and are looked for in every candidate."""
    kept = _sought.get(id(key))
    if kept is not None and kept[0] is key:
        return kept[1]
    if len(_sought) >= _LISTS_KEPT:
        _sought.clear()
    uids = frozenset(v.strip() for v in key.texts if v)
    _sought[id(key)] = key, uids
    return uids


def of_too_many_values(keys: DataSet) -> DataElement | None:
    """The first key with more than `MOST_VALUES`, but for lists of UIDs."""
    for key in keys:
        if key.vr != "UI" and len(key.texts) > MOST_VALUES:
            return key
        if key.items and (within := of_too_many_values(key.items[0])) is not None:
            return within
    return None


def _is_multiple(key: DataElement) -> bool:
    """Whether several values of the key stand for several of the attribute: by VR and a VM of more than 1."""
    row = attribute(key.tag) if key.vr in MULTIPLE_VRS else None
    return row is not None and row.vm != "1"


def _sequence_matches(key: DataElement, found: DataElement | None, options: frozenset[str]) -> bool:
    """PS3.4 C.2.2.2.6: one item of keys, matched by any item; no item or an empty one is universal."""
    if not key.items or all(_universal(item) for item in key.items):
        return True
    return found is not None and any(matches(key.items[0], item, options=options) for item in found.items)


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
        return _name_matches(wanted, have)
    return _text_matches(wanted, have, wild=vr in WILDCARD_VRS)


def _text_matches(wanted: str, have: str, *, wild: bool) -> bool:
    if wild and ("*" in wanted or "?" in wanted):
        return _pattern(wanted).fullmatch(have) is not None
    return wanted == have


def _name_matches(wanted: str, have: str) -> bool:
    """Person names: case and empty trailing components do not count (PS3.4 C.2.2.2.1 leaves it to the SCP). A key of
    one component group is matched by any group, one of several by the same groups."""
    asked, told = (_groups(name) for name in (wanted, have))
    if len(asked) == 1:
        return any(_text_matches(asked[0], group, wild=True) for group in told)
    told += [""] * (len(asked) - len(told))
    return all(not group or _text_matches(group, other, wild=True) for group, other in zip(asked, told, strict=False))


def _groups(name: str) -> list[str]:
    """Alphabetic, ideographic and phonetic representation (PS3.5 6.2.1), as they are compared."""
    return [group.rstrip("^ ").casefold() for group in name.rstrip("=").split("=")]


@lru_cache(maxsize=MOST_VALUES)
def _pattern(wanted: str) -> re.Pattern[str]:
    """Each piece between two wildcards is looked for once, from the left: tried in every combination, a dozen would
    take years (no other place of a piece lets more of what follows match)."""
    first, *rest = ("".join("." if c == "?" else re.escape(c) for c in part) for part in wanted.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    between = "".join(f"(?>.*?{part})" for part in rest[:-1] if part)
    return re.compile(f"{first}{between}.*{rest[-1]}", re.DOTALL)


def fuzzy_matches(wanted: str, have: str) -> bool:
    """Fuzzy semantic matching of person names (PS3.4 C.2.2.2.1.1 leaves the algorithm to the SCP): every word asked for
    is one of the name's, in whatever order and component group; case and accents do not count, wildcards do."""
    words = _name_words(have)
    return all(any(_pattern(w).fullmatch(word) for word in words) for w in _name_words(wanted))


def _name_words(name: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.findall(r"[^\s^=,.]+", plain.casefold())


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text.strip()


def _range_matches(vr: str, wanted: str, have: str) -> bool:
    low, high, is_range = bounds(vr, wanted.strip())
    have = have.strip()
    if vr == "DT":  # one value stands for as long as its precision says
        return _later("", low, have) and _later(have, high, "")
    if not is_range:
        return _earliest(vr, low) == _earliest(vr, have)
    value = _earliest(vr, have)
    return (not low or _earliest(vr, low) <= value) and (not high or value <= _latest(vr, high))


def _later(have: str, bound: str, value: str) -> bool:
    """Whether a DT value is not before a lower bound, or (the other way round) not behind an upper one.

    Where both tell their offset from UTC, moments are compared (PS3.5 6.2), else the clocks.
    """
    if not bound:
        return True
    is_upper, text = bool(have), have or value
    limit = _latest("DT", bound) if is_upper else _earliest("DT", bound)
    told = _earliest("DT", text)
    offsets = [_offset(t) for t in (bound, text)]
    if None not in offsets:
        limit, told = (_at_utc(t, o or 0) for t, o in zip((limit, told), offsets, strict=True))
    return told <= limit if is_upper else limit <= told


def _offset(text: str) -> int | None:
    """Minutes east of UTC, where a DT tells them."""
    found = re.search(r"([+-])(\d\d)(\d\d)$", text)
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    return (60 * int(hours) + int(minutes)) * (1 if sign == "+" else -1)


def _at_utc(digits: str, offset: int) -> str:
    """Digits of a clock as those of UTC. What no calendar has stays as it is."""
    year, month, day = int(digits[:4] or 0), int(digits[4:6] or 0), int(digits[6:8] or 0)
    try:
        last = monthrange(year, max(1, month))[1]
        start = datetime(year, max(1, month), min(max(1, day), last), int(digits[8:10]), int(digits[10:12]))  # noqa: DTZ001
        return (start - timedelta(minutes=offset)).strftime("%Y%m%d%H%M").rjust(12, "0") + digits[12:]
    except (ValueError, OverflowError):
        return digits


_MOMENT = r"\d{4,14}(?:\.\d{1,6})?(?:[+-](?:0\d|1[0-4])[0-5]\d)?"
_ONE_MOMENT = re.compile(r"\d{9,14}(?:\.\d{1,6})?-(?:0\d|1[0-4])[0-5]\d")
_MOMENT_OR_NONE = re.compile(f"(?:{_MOMENT})?")


def bounds(vr: str, wanted: str) -> tuple[str, str, bool]:
    """Both ends of "a-b", "a-" or "-b"; a hyphen in front of a DT's UTC offset is no range (PS3.4 C.2.2.2.5.1)."""
    splits = [i for i, c in enumerate(wanted) if c == "-"]
    if vr == "DT" and _ONE_MOMENT.fullmatch(wanted):
        return wanted, wanted, False
    for i in splits:
        low, high = wanted[:i], wanted[i + 1 :]
        if vr != "DT" or (_MOMENT_OR_NONE.fullmatch(low) and _MOMENT_OR_NONE.fullmatch(high)):
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


# --- combined date-time (PS3.4 C.2.2.2.5.1) -----------------------------------------------------------------------


def _date_time_pairs(keys: DataSet) -> Iterator[tuple[DataElement, DataElement]]:
    """Ranges of a date and of the time that goes with it: together they are one range of moments."""
    for date in keys:
        time = keys.find(time_of(date.tag)) if date.vr == "DA" else None
        if time is not None and all(_is_range(key) for key in (date, time)):
            yield date, time


@lru_cache(maxsize=256)
def time_of(date: int) -> int:
    """The tag of "StudyTime" for that of "StudyDate"; 0 when there is none."""
    row = attribute(date)
    name = row.keyword if row else ""
    time = attribute_by_keyword(f"{name[:-4]}Time") if name.endswith("Date") else None
    return time.tag if time is not None and time.vr == "TM" else 0


def _is_range(key: DataElement) -> bool:
    return len(key.texts) == 1 and "-" in key.texts[0]


def _moment_matches(date: DataElement, time: DataElement, candidate: DataSet) -> bool:
    day, clock = candidate.text(date.tag).strip(), candidate.text(time.tag).strip()
    if not day or not clock:
        return False
    moment = _earliest("DA", day) + _earliest("TM", clock)
    low_day, high_day, _ = bounds("DA", date.texts[0].strip())
    low_time, high_time, _ = bounds("TM", time.texts[0].strip())
    begins = _earliest("DA", low_day) + _earliest("TM", low_time) if low_day else ""
    ends = _latest("DA", high_day) + _latest("TM", high_time) if high_day else ""
    return (not begins or begins <= moment) and (not ends or moment <= ends)
