"""Several messages of one shot: one after the other, or outstanding together as far as the asynchronous operations
window allows (PS3.7 D.3.3.3)."""

from __future__ import annotations

import asyncio
from functools import partial

from engine.model.commands import OneShot, Outgoing
from engine.model.notices import Outcome

from .association import Association
from .invocation import Ended, Response, outcome_of, service_name
from .operations import Operation

UNLIMITED = 64
"""Operations outstanding at once when the window has no limit: more would gain nothing and delay a Cancel."""
_SEVERITY = (Outcome.SUCCESS, Outcome.WARNING, Outcome.CANCELLED, Outcome.FAILURE, Outcome.NOT_SENT)


def opens_operation(message: Outgoing) -> bool:
    """Whether a response is to be waited for: it is a request other than C-CANCEL-RQ."""
    field = message.command.command_field
    return field is not None and not field & 0x8000 and field != 0x0FFF


class Pipeline:
    """The messages of a OneShot; the operation ends with the worst of their outcomes.

    A request goes out in the very turn of the loop in which the response that makes room for it came. What has to be
    waited for (a peer that does not read, a large data set, a script) is done by a task instead, and until that is over
    all that follows too, so that the order stays.
    """

    def __init__(self, association: Association, operation: Operation, command: OneShot) -> None:
        self._association, self._operation, self._messages = association, operation, command.messages
        self._outcomes: set[Outcome] = set()
        self._done = self._failed = 0
        self._outstanding: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._limit = (association.negotiated.window.invoked if association.negotiated else 1) or UNLIMITED
        self._most = 0
        self._begun = 0
        self._ended: asyncio.Future[None] = association.context.loop.create_future()

    async def run(self) -> None:
        """Send all. Raises Ended when the association ends before the last response."""
        operation = self._operation
        operation.total = len(self._messages)
        operation.on_cancel = self._cancel
        try:
            self._go_on()
            await self._ended
        finally:
            for task in self._tasks:
                task.cancel()
        operation.on_cancel = None
        self._end()

    def _go_on(self) -> None:
        """Begin what there is room for; end when nothing is left to wait for."""
        while not self._ended.done() and self._begun < len(self._messages) and not self._operation.cancelled:
            if len(self._outstanding) + len(self._tasks) >= self._limit:
                return
            self._begun += 1
            self._begin(self._messages[self._begun - 1])
        if not self._outstanding and not self._tasks and not self._ended.done():
            self._ended.set_result(None)

    def _begin(self, message: Outgoing) -> None:
        if not self._tasks and opens_operation(message):
            number = self._number()
            try:
                if self._association.messages.start(message, number, partial(self._take, message, number)):
                    return
            except Ended as ended:
                self._not_sent(message, number, ended)
                return
            except Exception as error:  # noqa: BLE001 - a defect of ours ends the operation, not the connection
                self._fail(error)
                return
            self._outstanding.discard(number)
        task = self._association.context.loop.create_task(self._send(message))
        self._tasks.add(task)
        task.add_done_callback(self._sent)

    def _number(self) -> int:
        number = self._operation.number if self._limit == 1 else self._association.context.new_id()
        self._outstanding.add(number)
        self._most = max(self._most, len(self._outstanding))
        return number

    def _take(self, message: Outgoing, number: int, item: Response | Ended) -> None:
        """What came of a message that was sent at once."""
        try:
            if isinstance(item, Ended):
                self._fail(item)
            elif item.final:
                self._outstanding.discard(number)
                self._note(message, outcome_of(item.command.status))
                self._go_on()
        except Exception as error:  # noqa: BLE001 - as in `_begin`
            self._fail(error)

    def _not_sent(self, message: Outgoing, number: int, ended: Ended) -> None:
        self._outstanding.discard(number)
        if self._association.end is not None:
            self._fail(ended)
            return
        self._association.context.error(ended.sentence, self._association.number, self._operation.number)
        self._note(message, ended.outcome)

    async def _send(self, message: Outgoing) -> None:
        """One message to its final response, with all the waiting it takes; only the association's end is raised."""
        messages = self._association.messages
        if not opens_operation(message):
            await messages.answer(message, self._operation.number)
            self._note(message, Outcome.SUCCESS)
            return
        number = self._number()
        try:
            invocation = await messages.invoke(message, number)
            outcome = outcome_of((await invocation.final()).command.status)
        except Ended as ended:
            if self._association.end is not None:
                raise
            self._not_sent(message, number, ended)
            return
        finally:
            self._outstanding.discard(number)
            messages.close_invocation(number)
        self._note(message, outcome)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._fail(error)
        else:
            self._go_on()

    def _note(self, message: Outgoing, outcome: Outcome) -> None:
        """A message has had its end."""
        self._outcomes.add(outcome)
        self._done += 1
        self._failed += outcome is Outcome.FAILURE
        self._operation.progress(self._done, failed=self._failed, sentence=service_name(message.command))

    def _fail(self, error: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)

    async def _cancel(self) -> None:
        """C-CANCEL-RQ for what is outstanding and has one; the rest is waited for, nothing more is begun."""
        for number in tuple(self._outstanding):
            await self._association.messages.cancel(number)
        self._go_on()

    def _end(self) -> None:
        worst = max(self._outcomes, key=_SEVERITY.index, default=Outcome.CANCELLED)
        if self._operation.cancelled:
            worst = Outcome.CANCELLED
        together = f", up to {self._most} outstanding at once" if self._most > 1 else ""
        sentence = f"{self._done} of {len(self._messages)} messages sent{together}; {worst.value}."
        self._operation.end(worst, sentence)
