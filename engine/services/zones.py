"""Timezone query adjustment: moments of a query and of what it looks at told in one zone (PS3.4 C.5.1.1, K.5.1), pure.

The zone is the query's Timezone Offset From UTC (0008,0201). It holds for DA and TM, and for DT values without an
offset of their own (PS3.3 C.12.1.1.8).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from engine.model.dataset import DataElement, DataSet

from .matching import EMPTY_VALUE, bounds, time_of

TIMEZONE = 0x00080201
_ZONE = re.compile(r"([+-])(\d\d)([0-5]\d)")
_FURTHEST = 14 * 60
"""Minutes from UTC at most (PS3.5 6.2)."""


def minutes_of(zone: str) -> int | None:
    """Minutes east of UTC; None for what is not &ZZXX."""
    found = _ZONE.fullmatch(zone.strip())
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    whole = 60 * int(hours) + int(minutes)
    return None if whole > _FURTHEST else whole if sign == "+" else -whole


def zoned_keys(keys: DataSet, zone: str) -> DataSet:
    """Keys in which each DT without an offset has that of the query."""
    return DataSet(tuple(_zoned_key(key, zone) for key in keys))


def _zoned_key(key: DataElement, zone: str) -> DataElement:
    if key.vr == "SQ":
        return DataElement(key.tag, "SQ", tuple(zoned_keys(item, zone) for item in key.items))
    if key.vr != "DT" or not any(key.texts):
        return key
    return DataElement(key.tag, "DT", tuple(_zoned_range(text, zone) for text in key.texts))


def _zoned_range(text: str, zone: str) -> str:
    if not text.strip() or text.strip() == EMPTY_VALUE:
        return text
    low, high, is_range = bounds("DT", text.strip())
    ends = [end if not end or _has_offset(end) else end + zone for end in ((low, high) if is_range else (low,))]
    return "-".join(ends)


def _has_offset(text: str) -> bool:
    return re.search(r"[+-]\d{4}$", text) is not None


def in_zone(found: DataSet, zone: str) -> DataSet:
    """What is looked at, as the clocks of the query's zone tell it; as it is when it does not say its own zone."""
    own = found.text(TIMEZONE).strip()
    here, there = minutes_of(own), minutes_of(zone)
    if here is None or there is None:
        return found
    return _moved(found, timedelta(minutes=there - here), own).put(TIMEZONE, "SH", zone.strip())


def _moved(found: DataSet, by: timedelta, own: str) -> DataSet:
    moved: dict[int, DataElement] = {}
    for element in found:
        if element.vr == "SQ":
            items = tuple(_moved(item, by, own) for item in element.items)
            moved[element.tag] = DataElement(element.tag, "SQ", items)
        elif element.vr == "DT":
            texts = (t if not t.strip() or _has_offset(t.strip()) else t.strip() + own for t in element.texts)
            moved[element.tag] = DataElement(element.tag, "DT", tuple(texts))
        elif element.vr == "DA" and (time := found.find(time_of(element.tag))) is not None:
            date_and_time = _moment(element, time, by)
            moved.update({e.tag: e for e in date_and_time})
    return DataSet(tuple(moved.get(e.tag, e) for e in found)) if moved else found


def _moment(date: DataElement, time: DataElement, by: timedelta) -> tuple[DataElement, ...]:
    """A date and its time, value by value. What no calendar has, and a date whose time is unknown, stays as it is."""
    days, times = [], []
    if len(date.texts) != len(time.texts):
        return ()
    for day, clock in zip(date.texts, time.texts, strict=True):
        new_day, new_clock = _shifted(day.strip(), clock.strip(), by)
        days.append(new_day)
        times.append(new_clock)
    return DataElement(date.tag, "DA", tuple(days)), DataElement(time.tag, "TM", tuple(times))


def _shifted(day: str, clock: str, by: timedelta) -> tuple[str, str]:
    digits, dot, fraction = clock.replace(":", "").partition(".")
    if len(digits) not in (2, 4, 6):
        return day, clock
    try:
        start = datetime.strptime(day.replace(".", "") + digits.ljust(6, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007
        told = start + by
    except (ValueError, OverflowError):
        return day, clock
    # An hour alone keeps its precision only where the zones are whole hours apart.
    length = len(digits) if len(digits) > 2 or not by.total_seconds() % 3600 else 4
    return told.strftime("%Y%m%d"), told.strftime("%H%M%S")[:length] + dot + fraction
