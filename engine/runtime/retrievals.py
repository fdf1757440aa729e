"""C-GET and C-MOVE operations under way, and the C-STORE sub-operations that arrive for them.

A C-STORE-RQ of a C-GET comes on the association of the C-GET (PS3.4 C.4.3). That of a C-MOVE comes on another one and
names the C-MOVE by the Move Originator's AE title and Message ID (PS3.7 9.1.1.1.6, 9.1.1.1.7); what a peer leaves
out or gets wrong there is made good where only one C-MOVE can be meant, and is remembered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import field
from typing import TYPE_CHECKING

from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.limits import Limits
from engine.services.instances import InstanceStore, instance_from
from engine.standard.lean import dataclass
from engine.standard.messages import GET, MOVE, STORE
from engine.standard.status import StatusClass, status_class
from engine.wire.datasets import DataSetError

from .beside import beside
from .disk_pace import SMALL
from .outgoing import size_of
from .places import known_quick

if TYPE_CHECKING:
    from .association import Association

_STORED = (StatusClass.SUCCESS, StatusClass.WARNING)
NAMED = 3
"""Reasons told of copies that could not be kept, and wrong Move Originators: each of thousands may have another."""


@dataclass(slots=True, eq=False)
class Retrieval:
    """One C-GET or C-MOVE. listener: the one armed for it alone. copies: where what the running built-in peer receives
    for it is kept too."""

    operation: int
    association: int
    is_move: bool
    message_id: int
    local_title: str
    peer_title: str
    destination: str = ""
    listener: int | None = None
    copies: InstanceStore | None = None
    asked: int = 0
    """C-STORE-RQs that arrived."""
    answered: Counter[StatusClass] = field(default_factory=Counter)
    originators: Counter[str] = field(default_factory=Counter)
    """What was wrong about the Move Originator, in words."""
    not_kept: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def stored(self) -> int:
        """Instances that arrived here and were answered with success or a warning."""
        return sum(self.answered[kind] for kind in _STORED)

    @property
    def refused(self) -> int:
        """Instances that arrived here and were answered with a failure."""
        return self.answered.total() - self.stored

    def note_originator(self, wrong: str) -> None:
        """A C-STORE-RQ of it had a wrong Move Originator."""
        known = wrong in self.originators or len(self.originators) < NAMED
        self.originators[wrong if known else "name others yet as Move Originator"] += 1

    def answer(self, status: int | None) -> None:
        """A C-STORE of it was answered."""
        self.answered[StatusClass.FAILURE if status is None else status_class(status)] += 1
        self.changed.set()

    async def keep_copy(self, command: CommandSet, data: EncodedData | FileData | None, limits: Limits) -> None:
        """What the built-in peer took for its own store, into the folder that was asked for as well."""
        from .files import FolderStore, instance_takes_long  # with all it takes to write: most programs start without

        if self.copies is None or data is None:
            return
        folder = self.copies.folder if isinstance(self.copies, FolderStore) else None
        quick = folder is None or known_quick(folder)
        if quick and size_of(data) <= SMALL and not instance_takes_long(data, data.transfer_syntax):
            problem = _copied(self.copies, command, data, limits)
        else:
            problem = await (asyncio.to_thread if quick else beside)(_copied, self.copies, command, data, limits)
        if problem and len(self.not_kept) < NAMED:
            self.not_kept.append(f"{command.sop_instance_uid} {problem}")

    async def settled(self, expected: int, seconds: float) -> None:
        """Wait until so many are stored and none is left unanswered; `seconds` at most."""
        try:
            async with asyncio.timeout(seconds):
                while self.stored < expected or self.answered.total() < self.asked:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            pass


def _copied(copies: InstanceStore, command: CommandSet, data: EncodedData | FileData, limits: Limits) -> str:
    """Keep one more; "" or why not."""
    try:
        return copies.add(instance_from(command.sop_class_uid, command.sop_instance_uid, data, limits))
    except DataSetError as error:
        return str(error)


class Retrievals:
    """All under way, by operation."""

    def __init__(self) -> None:
        self._running: dict[int, Retrieval] = {}
        self._prepared: dict[int, tuple[int | None, InstanceStore | None]] = {}

    def prepare(self, operation: int, listener: int | None, copies: InstanceStore | None) -> None:
        """What is known of an operation before its request is sent."""
        self._prepared[operation] = listener, copies

    def begin(self, association: Association, operation: int, command: CommandSet) -> None:
        """A request is on its way; every other than a C-GET-RQ or C-MOVE-RQ is passed over."""
        if command.command_field not in (GET, MOVE) or association.negotiated is None:
            return
        listener, copies = self._prepared.pop(operation, (None, None))
        self._running[operation] = Retrieval(
            operation=operation,
            association=association.number,
            is_move=command.command_field == MOVE,
            message_id=command.message_id or 0,
            local_title=association.negotiated.calling_ae_title,
            peer_title=association.negotiated.called_ae_title,
            destination=command.text("MoveDestination").strip(),
            listener=listener,
            copies=copies,
        )

    @property
    def any(self) -> bool:
        """Whether there are any."""
        return bool(self._running)

    def of(self, operation: int) -> Retrieval | None:
        return self._running.get(operation)

    def end(self, operation: int) -> None:
        """The operation is over; what arrives from now on stands alone."""
        self._running.pop(operation, None)
        self._prepared.pop(operation, None)

    def meant_by(self, association: Association, command: CommandSet) -> Retrieval | None:
        """The operation that a C-STORE-RQ which arrived belongs to; it is counted there."""
        if command.command_field != STORE or not self._running:
            return None
        found = self._find(association, command)
        if found is not None:
            found.asked += 1
        return found

    def _find(self, association: Association, command: CommandSet) -> Retrieval | None:
        running = self._running.values()
        own = [r for r in running if not r.is_move and r.association == association.number]
        if own:
            return own[0]
        if association.requestor or association.negotiated is None:
            return None
        moves = [r for r in running if r.is_move]
        title = command.text("MoveOriginatorApplicationEntityTitle").strip()
        number = command.number("MoveOriginatorMessageID")
        named = [r for r in moves if (r.local_title, r.message_id) == (title, number)]
        found = _only(named, association)
        if found is None and not named:
            found = _only(_possible(moves, association), association)
            if found is not None:
                found.note_originator(_wrong(found, title, number))
        return found


def _only(candidates: list[Retrieval], association: Association) -> Retrieval | None:
    """The one that is meant; of several, the one whose peer or listener it is."""
    if len(candidates) <= 1:
        return next(iter(candidates), None)
    near = _possible(candidates, association)
    return near[0] if len(near) == 1 else None


def _possible(moves: Iterable[Retrieval], association: Association) -> list[Retrieval]:
    """C-MOVEs that a C-STORE-RQ on this association may belong to: it came to the listener armed for one, or from the
    peer that was asked, for the destination named."""
    negotiated = association.negotiated
    assert negotiated is not None
    armed = [r for r in moves if r.listener is not None and r.listener == association.listener]
    if armed:
        return armed
    titles = negotiated.calling_ae_title, negotiated.called_ae_title
    return [r for r in moves if r.listener is None and (r.peer_title, r.destination) == titles]


def _wrong(retrieval: Retrieval, title: str, number: int | None) -> str:
    if not title and number is None:
        return "name no Move Originator"
    said = f"{title or 'no AE title'} and {'no Message ID' if number is None else f'Message ID {number}'}"
    return f"name {said} as Move Originator instead of {retrieval.local_title} and Message ID {retrieval.message_id}"
