"""The C-STORE sub-operations of a C-GET or C-MOVE that is served, and the associations a C-MOVE opens for them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.model.association import Peer, Proposal
from engine.model.commands import Outgoing
from engine.model.notices import Outcome
from engine.protocol import exchange as dx
from engine.protocol.contexts import has_role
from engine.services.effects import SubStore
from engine.services.plan import Need, contexts_for, spread
from engine.services.responses import request_of
from engine.standard.dictionary import uid_text

from .association import Association
from .invocation import Ended

if TYPE_CHECKING:
    from .serving import Server


MOVES_AT_ONCE = 16
"""C-MOVEs to one destination that are carried out at a time: a peer may ask for thousands in a second, and each has an
association."""
WAITS_FOR = 10.0
"""Seconds that a C-MOVE waits for its turn until it is told to go on waiting: less than peers wait for a response."""


class SubStores:
    """Of one request, which came on `association`."""

    def __init__(self, server: Server, association: Association, event: dx.RequestReceived) -> None:
        self.server = server
        self.association = association
        self.event = event
        self._elsewhere: dict[tuple[str, tuple[Need, ...]], Association] = {}
        self._needs: dict[Need, tuple[Need, ...]] = {}
        self._turn: asyncio.Semaphore | None = None
        """Of the destination, while it is ours."""
        self._queue: asyncio.Semaphore | None = None
        self._waiting: asyncio.Task[bool] | None = None
        """In the queue for it."""

    async def has_turn(self, effect: SubStore) -> bool:
        """Whether it is this operation's turn at the destination, or becomes it in a while; False also where it is
        cancelled meanwhile. Few go to one destination at a time, all associations of one with it count once: who has
        one waits for no other. Raises Ended where whoever asked for it is gone."""
        if self._turn is not None or not effect.destination:
            return True
        turn = self.server.moves.setdefault(effect.destination, asyncio.Semaphore(MOVES_AT_ONCE))
        if self._waiting is None and not turn.locked():
            await turn.acquire()
            self._turn = turn
            return True
        key = self.association.number, self.event.key
        if self.server.is_cancelled(*key):
            return False
        loop = self.server.context.loop
        if self._waiting is None:
            self._queue, self._waiting = turn, loop.create_task(turn.acquire())
        cancelled, over = loop.create_future(), loop.create_task(self.association.ended.wait())
        self.server.waiting[key] = cancelled
        try:
            wanted = {self._waiting, over, cancelled}
            await asyncio.wait(wanted, timeout=WAITS_FOR, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            self.server.waiting.pop(key, None)
            if self._waiting.done():
                self._turn, self._waiting = turn, None
        if self.association.lost is not None:
            raise self.association.lost
        return self._turn is not None

    async def perform(self, effect: SubStore) -> int | None:
        """The status it was answered with; None where it could not be performed: it counts as failed, with the reason
        told."""
        script = self.association.script
        counted = await script.skips(effect.instance.sop_class_uid) if script else None
        if counted is not None:
            return counted
        command = request_of(
            "C-STORE-RQ",
            AffectedSOPClassUID=effect.instance.sop_class_uid,
            AffectedSOPInstanceUID=effect.instance.sop_instance_uid,
            Priority=self.event.message.command.number("Priority") or 0,  # inherited (PS3.7 9.1.3.1.4, 9.1.4.1.4)
            MoveOriginatorApplicationEntityTitle=effect.originator_ae_title or None,
            MoveOriginatorMessageID=effect.originator_message_id,
        )
        try:
            where = await self._association_for(effect) if effect.destination else self.association
            effect = self._as_it_is(effect)
            context_id = _context_for(where, effect)
            message = Outgoing(command=command, data=effect.instance.data, context_id=context_id)
            response = await where.messages.perform(message)
        except Ended as ended:
            if self.association.end is not None:
                raise
            self.server.context.error(f"C-STORE sub-operation failed: {ended.sentence}", self.association.number)
            return None
        return response.command.status

    def _as_it_is(self, effect: SubStore) -> SubStore:
        """With the instance that has come in the place of the one that was found: its file is another."""
        now, found = self.server.peer.store.find(effect.instance.sop_instance_uid), effect.instance
        if now is None or now.sop_class_uid != found.sop_class_uid:
            return effect
        return replace(effect, instance=now)

    async def _association_for(self, effect: SubStore) -> Association:
        """The association with the move destination, opened for the first instance and kept for the rest.

        One that could not be opened is not tried again: each try would take its time-out.
        """
        if not self._needs:
            self._needs = {need: group for group in spread(effect.needs) for need in group}
        own = (effect.instance.sop_class_uid, effect.instance.transfer_syntax)
        group = self._needs.get(own, (own,))
        key = (effect.destination, group)
        known = self._elsewhere.get(key)
        if known is not None and known.end is None:
            return known
        if known is not None and known.negotiated is None:
            raise known.lost or Ended(Outcome.CONNECTION_FAILED, "The destination cannot be reached.")
        target = self.server.destinations.get(effect.destination) or self.server.itself
        if target is None:
            raise Ended(Outcome.NOT_SENT, f"{effect.destination} is no destination that was set.")
        peer = Peer(name=target.ae_title, ae_title=target.ae_title, host=target.host, port=target.port)
        proposal = Proposal(
            local=replace(self.server.local, ae_title=self._own_title()),
            peer=peer,
            contexts=contexts_for(group),
            timeouts=self.server.timeouts,
            tls=target.tls,
            limits=self.server.peer.limits,
        )
        association = Association(
            self.server.context,
            self.server.context.new_id(),
            requestor=True,
            peer=peer,
            timeouts=self.server.timeouts,
            proposal=proposal,
            listener=self.association.listener,
            script=self.association.script.run if self.association.script else None,
        )
        self._elsewhere[key] = association
        await association.open()
        return association

    def _own_title(self) -> str:
        negotiated = self.association.negotiated
        return (negotiated.called_ae_title if negotiated else "") or self.server.local.ae_title

    async def close(self) -> None:
        """Release what was opened for them."""
        try:
            await asyncio.gather(*(a.release() for a in self._elsewhere.values()))
        finally:
            if self._waiting is not None and not self._waiting.cancel() and self._queue is not None:
                self._queue.release()  # its turn came when nobody waited for it any more
            if self._turn is not None:
                self._turn.release()
                self._turn = None


def _context_for(association: Association, effect: SubStore) -> int | None:
    """The accepted context in the instance's own transfer syntax, if there is one.

    Raises Ended when the other side has not agreed to take the SOP class as SCP (PS3.4 C.4.3.1.1).
    """
    if association.negotiated is None:
        return None
    uid = effect.instance.sop_class_uid
    accepted = association.negotiated.accepted_for(uid)
    if accepted and not any(has_role(c, "C-STORE", requestor=association.requestor) for c in accepted):
        name = uid_text(uid)
        sentence = f"{name} was accepted, but the requestor did not ask for the SCP role, so nothing is sent to it."
        raise Ended(Outcome.NOT_SENT, sentence)
    same = [c for c in accepted if c.transfer_syntax == effect.instance.transfer_syntax]
    return same[0].id if same else None
