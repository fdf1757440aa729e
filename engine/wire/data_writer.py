"""Data sets to bytes (PS3.5 7). What has no plain header (undefined lengths) is pydicom's to write."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from engine.model.dataset import DataElement, DataSet
from engine.standard.dictionary import attribute, load_pydicom
from engine.standard.elements import tag_text
from engine.standard.lean import dataclass

from .charset import DEFAULT, codecs_of
from .data_reader import ITEM, LONG_VRS, MAXIMUM_DEPTH, SHORT_VRS, UNDEFINED, RawElement
from .errors import DataSetError
from .values import BYTES, FLOATS, INTEGERS, encode_value, pad, swap

SPECIFIC_CHARACTER_SET = 0x00080005
PIXEL_DATA = 0x7FE00010
_LITTLE_ITEM = b"\xfe\xff\x00\xe0"


@dataclass(frozen=True, slots=True)
class Layout:
    """What of a transfer syntax matters to the bytes of an element."""

    implicit_vr: bool
    little_endian: bool
    encapsulated: bool = False


def element_name(tag: int) -> str:
    """``Patient's Name (0010,0010)``, or the tag alone."""
    entry = attribute(tag)
    return f"{entry.name} {tag_text(tag)}" if entry else tag_text(tag)


def write_data_set(
    data_set: DataSet, layout: Layout, codecs: Sequence[str] = (DEFAULT,), depth: int = 0, where: str = ""
) -> bytes:
    """The data set's elements in tag order, sequences and items with their true lengths. DataSetError."""
    if depth > MAXIMUM_DEPTH:
        raise DataSetError(f"Sequences are more than {MAXIMUM_DEPTH} levels deep.")
    names = data_set.texts(SPECIFIC_CHARACTER_SET)
    codecs = codecs_of(names) if names else codecs
    elements = sorted(data_set.elements, key=lambda e: e.tag)
    return b"".join(_write(element, layout, codecs, depth, where) for element in elements)


def _write(element: DataElement, layout: Layout, codecs: Sequence[str], depth: int, where: str) -> bytes:
    name = where + element_name(element.tag)
    if not 0 <= element.tag <= 0xFFFFFFFF:
        raise DataSetError(f"{element.tag:X}H is not a tag.")
    if element.vr not in SHORT_VRS | LONG_VRS:
        raise DataSetError(f"{name}: {element.vr!r} is not a VR.")
    if element.vr == "SQ" and not isinstance(element.value, bytes):
        return _write_items(element, layout, codecs, depth, name)
    raw = _value_bytes(element, layout, codecs, name)
    undefined = layout.encapsulated and element.tag == PIXEL_DATA and element.vr in BYTES
    if undefined and not depth and not raw.startswith(_LITTLE_ITEM):
        text = f"{name}: the pixel data are not encapsulated in fragments, as this transfer syntax demands."
        raise DataSetError(text)
    return write_element(element.tag, element.vr, raw, layout, undefined and raw.startswith(_LITTLE_ITEM))


def _write_items(element: DataElement, layout: Layout, codecs: Sequence[str], depth: int, name: str) -> bytes:
    if len(element.items) != len(element.value):
        raise DataSetError(f"{name}: a sequence holds items, not text.")
    places = (f"{name} item {number}: " for number, _ in enumerate(element.items, 1))
    items = [write_data_set(i, layout, codecs, depth + 1, p) for i, p in zip(element.items, places, strict=True)]
    return write_sequence(element.tag, items, layout)


def _value_bytes(element: DataElement, layout: Layout, codecs: Sequence[str], name: str) -> bytes:
    if isinstance(element.value, bytes):
        raw = pad(element.value)
        return raw if layout.little_endian else swap(raw, word_size(element.vr))
    if len(element.texts) != len(element.value):
        raise DataSetError(f"{name}: VR {element.vr} holds no items.")
    if element.vr in BYTES and element.value:
        raise DataSetError(f"{name}: VR {element.vr} holds bytes, not text.")
    try:
        return encode_value(element.vr, element.texts, codecs, layout.little_endian)
    except ValueError as error:
        raise DataSetError(f"{name}: {error}.") from None


