"""How much of a peer's is taken before it is refused: no peer, broken or hostile, may fill memory or disk."""

from __future__ import annotations

import re

from engine.standard.lean import dataclass

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is taken. Beyond it: A-ASSOCIATE-RJ, A-ABORT, or a status of "out of resources", with a sentence."""

    pdu_length: int = 128 * MIB
    """PDU-length of a P-DATA-TF. Peers that are told "unlimited" send up to tens of MiB; more is not DICOM but noise.
    Other PDUs are bounded by the Standard's own contents (`engine.wire.framer.OTHER_LIMIT`)."""
    unfinished: int = 512 * MIB
    """Bytes of PDUs that have not come to their end, of all connections together: `pdu_length` of each would be 8 GiB
    for 64 associations. Those of 16 KiB count nothing; four of the longest are taken at a time. A quarter more is there
    for those of which 2 MiB or less have come, whom the long ones would keep out."""
    pdvs: int = 64
    """Presentation Data Values in one P-DATA-TF, which are to be of one message (PS3.8 E.1): senders put one or two
    into it. Each may be a message of its own, and a PDU is taken in one turn."""
    contexts: int = 128
    """Presentation contexts in an A-ASSOCIATE-RQ or -AC: as many as there are IDs (PS3.8 9.3.2.2)."""
    items: int = 16384
    """Items and sub-items in an A-ASSOCIATE-RQ or -AC, in all: 128 contexts with every transfer syntax there is, and as
    many sub-items of user information, stay well under it."""
    command_set: int = 256 * KIB
    """Bytes of a command set. Real ones have a few hundred; an N-GET of all attributes there are has 20 KiB. One of a
    MiB can have a hundred thousand elements, which hold up everybody for seconds."""
    waiting: int = 32 * MIB
    """Bytes that requests of one peer keep while they are not answered: their data sets in memory, and 8 KiB for the
    rest of each. 4,000 requests in a row without reading a response is no test of anything."""
    data_set: int = 64 * GIB
    """Bytes of one data set. Encapsulated pixel data may pass the 4 GiB of a 32-bit length; no instance met comes near
    this."""
    memory: int = 16 * MIB
    """Bytes of a data set under way that stay in memory; a larger one goes to a file. 16 MiB hold nearly all single
    images. All together have 512 MiB or this (`engine.runtime.files.TOGETHER`): 64 associations with four messages
    begun on each (PS3.8 E.1 forbids more than one) would have four GiB. What is to be stored in a folder goes there
    sooner."""
    depth: int = 64
    """Sequences in each other. The deepest structured reports have about 20."""
    inflated: int = 128 * MIB
    """Bytes a deflated data set may become, in memory; a megabyte can become a gigabyte. Inflating so many takes half a
    second; structured reports and presentation states, which are deflated mostly, have less than a hundredth."""
    decoded: int = 256 * MIB
    """Bytes of a data set that is no instance to store, all of which is read: identifiers and reports have some KiB,
    the images of a film that is printed some tens of MiB."""
    unasked: int = 128
    """Connections to the built-in peer that have sent no A-ASSOCIATE-RQ yet: real peers send it at once, and a port
    scan opens a few. And connections whose association has ended, which the peer is to close within the ARTIM
    time-out."""
    objects: int = 100_000
    """Normalized instances the built-in peer holds at once, a few hundred MB of small ones: a client in a loop must not
    fill the memory."""
    objects_size: int = GIB
    """Bytes of memory they and what belongs to them hold together, subscriptions, transactions and printed films: a
    film session of a dozen large films has half of that, all else is small."""
    files: int = 0
    """Instances taken in a run of the built-in peer; 0: no limit but the disk's."""
    received: int = 0
    """Bytes of instances taken in a run of the built-in peer; 0: no limit but the disk's."""
    without_folder: int = 2 * GIB
    """Bytes of instances kept in memory, where the built-in peer has no folder; 0: no limit."""
    disk_left: int = 256 * MIB
    """Bytes to stay free on the disk that instances go to: the system and the records of the session need some."""


USUAL = Limits()
"""Where nobody says otherwise."""


