"""Targets that read what others recorded or wrote: streams and captures for `decode`, DICOM files, diagnosis."""

from __future__ import annotations

import atexit
import contextlib
import gzip
import io
import json
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from engine.cli.output import Output
from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.model.notices import AnyNotice, AssociationNotice, AssociationPhase, Outcome
from engine.trace import capture
from engine.trace.capture_files import CaptureError, unpacked
from engine.trace.diagnosis.diagnoser import Diagnoser
from engine.trace.diagnosis.text import diagnosis_json, diagnosis_lines
from engine.trace.pictures import PreviewError, facts_of, thumbnail_of
from engine.wire.datasets import DataSetError, checked, load_file, open_file, read_attributes, write_instance
from engine.wire.dicomdir import references

from . import talks
from .target import Target


@cache
def folder() -> Path:
    """One for the process."""
    made = tempfile.mkdtemp(prefix="dimse-fuzz-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


TIGHT = Limits(pdu_length=4096, command_set=1024, data_set=2048, depth=2, inflated=4096)


def _decoded(data: bytes, *, raw: bool, as_json: bool) -> None:
    """As `decode` does it: every notice printed with its trees and bytes, every failure diagnosed; a fifth redacted,
    a third under limits that real messages meet."""
    limits = TIGHT if len(data) % 3 == 0 else Limits()
    thorough = len(data) % 8 == 0  # trees and bytes of every PDU take a hundred times as long
    out = Output(
        json=as_json,
        redact=len(data) % 5 == 0,
        verbosity=3 if thorough else 1,
        narrate=True,
        explain=thorough,
        out=io.StringIO(),
    )
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(CaptureError):
        inside = unpacked(data, "-")
        for notice in (capture.decode_stream if raw else capture.decode)(inside, "-", limits):
            out.notice(notice)


def stream(data: bytes) -> None:
    """CaptureError; the first byte chooses the output."""
    if data:
        _decoded(data[1:], raw=True, as_json=bool(data[0] & 1))


def captured(data: bytes) -> None:
    """CaptureError."""
    _decoded(data, raw=False, as_json=bool(len(data) & 1))


def packets(data: bytes) -> None:
    """A conversation put into a capture file as it is, so that what is above TCP is reached."""
    talk = [(asked, portion) for asked, portion in talks.unpacked(data) if portion]
    if talk:
        _decoded(talks.capture_of(talk, next_generation=bool(len(data) & 2)), raw=False, as_json=bool(len(data) & 1))


def hexadecimal(data: bytes) -> None:
    """CaptureError."""
    with contextlib.suppress(CaptureError):
        bytes_meant = capture.from_hex(data.decode("latin-1"), "-")
        _decoded(bytes_meant, raw=True, as_json=True)


def diagnosed(data: bytes) -> None:
    """What the diagnoser makes of a recording whose association ended in every other way."""
    if not data:
        return
    talk = [(asked, portion) for asked, portion in talks.unpacked(data[1:]) if portion]
    outcome = list(Outcome)[data[0] % len(Outcome)]
    diagnoser = Diagnoser()
    with contextlib.suppress(CaptureError):
        notices = list(capture.decode(talks.capture_of(talk), "-")) if talk else []
        for notice in notices:
            told: AnyNotice = notice
            if isinstance(notice, AssociationNotice) and notice.outcome is not None:
                phase = AssociationPhase.FAILED if data[0] & 1 else notice.phase
                told = replace(notice, outcome=outcome, phase=phase)
            for diagnosis in diagnoser.take((told,)):
                assert diagnosis_lines(diagnosis)
                json.loads(diagnosis_json(diagnosis))


def dicom_file(data: bytes) -> None:
    """DataSetError, PreviewError."""
    path = folder() / "file.dcm"
    path.write_bytes(data)
    try:
        header = open_file(path)
    except DataSetError:
        return
    assert isinstance(checked(header).cut, str)
    with contextlib.suppress(DataSetError):
        references(header)
    with contextlib.suppress(DataSetError):
        read_attributes(header.data)
    with contextlib.suppress(DataSetError):
        load_file(FileData(path))
    with contextlib.suppress(PreviewError):
        facts_of(path)


def picture(data: bytes) -> None:
    """PreviewError: an image file shown small."""
    path = folder() / "image.dcm"
    path.write_bytes(data)
    with contextlib.suppress(PreviewError):
        thumbnail_of(path, 1, 64, color=bool(len(data) & 1))


# --- seeds --------------------------------------------------------------------------------------------------------


def _streams() -> list[bytes]:
    made = []
    for number, talk in enumerate(talks.talks()):
        for side in (True, False):
            made.append(bytes([number % 256]) + b"".join(d for asked, d in talk if asked is side))
    return [m for m in made if len(m) < 2500]


def _small() -> list[talks.Talk]:
    return [talk for talk in talks.talks() if sum(len(d) for _, d in talk) < 1600]


def _captures() -> list[bytes]:
    made = []
    for number, talk in enumerate(_small()):
        made.append(talks.capture_of(talk, next_generation=bool(number % 2)))
    return [*made, gzip.compress(made[0], mtime=0)]


def _hex() -> list[bytes]:
    made = []
    for number, pdu in enumerate(p for p in talks.pdus() if len(p) < 700):
        rows = [pdu[i : i + 16] for i in range(0, len(pdu), 16)]
        forms = (
            "\n".join(f"{16 * n:04x}  {r.hex(' ')}  |{r.decode('latin-1')}|" for n, r in enumerate(rows)),
            "\n".join(f"{16 * n:07o} {r.hex()}" for n, r in enumerate(rows)),
            ", ".join(f"0x{b:02X}" for b in pdu),
            pdu.hex(":"),
        )
        made.append(forms[number % 4].encode("latin-1"))
    return made


def _diagnosed() -> list[bytes]:
    return [bytes([n % 256]) + talks.packed(talk) for n, talk in enumerate(_small())]


def _files() -> list[bytes]:
    path = folder() / "seed.dcm"
    uncompressed = [d for d in talks.data_sets() if len(d) < 3000]
    made = []
    for number, content in enumerate(uncompressed):
        syntax = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")[
            number % 4
        ]
        write_instance(path, EncodedData(content, syntax), "1.2.840.10008.5.1.4.1.1.2", "1.2.3")
        made.append(path.read_bytes())
    return [*made, *uncompressed, _directory(), *_images()]