def word_size(vr: str) -> int:
    """Bytes of the words that byte order is about."""
    if vr in INTEGERS:
        return INTEGERS[vr][0]
    if vr in FLOATS:
        return struct.calcsize(FLOATS[vr])
    return 2 if vr == "AT" else BYTES.get(vr, 1)


def write_raw(elements: Iterable[RawElement], layout: Layout, source: Layout) -> bytes:
    """Elements as they were read from a source layout, in another one; values are untouched but for byte order.

    DataSetError for encapsulated pixel data, which should not be there, when the byte order changes.
    """
    return b"".join(_write_raw(e, layout, source) for e in elements)


def _write_raw(element: RawElement, layout: Layout, source: Layout) -> bytes:
    if element.items is not None:
        return write_sequence(element.tag, [write_raw(i.elements, layout, source) for i in element.items], layout)
    raw = element.value
    if layout.little_endian != source.little_endian:
        if element.undefined and raw:
            name = element_name(element.tag)
            raise DataSetError(
                f"{name}: fragments cannot be had in another byte order (PS3.5 A.4 is little endian only)."
            )
        raw = swap(raw, word_size(element.vr))
    return write_element(element.tag, element.vr, raw, layout, element.undefined and raw.startswith(_LITTLE_ITEM))


def write_sequence(tag: int, items: Iterable[bytes], layout: Layout) -> bytes:
    """A sequence of encoded items."""
    header = struct.Struct("<HHI" if layout.little_endian else ">HHI")
    parts = [part for item in items for part in (header.pack(ITEM >> 16, ITEM & 0xFFFF, len(item)), item)]
    # Without a written VR nobody sees that an unregistered element is a sequence, but for its undefined length.
    entry = attribute(tag)
    unseen = layout.implicit_vr and (entry is None or entry.vr != "SQ")
    return write_element(tag, "SQ", b"".join(parts), layout, undefined=unseen)


def write_element(tag: int, vr: str, raw: bytes, layout: Layout, undefined: bool = False) -> bytes:
    """One element with its header, and a delimiter when its length is undefined."""
    if len(raw) >= UNDEFINED:
        raise DataSetError(f"{element_name(tag)} has {len(raw)} bytes, more than a length field can say.")
    if not layout.implicit_vr and vr in SHORT_VRS and len(raw) > 0xFFFF:
        # The way out for values too long for the 2-byte length of their VR (PS3.5 6.2.2).
        vr = "UN"
    if not undefined and (layout.implicit_vr or vr in SHORT_VRS or vr in LONG_VRS):
        return _header(tag, vr, len(raw), layout) + raw
    return _by_pydicom(tag, vr, raw, layout, undefined)


def _header(tag: int, vr: str, length: int, layout: Layout) -> bytes:
    """Tag, VR and length of an element whose VR there is (PS3.5 7.1.2, 7.1.3); importing pydicom for these 8 or 12
    bytes would take longer than most queries do."""
    order = "<" if layout.little_endian else ">"
    if layout.implicit_vr:
        return struct.pack(order + "HHI", tag >> 16, tag & 0xFFFF, length)
    form = "HH2sH" if vr in SHORT_VRS else "HH2sxxI"
    return struct.pack(order + form, tag >> 16, tag & 0xFFFF, vr.encode(), length)


def _by_pydicom(tag: int, vr: str, raw: bytes, layout: Layout, undefined: bool) -> bytes:
    load_pydicom()
    from pydicom.dataelem import RawDataElement
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_data_element
    from pydicom.tag import BaseTag

    out = DicomBytesIO()
    out.is_implicit_VR = layout.implicit_vr
    out.is_little_endian = layout.little_endian
    length = UNDEFINED if undefined else len(raw)
    element = RawDataElement(BaseTag(tag), vr, length, raw, 0, layout.implicit_vr, layout.little_endian)
    write_data_element(out, element)
    return out.getvalue()
