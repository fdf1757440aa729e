"""Several messages of one shot: one after the other, or outstanding together as far as the asynchronous operations
window allows (PS3.7 D.3.3.3)."""

from __future__ import annotations

import asyncio
from collections import Counter

from engine.model.commands import OneShot, Outgoing
from engine.model.notices import Outcome

from .association import Association
from .invocation import Ended, outcome_of, service_name
from .operations import Operation

UNLIMITED = 64
"""Operations outstanding at once when the window has no limit: more would gain nothing and delay a Cancel."""
_SEVERITY = (Outcome.SUCCESS, Outcome.WARNING, Outcome.CANCELLED, Outcome.FAILURE, Outcome.NOT_SENT)


def opens_operation(message: Outgoing) -> bool:
    """Whether a response is to be waited for: it is a request other than C-CANCEL-RQ."""
    field = message.command.command_field
    return field is not None and not field & 0x8000 and field != 0x0FFF


class Pipeline:
    """The messages of a OneShot; the operation ends with the worst of their outcomes."""

    def __init__(self, association: Association, operation: Operation, command: OneShot) -> None:
        self._association, self._operation, self._messages = association, operation, command.messages
        self._outcomes: Counter[Outcome] = Counter()
        self._outstanding: set[int] = set()
        self._limit = (association.negotiated.window.invoked if association.negotiated else 1) or UNLIMITED
        self._most = 0

    async def run(self) -> None:
        """Send all. Raises Ended when the association ends before the last response."""
        operation = self._operation
        operation.total = len(self._messages)
        operation.on_cancel = self._cancel
        if self._limit == 1:
            await self._in_turn()
        else:
            await self._together()
        operation.on_cancel = None
        self._end()

    async def _in_turn(self) -> None:
        for message in self._messages:
            if self._operation.cancelled:
                break
            await self._send(message)

    async def _together(self) -> None:
        operation = self._operation
        room = asyncio.Semaphore(self._limit)
        ends: list[Ended] = []

        async def send(message: Outgoing) -> None:
            try:
                await self._send(message)
            except Ended as ended:
                ends.append(ended)
            finally:
                room.release()

        async with asyncio.TaskGroup() as tasks:
            for message in self._messages:
                await room.acquire()
                if operation.cancelled or ends:
                    break
                tasks.create_task(send(message))
        if ends:
            raise ends[0]

    async def _send(self, message: Outgoing) -> None:
        """One message to its final response; only the association's end is raised."""
        association, operation = self._association, self._operation
        outcome = Outcome.SUCCESS
        if opens_operation(message):
            number = operation.number if self._limit == 1 else association.context.new_id()
            self._outstanding.add(number)
            self._most = max(self._most, len(self._outstanding))
            try:
                invocation = await association.messages.invoke(message, number)
                outcome = outcome_of((await invocation.final()).command.status)
            except Ended as ended:
                if association.end is not None:
                    raise
                association.context.error(ended.sentence, association.number, operation.number)
                outcome = ended.outcome
            finally:
                self._outstanding.discard(number)
                association.messages.close_invocation(number)
        else:
            await association.messages.answer(message, operation.number)
        self._outcomes[outcome] += 1
        failed = self._outcomes[Outcome.FAILURE]
        operation.progress(self._outcomes.total(), failed=failed, sentence=service_name(message.command))

    async def _cancel(self) -> None:
        """C-CANCEL-RQ for what is outstanding and has one; the rest is waited for, nothing more is begun."""
        for number in tuple(self._outstanding):
            await self._association.messages.cancel(number)

    def _end(self) -> None:
        worst = max(self._outcomes, key=_SEVERITY.index, default=Outcome.CANCELLED)
        if self._operation.cancelled:
            worst = Outcome.CANCELLED
        together = f", up to {self._most} outstanding at once" if self._most > 1 else ""
        sentence = f"{self._outcomes.total()} of {len(self._messages)} messages sent{together}; {worst.value}."
        self._operation.end(worst, sentence)
