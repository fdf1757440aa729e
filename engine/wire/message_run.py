"""Messages that follow one another and are alike to the last byte of their command set: the matches of a query."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from engine.standard.lean import dataclass

from .pdus import PDU_HEADER, PDV_HEADER

HEADERS = PDU_HEADER + PDV_HEADER
ALL_OF_COMMAND = 3
"""The message control header of a fragment that is a whole command set (PS3.8 E.2)."""
HEADS = struct.Struct(">BxIIBB")
"""The headers of a P-DATA-TF with one PDV: type, PDU-length, item length, context ID, message control header."""
LARGEST_COMMAND = 1024
"""Bytes of a command set that is looked for again: the least limit there can be (`Limits.command_set`)."""
LARGEST_MATCH = 16 * 1024
"""Bytes of a data set in a run: matches have a few hundred; what is larger is worth a look of its own."""


@dataclass(frozen=True, slots=True)
class MessageRun:
    """Messages of two P-DATA-TFs each, as they came: one with the whole command set, the same for all, and one with the
    whole data set, of an even number of bytes and not empty, on the same presentation context.

    head: the P-DATA-TF with the command set. data: all of the bytes. ends: where each message ends in them, after the
    0 where the first one begins. largest: bytes of the largest data set.
    """

    head: bytes
    data: bytes
    ends: list[int]
    largest: int

    def __len__(self) -> int:
        """How many messages."""
        return len(self.ends) - 1

    @property
    def context_id(self) -> int:
        return self.head[PDU_HEADER + 4]

    @property
    def command_bytes(self) -> bytes:
        return self.head[HEADERS:]

    def size(self, first: int) -> int:
        """Bytes of the messages from this one on."""
        return self.ends[-1] - self.ends[first]

    def data_pdu(self, index: int) -> bytes:
        """The P-DATA-TF with the data set of a message."""
        return self.data[self.ends[index] + len(self.head) : self.ends[index + 1]]

    def data_set(self, index: int) -> bytes:
        return self.data[self.ends[index] + len(self.head) + HEADERS : self.ends[index + 1]]

    def data_sets(self, first: int) -> Iterator[tuple[int, int]]:
        """Where in `data` each data set from this one on begins and ends."""
        before = len(self.head) + HEADERS
        return ((start + before, end) for start, end in zip(self.ends[first:], self.ends[first + 1 :], strict=False))


def may_repeat(pdu: bytes) -> bool:
    """Whether this is a P-DATA-TF as `MessageRun.head` is one."""
    size = len(pdu) - HEADERS
    if not 0 < size <= LARGEST_COMMAND or size % 2 or pdu[PDU_HEADER + 5] != ALL_OF_COMMAND or pdu[1]:
        return False
    return int.from_bytes(pdu[PDU_HEADER : PDU_HEADER + 4], "big") == size + 2
