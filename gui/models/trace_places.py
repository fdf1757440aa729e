"""Which PDU of an association a row of the status log leads to, found in milliseconds among as many as are kept.

Each direction is in the order of its times. Both together are not: what is received is told when we come to it, with
the time it had arrived, perhaps after what we sent later. So each direction is searched alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.model.notices import Direction, PduNotice
from engine.standard.pdus import PDataTF

from .log_store import SET

_CONTROL = 11
"""Offset of the first message control header of a P-DATA-TF (PS3.8 9.3.5)."""


def sent_from(records: Sequence[PduNotice], time: float, *, any_way: bool, ahead: float | None = None) -> int:
    """The first PDU sent (or of any direction) at a time or later; else the last sent before; -1 when there is none.

    time: seconds, as in the notices. ahead: see `TraceTarget`.
    """
    when = _times(ahead)
    before, after = _around(records, Direction.SENT, lambda pdu: when(pdu) < time)
    if any_way:
        after = min(after, _around(records, Direction.RECEIVED, lambda pdu: when(pdu) < time)[1])
    return after if after < len(records) else before


def told_before(records: Sequence[PduNotice], time: float, sent: bool, *, ahead: float | None = None) -> int:
    """The PDU with which the message begins that was whole at a time; -1 when there is none.

    time: seconds, as in the notices. ahead: see `TraceTarget`.
    """
    when = _times(ahead)
    direction = Direction.SENT if sent else Direction.RECEIVED
    last = -1
    for i in range(_around(records, direction, lambda pdu: when(pdu) <= time)[0], -1, -1):
        pdu = records[i]
        if pdu.direction is direction:
            last = i
            data = pdu.data
            # not the middle of a message: a P-DATA-TF that begins with a fragment of a data set (PS3.8 E.2)
            if len(data) <= _CONTROL or data[0] != PDataTF.TYPE or data[_CONTROL] & 1:
                break
    return last


def _times(ahead: float | None) -> Callable[[PduNotice], float]:
    """The time of a PDU by the clock as it was set then."""
    if ahead is None:
        return lambda pdu: pdu.time
    return lambda pdu: pdu.time if abs(pdu.time - pdu.clock - ahead) < SET else pdu.clock + ahead


def _around(records: Sequence[PduNotice], direction: Direction, early: Callable[[PduNotice], bool]) -> tuple[int, int]:
    """The last early PDU of a direction, and its first that is not; -1 and the number of records without one.

    Bisected; PDUs of the other direction are passed over, each at most once.
    """
    before, after = -1, len(records)
    low, high = 0, len(records)
    while low < high:
        middle = (low + high) // 2
        for i in range(middle, low - 1, -1):
            if records[i].direction is direction:
                if early(records[i]):
                    before, low = i, middle + 1
                else:
                    after = high = i
                break
        else:
            low = middle + 1
    return before, after
