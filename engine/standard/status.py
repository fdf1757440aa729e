"""Status codes (0000,0900): Annex C of PS3.7 and which services use which.

The tables of the service classes (`engine.standard.service_statuses`, PS3.4) come in front of it.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache, lru_cache

from .elements import BY_KEYWORD
from .lean import dataclass


class StatusClass(Enum):
    """Annex C's classes of status types. UNKNOWN: a code the Standard does not allow."""

    SUCCESS = "Success"
    PENDING = "Pending"
    WARNING = "Warning"
    FAILURE = "Failure"
    CANCEL = "Cancel"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One status: a code, or the codes first..last whose low digits the performer chooses ("A7xx", PS3.4 5.3).

    related: tags of the command elements that may come with it.
    """

    first: int
    last: int
    klass: StatusClass
    meaning: str
    related: tuple[int, ...]
    clause: str

    def __contains__(self, code: int) -> bool:
        return self.first <= code <= self.last

    @property
    def code(self) -> str:
        """The code as the Standard prints it: "A801", "A7xx"."""
        free = len(f"{self.last - self.first:X}") if self.last > self.first else 0
        return f"{self.first:04X}"[: 4 - free] + "x" * free


_RANGES = (  # PS3.7 C; the first that holds the code
    (0x0000, 0x0000, StatusClass.SUCCESS),
    (0x0001, 0x0001, StatusClass.WARNING),
    (0x0107, 0x0107, StatusClass.WARNING),
    (0x0116, 0x0116, StatusClass.WARNING),
    (0x0100, 0x02FF, StatusClass.FAILURE),
    (0xA000, 0xAFFF, StatusClass.FAILURE),
    (0xB000, 0xBFFF, StatusClass.WARNING),
    (0xC000, 0xCFFF, StatusClass.FAILURE),
    (0xFE00, 0xFE00, StatusClass.CANCEL),
    (0xFF00, 0xFF01, StatusClass.PENDING),
)

RELATED = {
    "S": ("AffectedSOPClassUID",),
    "O": ("OffendingElement",),
    "C": ("ErrorComment",),
    "I": ("ErrorID",),
    "U": ("AffectedSOPInstanceUID",),
    "E": ("EventTypeID",),
    "L": ("AttributeIdentifierList",),
    "A": ("ActionTypeID",),
    "R": ("NumberOfRemainingSuboperations",),
    "N": ("NumberOfCompletedSuboperations", "NumberOfFailedSuboperations", "NumberOfWarningSuboperations"),
}
"""Letters of the tables here and in `service_statuses`: the elements that may come with a status."""

# PS3.7 Annex C, the status types with a code of their own. Columns: code, clause, related elements, name.
_ANNEX_C = """
0000  C.1.1   -      Success
FE00  C.3.1   -      Cancel
0107  C.4.2   SUL    Attribute List warning
0116  C.4.3   -      Attribute Value out of range
0122  C.5.6   C      Refused: SOP Class not supported
0119  C.5.7   SU     Class-Instance conflict
0111  C.5.8   U      Duplicate SOP Instance
0210  C.5.9   -      Duplicate invocation
0115  C.5.10  SUEA   Invalid argument value
0106  C.5.11  -      Invalid Attribute Value
0117  C.5.12  U      Invalid SOP Instance
0120  C.5.13  L      Missing Attribute
0121  C.5.14  -      Missing Attribute Value
0212  C.5.15  -      Mistyped argument
0114  C.5.16  SEA    No such argument
0105  C.5.17  L      No such Attribute
0113  C.5.18  SE     No such Event Type
0112  C.5.19  U      No such SOP Instance
0118  C.5.20  S      No such SOP Class
0110  C.5.21  SUCI   Processing Failure
0213  C.5.22  -      Resource limitation
0211  C.5.23  -      Unrecognized operation
0123  C.5.24  SA     No such Action Type
0124  C.5.25  C      Refused: Not authorized
"""

# Which of them each service uses; codes of the service class come on top (PS3.7 9.1.x.1, 10.1.x.1).
_APPLICABLE = {
    "C-STORE":        "0000 0117 0122 0124 0210 0211 0212",
    "C-FIND":         "0000 0122 0124 0210 0211 0212 FE00",
    "C-GET":          "0000 0122 0124 0210 0211 0212 FE00",
    "C-MOVE":         "0000 0122 0124 0210 0211 0212 FE00",
    "C-ECHO":         "0000 0122 0210 0211 0212",
    "N-EVENT-REPORT": "0000 0110 0112 0113 0114 0115 0117 0118 0119 0210 0211 0212 0213",
    "N-GET":          "0000 0107 0110 0112 0117 0118 0119 0124 0210 0211 0212 0213",
    "N-SET":          "0000 0105 0106 0107 0110 0112 0116 0117 0118 0119 0121 0124 0210 0211 0212 0213",
    "N-ACTION":       "0000 0110 0112 0114 0115 0117 0118 0119 0123 0124 0210 0211 0212 0213",
    "N-CREATE":       "0000 0105 0106 0107 0110 0111 0116 0117 0118 0120 0121 0124 0210 0211 0212 0213",
    "N-DELETE":       "0000 0110 0112 0117 0118 0119 0124 0210 0211 0212 0213",
}  # fmt: skip

_ORDER = list(StatusClass)


@lru_cache(maxsize=512)
def status_class(code: int) -> StatusClass:
    """The class of a code, by Annex C's ranges alone."""
    return next((k for first, last, k in _RANGES if first <= code <= last), StatusClass.UNKNOWN)


