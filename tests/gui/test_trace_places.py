"""The PDU that a row of the status log leads to, among as many as are kept."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import overload

import pytest

from engine.model.notices import Direction, PduNotice
from gui.models.trace_places import sent_from, told_before
from gui.models.trace_store import KEPT_PDUS

FIRST = bytes.fromhex("040000000006 00000002 01 03")
FRAGMENT = bytes.fromhex("040000000006 00000002 01 00")


def pdu(time: float, sent: bool, data: bytes = FIRST) -> PduNotice:
    direction = Direction.SENT if sent else Direction.RECEIVED
    return PduNotice(association=1, time=time, clock=time, direction=direction, type=data[0], data=data, size=len(data))


class LongConversation(Sequence[PduNotice]):
    """Requests of 32 PDUs, each answered by one; counts how many PDUs are looked at."""

    looked = 0

    def __len__(self) -> int:
        return KEPT_PDUS

    @overload
    def __getitem__(self, index: int) -> PduNotice: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[PduNotice]: ...
    def __getitem__(self, index: int | slice) -> PduNotice | Sequence[PduNotice]:
        assert isinstance(index, int)
        if not 0 <= index < KEPT_PDUS:
            raise IndexError(index)
        self.looked += 1
        place = index % 33
        return pdu(float(index), place < 32, FIRST if place in (0, 32) else FRAGMENT)


@pytest.mark.parametrize("message", [1, 5_000, 12_000])
def test_a_row_leads_to_its_pdu_without_a_look_at_all_of_a_long_association(message: int) -> None:
    talk = LongConversation()
    start = message * 33
    assert told_before(talk, start + 31, sent=True) == start
    assert told_before(talk, start + 32, sent=False) == start + 32
    assert sent_from(talk, start - 0.5, any_way=False) == start
    assert sent_from(talk, start + 31.5, any_way=True) == start + 32
    assert talk.looked < 2_000


@pytest.mark.parametrize("seed", range(200))
def test_each_direction_is_searched_alone_however_the_two_are_told(seed: int) -> None:
    random = Random(seed)
    records, clocks = [], {True: 0.0, False: random.choice((-3.0, 0.0, 3.0))}
    for _ in range(random.randrange(12)):
        sent = random.random() < random.choice((0.1, 0.5, 0.9))
        clocks[sent] += random.choice((0.0, 1.0))
        records.append(pdu(clocks[sent], sent))
    for time in (-4.0, -0.5, 0.0, 1.0, 2.5, 20.0):
        for sent in (True, False):
            direction = Direction.SENT if sent else Direction.RECEIVED
            until = [i for i, r in enumerate(records) if r.direction is direction and r.time <= time]
            assert told_before(records, time, sent) == max(until, default=-1)
        for any_way in (True, False):
            ours = [i for i, r in enumerate(records) if r.direction is Direction.SENT]
            later = [i for i, r in enumerate(records) if r.time >= time and (any_way or i in ours)]
            assert sent_from(records, time, any_way=any_way) == min(later, default=max(ours, default=-1))


def test_nothing_is_found_where_nothing_was_told() -> None:
    assert told_before((), 1.0, sent=True) == -1
    assert sent_from((), 1.0, any_way=True) == -1
