"""Instance Availability Notification as provider (PS3.4 Annex R)."""

from __future__ import annotations

from engine.model.dataset import DataElement, DataSet
from engine.standard.lean import dataclass

from .effects import Request
from .rules import MISSING_ATTRIBUTE, MISSING_ATTRIBUTE_VALUE, NormalizedStore, Refusal, Result, Rules
from .state import NOTHING, Record

AVAILABILITY = "1.2.840.10008.5.1.4.33"
_STEPS, _SERIES, _INSTANCES = 0x00081111, 0x00081115, 0x00081199
_WANTED: dict[int | None, tuple[tuple[int, str, int], ...]] = {
    None: ((_STEPS, "SQ", 2), (_SERIES, "SQ", 1), (0x0020000D, "UI", 1)),
    _STEPS: ((0x00081150, "UI", 1), (0x00081155, "UI", 1), (0x00404019, "SQ", 2)),
    _SERIES: ((_INSTANCES, "SQ", 1), (0x0020000E, "UI", 1)),
    _INSTANCES: ((0x00080054, "AE", 1), (0x00080056, "CS", 1), (0x00081150, "UI", 1), (0x00081155, "UI", 1)),
}
"""Table R.3.2-1: what an N-CREATE has to hold by the sequence it stands in, each with its type for the user."""


@dataclass(slots=True)
class AvailabilityRules(Rules):
    """PS3.4 R.3.2: taken note of, when it tells of each instance what it has to."""

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        missing, empty = _lacking(record.attributes, None)
        if missing:
            raise Refusal(MISSING_ATTRIBUTE, attributes=tuple(e.tag for e in missing))
        if empty:
            raise Refusal(MISSING_ATTRIBUTE_VALUE, data=empty)
        return record, Result(data=record.attributes)


def _lacking(data: DataSet, within: int | None) -> tuple[DataSet, DataSet]:
    """What is missing, and what has no value but needs one, of the first item that lacks something."""
    wanted = _WANTED[within]
    missing = [(tag, vr) for tag, vr, _ in wanted if data.find(tag) is None]
    empty = [(tag, vr) for tag, vr, type_ in wanted if type_ == 1 and data.find(tag) and not data.has_value(tag)]
    if missing or empty:
        return _named(missing), _named(empty)
    for tag, vr, _ in wanted:
        for item in data.items(tag) if vr == "SQ" and tag in _WANTED else ():
            lacking = _lacking(item, tag)
            if any(lacking):
                return lacking
    return NOTHING, NOTHING


def _named(rows: list[tuple[int, str]]) -> DataSet:
    return DataSet(tuple(DataElement(tag, vr) for tag, vr in rows))
