"""Performed and unified procedure steps with everything that Tables F.7.2-1 and CC.2.5-3 of PS3.4 ask for, made from
their rows."""

from __future__ import annotations

from collections.abc import Callable

from engine.model.dataset import DataElement, DataSet
from engine.standard import ups
from engine.standard.performed_steps import IN_PROGRESS, StepAttribute, rows_within

STATUS = 0x00400252
SERIES = "PerformedSeriesSequence"
_VALUES = {"DA": "20260101", "TM": "101112", "UI": "1.2.3.4", "CS": "CT"}


def whole_step(state: str = IN_PROGRESS, **others: str) -> DataSet:
    """What an N-CREATE needs. others: by keyword of the table."""
    return _made("", lambda row: row.create, {"PerformedProcedureStepStatus": state, **others})


_UNIFIED = {
    "ScheduledProcedureStepPriority": "LOW",
    "ProcedureStepLabel": "Step",
    "ScheduledProcedureStepStartDateTime": "20260101",
    "InputReadinessState": "READY",
    "ProcedureStepState": ups.SCHEDULED,
}


def whole_unified_step(**others: str) -> DataSet:
    """What an N-CREATE needs. others: by keyword of the table."""
    values = {**_UNIFIED, **others}
    rows = (r for r in ups.attributes() if r.create in ("1", "2", "2E") or r.keyword in others)
    elements = (DataElement(r.tag, r.vr, (values[r.keyword],) if r.keyword in values else ()) for r in rows)
    return DataSet(tuple(sorted(elements, key=lambda e: e.tag)))


def ending(state: str) -> DataSet:
    """What the last N-SET needs: the state, its end, one series."""
    series = _made(SERIES, lambda row: row.change, {})
    data = _made("", lambda row: row.final, {})
    return data.put(STATUS, "CS", state).with_items(_tag(SERIES), series)


def _made(within: str, usage: Callable[[StepAttribute], str], values: dict[str, str]) -> DataSet:
    elements = []
    for row in rows_within(within):
        kind = usage(row)
        if row.keyword in values:
            elements.append(DataElement(row.tag, row.vr, (values[row.keyword],)))
        elif kind == "1" and row.vr == "SQ":
            inner = _made(row.keyword, usage, values) if rows_within(row.keyword) else DataSet()
            elements.append(DataElement(row.tag, row.vr, (inner,)))
        elif kind == "1":
            elements.append(DataElement(row.tag, row.vr, (_VALUES.get(row.vr, "1"),)))
        elif kind == "2":
            elements.append(DataElement(row.tag, row.vr))
    return DataSet(tuple(sorted(elements, key=lambda e: e.tag)))


def _tag(keyword: str) -> int:
    return next(row.tag for row in rows_within() if row.keyword == keyword)
