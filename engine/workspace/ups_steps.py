"""Unified procedure steps as people write them: a new one, progress, what a final state needs (PS3.4 CC.2.5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from engine.model.dataset import DataElement, DataSet
from engine.model.references import Reference, by_series
from engine.standard.dictionary import context_group, registered
from engine.standard.lean import dataclass
from engine.standard.ups import SCHEDULED, attributes

from .errors import ValueProblem

LONGEST_CODE_VALUE = 16
CODE_HINT = "VALUE^SCHEME^MEANING"
DISCONTINUATION_REASONS, WORKITEMS = 9300, 9231
"""Context groups (PS3.16) of why a step is canceled, and of what it is."""


@cache
def code_choices(context_group_id: int) -> tuple[str, ...]:
    """The codes of a context group, as texts `read_code` understands."""
    return tuple(f"{c.value}^{c.scheme}^{c.meaning}" for c in context_group(context_group_id))


def read_code(text: str) -> DataSet:
    """A code item of "VALUE^SCHEME^MEANING" (PS3.3 Table 8.8-1): Code Value, Long Code Value when it is longer than 16
    characters, URN Code Value when it is a URN or URL, which may go without a scheme. `ValueProblem` for anything else.
    """
    value, *rest = (part.strip() for part in text.split("^"))
    urn = value.lower().startswith(("urn:", "http://", "https://"))
    scheme, meaning = rest if len(rest) == 2 else ("", rest[0] if urn and len(rest) == 1 else "")
    if not value or not meaning or not (scheme or urn):
        raise ValueProblem(f"“{text}” is not a code {CODE_HINT}, such as 110005^DCM^Interpretation")
    keyword = "URNCodeValue" if urn else "CodeValue" if len(value) <= LONGEST_CODE_VALUE else "LongCodeValue"
    return made(**{keyword: value, "CodingSchemeDesignator": scheme or None, "CodeMeaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """What is said of a step to be created; empty texts are left empty where the Standard lets them be. start: DT.
    Codes are texts for `read_code`. inputs: items of the Input Information Sequence."""

    label: str
    worklist: str = ""
    priority: str = "MEDIUM"
    start: str = ""
    station: str = ""
    station_class: str = ""
    workitem: str = ""
    performer: str = ""
    performer_name: str = ""
    performer_organization: str = ""
    readiness: str = "READY"
    comments: str = ""
    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    sex: str = ""
    study_instance_uid: str = ""
    admission_id: str = ""
    inputs: tuple[DataSet, ...] = ()

    def data_set(self) -> DataSet:
        """The Attribute List of its N-CREATE, with every required attribute. `ValueProblem` for a bad code."""
        given = made(
            SpecificCharacterSet="ISO_IR 192",
            ProcedureStepLabel=self.label,
            WorklistLabel=self.worklist,
            ScheduledProcedureStepPriority=self.priority,
            ScheduledProcedureStepStartDateTime=self.start,
            ScheduledStationNameCodeSequence=_codes(self.station),
            ScheduledStationClassCodeSequence=_codes(self.station_class),
            ScheduledWorkitemCodeSequence=_codes(self.workitem),
            ScheduledHumanPerformersSequence=self._performers(),
            InputReadinessState=self.readiness,
            InputInformationSequence=self.inputs,
            CommentsOnTheScheduledProcedureStep=self.comments,
            ProcedureStepState=SCHEDULED,
            PatientName=self.patient_name,
            PatientID=self.patient_id or None,
            PatientBirthDate=self.birth_date,
            PatientSex=self.sex,
            StudyInstanceUID=self.study_instance_uid or None,
            AdmissionID=self.admission_id,
        )
        required = (row for row in attributes() if row.create in ("1", "2", "2E"))
        return DataSet(tuple(DataElement(row.tag, row.vr, ()) for row in required)).merged(given)

    def _performers(self) -> tuple[DataSet, ...] | None:
        """Required only when somebody is named (type 2C)."""
        if not (self.performer or self.performer_name or self.performer_organization):
            return None
        return (
            made(
                HumanPerformerCodeSequence=_codes(self.performer),
                HumanPerformerName=self.performer_name,
                HumanPerformerOrganization=self.performer_organization,
            ),
        )


def progress(percent: str = "", description: str = "", contact_name: str = "", contact_uri: str = "") -> DataSet:
    """The N-SET that tells how far a step is. `ValueProblem` when the percentage is none, or a contact has no URI."""
    if percent and not is_percent(percent):
        raise ValueProblem(f"“{percent}” is not a percentage from 0 to 100")
    if contact_name and not contact_uri:
        raise ValueProblem("a contact needs its URI, such as tel:+43-1-234 or mailto:ann@example.org")
    contact = made(ContactURI=contact_uri, ContactDisplayName=contact_name or None)
    item = made(
        ProcedureStepProgress=percent or None,
        ProcedureStepProgressDescription=description or None,
        ProcedureStepCommunicationsURISequence=(contact,) if contact_uri else None,
    )
    if not len(item):
        raise ValueProblem("say how far it is: a percentage, a description or a contact")
    return made(ProcedureStepProgressInformationSequence=(item,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What was done, for a step that is COMPLETED (PS3.4 CC.2.5.1.1). start, end: DT. outputs: items of the Output
    Information Sequence, which may have none."""

    station: str
    workitem: str
    start: str
    end: str
    description: str = ""
    performer: str = ""
    performer_name: str = ""
    outputs: tuple[DataSet, ...] = ()

    def data_set(self) -> DataSet:
        """The N-SET before COMPLETED. `ValueProblem` for a bad code."""
        performers = made(
            HumanPerformerCodeSequence=_codes(self.performer) or None, HumanPerformerName=self.performer_name or None
        )
        item = made(
            ActualHumanPerformersSequence=(performers,) if len(performers) else None,
            PerformedStationNameCodeSequence=_codes(self.station),
            PerformedStationClassCodeSequence=(),
            PerformedStationGeographicLocationCodeSequence=(),
            PerformedWorkitemCodeSequence=_codes(self.workitem),
            PerformedProcedureStepStartDateTime=self.start,
            PerformedProcedureStepEndDateTime=self.end,
            PerformedProcedureStepDescription=self.description or None,
            OutputInformationSequence=self.outputs,
        )
        return made(UnifiedProcedureStepPerformedProcedureSequence=(item,))


