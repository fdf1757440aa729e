"""Values to match by, as people write them: what fits a VR (PS3.4 C.2.2.2), days in words, common values to pick.

A date key may be written in words — today, yesterday, last 7 days — in the window, in saved queries and on the
command line; it becomes a date or a range when the query is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from engine.model.dataset import DataElement, DataSet
from engine.model.whole_numbers import whole_number

from .dataset_toml import attribute_key
from .errors import ValueProblem

_LAST = re.compile(r"(?:last|past)\s+(\d{1,4})\s+(day|week|month|year)s?\Z")
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_DATES = ("DA", "DT")
_DATE = re.compile(r"\d{8}\Z")
_TIME = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?\Z")
_DATETIME = re.compile(r"\d{4}(\d{2}(\d{2}(\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?\Z")
_DASHED = re.compile(r"(\d{4})[-./](\d{2})[-./](\d{2})")
_ZONE = re.compile(r"[+-]\d{4}\Z")
_WITHOUT_WILDCARDS = "DA TM DT SL SS US UL FL FD OB OW UN AT DS IS UI SV UV"
_NO_WILDCARDS = frozenset(_WITHOUT_WILDCARDS.split())
"""VRs in which * and ? are not wildcards (PS3.4 C.2.2.2.4)."""

PICKS: dict[str, tuple[str, ...]] = {
    "PatientSex": ("M", "F", "O"),
    "Modality": ("CT", "MR", "CR", "DX", "US", "XA", "RF", "MG", "NM", "PT", "OT", "SR", "PR", "KO", "RTPLAN", "SEG"),
    "ModalitiesInStudy": ("CT", "MR", "CR", "DX", "US", "XA", "RF", "MG", "NM", "PT", "OT", "SR", "PR", "KO", "SEG"),
    "ProcedureStepState": ("SCHEDULED", "IN PROGRESS", "CANCELED", "COMPLETED"),
    "ScheduledProcedureStepPriority": ("HIGH", "MEDIUM", "LOW"),
    "RequestedProcedurePriority": ("STAT", "HIGH", "ROUTINE", "MEDIUM", "LOW"),
    "ScheduledProcedureStepStatus": ("SCHEDULED", "ARRIVED", "READY", "STARTED", "DEPARTED"),
    "InputReadinessState": ("INCOMPLETE", "UNAVAILABLE", "READY"),
    "HangingProtocolLevel": ("MANUFACTURER", "SITE", "USER_GROUP", "SINGLE_USER"),
    "InventoryLevel": ("STUDY", "SERIES", "INSTANCE"),
    "InventoryCompletionStatus": ("COMPLETE", "PARTIAL", "FAILURE"),
}
"""Values to pick from, by keyword: terms of PS3.3 that are met most."""

DAYS_IN_WORDS = ("today", "yesterday", "last 7 days", "last 30 days", "last 12 months", "tomorrow")


def this_day() -> date:
    """Today where the program runs."""
    return datetime.now().astimezone().date()


def resolve(vr: str, text: str, today: date) -> str:
    """The value as it travels: words of a date key become a date or a range, everything else stays."""
    if vr not in _DATES:
        return text
    return _words(" ".join(text.lower().split()), today) or text


def resolved(keys: DataSet, today: date) -> DataSet:
    """An Identifier with the words of its date keys resolved, in sequences too."""
    return DataSet(tuple(_resolved(element, today) for element in keys))


def _resolved(element: DataElement, today: date) -> DataElement:
    if element.vr == "SQ":
        return DataElement(element.tag, "SQ", tuple(resolved(item, today) for item in element.items))
    if element.vr not in _DATES or isinstance(element.value, bytes):
        return element
    return DataElement(element.tag, element.vr, tuple(resolve(element.vr, text, today) for text in element.texts))


def _words(text: str, today: date) -> str:
    one = {"today": 0, "yesterday": -1, "tomorrow": 1}.get(text)
    if one is not None:
        return f"{today + timedelta(days=one):%Y%m%d}"
    match = _LAST.match(text)
    if not match:
        return ""
    days = int(match[1]) * _DAYS[match[2]]
    try:
        first = today - timedelta(days=days - 1)
    except OverflowError:
        return ""
    return f"{first:%Y%m%d}-{today:%Y%m%d}"


def problem(vr: str, text: str) -> str | None:
    """What is wrong with a value to match by, in a sentence; None when nothing is. It can be sent all the same."""
    text = text.strip()
    if not text:
        return None
    if vr in ("DA", "TM", "DT"):
        return _range_problem(vr, text)
    if vr in _NO_WILDCARDS and set("*?") & set(text) and text != "*":
        return f"{vr} has no wildcards: the value must be whole."
    if vr == "UI" and not all(re.fullmatch(r"[0-9.]{1,64}", uid.strip()) for uid in text.split("\\")):
        return "UIDs are digits and dots; several are separated by a backslash."
    if vr == "PN" and text.count("^") > 4 * (text.count("=") + 1):
        return "A name has five parts at most: family^given^middle^prefix^suffix."
    return None


def problems(keys: DataSet) -> Iterator[str]:
    """What is wrong with the values of an Identifier, a sentence that begins with the key each; sequences too."""
    for element in keys:
        if element.vr == "SQ":
            for item in element.items:
                yield from problems(item)
        elif not isinstance(element.value, bytes) and (wrong := problem(element.vr, "\\".join(element.texts))):
            yield f"{attribute_key(element.tag)}: {wrong}"


def _range_problem(vr: str, text: str) -> str | None:
    if vr in _DATES and _words(" ".join(text.lower().split()), date(2000, 1, 1)):
        return None
    if vr in _DATES and _DASHED.search(text):
        plain = _DASHED.sub(r"\1\2\3", text)
        return f"Dates are written without signs between: {plain}."
    if vr == "TM" and ":" in text:
        return f"Times are written without colons: {text.replace(':', '')}."
    check, example = _FORMS[vr]
    if text == "-" or not all(check(end) for end in _ends(vr, text)):
        return f"Write {example}."
    return None


def _ends(vr: str, text: str) -> tuple[str, ...]:
    """The two ends of a range, the open ones left out; the zone of a DT is not taken for a second end."""
    if vr == "DT" and _ZONE.search(text) and text.count("-") == 1 and not text.startswith("-"):
        year = text.partition("-")[2]
        if (whole_number(year, 2100) or 0) < 1900:
            return (text,)
    left, dash, right = text.partition("-")
    return tuple(end.strip() for end in (left, right) if end.strip()) if dash else (text,)


def _is_date(text: str) -> bool:
    if not _DATE.match(text):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


_FORMS: dict[str, tuple[Callable[[str], object], str]] = {
    "DA": (_is_date, "20240131, a range 20240101-20240131, 20240101- or -20240131, or “last 7 days”"),
    "TM": (_TIME.match, "0830, or a range 0800-1200"),
    "DT": (_DATETIME.match, "20240131, 202401310830, a range of them, or “today”"),
}


def advice(vr: str) -> str:
    """How a key of this VR is matched, in a line."""
    return _ADVICE.get(vr, "Whole value; * any characters, ? one" if vr not in _NO_WILDCARDS else "Whole value")


_ADVICE = {
    "PN": "family^given^middle^prefix^suffix; * any characters, ? one",
    "DA": "YYYYMMDD, from–to with a hyphen, or today, yesterday, last 7 days",
    "TM": "HHMMSS, from–to with a hyphen",
    "DT": "YYYYMMDDHHMMSS, from–to with a hyphen, or today",
    "UI": "Whole UID, several with a backslash between",
    "SQ": "Empty: the whole sequence is asked for",
}


def date_range(first: date | None, last: date | None) -> str:
    """A range, open where an end is None. Raises ValueProblem when the end lies before the beginning."""
    if first is not None and last is not None and last < first:
        raise ValueProblem("the range ends before it begins")
    if first == last and first is not None:
        return f"{first:%Y%m%d}"
    ends = [f"{day:%Y%m%d}" if day is not None else "" for day in (first, last)]
    return "-".join(ends) if any(ends) else ""
