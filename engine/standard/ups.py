"""Unified Procedure Step: its attributes, states and events as rows (PS3.4 Annex CC, Table CC.2.5-3 of 2024c)."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from .dictionary import registered
from .lean import dataclass

UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_EVENT, UPS_QUERY = (f"1.2.840.10008.5.1.4.34.6.{n}" for n in range(1, 6))
UPS_GLOBAL = "1.2.840.10008.5.1.4.34.5"
UPS_FILTERED_GLOBAL = "1.2.840.10008.5.1.4.34.5.1"
GLOBALS = (UPS_GLOBAL, UPS_FILTERED_GLOBAL)
"""Well-known instances a subscription to all steps names (PS3.4 CC.2.3)."""

SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED = "SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"
STATES = (SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED)
FINAL_STATES = (COMPLETED, CANCELED)
PRIORITIES = ("HIGH", "MEDIUM", "LOW")
READINESS = ("READY", "UNAVAILABLE", "INCOMPLETE")
"""Input Readiness State (PS3.3 C.30.2)."""

CHANGE_STATE, REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND = 1, 2, 3, 4, 5
"""Action Type IDs (PS3.4 CC.2.1 to CC.2.3)."""
STATE_REPORT, CANCEL_REQUESTED, PROGRESS_REPORT, SCP_STATUS_CHANGE, ASSIGNED = 1, 2, 3, 4, 5
"""Event Type IDs (PS3.4 CC.2.4)."""

TRANSACTION_UID = 0x00081195
STEP_STATE = 0x00741000
STEP_LABEL = 0x00741204
PROGRESS_INFORMATION = 0x00741002
PERFORMED_PROCEDURE = 0x00741216
RECEIVING_AE = 0x00741234
DELETION_LOCK = 0x00741230

ALREADY = {0xB304: CANCELED, 0xB306: COMPLETED}
"""The final state a step already was in when this status answers (PS3.4 CC.2.1.3, CC.2.2.3)."""
ADVICE = {
    0x0124: "The provider does not allow it to us: its settings for our AE title or user identity decide.",
    0xB300: "Read the step to see what the provider changed.",
    0xB301: "Subscribed without the lock: the step may be deleted before its final state was read.",
    0xB304: "Nothing was left to do.",
    0xB305: "Read the step to see what the provider made of the values.",
    0xB306: "Nothing was left to do.",
    0xC300: "A step that is COMPLETED or CANCELED is never changed again.",
    0xC301: "Only who claimed the step can change it, with the Transaction UID of the claim.",
    0xC302: "Somebody is performing it: choose another step, or request its cancellation.",
    0xC303: "Create a new step instead.",
    0xC304: "Set the attributes of the final state first, in one N-SET.",
    0xC307: "Check the SOP Instance UID; the provider may have deleted the step, or it is kept by another one.",
    0xC308: "Enter the receiving AE title with its host and port at the provider.",
    0xC309: "A step is created SCHEDULED; its state changes afterwards.",
    0xC310: "Claim the step first.",
    0xC311: "It is too late to cancel it.",
    0xC312: "Nobody who performs it has subscribed to it: reach the performer in another way.",
    0xC313: "Ask the performer why.",
    0xC314: "Only a global subscription can be suspended.",
    0xC315: "The provider sends no events: find or read the steps from time to time instead.",
}
"""What to do about a status of PS3.4 CC.2, by its code."""

# PS3.4 Table CC.2.5-3, what an N-CREATE and a final state ask for. A sign > for each level of nesting.
# N-CREATE: the type for the user; "2E" is 2 and created empty, "-" not allowed.
# Final state: R, RC, P, X, O (Table CC.2.5-1); "P0" is P but may have no items. Last: the macro of the items.
_TABLE = """
TransactionUID                                    2E  O
SpecificCharacterSet                              1C  RC
ScheduledProcedureStepPriority                    1   R
ProcedureStepLabel                                1   O
WorklistLabel                                     2   O
ScheduledProcessingParametersSequence             2   O   content
ScheduledStationNameCodeSequence                  2   O   code
ScheduledStationClassCodeSequence                 2   O   code
ScheduledStationGeographicLocationCodeSequence    2   O   code
ScheduledHumanPerformersSequence                  2C  O
>HumanPerformerCodeSequence                       1   O   code
>HumanPerformerName                               1   O
>HumanPerformerOrganization                       1   O
ScheduledProcedureStepStartDateTime               1   R
ScheduledWorkitemCodeSequence                     2   O   code
CommentsOnTheScheduledProcedureStep               2   O
InputReadinessState                               1   R
InputInformationSequence                          2   O   instances
StudyInstanceUID                                  1C  O
PatientName                                       2   O
PatientID                                         1C  O
IssuerOfPatientID                                 2   O
IssuerOfPatientIDQualifiersSequence               2   O
OtherPatientIDsSequence                           2   O
>PatientID                                        1   O
PatientBirthDate                                  2   O
PatientSex                                        2   O
AdmissionID                                       2   O
IssuerOfAdmissionIDSequence                       2   O
AdmittingDiagnosesDescription                     2   O
AdmittingDiagnosesCodeSequence                    2   O   code
ReferencedRequestSequence                         2   O
>StudyInstanceUID                                 1   O
>AccessionNumber                                  2   O
>IssuerOfAccessionNumberSequence                  2   O
>OrderPlacerIdentifierSequence                    2   O
>OrderFillerIdentifierSequence                    2   O
>RequestedProcedureID                             2   O
>RequestedProcedureDescription                    2   O
>RequestedProcedureCodeSequence                   2   O   code
ReplacedProcedureStepSequence                     1C  O   reference
ProcedureStepState                                1   R
ProcedureStepProgressInformationSequence          2E  X
>ProcedureStepCancellationDateTime                -   X
>ProcedureStepDiscontinuationReasonCodeSequence   -   X   code
UnifiedProcedureStepPerformedProcedureSequence    2E  P
>PerformedStationNameCodeSequence                 -   P   code
>PerformedProcedureStepStartDateTime              -   P
>PerformedWorkitemCodeSequence                    -   P   code
>PerformedProcedureStepEndDateTime                -   P
>OutputInformationSequence                        -   P0  instances
"""
_MACROS = {
    # PS3.4 Tables CC.2.5-2a, b, c, f; conditions of 1C rows are the checks' own.
    "code": "CodeMeaning 1 O",
    "content": "ValueType 1 O\nConceptNameCodeSequence 1 O code",
    "instances": (
        "TypeOfInstances 1 O\nReferencedSOPSequence 1 O\n>ReferencedSOPClassUID 1 O\n>ReferencedSOPInstanceUID 1 O"
    ),
    "reference": "ReferencedSOPClassUID 1 O\nReferencedSOPInstanceUID 1 O",
}
SCP_FILLS = frozenset({"ProcedureStepCancellationDateTime", "ScheduledProcedureStepModificationDateTime"})
"""What the provider fills in itself where the user has not."""


@dataclass(frozen=True, slots=True)
class UpsAttribute:
    """One row of Table CC.2.5-3.

    create: requirement type for the user of an N-CREATE: "1", "1C", "2", "2C", "2E" (2, empty) or "-" (not allowed).
    final: Final State Code. macro: "code", "content", "instances", "reference" or "". items: rows of its items.
    """

    tag: int
    vr: str
    keyword: str
    name: str
    create: str
    final: str
    macro: str = ""
    items: tuple[UpsAttribute, ...] = ()


@cache
def attributes() -> tuple[UpsAttribute, ...]:
    """The rows of the table with a requirement, in its order."""
    return _rows(_TABLE.strip().splitlines())


def _rows(lines: list[str]) -> tuple[UpsAttribute, ...]:
    """The rows of the outermost level, each with the lines below it as its items."""
    starts = [n for n, line in enumerate(lines) if not line.startswith(">")]
    return tuple(_row(lines[a], [line[1:] for line in lines[a + 1 : b]]) for a, b in pairwise((*starts, len(lines))))


def _row(line: str, below: list[str]) -> UpsAttribute:
    keyword, create, final, *macro = line.split()
    row = registered(keyword)
    name = macro[0] if macro else ""
    items = _rows([*below, *_MACROS.get(name, "").splitlines()])
    return UpsAttribute(row.tag, row.vr.split(" or ")[0], keyword, row.name, create, final, name, items)
