"""Data sets to bytes and back in any transfer syntax, and all that is done with them: the door to pydicom.

What callers use of data sets and DICOM files is in this module; where it is made is of no concern to them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from engine.model.dataset import DataElement, DataSet, EncodedData, FileData
from engine.model.limits import USUAL, Limits, named
from engine.model.quick import quick
from engine.standard.dictionary import load_pydicom
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, is_deflated, transfer_syntax

from . import dicom_json
from .charset import DEFAULT, codecs_of
from .data_reader import RawElement, Reader, Source
from .data_writer import PIXEL_DATA, SPECIFIC_CHARACTER_SET, Layout, word_size, write_data_set, write_raw
from .dicom_files import (
    MEDIA_STORAGE_DIRECTORY,
    FileHeader,
    FileSource,
    checked,
    examined,
    examined_at_once,
    file_chunks,
    load_file,
    located,
    open_file,
    problem,
    read_file_into,
)
from .errors import DataSetError, LimitError, TooManyElements
from .file_front import FRONT, is_plain_instance, plain_instance
from .file_writing import (
    file_meta,
    meta_pieces,
    new_file,
    put,
    put_in_place,
    write_file,
    write_instance,
    write_out,
    write_whole,
)
from .issues import Issue
from .known_elements import leading_elements
from .pdus import Buffer
from .value_rules import value_error
from .values import decode_value, swap

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_PIXEL_GROUP = 0x7FE00000
_data_element = quick(DataElement)


def encode_dataset(data_set: DataSet, transfer_syntax_uid: str) -> bytes:
    """The data set in a transfer syntax: elements in tag order, text by its Specific Character Set.

    DataSetError names the element that cannot be encoded and why.
    """
    data = write_data_set(data_set, layout_of(transfer_syntax_uid))
    return _deflate(data) if is_deflated(transfer_syntax_uid) else data


def decode_dataset(
    data: Buffer,
    transfer_syntax_uid: str,
    issues: list[Issue] | None = None,
    limits: Limits = USUAL,
    most: int | None = None,
) -> DataSet:
    """The data set of these bytes. Text that its character set cannot explain has U+FFFD in it.

    DataSetError says where the bytes stop making sense; when a list of issues is given, that is put there instead and
    everything before it is returned. What cannot be inflated at all is a DataSetError always, and where there are more
    than `most` elements and items, a TooManyElements.
    """
    layout = layout_of(transfer_syntax_uid)
    elements = _read(_plain(data, transfer_syntax_uid, limits), layout, issues=issues, depth=limits.depth, most=most)
    return _data_set(elements, (DEFAULT,), layout.little_endian)


def read_attributes(data: EncodedData | FileData, stop_at: int = _PIXEL_GROUP, limits: Limits = USUAL) -> DataSet:
    """The elements with tags below `stop_at`: everything before the pixel data. Of a file, no more is read.

    DataSetError as `decode_dataset`, with the file's name.
    """
    if isinstance(data, EncodedData):
        layout = layout_of(data.transfer_syntax)
        plain = _plain(data.data, data.transfer_syntax, limits)
        if layout.little_endian and not layout.implicit_vr:
            return _explicit_attributes(plain, layout, stop_at, limits)
        elements = _read(plain, layout, stop_at=stop_at, depth=limits.depth)
        return _data_set(elements, (DEFAULT,), layout.little_endian)
    place = located(data)
    if is_deflated(place.transfer_syntax):
        return read_attributes(load_file(place), stop_at, limits)
    layout = layout_of(place.transfer_syntax)
    start = place.offset or 0
    try:
        with place.path.open("rb") as file:
            source = FileSource(file, start + (place.length or 0))
            elements = _read(source, layout, start, stop_at, depth=limits.depth)
            return _data_set(elements, (DEFAULT,), layout.little_endian)
    except OSError as error:
        raise problem(place.path, error) from error
    except DataSetError as error:
        raise type(error)(f"{place.path}: {error}") from None


def without_path(error: DataSetError, data: object) -> str:
    """What is wrong with received data, for its sender, who has no business with the names of our files."""
    text = str(error)
    return text.removeprefix(f"{data.path}: ") if isinstance(data, FileData) else text


def _explicit_attributes(data: bytes, layout: Layout, stop_at: int, limits: Limits) -> DataSet:
    """Of these bytes in Explicit VR Little Endian, those decoded before not again."""
    begun, ended, codecs, _, _ = leading_elements(data, stop_at)
    if ended:
        return DataSet(tuple(begun))
    elements = _read(data, layout, stop_at=stop_at, depth=limits.depth)
    if any(e.tag == SPECIFIC_CHARACTER_SET for e in elements[len(begun) :]):
        return _data_set(elements, (DEFAULT,), layout.little_endian)
    rest = [_element(e, codecs, layout.little_endian) for e in elements[len(begun) :]]
    return DataSet((*begun, *rest))


def transcode(data: EncodedData, transfer_syntax_uid: str, limits: Limits = USUAL) -> EncodedData:
    """The same data set in another transfer syntax, values untouched; from and to uncompressed ones only.

    DataSetError when one of the two compresses pixel data, or the data set cannot be read.
    """
    if data.transfer_syntax == transfer_syntax_uid:
        return data
    for uid in (data.transfer_syntax, transfer_syntax_uid):
        row = transfer_syntax(uid)
        if row is None or not row.uncompressed:
            names = " to ".join(_syntax_name(u) for u in (data.transfer_syntax, transfer_syntax_uid))
            raise DataSetError(
                f"Converting {names} is not possible: {_syntax_name(uid)} is not an uncompressed syntax."
            )
    source, target = layout_of(data.transfer_syntax), layout_of(transfer_syntax_uid)
    out: bytes = _plain(data.data, data.transfer_syntax, limits)
    if source != target:
        out = write_raw(_read(out, source, depth=limits.depth), target, source)
    return EncodedData(_deflate(out) if is_deflated(transfer_syntax_uid) else out, transfer_syntax_uid)


def _syntax_name(uid: str) -> str:
    row = transfer_syntax(uid)
    return f"{row.name} ({uid})" if row else uid or "an unknown transfer syntax"


def layout_of(transfer_syntax_uid: str) -> Layout:
    """How a transfer syntax lays elements out; private and unknown ones are taken for Explicit VR Little Endian."""
    row = transfer_syntax(transfer_syntax_uid)
    if row is None:
        return Layout(implicit_vr=False, little_endian=True)
    return Layout(row.implicit_vr, row.little_endian, row.encapsulated)


def _deflate(data: bytes) -> bytes:
    """RFC 1951 without a zlib header, padded to even length (PS3.5 A.5)."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    out = compressor.compress(data) + compressor.flush()
    return out + b"\0" * (len(out) % 2)


