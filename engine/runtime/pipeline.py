"""Several messages of one shot: one after the other, or outstanding together as far as the asynchronous operations
window allows (PS3.7 D.3.3.3)."""

from __future__ import annotations

from engine.model.commands import OneShot, Outgoing
from engine.model.notices import Outcome, ProgressNotice
from engine.standard.messages import CANCEL, RESPONSE_BIT

from .association import Association
from .echoing import Echoing
from .in_turn import InTurn
from .invocation import Ended, Response, outcome_of, service_name
from .operations import Operation

_SEVERITY = (Outcome.SUCCESS, Outcome.WARNING, Outcome.CANCELLED, Outcome.FAILURE, Outcome.NOT_SENT)


def opens_operation(message: Outgoing) -> bool:
    """Whether a response is to be waited for: it is a request other than C-CANCEL-RQ."""
    field = message.command.command_field
    return field is not None and not field & RESPONSE_BIT and field != CANCEL


class Pipeline(InTurn[Outgoing]):
    """The messages of a OneShot; the operation ends with the worst of their outcomes."""

    def __init__(self, association: Association, operation: Operation, command: OneShot) -> None:
        super().__init__(association, command.messages)
        self._operation = operation
        self._outcomes: set[Outcome] = set()
        self._done = self._failed = self._unsent = self._most = 0
        self._latest: tuple[Outgoing | None, bool, str] = None, False, ""
        """The message looked at last, whether it opens an operation, and its service: often the next is the same."""

    async def run(self) -> None:
        """Send all. Raises Ended when the association ends before the last response."""
        operation = self._operation
        operation.total = len(self._items)
        operation.on_cancel = self._cancel
        messages = self._association.messages
        messages.series = self
        try:
            await super().run()
        finally:
            if messages.series is self:
                messages.series = None
        operation.on_cancel = None
        self._end()

    @property
    def _over(self) -> bool:
        return self._operation.cancelled

    def _message(self, item: Outgoing) -> Outgoing:
        return item

    def _number(self) -> int:
        self._most = max(self._most, len(self._outstanding) + 1)
        return self._operation.number if self._limit == 1 else self._association.context.new_id()

    def _starts(self, item: Outgoing, message: Outgoing, number: int) -> bool:
        return self._looked_at(message)[1] and super()._starts(item, message, number)

    def _looked_at(self, message: Outgoing) -> tuple[Outgoing | None, bool, str]:
        if self._latest[0] is not message:
            self._latest = message, opens_operation(message), service_name(message.command)
        return self._latest

    async def _send(self, item: Outgoing, message: Outgoing, number: int) -> None:
        if self._looked_at(message)[1]:
            await super()._send(item, message, number)
            return
        try:
            await self._association.messages.answer(message, self._operation.number)
        finally:
            self._outstanding.discard(number)
        self._note(message, Outcome.SUCCESS)

    def _answered(self, item: Outgoing, response: Response) -> None:
        self._note(item, outcome_of(response.command.status))

    def _not_begun(self, item: Outgoing, number: int, ended: Ended) -> None:
        if self._association.end is None:
            self._association.context.error(ended.sentence, self._association.number, self._operation.number)
            self._note(item, ended.outcome)

    def _note(self, message: Outgoing, outcome: Outcome) -> None:
        """A message has had its end."""
        self._association.context.notify(self._noted(message, outcome))

    def _noted(self, message: Outgoing, outcome: Outcome) -> ProgressNotice:
        self._outcomes.add(outcome)
        self._done += 1
        self._failed += outcome is Outcome.FAILURE
        self._unsent += outcome is Outcome.NOT_SENT
        return self._operation.progressed(self._done, self._failed, sentence=self._looked_at(message)[2])

    # -- what is sent again goes in the moment in which it has been answered

    def goes_on(self, operation: int, echoing: Echoing) -> bool:
        """The message of this operation has been answered: whether the next is the same one, which begins then."""
        if operation != self._operation.number or self._limit != 1 or len(self._outstanding) != 1 or self._tasks:
            return False
        at = self._begun
        if at >= len(self._items) or self._operation.cancelled or self._ended.done():
            return False
        if not echoing.covers(self._items[at]) or self._items[at] is not self._latest[0]:
            return False
        self._begun = at + 1
        return True

    def answered(self, status: int | None) -> ProgressNotice:
        """What the response makes of the one before it."""
        return self._noted(self._items[self._begun - 2], outcome_of(status))

    def fail(self, error: Exception) -> None:
        """A defect of ours ends all."""
        self._fail(error)

    async def _cancel(self) -> None:
        """C-CANCEL-RQ for what is outstanding and has one; the rest is waited for, nothing more is begun."""
        for number in tuple(self._outstanding):
            await self._association.messages.cancel(number)
        self._go_on()

    def _end(self) -> None:
        worst = max(self._outcomes, key=_SEVERITY.index, default=Outcome.CANCELLED)
        if self._operation.cancelled and self._done < len(self._items):
            worst = Outcome.CANCELLED
        together = f", up to {self._most} outstanding at once" if self._most > 1 else ""
        sent = self._done - self._unsent
        sentence = f"{sent} of {len(self._items)} messages sent{together}; {worst.value}."
        self._operation.end(worst, sentence)