def make_row(code: str, related: str, meaning: str, clause: str) -> StatusRow:
    """A row from the notation of the tables: code with x for free digits, letters of `RELATED` or "-"."""
    first, last = int(code.replace("x", "0"), 16), int(code.replace("x", "F"), 16)
    tags = sorted(BY_KEYWORD[k].tag for letter in related.strip("-") for k in RELATED[letter])
    return StatusRow(first, last, status_class(first), meaning, tuple(tags), clause)


def _annex_c() -> dict[int, StatusRow]:
    rows = (re.split(r"\s\s+", line) for line in _ANNEX_C.strip().splitlines())
    made = (make_row(code, related, meaning, f"PS3.7 {clause}") for code, clause, related, meaning in rows)
    return {row.first: row for row in made}


ANNEX_C: dict[int, StatusRow] = _annex_c()
"""The general status types by code."""

APPLICABLE: dict[str, tuple[int, ...]] = {s: tuple(int(c, 16) for c in t.split()) for s, t in _APPLICABLE.items()}
"""General codes by service."""


@lru_cache(maxsize=512)
def _own_rows(service: str, sop_class_uid: str) -> tuple[StatusRow, ...]:
    # Here, not above: that module is made of this one's rows.
    from .service_statuses import rows_for

    return rows_for(service, sop_class_uid)


def lookup(code: int, service: str = "", sop_class_uid: str = "") -> StatusRow:
    """What a status says: by the service class's table, else Annex C, else by class only. Never raises.

    service: "C-STORE", ...; "" when unknown. Of a message by name, both requests and responses work ("C-STORE-RSP").
    """
    own = [row for row in _own_rows(_service_name(service), sop_class_uid) if code in row]
    if own:
        return min(own, key=lambda row: row.last - row.first)
    return ANNEX_C.get(code) or _by_class(code)


@cache
def _by_class(code: int) -> StatusRow:
    klass = status_class(code)
    meaning = klass.value if klass is not StatusClass.UNKNOWN else "not a status code of the Standard"
    return StatusRow(code, code, klass, meaning, (), "PS3.7 C")


def is_known(code: int, service: str, sop_class_uid: str = "") -> bool:
    """Whether the Standard names this code for the service (and its service class)."""
    name = _service_name(service)
    return code in APPLICABLE.get(name, ()) or any(code in row for row in _own_rows(name, sop_class_uid))


def statuses_for(service: str, sop_class_uid: str = "") -> tuple[StatusRow, ...]:
    """All statuses of a service for a SOP class: success, pending, warnings, failures, cancel; each by code."""
    name = _service_name(service)
    own = {row.code: row for row in _own_rows(name, sop_class_uid)}
    general = (ANNEX_C[c] for c in APPLICABLE.get(name, ANNEX_C))
    rows = (*own.values(), *(row for row in general if row.code not in own))
    return tuple(sorted(rows, key=lambda row: (_ORDER.index(row.klass), row.first, row.last)))


def status_text(code: int, service: str = "", sop_class_uid: str = "") -> str:
    """The code and its meaning for people: "A801H Refused: Move Destination unknown"."""
    return f"{code:04X}H {lookup(code, service, sop_class_uid).meaning}"


def _service_name(service: str) -> str:
    return service.removesuffix("-RQ").removesuffix("-RSP")