def canceled(code: str, reason: str = "", when: str = "") -> DataSet:
    """The N-SET before CANCELED: why and when. `ValueProblem` for a bad code."""
    item = made(
        ProcedureStepCancellationDateTime=when or None,
        ReasonForCancellation=reason or None,
        ProcedureStepDiscontinuationReasonCodeSequence=(read_code(code),),
    )
    return made(ProcedureStepProgressInformationSequence=(item,))


def cancel_request(reason: str = "", code: str = "", contact_name: str = "", contact_uri: str = "") -> DataSet:
    """Table CC.2.2-1; what is empty is left out. `ValueProblem` for a bad code."""
    return made(
        ReasonForCancellation=reason or None,
        ProcedureStepDiscontinuationReasonCodeSequence=_codes(code) or None,
        ContactURI=contact_uri or None,
        ContactDisplayName=contact_name or None,
    )


def instances(references: Iterable[Reference], retrieve_ae: str) -> tuple[DataSet, ...]:
    """Items of the Input or Output Information Sequence, one for each series (PS3.4 Table CC.2.5-2c).

    retrieve_ae: from whom they can be had, "" leaves that out.
    """
    return tuple(
        made(
            TypeOfInstances="DICOM",
            StudyInstanceUID=study or None,
            SeriesInstanceUID=series or None,
            ReferencedSOPSequence=[
                made(ReferencedSOPClassUID=r.sop_class_uid, ReferencedSOPInstanceUID=r.sop_instance_uid)
                for r in members
            ],
            DICOMRetrievalSequence=[made(RetrieveAETitle=retrieve_ae)] if retrieve_ae else None,
        )
        for (study, series), members in by_series(references).items()
    )


def now_text(now: datetime | None = None) -> str:
    """A date and time as DT."""
    return (now or datetime.now().astimezone()).strftime("%Y%m%d%H%M%S")


def made(**values: str | Iterable[DataSet] | None) -> DataSet:
    """A data set by keywords; None leaves an element out, "" and () leave it empty."""
    elements = []
    for keyword, value in values.items():
        row = registered(keyword)
        if value is not None:
            content = ((value,) if value else ()) if isinstance(value, str) else tuple(value)
            elements.append(DataElement(row.tag, row.vr.split(" or ")[0], content))
    return DataSet(tuple(sorted(elements, key=lambda e: e.tag)))


def _codes(text: str) -> tuple[DataSet, ...]:
    return (read_code(text),) if text.strip() else ()


def is_percent(text: str) -> bool:
    try:
        return "_" not in text and 0 <= float(text) <= 100
    except ValueError:
        return False
