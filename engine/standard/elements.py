"""The command elements: Table E.1-1 and, retired, Table E.2-1 of PS3.7."""

from __future__ import annotations

import re

from .lean import dataclass


@dataclass(frozen=True, slots=True)
class CommandElement:
    """One row of the command dictionary.

    tag: gggg<<16 | eeee, the group always 0000. vm: "1" or "1-n". meaning: a few words, "" for the retired.
    """

    tag: int
    keyword: str
    name: str
    vr: str
    vm: str
    retired: bool
    meaning: str
    clause: str

    @property
    def multiple(self) -> bool:
        """Whether more than one value is allowed."""
        return self.vm != "1"


# fmt: off
_CURRENT = (  # PS3.7 E.1
    (0x0000, "UL", "1",   "Command Group Length",                     "bytes of the command set after this element"),
    (0x0002, "UI", "1",   "Affected SOP Class UID",                   "SOP Class affected"),
    (0x0003, "UI", "1",   "Requested SOP Class UID",                  "SOP Class addressed"),
    (0x0100, "US", "1",   "Command Field",                            "which DIMSE message this is"),
    (0x0110, "US", "1",   "Message ID",                               "chosen by the sender of the request"),
    (0x0120, "US", "1",   "Message ID Being Responded To",            "Message ID of the request answered"),
    (0x0600, "AE", "1",   "Move Destination",                         "AE that is to receive the instances"),
    (0x0700, "US", "1",   "Priority",                                 "0 MEDIUM, 1 HIGH, 2 LOW"),
    (0x0800, "US", "1",   "Command Data Set Type",                    "0101H: no Data Set follows; else one does"),
    (0x0900, "US", "1",   "Status",                                   "how the operation went"),
    (0x0901, "AT", "1-n", "Offending Element",                        "elements in which the error was found"),
    (0x0902, "LO", "1",   "Error Comment",                            "the error in words, default repertoire only"),
    (0x0903, "US", "1",   "Error ID",                                 "error number of the application"),
    (0x1000, "UI", "1",   "Affected SOP Instance UID",                "SOP Instance affected"),
    (0x1001, "UI", "1",   "Requested SOP Instance UID",               "SOP Instance addressed"),
    (0x1002, "US", "1",   "Event Type ID",                            "type of event, listed per SOP Class in PS3.4"),
    (0x1005, "AT", "1-n", "Attribute Identifier List",                "attributes asked for, or a status is about"),
    (0x1008, "US", "1",   "Action Type ID",                           "type of action, listed per SOP Class in PS3.4"),
    (0x1020, "US", "1",   "Number of Remaining Sub-operations",       "C-STORE sub-operations still to do"),
    (0x1021, "US", "1",   "Number of Completed Sub-operations",       "C-STORE sub-operations that succeeded"),
    (0x1022, "US", "1",   "Number of Failed Sub-operations",          "C-STORE sub-operations that failed"),
    (0x1023, "US", "1",   "Number of Warning Sub-operations",         "C-STORE sub-operations with a warning"),
    (0x1030, "AE", "1",   "Move Originator Application Entity Title", "AE whose C-MOVE caused this C-STORE"),
    (0x1031, "US", "1",   "Move Originator Message ID",               "Message ID of that C-MOVE-RQ"),
)

_RETIRED = (  # PS3.7 E.2
    (0x0001, "UL", "1",   "Command Length to End"),
    (0x0010, "SH", "1",   "Command Recognition Code"),
    (0x0200, "AE", "1",   "Initiator"),
    (0x0300, "AE", "1",   "Receiver"),
    (0x0400, "AE", "1",   "Find Location"),
    (0x0850, "US", "1",   "Number of Matches"),
    (0x0860, "US", "1",   "Response Sequence Number"),
    (0x4000, "LT", "1",   "Dialog Receiver"),
    (0x4010, "LT", "1",   "Terminal Type"),
    (0x5010, "SH", "1",   "Message Set ID"),
    (0x5020, "SH", "1",   "End Message ID"),
    (0x5110, "LT", "1",   "Display Format"),
    (0x5120, "LT", "1",   "Page Position ID"),
    (0x5130, "CS", "1",   "Text Format ID"),
    (0x5140, "CS", "1",   "Normal/Reverse"),
    (0x5150, "CS", "1",   "Add Gray Scale"),
    (0x5160, "CS", "1",   "Borders"),
    (0x5170, "IS", "1",   "Copies"),
    (0x5180, "CS", "1",   "Command Magnification Type"),
    (0x5190, "CS", "1",   "Erase"),
    (0x51A0, "CS", "1",   "Print"),
    (0x51B0, "US", "1-n", "Overlays"),
)
# fmt: on


def _keyword(name: str) -> str:
    """The keyword PS3.6 makes of a name: words capitalised, everything but letters and digits dropped."""
    words = (re.sub(r"\W", "", word) for word in name.split())
    return "".join(word[0].upper() + word[1:] for word in words)


def _row(element: int, vr: str, vm: str, name: str, meaning: str = "", *, retired: bool = False) -> CommandElement:
    clause = "PS3.7 E.2" if retired else "PS3.7 E.1"
    return CommandElement(element, _keyword(name), name, vr, vm, retired, meaning, clause)


ELEMENTS: dict[int, CommandElement] = {
    e.tag: e for e in (*(_row(*r) for r in _CURRENT), *(_row(*r, retired=True) for r in _RETIRED))
}
"""All 24 + 22 elements by tag."""

BY_KEYWORD: dict[str, CommandElement] = {e.keyword: e for e in ELEMENTS.values()}


def tag_text(tag: int) -> str:
    """``(gggg,eeee)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
