"""The one reader of pydicom's registries: UIDs (PS3.6 Annex A) and data elements (PS3.6 6 to 8).

pydicom is imported on first use, so that what does not need a dictionary does not wait for it.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from types import ModuleType

from .lean import dataclass


@dataclass(frozen=True, slots=True)
class UidEntry:
    """One registered UID. type: "SOP Class", "Meta SOP Class", "Transfer Syntax", "Well-known SOP Instance", ..."""

    uid: str
    name: str
    keyword: str
    type: str
    retired: bool


@dataclass(frozen=True, slots=True)
class Attribute:
    """One data element type.

    tag: gggg<<16 | eeee; of a repeating group, the tag asked for. vr: "US or SS" where it depends.
    keyword: "" for a private one, which has its creator instead.
    """

    tag: int
    keyword: str
    name: str
    vr: str
    vm: str
    retired: bool
    creator: str = ""


# Registered after DICOM 2024c, the edition of pydicom 3.0; the entry of a newer pydicom wins.
_LATER_UIDS = (
    ("1.2.840.10008.5.1.4.1.1.66.7", "Label Map Segmentation Storage", "LabelMapSegmentationStorage", "SOP Class"),
    ("1.2.840.10008.5.1.4.1.1.66.8", "Height Map Segmentation Storage", "HeightMapSegmentationStorage", "SOP Class"),
    (
        "1.2.840.10008.5.1.4.1.1.9.100.1", "Waveform Presentation State Storage",
        "WaveformPresentationStateStorage", "SOP Class",
    ),
    (
        "1.2.840.10008.5.1.4.1.1.9.100.2", "Waveform Acquisition Presentation State Storage",
        "WaveformAcquisitionPresentationStateStorage", "SOP Class",
    ),
    ("1.2.840.10008.5.1.4.1.1.601.3", "Thermography Image Storage", "ThermographyImageStorage", "SOP Class"),
    (
        "1.2.840.10008.5.1.4.1.1.601.4", "Thermography Multi-frame Image Storage",
        "ThermographyMultiFrameImageStorage", "SOP Class",
    ),
    ("1.2.840.10008.5.1.4.1.1.601.5", "Ultrasound Waveform Storage", "UltrasoundWaveformStorage", "SOP Class"),
    ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless", "JPEGXLLossless", "Transfer Syntax"),
    ("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression", "JPEGXLJPEGRecompression", "Transfer Syntax"),
    ("1.2.840.10008.1.2.4.112", "JPEG XL", "JPEGXL", "Transfer Syntax"),
    ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", "DeflatedImageFrameCompression", "Transfer Syntax"),
)  # fmt: skip


@cache
def _table(name: str) -> ModuleType:
    """A module of pydicom's that holds nothing but a table, loaded without the package around it: importing pydicom
    takes some 0.3 s, its tables a few milliseconds."""
    package = importlib.util.find_spec("pydicom")
    for folder in (package.submodule_search_locations if package else None) or ():
        path = Path(folder, f"{name}.py")
        spec = importlib.util.spec_from_file_location(f"_table_of{name}", path) if path.exists() else None
        if spec is not None and spec.loader is not None:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    load_pydicom()
    return importlib.import_module(f"pydicom.{name}")


@cache
def load_pydicom() -> None:
    """Import pydicom whole; to be called before a part of it is imported. Two threads that import different parts at
    the same time meet halfway in its circular imports, and fail; for the whole, one waits for the other."""
    importlib.import_module("pydicom")


@cache
def _uid_rows() -> dict[str, tuple[str, str, str, str, str]]:
    """Name, type, info, "Retired" or "", keyword by UID."""
    later = {uid: (name, type_, "", "", keyword) for uid, name, keyword, type_ in _LATER_UIDS}
    return {**later, **_table("_uid_dict").UID_dictionary}


_entries: dict[str, UidEntry] = {}
"""Those that were asked for: few are, and to make all takes milliseconds that a first association would wait for."""


def uid_entry(uid: str) -> UidEntry | None:
    """A registered UID; None for any other."""
    entry = _entries.get(uid)
    if entry is None and (row := _uid_rows().get(uid)) is not None:
        name, type_, _, retired, keyword = row
        entry = _entries[uid] = UidEntry(uid, name, keyword, type_, retired == "Retired")
    return entry


@cache
def uid_entries() -> dict[str, UidEntry]:
    """All registered UIDs."""
    return {uid: entry for uid in _uid_rows() if (entry := uid_entry(uid)) is not None}


def uid_name(uid: str) -> str:
    """The registered name, or ""."""
    entry = uid_entry(uid)
    return entry.name if entry else ""


def uid_text(uid: str) -> str:
    """The registered name, or the UID itself where there is none."""
    return uid_name(uid) or uid


def uid_words(uid: str) -> str:
    """Name and number: "Verification SOP Class (1.2.840.10008.1.1)"; the UID alone where it has no name."""
    name = uid_name(uid)
    return f"{name} ({uid})" if name else uid


@lru_cache(maxsize=4096)
def attribute(tag: int) -> Attribute | None:
    """The data element type of a tag, repeating groups (50xx, 60xx, ...) included; None when not registered."""
    row = _table("_dicom_dict").DicomDictionary.get(tag) or _repeating(tag)
    if row is None:
        return None
    vr, vm, name, retired, keyword = row
    return Attribute(tag, keyword, name, vr, vm, bool(retired))


def _repeating(tag: int) -> tuple[str, str, str, str, str] | None:
    """The row of a tag of a repeating group. pydicom tries one pattern after the other, 25 us for a tag that is not
    registered, and a peer may send a hundred thousand of them."""
    if tag >> 16 & 1:
        return None
    return next((rows[tag & same] for same, rows in _patterns() if tag & same in rows), None)


@cache
def _patterns() -> tuple[tuple[int, dict[int, tuple[str, str, str, str, str]]], ...]:
    """Rows of repeating groups, by the digits that are the same in all of them and these."""
    found: dict[int, dict[int, tuple[str, str, str, str, str]]] = {}
    for pattern, row in _table("_dicom_dict").RepeatersDictionary.items():
        same = int("".join("0" if digit == "x" else "F" for digit in pattern), 16)
        found.setdefault(same, {})[int(pattern.replace("x", "0"), 16)] = row
    return tuple(found.items())


def attribute_by_keyword(keyword: str) -> Attribute | None:
    """The data element type of a keyword; None when there is none."""
    tag = _tags_by_keyword().get(keyword)
    return attribute(tag) if tag is not None else None


def registered(keyword: str) -> Attribute:
    """The data element type of a keyword the program names itself. Raises KeyError when there is none."""
    found = attribute_by_keyword(keyword)
    if found is None:
        raise KeyError(keyword)
    return found


@cache
def _tags_by_keyword() -> dict[str, int]:
    rows = _table("_dicom_dict").DicomDictionary.items()
    return {keyword: tag for tag, (_, _, _, _, keyword) in rows if keyword}


@cache
def _attributes() -> tuple[Attribute, ...]:
    """Every element with a keyword outside the command group and the file meta information."""
    table = _table("_dicom_dict").DicomDictionary
    rows = (Attribute(tag, k, name, vr, vm, bool(r)) for tag, (vr, vm, name, r, k) in table.items() if k)
    return tuple(sorted((a for a in rows if a.tag >> 16 > 2), key=lambda a: a.tag))


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept (PS3.3 Table 8.8-1)."""

    value: str
    scheme: str
    """Coding Scheme Designator."""
    meaning: str


