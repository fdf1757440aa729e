"""Attributes of a Modality Performed Procedure Step and their usage (PS3.4 Table F.7.2-1), the SCU's side.

What is of type 3 and rarely sent is left out: it may be added and is nobody's duty.
"""

from __future__ import annotations

from .dictionary import registered
from .lean import dataclass

MPPS = "1.2.840.10008.3.1.2.3.3"
MPPS_RETRIEVE = "1.2.840.10008.3.1.2.3.4"
"""Reads a step (N-GET, PS3.4 F.8)."""
IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"
FINAL_STATES = (COMPLETED, DISCONTINUED)
NO_LONGER_UPDATED = 0xA710
"""Error ID: the step is completed or discontinued already (PS3.4 F.7.2.2.4)."""
DISCONTINUATION_REASONS = 9300
"""Context group of the reasons a procedure is discontinued for (PS3.16)."""


@dataclass(frozen=True, slots=True)
class StepAttribute:
    """One row. create, change: usage in N-CREATE and N-SET ("" is not allowed). final: type once the step has ended.
    within: keyword of the sequence whose items have it, "" for the data set itself."""

    keyword: str
    create: str
    change: str = ""
    final: str = ""
    within: str = ""

    @property
    def tag(self) -> int:
        return registered(self.keyword).tag

    @property
    def vr(self) -> str:
        return registered(self.keyword).vr


_SCHEDULED, _SERIES = "ScheduledStepAttributesSequence", "PerformedSeriesSequence"
STEP_ATTRIBUTES = (
    # Performed Procedure Step Relationship
    StepAttribute(_SCHEDULED, "1"),
    StepAttribute("StudyInstanceUID", "1", within=_SCHEDULED),
    StepAttribute("ReferencedStudySequence", "2", within=_SCHEDULED),
    StepAttribute("AccessionNumber", "2", within=_SCHEDULED),
    StepAttribute("RequestedProcedureID", "2", within=_SCHEDULED),
    StepAttribute("RequestedProcedureDescription", "2", within=_SCHEDULED),
    StepAttribute("ScheduledProcedureStepID", "2", within=_SCHEDULED),
    StepAttribute("ScheduledProcedureStepDescription", "2", within=_SCHEDULED),
    StepAttribute("ScheduledProtocolCodeSequence", "2", within=_SCHEDULED),
    StepAttribute("PatientName", "2"),
    StepAttribute("PatientID", "2"),
    StepAttribute("PatientBirthDate", "2"),
    StepAttribute("PatientSex", "2"),
    StepAttribute("ReferencedPatientSequence", "2"),
    # Performed Procedure Step Information
    StepAttribute("PerformedProcedureStepID", "1"),
    StepAttribute("PerformedStationAETitle", "1"),
    StepAttribute("PerformedStationName", "2"),
    StepAttribute("PerformedLocation", "2"),
    StepAttribute("PerformedProcedureStepStartDate", "1"),
    StepAttribute("PerformedProcedureStepStartTime", "1"),
    StepAttribute("PerformedProcedureStepStatus", "1", "3"),
    StepAttribute("PerformedProcedureStepDescription", "2", "3"),
    StepAttribute("PerformedProcedureTypeDescription", "2", "3"),
    StepAttribute("ProcedureCodeSequence", "2", "3"),
    StepAttribute("PerformedProcedureStepEndDate", "2", "3", "1"),
    StepAttribute("PerformedProcedureStepEndTime", "2", "3", "1"),
    StepAttribute("PerformedProcedureStepDiscontinuationReasonCodeSequence", "3", "3", "3"),
    # Image Acquisition Results
    StepAttribute("Modality", "1"),
    StepAttribute("StudyID", "2"),
    StepAttribute("PerformedProtocolCodeSequence", "2", "3"),
    StepAttribute(_SERIES, "2", "3", "1"),
    StepAttribute("PerformingPhysicianName", "2", "2", within=_SERIES),
    StepAttribute("OperatorsName", "2", "2", within=_SERIES),
    StepAttribute("ProtocolName", "1", "1", within=_SERIES),
    StepAttribute("SeriesInstanceUID", "1", "1", within=_SERIES),
    StepAttribute("SeriesDescription", "2", "2", within=_SERIES),
    StepAttribute("RetrieveAETitle", "2", "2", within=_SERIES),
    StepAttribute("ReferencedImageSequence", "2", "2", within=_SERIES),
    StepAttribute("ReferencedNonImageCompositeSOPInstanceSequence", "2", "2", within=_SERIES),
)


def rows_within(sequence: str = "") -> tuple[StepAttribute, ...]:
    """The rows of the data set itself, or of a sequence's items."""
    return tuple(row for row in STEP_ATTRIBUTES if row.within == sequence)
