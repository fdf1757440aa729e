"""Modality worklist items the built-in peer offers from the start: invented people, so that a query finds some."""

from __future__ import annotations

from functools import lru_cache

from engine.model.dataset import DataElement, DataSet

_ITEMS = (
    ("CONSOLE^ALPHA", "DC-0001", "F", "19700101", "A-0001", "CT", "CT_SCANNER", "Chest CT", "080000"),
    ("CONSOLE^BRAVO", "DC-0002", "M", "19620315", "A-0002", "MR", "MR_SCANNER", "Head MR", "093000"),
    ("CONSOLE^CHARLIE", "DC-0003", "O", "19881124", "A-0003", "US", "US_ROOM", "Abdomen ultrasound", "110000"),
)
_DATE = "20260101"


def sample_worklist(day: str = _DATE) -> dict[str, DataSet]:
    """Three procedure steps scheduled for a day (PS3.4 K.6.1.2), by Scheduled Procedure Step ID."""
    return dict(_made(day))


@lru_cache(maxsize=8)
def _made(day: str) -> dict[str, DataSet]:
    return {f"SPS{number:04}": _item(number, day, *values) for number, values in enumerate(_ITEMS, start=1)}


def _item(
    number: int,
    day: str,
    name: str,
    patient: str,
    sex: str,
    born: str,
    accession: str,
    modality: str,
    ae: str,
    what: str,
    at: str,
) -> DataSet:
    step = _data(
        (0x00080060, "CS", modality),
        (0x00400001, "AE", ae),
        (0x00400002, "DA", day),
        (0x00400003, "TM", at),
        (0x00400006, "PN", "PERFORMER^SAMPLE"),
        (0x00400007, "LO", what),
        (0x00400009, "SH", f"SPS{number:04}"),
        (0x00400010, "SH", f"{modality}1"),
    )
    head = _data(
        (0x00080005, "CS", "ISO_IR 100"),
        (0x00080050, "SH", accession),
        (0x00080090, "PN", "REFERRER^SAMPLE"),
        (0x00100010, "PN", name),
        (0x00100020, "LO", patient),
        (0x00100030, "DA", born),
        (0x00100040, "CS", sex),
        (0x0020000D, "UI", f"2.25.27{number:04}"),
        (0x00321060, "LO", what),
        (0x00401001, "SH", f"RP{number:04}"),
    )
    return head.merged(DataSet((DataElement(0x00400100, "SQ", (step,)),)))


def _data(*elements: tuple[int, str, str]) -> DataSet:
    return DataSet(tuple(DataElement(tag, vr, (value,)) for tag, vr, value in elements))
