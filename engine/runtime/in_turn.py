"""Requests of one association, begun in their order as far as the asynchronous operations window allows (PS3.7
D.3.3.3)."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Generic, TypeVar

from engine.model.commands import Outgoing

from .association import Association
from .invocation import Ended, Response

UNLIMITED = 64
"""Operations outstanding at once when the window has no limit: more would gain nothing and delay a Cancel."""

T = TypeVar("T")


class InTurn(ABC, Generic[T]):
    """Begins what there is room for until nothing is left to wait for. T: what is sent, a message each.

    A request goes out in the very turn of the loop in which the response that makes room for it came. What has to be
    waited for (a peer that does not read, a large data set, a script) is done by a task instead, and until that is over
    all that follows too, so that the order stays.
    """

    def __init__(self, association: Association, items: Sequence[T]) -> None:
        self._association, self._items = association, items
        self._limit = (association.negotiated.window.invoked if association.negotiated else 1) or UNLIMITED
        self._begun = 0
        self._outstanding: set[int] = set()
        """Numbers of the operations under way."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[None] = association.context.loop.create_future()

    async def run(self) -> None:
        """Send all, or until it is over. Raises Ended when the association ends before the last response."""
        messages = self._association.messages
        messages.at_end.append(self._nothing_comes)
        try:
            self._go_on()
            await self._ended
        except Ended:
            await self._cut_off()
            raise
        finally:
            messages.at_end.remove(self._nothing_comes)
            for task in self._tasks:
                task.cancel()

    # -- what is sent, and what becomes of it

    @property
    @abstractmethod
    def _over(self) -> bool:
        """Whether nothing more is to be begun."""

    @abstractmethod
    def _message(self, item: T) -> Outgoing:
        """It is begun: what goes out."""

    @abstractmethod
    def _answered(self, item: T, response: Response) -> None:
        """Its final response came."""

    @abstractmethod
    def _not_begun(self, item: T, number: int, ended: Ended) -> None:
        """It cannot be sent, or the association ended before it was."""

    def _unanswered(self, item: T, ended: Ended) -> None:
        """It went out, and no response will come."""

    async def _cut_off(self) -> None:
        """The association is over."""

    def _number(self) -> int:
        """Of the operation that is begun."""
        return self._association.context.new_id()

    def _starts(self, item: T, message: Outgoing, number: int) -> bool:
        """Send it at once, where nothing has to be waited for; False where something has to be."""
        return self._association.messages.start(message, number, partial(self._take, item, number))

    # -- the frame

    def _go_on(self) -> None:
        """Begin what there is room for; end when nothing is left to wait for."""
        while not self._ended.done() and self._begun < len(self._items) and not self._over:
            if len(self._outstanding) >= self._limit:
                return
            self._begun += 1
            self._begin(self._items[self._begun - 1])
        if not self._outstanding and not self._tasks and not self._ended.done():
            self._ended.set_result(None)

    def _begin(self, item: T) -> None:
        message, number = self._message(item), self._number()
        self._outstanding.add(number)
        if not self._tasks:
            try:
                if self._starts(item, message, number):
                    return
            except Ended as ended:
                self._outstanding.discard(number)
                self._blocked(item, number, ended)
                return
            except Exception as error:  # noqa: BLE001 - a defect of ours ends the operation, not the connection
                self._fail(error)
                return
        task = self._association.context.loop.create_task(self._send(item, message, number))
        self._tasks.add(task)
        task.add_done_callback(self._sent)

    def _take(self, item: T, number: int, got: Response | Ended) -> None:
        """What came of one that was sent at once."""
        if number not in self._outstanding:
            return  # told already
        try:
            if isinstance(got, Ended):
                self._outstanding.discard(number)
                self._unanswered(item, got)
                self._fail(got)
            elif got.final:
                self._outstanding.discard(number)
                self._answered(item, got)
                self._go_on()
        except Exception as error:  # noqa: BLE001 - as in `_begin`
            self._fail(error)

    async def _send(self, item: T, message: Outgoing, number: int) -> None:
        """One to its response, with all the waiting it takes; only the association's end is raised."""
        messages = self._association.messages
        try:
            invocation = await messages.invoke(message, number)
        except Ended as ended:
            self._outstanding.discard(number)
            self._blocked(item, number, ended)
            return
        try:
            response = await invocation.final()
        except Ended as ended:
            self._unanswered(item, ended)
            raise
        finally:
            self._outstanding.discard(number)
            messages.close_invocation(number)
        self._answered(item, response)

    def _blocked(self, item: T, number: int, ended: Ended) -> None:
        self._not_begun(item, number, ended)
        if self._association.end is not None:
            self._fail(ended)

    def _nothing_comes(self, ended: Ended) -> None:
        """The association has ended. Whoever takes a response knows, but where a defect kept it from being taken."""
        if not self._tasks:
            self._fail(ended)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failed = task.exception()
        if failed is not None:
            self._fail(failed)
            return
        try:
            self._go_on()
        except Exception as error:  # noqa: BLE001 - as in `_begin`
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._ended.done():
            try:
                self._ended.set_exception(error)
            except TypeError:  # a StopIteration, which no future takes
                self._ended.set_exception(RuntimeError(type(error).__name__))
