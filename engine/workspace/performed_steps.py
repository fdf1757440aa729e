"""Performed procedure steps as data sets: what a worklist item makes of one, and how it ends (PS3.4 F.7.2, K.6.1.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from engine.model.dataset import DataElement, DataSet
from engine.model.references import Reference, by_series
from engine.standard.dictionary import Code, registered, uid_name
from engine.standard.lean import dataclass
from engine.standard.performed_steps import (
    DISCONTINUED,
    IN_PROGRESS,
    StepAttribute,
    rows_within,
)

from .placeholders import new_uid

NOT_GIVEN = "Unknown"
"""Where the Standard wants a value (type 1) and nobody gave one."""
_SCHEDULED_STEP = "ScheduledProcedureStepSequence"
_WITHIN_SCHEDULED = "ScheduledStepAttributesSequence"
_SERIES = "PerformedSeriesSequence"
_IMAGE = re.compile("Image|US Volume|^Segmentation|Map Segmentation|Parametric Map|RT Dose|(Thickness|Topography) Map")
"""Names of the SOP classes with pixels."""
_OF_STEP = ("ScheduledProcedureStepID", "ScheduledProcedureStepDescription", "ScheduledProtocolCodeSequence")
"""Attributes of a Scheduled Step Attributes item that come from the step, the others from the procedure around it."""
_COPIED = (
    "SpecificCharacterSet",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "ReferencedPatientSequence",
    "AdmissionID",
)
"""What goes from the worklist item into the performed step as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performing:
    """What the modality says itself. Empty texts are taken from the worklist item, or left empty."""

    station_ae_title: str
    modality: str = ""
    step_id: str = ""
    description: str = ""
    station_name: str = ""
    location: str = ""
    patient_name: str = ""
    patient_id: str = ""
    study_instance_uid: str = ""
    """For a step that was not scheduled; "" makes one."""


def tag(keyword: str) -> int:
    """Tag of a registered keyword."""
    return registered(keyword).tag


def _element(keyword: str, *values: str) -> DataElement:
    attribute = registered(keyword)
    return DataElement(attribute.tag, attribute.vr, tuple(v for v in values if v))


def text(data: DataSet, keyword: str) -> str:
    """First value of an attribute, "" when there is none."""
    return data.text(tag(keyword)).strip()


def scheduled_steps(item: DataSet) -> tuple[DataSet, ...]:
    """The scheduled procedure steps of a worklist item; a conforming one has one (PS3.4 K.6.1.2.2)."""
    return item.items(tag(_SCHEDULED_STEP))


def item_problems(item: DataSet) -> tuple[str, ...]:
    """What a worklist item lacks that a performed step needs, in sentences."""
    problems = []
    if not scheduled_steps(item):
        problems.append("The item has no Scheduled Procedure Step Sequence: its step attributes stay empty.")
    if not text(item, "StudyInstanceUID"):
        problems.append("The item has no Study Instance UID: a new one is made.")
    return tuple(problems)


def begun(item: DataSet | None, own: Performing, now: datetime, make_uid: Callable[[], str] = new_uid) -> DataSet:
    """The N-CREATE attributes of a step that begins; item None: it was not scheduled."""
    item = item if item is not None else DataSet()
    steps = scheduled_steps(item) or (DataSet(),)
    first = steps[0]
    study = text(item, "StudyInstanceUID") or own.study_instance_uid or make_uid()
    scheduled = tuple(_scheduled(item, step, study) for step in steps)
    modality = own.modality or text(first, "Modality")
    description = own.description or text(first, "ScheduledProcedureStepDescription")
    described = description or text(item, "RequestedProcedureDescription")
    values = {
        "PatientName": own.patient_name,
        "PatientID": own.patient_id,
        "PerformedProcedureStepID": own.step_id or step_id(now),
        "PerformedStationAETitle": own.station_ae_title,
        "PerformedStationName": own.station_name or text(first, "ScheduledStationName"),
        "PerformedLocation": own.location or text(first, "ScheduledProcedureStepLocation"),
        "PerformedProcedureStepStartDate": f"{now:%Y%m%d}",
        "PerformedProcedureStepStartTime": f"{now:%H%M%S}",
        "PerformedProcedureStepStatus": IN_PROGRESS,
        "PerformedProcedureStepDescription": described,
        "PerformedProcedureTypeDescription": text(item, "RequestedProcedureDescription"),
        "Modality": modality or "OT",
        "StudyID": text(item, "RequestedProcedureID"),
    }
    data = DataSet(tuple(_element(k, v) for k, v in values.items() if v))
    data = _copied(item, _COPIED).merged(data)
    data = data.with_items(tag(_WITHIN_SCHEDULED), *scheduled)
    data = data.with_items(tag("ProcedureCodeSequence"), *item.items(tag("RequestedProcedureCodeSequence")))
    data = data.with_items(tag("PerformedProtocolCodeSequence"), *first.items(tag("ScheduledProtocolCodeSequence")))
    return _in_character_set(_complete(data, rows_within(), "create"))


def step_id(now: datetime) -> str:
    """A Performed Procedure Step ID nobody else uses today (SH, 16 characters)."""
    return f"PPS{now:%m%d%H%M%S}"


def _scheduled(item: DataSet, step: DataSet, study: str) -> DataSet:
    """One item of the Scheduled Step Attributes Sequence."""
    rows = rows_within(_WITHIN_SCHEDULED)
    around = _copied(item, [row.keyword for row in rows if row.keyword not in _OF_STEP])
    data = around.merged(_copied(step, _OF_STEP)).put(tag("StudyInstanceUID"), "UI", study)
    return _complete(data, rows, "create")


