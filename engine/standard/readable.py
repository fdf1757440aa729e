"""What an N-GET may read: attributes by SOP class (the N-GET tables of PS3.4), and the contexts it can go through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from .dictionary import attribute_by_keyword
from .performed_steps import rows_within
from .sop_classes import SopClass, sop_class, sop_classes
from .ups import attributes as ups_attributes

_MPPS_RETRIEVE = "ModalityPerformedProcedureStepRetrieve"
_EQUIPMENT = "Manufacturer ManufacturerModelName DeviceSerialNumber SoftwareVersions"
_CALIBRATED = "DateOfLastCalibration TimeOfLastCalibration"
_VERIFICATION = """
TreatmentVerificationStatus FailedAttributesSequence OverriddenAttributesSequence SpecifiedPrimaryMeterset
GeneralMachineVerificationSequence ReferencedFractionGroupNumber ReferencedBeamNumber ReferencedRTPlanSequence PatientID
"""
# Keywords by SOP class (PS3.4 H.4.5, H.4.6, H.4.11, S.3.2, EE.3, DD.3.2).
_TABLES = {
    "Printer": f"PrinterStatus PrinterStatusInfo PrinterName {_EQUIPMENT} {_CALIBRATED}",
    "PrintJob": ("ExecutionStatus ExecutionStatusInfo PrintPriority CreationDate CreationTime PrinterName Originator"),
    "PrinterConfigurationRetrieval": "PrinterConfigurationSequence",
    "MediaCreationManagement": (
        "ExecutionStatus ExecutionStatusInfo FailedSOPSequence ReferencedSOPSequence ReferencedStorageMediaSequence "
        "StorageMediaFileSetID StorageMediaFileSetUID NumberOfCopies TotalNumberOfPiecesOfMediaCreated RequestPriority"
    ),
    "DisplaySystem": (
        f"{_EQUIPMENT} InstitutionName InstitutionAddress StationName InstitutionalDepartmentName "
        "EquipmentAdministratorSequence NumberOfDisplaySubsystems CurrentConfigurationID DisplaySubsystemSequence "
        "TargetLuminanceCharacteristicsSequence "
        f"QAResultsSequence {_CALIBRATED}"
    ),
    "RTConventionalMachineVerification": f"{_VERIFICATION} ConventionalMachineVerificationSequence",
    "RTIonMachineVerification": f"{_VERIFICATION} IonMachineVerificationSequence",
}


@cache
def readable_attributes(uid: str) -> tuple[int, ...]:
    """Tags an N-GET of this SOP class may ask for, in the order of its table; () where the Standard has none here."""
    row = sop_class(uid)
    if row is None or "N-GET" not in row.scu_invokes:
        return ()
    if row.service_class == "Unified Worklist and Procedure Step":
        return tuple(dict.fromkeys(a.tag for a in ups_attributes() if a.keyword != "TransactionUID"))
    if row.keyword == _MPPS_RETRIEVE:
        return tuple(a.tag for a in rows_within())
    return tuple(_tags(_TABLES.get(row.keyword, "").split()))


def _tags(keywords: Iterable[str]) -> Iterator[int]:
    for keyword in keywords:
        found = attribute_by_keyword(keyword)
        if found is not None:  # a pydicom older than the attribute
            yield found.tag


@cache
def readable_classes() -> tuple[SopClass, ...]:
    """Those whose instances are read with N-GET, the usual ones first."""
    found = [s for s in sop_classes().values() if "N-GET" in s.scu_invokes and not s.retired]
    return tuple(sorted(found, key=lambda s: (s.service_class != "Print Management", s.service_class, s.name)))


def spoken_class(uid: str) -> str:
    """The SOP class a message names when this one is meant: UPS Push for all of the unified procedure step."""
    row = sop_class(uid)
    return row.message_sop_class if row is not None and row.message_sop_class else uid


@cache
def contexts_for(uid: str) -> tuple[str, ...]:
    """Abstract syntaxes through which an instance of this SOP class can be read, itself first: the meta SOP classes it
    is a member of, and those that speak of it (PS3.4 H.3.2.2, CC.3.1.1)."""
    spoken = spoken_class(uid)
    others = (
        s.uid
        for s in sop_classes().values()
        if not s.retired and (uid in s.members or (s.message_sop_class == spoken and "N-GET" in s.scu_invokes))
    )
    return tuple(dict.fromkeys((uid, *((spoken,) if spoken != uid else ()), *others)))