def _plain(data: Buffer, transfer_syntax_uid: str, limits: Limits = USUAL) -> bytes:
    """The data set's bytes, inflated where the transfer syntax deflates them."""
    if not is_deflated(transfer_syntax_uid) or not data:
        return bytes(data)
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        out = inflater.decompress(data, limits.inflated + 1)
    except zlib.error:
        raise DataSetError("The data set is not deflated as its transfer syntax says (RFC 1951).") from None
    if len(out) > limits.inflated:
        raise LimitError(f"The deflated data set has more than {limits.inflated} bytes{named('inflated')}.")
    if not inflater.eof:
        raise DataSetError("The deflated data set ends too early.")
    return out


def _read(
    source: Source,
    layout: Layout,
    start: int = 0,
    stop_at: int = 1 << 32,
    issues: list[Issue] | None = None,
    depth: int = USUAL.depth,
    most: int | None = None,
) -> tuple[RawElement, ...]:
    implicit_vr, little_endian = layout.implicit_vr, layout.little_endian
    reader = Reader(
        source, implicit_vr=implicit_vr, little_endian=little_endian, stop_at=stop_at, depth=depth, most=most
    )
    elements = reader.read(start)
    if reader.failure is not None:
        text, offset = reader.failure
        sentence = f"The data set cannot be read from byte {offset - start} on: {text}."
        if most is not None and reader.too_many:
            raise TooManyElements(sentence)
        if issues is None:
            raise (LimitError if reader.too_deep else DataSetError)(sentence)
        issues.append(Issue(sentence, offset - start, len(source) - start, "PS3.5 7"))
    return elements


