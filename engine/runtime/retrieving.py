"""C-FIND, C-GET and C-MOVE as procedures: contexts, listener for the move, progress, cancel, verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.model.association import Peer, Policy, Proposal
from engine.model.command_set import tag_of
from engine.model.commands import Listen, Outgoing, PeerSettings, Retrieve
from engine.model.notices import Outcome
from engine.services.instances import InstanceStore
from engine.services.plan import query_contexts
from engine.services.responses import request_of
from engine.services.retrieval_verdict import Facts, counts_text, cut_off, judge
from engine.standard.lean import dataclass
from engine.wire import datasets

from . import sentences
from .association import Association
from .beside import beside
from .context import Context
from .files import Discarding, FolderStore, decoded_response
from .invocation import Ended, Invocation, Response
from .operations import Operation, opened
from .own_side import own_side
from .places import is_quick
from .retrievals import Retrieval

if TYPE_CHECKING:
    from .listener import Listener

LINGER = 1.0
"""Seconds for what is still under way after the final response: C-STOREs on their way, the peer's release."""
_COUNTERS = tuple(tag_of(f"NumberOf{name}Suboperations") for name in ("Completed", "Failed", "Warning", "Remaining"))
OPTIONAL_KEYS_UNSUPPORTED = 0xFF01
FAILED_SOP_INSTANCES = 0x00080058


@dataclass(frozen=True, slots=True)
class Reception:
    """Who receives what a C-MOVE sends to us. armed: a listener for this operation alone; else the built-in peer that
    runs already."""

    listener: Listener
    armed: bool
    came_before: int = 0
    """Connections that the listener had taken when the operation began."""


