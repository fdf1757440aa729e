"""Work that begins at once and becomes a task only when it has to wait."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from engine.model.notices import ErrorNotice
from engine.runtime.context import Context
from engine.runtime.outbox import Outbox


def played(make: Callable[[Context, list[str]], Coroutine[Any, Any, None]]) -> tuple[list[str], list[str]]:
    """What work done with `begin` noted, and the sentences of the errors told."""
    noted: list[str] = []
    outbox = Outbox()

    async def main() -> None:
        context = Context(outbox)
        context.loop = asyncio.get_running_loop()
        context.begin(make(context, noted), "Testing")
        noted.append("begun")
        await context.finish_tasks(0.05)

    asyncio.run(main())
    return noted, [n.sentence for n in outbox.drain(100) if isinstance(n, ErrorNotice)]


def test_what_waits_for_nothing_is_done_at_once() -> None:
    async def work(context: Context, noted: list[str]) -> None:
        noted.append("work")

    assert played(work) == (["work", "begun"], [])


@pytest.mark.parametrize("failing", [False, True])
def test_what_waits_goes_on_later(failing: bool) -> None:
    async def work(context: Context, noted: list[str]) -> None:
        noted.append("first")
        await asyncio.sleep(0)
        noted.append("second")
        done: asyncio.Future[str] = context.loop.create_future()
        if failing:
            context.loop.call_soon(done.set_exception, KeyError("it"))
        else:
            context.loop.call_soon(done.set_result, "third")
        try:
            noted.append(await done)
        except KeyError:
            noted.append("failed")
        await asyncio.to_thread(noted.append, "beside")

    third = "failed" if failing else "third"
    assert played(work) == (["first", "begun", "second", third, "beside"], [])


@pytest.mark.parametrize("waits", [False, True])
def test_what_is_raised_is_told(waits: bool) -> None:
    async def work(context: Context, noted: list[str]) -> None:
        if waits:
            await asyncio.sleep(0)
        raise ValueError("a secret")

    assert played(work) == (["begun"], ["Testing failed unexpectedly: ValueError."])


@pytest.mark.parametrize("again", [False, True])
def test_what_waits_for_ever_is_cancelled_and_can_tidy_up(again: bool) -> None:
    """The first thing it waits for is handed to its task, every later one it meets in it."""

    async def work(context: Context, noted: list[str]) -> None:
        if again:
            await asyncio.sleep(0)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            noted.append("tidied")

    assert played(work) == (["begun", "tidied"], [])


def test_all_is_told_in_its_order_when_the_answer_is_out() -> None:
    outbox = Outbox()
    context = Context(outbox)

    def record(sentence: str) -> None:
        context.record(lambda: outbox.put(ErrorNotice(time=0.0, sentence=sentence)))

    def told() -> list[str]:
        return [n.sentence for n in outbox.drain(100) if isinstance(n, ErrorNotice)]

    record("at once")
    assert told() == ["at once"]
    context.answering = True
    record("first")
    record("second")
    assert told() == []
    context.error("an error")
    record("third")
    assert told() == []
    context.answering = False
    record("fourth")
    assert told() == ["first", "second", "an error", "third", "fourth"]


def test_what_nothing_waits_before_is_told_at_once() -> None:
    outbox = Outbox()
    context = Context(outbox)
    context.answering = True
    context.error("an error")
    assert [n.sentence for n in outbox.drain(100) if isinstance(n, ErrorNotice)] == ["an error"]


def test_what_passed_together_is_told_with_one_time() -> None:
    context = Context(Outbox())
    clocks = itertools.count(1000.0, -1.0)
    context.wall = lambda: next(clocks)  # type: ignore[method-assign]
    context.now = lambda: 7.0  # type: ignore[method-assign]
    context.arrived, context.went = 5.0, 6.0
    first = context.arrival(), context.departure()
    assert (context.arrival(), context.departure()) == first == ((998.0, 5.0), (998.0, 6.0))
    context.arrived = 6.5
    assert context.arrival() == (997.5, 6.5)
    context.arrived = context.went = 0.0
    assert context.arrival()[1] == context.departure()[1] == 7.0
