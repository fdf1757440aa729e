"""Event reports as they arrive, on whatever association, for the procedures that await them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from engine.model.dataset import DataSet
from engine.model.limits import USUAL, Limits
from engine.protocol.exchange_events import Received
from engine.services.procedures.effects import Report

KEPT = 1_000
"""Reports one subscriber has not taken yet; beyond that the oldest go: a watch that reads them keeps up."""


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
    """Every subscriber sees every report. Nothing is decoded while nobody listens."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []

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
        data: DataSet | None = None
        if message.data is not None:
            from engine.wire import datasets

            from .files import decoded

            with suppress(datasets.DataSetError):
                data = decoded(message.data, message.transfer_syntax, limits)
        report = Report(association=association, command=message.command, data=data, sender=sender)
        for subscription in self._subscriptions:
            subscription.put(report)
