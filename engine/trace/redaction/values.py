"""Data sets and command sets without what others have put into them: an allow list of technical attributes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from engine.model.command_set import CommandSet, Element
from engine.model.dataset import DataElement, DataSet
from engine.standard import defined_terms as terms
from engine.standard import performed_steps, ups
from engine.standard.dictionary import attribute
from engine.standard.elements import ELEMENTS

from .stand_ins import StandIns

_NUMBER = r"\d{1,5}"
_BYTES = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_PEOPLE = frozenset({"PN", "LO", "SH", "UC"})
"""VRs of names and IDs: words and small numbers in them are no longer told in sentences."""
_STATES = "|".join(
    (
        *(ups.SCHEDULED, ups.IN_PROGRESS, ups.COMPLETED, ups.CANCELED, performed_steps.DISCONTINUED),
        *("CANCELLED", "ARRIVED", "READY", "STARTED", "DEPARTED"),
    )
)
_MODALITIES = "|".join(terms.MODALITIES)

ALLOWED: dict[int, tuple[str, str, str]] = {
    0x00080005: ("CS", r"ISO_IR \d{1,3}|ISO 2022 IR \d{1,3}|GB18030|GBK", "how text is encoded"),
    0x00080008: ("CS", "ORIGINAL|DERIVED|PRIMARY|SECONDARY|AXIAL|LOCALIZER|OTHER", "kind of image, terms of PS3.3"),
    0x00080052: ("CS", "|".join(terms.QUERY_LEVELS), "level of a query"),
    0x00080056: ("CS", "|".join(terms.AVAILABILITIES), "availability, terms of PS3.3"),
    0x00080060: ("CS", _MODALITIES, "modality, terms of PS3.3"),
    0x00080061: ("CS", _MODALITIES, "modalities of a study"),
    0x00081197: ("US", _NUMBER, "why an instance failed"),
    0x00201200: ("IS", _NUMBER, "how many studies"),
    0x00201202: ("IS", _NUMBER, "how many series"),
    0x00201204: ("IS", _NUMBER, "how many instances"),
    0x00201206: ("IS", _NUMBER, "how many series"),
    0x00201208: ("IS", _NUMBER, "how many instances"),
    0x00201209: ("IS", _NUMBER, "how many instances"),
    0x00280002: ("US", _NUMBER, "layout of pixels"),
    0x00280004: ("CS", "MONOCHROME[12]|PALETTE COLOR|RGB|YBR_(?:FULL|FULL_422|PARTIAL_42[02]|RCT|ICT)|XYB", "layout"),
    0x00280006: ("US", _NUMBER, "layout of pixels"),
    0x00280008: ("IS", _NUMBER, "how many frames"),
    0x00280010: ("US", _NUMBER, "size of the image"),
    0x00280011: ("US", _NUMBER, "size of the image"),
    0x00280100: ("US", _NUMBER, "layout of pixels"),
    0x00280101: ("US", _NUMBER, "layout of pixels"),
    0x00280102: ("US", _NUMBER, "layout of pixels"),
    0x00280103: ("US", _NUMBER, "layout of pixels"),
    0x00282110: ("CS", "00|01", "whether compressed with loss"),
    0x00400020: ("CS", _STATES, "state of a step"),
    0x00400252: ("CS", _STATES, "state of a step"),
    0x00404041: ("CS", "INCOMPLETE|UNAVAILABLE|READY", "state of a step"),
    0x00741000: ("CS", _STATES, "state of a step"),
    0x20000010: ("IS", _NUMBER, "how many copies"),
    0x20100040: ("CS", "|".join(terms.ORIENTATIONS), "how a film is turned"),
    0x21000020: ("CS", "|".join(terms.PRINT_JOB_STATES), "state of a print job"),
    0x21100010: ("CS", "|".join(terms.PRINTER_STATES), "state of a printer"),
}
"""Attributes whose values are told: VR, the values that are (others of the attribute are left out), and what they are.
UIDs and AE titles of any attribute have stand-ins; every other value is left out."""
_PATTERNS = {tag: re.compile(pattern) for tag, (_, pattern, _) in ALLOWED.items()}


def data_set(data: DataSet, stand_ins: StandIns) -> DataSet:
    """Every element with its tag and VR, and the values that may be told; unknown tags only where there is one."""
    unknown = hidden([e.tag for e in data])
    return DataSet(tuple(DataElement(e.tag, e.vr, _value(e, stand_ins)) for e in data if e.tag not in unknown))


def is_told_tag(tag: int) -> bool:
    """Whether a tag is one of a dictionary, or could be: text that is misread as elements makes tags of its own."""
    return bool(tag >> 16 & 1) or not tag & 0xFFFF or tag in ELEMENTS or attribute(tag) is not None


def hidden(tags: Collection[int]) -> frozenset[int]:
    """The tags of a data set that nobody knows, where there are several: together they may spell a text. Of private
    elements those without a creator (PS3.5 7.8.1)."""
    private = [tag for tag in tags if tag >> 16 & 1]
    creators = {tag for tag in private if 0x10 <= tag & 0xFFFF <= 0xFF}
    orphans = {tag for tag in private if tag not in creators and tag & 0xFFFF0000 | tag >> 8 & 0xFF not in creators}
    unknown = frozenset(tag for tag in tags if not is_told_tag(tag) or tag in orphans)
    return unknown if len(unknown) > 1 else frozenset()


def _value(element: DataElement, stand_ins: StandIns) -> tuple[str, ...] | tuple[DataSet, ...] | bytes:
    private = bool(element.tag >> 16 & 1)
    if isinstance(element.value, bytes) or element.vr in _BYTES:
        return b""
    if private:
        return ()
    if element.vr == "SQ":
        return tuple(data_set(item, stand_ins) for item in element.items)
    if element.vr == "UI":
        return tuple(stand_ins.uid(v) for v in element.texts)
    if element.vr == "AE":
        return tuple(stand_ins.title(v) for v in element.texts)
    row = ALLOWED.get(element.tag)
    if row is None or row[0] != element.vr:
        return ()
    return tuple(v if _PATTERNS[element.tag].fullmatch(v) else "" for v in element.texts)


def values_of(data: DataSet) -> Iterator[tuple[bool, str]]:
    """(whether it is a person's name, value) of each name and ID, sequences and private elements included."""
    for element in data:
        for item in element.items:
            yield from values_of(item)
        if element.vr in _PEOPLE and element.tag not in ALLOWED:
            yield from ((element.vr == "PN", text) for text in element.texts)


def command_set(command: CommandSet, stand_ins: StandIns) -> CommandSet:
    """Every element; of its values numbers, tags and registered UIDs, stand-ins for other UIDs and for AE titles."""
    unknown = hidden([e.tag for e in command])
    return CommandSet(tuple(Element(e.tag, _command_value(e, stand_ins)) for e in command if e.tag not in unknown))


def _command_value(element: Element, stand_ins: StandIns) -> int | str | tuple[int, ...] | tuple[str, ...] | None:
    row = ELEMENTS.get(element.tag)
    value = element.value
    if row is None or value is None or isinstance(value, bytes):
        return None
    several: Iterable[int | str] = value if isinstance(value, tuple) else (value,)
    if row.vr in ("US", "UL", "AT"):
        numbers = tuple(v for v in several if isinstance(v, int))
        return numbers if isinstance(value, tuple) else next(iter(numbers), None)
    stand_in = {"UI": stand_ins.uid, "AE": stand_ins.title}.get(row.vr)
    if stand_in is None:
        return None
    texts = tuple(stand_in(v) for v in several if isinstance(v, str))
    return texts if isinstance(value, tuple) else next(iter(texts), None)
