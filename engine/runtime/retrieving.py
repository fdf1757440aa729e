"""C-FIND, C-GET and C-MOVE as procedures: contexts, listener for the move, progress, cancel, verdict."""

from __future__ import annotations

from dataclasses import replace

from engine.model.association import Policy, Proposal
from engine.model.commands import Listen, Outgoing, PeerSettings, Retrieve
from engine.model.notices import Outcome
from engine.services.instances import InstanceStore
from engine.services.plan import query_contexts
from engine.services.responses import request_of

from .association import Association
from .context import Context
from .files import Discarding, FolderStore
from .invocation import Ended, Invocation, Response
from .listener import Listener, own_side
from .operations import Operation, opened

LINGER = 1.0
"""Seconds the peer of a C-MOVE has to release its C-STORE association after the final response, before we do."""


class Retrieving:
    """One Retrieve command."""

    def __init__(self, context: Context, command: Retrieve, operation: Operation) -> None:
        self._context = context
        self._command = command
        self._operation = operation
        self._store: InstanceStore = FolderStore(command.folder) if command.folder else Discarding()

    async def run(self) -> None:
        listener = await self._listen()
        try:
            await self._operate()
        finally:
            if listener is not None:
                await listener.quiet(LINGER)
                await listener.stop(5.0)

    async def _listen(self) -> Listener | None:
        """For a C-MOVE to ourselves: the listener its C-STOREs come to."""
        command = self._command
        if command.service != "C-MOVE" or command.listen_port is None:
            return None
        proposal = command.proposal
        policy = Policy(ae_titles=(command.move_destination,), local=proposal.local, timeouts=proposal.timeouts)
        listen = Listen(
            listener=self._context.new_id(),
            host="" if not _is_loopback(proposal.peer.host) else proposal.peer.host,
            port=command.listen_port,
            settings=PeerSettings(policy=policy, folder=command.folder, tls=command.listen_tls),
        )
        listener = Listener(self._context, listen, self._store)
        if not await listener.start():
            raise Ended(
                Outcome.NOT_SENT, f"The C-MOVE was not sent: port {command.listen_port} could not be listened on."
            )
        return listener

    async def _operate(self) -> None:
        command = self._command
        proposal = self._proposal()
        association = Association(
            self._context,
            command.association,
            requestor=True,
            peer=proposal.peer,
            timeouts=proposal.timeouts,
            proposal=proposal,
        )
        own_side(self._context, association, self._store)
        await opened(association, self._operation)
        try:
            request = request_of(
                f"{command.service}-RQ",
                AffectedSOPClassUID=command.sop_class_uid,
                MoveDestination=command.move_destination or None,
            )
            message = Outgoing(command=request, data=command.identifier)
            invocation = await association.messages.invoke(message, self._operation.number)
            response = await self._read(association, invocation)
            self._operation.end_with(invocation, response)
        finally:
            await association.release()

    def _proposal(self) -> Proposal:
        command = self._command
        if command.proposal.contexts:
            return command.proposal
        contexts = query_contexts(command.sop_class_uid, with_storage=command.service == "C-GET")
        return replace(command.proposal, contexts=contexts)

    async def _read(self, association: Association, invocation: Invocation) -> Response:
        """Pending responses as progress; C-CANCEL when asked for or after so many."""
        operation, limit = self._operation, self._command.cancel_after

        async def cancel() -> None:
            await association.messages.cancel(invocation.operation)

        operation.on_cancel = cancel
        if operation.cancelled:
            await cancel()
        try:
            while True:
                response = await invocation.next()
                if response.final:
                    return response
                invocation.responses += 1
                self._progress(invocation, response)
                if limit is not None and invocation.responses == limit:
                    await cancel()
        finally:
            operation.on_cancel = None
            association.messages.close_invocation(invocation.operation)

    def _progress(self, invocation: Invocation, response: Response) -> None:
        counters = [
            response.command.number(f"NumberOf{name}Suboperations")
            for name in ("Completed", "Failed", "Warning", "Remaining")
        ]
        if all(n is None for n in counters):
            self._operation.progress(invocation.responses)
            return
        completed, failed, warning, remaining = (n or 0 for n in counters)
        done = completed + failed + warning
        self._operation.total = done + remaining
        self._operation.progress(done, failed=failed, warning=warning)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
