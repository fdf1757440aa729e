"""What the bytes of SOP Class Extended Negotiation (56H, PS3.7 D.3.3.5) mean, by service class (PS3.4)."""

from __future__ import annotations

from functools import lru_cache

from .lean import dataclass
from .sop_classes import sop_class


@dataclass(frozen=True, slots=True)
class ExtendedByte:
    """One byte. values: its meanings; empty for a reserved byte, which is sent as `fixed` and not tested.

    key: its short name in options and settings, "" for a reserved byte.
    """

    name: str
    values: dict[int, str]
    fixed: int | None = None
    key: str = ""

    @property
    def is_option(self) -> bool:
        """Whether it says no more than supported or not."""
        return self.values is _OPTION


@dataclass(frozen=True, slots=True)
class ExtendedLayout:
    """The information of one service class. lengths: allowed numbers of bytes, shortest and longest."""

    fields: tuple[ExtendedByte, ...]
    lengths: tuple[int, int]
    clause: str

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(f.key for f in self.fields if f.key)

    def information(self, values: dict[str, int]) -> bytes:
        """The bytes that say these values, by key; what is not named is 0. As short as the Standard allows."""
        made = [values.get(f.key, 0) if f.key else (f.fixed or 0) for f in self.fields]
        last = max((i + 1 for i, f in enumerate(self.fields) if values.get(f.key)), default=0)
        return bytes(made[: max(self.lengths[0], last)])

    def values(self, information: bytes) -> dict[str, int]:
        """Value by key, of the bytes that are there."""
        return {f.key: value for f, value in zip(self.fields, information, strict=False) if f.key}


_OPTION = {0: "not supported", 1: "supported"}
RELATIONAL, DATETIME, FUZZY, TIMEZONE, MULTIFRAME = "relational", "datetime", "fuzzy", "timezone", "multiframe"
EMPTY, MULTIPLE = "empty", "multiple"
LEVEL, SIGNATURE, COERCION = "level", "signature", "coercion"


def _option(key: str, name: str) -> ExtendedByte:
    return ExtendedByte(name, _OPTION, None, key)


def _reserved(fixed: int = 0) -> ExtendedByte:
    return ExtendedByte("Reserved", {}, fixed)


_FUZZY = _option(FUZZY, "Fuzzy semantic matching of person names")
_TIMEZONE = _option(TIMEZONE, "Timezone query adjustment")
_VIEW = _option(MULTIFRAME, "Enhanced Multi-Frame Image Conversion")

LAYOUTS: dict[str, ExtendedLayout] = {
    "storage": ExtendedLayout(
        (
            ExtendedByte(
                "Level of support",
                {0: "Level 0 (local)", 1: "Level 1 (base)", 2: "Level 2 (full)", 3: "not applicable, SCU only"},
                None,
                LEVEL,
            ),
            _reserved(),
            ExtendedByte(
                "Level of Digital Signature support",
                {0: "unspecified", 1: "Signature Level 1", 2: "Signature Level 2", 3: "Signature Level 3"},
                None,
                SIGNATURE,
            ),
            _reserved(),
            ExtendedByte(
                "Element Coercion",
                {0: "does not coerce", 1: "may coerce", 2: "not applicable, SCU only"},
                None,
                COERCION,
            ),
            _reserved(),
        ),
        (6, 6),
        "PS3.4 B.3.1",
    ),
    "qr_find": ExtendedLayout(
        (
            _option(RELATIONAL, "Relational-queries"),
            _option(DATETIME, "Date-time matching"),
            _FUZZY,
            _TIMEZONE,
            _VIEW,
            _option(EMPTY, "Empty Value Matching"),
            _option(MULTIPLE, "Multiple Value Matching"),
        ),
        (1, 7),
        "PS3.4 C.5.1.1",
    ),
    "qr_retrieve": ExtendedLayout((_option(RELATIONAL, "Relational-retrieval"), _VIEW), (1, 2), "PS3.4 C.5.2.1"),
    "composite_instance_root_retrieve": ExtendedLayout((_reserved(), _VIEW), (2, 2), "PS3.4 Y.5.1.1"),
    "worklist_find": ExtendedLayout((_reserved(1), _reserved(1), _FUZZY, _TIMEZONE), (3, 4), "PS3.4 K.5.1"),
}
"""Layouts by `SopClass.extended_negotiation`."""


def layout_of(sop_class_uid: str) -> ExtendedLayout | None:
    """The layout of a SOP class's information; None when the Standard gives none."""
    row = sop_class(sop_class_uid)
    return LAYOUTS.get(row.extended_negotiation) if row else None


@lru_cache(256)  # asked for each request, of the same few
def granted(sop_class_uid: str, information: bytes) -> frozenset[str]:
    """Keys of the options that the bytes answered say are supported."""
    layout = layout_of(sop_class_uid)
    if layout is None:
        return frozenset()
    values = layout.values(information)
    return frozenset(f.key for f in layout.fields if f.is_option and values.get(f.key) == 1)
