"""Event reports: which association takes one to its receiver (PS3.4 J.3.3, CC.2.4, H.4.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import field, replace

from engine.model.association import LocalAE, Peer, Proposal, ProposedContext, Role, Timeouts
from engine.model.command_set import CommandSet
from engine.model.commands import MoveDestination, Outgoing
from engine.model.emulation import ReportOn
from engine.model.limits import MIB, Limits
from engine.model.notices import Outcome
from engine.protocol.contexts import has_role
from engine.services.effects import EVERYONE, Notify
from engine.services.responses import request_of
from engine.services.state import weight
from engine.standard.dictionary import uid_text
from engine.standard.lean import dataclass
from engine.standard.status import status_text
from engine.standard.transfer_syntaxes import EXPLICIT_VR_LE, IMPLICIT_VR_LE

from .association import Association
from .context import Context
from .invocation import Ended, outcome_of

SERVICE = "N-EVENT-REPORT"
MOST_CALLS = 8
"""Associations opened to one receiver at a time. A peer may ask for thousands of reports in a second, to a destination
that answers nobody."""
MOST_WAITING, MOST_HELD = 10_000, 256 * MIB
"""Reports on their way or waiting for it, and the memory they hold together; each holds a few KiB, those of large
storage commitments some MiB."""
MOST_COMMENT = 256
"""Characters of an Error Comment that are told."""
_STEP = 0.2
"""Seconds between two looks at whether the engine is being stopped."""


@dataclass(slots=True)
class Reporter:
    """Sends event reports: on the association of the request they follow from, else on another one that the receiver
    has opened, else on one opened to a destination of its name, proposing the SCP role for ourselves."""

    context: Context
    local: LocalAE = field(default_factory=LocalAE)
    timeouts: Timeouts = field(default_factory=Timeouts)
    destinations: Mapping[str, MoveDestination] = field(default_factory=dict)
    due: Callable[[Notify, int], bool] | None = None
    """Called when its time has come, with the association of its request (0: none); False: it is not to be sent."""
    on_taken: Callable[[Notify], Awaitable[None]] | None = None
    """Called when a report was taken: answered without a failure."""
    limits: Limits = field(default_factory=Limits)
    listener: int | None = None
    """Number of the built-in peer whose reports these are."""
    closed: bool = False
    """Nothing is held back or tried again any more: what it serves for is being stopped."""
    _associations: list[Association] = field(default_factory=list)
    _under_way: int = 0
    """Reports that are on their way or wait for it."""
    _held: int = 0
    """Bytes of memory these hold."""
    _calls: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    """By receiver: whose turn it is to open an association to it."""

    def attach(self, association: Association) -> None:
        """An association that may take reports."""
        self._associations.append(association)

    def detach(self, association: Association) -> None:
        """It is over."""
        if association in self._associations:
            self._associations.remove(association)

    def report(self, event: Notify, origin: Association | None = None) -> None:
        """Send it as soon as it can be; its answer is not waited for by the caller.

        origin: the association of the request it follows from; None for what was left from before.
        """
        if event.receiver == EVERYONE:
            for association in [a for a in self._associations if a.end is None and _context_for(a, event) is not None]:
                self.report(replace(event, receiver=_title(association), route=ReportOn.SAME), association)
            return
        size = weight(event.data) if event.data else 0
        if self._under_way >= MOST_WAITING or (self._under_way and self._held + size > MOST_HELD):
            why = f"{self._under_way} others wait to be. What it reports has happened all the same."
            self._undelivered(_receiver(event, origin), why, origin.number if origin else 0)
            return
        self._under_way += 1
        self._held += size
        self.context.spawn(self._counted(event, origin, size), f"Sending an {SERVICE}")

    async def _counted(self, event: Notify, origin: Association | None, size: int) -> None:
        try:
            await self._report(event, origin)
        finally:
            self._under_way -= 1
            self._held -= size

    async def _report(self, event: Notify, origin: Association | None) -> None:
        receiver = _receiver(event, origin)
        command = request_of(
            "N-EVENT-REPORT-RQ",
            AffectedSOPClassUID=event.sop_class_uid,
            AffectedSOPInstanceUID=event.sop_instance_uid,
            EventTypeID=event.event_type_id,
        )
        number = origin.number if origin else 0
        waits = [event.retry_after * 2**n for n in range(event.retries)]
        if event.delay and not await self._waited(event.delay):
            self._undelivered(receiver, "the built-in peer was stopped while it was held back.", number)
            return
        for again, wait in enumerate((*waits, None), start=1):
            if self.due is not None and not self.due(event, number):
                return
            try:
                where = self._open_one(event, receiver, origin)
                if where is None or not await self._told(where, command, event):
                    await self._call(command, event, receiver, origin)
                break
            except Ended as ended:
                self._undelivered(receiver, ended.sentence + _what_next(again, wait, event.retries), number)
            if wait is None or not await self._waited(wait):
                return
        if self.on_taken is not None:
            await self.on_taken(event)

    def _undelivered(self, receiver: str, why: str, association: int) -> None:
        self.context.error(f"The {SERVICE} for {receiver} could not be delivered: {why}", association or None)

    async def _waited(self, seconds: float) -> bool:
        """Wait, in steps that notice when it is being stopped: False then."""
        until = self.context.now() + seconds
        while (left := until - self.context.now()) > 0:
            if self.context.closing or self.closed:
                return False
            await asyncio.sleep(min(left, _STEP))
        return True

    async def tell(self, events: Iterable[Notify], seconds: float) -> None:
        """Send these and wait for their answers, `seconds` at most: the last words before a stop."""
        sending = [self.context.loop.create_task(self._report(event, None)) for event in events]
        if sending:
            _, late = await asyncio.wait(sending, timeout=seconds)
            for task in late:
                task.cancel()

    async def _told(self, where: Association, command: CommandSet, event: Notify) -> bool:
        """Send on an open association; False when that ended before the answer came. Raises Ended."""
        try:
            response = await where.messages.perform(_outgoing(command, event, where))
        except Ended:
            if where.end is None:
                raise
            return False
        _demand_taken(response.command, event)
        return True

    async def _call(self, command: CommandSet, event: Notify, receiver: str, origin: Association | None) -> None:
        """Open an association to the receiver for this one report, when it is its turn. Raises Ended."""
        turn = asyncio.Semaphore(MOST_CALLS)
        if receiver in self.destinations:  # others are not called
            turn = self._calls.setdefault(receiver, turn)
        waits = turn.locked()
        async with turn:
            if waits and (self.closed or self.context.closing):
                raise Ended(Outcome.NOT_SENT, "the built-in peer was stopped before its turn.")
            opened = self._new_one(event, receiver, origin)
            try:
                await opened.open()
                response = await opened.messages.perform(_outgoing(command, event, opened))
            finally:
                await opened.release()
        _demand_taken(response.command, event)

    def _open_one(self, event: Notify, receiver: str, origin: Association | None) -> Association | None:
        """An association with the receiver that has the context, the request's own first; None: one is to be opened.

        Raises Ended when the request's own is demanded and over.
        """
        if event.route is ReportOn.NEW:
            return None
        own = () if origin is None else (origin,)
        others = () if event.route is ReportOn.SAME else tuple(self._associations)
        open_ones = [a for a in (*own, *others) if a.end is None and _title(a) == receiver]
        found = next((a for a in open_ones if _context_for(a, event) is not None), None)
        if found is None and event.route is ReportOn.SAME:
            raise Ended(Outcome.NOT_SENT, "the association it belongs to is over, and no other is to be used.")
        return found

    def _new_one(self, event: Notify, receiver: str, origin: Association | None) -> Association:
        """An association to open. Raises Ended when nobody knows where the receiver is."""
        uid = event.abstract_syntax or event.sop_class_uid
        target = self.destinations.get(receiver)
        if target is None:
            name = uid_text(uid)
            sentence = f"it has no association open that accepted {name}, and no destination of that name is set."
            raise Ended(Outcome.NOT_SENT, sentence)
        peer = Peer(name=target.ae_title, ae_title=target.ae_title, host=target.host, port=target.port)
        context = ProposedContext(1, uid, (EXPLICIT_VR_LE, IMPLICIT_VR_LE), Role.SCP)
        title = _own_title(origin) if origin else ""
        local = replace(self.local, ae_title=title or self.local.ae_title)
        proposal = Proposal(
            local=local, peer=peer, contexts=(context,), timeouts=self.timeouts, tls=target.tls, limits=self.limits
        )
        return Association(
            self.context,
            self.context.new_id(),
            requestor=True,
            peer=peer,
            timeouts=self.timeouts,
            proposal=proposal,
            listener=self.listener,
        )


def _outgoing(command: CommandSet, event: Notify, where: Association) -> Outgoing:
    return Outgoing(command=command, data=event.data, context_id=_context_for(where, event), replacing=True)


def _demand_taken(answer: CommandSet, event: Notify) -> None:
    """Raises Ended where the receiver has answered that it did not take the report."""
    status = answer.status
    if status is not None and outcome_of(status) is Outcome.FAILURE:
        comment = answer.text("ErrorComment")[:MOST_COMMENT]
        told = " — ".join(filter(None, (status_text(status, SERVICE, event.sop_class_uid), comment)))
        raise Ended(Outcome.FAILURE, f"it was answered with {told}.")


def _what_next(again: int, wait: float | None, retries: int) -> str:
    """What becomes of a report that could not be delivered. again: which try follows. wait: seconds, None: no other."""
    if wait is not None:
        return f" It is tried again in {wait:g} s ({again} of {retries})."
    return f" That was the last of {retries + 1} tries." if retries else ""


def _receiver(event: Notify, origin: Association | None) -> str:
    return event.receiver or (_title(origin) if origin else "")


def _title(association: Association) -> str:
    """AE title of the other side."""
    negotiated = association.negotiated
    if negotiated is None:
        return ""
    return negotiated.called_ae_title if association.requestor else negotiated.calling_ae_title


def _own_title(association: Association) -> str:
    negotiated = association.negotiated
    if negotiated is None:
        return ""
    return negotiated.calling_ae_title if association.requestor else negotiated.called_ae_title


def _context_for(association: Association, event: Notify) -> int | None:
    """The accepted context on which we may send it."""
    if association.negotiated is None:
        return None
    accepted = association.negotiated.accepted_for(event.abstract_syntax or event.sop_class_uid)
    ours = (c.id for c in accepted if has_role(c, SERVICE, requestor=association.requestor))
    return next(ours, None)
