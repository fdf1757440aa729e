"""What the bytes of SOP Class Extended Negotiation (56H, PS3.7 D.3.3.5) mean, by service class (PS3.4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExtendedByte:
    """One byte. values: its meanings; empty for a reserved byte, which is sent as `fixed` and not tested."""

    name: str
    values: dict[int, str]
    fixed: int | None = None


@dataclass(frozen=True, slots=True)
class ExtendedLayout:
    """The information of one service class. lengths: allowed numbers of bytes, shortest and longest."""

    fields: tuple[ExtendedByte, ...]
    lengths: tuple[int, int]
    clause: str


_OPTION = {0: "not supported", 1: "supported"}
_VIEW = "Enhanced Multi-Frame Image Conversion"


def _options(*names: str) -> tuple[ExtendedByte, ...]:
    return tuple(ExtendedByte(name, _OPTION) for name in names)


def _reserved(fixed: int = 0) -> ExtendedByte:
    return ExtendedByte("Reserved", {}, fixed)


LAYOUTS: dict[str, ExtendedLayout] = {
    "storage": ExtendedLayout(
        (
            ExtendedByte(
                "Level of support",
                {0: "Level 0 (local)", 1: "Level 1 (base)", 2: "Level 2 (full)", 3: "not applicable, SCU only"},
            ),
            _reserved(),
            ExtendedByte(
                "Level of Digital Signature support",
                {0: "unspecified", 1: "Signature Level 1", 2: "Signature Level 2", 3: "Signature Level 3"},
            ),
            _reserved(),
            ExtendedByte("Element Coercion", {0: "does not coerce", 1: "may coerce", 2: "not applicable, SCU only"}),
            _reserved(),
        ),
        (6, 6),
        "PS3.4 B.3.1",
    ),
    "qr_find": ExtendedLayout(
        _options(
            "Relational-queries",
            "Date-time matching",
            "Fuzzy semantic matching of person names",
            "Timezone query adjustment",
            _VIEW,
            "Empty Value Matching",
            "Multiple Value Matching",
        ),
        (1, 7),
        "PS3.4 C.5.1.1",
    ),
    "qr_retrieve": ExtendedLayout(_options("Relational-retrieval", _VIEW), (1, 2), "PS3.4 C.5.2.1"),
    "composite_instance_root_retrieve": ExtendedLayout((_reserved(), *_options(_VIEW)), (2, 2), "PS3.4 Y.5.1.1"),
    "worklist_find": ExtendedLayout(
        (
            _reserved(1),
            _reserved(1),
            *_options("Fuzzy semantic matching of person names", "Timezone query adjustment"),
        ),
        (3, 4),
        "PS3.4 K.5.1",
    ),
}
"""Layouts by `SopClass.extended_negotiation`."""
