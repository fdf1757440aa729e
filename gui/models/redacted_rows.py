"""What may leave the program of the records that tables and lists show; what is not here does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.conformance.waivers import Waiver
from engine.model.association import NegotiatedContext
from engine.model.commitment import InstanceFate
from engine.model.faults import Fault
from engine.model.notices import PduNotice, StepNotice
from engine.model.objects import HeldObject
from engine.standard.sop_classes import SopClass
from engine.workspace.modality_records import StepRecord, Transaction
from engine.workspace.ups_claims import Claim
from gui.records import AssociationRecord

from .trace_contexts import entry
from .trace_information import LENGTH, WINDOW, InformationRow
from .ups_rows import EventRow, StepRow

if TYPE_CHECKING:
    from engine.trace.redaction.redaction import Redaction

# -- of tables: the record, for the same columns


def pdu(record: PduNotice, redaction: Redaction) -> PduNotice:
    return redaction.notice(record)


def context(record: NegotiatedContext, redaction: Redaction) -> NegotiatedContext:
    return redaction.context(record)


def held_object(record: HeldObject, redaction: Redaction) -> HeldObject:
    return redaction.held_object(record)


def client(record: AssociationRecord, redaction: Redaction) -> AssociationRecord:
    return replace(record, peer=redaction.peer(record.peer))


def fate(row: InstanceFate, redaction: Redaction) -> InstanceFate:
    uid = redaction.stand_ins.uid
    return replace(
        row,
        sop_class_uid=uid(row.sop_class_uid),
        sop_instance_uid=uid(row.sop_instance_uid),
        note=redaction.sentence(row.note),
    )


def information(row: InformationRow, redaction: Redaction) -> InformationRow:
    """Lengths and windows are numbers of ours; titles, names and identities are not told."""
    say = redaction.sentence
    if row.label in (LENGTH, WINDOW):
        return row
    return replace(row, label=say(row.label), proposed=say(row.proposed), answered=say(row.answered), more=())


# -- of lists: the text that is copied


def negotiated_context(record: NegotiatedContext, redaction: Redaction) -> str:
    return entry(redaction.context(record)).copy


def waiver(record: Waiver, _redaction: Redaction) -> str:
    from engine.trace.redaction.stand_ins import LEFT_OUT

    return f"{record.rule}\t{LEFT_OUT}"


def own_uid(record: StepRecord | Transaction | SopClass | StepRow, redaction: Redaction) -> str:
    return redaction.stand_ins.uid(record.uid)


def claim(record: Claim, redaction: Redaction) -> str:
    return redaction.stand_ins.uid(record.sop_instance_uid)


def event(row: EventRow, redaction: Redaction) -> str:
    return f"{redaction.stand_ins.uid(row.event.sop_instance_uid)}\t{redaction.sentence(row.event.sentence)}"


def step(notice: StepNotice, redaction: Redaction) -> str:
    told = redaction.notice(notice)
    return ", ".join(filter(None, (told.name, told.sentence or told.state.value)))


def fault(record: Fault, _redaction: Redaction) -> str:
    return record.name