def _written(dataset: Dataset, sop_class: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, "1.2.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = io.BytesIO()
    FileDataset(out, dataset, preamble=b"\0" * 128, file_meta=meta).save_as(out, enforce_file_format=True)
    return out.getvalue()


def _directory() -> bytes:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord, record.RecordInUseFlag = 0, 0xFFFF
    record.OffsetOfReferencedLowerLevelDirectoryEntity, record.DirectoryRecordType = 0, "IMAGE"
    record.ReferencedFileID = ["DICOM", "IM1"]
    record.ReferencedSOPClassUIDInFile, record.ReferencedSOPInstanceUIDInFile = "1.2.840.10008.5.1.4.1.1.2", "1.2"
    record.ReferencedTransferSyntaxUIDInFile = ExplicitVRLittleEndian
    directory = Dataset()
    directory.FileSetID, directory.FileSetConsistencyFlag = "SET", 0
    directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.DirectoryRecordSequence = Sequence([record])
    return _written(directory, "1.2.840.10008.1.3.10")


_KINDS = ((1, 8, "MONOCHROME2"), (1, 16, "MONOCHROME1"), (3, 8, "RGB"), (3, 8, "YBR_FULL"), (1, 1, "MONOCHROME2"))
"""Samples per pixel, bits, photometric interpretation."""


def _images() -> list[bytes]:
    made = []
    for samples, bits, kind in _KINDS:
        image = Dataset()
        image.SOPClassUID, image.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
        image.SamplesPerPixel, image.PhotometricInterpretation = samples, kind
        image.Rows = image.Columns = 8
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = bits, bits, bits - 1, 0
        if samples == 3:
            image.PlanarConfiguration = 0
        image.NumberOfFrames = 2
        image.WindowCenter, image.WindowWidth = "40", "400"
        image.RescaleSlope, image.RescaleIntercept = "1", "-1024"
        image.PixelData = bytes(n % 256 for n in range(2 * 64 * samples * bits // 8))
        image["PixelData"].VR = "OW" if bits == 16 else "OB"
        made.append(_written(image, "1.2.840.10008.5.1.4.1.1.7"))
    return made


TARGETS = (
    Target("stream", stream, _streams, 8192),
    Target("capture", captured, _captures, 8192),
    Target("packets", packets, lambda: [talks.packed(t) for t in _small()], 8192),
    Target("hex", hexadecimal, _hex, 4096, text=True),
    Target("diagnosis", diagnosed, _diagnosed, 8192),
    Target("file", dicom_file, _files, 4096),
    Target("picture", picture, _images, 4096),
)