def _data_set(elements: Sequence[RawElement], codecs: Sequence[str], little_endian: bool) -> DataSet:
    for element in elements:
        if element.tag == SPECIFIC_CHARACTER_SET:
            if element.value:
                codecs = codecs_of(element.value.rstrip(b" \0").decode("latin-1").split("\\"))
            break
    return DataSet(tuple([_element(e, codecs, little_endian) for e in elements]))


def _element(element: RawElement, codecs: Sequence[str], little_endian: bool) -> DataElement:
    if element.items is not None:
        items = tuple(_data_set(item.elements, codecs, little_endian) for item in element.items)
        return _data_element(element.tag, element.vr, items)
    if element.undefined:
        value = element.value if little_endian else swap(element.value, word_size(element.vr))
        return _data_element(element.tag, element.vr, value)
    return _data_element(element.tag, element.vr, decode_value(element.vr, element.value, codecs, little_endian))


# --- DICOM JSON ---------------------------------------------------------------------------------------------------


def dataset_to_json(
    data: DataSet | Buffer, transfer_syntax_uid: str = EXPLICIT_VR_LE, limits: Limits = USUAL
) -> dict[str, Any]:
    """The DICOM JSON object (PS3.18 Annex F) of a data set, or of its bytes in a transfer syntax. DataSetError."""
    data_set = data if isinstance(data, DataSet) else decode_dataset(data, transfer_syntax_uid, limits=limits)
    return dicom_json.to_json(data_set)


def dataset_from_json(obj: Any) -> DataSet:
    """The data set of a DICOM JSON object as `json.loads` gives it. DataSetError names the attribute."""
    return dicom_json.from_json(obj)


# --- pydicom ------------------------------------------------------------------------------------------------------


def to_pydicom(data_set: DataSet) -> Dataset:
    """The same as a pydicom Dataset. DataSetError when it cannot be encoded."""
    load_pydicom()
    from pydicom.filereader import read_dataset

    data = encode_dataset(data_set, EXPLICIT_VR_LE)
    return read_dataset(BytesIO(data), is_implicit_VR=False, is_little_endian=True)


def from_pydicom(dataset: Dataset) -> DataSet:
    """A pydicom Dataset as ours. DataSetError when pydicom cannot encode it."""
    load_pydicom()
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = False, True
    try:
        write_dataset(out, dataset)
    except UnicodeEncodeError:
        raise DataSetError("The pydicom data set cannot be encoded: a text does not fit its character set.") from None
    except (ValueError, TypeError, AttributeError, NotImplementedError) as error:
        raise DataSetError(f"The pydicom data set cannot be encoded: {error}.") from None
    return decode_dataset(out.getvalue(), EXPLICIT_VR_LE)


__all__ = [
    "FRONT",
    "MEDIA_STORAGE_DIRECTORY",
    "PIXEL_DATA",
    "DataSetError",
    "FileHeader",
    "LimitError",
    "TooManyElements",
    "checked",
    "dataset_from_json",
    "dataset_to_json",
    "decode_dataset",
    "encode_dataset",
    "examined",
    "examined_at_once",
    "file_chunks",
    "file_meta",
    "from_pydicom",
    "is_plain_instance",
    "layout_of",
    "load_file",
    "located",
    "meta_pieces",
    "new_file",
    "open_file",
    "plain_instance",
    "put",
    "put_in_place",
    "read_attributes",
    "read_file_into",
    "to_pydicom",
    "transcode",
    "value_error",
    "without_path",
    "write_file",
    "write_instance",
    "write_out",
    "write_whole",
]
