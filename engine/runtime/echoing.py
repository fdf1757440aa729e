"""A C-ECHO like the one before it, sent and answered in a few steps: the straight way of what `messages` does for any
request. `tests/runtime/test_echoing.py` holds one against the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.notices import ProgressNotice
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.straight import FORMS
from engine.standard.lean import dataclass
from engine.standard.messages import ECHO, RESPONSE_BIT
from engine.standard.state_table import Sta
from engine.wire.echo_form import EchoForm

from .invocation import Ended, Invocation, Response

if TYPE_CHECKING:
    from .association import Association

_ANSWER = ECHO | RESPONSE_BIT


@dataclass(slots=True)
class Echoing:
    """What is sent again and again, as it was composed, and what it looks like on the wire. learned: forms so far."""

    command: CommandSet
    form: EchoForm
    learned: int

    def covers(self, message: Outgoing) -> bool:
        """Whether it is this that is to be sent."""
        return message.command is self.command and message.data is None and message.context_id is None


class Series(Protocol):
    """Sends one message after the other."""

    def goes_on(self, operation: int, echoing: Echoing) -> bool:
        """The message of this operation has been answered: whether the next is the same one, which begins then."""

    def answered(self, status: int | None) -> ProgressNotice:
        """What the response makes of the one before it."""

    def fail(self, error: Exception) -> None:
        """A defect of ours."""


def learn(association: Association, came: dx.Received, known: Echoing | None) -> Echoing | None:
    """A request was answered for good: where that was a C-ECHO sent again, others like it go the straight way from now
    on. Gives what is known then."""
    exchange = association.exchange
    if came.command.command_field != _ANSWER or association.script is not None or exchange is None:
        return known
    command, learned = exchange.sent_again, known.learned if known is not None else 0
    if command is None or learned >= FORMS:
        return known
    if known is not None and known.command is command and known.form.answers(came.command_bytes):
        return known
    form = exchange.echo_form(came)
    if form is None:
        return known
    association.machine.straight.echo_form = form
    return Echoing(command, form, learned + 1)


def ask(
    association: Association, echoing: Echoing, operation: int, take: Callable[[Response | Ended], None]
) -> Invocation | None:
    """Send it once more. None where that is not possible now: nothing has happened then."""
    exchange, machine, now = association.exchange, association.machine, association.context.now()
    if exchange is None or association.end is not None or machine.state is not Sta.Sta6:
        return None
    form = echoing.form
    number = exchange.straight.next_id()
    if number is None:
        return None
    exchange.straight.sent(operation, number, form.context.id, ECHO, now)
    pdu, command = form.request(number)
    machine.send_quietly(pdu)
    association.link.send()
    association.recorder.echoes.asked(form, pdu, command, number, operation)
    return Invocation(operation, command, form.context.id, now, take)


def answered(association: Association, event: p.EchoAnswered) -> bool:
    """A response like one before it came. False where it has to be taken as any other: nothing has happened then."""
    exchange, now = association.exchange, association.context.came()
    if exchange is None:
        return False
    invoked = exchange.straight.answered(event.number, event.form.context.id)
    if invoked is None:
        return False
    duration = max(0.0, now - invoked.sent)
    if _goes_on(association, exchange, event, invoked, duration, now):
        return True
    command = event.form.response(event.number)
    association.recorder.echoes.answered(event, command, invoked.operation, duration, now)
    association.messages.take_final(invoked.operation, command)
    return True


def _goes_on(
    association: Association,
    exchange: dx.Exchange,
    event: p.EchoAnswered,
    invoked: dx.Invoked,
    duration: float,
    now: float,
) -> bool:
    """Send it once more at once, and then tell both. False where something else comes next, or anything stands against
    it: nothing has happened then."""
    messages, machine, straight, form = association.messages, association.machine, exchange.straight, event.form
    series, echoing, context = messages.series, messages.echoing, association.context
    if series is None or echoing is None or echoing.form is not form or machine.state is not Sta.Sta6:
        return False
    number = straight.following()
    if number is None or not machine.told_all or not association.link.free or not messages.is_free:
        return False
    operation = invoked.operation
    if not messages.again(operation, now) or not series.goes_on(operation, echoing):
        return False
    try:
        came = context.arrival()
        pdu, gone = form.asked.pdu(number), (context.wall(), context.now())
        machine.send_quietly(pdu)
        association.link.flush()
        straight.follows(invoked, operation, form.context.id, gone[1])
        progress = series.answered(form.answered.command.status)
        association.recorder.echoes.turned(event, operation, duration, came, progress, (number, pdu), gone)
    except Exception as error:  # noqa: BLE001 - a defect of ours ends the operation, not the connection
        series.fail(error)
    return True
