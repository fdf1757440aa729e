"""The operations of a recorded association: which message belongs to which, and how each ended (PS3.7 7.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from engine.model.command_set import CommandSet
from engine.model.notice_words import OUTCOMES
from engine.model.notices import Outcome, StatusNotice
from engine.standard.lean import dataclass
from engine.standard.messages import message_for, message_name
from engine.standard.status import StatusClass, status_class, status_text


@dataclass(slots=True)
class RecordedOperation:
    """One of them. clock: of its request, in seconds. responses: Pending ones so far."""

    number: int
    command: CommandSet
    clock: float
    responses: int = 0


@dataclass(slots=True)
class RecordedOperations:
    """Those under way. association: its number. new_id: gives an operation its number."""

    association: int
    new_id: Callable[[], int]
    _open: dict[tuple[bool, int], RecordedOperation] = field(default_factory=dict)
    """By who invoked it and its Message ID."""

    def of(
        self, command: CommandSet, from_requestor: bool, time: float
    ) -> tuple[RecordedOperation | None, float | None]:
        """The operation a message belongs to; of responses and cancels the seconds since their request."""
        row = message_for(command.command_field) if command.command_field is not None else None
        if command.is_response or (row is not None and row.kind == "cancel"):
            invoker = from_requestor if not command.is_response else not from_requestor
            found = self._open.get((invoker, command.responded_to if command.responded_to is not None else -1))
            return (found, time - found.clock) if found else (None, None)
        operation = RecordedOperation(self.new_id(), command, time)
        if command.message_id is not None:
            self._open[from_requestor, command.message_id] = operation
        return operation, None

    def answered(self, operation: RecordedOperation, response: CommandSet, time: float) -> StatusNotice | None:
        """A response to an operation: how it ended, unless more are to follow."""
        status = response.status
        klass = status_class(status) if status is not None else StatusClass.UNKNOWN
        if klass is StatusClass.PENDING:
            operation.responses += 1
            return None
        self._open = {k: o for k, o in self._open.items() if o is not operation}
        row = message_for(response.command_field or 0)
        service = row.service if row else ""
        uid = operation.command.sop_class_uid
        words = status_text(status, service, uid) if status is not None else "no Status"
        return StatusNotice(
            operation=operation.number,
            association=self.association,
            time=time,
            clock=time,
            outcome=OUTCOMES.get(klass, Outcome.FAILURE),
            service=service,
            sop_class_uid=uid,
            message_id=response.responded_to,
            status=status,
            sentence=f"{service or message_name(response.command_field)}: {words}.",
            error_comment=response.text("ErrorComment"),
            offending_elements=_tags(response.get("OffendingElement")),
            error_id=response.number("ErrorID"),
            duration=time - operation.clock,
            remaining=response.number("NumberOfRemainingSuboperations"),
            completed=response.number("NumberOfCompletedSuboperations"),
            failed=response.number("NumberOfFailedSuboperations"),
            warning=response.number("NumberOfWarningSuboperations"),
            responses=operation.responses,
        )


def _tags(value: object) -> tuple[int, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(v for v in values if isinstance(v, int))
