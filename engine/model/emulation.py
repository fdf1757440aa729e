"""The emulators of the built-in peer: which there are, which SOP classes each one serves, and how it is to behave."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from functools import lru_cache
from pathlib import Path

from engine.standard.lean import dataclass
from engine.standard.sop_classes import sop_class


@dataclass(frozen=True, slots=True)
class Emulator:
    """One row. name: on the command line and in files. services: service classes of PS3.4 whose SOP classes it serves;
    () is the row for all the others. summary: what it does, in a line."""

    name: str
    title: str
    services: tuple[str, ...]
    summary: str


EMULATORS = (
    Emulator("verification", "Verification", ("Verification",), "Answers C-ECHO."),
    Emulator(
        "storage",
        "Storage",
        ("Storage", "Non-Patient Object Storage"),
        "Keeps instances of every storage SOP class, data sets bit for bit, and coerces nothing.",
    ),
    Emulator(
        "query",
        "Query/Retrieve",
        (
            "Query/Retrieve",
            "Composite Instance Root Retrieve",
            "Composite Instance Retrieve Without Bulk Data",
            "Hanging Protocol Query/Retrieve",
            "Color Palette Query/Retrieve",
            "Implant Template Query/Retrieve",
            "Defined Procedure Protocol Query/Retrieve",
            "Protocol Approval Query/Retrieve",
            "Inventory Query/Retrieve",
            "Substance Administration Query",
        ),
        "Finds stored instances, hierarchically or by relational keys, and sends them with C-MOVE and C-GET.",
    ),
    Emulator(
        "worklist",
        "Modality worklist",
        ("Basic Worklist Management",),
        "Tells modalities what is scheduled.",
    ),
    Emulator(
        "mpps",
        "Performed steps (MPPS)",
        ("Procedure Step",),
        "Modality performed procedure steps: created, changed until they end, read, and told of.",
    ),
    Emulator(
        "commitment",
        "Storage commitment",
        ("Storage Commitment",),
        "Answers for stored instances, at once or later, on the same or a new association.",
    ),
    Emulator(
        "availability",
        "Instance availability",
        ("Instance Availability Notification",),
        "Takes note of what is available where.",
    ),
    Emulator(
        "print",
        "Print",
        ("Print Management",),
        "A grayscale and color printer: film sessions, film boxes, images, print jobs; films can be looked at.",
    ),
    Emulator(
        "ups",
        "Unified steps (UPS)",
        ("Unified Worklist and Procedure Step",),
        "Unified procedure steps with their states, locks, subscriptions and events.",
    ),
    Emulator(
        "patient",
        "Relevant patients",
        ("Relevant Patient Information Query",),
        "Tells of the patients whose instances are stored.",
    ),
    Emulator(
        "generic",
        "Anything else",
        (),
        "Keeps normalized instances of any other SOP class, private ones too.",
    ),
)
NAMES = tuple(e.name for e in EMULATORS)
_BY_SERVICE = {service: e for e in EMULATORS for service in e.services}
_GENERIC = EMULATORS[-1]


@lru_cache(256)
def emulator_of(sop_class_uid: str) -> Emulator:
    """The emulator that serves a SOP class: by its service class in the Standard's table."""
    row = sop_class(sop_class_uid)
    return _BY_SERVICE.get(row.service_class, _GENERIC) if row else _GENERIC


class ReportOn(Enum):
    """Which association takes a storage commitment report (PS3.4 J.3.3)."""

    EITHER = "either"
    """The requester's while it is open, else a new one."""
    SAME = "same"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentOptions:
    """delay: seconds before the report. fail_every: of the references in a request every so-manieth fails whatever is
    held; 0: none, 1: all. reason: its Failure Reason (PS3.3 C.14.1.1). retries: how often a report that could not be
    delivered is tried again while the peer runs, first after `retry_after` seconds, then each time twice as long."""

    report: ReportOn = ReportOn.EITHER
    delay: float = 0.0
    fail_every: int = 0
    reason: int = 0x0110
    retries: int = 5
    retry_after: float = 10.0
    """10, 20, 40, 80, 160 s: about five minutes, in which a destination is mended or a modality comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterOptions:
    """Printer Status and Printer Status Info (PS3.3 C.13.9). With FAILURE nothing is printed."""

    status: str = "NORMAL"
    info: str = "NORMAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulation:
    """How the built-in peer behaves. on: names of the emulators that serve; SOP classes of others are not accepted.

    worklist: a folder of worklist items (TOML, DICOM JSON, DICOM files), looked at again whenever it is asked.
    samples: the sample data set is there from the start.
    """

    on: frozenset[str] = frozenset(NAMES)
    commitment: CommitmentOptions = field(default_factory=CommitmentOptions)
    printer: PrinterOptions = field(default_factory=PrinterOptions)
    worklist: Path | None = None
    samples: bool = False

    def withheld(self, sop_class_uid: str) -> str:
        """Why a SOP class is not accepted, as the end of a sentence; "" when it is."""
        emulator = emulator_of(sop_class_uid)
        return "" if emulator.name in self.on else f"the emulator {emulator.name} is switched off"
