"""Modality Performed Procedure Step as provider (PS3.4 Annex F)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from engine.model.dataset import DataSet
from engine.standard.performed_steps import FINAL_STATES, IN_PROGRESS, MPPS, NO_LONGER_UPDATED

from .effects import Request
from .rules import (
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    PROCESSING_FAILURE,
    NormalizedStore,
    Refusal,
    Result,
    Rules,
    picked,
)
from .state import Record

MPPS_RETRIEVE = "1.2.840.10008.3.1.2.3.4"
PPS_STATUS = 0x00400252
STATES = (IN_PROGRESS, *FINAL_STATES)


@dataclass(slots=True)
class MppsRules(Rules):
    """PS3.4 F.7.2, F.8.2: created IN PROGRESS, changed until COMPLETED or DISCONTINUED, read by the Retrieve class."""

    instances: ClassVar[str] = MPPS

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        status = record.attributes.text(PPS_STATUS)
        if not status:
            raise Refusal(MISSING_ATTRIBUTE, attributes=(PPS_STATUS,))
        if status != IN_PROGRESS:
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(record.attributes, PPS_STATUS))
        return record, Result()

    def change(self, store: NormalizedStore, request: Request, old: Record, changes: DataSet) -> tuple[Record, Result]:
        if old.attributes.text(PPS_STATUS) != IN_PROGRESS:
            comment = "Performed Procedure Step Object may no longer be updated"
            raise Refusal(PROCESSING_FAILURE, comment, error_id=NO_LONGER_UPDATED)
        if changes.find(PPS_STATUS) and changes.text(PPS_STATUS) not in STATES:
            raise Refusal(INVALID_ATTRIBUTE_VALUE, data=picked(changes, PPS_STATUS))
        return replace(old, attributes=old.attributes.merged(changes)), Result()