class Retrieving:
    """One Retrieve command."""

    def __init__(self, context: Context, command: Retrieve, operation: Operation) -> None:
        self._context = context
        self._command = command
        self._operation = operation
        self._store: InstanceStore = FolderStore(command.folder) if command.folder else Discarding()
        self._reception: Reception | None = None
        self._statuses: Counter[int] = Counter()
        self._counts: tuple[int, int, int, int] | None = None
        self._cancelled_after: int | None = None
        self._uncounted: Mapping[int, int] | None = None
        """Where elements stand in the latest kind of response that tells no sub-operations."""

    async def run(self) -> None:
        """Retrieve to the end; where we receive ourselves, what is still on its way is waited for a moment. Raises
        Ended."""
        if self._command.folder:  # nobody waits for the answer: it may never come
            self._context.spawn(_look_at(self._command.folder), "Looking at a folder")
        self._reception = await self._receive()
        try:
            await self._operate()
        finally:
            if self._reception is not None and self._reception.armed:
                await self._reception.listener.quiet(LINGER)
                await self._reception.listener.stop(5.0)

    # -- who receives

    async def _receive(self) -> Reception | None:
        """For a C-MOVE to ourselves: the built-in peer that runs with this title, else a listener of its own."""
        command = self._command
        if command.service != "C-MOVE":
            return None
        for listener in self._context.listeners.values():
            if listener.takes(command.move_destination, command.listen_port):
                return Reception(listener, armed=False, came_before=listener.came)
        if command.listen_port is None:
            return None
        return Reception(await self._arm(command.listen_port), armed=True)

    async def _arm(self, port: int) -> Listener:
        from .listener import Listener  # with all the built-in peer can do: most retrievals do without

        command, proposal = self._command, self._command.proposal
        policy = Policy(
            ae_titles=(command.move_destination,),
            local=proposal.local,
            timeouts=proposal.timeouts,
            limits=proposal.limits,
        )
        listen = Listen(
            listener=self._context.new_id(),
            host="" if not _is_loopback(proposal.peer.host) else proposal.peer.host,
            port=port,
            settings=PeerSettings(policy=policy, folder=command.folder, tls=command.listen_tls),
        )
        listener = Listener(self._context, listen, self._store)
        if not await listener.start():
            others = (o for o in self._context.listeners.values() if o.port == port)
            titles = next((o.command.settings.policy.ae_titles for o in others), ())
            why = f"; the built-in peer has it, and answers to {', '.join(titles)} only" if titles else ""
            raise Ended(Outcome.NOT_SENT, f"The C-MOVE was not sent: port {port} could not be listened on{why}.")
        return listener

    # -- the operation

    async def _operate(self) -> None:
        proposal = self._proposal()
        association = Association.to_open(self._context, self._command.association, proposal)
        own_side(self._context, association, self._store)
        await opened(association, self._operation)
        try:
            await self._ask(association)
        finally:
            await association.release()

    def _proposal(self) -> Proposal:
        command = self._command
        if command.proposal.contexts:
            return command.proposal
        get = command.service == "C-GET"
        contexts = query_contexts(command.sop_class_uid, with_storage=get, classes=command.sop_classes)
        return replace(command.proposal, contexts=contexts)

    async def _ask(self, association: Association) -> None:
        """The request and its responses; cut off, what was done until then is told."""
        command, number = self._command, self._operation.number
        request = request_of(
            f"{command.service}-RQ",
            AffectedSOPClassUID=command.sop_class_uid,
            MoveDestination=command.move_destination or None,
        )
        reception = self._reception
        own = reception.listener.number if reception and reception.armed else None
        copies = self._store if reception and not reception.armed and command.folder else None
        self._context.retrievals.prepare(number, own, copies)
        message = Outgoing(command=request, data=command.identifier)
        invocation = await association.messages.invoke(message, number)
        try:
            response = await self._read(association, invocation)
        except Ended as ended:
            self._cut_off(ended, invocation)
            return
        await self._end(association, invocation, response)

    async def _read(self, association: Association, invocation: Invocation) -> Response:
        """Pending responses as progress; C-CANCEL when asked for or after so many."""
        operation, limit = self._operation, self._command.cancel_after

        async def cancel() -> None:
            if self._cancelled_after is None:
                self._cancelled_after = invocation.responses
            await association.messages.cancel(invocation.operation)

        operation.on_cancel = cancel
        if operation.cancelled:
            await cancel()
        try:
            while True:
                response = await invocation.next()
                if response.final:
                    return response
                first = invocation.responses + 1
                most = None if limit is None or limit < first else limit - first
                invocation.responses = first + invocation.pass_by(response, most)
                self._progress(response, first, invocation.responses)
                if limit is not None and invocation.responses == limit:
                    await cancel()
        finally:
            operation.on_cancel = None
            association.messages.close_invocation(invocation.operation)

    def _progress(self, response: Response, first: int, last: int) -> None:
        """Responses `first` to `last` of the operation, all with the command set of this one."""
        status = response.command.status
        if status is not None:
            self._statuses[status] += last - first + 1
        places = response.command.places
        if places is None or places is not self._uncounted:  # else one like the last
            counters = [response.command.number(tag) for tag in _COUNTERS]
            if any(n is not None for n in counters):
                self._counted(*(n or 0 for n in counters), times=last - first + 1)
                return
            self._uncounted = places
        self._operation.progress_each(first, last)

    def _counted(self, completed: int, failed: int, warning: int, remaining: int, *, times: int) -> None:
        self._counts = completed, failed, warning, remaining
        done = completed + failed + warning
        self._operation.total = done + remaining
        for _ in range(times):
            self._operation.progress(done, failed=failed, warning=warning)

    # -- the end

    @property
    def _seen_here(self) -> bool:
        """Whether what is retrieved arrives in this engine."""
        return self._command.service == "C-GET" or self._reception is not None

    def _retrieval(self) -> Retrieval | None:
        return self._context.retrievals.of(self._operation.number) if self._seen_here else None

    def _cut_off(self, ended: Ended, invocation: Invocation) -> None:
        """The association ended before the final response."""
        command, retrieval = self._command, self._retrieval()
        stored = retrieval.stored if retrieval else None
        told = counts_text(*self._counts) if self._counts else ""
        if command.service == "C-FIND":
            told = f"{invocation.responses} matches came" if invocation.responses else "no match came"
        completed, failed, warning, remaining = self._counts or (None, None, None, None)
        self._operation.end(
            ended.outcome,
            ended.sentence,
            service=command.service,
            completed=completed,
            failed=failed,
            warning=warning,
            remaining=remaining,
            received=stored,
            verdict=cut_off(command.service, stored, retrieval.refused if retrieval else 0, told),
        )

    async def _end(self, association: Association, invocation: Invocation, response: Response) -> None:
        facts = await self._facts(association, invocation, response)
        retrieval = self._retrieval()
        if retrieval is not None:
            await retrieval.settled(facts.done or 0, LINGER)
            facts = replace(
                facts,
                stored=retrieval.stored,
                refused=retrieval.refused,
                originators=dict(retrieval.originators),
                not_kept=tuple(retrieval.not_kept),
            )
        self._operation.end_with(invocation, response, judge(facts), facts.stored, facts.failed_instances)

    async def _facts(self, association: Association, invocation: Invocation, response: Response) -> Facts:
        command, final = self._command, response.command
        completed, failed, warning, remaining = (final.number(tag) for tag in _COUNTERS)
        return Facts(
            service=command.service,
            status=final.status if final.status is not None else 0xC000,
            responses=invocation.responses,
            completed=completed,
            failed=failed,
            warning=warning,
            remaining=remaining,
            destination=command.move_destination,
            here=self._here(association),
            reached=self._reception is not None and self._reception.listener.came > self._reception.came_before,
            failed_instances=await _failed_instances(association, invocation, response),
            has_data=response.data is not None,
            cancelled_after=self._cancelled_after,
            unsupported_keys=self._statuses[OPTIONAL_KEYS_UNSUPPORTED],
            negotiated=association.negotiated,
        )

    def _here(self, association: Association) -> str:
        """Host and port by which the peer may reach our listener: the address it sees us from."""
        if self._reception is None:
            return ""
        host = association.link.local_address()[0]
        return sentences.address(Peer(host=host or "this computer", port=self._reception.listener.port))


async def _failed_instances(association: Association, invocation: Invocation, response: Response) -> tuple[str, ...]:
    """Failed SOP Instance UID List of the final response (PS3.4 C.4.2.1.4.2, C.4.3.1.3.2)."""
    if response.data is None or association.negotiated is None or invocation.service == "C-FIND":
        return ()
    try:
        data = await decoded_response(association, invocation, response.data)
    except datasets.DataSetError:
        return ()  # the findings tell it
    return tuple(filter(None, data.texts(FAILED_SOP_INSTANCES))) if data is not None else ()


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


async def _look_at(folder: Path) -> None:
    """Have it be known where it is."""
    await beside(is_quick, folder)
