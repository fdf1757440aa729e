"""Identifiers to start from: the keys of each query and retrieve model by level (PS3.4 C.6, K, U, V, Q)."""

from __future__ import annotations

from engine.model.dataset import DataElement, DataSet
from engine.standard.dictionary import attribute_by_keyword
from engine.standard.sop_classes import sop_class

QUERY_RETRIEVE_LEVEL = 0x00080052
UNIQUE_KEYS = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
    "FRAME": "SimpleFrameList",
}
"""PS3.4 C.6.1.1, Y.6.1."""

_PATIENT = "PatientName PatientID PatientBirthDate PatientSex"
_LEVEL_KEYS = {
    "PATIENT": _PATIENT + " NumberOfPatientRelatedStudies",
    "STUDY": "StudyDate StudyTime AccessionNumber StudyInstanceUID StudyID StudyDescription ModalitiesInStudy "
    "ReferringPhysicianName NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances",
    "SERIES": "Modality SeriesNumber SeriesInstanceUID SeriesDescription SeriesDate BodyPartExamined "
    "NumberOfSeriesRelatedInstances",
    "IMAGE": "SOPClassUID SOPInstanceUID InstanceNumber ContentDate Rows Columns NumberOfFrames",
}
_KEYS_BY_STEM = {
    "HangingProtocol": "SOPClassUID SOPInstanceUID HangingProtocolName HangingProtocolDescription HangingProtocolLevel "
    "HangingProtocolCreator HangingProtocolDefinitionSequence NumberOfPriorsReferenced",
    "ColorPalette": "SOPClassUID SOPInstanceUID ContentLabel ContentDescription",
    "GenericImplantTemplate": "SOPClassUID SOPInstanceUID Manufacturer ImplantName ImplantPartNumber",
    "ImplantAssemblyTemplate": "SOPClassUID SOPInstanceUID Manufacturer ImplantAssemblyTemplateName",
    "ImplantTemplateGroup": "SOPClassUID SOPInstanceUID ImplantTemplateGroupName ImplantTemplateGroupDescription",
    "DefinedProcedureProtocol": "SOPClassUID SOPInstanceUID Modality ProtocolName Manufacturer ManufacturerModelName",
    "ProtocolApproval": "SOPClassUID SOPInstanceUID ApprovalSequence",
    "RelevantPatientInformation": "PatientName PatientID PatientBirthDate PatientSex ContentTemplateSequence",
    "ProductCharacteristics": "ProductPackageIdentifier ProductName ProductTypeCodeSequence ProductParameterSequence",
    "SubstanceApproval": "PatientID AdmissionID AdministrationRouteCodeSequence ProductPackageIdentifier",
    "Inventory": "SOPClassUID SOPInstanceUID ContentDate ContentTime InventoryLevel InventoryCompletionStatus",
    "RepositoryQuery": "StudyDate StudyTime AccessionNumber StudyInstanceUID PatientName PatientID",
    "UnifiedProcedureStep": "SOPClassUID SOPInstanceUID ScheduledProcedureStepStartDateTime PatientName PatientID "
    "ProcedureStepState ScheduledProcedureStepPriority WorklistLabel ProcedureStepLabel",
    "ModalityWorklist": "AccessionNumber PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID "
    "RequestedProcedureDescription RequestedProcedureID ScheduledProcedureStepSequence",
}


def levels_of(sop_class_uid: str) -> tuple[str, ...]:
    """Query/retrieve levels of a model, () for those without levels."""
    sop = sop_class(sop_class_uid)
    return sop.query_levels if sop else ()


def identifier(sop_class_uid: str, level: str = "") -> DataSet:
    """A query identifier with every usual key of the level empty: universal matching, all values wanted."""
    levels = levels_of(sop_class_uid)
    if not levels:
        return DataSet(_elements(_model_keys(sop_class_uid)))
    level = level or levels[0]
    keys = _LEVEL_KEYS.get(level, "").split()
    if level == "STUDY" and levels[0] == "STUDY":
        keys += _PATIENT.split()
    above = levels[: levels.index(level)] if level in levels else ()
    keys += [UNIQUE_KEYS[upper] for upper in above]
    return DataSet(_elements(keys, level))


def retrieve_identifier(sop_class_uid: str, level: str = "") -> DataSet:
    """A C-MOVE or C-GET identifier with the unique keys down to the level, empty."""
    levels = levels_of(sop_class_uid)
    if not levels:
        return DataSet(_elements(["SOPInstanceUID"]))
    level = level or ("STUDY" if "STUDY" in levels else levels[0])
    upto = levels[: levels.index(level) + 1] if level in levels else ()
    return DataSet(_elements([UNIQUE_KEYS[name] for name in upto], level))


def _elements(keys: list[str], level: str = "") -> tuple[DataElement, ...]:
    found = {a.tag: DataElement(a.tag, a.vr.split()[0], ()) for k in keys if (a := attribute_by_keyword(k)) is not None}
    if level:
        found[QUERY_RETRIEVE_LEVEL] = DataElement(QUERY_RETRIEVE_LEVEL, "CS", (level,))
    return tuple(found[tag] for tag in sorted(found))


def _model_keys(uid: str) -> list[str]:
    sop = sop_class(uid)
    keyword = sop.keyword if sop else ""
    return next((keys.split() for stem, keys in _KEYS_BY_STEM.items() if stem in keyword), [])
