"""Command Fields (PS3.7 E.1) and the other fixed values of command sets that code asks for by name."""

from __future__ import annotations

RESPONSE_BIT = 0x8000
"""Set in the Command Field of a response (PS3.7 E.1)."""
STORE = 0x0001
"""The Command Field of C-STORE-RQ (PS3.7 9.3.1)."""
GET = 0x0010
"""The Command Field of C-GET-RQ (PS3.7 9.3.3)."""
FIND = 0x0020
"""The Command Field of C-FIND-RQ (PS3.7 9.3.2)."""
MOVE = 0x0021
"""The Command Field of C-MOVE-RQ (PS3.7 9.3.4)."""
ECHO = 0x0030
"""The Command Field of C-ECHO-RQ (PS3.7 9.3.5)."""
EVENT_REPORT = 0x0100
"""The Command Field of N-EVENT-REPORT-RQ (PS3.7 10.3.1); all from here on are DIMSE-N."""
N_GET = 0x0110
"""The Command Field of N-GET-RQ (PS3.7 10.3.2)."""
N_SET = 0x0120
"""The Command Field of N-SET-RQ (PS3.7 10.3.3)."""
N_ACTION = 0x0130
"""The Command Field of N-ACTION-RQ (PS3.7 10.3.4)."""
N_CREATE = 0x0140
"""The Command Field of N-CREATE-RQ (PS3.7 10.3.5)."""
N_DELETE = 0x0150
"""The Command Field of N-DELETE-RQ (PS3.7 10.3.6)."""
CANCEL = 0x0FFF
"""Command Field of all three C-CANCEL-RQ."""
NO_DATA_SET = 0x0101
"""Command Data Set Type when no Data Set follows (PS3.7 E.1)."""
DATA_SET_FOLLOWS = 0x0001
"""Command Data Set Type we send with a Data Set: anything but 0101H would do (PS3.7 E.1)."""
PRIORITIES: dict[int, str] = {0: "MEDIUM", 1: "HIGH", 2: "LOW"}
"""Values of Priority (0000,0700), by their number (PS3.7 E.1)."""


def priority_named(word: str) -> int | None:
    """The value of Priority of this name, in capitals or not; None where no value is called so."""
    return next((value for value, name in PRIORITIES.items() if name == word.upper()), None)
