"""Deadlines behind one timer: each in its turn, none lost."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from engine.runtime.alarms import Alarms


def ringing(*seconds: float, cancelled: tuple[int, ...] = (), failing: tuple[int, ...] = ()) -> tuple[list[int], Any]:
    """Set an alarm for each, take some back; what was called, in order, and what the loop was told."""
    called: list[int] = []
    told: list[Any] = []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, details: told.append(details["exception"]))
        alarms = Alarms(time.perf_counter)
        alarms.loop = loop
        done = loop.create_future()

        def act(number: int) -> None:
            called.append(number)
            if len(called) == len(seconds) - len(cancelled):
                done.set_result(None)
            if number in failing:
                raise ValueError(number)

        numbers = [alarms.after(s, lambda number=number: act(number)) for number, s in enumerate(seconds)]
        assert all(numbers) and len(set(numbers)) == len(numbers)
        for number in cancelled:
            alarms.cancel(numbers[number])
            alarms.cancel(numbers[number])  # a second time means nothing
        await asyncio.wait_for(done, 20.0)

    asyncio.run(work())
    return called, told


def test_the_earliest_rings_first_whatever_was_set_first() -> None:
    assert ringing(0.06, 0.02, 0.04)[0] == [1, 2, 0]


def test_one_that_is_taken_back_does_not_ring() -> None:
    assert ringing(0.01, 0.02, 0.03, cancelled=(0,))[0] == [1, 2]
    assert ringing(0.03, 0.02, 0.01, cancelled=(2, 1))[0] == [0]


def test_what_is_due_at_once_rings_in_the_order_in_which_it_is_due() -> None:
    assert ringing(0.0, -1.0, 0.0)[0] == [1, 0, 2]


def test_one_that_fails_is_told_and_the_others_ring() -> None:
    called, told = ringing(0.0, 0.0, 0.01, failing=(0,))
    assert called == [0, 1, 2]
    assert [str(error) for error in told] == ["0"]


def test_an_alarm_may_set_and_take_back_others() -> None:
    called: list[str] = []

    async def work() -> None:
        alarms = Alarms(time.perf_counter)
        alarms.loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def first() -> None:
            called.append("first")
            alarms.cancel(second)
            alarms.after(0.0, last)

        def last() -> None:
            called.append("last")
            done.set()

        alarms.after(0.0, first)
        second = alarms.after(0.0, lambda: called.append("second"))
        await asyncio.wait_for(done.wait(), 20.0)

    asyncio.run(work())
    assert called == ["first", "last"]
