"""The stored samples of one frame of a DICOM file: native ones sliced from the file, compressed ones decoded where a
decoder is installed (pydicom's own does RLE Lossless without further packages).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.model.dataset import DataSet, EncodedData, FileData
from engine.model.picture import ImageFacts
from engine.standard.dictionary import load_pydicom
from engine.standard.lean import dataclass
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, is_deflated, transfer_syntax

from . import datasets
from .data_reader import LONG_VRS, Reader, Source
from .data_writer import Layout
from .dicom_files import FileSource, problem
from .errors import DataSetError
from .values import swap

SAMPLES, PHOTOMETRIC, PLANAR, FRAMES = 0x00280002, 0x00280004, 0x00280006, 0x00280008
ROWS, COLUMNS, ALLOCATED, STORED, HIGH_BIT, SIGNED = (
    0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
)  # fmt: skip
ASPECT = 0x00280034
PIXEL_DATA = 0x7FE00010
_FLOATS = (0x7FE00008, 0x7FE00009)
MOST_PIXELS = 100_000_000
"""Of one frame: ten times the largest radiograph; more is a mistake or an attack."""
LARGEST_COMPRESSED = 1 << 30
"""Bytes of compressed pixel data taken into memory to find one frame in them."""
GRAY, COLOR = ("MONOCHROME1", "MONOCHROME2"), ("RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR")


@dataclass(frozen=True, slots=True)
class Frame:
    """Samples as stored: a byte each, or two little endian. planar: colours one after the other."""

    attributes: DataSet
    data: bytes
    rows: int
    columns: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    planar: bool


def _number(data: DataSet, tag: int, default: int = 0) -> int:
    text = data.text(tag).strip()
    try:
        return int(text)
    except ValueError:
        return default


def _facts(data: DataSet, syntax: str) -> ImageFacts:
    """What the attributes say, with the reason why no frame can be had."""
    rows, columns = _number(data, ROWS), _number(data, COLUMNS)
    photometric = data.text(PHOTOMETRIC).strip()
    facts = ImageFacts(rows=rows, columns=columns, frames=max(1, _number(data, FRAMES, 1)), photometric=photometric)
    return replace(facts, problem=_problem(data, facts, syntax))


def _problem(data: DataSet, facts: ImageFacts, syntax: str) -> str:
    samples, allocated = _number(data, SAMPLES, 1), _number(data, ALLOCATED)
    if any(data.find(tag) is not None for tag in _FLOATS):
        return "Its pixels are floating-point numbers, which no image box takes."
    if not facts.rows or not facts.columns:
        return "It has no image: Rows and Columns are missing or 0."
    if facts.rows * facts.columns > MOST_PIXELS:
        return f"{facts.columns} × {facts.rows} pixels are more than can be handled."
    row = transfer_syntax(syntax)
    if row is not None and row.encapsulated and not _decoder_is_there(syntax):
        return f"Its pixels are compressed ({row.name}), and no decoder for that is installed."
    if allocated not in (8, 16):
        return f"{allocated} bits allocated for a sample: 8 or 16 can be printed."
    known = GRAY if samples == 1 else COLOR
    lossy = row is not None and row.encapsulated and facts.photometric.startswith("YBR")
    if facts.photometric not in (*known, "PALETTE COLOR") and not lossy:
        return (
            f"{facts.photometric or 'No'} photometric interpretation with {samples} samples a pixel is not supported."
        )
    if samples not in (1, 3):
        return f"{samples} samples a pixel: 1 or 3 can be printed."
    return ""


def _decoder_is_there(syntax: str) -> bool:
    load_pydicom()
    from pydicom.pixels.decoders.base import get_decoder

    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


def image_facts(file: FileData) -> ImageFacts:
    """Size, frames and whether it can be shown, read without its pixels. DataSetError when it is no DICOM file."""
    place = datasets.located(file)
    return _facts(datasets.read_attributes(place, PIXEL_DATA), place.transfer_syntax)


def read_frame(file: FileData, number: int = 1) -> Frame:
    """Frame `number`, counted from 1. DataSetError names the file and why it cannot be had."""
    place = datasets.located(file)
    try:
        return _frame(place, number)
    except DataSetError as error:
        text = str(error)
        named = text.startswith(str(place.path))
        raise (error if named else problem(place.path, text)) from None
    except OSError as error:
        raise problem(place.path, error) from None


def _frame(place: FileData, number: int) -> Frame:
    attributes = datasets.read_attributes(place, PIXEL_DATA)
    facts = _facts(attributes, place.transfer_syntax)
    if facts.problem:
        raise DataSetError(facts.problem)
    if not 1 <= number <= facts.frames:
        one = "one frame" if facts.frames == 1 else f"{facts.frames} frames"
        raise DataSetError(f"There is no frame {number}: it has {one}.")
    allocated = _number(attributes, ALLOCATED)
    stored = _number(attributes, STORED, allocated)
    found = Frame(
        attributes=attributes,
        data=b"",
        rows=facts.rows,
        columns=facts.columns,
        samples=_number(attributes, SAMPLES, 1),
        photometric=facts.photometric,
        allocated=allocated,
        stored=stored,
        high_bit=_number(attributes, HIGH_BIT, stored - 1),
        signed=_number(attributes, SIGNED) == 1,
        planar=_number(attributes, PLANAR) == 1,
    )
    row = transfer_syntax(place.transfer_syntax)
    if row is not None and row.encapsulated:
        return _decoded(found, place, number, facts.frames)
    return replace(found, data=_native(found, place, number))


def _native(frame: Frame, place: FileData, number: int) -> bytes:
    """The bytes of one frame, little endian; a file that is not deflated is read at that place only."""
    layout = datasets.layout_of(place.transfer_syntax)
    size = _frame_size(frame)
    if is_deflated(place.transfer_syntax):
        whole = datasets.transcode(datasets.load_file(place), EXPLICIT_VR_LE)
        layout = datasets.layout_of(EXPLICIT_VR_LE)
        return _slice(whole.data, 0, layout, size, number)
    with place.path.open("rb") as opened:
        source = FileSource(opened, (place.offset or 0) + (place.length or 0))
        data = _slice(source, place.offset or 0, layout, size, number)
    if layout.little_endian:
        return data
    return swap(data, 2) if frame.allocated == 16 or _is_words(place) else data


def _is_words(place: FileData) -> bool:
    """Whether 8-bit samples of a big endian file travel as words (OW)."""
    with place.path.open("rb") as opened:
        source = FileSource(opened, (place.offset or 0) + (place.length or 0))
        at = _position(source, place.offset or 0, datasets.layout_of(place.transfer_syntax))
        return source[at + 4 : at + 6] == b"OW"


def _frame_size(frame: Frame) -> int:
    samples = 2 if frame.photometric == "YBR_FULL_422" else frame.samples
    return frame.rows * frame.columns * samples * (frame.allocated // 8)


def _position(source: Source, start: int, layout: Layout) -> int:
    """Where the Pixel Data element begins. DataSetError when there is none."""
    reader = Reader(source, implicit_vr=layout.implicit_vr, little_endian=layout.little_endian, stop_at=PIXEL_DATA)
    reader.read(start)
    head = source[reader.position : reader.position + 4]
    order = "little" if layout.little_endian else "big"
    if [int.from_bytes(head[n : n + 2], order) for n in (0, 2)] != [0x7FE0, 0x0010]:  # type: ignore[arg-type]
        raise DataSetError("It has no Pixel Data (7FE0,0010).")
    return reader.position


def _slice(source: Source, start: int, layout: Layout, size: int, number: int) -> bytes:
    at = _position(source, start, layout)
    long = not layout.implicit_vr and source[at + 4 : at + 6].decode("latin-1") in LONG_VRS
    first = at + (12 if long else 8) + (number - 1) * size
    if first + size > len(source):
        raise DataSetError(f"Its Pixel Data ends before frame {number} does.")
    return source[first : first + size]


def _decoded(frame: Frame, place: FileData, number: int, frames: int) -> Frame:
    """A compressed frame by whatever decoder of pydicom is installed."""
    load_pydicom()
    from pydicom.pixels.decoders.base import get_decoder

    if (place.length or 0) > LARGEST_COMPRESSED:
        raise DataSetError(f"It is too large to be decompressed: {place.length} bytes.")
    encoded: EncodedData = datasets.load_file(place)
    layout = datasets.layout_of(place.transfer_syntax)
    at = _position(encoded.data, 0, layout)
    options: dict[str, Any] = {
        "pixel_keyword": "PixelData",
        "rows": frame.rows,
        "columns": frame.columns,
        "number_of_frames": frames,
        "samples_per_pixel": frame.samples,
        "photometric_interpretation": frame.photometric,
        "bits_allocated": frame.allocated,
        "bits_stored": frame.stored,
        "pixel_representation": int(frame.signed),
        "planar_configuration": int(frame.planar),
    }
    try:
        data, told = get_decoder(place.transfer_syntax).as_buffer(encoded.data[at + 12 :], index=number - 1, **options)
    except Exception as error:  # noqa: BLE001 - decoders of several packages, each with errors of its own
        raise DataSetError(f"Its pixels cannot be decompressed: {error}.") from None
    return replace(
        frame,
        data=bytes(data),
        photometric=str(told.get("photometric_interpretation", frame.photometric)),
        planar=int(told.get("planar_configuration", 0)) == 1,
        allocated=int(told.get("bits_allocated", frame.allocated)),
    )
