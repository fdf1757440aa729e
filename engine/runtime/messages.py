"""The DIMSE messages of one association: out in turn, in to whoever waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from engine.model.association import NegotiatedContext
from engine.model.command_set import CommandSet
from engine.model.commands import Outgoing
from engine.model.notices import Cause, Outcome
from engine.protocol import exchange as dx
from engine.protocol import primitives as p
from engine.protocol.deviating.plan import HONEST, Finish, Pause, Speak, Step
from engine.protocol.forms import Alter
from engine.standard.messages import SERVICES
from engine.wire.commands import CommandError
from engine.wire.fragments import DataRun

from . import sentences
from .echoing import Echoing, Series, ask, learn
from .invocation import Ended, Invocation, Response, Responses, answers, response
from .outgoing import Encoded, is_far, is_large
from .peer_requests import PeerRequests
from .preparing import Prepared, altered, altering, prepare, prepare_wherever, takes_long
from .retrievals import Retrieval
from .sending_at_once import SendingAtOnce
from .turns import each
from .writer import Writer

if TYPE_CHECKING:
    from .association import Association

HEEDED_WITHIN = 5.0
"""Seconds after a C-CANCEL-RQ in which peers end what was cancelled; of one that goes on it is told."""
AT_ONCE = 64 * 1024
"""Bytes of a data set sent without looking whether the peer reads: the window allows few of them."""


class Messages:
    """Invokes, answers, cancels; hands responses to their invocations and requests to the association's server."""

    def __init__(self, association: Association) -> None:
        self._association = association
        self._writer = Writer(association)
        self._invocations: dict[int, Invocation] = {}
        self.at_once = SendingAtOnce(association)
        self.begun: int | None = None
        """The operation whose request went out last, whole or not."""
        self.at_end: list[Callable[[Ended], None]] = []
        """Told of the end of the association, when all who wait for responses have been."""
        self._asked = PeerRequests(association)
        self._room = asyncio.Event()
        self._turn = asyncio.Lock()
        self._sending = asyncio.Lock()
        self.echoing: Echoing | None = None
        """The C-ECHO that is sent again and again."""
        self.series: Series | None = None
        """Who sends messages one after the other, if it is one alone."""
        self._waited = 0.0
        """Seconds that what is being received had waited to be read."""
        self._unasked = ""
        """What is wrong with the latest response nobody asked for."""

    @property
    def sending(self) -> bool:
        """Whether a message is half out."""
        return self._sending.locked()

    @property
    def is_free(self) -> bool:
        """Whether nobody is about to send a request, or in the middle of it."""
        return not self._turn.locked() and not self._sending.locked()

    @property
    def at_rest(self) -> bool:
        """Whether no message is half out, and no part of an operation of ours waits for its response."""
        return not self._asked.within and not self._sending.locked()

    # -- out

    async def invoke(self, message: Outgoing, operation: int) -> Invocation:
        """Send a request. Raises Ended when it cannot be sent or the association ends first."""
        limits, long = self._association.limits, takes_long(message, self._live())
        prepared = None if long else await prepare_wherever(message, self._live(), limits)
        async with self._turn:  # requests go out in the order they were asked for
            if prepared is None:
                prepared = await prepare_wherever(message, self._live(), limits)
            while not self._live().can_invoke():
                self._room.clear()
                await self._room.wait()
            invocation: Invocation | None = None
            for step in self._steps(message):
                if not isinstance(step, Speak):
                    await self._carry_out(step)
                elif invocation is None:
                    invocation = await self._invoke(message, operation, step, prepared)
                else:
                    await self._answer(message, operation, None, step)
        assert invocation is not None, "every plan speaks"
        return invocation

    def start(
        self,
        message: Outgoing,
        operation: int,
        take: Callable[[Response | Ended], None],
        loaded: memoryview | None = None,
    ) -> bool:
        """`invoke` where nothing has to be waited for; False where something has to be: nothing has happened then.

        take: gets each response when it has been told, and why there will be no more. loaded: what the file that is
        sent as it is holds, read already. Raises Ended as `invoke`.
        """
        association, exchange = self._association, self._live()
        if association.script is not None or not association.link.writable or not exchange.can_invoke():
            return False
        if not self.is_free:
            return False
        if self.echoing is not None and self.echoing.covers(message):
            asked = ask(association, self.echoing, operation, take)
            if asked is not None:
                self._invocations[operation] = asked
                self.begun = operation
                return True
        if loaded is None and message.data is not None and (is_far(message.data) or is_large(message.data, AT_ONCE)):
            return False
        context, encoded = prepare(message, exchange, association.limits)
        if encoded is not None and loaded is not None:
            association.link.hurry()
            if self.at_once.sends(message.command, context, loaded, encoded.shown, operation, take):
                return True
            encoded = Encoded((loaded,), len(loaded), encoded.shown)
        elif encoded is not None and encoded.size > AT_ONCE:
            return False
        if encoded is not None and not self._writer.goes_at_once(encoded):
            return False
        ready, invocation = self._register(message, operation, context, encoded is not None)
        invocation.take = take
        if loaded is not None:
            self.at_once.goes_otherwise(message.command, ready, operation)
        try:
            self._writer.put_whole(ready, encoded, operation)
        except Ended:
            self._withdraw(operation)
            raise
        return True

    async def _invoke(self, message: Outgoing, operation: int, step: Speak, prepared: Prepared) -> Invocation:
        context, encoded, announced = altered(prepared, step, self._association.limits)
        async with self._sending:
            ready, invocation = self._register(message, operation, context, announced, altering(step, announced))
            try:
                await self._writer.send(ready, encoded, operation, step)
            except Ended:
                if invocation.refused:
                    return invocation  # before all of it had gone
                self._withdraw(operation)
                raise
        return invocation

    def _register(
        self,
        message: Outgoing,
        operation: int,
        context: NegotiatedContext,
        announced: bool,
        alter: Alter | None = None,
    ) -> tuple[dx.Ready, Invocation]:
        """The request as it is to be sent; from now on its responses are expected. Raises Ended."""
        association = self._association
        exchange, now = self._live(), association.context.now()
        try:
            ready = exchange.request(message.command, operation, context, announced, now, alter)
        except (CommandError, dx.ExchangeError) as error:
            raise Ended(Outcome.NOT_SENT, str(error)) from None
        association.context.retrievals.begin(association, operation, ready.command)
        return ready, self.expect(operation, ready, now)

    def expect(self, operation: int, ready: dx.Ready, now: float) -> Invocation:
        """This request goes out: what its responses are taken by."""
        invocation = Invocation(operation, ready.command, ready.context.id, now)
        self._invocations[operation] = invocation
        self.begun = operation
        return invocation

    def went(self, operation: int, now: float) -> None:
        """The request has gone, or so much of it."""
        invocation = self._invocations.get(operation)
        if invocation is not None:
            invocation.started = now

    def follow(self, before: int, operation: int, now: float, take: Callable[[Response | Ended], None]) -> None:
        """One was answered, and another that is alike went out in the same breath: what is known of the former holds
        for that."""
        invocation = self._invocations.pop(before)
        invocation.operation, invocation.started, invocation.take = operation, now, take
        self._invocations[operation] = invocation
        self.begun = operation

    def again(self, operation: int, now: float) -> bool:
        """It was answered, and goes out again as the same operation. False where nobody waits for it."""
        invocation = self._invocations.get(operation)
        if invocation is None:
            return False
        invocation.started = now
        return True

    def _withdraw(self, operation: int) -> None:
        """The request did not go out."""
        if self._association.exchange is not None:
            self._association.exchange.forget(operation)
            self._room.set()
        self.close_invocation(operation)

    async def perform(self, message: Outgoing) -> Response:
        """Invoke an operation nobody gave a number to, and read it to its end. Raises Ended."""
        number = self._association.context.new_id()
        invocation = await self.invoke(message, number)
        try:
            return await invocation.final()
        finally:
            self.close_invocation(number)

    async def answer(self, message: Outgoing, operation: int | None = None, key: int | None = None) -> None:
        """Send a response, cancel or anything that opens no operation. Raises Ended."""
        for step in self._steps(message, key):
            if isinstance(step, Speak):
                await self._answer(message, operation, key, step)
            else:
                await self._carry_out(step)
        self._asked.answered(key)

    async def _answer(self, message: Outgoing, operation: int | None, key: int | None, step: Speak) -> None:
        limits = self._association.limits
        prepared = await prepare_wherever(message, self._live(), limits)
        context, encoded, announced = altered(prepared, step, limits)
        async with self._sending:
            try:
                ready = self._live().respond(message.command, context, announced, key, altering(step, announced))
            except CommandError as error:
                raise Ended(Outcome.NOT_SENT, str(error)) from None
            retrieval = self._asked.answering(ready.command)
            await self._writer.send(ready, encoded, operation, step, retrieval)
            if retrieval is not None:
                retrieval.answer(ready.command.status)

    def retrieval_of(self, request: CommandSet) -> Retrieval | None:
        """The operation whose sub-operation a C-STORE-RQ is that has not been answered yet."""
        return self._asked.within.get(request.message_id)

    async def cancel(self, operation: int) -> bool:
        """Send the C-CANCEL-RQ of an outstanding operation; False when it is over already or has none."""
        exchange = self._association.exchange
        ready = exchange.cancel(operation) if exchange and self._association.end is None else None
        if ready is None:
            return False
        async with self._sending:
            with suppress(Ended):  # the operation has ended with its association
                await self._writer.send(ready, None, operation, HONEST)
        invocation = self._invocations.get(operation)
        if invocation is not None and not invocation.cancelled:
            invocation.cancelled = True
            self._association.context.alarms.after(
                HEEDED_WITHIN, partial(self._look_after_cancel, invocation, self._came_for(operation))
            )
        return True

    def _came_for(self, operation: int) -> int:
        """Messages that came here, and C-STORE sub-operations that came elsewhere."""
        exchange, retrieval = self._association.exchange, self._association.context.retrievals.of(operation)
        return (exchange.taken if exchange else 0) + (retrieval.asked if retrieval and retrieval.is_move else 0)

    def _look_after_cancel(self, invocation: Invocation, before: int) -> None:
        """Tell of a peer that goes on as if there had been no C-CANCEL-RQ; a silent one is what time-outs are for."""
        association, operation = self._association, invocation.operation
        count = self._came_for(operation) - before
        if self._invocations.get(operation) is invocation and association.end is None and count > 0:
            sentence = sentences.cancel_passed_over(association.peer, invocation.service, count, HEEDED_WITHIN)
            association.context.error(sentence, association.number, operation)

    def close_invocation(self, operation: int) -> None:
        """Nobody reads the responses of this operation any more."""
        self._invocations.pop(operation, None)

    # -- as a script wants it

    def _steps(self, message: Outgoing, key: int | None = None) -> tuple[Step, ...]:
        script = self._association.script
        return script.steps(message, key) if script else (HONEST,)

    async def _carry_out(self, step: Pause | Finish) -> None:
        if self._association.script is not None:
            await self._association.script.carry_out(step)
        self._live()

    def _live(self) -> dx.Exchange:
        return self._writer.live()

    # -- in

    def receive(self, pdvs: Iterable[p.Pdv] | DataRun) -> None:
        """PDVs of one P-DATA-TF, or of a run. FragmentError when the association cannot go on."""
        exchange = self._association.exchange
        if exchange is None:
            return
        context = self._association.context
        now = context.now()  # for deadlines: what waited here while we read nothing is not overdue
        self._waited = now - (context.arrived or now)
        try:
            exchange.receive(pdvs, now)
        finally:
            if exchange.has_events:
                self._take_events(exchange)

    def check_timeouts(self, now: float) -> None:
        """End what waits for a response too long."""
        exchange = self._association.exchange
        if exchange is not None:
            exchange.handle_timeout(now)
            self._take_events(exchange)

    def _take_events(self, exchange: dx.Exchange) -> None:
        association, recorder = self._association, self._association.recorder
        while (event := exchange.next_event()) is not None:
            match event:
                case dx.ResponseReceived():
                    self._take_response(event)
                case dx.RequestReceived():
                    if not self._asked.take(event, exchange):
                        break  # the association is over: what came with it counts no more
                case dx.CancelReceived():
                    recorder.received(event.message, None)
                    if event.key is not None and association.on_cancel is not None:
                        association.on_cancel(association, event.key)
                case dx.Unsolicited():
                    recorder.received(event.message, None, unsolicited=True)
                    self._unasked = event.sentence
                    if not self._asked.is_usable(event.message):
                        break
                case dx.TimedOut():
                    self._time_out(event)
        if exchange.can_invoke():
            self._room.set()

    def _take_response(self, event: dx.ResponseReceived) -> None:
        duration = max(0.0, event.duration - self._waited)
        self._association.recorder.received(event.message, event.operation, duration=duration)
        invocation, command = self._invocations.get(event.operation), event.message.command
        wrong = event.final and invocation is not None and not answers(command, invocation.request)
        if invocation is not None:
            invocation.latest = self._association.context.came()
            if wrong:
                sentence = sentences.wrong_response(self._association.peer, invocation.request, command)
                self._pass_on(invocation, Ended(Outcome.FAILURE, sentence))
            else:
                self._pass_on(invocation, response(command, event.message.data, event.final))
        if not event.final and invocation is not None:
            self._note_pending(invocation, command)
        if event.final:
            self.close_invocation(event.operation)
        if event.final and not wrong:
            self.at_once.learn(event)
            self.echoing = learn(self._association, event.message, self.echoing)

    def _note_pending(self, invocation: Invocation, command: CommandSet) -> None:
        """A response says that more follow, which not every service has."""
        row = SERVICES.get(invocation.service)
        if row is not None and not row.multiple_responses:
            self._unasked = sentences.pending_unknown(invocation.service, command.status or 0)

    def take_final(self, operation: int, command: CommandSet) -> None:
        """The final response, without data set, to an operation; it has been told."""
        invocation = self._invocations.pop(operation, None)
        if invocation is not None:
            invocation.latest = self._association.context.came()
            self._pass_on(invocation, response(command, None, True))
        self._room.set()

    def take_responses(self, operation: int, responses: Responses) -> None:
        """Pending responses that came one after the other; they have been told."""
        invocation = self._invocations.get(operation)
        if invocation is None:
            return
        if invocation.take is None:
            invocation.came(responses)
            return
        while responses.left:
            self._pass_on(invocation, responses.next())

    def _pass_on(self, invocation: Invocation, item: Response | Ended) -> None:
        if invocation.take is None:
            invocation.came(item)
        else:
            self._association.link.soon(partial(invocation.take, item))

    def _time_out(self, event: dx.TimedOut) -> None:
        association = self._association
        invocation = self._invocations.get(event.operation)
        service = invocation.service if invocation else "request"
        begun, seconds = association.cut_off(association.machine.pending), association.timeouts.dimse
        goes_on = association.context.now() - association.link.last_activity < seconds / 2
        if self._unasked and goes_on:
            begun = ""  # it has not stopped: that is of what comes instead
        sentence = sentences.response_timed_out(
            association.peer, service, seconds, begun, self._unasked, slowly=goes_on
        )
        association.abort(why=(Outcome.TIMED_OUT, sentence), cause=Cause.NO_RESPONSE)

    def end(self, why: Ended) -> None:
        """The association is over: whoever waits is told."""
        for invocation in self._invocations.values():
            self._pass_on(invocation, why)
        self._invocations.clear()
        for tell in self.at_end:
            self._association.link.soon(partial(tell, why))
        each(self._asked.end, self._room.set)