@cache
def context_group(cid: int) -> tuple[Code, ...]:
    """The concepts of a context group (PS3.16 Annex B), those of DICOM's own scheme first, by meaning."""
    load_pydicom()
    from pydicom.sr.codedict import Collection

    concepts = Collection(f"CID{cid}").concepts.values()
    codes = (Code(c.value, c.scheme_designator, c.meaning) for c in concepts)
    return tuple(sorted(codes, key=lambda c: (c.scheme != "DCM", c.meaning.lower())))


_NO_PUNCTUATION = str.maketrans("", "", ",()")


@cache
def _searchable() -> tuple[tuple[str, Attribute], ...]:
    return tuple((f"{a.keyword} {a.name} {a.tag:08X}".lower(), a) for a in _attributes())


def search_attributes(text: str, limit: int = 50) -> list[Attribute]:
    """Attributes for completion: all words found in keyword, name or tag ("pat name", "0010,0010").

    Keywords that begin with the text come first, then shorter names; retired ones last.
    """
    words = text.lower().translate(_NO_PUNCTUATION).split()
    if not words:
        return []
    start = "".join(words)
    hits = (a for haystack, a in _searchable() if all(w in haystack for w in words))
    ranked = sorted(hits, key=lambda a: (a.retired, not a.keyword.lower().startswith(start), len(a.keyword), a.keyword))
    return list(islice(ranked, limit))


def private_attribute(creator: str, tag: int) -> Attribute | None:
    """A private element pydicom knows of this creator; the block number in the tag does not matter."""
    load_pydicom()
    from pydicom.datadict import get_private_entry
    from pydicom.tag import Tag

    try:
        vr, vm, name, retired = get_private_entry(Tag(tag), creator)
    except (KeyError, ValueError, OverflowError):
        return None
    return Attribute(tag, "", name, vr, vm, bool(retired), creator)
