"""Many small files of every kind there is: all storage SOP classes, all transfer syntaxes a file can be stored in."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info

from engine.standard.sop_classes import sop_classes
from engine.standard.transfer_syntaxes import TransferSyntaxRow, transfer_syntaxes
from tests.interop.samples import uid

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 500
SIDE = 8
"""Rows and columns of an image."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """One file and what is in it: its data set's bytes exactly."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    data: bytes


def syntaxes() -> list[TransferSyntaxRow]:
    """Transfer syntaxes an instance may be stored in: no real-time flows, none of the obsolete encodings of mail."""
    return [row for row in transfer_syntaxes().values() if row.pixel_data not in ("", "flow")]


def classes() -> list[str]:
    """Composite storage SOP classes, retired ones too."""
    return [row.uid for row in sop_classes().values() if row.kind.startswith("composite storage")]


def mixed(folder: Path, count: int = COUNT) -> list[Mixed]:
    """`count` files: each transfer syntax with several classes, each class with several syntaxes, then images of CT.

    The first are all different kinds of (class, syntax), the rest share their kinds with others as a study does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known, rows = classes(), syntaxes()
    kinds = [(known[n % len(known)], rows[(n + n // len(known)) % len(rows)]) for n in range(count * 3 // 5)]
    kinds += [kinds[n % 40] for n in range(count - len(kinds))]
    return [_write(folder / f"{n:03}.dcm", class_uid, row, n) for n, (class_uid, row) in enumerate(kinds)]


def _write(path: Path, class_uid: str, row: TransferSyntaxRow, number: int) -> Mixed:
    ds = _dataset(class_uid, row, number)
    data = _encoded(ds, row)
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = class_uid
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.TransferSyntaxUID = row.uid
    meta.ImplementationClassUID = "2.25.1"
    head = DicomBytesIO()
    head.is_implicit_VR, head.is_little_endian = False, True
    write_file_meta_info(head, meta)
    path.write_bytes(bytes(128) + b"DICM" + head.getvalue() + data)
    return Mixed(path, class_uid, str(ds.SOPInstanceUID), row.uid, data)


def _dataset(class_uid: str, row: TransferSyntaxRow, number: int) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = class_uid, uid("mixed", number)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid("mixed study", number % 5), uid("mixed series", number % 50)
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "20240101", "101112", f"ACC{number % 5}"
    ds.Modality, ds.PatientName, ds.PatientID = "OT", f"Prüfling^Nr{number % 5}", f"PAT{number % 5:03}"
    ds.PatientBirthDate, ds.PatientSex, ds.ReferringPhysicianName = "19700101", "O", ""
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", number % 50, number
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = class_uid, uid("other", number)
    ds.ReferencedStudySequence = [item]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows = ds.Columns = SIDE
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    if row.pixel_data == "reference":
        ds.PixelDataProviderURL = f"https://127.0.0.1/{number}"
    elif row.encapsulated:
        # What a peer stores it does not decode: fragments as a codec would make them, of even length.
        ds.PixelData = encapsulate([b"\xff\xd8\xff\xe0" + struct.pack(">I", number) * 20 + b"\xff\xd9"])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    else:
        order = "<" if row.little_endian else ">"
        ds.PixelData = struct.pack(f"{order}{SIDE * SIDE}H", *(n * number & 0xFFFF for n in range(SIDE * SIDE)))
        ds["PixelData"].VR = "OW"
    return ds


def _encoded(ds: Dataset, row: TransferSyntaxRow) -> bytes:
    """The data set's bytes in a transfer syntax."""
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = row.implicit_vr, row.little_endian
    write_dataset(out, ds)
    if not row.deflated:
        return out.getvalue()
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = compressor.compress(out.getvalue()) + compressor.flush()
    return data + b"\0" * (len(data) % 2)


def plain(data: bytes, transfer_syntax: str) -> Dataset:
    """What is in a data set, whatever its transfer syntax: for comparing after a conversion. Pixels little endian."""
    from pydicom.filereader import read_dataset

    row = transfer_syntaxes()[transfer_syntax]
    if row.deflated:
        data = zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(data)
    source = DicomBytesIO(data)
    ds = read_dataset(source, is_implicit_VR=row.implicit_vr, is_little_endian=row.little_endian)
    if not row.little_endian and "PixelData" in ds:
        count = len(ds.PixelData) // 2
        ds.PixelData = struct.pack(f"<{count}H", *struct.unpack(f">{count}H", ds.PixelData))
    return ds
