"""Make resources/samples: small studies and worklist items for the built-in peer, nobody's data.

Run it from the project's folder; the same files come out each time.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.model.dataset import DataElement, DataSet  # noqa: E402 - the project's folder is put there first
from engine.standard.dictionary import attribute_by_keyword  # noqa: E402
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE  # noqa: E402
from engine.wire import datasets  # noqa: E402
from engine.workspace.dataset_toml import write_dataset  # noqa: E402
from engine.workspace.toml_text import dumps  # noqa: E402

FIRST_UID = 3141592653589793238460000
SIZE = 64


@dataclass(frozen=True)
class Study:
    """number: of its UIDs. views: what each series is called, and how many images it has."""

    number: int
    name: str
    charset: str
    patient: str
    born: str
    sex: str
    date: str
    modality: str
    sop_class: str
    title: str
    views: tuple[tuple[str, int], ...]
    draw: Callable[[float, float, int], float]


def uid(study: int, series: int = 0, image: int = 0) -> str:
    """As PS3.5 B.2 has it: one number behind 2.25."""
    return f"2.25.{FIRST_UID + study * 10_000 + series * 100 + image}"


def _phantom(x: float, y: float, image: int) -> float:
    """A cylinder with holes in water, as a CT shows it."""
    if math.hypot(x, y) > 0.85:
        return 0.0
    holes = ((0.45 * math.cos(a + image * 0.2), 0.45 * math.sin(a + image * 0.2)) for a in (0.5, 2.6, 4.7))
    return 0.2 if any(math.hypot(x - hx, y - hy) < 0.15 for hx, hy in holes) else 0.65


def _rings(x: float, y: float, image: int) -> float:
    return 0.5 + 0.5 * math.cos(math.hypot(x, y) * (12 + image)) if math.hypot(x, y) < 0.95 else 0.0


def _bars(x: float, y: float, image: int) -> float:
    """A test pattern: line pairs that get finer, and a ramp."""
    if y > 0.5:
        return (x + 1) / 2
    return float(math.sin(math.exp((x + 1) * (1.5 + 0.2 * image)) * 3) > 0)


STUDIES = (
    Study(
        1, "Sample^Alpha", "ISO_IR 192", "SAMPLE-1", "19700101", "F", "20260105", "CT", "1.2.840.10008.5.1.4.1.1.2",
        "Phantom, water", (("Axial", 3), ("Axial, thin", 2)), _phantom,
    ),
    Study(
        2, "Sample^Alpha", "ISO_IR 192", "SAMPLE-1", "19700101", "F", "20260212", "MR", "1.2.840.10008.5.1.4.1.1.4",
        "Phantom, rings", (("T1", 2),), _rings,
    ),
    Study(
        3, "M\u00fcller^\u00c9lise", "ISO_IR 100", "SAMPLE-2", "19851124", "F", "20260301", "OT",
        "1.2.840.10008.5.1.4.1.1.7", "Test pattern", (("Pattern", 2),), _bars,
    ),
    Study(
        4, "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046", "ISO_IR 192", "SAMPLE-3",
        "19620315", "M", "20260301", "CT", "1.2.840.10008.5.1.4.1.1.2", "Phantom, shifted", (("Axial", 2),), _phantom,
    ),
)  # fmt: skip


def of(**values: str | tuple[str, ...] | tuple[DataSet, ...] | bytes) -> DataSet:
    """A data set by keywords, in tag order."""
    elements = []
    for keyword, value in values.items():
        row = attribute_by_keyword(keyword)
        assert row is not None, keyword
        vr = {"PixelData": "OW"}.get(keyword, row.vr.split(" or ")[0])
        elements.append(DataElement(row.tag, vr, (value,) if isinstance(value, str) else value))
    return DataSet(tuple(sorted(elements, key=lambda e: e.tag)))


def _pixels(study: Study, image: int) -> bytes:
    steps = [2 * i / (SIZE - 1) - 1 for i in range(SIZE)]
    values = array("H", (round(4095 * study.draw(x, y, image)) for y in steps for x in steps))
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def instances(study: Study) -> Iterator[tuple[str, DataSet]]:
    for series, (title, count) in enumerate(study.views, start=1):
        for image in range(1, count + 1):
            secondary = study.modality == "OT"
            yield (
                f"{study.modality.lower()}-{study.number}-{series}-{image}.dcm",
                of(
                    SpecificCharacterSet=study.charset,
                    ImageType=("DERIVED", "SECONDARY") if secondary else ("ORIGINAL", "PRIMARY", "AXIAL"),
                    SOPClassUID=study.sop_class,
                    SOPInstanceUID=uid(study.number, series, image),
                    StudyDate=study.date,
                    SeriesDate=study.date,
                    ContentDate=study.date,
                    StudyTime=f"{8 + study.number:02}1500",
                    SeriesTime=f"{8 + study.number:02}1{series}00",
                    ContentTime=f"{8 + study.number:02}1{series}{image:02}",
                    AccessionNumber=f"SA{study.number:04}",
                    Modality=study.modality,
                    ConversionType="SYN",
                    Manufacturer="DIMSE Console",
                    ReferringPhysicianName="Referrer^Sample",
                    StudyDescription=study.title,
                    SeriesDescription=title,
                    PatientName=study.name,
                    PatientID=study.patient,
                    PatientBirthDate=study.born,
                    PatientSex=study.sex,
                    BodyPartExamined="PHANTOM",
                    StudyInstanceUID=uid(study.number),
                    SeriesInstanceUID=uid(study.number, series),
                    FrameOfReferenceUID=uid(study.number, 99),
                    StudyID=str(study.number),
                    SeriesNumber=str(series),
                    InstanceNumber=str(image),
                    ImagePositionPatient=("-32", "-32", str(5 * image)),
                    ImageOrientationPatient=("1", "0", "0", "0", "1", "0"),
                    SamplesPerPixel="1",
                    PhotometricInterpretation="MONOCHROME2",
                    Rows=str(SIZE),
                    Columns=str(SIZE),
                    PixelSpacing=("1", "1"),
                    BitsAllocated="16",
                    BitsStored="12",
                    HighBit="11",
                    PixelRepresentation="0",
                    WindowCenter="2048",
                    WindowWidth="4096",
                    RescaleIntercept="-1024",
                    RescaleSlope="1",
                    PixelData=_pixels(study, image),
                ),
            )


WORKLIST = (
    ("Sample^Alpha", "SAMPLE-1", "19700101", "F", "CT", "CT_SCANNER", "20260401", "083000", "Chest CT"),
    ("Sample^Alpha", "SAMPLE-1", "19700101", "F", "MR", "MR_SCANNER", "20260401", "101500", "Head MR"),
    (STUDIES[2].name, "SAMPLE-2", "19851124", "F", "US", "US_ROOM", "20260402", "090000", "Abdomen"),
    (STUDIES[3].name, "SAMPLE-3", "19620315", "M", "CR", "CR_1", "20260402", "140000", "Hand, two views"),
    ("Sample^Delta", "SAMPLE-4", "20151231", "O", "MG", "MAMMO", "20260403", "080000", "Screening"),
)


def item(number: int, name: str, patient: str, born: str, sex: str, *step: str) -> DataSet:
    modality, station, date, time, what = step
    scheduled = of(
        Modality=modality,
        ScheduledStationAETitle=station,
        ScheduledProcedureStepStartDate=date,
        ScheduledProcedureStepStartTime=time,
        ScheduledPerformingPhysicianName="Performer^Sample",
        ScheduledProcedureStepDescription=what,
        ScheduledProcedureStepID=f"SAMPLE-SPS{number}",
        ScheduledStationName=f"{modality}1",
    )
    return of(
        SpecificCharacterSet="ISO_IR 192",
        AccessionNumber=f"SW{number:04}",
        ReferringPhysicianName="Referrer^Sample",
        PatientName=name,
        PatientID=patient,
        PatientBirthDate=born,
        PatientSex=sex,
        StudyInstanceUID=uid(90 + number),
        RequestedProcedureDescription=what,
        RequestedProcedureID=f"SAMPLE-RP{number}",
        ScheduledProcedureStepSequence=(scheduled,),
    )


def main() -> None:
    studies, worklist = (ROOT / "resources" / "samples" / name for name in ("studies", "worklist"))
    for folder in (studies, worklist):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
    for study in STUDIES:
        for name, data in instances(study):
            encoded = datasets.encode_dataset(data, EXPLICIT_VR_LE)
            uids = (data.text(0x00080016), data.text(0x00080018))
            datasets.write_file(studies / name, encoded, EXPLICIT_VR_LE, *uids)
    for number, values in enumerate(WORKLIST, start=1):
        made = item(number, *values)
        path = worklist / f"{number}-{values[4].lower()}.toml"
        path.write_text(dumps(write_dataset(made)), encoding="utf-8")


if __name__ == "__main__":
    main()
