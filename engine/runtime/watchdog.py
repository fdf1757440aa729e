"""Looks after the slow deadlines of one association: DIMSE and idle time-outs, a peer that stops reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.model.notices import Cause, Outcome
from engine.protocol.exchange import Exchange
from engine.protocol.pace import Pace
from engine.standard.state_table import Sta

from . import sentences

if TYPE_CHECKING:
    from .association import Association

LEAST = 0.05
MOST = 1.0
"""Seconds between two looks."""


class Watchdog:
    """Looks four times in the shortest time-out, so that no operation needs a timer: the hot path pays nothing."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self._span = 0.0
        self._alarm = 0
        self._unsent = 0
        self._last_moved = 0.0
        self._pace = Pace()

    def start(self) -> None:
        """Look from now on, a quarter of the shortest time-out apart; not at all where there is none."""
        timeouts = self._association.timeouts
        spans = [s for s in (timeouts.dimse, timeouts.idle) if s > 0]
        if spans:
            self._span = max(LEAST, min(MOST, min(spans) / 4))
            self._wait()

    def stop(self) -> None:
        self._association.context.alarms.cancel(self._alarm)

    def _wait(self) -> None:
        self._alarm = self._association.context.alarms.after(self._span, self._look)

    def _look(self) -> None:
        association, exchange = self._association, self._association.exchange
        association.link.take_pieces()  # what is held counts as what it is
        now = association.context.now()
        if exchange is not None:
            self._check_unsent(exchange, now)
            if association.begun_messages is not None:
                association.messages.check_timeouts(now)
            self._check_idle(exchange, now)
            self._check_pace(exchange, now)
        if association.end is None:
            self._wait()

    def _check_unsent(self, exchange: Exchange, now: float) -> None:
        """While what we wrote is still being taken, or we read nothing, no response is due; a peer that takes nothing
        is given up."""
        association, seconds = self._association, self._association.timeouts.dimse
        unsent = association.link.unsent
        if not unsent or unsent != self._unsent:
            self._last_moved = now
        elif seconds and now - self._last_moved >= seconds:
            why = (Outcome.TIMED_OUT, sentences.stalled(association.peer, unsent, seconds, exchange.serving))
            association.abort(why=why, cause=Cause.STALLED)
            association.link.kill()
        for operation in exchange.outstanding if unsent or association.link.waits_to_be_told else ():
            exchange.progress_made(operation, now)
        self._unsent = unsent

    def _check_idle(self, exchange: Exchange, now: float) -> None:
        """Who stops in the middle of a message is waited for as for a response, where no idle time-out is set."""
        association = self._association
        if association.busy or association.machine.state is not Sta.Sta6:
            return
        link = association.link
        if link.waits_to_be_told or (association.timeouts.dimse and (link.unsent or link.held_back)):
            return  # we do not read; or it does not, and the DIMSE time-out is what counts
        begun = association.cut_off(association.machine.pending)
        seconds = association.timeouts.idle or (association.timeouts.dimse if begun else 0.0)
        if seconds and now - association.link.last_activity >= seconds:
            why = (Outcome.TIMED_OUT, sentences.idle_timed_out(association.peer, seconds, begun))
            association.abort(why=why, cause=Cause.IDLE)

    def _check_pace(self, exchange: Exchange, now: float) -> None:
        """A byte now and then keeps an association from being idle and a response from being overdue: who sends a
        message so that it never becomes whole is given up too."""
        association, timeouts = self._association, self._association.timeouts
        if association.end is not None:
            return
        if association.link.held_back:  # what it sends is not read
            self._pace = Pace()
            return
        pending = association.machine.pending
        count = pending + sum(command + data for _, command, data in exchange.arriving)
        under_way = exchange.taken if pending or exchange.arriving else None
        seconds = timeouts.dimse if exchange.outstanding else timeouts.idle or timeouts.dimse
        if self._pace.too_slow(under_way, count, now, seconds):
            sentence = sentences.too_slow(association.peer, seconds, association.cut_off(pending))
            association.abort(why=(Outcome.TIMED_OUT, sentence), cause=Cause.IDLE)
