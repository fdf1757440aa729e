"""Event reports as they arrive, on whatever association, for the procedures that await them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from engine.model.dataset import DataSet
from engine.model.limits import USUAL, Limits
from engine.protocol.exchange_events import Received
from engine.services.procedures.effects import Report
from engine.standard.transfer_syntaxes import is_deflated

KEPT = 1_000
"""Reports one subscriber has not taken yet; beyond that the oldest go: a watch that reads them keeps up."""

MOST_BESIDE = 16
"""Reports that wait for one to be inflated; one beyond them is shown without its data set. Each may have 16 MiB."""
READING = "Reading an event report"
Spawn = Callable[[Coroutine[Any, Any, None], str], object]


class Subscription:
    """What one procedure has not taken yet."""

    def __init__(self) -> None:
        self._waiting: deque[Report] = deque(maxlen=KEPT)
        self._bell = asyncio.Event()

    def put(self, report: Report) -> None:
        self._waiting.append(report)
        self._bell.set()

    def wake(self) -> None:
        """Let a `take` that waits return None: the user has cancelled."""
        self._bell.set()

    async def take(
        self, wanted: Callable[[Report], bool], seconds: float | None, stop: Callable[[], bool]
    ) -> Report | None:
        """The first that is wanted; None when none is there and `seconds` are over or `stop` says so after a `wake`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self._bell.clear()
                    for report in self._waiting:
                        if wanted(report):
                            self._waiting.remove(report)
                            return report
                    if stop():
                        break
                    await self._bell.wait()
        return None


class ReportBoard:
    """Every subscriber sees every report, in the order they came. Nothing is decoded while nobody listens."""

    def __init__(self, spawn: Spawn) -> None:
        """spawn: runs a coroutine in the loop, and is told what it does."""
        self._subscriptions: list[Subscription] = []
        self._spawn = spawn
        self._beside: deque[tuple[Received, Report, Limits]] = deque()
        """Those with a deflated data set, and what came after them; the first is being decoded."""

    def subscribe(self) -> Subscription:
        subscription = Subscription()
        self._subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.remove(subscription)

    def post(self, association: int, message: Received, sender: str, limits: Limits = USUAL) -> None:
        """An N-EVENT-REPORT-RQ; one whose data set cannot be read is shown without it, the findings tell why."""
        if not self._subscriptions:
            return
        report = Report(association=association, command=message.command, data=None, sender=sender)
        if not self._beside and not (message.data is not None and is_deflated(message.transfer_syntax)):
            self._put(report if message.data is None else replace(report, data=_read(message, limits)))
            return
        if len(self._beside) >= MOST_BESIDE:
            message = replace(message, data=None)
        self._beside.append((message, report, limits))
        if len(self._beside) == 1:
            self._spawn(self._decode(), READING)

    async def _decode(self) -> None:
        """The first, beside the loop: inflating may take long, however few the bytes are. A defect that is met with it
        is told, and keeps none of the others."""
        message, report, limits = self._beside[0]
        try:
            if message.data is not None:
                report = replace(report, data=await asyncio.to_thread(_read, message, limits))
        except asyncio.CancelledError:
            self._beside.clear()
            raise
        except Exception:
            self._shown(report)
            raise
        self._shown(report)

    def _shown(self, report: Report) -> None:
        """The first has been read: the next one's turn."""
        self._beside.popleft()
        self._put(report)
        if self._beside:
            self._spawn(self._decode(), READING)

    def _put(self, report: Report) -> None:
        for subscription in self._subscriptions:
            subscription.put(report)


def _read(message: Received, limits: Limits) -> DataSet | None:
    """The data set; None where it cannot be read."""
    from engine.wire import datasets

    from .files import decoded

    assert message.data is not None
    try:
        return decoded(message.data, message.transfer_syntax, limits)
    except datasets.DataSetError:
        return None
