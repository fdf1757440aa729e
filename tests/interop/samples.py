"""Small valid DICOM files made on the spot: nobody's data, the same UIDs at each run."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    ComprehensiveSRStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

if TYPE_CHECKING:
    from pathlib import Path

SOP_CLASSES = {
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "OT": SecondaryCaptureImageStorage,
    "SR": ComprehensiveSRStorage,
}
MODALITY_WORKLIST = "1.2.840.10008.5.1.4.31"


@dataclass(frozen=True, slots=True)
class Sample:
    """One written file and the keys it is found by."""

    path: Path
    modality: str
    patient_id: str
    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str


def uid(*parts: object) -> str:
    """The same UID for the same parts, at every run."""
    return str(generate_uid(entropy_srcs=[str(part) for part in parts]))


def dataset(modality: str = "CT", patient: int = 1, study: int = 1, instance: int = 1, size: int = 16) -> Dataset:
    """An instance of `modality` (CT, MR, OT, SR) with `size` x `size` pixels of 16 bits where it has any."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = SOP_CLASSES[modality]
    ds.SOPInstanceUID = uid("instance", patient, study, modality, instance)
    ds.StudyInstanceUID = uid("study", patient, study)
    ds.SeriesInstanceUID = uid("series", patient, study, modality)
    ds.FrameOfReferenceUID = uid("frame", patient, study)
    ds.PatientName = f"Prüfling^Nr{patient}"
    ds.PatientID = f"PAT{patient:03}"
    ds.PatientBirthDate = f"19{60 + patient:02}0101"
    ds.PatientSex = "O"
    ds.StudyID = f"S{study}"
    ds.AccessionNumber = f"ACC{patient:02}{study:02}"
    ds.ReferringPhysicianName = "Zuweisend^Dr"
    ds.StudyDescription = f"Study {study} of patient {patient}"
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = f"202401{study:02}"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "101112"
    ds.Modality = modality
    ds.Manufacturer = "Sample maker"
    ds.SeriesNumber = 1
    ds.SeriesDescription = f"{modality} series"
    ds.InstanceNumber = instance
    if modality == "SR":
        _add_report(ds)
    else:
        _add_pixels(ds, size, instance)
    return ds


def _add_pixels(ds: Dataset, size: int, instance: int) -> None:
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient = [0, 0, instance]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [1, 1]
    ds.SliceThickness = 1
    ds.PositionReferenceIndicator = ""
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows = ds.Columns = size
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelRepresentation = 0
    ds.RescaleIntercept = 0
    ds.RescaleSlope = 1
    values = [(row * column + instance) & 0xFFFF for row in range(size) for column in range(size)]
    ds.PixelData = struct.pack(f"<{len(values)}H", *values)
    ds["PixelData"].VR = "OW"


def _add_report(ds: Dataset) -> None:
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "121111", "DCM", "Summary"
    text = Dataset()
    text.RelationshipType, text.ValueType, text.TextValue = "CONTAINS", "TEXT", "Nothing remarkable."
    text.ConceptNameCodeSequence = [title]
    ds.VerificationFlag, ds.CompletionFlag = "UNVERIFIED", "COMPLETE"
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.PerformedProcedureCodeSequence = []
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [title]
    ds.ContentSequence = [text]


def write(path: Path, ds: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> Sample:
    """Write `ds` as a PS3.10 file in an uncompressed transfer syntax."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = transfer_syntax
    ds.file_meta = meta
    path.parent.mkdir(parents=True, exist_ok=True)
    dcmwrite(path, ds, enforce_file_format=True)
    return Sample(
        path=path,
        modality=str(ds.Modality),
        patient_id=str(ds.PatientID),
        study_uid=str(ds.StudyInstanceUID),
        series_uid=str(ds.SeriesInstanceUID),
        sop_class_uid=str(ds.SOPClassUID),
        sop_instance_uid=str(ds.SOPInstanceUID),
        transfer_syntax=str(transfer_syntax),
    )


def archive(folder: Path) -> list[Sample]:
    """Eight instances: patient 1 with a CT study of three slices and an MR study of two, patient 2 with CT, OT and SR.

    The MR images are in Implicit VR Little Endian, all others in Explicit VR Little Endian.
    """
    rows = [
        *(("CT", 1, 1, number) for number in (1, 2, 3)),
        *(("MR", 1, 2, number) for number in (1, 2)),
        ("CT", 2, 1, 1),
        ("OT", 2, 1, 1),
        ("SR", 2, 1, 1),
    ]
    return [
        write(
            folder / f"{modality.lower()}-{patient}-{study}-{instance}.dcm",
            dataset(modality, patient, study, instance),
            ImplicitVRLittleEndian if modality == "MR" else ExplicitVRLittleEndian,
        )
        for modality, patient, study, instance in rows
    ]


def worklist_item(path: Path, patient: int = 1, station: str = "STATION", modality: str = "CT") -> Path:
    """A scheduled procedure step as the *.wl file that DCMTK's worklist provider reads."""
    step = Dataset()
    step.Modality = modality
    step.ScheduledStationAETitle = station
    step.ScheduledProcedureStepStartDate = f"202401{patient:02}"
    step.ScheduledProcedureStepStartTime = "090000"
    step.ScheduledPerformingPhysicianName = "Ausführend^Dr"
    step.ScheduledProcedureStepDescription = f"Step of patient {patient}"
    step.ScheduledProcedureStepID = f"SPS{patient:03}"
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.AccessionNumber = f"ACC{patient:02}01"
    ds.PatientName = f"Prüfling^Nr{patient}"
    ds.PatientID = f"PAT{patient:03}"
    ds.PatientBirthDate = f"19{60 + patient:02}0101"
    ds.PatientSex = "O"
    ds.StudyInstanceUID = uid("study", patient, 1)
    ds.RequestedProcedureID = f"RP{patient:03}"
    ds.RequestedProcedureDescription = f"Procedure of patient {patient}"
    ds.ScheduledProcedureStepSequence = [step]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MODALITY_WORKLIST
    meta.MediaStorageSOPInstanceUID = uid("worklist", patient)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    dcmwrite(path, ds, enforce_file_format=True)
    return path
