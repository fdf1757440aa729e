"""Identifiers to start from: the keys of each query and retrieve model by level (PS3.4 C.6, K, U, V, Q)."""

from __future__ import annotations

from engine.model.dataset import DataSet
from engine.standard.lean import dataclass
from engine.standard.sop_classes import sop_class

from .keys import with_keys

QUERY_RETRIEVE_LEVEL = 0x00080052
UNIQUE_KEYS = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
    "FRAME": "SimpleFrameList",
}
"""PS3.4 C.6.1.1, Y.6.1."""


@dataclass(frozen=True, slots=True)
class QueryKey:
    """An attribute of an Identifier. path: Keyword, or Sequence[0].Keyword. field: people usually match by it; the
    others are only asked for."""

    path: str
    field: bool = False


_PATIENT = "*PatientName *PatientID PatientBirthDate PatientSex"
_LEVEL_KEYS = {
    "PATIENT": "*PatientName *PatientID *PatientBirthDate PatientSex NumberOfPatientRelatedStudies",
    "STUDY": "*StudyDate StudyTime *AccessionNumber StudyInstanceUID StudyID *StudyDescription *ModalitiesInStudy "
    "ReferringPhysicianName SOPClassesInStudy NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances",
    "SERIES": "*Modality *SeriesNumber SeriesInstanceUID *SeriesDescription SeriesDate *BodyPartExamined "
    "NumberOfSeriesRelatedInstances",
    "IMAGE": "*SOPClassUID SOPInstanceUID *InstanceNumber ContentDate Rows Columns NumberOfFrames",
}
_STEP = "ScheduledProcedureStepSequence[0]."
_KEYS_BY_STEM = {
    "HangingProtocol": "SOPClassUID SOPInstanceUID *HangingProtocolName HangingProtocolDescription "
    "*HangingProtocolLevel *HangingProtocolCreator HangingProtocolDefinitionSequence *NumberOfPriorsReferenced",
    "ColorPalette": "SOPClassUID SOPInstanceUID *ContentLabel *ContentDescription",
    "GenericImplantTemplate": "SOPClassUID SOPInstanceUID *Manufacturer *ImplantName *ImplantPartNumber",
    "ImplantAssemblyTemplate": "SOPClassUID SOPInstanceUID *Manufacturer *ImplantAssemblyTemplateName",
    "ImplantTemplateGroup": "SOPClassUID SOPInstanceUID *ImplantTemplateGroupName ImplantTemplateGroupDescription",
    "DefinedProcedureProtocol": "SOPClassUID SOPInstanceUID *Modality *ProtocolName *Manufacturer "
    "*ManufacturerModelName",
    "ProtocolApproval": "SOPClassUID *SOPInstanceUID ApprovalSequence",
    "RelevantPatientInformation": "*PatientName *PatientID PatientBirthDate PatientSex ContentTemplateSequence",
    "ProductCharacteristics": "*ProductPackageIdentifier *ProductName ProductTypeCodeSequence ProductParameterSequence",
    "SubstanceApproval": "*PatientID *AdmissionID AdministrationRouteCodeSequence *ProductPackageIdentifier",
    "Inventory": "SOPClassUID SOPInstanceUID *ContentDate ContentTime *InventoryLevel *InventoryCompletionStatus",
    "RepositoryQuery": "*StudyDate StudyTime *AccessionNumber StudyInstanceUID *PatientName *PatientID",
    "UnifiedProcedureStep": "SOPClassUID SOPInstanceUID *ScheduledProcedureStepStartDateTime *PatientName *PatientID "
    "PatientBirthDate PatientSex *ProcedureStepState ScheduledProcedureStepPriority *WorklistLabel *ProcedureStepLabel "
    "InputReadinessState ScheduledStationNameCodeSequence ScheduledWorkitemCodeSequence AdmissionID "
    "ReferencedRequestSequence",
    "ModalityWorklist": f"*{_STEP}ScheduledProcedureStepStartDate *{_STEP}Modality *{_STEP}ScheduledStationAETitle "
    "*PatientName *PatientID *AccessionNumber PatientBirthDate PatientSex PatientWeight MedicalAlerts Allergies "
    "PregnancyStatus SpecialNeeds ReferringPhysicianName RequestingPhysician StudyInstanceUID RequestedProcedureID "
    "RequestedProcedureDescription RequestedProcedureCodeSequence RequestedProcedurePriority ReferencedStudySequence "
    f"AdmissionID CurrentPatientLocation {_STEP}ScheduledProcedureStepStartTime {_STEP}ScheduledProcedureStepID "
    f"{_STEP}ScheduledProcedureStepDescription {_STEP}ScheduledProtocolCodeSequence "
    f"{_STEP}ScheduledPerformingPhysicianName {_STEP}ScheduledStationName {_STEP}ScheduledProcedureStepLocation "
    f"{_STEP}ScheduledProcedureStepStatus",
}
"""* before those that are usually matched."""


def levels_of(sop_class_uid: str) -> tuple[str, ...]:
    """Query/retrieve levels of a model, () for those without levels."""
    sop = sop_class(sop_class_uid)
    return sop.query_levels if sop else ()


def usual_keys(sop_class_uid: str, level: str = "") -> tuple[QueryKey, ...]:
    """What a query of a model usually asks for, the unique keys of the levels above included."""
    levels = levels_of(sop_class_uid)
    if not levels:
        return _read(_model_keys(sop_class_uid))
    level = level or levels[0]
    words = _LEVEL_KEYS.get(level, "").split()
    if level == "STUDY" and levels[0] == "STUDY":
        words = [*_PATIENT.split(), *words]
    above = levels[: levels.index(level)] if level in levels else ()
    return _read([*(f"*{UNIQUE_KEYS[upper]}" for upper in above), *words])


def identifier(sop_class_uid: str, level: str = "") -> DataSet:
    """A query identifier with every usual key of the level empty: universal matching, all values wanted."""
    levels = levels_of(sop_class_uid)
    level = (level or levels[0]) if levels else ""
    return at_level(with_keys(DataSet(), [key.path for key in usual_keys(sop_class_uid, level)]), level)


def retrieve_identifier(sop_class_uid: str, level: str = "") -> DataSet:
    """A C-MOVE or C-GET identifier with the unique keys down to the level, empty."""
    levels = levels_of(sop_class_uid)
    if not levels:
        return with_keys(DataSet(), ["SOPInstanceUID"])
    level = level or ("STUDY" if "STUDY" in levels else levels[0])
    upto = levels[: levels.index(level) + 1] if level in levels else ()
    return at_level(with_keys(DataSet(), [UNIQUE_KEYS[name] for name in upto]), level)


def at_level(keys: DataSet, level: str) -> DataSet:
    """With this Query/Retrieve Level; "" leaves them as they are."""
    return keys.put(QUERY_RETRIEVE_LEVEL, "CS", level) if level else keys


def _read(words: list[str]) -> tuple[QueryKey, ...]:
    return tuple(QueryKey(word.lstrip("*"), word.startswith("*")) for word in words)


def _model_keys(uid: str) -> list[str]:
    sop = sop_class(uid)
    keyword = sop.keyword if sop else ""
    return next((keys.split() for stem, keys in _KEYS_BY_STEM.items() if stem in keyword), [])
