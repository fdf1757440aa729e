"""Notices in order, and one bell for the first of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NoReturn

import pytest

from engine.model.notices import Direction, ErrorNotice, PduNotice
from engine.runtime import outbox
from engine.runtime.outbox import Outbox
from engine.runtime.runs import PduRun


def error(number: int) -> ErrorNotice:
    return ErrorNotice(time=0.0, sentence=str(number))


def pdu(size: int) -> PduNotice:
    return PduNotice(association=1, time=0.0, clock=0.0, direction=Direction.SENT, type=4, data=bytes(size), size=size)


def test_the_bell_rings_once_until_the_notices_are_fetched() -> None:
    rung: list[None] = []
    box = Outbox(lambda: rung.append(None))
    for number in range(5):
        box.put(error(number))
    assert len(rung) == 1
    taken = box.drain(100)
    assert [n.sentence for n in taken if isinstance(n, ErrorNotice)] == ["0", "1", "2", "3", "4"]
    box.put(error(5))
    assert len(rung) == 2


def test_a_limit_leaves_the_rest_in_order() -> None:
    box = Outbox()
    for number in range(5):
        box.put(error(number))
    assert box.drain(3) == [error(0), error(1), error(2)]
    assert box.drain(3) == [error(3), error(4)]
    assert box.drain(3) == []


def test_waiting_ends_with_the_time_or_a_notice() -> None:
    box = Outbox()
    assert not box.wait(0.01)
    box.put(error(0))
    assert box.wait(0.01)
    box.drain(10)
    assert not box.wait(0.01)


def test_nothing_is_lost_or_missed_between_two_threads() -> None:
    box = Outbox()
    count = 20_000

    def write() -> None:
        for number in range(count):
            box.put(error(number))

    writer = threading.Thread(target=write)
    writer.start()
    taken = []
    while len(taken) < count:
        assert box.wait(5.0)
        taken += box.drain(7)
    writer.join()
    assert taken == [error(number) for number in range(count)]


def test_copies_of_pdus_have_a_limit() -> None:
    box = Outbox()
    box.put(pdu(outbox.PAYLOAD_LIMIT // 4))
    assert box.has_room
    for _ in range(3):
        box.put(pdu(outbox.PAYLOAD_LIMIT // 4))
    assert not box.has_room
    box.drain(1)
    assert box.has_room


def test_records_ring_a_little_later_and_what_somebody_waits_for_at_once() -> None:
    rung: list[None] = []
    due: list[Callable[[], None]] = []
    box = Outbox(lambda: rung.append(None))
    box.later = lambda _seconds, call: due.append(call)
    for _ in range(3):
        box.put(pdu(10))
    assert not rung and len(due) == 1
    due.pop()()
    assert len(rung) == 1
    assert len(box.drain(10)) == 3
    box.put(pdu(10))
    box.put(error(0))
    assert len(rung) == 2, "the error does not wait for the record's time"
    box.drain(10)
    due.pop()()
    assert len(rung) == 2, "nothing is left to ring for"


def test_a_bell_that_is_held_rings_once_when_it_is_let_go() -> None:
    rung: list[None] = []
    box = Outbox(lambda: rung.append(None))
    box.hold()
    box.put(error(0))
    box.put(error(1))
    assert not rung
    assert box.drain(1) == [error(0)], "what is there can be fetched"
    box.let_go()
    assert len(rung) == 1
    assert box.drain(10) == [error(1)]
    box.let_go()
    assert len(rung) == 1, "nothing was put in"
    box.put(error(2))
    assert len(rung) == 1, "it is held until it is let go again"
    box.let_go()
    assert len(rung) == 2


def test_much_payload_rings_at_once_and_once() -> None:
    """What has been looked at makes room for what comes."""
    rung: list[None] = []
    later: list[float] = []
    box = Outbox(lambda: rung.append(None))
    box.later = lambda seconds, _: later.append(seconds)
    quarter = outbox.MUCH // 4
    for _ in range(4):
        box.put(pdu(quarter))
    assert (len(rung), len(later)) == (0, 1)
    for _ in range(3):
        box.put(pdu(quarter))
    assert len(rung) == 1
    assert len(box.drain(100)) == 7
    for _ in range(4):
        box.put(pdu(quarter))
    assert (len(rung), len(later)) == (1, 1)
    box.put(pdu(1))
    assert len(rung) == 2


def test_a_run_that_cannot_be_told_takes_nothing_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood before it is fetched the next time, and so is what comes after it."""
    box = Outbox()
    run = PduRun(
        data=[bytes(6)],
        association=1,
        when=(0.0, 0.0),
        direction=Direction.SENT,
        size=6,
        states=("", "", "", ""),
    )
    room = outbox.PAYLOAD_LIMIT
    for notice in (error(0), pdu(room - 10), run, error(1)):
        box.put(notice)

    def fail(*_: object) -> NoReturn:
        raise KeyError

    with monkeypatch.context() as broken:
        broken.setattr(PduRun, "take", fail)
        with pytest.raises(KeyError):
            box.drain(10)
    assert box.drain(10) == [error(0), pdu(room - 10), error(1)]
    assert box.has_room


def test_a_run_that_cannot_be_told_holds_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr(outbox, "PAYLOAD_LIMIT", 1000)
    box = Outbox()
    box.put(
        PduRun(
            data=[bytes(2000)],
            association=1,
            when=(0.0, 0.0),
            direction=Direction.SENT,
            size=2000,
            states=("", "", "", ""),
        )
    )
    assert not box.has_room
    with monkeypatch.context() as broken:
        broken.setattr(PduRun, "take", fails)
        with pytest.raises(ZeroDivisionError):
            box.drain(10)
    assert box.has_room
