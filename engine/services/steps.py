"""Modality Performed Procedure Step as provider (PS3.4 Annex F)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from engine.model.dataset import DataElement, DataSet
from engine.standard.lean import dataclass
from engine.standard.performed_steps import (
    COMPLETED,
    DISCONTINUED,
    FINAL_STATES,
    IN_PROGRESS,
    MPPS,
    NO_LONGER_UPDATED,
    STEP_ATTRIBUTES,
    StepAttribute,
    rows_within,
)

from .effects import EVERYONE, Notify, Request
from .rules import (
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    MISSING_ATTRIBUTE_VALUE,
    PROCESSING_FAILURE,
    NormalizedStore,
    Refusal,
    Result,
    Rules,
    picked,
)
from .state import NOTHING, Record

MPPS_NOTIFICATION = "1.2.840.10008.3.1.2.3.5"
PPS_STATUS = 0x00400252
STATES = (IN_PROGRESS, *FINAL_STATES)
STATE_EVENTS = {IN_PROGRESS: 1, COMPLETED: 2, DISCONTINUED: 3}
UPDATED = 4
"""Event Type IDs (PS3.4 F.9.2)."""


@dataclass(slots=True)
class MppsRules(Rules):
    """PS3.4 F.7.2, F.8.2: created IN PROGRESS, changed until COMPLETED or DISCONTINUED, read by the Retrieve class.

    Whoever has the Notification class accepted is told (F.9.2).
    """

    instances: ClassVar[str] = MPPS

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        """A step begins: all that Table F.7.2-1 wants with N-CREATE, and IN PROGRESS."""
        missing, empty = _lacking(record.attributes, lambda row: row.create)
        if missing:
            raise Refusal(MISSING_ATTRIBUTE, attributes=tuple(e.tag for e in missing))
        if empty:
            raise Refusal(MISSING_ATTRIBUTE_VALUE, data=empty)
        if record.attributes.texts(PPS_STATUS) != (IN_PROGRESS,):
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(record.attributes, PPS_STATUS))
        return record, Result(events=_told(record, STATE_EVENTS[IN_PROGRESS]))

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        """A step goes on, or ends with all that Table F.7.2-1 wants then; after that nothing is changed."""
        if old.attributes.text(PPS_STATUS) != IN_PROGRESS:
            comment = "Performed Procedure Step Object may no longer be updated"
            raise Refusal(PROCESSING_FAILURE, comment, error_id=NO_LONGER_UPDATED)
        if changes.find(PPS_STATUS) and changes.texts(PPS_STATUS) not in {(state,) for state in STATES}:
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(changes, PPS_STATUS))
        fixed = tuple(row.tag for row in rows_within() if not row.change and changes.find(row.tag) is not None)
        if fixed:
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(changes, *fixed))
        new = replace(old, attributes=old.attributes.merged(changes))
        state = new.attributes.text(PPS_STATUS)
        if state in FINAL_STATES:
            missing, empty = _lacking(new.attributes, lambda row: row.final if not row.within else row.change)
            if missing or empty:  # an N-SET has no status 0120H (PS3.7 10.1.3.1.9)
                raise Refusal(MISSING_ATTRIBUTE_VALUE, data=missing.merged(empty))
        return new, Result(events=_told(new, UPDATED if state == IN_PROGRESS else STATE_EVENTS[state]))


def _lacking(data: DataSet, usage: Callable[[StepAttribute], str]) -> tuple[DataSet, DataSet]:
    """A data set against Table F.7.2-1: what is missing, and what has no value but needs one; the first level or
    sequence that lacks something."""
    for sequence in ("", *dict.fromkeys(row.within for row in STEP_ATTRIBUTES if row.within)):
        rows = rows_within(sequence)
        for item in (data,) if not sequence else data.items(_sequence_tag(sequence)):
            missing = [r for r in rows if usage(r) in ("1", "2") and item.find(r.tag) is None]
            empty = [r for r in rows if usage(r) == "1" and r not in missing and not item.has_value(r.tag)]
            if missing or empty:
                return _named(missing), _named(empty)
    return NOTHING, NOTHING


def _named(rows: list[StepAttribute]) -> DataSet:
    return DataSet(tuple(DataElement(row.tag, row.vr) for row in sorted(rows, key=lambda row: row.tag)))


def _sequence_tag(keyword: str) -> int:
    return next(row.tag for row in STEP_ATTRIBUTES if row.keyword == keyword)


def _told(record: Record, event: int) -> tuple[Notify, ...]:
    return (
        Notify(
            sop_class_uid=MPPS_NOTIFICATION,
            sop_instance_uid=record.sop_instance_uid,
            event_type_id=event,
            receiver=EVERYONE,
        ),
    )


def mpps_edited(before: Record | None, after: Record) -> tuple[Notify, ...]:
    """What those with the Notification class are told when a step was changed on the provider's side."""
    state = after.attributes.text(PPS_STATUS)
    same = before is not None and before.attributes.text(PPS_STATUS) == state
    return _told(after, UPDATED if same else STATE_EVENTS.get(state, UPDATED))
