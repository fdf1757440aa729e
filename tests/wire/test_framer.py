"""PDUs cut out of a stream, however it arrives."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.wire.framer import Framer, Unfinished
from engine.wire.pdus import INVALID_PARAMETER_VALUE, UNRECOGNIZED_PDU, PduError


def pdu(size: int, kind: int = 4) -> bytes:
    return bytes((kind, 0)) + size.to_bytes(4, "big") + bytes(i & 0xFF for i in range(size))


@given(
    st.lists(st.integers(0, 400), max_size=12), st.lists(st.integers(1, 700), min_size=1, max_size=20), st.booleans()
)
@settings(deadline=None)
def test_any_cut_gives_the_same_pdus(sizes: list[int], cuts: list[int], feeding: bool) -> None:
    expected = [pdu(s, i % 7 + 1) for i, s in enumerate(sizes)]
    stream = b"".join(expected)
    framer, got, place, turn = Framer(), [], 0, 0
    while place < len(stream):
        piece = stream[place : place + cuts[turn % len(cuts)]]
        if feeding:
            got += [bytes(p) for p in framer.feed(piece)]
        else:
            room = framer.buffer(-1)
            room[: len(piece)] = piece
            got += [bytes(p) for p in framer.filled(len(piece))]
        place, turn = place + len(piece), turn + 1
        assert framer.pending == place - sum(len(g) for g in got)
    assert got == expected


def test_pdus_larger_than_the_buffer_and_many_of_them() -> None:
    big = [pdu(3_000_000), pdu(10), pdu(1_500_000), pdu(70_000)] * 3
    stream, framer, got = memoryview(b"".join(big)), Framer(), []
    place = 0
    while place < len(stream):
        room = framer.buffer()
        count = min(len(room), len(stream) - place)
        assert count > 0
        room[:count] = stream[place : place + count]
        got += [bytes(p) for p in framer.filled(count)]
        place += count
    assert got == big
    assert framer.pending == 0


def test_the_room_grows_with_the_reads_and_never_with_a_mere_claim() -> None:
    framer = Framer()
    assert list(framer.feed(b"\x04\x00" + (100_000_000).to_bytes(4, "big") + bytes(1000))) == []
    assert framer.wanted == 100_000_006
    assert framer.pending == 1006
    assert len(framer.buffer()) < 1 << 21


def test_pdus_before_the_break_come_first_then_the_error_stays() -> None:
    framer = Framer()
    stream = framer.feed(pdu(4, 5) + b"GET / HTTP/1.1")
    assert bytes(next(stream)) == pdu(4, 5)
    with pytest.raises(PduError, match="HTTP request") as caught:
        next(stream)
    assert caught.value.abort_reason == UNRECOGNIZED_PDU
    with pytest.raises(PduError):
        list(framer.feed(b"more"))
    assert framer.peek(4) == b"GET "


def test_a_pdu_length_above_the_limit_is_refused() -> None:
    with pytest.raises(PduError, match="limit is 100") as caught:
        list(Framer(limit=100).feed(pdu(101)))
    assert caught.value.abort_reason == INVALID_PARAMETER_VALUE
    assert len(list(Framer(limit=100).feed(pdu(100)))) == 1


def test_long_pdus_under_way_count_until_they_are_whole() -> None:
    both, whole = Unfinished(), pdu(3 << 20)
    one, other = Framer(unfinished=both, most=5 << 20), Framer(unfinished=both, most=5 << 20)
    usual = len(one.buffer())
    assert not list(one.feed(whole[:usual])) and both.size == 0
    assert not list(one.feed(whole[usual : usual + 1])) and both.size == usual + 1
    assert not list(one.feed(whole[usual + 1 : -1])) and both.size == len(whole) - 1
    assert [bytes(p) for p in one.feed(whole[-1:] + whole[:9])] == [whole] and both.size == 0
    list(one.feed(whole[9:-1]))
    with pytest.raises(PduError, match="more than 5242880 bytes"):
        list(other.feed(whole[:-1]))
    other.close()
    assert both.size == len(whole) - 1
    one.close()
    assert both.size == 0


def test_long_pdus_that_never_end_leave_room_for_short_ones() -> None:
    both, long, short = Unfinished(), pdu((8 << 20) - 1000), pdu(1 << 20)
    framers = [Framer(unfinished=both, most=8 << 20) for _ in range(5)]
    list(framers[0].feed(long[:-1]))
    for other in framers[1:3]:
        assert not list(other.feed(short[:-10]))
    with pytest.raises(PduError, match="more than 8388608 bytes"):
        list(framers[3].feed(short[:-10]))
    assert [bytes(p) for p in framers[1].feed(short[-10:])] == [short]
    with pytest.raises(PduError, match="more than 8388608 bytes"):
        list(framers[4].feed(long[: 3 << 20]))


@pytest.mark.parametrize("pending", [0, 3, 100_000])
def test_who_rests_keeps_no_more_than_what_is_pending(pending: int) -> None:
    framer, long = Framer(), pdu(7 << 20)
    for whole in framer.feed(long + pdu(200_000)[:pending]):
        assert whole == long
        del whole
    assert framer.rest() and not framer.rest()
    assert len(framer.buffer()) < 1 << 18 and framer.pending == pending
    assert [bytes(p) for p in framer.feed(pdu(200_000)[pending:])] == [pdu(200_000)]


@pytest.mark.parametrize("size", [100, 1 << 20])
def test_one_that_is_closed_holds_nothing(size: int) -> None:
    framer = Framer()
    new = len(framer.buffer())
    assert not list(framer.feed(pdu(size)[:-1]))
    framer.close()
    assert framer.pending == 0 and len(framer.buffer()) == new


@pytest.mark.parametrize("behind", [0, 3, 9])
def test_the_memory_of_a_long_pdu_is_given_back_when_it_has_ended(behind: int) -> None:
    framer, long = Framer(), pdu(16 << 20)
    stream = long + pdu(20)
    tracemalloc.start()
    try:
        for at in range(0, len(long), 1 << 20):
            for whole in framer.feed(stream[at : min(at + (1 << 20), len(long) + behind)]):
                assert whole == long
                del whole
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 4 << 20 and framer.pending == behind
    assert [bytes(p) for p in framer.feed(stream[len(long) + behind :])] == [pdu(20)]


def test_pdus_not_fetched_stay_queued() -> None:
    framer = Framer()
    framer.feed(pdu(1) + pdu(2))
    assert [bytes(p) for p in framer.feed(pdu(3))] == [pdu(1), pdu(2), pdu(3)]
