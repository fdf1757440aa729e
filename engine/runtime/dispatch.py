"""Commands to what they start, in the engine thread. Procedures are loaded when they are first asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engine.model import commands as c
from engine.model.notices import Outcome
from engine.wire.pdu_encoding import FieldProblem

from .association import LEAVING, Association, end_all
from .context import Context, settled
from .invocation import Ended, service_name
from .operations import Operation, Operations, finish, opened
from .own_side import by_hand, own_side
from .pipeline import Pipeline, opens_operation

if TYPE_CHECKING:
    from .listener import Listener

TIDY_TIME = 2.0
"""Seconds a procedure has for its closing steps (unsubscribe, delete) when the engine stops, before its association is
ended: one or two round trips, and a peer that hangs does not keep the program from ending."""


class Dispatcher:
    """Knows the associations and listeners a face has named."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._listeners: dict[int, Listener] = {}
        self.leaving: set[Listener] = set()
        """Those that are being stopped."""
        self.operations = Operations(context)
        self._handlers: dict[type[c.Command], Callable[[Any], None]] = {
            c.OpenAssociation: self._open,
            c.Send: self._send,
            c.Cancel: self._cancel,
            c.Release: self._release,
            c.Abort: self._abort,
            c.SendBytes: self._send_bytes,
            c.OneShot: self._one_shot,
            c.PlanStore: self._plan_store,
            c.ReadReferences: self._read_references,
            c.StoreFiles: self._store_files,
            c.Retrieve: self._retrieve,
            c.RunProcedure: self._run_procedure,
            c.Listen: self._listen,
            c.StopListening: self._stop_listening,
            c.WatchObjects: lambda command: self._at(command.listener, lambda it: it.objects.watch(command)),
            c.SetEmulators: lambda command: self._at(command.listener, lambda it: it.switch(command.on)),
            c.ChangeObject: self._change_object,
        }

    def dispatch(self, command: c.Command) -> None:
        """Start what a command asks for; what cannot be is told by an ErrorNotice or the end of what it names."""
        handler = self._handlers.get(type(command))
        if handler is None:
            self._context.error(f"The engine does not know the command {type(command).__name__}.")
            return
        handler(command)

    # -- associations held by the face

    def _open(self, command: c.OpenAssociation) -> None:
        proposal = command.proposal
        association = Association.to_open(self._context, command.association, proposal)
        if command.auto_answer:
            own_side(self._context, association)
        else:
            by_hand(self._context, association)
        self._context.begin(_reach(association), "Opening an association")

    def _need(self, number: int, doing: str) -> Association | None:
        association = self._context.associations.get(number)
        if association is None:
            self._context.error(f"{doing} was not possible: association #{number} is not open.", number)
        return association

    def _release(self, command: c.Release) -> None:
        association = self._need(command.association, "Release")
        if association is not None:
            association.by_user = True
            association.ask_release()

    def _abort(self, command: c.Abort) -> None:
        association = self._need(command.association, "Abort")
        if association is None:
            return
        association.by_user = True
        try:
            association.abort(command.source, command.reason)
        except FieldProblem as error:
            self._context.error(f"The A-ABORT cannot be made: {error}", command.association)

    def _send_bytes(self, command: c.SendBytes) -> None:
        association = self._need(command.association, "Sending bytes")
        if association is not None:
            association.send_bytes(command.data)

    # -- operations

    def _send(self, command: c.Send) -> None:
        operation = self.operations.begin(command.operation, command.association)
        association = self._context.associations.get(command.association)
        service = service_name(command.message.command)
        if association is None:
            work = _refuse(f"Not sent: association #{command.association} is not open.")
        else:
            work = _send(association, operation, command.message)
        self._start(operation, work, service)

    def _one_shot(self, command: c.OneShot) -> None:
        operation = self.operations.begin(command.operation, command.association)
        service = service_name(command.messages[0].command) if len(command.messages) == 1 else ""
        self._start(operation, self._one_shot_work(command, operation), service)

    async def _one_shot_work(self, command: c.OneShot, operation: Operation) -> None:
        proposal = command.proposal
        association = Association.to_open(self._context, command.association, proposal)
        own_side(self._context, association)
        await opened(association, operation)
        try:
            if len(command.messages) == 1:
                await _send(association, operation, command.messages[0])
            else:
                await Pipeline(association, operation, command).run()
            if command.linger and not operation.cancelled:
                operation.on_cancel = association.release
                await _wait(association.ended, command.linger)
        finally:
            await association.release()

    def _plan_store(self, command: c.PlanStore) -> None:
        from .planning import Planning

        operation = self.operations.begin(command.operation, command.association)
        self._start(operation, Planning(self._context, command, operation).run(), "C-STORE")

    def _read_references(self, command: c.ReadReferences) -> None:
        from .referencing import Referencing

        operation = self.operations.begin(command.operation, 0)
        self._start(operation, Referencing(self._context, command, operation).run(), "")

    def _store_files(self, command: c.StoreFiles) -> None:
        from .storing import Storing

        operation = self.operations.begin(command.operation, command.association)
        self._start(operation, Storing(self._context, command, operation).run(), "C-STORE")

    def _retrieve(self, command: c.Retrieve) -> None:
        from .retrieving import Retrieving

        operation = self.operations.begin(command.operation, command.association)
        self._start(operation, Retrieving(self._context, command, operation).run(), command.service)

    def _run_procedure(self, command: c.RunProcedure) -> None:
        from engine.services.procedures.catalog import CATALOG

        from .procedures import Running

        operation = self.operations.begin(command.operation, command.association)
        self._start(operation, Running(self._context, command, operation).run(), CATALOG[type(command.procedure)].title)

    def _start(self, operation: Operation, work: Any, service: str) -> None:
        try:
            task = self._context.spawn(self.operations.run(operation, work, service), service or "An operation")
        except Exception:
            work.close()  # else Python complains that nobody awaited it
            raise

        def ended(_: asyncio.Task[None]) -> None:
            self.operations.settle(operation)
            work.close()

        task.add_done_callback(ended)

    def _cancel(self, command: c.Cancel) -> None:
        self._context.spawn(self.operations.cancel(command.operation), "Cancelling")

    # -- listeners

    def _listen(self, command: c.Listen) -> None:
        from .listener import Listener

        self.listen(Listener(self._context, command))

    def listen(self, listener: Listener) -> asyncio.Task[None]:
        """Have this one listen."""
        self._listeners[listener.number] = listener
        return self._context.spawn(self._started(listener), "Starting the built-in peer")

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Those that listen, or are about to."""
        return tuple(self._listeners.values())

    async def _started(self, listener: Listener) -> None:
        if not await listener.start():
            self._listeners.pop(listener.number, None)

    def _stop_listening(self, command: c.StopListening) -> None:
        listener = self._listeners.pop(command.listener, None)
        if listener is not None:
            self.leaving.add(listener)
            self._context.spawn(self._stopped(listener), "Stopping the built-in peer")

    async def _stopped(self, listener: Listener) -> None:
        await listener.stop(TIDY_TIME)
        self.leaving.discard(listener)

    def _at(self, number: int, act: Callable[[Listener], None]) -> None:
        listener = self._listeners.get(number)
        if listener is None:
            self._context.error("That was not possible: the built-in peer does not listen.")
        else:
            act(listener)

    def _change_object(self, command: c.ChangeObject) -> None:
        def change(listener: Listener) -> None:
            self._context.spawn(listener.objects.change(command), "Changing an object")

        self._at(command.listener, change)

    async def close(self, timeout: float) -> None:
        """Everything ends: what is set up at peers taken back, associations released (then aborted), listeners stopped,
        tasks finished."""
        self.operations.give_up()
        await self.operations.tidied(TIDY_TIME)
        self._context.closing = True
        for listener in self._listeners.values():
            listener.refuse()
        await settled()
        ours: list[Association] = []
        others: list[Association] = []
        for association in self._context.associations.values():
            (ours if association.requestor else others).append(association)
        await asyncio.gather(
            end_all(self._context, ours, timeout), end_all(self._context, others, min(LEAVING, timeout))
        )
        await asyncio.gather(*(listener.stop(1.0) for listener in self._listeners.values()))
        self._listeners.clear()
        await self._context.finish_tasks(1.0)
        await self._context.close_links()
        self._context.closing = False


async def _refuse(sentence: str) -> None:
    raise Ended(Outcome.NOT_SENT, sentence)


async def _reach(association: Association) -> None:
    with suppress(Ended):  # the association's notice has said it
        await association.reach()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def _send(association: Association, operation: Operation, message: c.Outgoing) -> None:
    """One message on a held association."""
    if not opens_operation(message):
        await association.messages.answer(message, operation.number)
        operation.end(Outcome.SUCCESS, "Sent.", service=service_name(message.command))
        return
    invocation = await association.messages.invoke(message, operation.number)
    response = await finish(association, operation, invocation)
    operation.end_with(invocation, response)