def announced(maximum_length: int, limits: Limits) -> int:
    """The Maximum Length (PS3.8 D.1) to announce where this one was set: no more than is taken. 0, which has the peer
    choose, stays."""
    return min(maximum_length, limits.pdu_length)


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit as the settings file, the command line and the window have it."""

    name: str
    label: str
    low: int
    high: int
    unit: str
    hint: str


BYTES = "bytes"
LIMITS = (
    LimitRow("pdu_length", "PDU length", KIB, 0xFFFFFFFF, BYTES, "A longer PDU: A-ABORT."),
    LimitRow("unfinished", "PDUs under way", MIB, 1 << 40, BYTES, "Of all associations together. More: A-ABORT."),
    LimitRow("pdvs", "PDVs in a PDU", 2, 1 << 20, "", "More in one P-DATA-TF: A-ABORT."),
    LimitRow("contexts", "Presentation contexts", 1, 128, "", "More: rejected, or A-ABORT."),
    LimitRow("items", "Items and sub-items", 8, 1 << 14, "", "More: rejected, or A-ABORT."),
    LimitRow("command_set", "Command set", KIB, 64 * MIB, BYTES, "A longer one: A-ABORT."),
    LimitRow("waiting", "Requests waiting", 64 * KIB, 4 * GIB, BYTES, "Above it reading pauses."),
    LimitRow("data_set", "Data set", 0, 1 << 48, BYTES, "A longer one: A-ABORT."),
    LimitRow("memory", "In memory", 0, 4 * GIB, BYTES, "Of a data set under way; more goes to a file."),
    LimitRow("depth", "Sequence depth", 1, 200, "", "Deeper data sets are refused."),
    LimitRow("inflated", "Inflated size", KIB, 1 << 40, BYTES, "Of a deflated data set; more is refused."),
    LimitRow("decoded", "Decoded size", KIB, 4 * GIB, BYTES, "Of what is no instance to store; more is refused."),
    LimitRow("unasked", "Silent connections", 1, 1 << 12, "", "Beyond it the oldest of them is closed."),
    LimitRow("objects", "Normalized instances", 1, 1 << 24, "", "What would be one more is refused, 0213."),
    LimitRow("objects_size", "Normalized size", KIB, 1 << 40, BYTES, "Of all of them, in memory. More: 0213."),
    LimitRow("files", "Instances in a run", 0, 1 << 48, "", "0: as many as the disk takes."),
    LimitRow("received", "Bytes in a run", 0, 1 << 60, BYTES, "0: as much as the disk takes."),
    LimitRow("without_folder", "Without a folder", 0, 1 << 40, BYTES, "Of instances kept in memory. 0: no limit."),
    LimitRow("disk_left", "Left on the disk", 0, 1 << 60, BYTES, "What would leave less is refused, A700."),
)
_UNITS = {"": 0, "B": 0, "BYTES": 0, "K": 10, "KIB": 10, "M": 20, "MIB": 20, "G": 30, "GIB": 30, "T": 40, "TIB": 40}
_WRITTEN = (("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10))


def read_limit(row: LimitRow, text: str) -> int:
    """A number of this limit as people write it: 65536, 64K, 64 KiB. ValueError says what is wrong."""
    match = re.fullmatch(r"\s*(\d{1,20})\s*([A-Za-z]{0,5})\s*", text, re.ASCII)
    unit = match[2].upper() if match else ""
    if match is None or unit not in _UNITS or (unit and row.unit != BYTES):
        wanted = "bytes, as 65536, 64 KiB or 2 GiB" if row.unit == BYTES else "a whole number"
        raise ValueError(f"“{text.strip()}” is not {wanted}.")
    value = int(match[1]) << _UNITS[unit]
    if not row.low <= value <= row.high:
        raise ValueError(f"Must be between {limit_text(row, row.low)} and {limit_text(row, row.high)}.")
    return value


def limit_text(row: LimitRow, value: int) -> str:
    """The number as `read_limit` reads it, exactly, in the largest unit that fits."""
    if row.unit != BYTES:
        return str(value)
    return next((f"{value >> bits} {unit}" for unit, bits in _WRITTEN if value and not value % (1 << bits)), str(value))


# --- what is said where one is reached ------------------------------------------------------------------------------


_MARK = re.compile(r" \(limit (\w+)\)")
_OF_ASSOCIATIONS = {
    "max_associations": "raise “Associations at once” in the settings, or --max-associations",
    "max_per_caller": "raise “With one calling AE title” in the settings, or --max-per-caller",
}
"""The two that stand among the other rules of who is let in (`engine.model.association.Policy`)."""


def named(name: str, value: int = 0) -> str:
    """What a sentence about a limit ends with, so that `to_raise` knows it; "" where it is as high as it can be."""
    return f" (limit {name})" if all(value < row.high for row in LIMITS if row.name == name) else ""


def unnamed(text: str) -> str:
    """The text as a peer is told it, who knows nothing of our settings."""
    return _MARK.sub("", text)


def to_raise(text: str) -> str:
    """How to have more taken, as a sentence of its own, where the text names a limit; else ""."""
    match = _MARK.search(text)
    if match is None:
        return ""
    name = match[1]
    if name in _OF_ASSOCIATIONS:
        return f"To let more in, {_OF_ASSOCIATIONS[name]}."
    what = "make room, or lower" if name == "disk_left" else "raise"
    label = next(row.label for row in LIMITS if row.name == name)
    return f"To take more, {what} “{label}” under Limits in the settings, or with --limit {name}=NUMBER."
