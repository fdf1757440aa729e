"""The beginning of an instance or Identifier as it travels: is it encoded as the context says, which UIDs has it?"""

from __future__ import annotations

import struct

from engine.model.dataset import DataElement, DataSet
from engine.standard.dictionary import attribute
from engine.standard.elements import tag_text
from engine.standard.transfer_syntaxes import TransferSyntaxRow, transfer_syntax
from engine.wire.data_reader import LONG_VRS, SHORT_VRS, UNDEFINED, RawElement, Reader
from engine.wire.element_walk import AnyWalk, InflatingWalk

from .data import GROUPS_OUTSIDE, SOP_CLASS, SOP_INSTANCE

_VRS = frozenset(vr.encode() for vr in LONG_VRS | SHORT_VRS)
_SHORT = frozenset(vr.encode() for vr in SHORT_VRS)
_HEADER = 8
_element_header = struct.Struct("<HHI").unpack_from
_GROUP = SOP_CLASS >> 16
_FIRST_GROUPS = 0x0028
"""Most data sets begin in a group up to this, which turned round is none."""


def encoding_fault(head: bytes, length: int, syntax_uid: str) -> str:
    """What the first element shows to be encoded otherwise than in the transfer syntax, in words; "" for nothing.

    head: the first bytes of a data set of `length` bytes.
    """
    row = transfer_syntax(syntax_uid)
    if row is None or row.deflated or len(head) < _HEADER:
        return ""
    order, other = ("little", "big") if row.little_endian else ("big", "little")
    if not _plausible(head, row.little_endian) and _plausible(head, not row.little_endian):
        return _differs(row, f"{other} endian, not {order} endian")
    seems_explicit = head[4:6] in _VRS
    size = int.from_bytes(head[4:8], "little" if row.little_endian else "big")
    if row.implicit_vr and seems_explicit and size > length:
        return _differs(row, "Explicit VR, not Implicit VR")
    if not row.implicit_vr and not seems_explicit and size <= length:
        return _differs(row, "Implicit VR, not Explicit VR")
    return ""


def cut_short(walk: AnyWalk) -> str:
    """That a data set, all of which has come, ends within an element, in words; "" where that does not show."""
    if isinstance(walk, InflatingWalk):
        if walk.broken:
            return "The Data Set is not deflated (RFC 1951), as the transfer syntax of its context says."
        if walk.unended:
            return "The Data Set is cut: the end of what was deflated is missing (RFC 1951)."
    cut = walk.cut()
    if cut is None:
        return ""
    if cut.told == UNDEFINED:
        return f"The Data Set is cut: it ends within {tag_text(cut.tag)}, whose items have no end."
    return f"The Data Set is cut: {tag_text(cut.tag)} says it has {cut.told} bytes, but only {cut.left} follow."


def _plausible(head: bytes, little_endian: bool) -> bool:
    """Whether the data set begins with an element there is: one of the dictionary, or a private one."""
    group, number = struct.unpack("<HH" if little_endian else ">HH", head[:4])
    return bool(group % 2) or group <= _FIRST_GROUPS or attribute(group << 16 | number) is not None


def _differs(row: TransferSyntaxRow, how: str) -> str:
    return f"The Data Set begins in {how}; the context has {row.name}."


def instance_uids(head: bytes, syntax_uid: str) -> DataSet | None:
    """SOP Class and Instance UID, and elements no Data Set has, from the beginning of an instance.

    None when the transfer syntax does not let it be read so.
    """
    row = transfer_syntax(syntax_uid)
    if row is None or row.deflated:
        return None
    reader = Reader(head, implicit_vr=row.implicit_vr, little_endian=row.little_endian, stop_at=SOP_INSTANCE + 1)
    elements = [e for e in reader.read() if e.tag in _WANTED or e.tag >> 16 in GROUPS_OUTSIDE]
    return DataSet(tuple(map(_element, elements)))


def has_uids(head: bytes, syntax_uid: str, sop_class: bytes | None, sop_instance: bytes | None) -> bool:
    """Whether an instance begins with these UIDs, padded as they are, and nothing odd before them: as nearly all do.

    Saves reading it in order; False says nothing.
    """
    return instance_at(head, syntax_uid, sop_class, sop_instance) >= 0


def instance_at(head: bytes, syntax_uid: str, sop_class: bytes | None, sop_instance: bytes | None) -> int:
    """Where its SOP Instance UID stands in such an instance; 0 where the other UID comes behind it, -1 in any other."""
    row = transfer_syntax(syntax_uid)
    if row is None or row.deflated or not row.little_endian or not sop_class or not sop_instance:
        return -1
    expected = {SOP_CLASS: sop_class, SOP_INSTANCE: sop_instance}
    start = 0
    while start + _HEADER <= len(head):
        group, number, length = _element_header(head, start)
        tag, start = group << 16 | number, start + _HEADER
        if not row.implicit_vr:
            if head[start - 4 : start - 2] not in _SHORT:
                return -1
            length >>= 16
        if group != _GROUP or tag > SOP_INSTANCE:
            return -1
        if tag in expected and head[start : start + length] != expected.pop(tag):
            return -1
        if not expected:
            return start if tag == SOP_INSTANCE else 0
        start += length
    return -1


def _element(element: RawElement) -> DataElement:
    text = element.value.partition(b"\\")[0].decode("latin-1").rstrip("\0 ")
    return DataElement(element.tag, element.vr, (text,) if text else ())


_WANTED = (SOP_CLASS, SOP_INSTANCE)
