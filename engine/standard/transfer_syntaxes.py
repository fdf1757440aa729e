"""Transfer syntaxes: how each encodes (PS3.5 clause 10 and Annex A). Names come from the UID registry."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

from .dictionary import uid_entries, uid_entry
from .lean import dataclass

IMPLICIT_VR_LE = "1.2.840.10008.1.2"
"""The default: every abstract syntax is offered with it (PS3.5 10.1)."""
EXPLICIT_VR_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BE = "1.2.840.10008.1.2.2"


@dataclass(frozen=True, slots=True)
class TransferSyntaxRow:
    """One transfer syntax.

    deflated: the whole data set.
    pixel_data: "native", "encapsulated", "reference" (to a JPIP server), "flow" (real-time, PS3.22) or "" (no data set
        encoding of DICOM's own).
    lossy: "lossless", "lossy", "near-lossless", "lossy or lossless", "lossy video"; "" when nothing is compressed.
    """

    uid: str
    name: str
    keyword: str
    retired: bool
    implicit_vr: bool
    little_endian: bool
    deflated: bool
    encapsulated: bool
    lossy: str
    clause: str
    pixel_data: str

    @property
    def uncompressed(self) -> bool:
        """Whether the data set can be re-encoded into another uncompressed syntax without touching pixel values."""
        return self.pixel_data == "native"


# UID after 1.2.840.10008.1 (* and ? as usual; the first that fits), pixel data, compression, PS3.5 clause
_ROWS = (
    (".2",         "native",       "",                  "A.1, 10.1"),
    (".20",        "native",       "",                  ""),
    (".2.1",       "native",       "",                  "A.2"),
    (".2.1.98",    "encapsulated", "",                  "A.4.11"),
    (".2.1.99",    "native",       "",                  "A.5"),
    (".2.2",       "native",       "",                  "A.3"),
    (".2.4.57",    "encapsulated", "lossless",          "A.4.1"),
    (".2.4.58",    "encapsulated", "lossless",          "A.4.1"),
    (".2.4.5?",    "encapsulated", "lossy",             "A.4.1"),
    (".2.4.6[56]", "encapsulated", "lossless",          "A.4.1"),
    (".2.4.6?",    "encapsulated", "lossy",             "A.4.1"),
    (".2.4.70",    "encapsulated", "lossless",          "A.4.1"),
    (".2.4.80",    "encapsulated", "lossless",          "A.4.3"),
    (".2.4.81",    "encapsulated", "near-lossless",     "A.4.3"),
    (".2.4.90",    "encapsulated", "lossless",          "A.4.4"),
    (".2.4.91",    "encapsulated", "lossy or lossless", "A.4.4"),
    (".2.4.92",    "encapsulated", "lossless",          "A.4.4"),
    (".2.4.93",    "encapsulated", "lossy or lossless", "A.4.4"),
    (".2.4.94",    "reference",    "",                  "A.6"),
    (".2.4.95",    "reference",    "",                  "A.7"),
    (".2.4.10[01]*", "encapsulated", "lossy video",     "A.4.5"),
    (".2.4.10[23]*", "encapsulated", "lossy video",     "A.4.6"),
    (".2.4.10[45]*", "encapsulated", "lossy video",     "A.4.7"),
    (".2.4.106*",  "encapsulated", "lossy video",       "A.4.8"),
    (".2.4.107",   "encapsulated", "lossy video",       "A.4.9"),
    (".2.4.108",   "encapsulated", "lossy video",       "A.4.10"),
    (".2.4.110",   "encapsulated", "lossless",          ""),
    (".2.4.111",   "encapsulated", "lossy",             ""),
    (".2.4.112",   "encapsulated", "lossy or lossless", ""),
    (".2.4.20[12]", "encapsulated", "lossless",         "A.4.4"),
    (".2.4.203",   "encapsulated", "lossy or lossless", "A.4.4"),
    (".2.4.204",   "reference",    "",                  "A.11"),
    (".2.4.205",   "reference",    "",                  "A.12"),
    (".2.5",       "encapsulated", "lossless",          "A.4.2, 10.4"),
    (".2.6.?",     "",             "",                  ""),
    (".2.7.1",     "flow",         "",                  "A.8"),
    (".2.7.2",     "flow",         "",                  "A.9"),
    (".2.7.3",     "flow",         "",                  "A.10"),
    (".2.8.1",     "encapsulated", "lossless",          ""),
)  # fmt: skip

_ROOT = "1.2.840.10008.1"
_IMPLICIT = (IMPLICIT_VR_LE, f"{_ROOT}.20")
_DEFLATED = (DEFLATED_LE, f"{_ROOT}.2.4.95", f"{_ROOT}.2.4.205")


@cache
def transfer_syntaxes() -> dict[str, TransferSyntaxRow]:
    """All registered transfer syntaxes by UID, in the order of the registry."""
    uids = (e.uid for e in uid_entries().values() if e.type == "Transfer Syntax")
    return {uid: row for uid in sorted(uids, key=_numbers) if (row := transfer_syntax(uid)) is not None}


def _numbers(uid: str) -> list[int]:
    return [int(part) for part in uid.split(".")]


def _row(uid: str, name: str, keyword: str, retired: bool) -> TransferSyntaxRow:
    # One the rows do not have yet, from a newer registry: all recent ones are encapsulated.
    fits = (row for row in _ROWS if fnmatchcase(uid.removeprefix(_ROOT), row[0]))
    _, pixel_data, lossy, section = next(fits, ("", "encapsulated", "", ""))
    return TransferSyntaxRow(
        uid,
        name,
        keyword,
        retired,
        implicit_vr=uid in _IMPLICIT,
        little_endian=uid != EXPLICIT_VR_BE,
        deflated=uid in _DEFLATED,
        encapsulated=pixel_data == "encapsulated",
        lossy=lossy,
        clause=f"PS3.5 {section}" if section else "",
        pixel_data=pixel_data,
    )


_known: dict[str, TransferSyntaxRow] = {}
"""Those that were asked for."""


def transfer_syntax(uid: str) -> TransferSyntaxRow | None:
    """The row, or None for a private or unknown one."""
    row = _known.get(uid)
    if row is None and (e := uid_entry(uid)) is not None and e.type == "Transfer Syntax":
        row = _known[uid] = _row(e.uid, e.name, e.keyword, e.retired)
    return row


def is_deflated(uid: str) -> bool:
    """Whether data sets in a transfer syntax are deflated (PS3.5 A.5); in one nobody knows none is."""
    row = transfer_syntax(uid)
    return row is not None and row.deflated
