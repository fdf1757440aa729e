"""Carries out a service user's procedure: its generator's effects become operations, steps and their end in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace

from engine.model.association import Proposal
from engine.model.command_set import CommandSet
from engine.model.commands import RunProcedure
from engine.model.dataset import DataSet
from engine.model.notices import Outcome, StepState
from engine.model.reading import hindrance
from engine.services.procedures import effects as fx
from engine.services.procedures.catalog import CATALOG, contexts_of
from engine.standard.dictionary import uid_text
from engine.wire import datasets

from . import sentences
from .association import Association
from .context import Context
from .files import decoded_response
from .invocation import Ended, Invocation, Response, status_notice
from .listener import Listener, new_uid
from .operations import Operation, opened
from .own_side import own_side
from .report_board import Subscription
from .steps import Steps

LINGER = 1.0
"""Seconds the peer has to release its association with our listener after the procedure, before we do."""
KEPT_MATCHES = 10_000
"""Matches handed to a procedure: more than anybody picks from; what is beyond is still shown by the notices."""


class Running:
    """One RunProcedure command."""

    def __init__(self, context: Context, command: RunProcedure, operation: Operation) -> None:
        self._context = context
        self._command = command
        self._operation = operation
        self._steps = Steps(operation)
        self._reports: Subscription = context.reports.subscribe()
        self._association: Association
        self._verdict: fx.Verdict | None = None

    async def run(self) -> None:
        """Carry the procedure out to its end. Raises Ended where it cannot go on."""
        listener: Listener | None = None
        try:
            listener = await self._listen()
            await self._on_association()
        except Ended as ended:
            self._steps.give_up(ended.sentence)
            raise Ended(ended.outcome, self._steps.told(ended.sentence)) from None
        finally:
            self._context.reports.unsubscribe(self._reports)
            if listener is not None:
                await listener.quiet(LINGER)
                await listener.stop(5.0)
        self._tell_end()  # its port is free again

    async def _listen(self) -> Listener | None:
        command = self._command.listen
        if command is None:
            return None
        listener = Listener(self._context, command)
        if not await listener.start():
            raise Ended(Outcome.NOT_SENT, f"Nothing was sent: port {command.port} could not be listened on.")
        return listener

    async def _on_association(self) -> None:
        held = self._context.associations.get(self._command.association)
        try:
            if held is None:
                self._association = self._new_one(self._command.association)
                await opened(self._association, self._operation)
            else:
                self._association = held
            await self._play()
        finally:
            if self._association is not held:
                await self._association.release()

    def _new_one(self, number: int) -> Association:
        """An association to open for the procedure."""
        proposal = self._proposal()
        association = Association.to_open(self._context, number, proposal)
        own_side(self._context, association)
        return association

    def _proposal(self) -> Proposal:
        proposal = self._command.proposal
        return proposal if proposal.contexts else replace(proposal, contexts=contexts_of(self._command.procedure))

    async def _play(self) -> None:
        """The generator to its end. Raises Ended when the association ends first."""
        entry = CATALOG[type(self._command.procedure)]
        self._operation.tidies = entry.tidies
        generator = entry.play(self._command.procedure, new_uid)
        self._operation.on_cancel = self._cancel
        self._operation.waiting = self._reports.wake
        try:
            effect = next(generator)
            while True:
                effect = await self._next(generator, effect)
        except fx.Cancelled as cancelled:
            raise Ended(Outcome.CANCELLED, str(cancelled)) from None
        except Finished as end:
            self._steps.give_up("")
            # A wait that the user has cut short has not timed out.
            cut = self._operation.cancelled and end.verdict.outcome is Outcome.TIMED_OUT
            self._verdict = replace(end.verdict, outcome=Outcome.CANCELLED) if cut else end.verdict
            if self._command.listen is None:
                self._tell_end()
        finally:
            self._operation.on_cancel = None
            generator.close()

    def _tell_end(self) -> None:
        verdict, self._verdict = self._verdict, None
        if verdict is not None:
            title = CATALOG[type(self._command.procedure)].title
            self._operation.end(verdict.outcome, verdict.sentence, service=title)

    async def _next(self, generator: fx.Playing, effect: fx.Effect) -> fx.Effect:
        """Carry an effect out and have the next one. Raises Finished at the end of the generator."""
        try:
            try:
                reply = await self._carry_out(effect)
            except fx.Cancelled as cancelled:
                return generator.throw(cancelled)
            return generator.send(reply)
        except StopIteration as end:
            raise Finished(end.value) from None

    async def _cancel(self) -> None:
        self._reports.wake()

    def _carry_out(self, effect: fx.Effect) -> Awaitable[fx.Reply]:
        match effect:
            case fx.Plan():
                return self._plan(effect)
            case fx.Invoke():
                return self._invoke(self._association, effect)
            case fx.Await():
                return self._await(self._association, effect)
            case fx.Watch():
                return self._watch(self._association, effect)
            case fx.Reopen():
                return self._reopen(effect)
            case fx.Work():
                return self._work(effect)
            case fx.Pause():
                return self._pause(effect)
            case fx.Accepted():
                return _accepted(self._association)

    async def _plan(self, effect: fx.Plan) -> None:
        self._steps.plan(effect.steps)

    async def _pause(self, effect: fx.Pause) -> None:
        await self._reports.take(lambda _: False, effect.seconds, lambda: self._operation.cancelled)

    async def _work(self, effect: fx.Work) -> fx.Worked:
        """In a thread: the loop serves every other association meanwhile."""
        step = self._steps.begin(effect.step) if effect.step else None
        try:
            value, said = await asyncio.to_thread(effect.do)
        except UnicodeError:  # nobody's input
            raise
        except (ValueError, OSError, datasets.DataSetError) as error:
            problem = str(error) if isinstance(error, datasets.DataSetError) else hindrance(error)
            if step is not None:
                self._steps.end(step, StepState.FAILED, problem)
            return fx.Worked(problem=problem)
        if step is not None:
            self._steps.end(step, StepState.DONE, said)
        return fx.Worked(value=value)

    # -- operations

    async def _invoke(self, association: Association, effect: fx.Invoke) -> fx.Answered:
        if self._operation.cancelled and not effect.closing:
            raise fx.Cancelled(f"Cancelled before “{effect.step}”.")
        step = self._steps.begin(effect.step, effect.message.command, again=effect.again)
        try:
            message = replace(effect.message, context_id=_context_id(association, effect))
            invocation = await association.messages.invoke(message, self._operation.number)
            answered, status = await self._read(association, invocation)
        except Ended as ended:
            self._steps.end(step, StepState.FAILED, ended.sentence)
            if association.end is not None:
                raise
            return fx.Answered(command=CommandSet(), outcome=ended.outcome, sentence=ended.sentence)
        judged = effect.read(answered) if effect.read is not None and answered.ok else None
        if judged is not None:
            answered = replace(answered, outcome=judged[0], sentence=judged[1])
        state = _STATES.get(answered.outcome, StepState.FAILED)
        self._steps.end(step, state, answered.sentence, status, invocation.request.message_id)
        return answered

    async def _read(self, association: Association, invocation: Invocation) -> tuple[fx.Answered, int | None]:
        """All responses of an operation."""
        matches: list[DataSet] = []
        try:
            while not (response := await invocation.next()).final:
                invocation.responses += 1
                if len(matches) < KEPT_MATCHES:
                    data, _ = await _decoded(association, invocation, response)
                    matches += [data] if data is not None else []
        finally:
            association.messages.close_invocation(invocation.operation)
        data, problem = await _decoded(association, invocation, response)
        now = self._context.now()
        ended = status_notice(invocation, response.command, association=association.number, time=0, clock=now)
        answered = fx.Answered(
            command=response.command,
            data=data,
            matches=tuple(matches),
            outcome=ended.outcome,
            sentence=ended.sentence + (f". Its data set cannot be read: {problem}" if problem else ""),
        )
        return answered, ended.status

    async def _await(self, association: Association, effect: fx.Await) -> fx.Report | None:
        step = self._steps.begin(effect.step, again=effect.again)

        def over() -> bool:
            return self._operation.cancelled or (effect.only_here and association.end is not None)

        end = self._context.loop.create_task(association.ended.wait())
        end.add_done_callback(lambda _: self._reports.wake())
        try:
            report = await self._reports.take(effect.wanted, effect.seconds, over)
        finally:
            end.cancel()
        if report is None and effect.only_here and association.end is not None and not self._operation.cancelled:
            outcome, why = association.end.outcome, association.end.sentence
            lost = Outcome.TIMED_OUT if outcome is Outcome.SUCCESS else outcome
            raise Ended(lost, f"The association ended before the report came: {why}")
        if report is not None:
            where = f"Received on association #{report.association}."
            outcome, sentence = effect.read(report) if effect.read is not None else (Outcome.SUCCESS, where)
            state = _STATES.get(outcome, StepState.FAILED)
            self._steps.end(step, state, sentence, message_id=report.command.message_id)
        elif self._operation.cancelled:
            self._steps.end(step, StepState.SKIPPED, "Not waited for any longer: cancelled.")
        elif not effect.patient:
            self._steps.end(step, StepState.WARNING, f"Nothing came within {effect.seconds:g} s.")
        return report

    # -- watching

    async def _watch(self, association: Association, effect: fx.Watch) -> fx.Watched:
        step = self._steps.begin(effect.step)
        began, reports = self._context.now(), 0

        def over() -> bool:
            return self._operation.cancelled or (effect.bound and association.end is not None)

        end = self._context.loop.create_task(association.ended.wait())
        end.add_done_callback(lambda _: self._reports.wake())
        try:
            while effect.most is None or reports < effect.most:
                passed = self._context.now() - began
                left = None if effect.seconds is None else max(0.0, effect.seconds - passed)
                report = await self._reports.take(effect.wanted, left, over)
                if report is None:
                    break
                reports += 1
                self._steps.say(step, effect.words(report), report.command.message_id)
        finally:
            end.cancel()
        lost = association.end.sentence if association.end is not None and not self._operation.cancelled else ""
        count = f"{reports} event{'' if reports == 1 else 's'}"
        state = StepState.WARNING if lost and effect.bound else StepState.DONE
        self._steps.end(step, state, f"{count}. {lost}".strip() if lost and effect.bound else f"{count}.")
        passed = self._context.now() - began
        return fx.Watched(reports=reports, seconds=passed, lost=lost, by_user=association.by_user)

    async def _reopen(self, effect: fx.Reopen) -> fx.Answered:
        if self._association.end is None:
            return fx.Answered(command=CommandSet())
        step = self._steps.begin(effect.step)
        ended = Ended(Outcome.CANCELLED, "Cancelled before it was opened again.")
        for tried in range(effect.tries):
            if tried:
                await self._reports.take(lambda _: False, effect.pause, lambda: self._operation.cancelled)
            if self._context.closing or (self._operation.cancelled and not effect.closing):
                break
            try:
                await self._open_again(closing=effect.closing)
            except Ended as failed:
                ended = failed
                continue
            self._steps.end(step, StepState.DONE, f"Opened as association #{self._association.number}.")
            return fx.Answered(command=CommandSet())
        self._steps.end(step, StepState.FAILED, ended.sentence)
        return fx.Answered(command=CommandSet(), outcome=ended.outcome, sentence=ended.sentence)

    async def _open_again(self, *, closing: bool) -> None:
        self._association = self._new_one(self._context.new_id())
        self._operation.association = self._association.number
        try:
            if closing:
                await self._association.open()
            else:
                await opened(self._association, self._operation)
        finally:
            self._operation.on_cancel = self._cancel


class Finished(Exception):
    """A procedure has come to its verdict."""

    def __init__(self, verdict: fx.Verdict) -> None:
        super().__init__(verdict.sentence)
        self.verdict = verdict


async def _accepted(association: Association) -> frozenset[str]:
    negotiated = association.negotiated
    contexts = negotiated.contexts if negotiated is not None else ()
    return frozenset(c.abstract_syntax for c in contexts if c.accepted)


_STATES = {Outcome.SUCCESS: StepState.DONE, Outcome.WARNING: StepState.WARNING}


def _context_id(association: Association, effect: fx.Invoke) -> int | None:
    """The context an effect asks for by its abstract syntax. Raises Ended when that was not accepted."""
    if effect.message.context_id is not None or not effect.context or association.negotiated is None:
        return effect.message.context_id
    accepted = association.negotiated.accepted_for(effect.context)
    if not accepted:
        name = uid_text(effect.context)
        raise Ended(Outcome.NOT_SENT, sentences.no_context(name, effect.context, association.negotiated))
    return accepted[0].id


async def _decoded(association: Association, invocation: Invocation, response: Response) -> tuple[DataSet | None, str]:
    """The data set of a response, or why it cannot be read."""
    if response.data is None or association.negotiated is None:
        return None, ""
    try:
        return await decoded_response(association, invocation, response.data), ""
    except datasets.DataSetError as error:
        return None, str(error)