def ended(
    state: str,
    now: datetime,
    references: Iterable[Reference] = (),
    reason: Code | None = None,
    retrieve_ae_title: str = "",
    protocol_name: str = "",
    make_uid: Callable[[], str] = new_uid,
) -> DataSet:
    """The N-SET changes that complete or discontinue a step.

    references: what was acquired; none makes the one empty series that the final state must have (type 1, and a series
    without instances is one nothing was kept of).
    """
    data = DataSet(
        (
            _element("PerformedProcedureStepEndDate", f"{now:%Y%m%d}"),
            _element("PerformedProcedureStepEndTime", f"{now:%H%M%S}"),
            _element("PerformedProcedureStepStatus", state),
        )
    )
    if state == DISCONTINUED and reason is not None:
        keyword = "PerformedProcedureStepDiscontinuationReasonCodeSequence"
        data = data.with_items(tag(keyword), code_item(reason))
    series = performed_series(references, retrieve_ae_title, protocol_name)
    if not series:
        series = (_series("", (), retrieve_ae_title, protocol_name, make_uid),)
    return _in_character_set(data.with_items(tag(_SERIES), *series))


def code_item(code: Code) -> DataSet:
    """A coded concept as an item (PS3.3 Table 8.8-1)."""
    pairs = (("CodeValue", code.value), ("CodingSchemeDesignator", code.scheme), ("CodeMeaning", code.meaning))
    return DataSet(tuple(_element(keyword, value) for keyword, value in pairs))


def performed_series(
    references: Iterable[Reference], retrieve_ae_title: str = "", protocol_name: str = ""
) -> tuple[DataSet, ...]:
    """Items of the Performed Series Sequence, one for each series of the references."""
    groups = by_series(references)
    return tuple(
        _series(uid, members, retrieve_ae_title, protocol_name, new_uid) for (_, uid), members in groups.items()
    )


def _series(
    uid: str, members: tuple[Reference, ...], retrieve: str, protocol: str, make_uid: Callable[[], str]
) -> DataSet:
    def of(name: str) -> str:
        return next((str(v) for m in members if (v := getattr(m, name))), "")

    values = {
        "PerformingPhysicianName": of("performing_physician"),
        "OperatorsName": of("operators"),
        "ProtocolName": protocol or of("protocol_name") or of("series_description") or NOT_GIVEN,
        "SeriesInstanceUID": uid or make_uid(),
        "SeriesDescription": of("series_description"),
        "RetrieveAETitle": retrieve,
    }
    data = DataSet(tuple(sorted((_element(k, v) for k, v in values.items()), key=lambda e: e.tag)))
    images = [_reference(m) for m in members if is_image(m.sop_class_uid)]
    others = [_reference(m) for m in members if not is_image(m.sop_class_uid)]
    data = data.with_items(tag("ReferencedImageSequence"), *images)
    return data.with_items(tag("ReferencedNonImageCompositeSOPInstanceSequence"), *others)


def is_image(sop_class_uid: str) -> bool:
    """Whether instances of a SOP class have pixels; of one nobody knows it is assumed."""
    name = uid_name(sop_class_uid)
    return not name or _IMAGE.search(name) is not None


def _reference(reference: Reference) -> DataSet:
    return DataSet(
        (
            _element("ReferencedSOPClassUID", reference.sop_class_uid),
            _element("ReferencedSOPInstanceUID", reference.sop_instance_uid),
        )
    )


def lacking(data: DataSet, stage: str = "create") -> tuple[str, ...]:
    """Keywords of what has no value although the Standard wants one (type 1); stage: create, change or final."""
    found = []
    for row in rows_within():
        if getattr(row, stage) == "1" and not _has_value(data, row):
            found.append(row.keyword)
        if row.vr == "SQ":
            for inner in rows_within(row.keyword):
                usage = inner.create if stage == "create" else inner.change
                items = data.items(row.tag)
                if usage == "1" and any(not _has_value(item, inner) for item in items):
                    found.append(f"{row.keyword}.{inner.keyword}")
    return tuple(found)


def _has_value(data: DataSet, row: StepAttribute) -> bool:
    return bool(data.items(row.tag) if row.vr == "SQ" else data.text(row.tag))


def _complete(data: DataSet, rows: tuple[StepAttribute, ...], stage: str) -> DataSet:
    """With the attributes of type 2 that have no value: they are there and empty."""
    empty = (DataElement(r.tag, r.vr) for r in rows if getattr(r, stage) in ("1", "2") and data.find(r.tag) is None)
    return data.merged(DataSet(tuple(empty)))


def _copied(data: DataSet, keywords: Iterable[str]) -> DataSet:
    """The attributes that have a value."""
    found = (data.find(tag(k)) for k in keywords)
    return DataSet(tuple(sorted((e for e in found if e is not None and e.value), key=lambda e: e.tag)))


def _in_character_set(data: DataSet) -> DataSet:
    """With Unicode as its character set where a text needs one and the item named none (PS3.3 C.12.1.1.2)."""
    own = data.find(tag("SpecificCharacterSet"))
    if own is not None or _is_ascii(data):
        return data
    return data.put(tag("SpecificCharacterSet"), "CS", "ISO_IR 192")


def _is_ascii(data: DataSet) -> bool:
    return all(all(t.isascii() for t in e.texts) and all(map(_is_ascii, e.items)) for e in data)
