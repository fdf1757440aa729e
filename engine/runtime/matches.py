"""Matches that come one after the other: told together as far as they are alike, one by one where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.protocol import primitives as p
from engine.wire.commands import decode_command
from engine.wire.message_run import MessageRun
from engine.wire.pdus import iter_pdvs

from .invocation import Responses

if TYPE_CHECKING:
    from .association import Association


def take(association: Association, event: p.MessagesReceived) -> None:
    """These messages arrived. From the first that is not like others on, they are told again: it PDU by PDU."""
    run, transition = event.run, event.transition
    first = event.first + _together(association, run, event.first)
    if first == len(run):
        return
    alone = [p.DataReceived(pdu, iter_pdvs(pdu), transition) for pdu in (run.head, run.data_pdu(first))]
    rest = [p.MessagesReceived(run, transition, first + 1)] if first + 1 < len(run) else []
    association.machine.tell_next(*alone, *rest)


def _together(association: Association, run: MessageRun, first: int) -> int:
    """How many, from `first` on, were taken as Pending responses that somebody of ours waits for."""
    exchange = association.exchange
    if exchange is None or association.over or not association.requestor:
        return 0
    invoked = exchange.straight.answered_by(run)
    if invoked is None:
        return 0
    count = association.recorder.matches(run, first)
    if count:
        end = first + count
        context = exchange.straight.pending(invoked, count, association.context.now())
        association.recorder.responses(run, first, end, invoked, context)
        syntax = context.transfer_syntax
        responses = Responses(run, first, end, decode_command(run.command_bytes), syntax)
        association.messages.take_responses(invoked.operation, responses)
    return count
