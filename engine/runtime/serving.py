"""Carries out what a provider does: its generator's effects become messages on the association."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import field
from functools import partial
from itertools import cycle
from weakref import WeakValueDictionary

from engine.model.association import LocalAE, Negotiated, Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import MoveDestination, Outgoing
from engine.model.dataset import DataSet, EncodedData, FileData, Unkept
from engine.model.defects import report_of
from engine.model.limits import Limits, to_raise
from engine.model.notices import Outcome
from engine.protocol import exchange as dx
from engine.services.commitment import reported
from engine.services.effects import Answer, Breath, Effect, Instance, Keep, Notify, Reply, Request, Serving
from engine.services.peer import OUT_OF_RESOURCES, BuiltInPeer
from engine.services.responses import response_to
from engine.services.rules import FIRST_NORMALIZED, PROCESSING_FAILURE, RESOURCE_LIMITATION
from engine.services.state import Change
from engine.standard.extended_negotiation import granted
from engine.standard.lean import dataclass
from engine.standard.messages import ECHO, FIND, MESSAGES, STORE, message_name
from engine.standard.status import StatusClass, status_class
from engine.wire import datasets

from .association import Association
from .context import Context
from .files import decoded_beside, instance_takes_long
from .invocation import Ended
from .keeping import Keeper
from .outgoing import size_of
from .reporting import Reporter
from .room import Room
from .storing_at_once import learn, stored_at_once
from .sub_stores import SubStores
from .temporary_files import drop_spooled

UNABLE_TO_PROCESS = 0xC000
AT_ONCE = frozenset({STORE, FIND, ECHO})
"""What is answered without asking anybody else, in the turn in which it came."""
_UNREAD = {STORE, *(m.command_field for m in MESSAGES.values() if m.data_set.presence == "never")}
"""Whose data set is read elsewhere, or which have none: they do not fail for one."""
_STORED = (StatusClass.SUCCESS, StatusClass.WARNING)


@dataclass(slots=True)
class Server:
    """Serves the requests of many associations with one built-in peer.

    delays: seconds before each request is served, in turn; () for none.
    """

    context: Context
    peer: BuiltInPeer
    keeper: Keeper
    local: LocalAE = field(default_factory=LocalAE)
    timeouts: Timeouts = field(default_factory=Timeouts)
    destinations: dict[str, MoveDestination] = field(default_factory=dict)
    delays: tuple[float, ...] = ()
    room: Room = field(default_factory=lambda: Room(Limits(), None))
    itself: MoveDestination | None = None
    """The listener it serves for, to which a C-MOVE may go too."""
    on_stored: Callable[[Association, CommandSet], None] | None = None
    before: Callable[[str], Awaitable[None]] | None = None
    """Awaited with the SOP class before a request for it is served."""
    on_changed: Callable[[tuple[Change, ...]], None] | None = None
    on_kept: Callable[[str], None] | None = None
    """Called when a change, an instance (its UID) is safe."""
    moves: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    """By destination: whose turn it is to send it what a C-MOVE asks for."""
    waiting: dict[tuple[int, int], asyncio.Future[None]] = field(default_factory=dict)
    """Those that wait for their turn, by association and request: to be done when it is cancelled."""
    reporter: Reporter = field(init=False)
    storing: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """By the SOP Instance UIDs of C-STOREs under way, one after the other each: what is acknowledged last is kept."""
    _cancelled: set[tuple[int, int]] = field(default_factory=set)
    _delays: Iterator[float] = field(init=False)

    def __post_init__(self) -> None:
        self._delays = cycle(self.delays or (0.0,))
        due = self.peer.normalized.due
        self.reporter = Reporter(
            self.context, self.local, self.timeouts, self.destinations, due, self._taken, self.peer.limits
        )

    async def save(self, association: int | None = None) -> str:
        """Make durable what was changed: nothing is acknowledged before. Else undo it and say why."""
        state = self.peer.state
        changes = state.take()
        try:
            problem = await self.room.has(sum(change.growth for change in changes)) if changes else ""
            if changes and not problem:
                problem = await self.keeper.commit(tuple(changes))
        except Exception:
            state.undo(changes)
            raise
        if problem:
            state.undo(changes)
            self._tell(f"What was asked for could not be kept: {problem.removesuffix('.')}.", association)
        elif changes:
            state.kept(changes)
            if self.on_changed is not None:
                self.on_changed(tuple(changes))
        return problem

    async def keep(self, instance: Instance) -> str:
        """Keep a composite instance; "" or why not."""
        size = size_of(instance.data)
        problem = await self.room.take(size)
        if not problem:
            try:
                problem = await self.keeper.keep(instance)
            except Exception:
                self.room.give_back(size)
                raise
            if problem:
                self.room.give_back(size)
        if problem:
            self._tell(f"Instance {instance.sop_instance_uid} was not stored: {problem}.")
        elif self.on_kept is not None:
            self.on_kept(instance.sop_instance_uid)
        return problem

    def _tell(self, sentence: str, association: int | None = None) -> None:
        """That something was not taken, and how more is, where a limit is in the way."""
        self.context.error(" ".join(filter(None, (sentence, to_raise(sentence)))), association)

    def refused(self, command: CommandSet, why: str, association: int) -> None:
        """Tell of a request that goes beyond a limit."""
        self._tell(f"{message_name(command.command_field)} refused: {why.removesuffix('.')}.", association)

    @property
    def straight(self) -> bool:
        """Whether a C-STORE may be answered in the turn in which it came, with nobody asked but the keeper."""
        return self.keeper.at_once and not self.delays and self.on_stored is None

    async def _taken(self, event: Notify) -> None:
        reported(self.peer.state, event)
        await self.save()

    def attach(self, association: Association) -> None:
        """Serve what arrives on this association, one request after the other."""
        self.reporter.attach(association)
        association.on_request = self._on_request
        association.on_store = partial(stored_at_once, self)
        association.on_cancel = self._cancel

    def _cancel(self, association: Association, key: int) -> None:
        if association.script is None or not association.script.ignores_cancel(key):
            self._cancelled.add((association.number, key))
            waits = self.waiting.get((association.number, key))
            if waits is not None and not waits.done():
                waits.set_result(None)

    def _on_request(self, association: Association, event: dx.RequestReceived) -> None:
        delay, what = next(self._delays), "Answering a request"
        work = self._serve(association, event, delay)
        if delay or association.script is not None or event.message.command.command_field not in AT_ONCE:
            self.context.spawn(work, what)
        else:
            association.link.soon(partial(self.context.begin, work, what))

    async def _serve(self, association: Association, event: dx.RequestReceived, delay: float) -> None:
        run = _Run(self, association, event)
        try:
            if delay:
                with suppress(TimeoutError):
                    await asyncio.wait_for(association.ended.wait(), delay)
            if self.before is not None:
                await self.before(event.message.command.sop_class_uid)
            await self._play(run)
        except Ended as ended:
            if association.lost is None and ended.outcome is Outcome.NOT_SENT:  # else its own notice has said why
                name = message_name(event.message.command.command_field)
                self.context.error(f"{name} could not be answered as it should: {ended.sentence}", association.number)
                await run.fail("the response could not be encoded")
        except Exception as error:  # noqa: BLE001 - a defect of ours must still answer the peer
            name = message_name(event.message.command.command_field)
            self.context.error(
                f"Answering {name} failed unexpectedly: {type(error).__name__}.",
                association.number,
                report=report_of(error),
            )
            await run.fail()
        finally:
            self._cancelled.discard((association.number, event.key))
            await run.close()

    async def _play(self, run: _Run) -> None:
        """A C-STORE waits until one of the same instance has been answered, unless a script holds its answer back."""
        command = run.event.message.command
        if command.command_field != STORE or run.association.script is not None:
            await run.play(await self._generator(run.association, run.event))
            return
        turn = self.storing.setdefault(command.sop_instance_uid, asyncio.Lock())
        async with turn:
            await run.play(await self._generator(run.association, run.event))

    def is_cancelled(self, association: int, key: int) -> bool:
        return (association, key) in self._cancelled

    async def _generator(self, association: Association, event: dx.RequestReceived) -> Serving:
        message = event.message
        negotiated = association.negotiated
        assert negotiated is not None
        context = negotiated.context(message.context_id)
        if context is None or not context.accepted:
            return _refuse(message.command, "presentation context was not accepted")
        if isinstance(message.data, Unkept):
            name = message_name(message.command.command_field)
            self._tell(f"The data set of a {name} was not kept: {message.data.problem}.", association.number)
            return _refuse(message.command, message.data.problem, (OUT_OF_RESOURCES, RESOURCE_LIMITATION))
        identifier: DataSet | None = None
        if message.data is not None and message.command.command_field not in _UNREAD:
            try:
                identifier = await decoded_beside(message.data, message.transfer_syntax, association.limits)
            except datasets.LimitError as error:
                self.refused(message.command, str(error), association.number)
                said = datasets.without_path(error, message.data)
                return _refuse(message.command, said, (OUT_OF_RESOURCES, RESOURCE_LIMITATION))
            except datasets.DataSetError as error:
                return _refuse(message.command, datasets.without_path(error, message.data))
        return self.peer.serve(
            Request(
                context=context,
                command=message.command,
                data=message.data,
                identifier=identifier,
                calling_ae_title=negotiated.calling_ae_title,
                called_ae_title=negotiated.called_ae_title,
                association=association.number,
                accepted=frozenset(c.abstract_syntax for c in negotiated.contexts if c.accepted),
                options=_options(negotiated, context.abstract_syntax),
            )
        )


def _options(negotiated: Negotiated, sop_class_uid: str) -> frozenset[str]:
    """What was answered for a SOP class in extended negotiation (PS3.7 D.3.3.5)."""
    answers = (e.information for e in negotiated.extended if e.sop_class_uid == sop_class_uid)
    return granted(sop_class_uid, next(answers, b""))


def _refuse(
    command: CommandSet, comment: str, statuses: tuple[int, int] = (UNABLE_TO_PROCESS, PROCESSING_FAILURE)
) -> Serving:
    """statuses: of a DIMSE-C and of a DIMSE-N response."""
    status = statuses[(command.command_field or 0) >= FIRST_NORMALIZED]
    yield Reply(command=response_to(command, status, comment=comment))


class _Run:
    """One request being served."""

    def __init__(self, server: Server, association: Association, event: dx.RequestReceived) -> None:
        self.server = server
        self.association = association
        self.event = event
        self._sub_stores: SubStores | None = None
        self._before: EncodedData | FileData | None = None

    async def play(self, generator: Serving) -> None:
        self._before = self._held()
        effect = await self._first(generator)  # cancelled, it may still run in its thread, and is not to be closed
        try:
            while effect is not None:
                problem = await self.server.save(self.association.number)
                if problem:
                    await self._reply(Reply(command=self._not_kept(problem)))
                    return
                effect = generator.send(await self._carried_out(effect))
        except StopIteration:
            pass
        finally:
            generator.close()

    async def _first(self, generator: Serving) -> Effect | None:
        """The first effect, for which an instance is read; identifiers are decoded before."""
        message = self.event.message
        stores = message.command.command_field == STORE
        if not stores or not instance_takes_long(message.data, message.transfer_syntax):
            return next(generator, None)
        return await asyncio.to_thread(next, generator, None)

    async def _carried_out(self, effect: Effect) -> Answer:
        if isinstance(effect, Keep):
            return Answer(problem=await self.server.keep(effect.instance))
        if isinstance(effect, Reply):
            return await self._reply(effect)
        if isinstance(effect, Breath):
            await asyncio.sleep(0)
            if self.association.lost is not None:
                raise self.association.lost
            return Answer(cancelled=self._cancelled())
        if self._sub_stores is None:
            self._sub_stores = SubStores(self.server, self.association, self.event)
        if not await self._sub_stores.has_turn(effect):
            return Answer(waits=True, cancelled=self._cancelled())
        return Answer(status=await self._sub_stores.perform(effect), cancelled=self._cancelled())

    def _not_kept(self, problem: str) -> CommandSet:
        command = self.event.message.command
        normalized = (command.command_field or 0) >= FIRST_NORMALIZED
        return response_to(command, RESOURCE_LIMITATION if normalized else UNABLE_TO_PROCESS, comment=problem)

    async def _reply(self, effect: Reply) -> Answer:
        asked = self.event.message
        retrieval = self.association.messages.retrieval_of(asked.command)
        if retrieval is not None and status_class(effect.command.status or 0) in _STORED:
            await retrieval.keep_copy(asked.command, asked.data, self.association.limits)
        if effect.refused:
            self.server.refused(asked.command, effect.refused, self.association.number)
        message = Outgoing(command=effect.command, data=effect.data, context_id=asked.context_id, replacing=True)
        try:
            await self.association.messages.answer(message, key=self.event.key)
        except Ended:  # what was changed stays so, and is to be known
            self._report(effect)
            raise
        self._report(effect)
        if self.server.on_stored and self.event.message.command.command_field == STORE:
            self.server.on_stored(self.association, effect.command)
        if asked.command.command_field == STORE:
            learn(self.server, self.association, asked, effect.command)
        if status_class(effect.command.status or 0) is StatusClass.PENDING:
            await asyncio.sleep(0)  # of many responses: a C-CANCEL-RQ and the other associations are let in
        return Answer(cancelled=self._cancelled())

    def _report(self, effect: Reply) -> None:
        for event in effect.events:
            self.server.reporter.report(event, self.association)

    async def fail(self, comment: str = "internal error of the console") -> None:
        """Answer with a failure after a defect of ours, or where what was to be answered cannot be."""
        command = self.event.message.command
        status = UNABLE_TO_PROCESS if (command.command_field or 0) < FIRST_NORMALIZED else PROCESSING_FAILURE
        with suppress(Ended):
            await self._reply(Reply(command=response_to(command, status, comment=comment)))

    def _cancelled(self) -> bool:
        return self.server.is_cancelled(self.association.number, self.event.key)

    async def close(self) -> None:
        """Release what was opened for this request; delete what was spooled and is not held by the store (any more)."""
        if self._sub_stores is not None:
            await self._sub_stores.close()
        spooled = [data for data in (self._before, self.event.message.data) if isinstance(data, FileData)]
        if spooled:
            held = self._held()
            for data in spooled:
                if data is not held:
                    drop_spooled(data)

    def _held(self) -> EncodedData | FileData | None:
        """What the store has under the request's SOP Instance UID."""
        instance = self.server.peer.store.find(self.event.message.command.sop_instance_uid)
        return instance.data if instance else None
