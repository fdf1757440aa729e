"""The smaller normalized SOP classes as provider: media creation, event logging, machine verification, displays."""

from __future__ import annotations

from typing import ClassVar

from engine.model.commitment import FAILED_SOPS
from engine.model.dataset import DataElement, DataSet
from engine.standard.lean import dataclass
from engine.standard.sop_classes import sop_class

from .availability import AVAILABILITY, AvailabilityRules
from .commitment import HeldClass, sorted_out
from .effects import Notify, Request
from .rules import (
    INVALID_ARGUMENT,
    MISSING_ATTRIBUTE,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    NormalizedStore,
    Refusal,
    Result,
    Rules,
    sequence,
)
from .state import Record

MEDIA_CREATION = "1.2.840.10008.5.1.1.33"
EVENT_LOGS = ("1.2.840.10008.1.40", "1.2.840.10008.1.42")
INVENTORY_CREATION = "1.2.840.10008.5.1.4.1.1.201.5"
MACHINE_VERIFICATIONS = ("1.2.840.10008.5.1.4.34.8", "1.2.840.10008.5.1.4.34.9")
DISPLAY_SYSTEM = "1.2.840.10008.5.1.1.40"
DISPLAY_SYSTEM_INSTANCE = "1.2.840.10008.5.1.1.40.1"

REFERENCED_SOPS = 0x00081199
EXECUTION_STATUS = 0x21000020
EXECUTION_STATUS_INFO = 0x21000030
VERIFICATION_STATUS = 0x3008002C
ALREADY_INITIATED = 0xA510
ALREADY_COMPLETED = 0xC201
NO_SUCH_VERIFICATION = 0xC112
INITIATE, CANCEL = 1, 2
VERIFICATION_DONE = 2
"""Event Type ID (PS3.4 DD.3.2.5)."""


@dataclass(slots=True)
class MediaRules(Rules):
    """PS3.4 S.3.2: created idle, then made at once of what is held, or failed."""

    held: HeldClass

    def create(self, store: NormalizedStore, request: Request, record: Record) -> tuple[Record, Result]:
        if not record.attributes.items(REFERENCED_SOPS):
            raise Refusal(MISSING_ATTRIBUTE, attributes=(REFERENCED_SOPS,))
        return record.put(EXECUTION_STATUS, "CS", "IDLE"), Result()

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        """N-ACTION: media are made, or no longer wanted (PS3.4 Annex S)."""
        record = store.require(uid, MEDIA_CREATION)
        idle = record.attributes.text(EXECUTION_STATUS) == "IDLE"
        if not idle:
            raise Refusal(ALREADY_INITIATED if action == INITIATE else ALREADY_COMPLETED, "it was initiated already")
        if action == CANCEL:
            store.remove(uid)
            return Result()
        _, bad = sorted_out(record.attributes.items(REFERENCED_SOPS), self.held)
        if bad:
            failed = record.attributes.merged(sequence(FAILED_SOPS, *bad))
            record = Record(record.sop_class_uid, uid, failed).put(EXECUTION_STATUS_INFO, "CS", "NO_INSTANCE")
        else:
            record = record.put(EXECUTION_STATUS_INFO, "CS", "NORMAL")
        store.put(record.put(EXECUTION_STATUS, "CS", "FAILURE" if bad else "DONE"))
        return Result()


@dataclass(slots=True)
class LogRules(Rules):
    """PS3.4 P: events are recorded by the well-known instance, here by having been seen."""

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        """N-ACTION: an event is to be recorded; one without information is none."""
        row = sop_class(request.command.sop_class_uid)
        if row is None or uid != row.well_known_instance:
            raise Refusal(NO_SUCH_INSTANCE)
        if not data:
            raise Refusal(INVALID_ARGUMENT)
        return Result()


@dataclass(slots=True)
class InventoryRules(Rules):
    """PS3.4 KK.2: no inventories are made here, and that is said rather than a success nothing follows."""

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        raise Refusal(PROCESSING_FAILURE, "inventories are not produced here")


@dataclass(slots=True)
class VerificationRules(Rules):
    """PS3.4 DD.3: every beam is found to be right, and an event report says that it was looked at."""

    missing: ClassVar[int] = NO_SUCH_VERIFICATION

    def act(self, store: NormalizedStore, request: Request, uid: str, action: int, data: DataSet) -> Result:
        class_uid = request.command.sop_class_uid
        record = store.require(uid, class_uid, self.missing)
        store.put(record.put(VERIFICATION_STATUS, "CS", "VERIFIED"))
        done = Notify(sop_class_uid=class_uid, sop_instance_uid=uid, event_type_id=VERIFICATION_DONE)
        return Result(events=(done,))


def other_rules(held: HeldClass) -> dict[str, Rules]:
    """The rules of each of these SOP classes."""
    return {
        MEDIA_CREATION: MediaRules(held),
        AVAILABILITY: AvailabilityRules(),
        INVENTORY_CREATION: InventoryRules(),
        **dict.fromkeys(EVENT_LOGS, LogRules()),
        **dict.fromkeys(MACHINE_VERIFICATIONS, VerificationRules()),
    }


def display_record() -> Record:
    """The well-known Display System instance (PS3.4 EE)."""
    attributes = DataSet(
        (
            DataElement(0x00080070, "LO", ("DIMSE Console",)),
            DataElement(0x00081090, "LO", ("Built-in peer",)),
            DataElement(0x00181000, "LO", ("1",)),
        )
    )
    return Record(DISPLAY_SYSTEM, DISPLAY_SYSTEM_INSTANCE, attributes)
