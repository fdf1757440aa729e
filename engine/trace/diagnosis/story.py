"""What is remembered of associations and operations, so that a rule can look back from the end of one."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

from engine.model.association import Negotiated, Peer, Proposal
from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.model.notices import (
    AssociationNotice,
    AssociationPhase,
    Cause,
    Direction,
    FindingNotice,
    MessageNotice,
    Notice,
    Outcome,
    PduNotice,
    StatusNotice,
    StoredNotice,
)
from engine.model.quick import quick
from engine.model.tls import TlsVerdict
from engine.protocol.products import product
from engine.standard.lean import dataclass
from engine.standard.messages import MESSAGES, message_name
from engine.standard.pdus import AbortPdu
from engine.standard.status import StatusClass, status_class

from .model import Proof

KEPT_ASSOCIATIONS = 500
"""Associations remembered; a diagnosis looks back over one that has just ended."""
KEPT_PDUS = 64
"""The latest PDUs of each, without their data: what a proof points at is among the last."""
KEPT_MESSAGES = 256
KEPT_DATA = 16 * 1024 * 1024
"""Bytes of the data sets of one operation under way, the first that come: what is wrong with text is wrong in all."""
KEPT_FINDINGS = 64
KEPT_OPERATIONS = 500
KEPT_REFUSALS = 4
"""Statuses of one operation that are explained: more would bury the first."""
_REFUSED = (StatusClass.FAILURE, StatusClass.WARNING)
_STORE, _STORED = MESSAGES["C-STORE-RQ"].command_field, MESSAGES["C-STORE-RSP"].command_field
Refused = dict[tuple[int | None, int | None], tuple[MessageNotice | None, MessageNotice]]
"""By response and status, the first request that was not answered with success, and its response; without data sets,
for an association remembers it long after."""


@dataclass(frozen=True, slots=True)
class PduSeen:
    """A PDU's row in the trace."""

    time: float
    type: int
    sent: bool
    state: str


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """A message without its data set: hundreds are remembered, of hundreds of associations."""

    time: float
    sent: bool
    command: CommandSet
    duration: float | None
    unsolicited: bool


_pdu_seen, _message_seen = quick(PduSeen), quick(MessageSeen)


@dataclass(slots=True)
class AssociationStory:
    """One association, either role."""

    number: int
    requestor: bool = True
    peer: Peer = field(default_factory=Peer)
    proposal: Proposal | None = None
    negotiated: Negotiated | None = None
    tls: TlsVerdict | None = None
    phase: AssociationPhase | None = None
    outcome: Outcome | None = None
    cause: Cause = Cause.NONE
    rejection: tuple[int, int, int] | None = None
    abort: tuple[int, int] | None = None
    sentence: str = ""
    started: float = 0.0
    established: float | None = None
    ended: float | None = None
    pdus: deque[PduSeen] = field(default_factory=lambda: deque(maxlen=KEPT_PDUS))
    messages: deque[MessageSeen] = field(default_factory=lambda: deque(maxlen=KEPT_MESSAGES))
    findings: deque[FindingNotice] = field(default_factory=lambda: deque(maxlen=KEPT_FINDINGS))
    refused: Refused = field(default_factory=dict)
    """Of the operation in which something was refused last."""

    @property
    def aborted_by_peer(self) -> bool:
        """Whether the A-ABORT was the peer's. One of its that could not be read is answered with ours."""
        senders = {pdu.sent for pdu in self.pdus if pdu.type == AbortPdu.TYPE}
        return self.abort is not None and senders == {False}

    @property
    def where(self) -> str:
        """host:port."""
        host = f"[{self.peer.host}]" if ":" in self.peer.host else self.peer.host
        return f"{host}:{self.peer.port}"

    @property
    def product(self) -> str:
        n = self.negotiated
        return product(n.peer_implementation_class_uid, n.peer_implementation_version_name) if n else ""

    def proof(self, text: str, *types: int, sent: bool | None = None, span: tuple[int, int] | None = None) -> Proof:
        """The latest PDU of one of these types (any when none is named) and direction; the association when there is
        none."""
        for pdu in reversed(self.pdus):
            if (not types or pdu.type in types) and sent in (None, pdu.sent):
                start, end = span or (None, None)
                return Proof(text=text, association=self.number, time=pdu.time, sent=pdu.sent, start=start, end=end)
        return Proof(text=text, association=self.number)

    def received(self, message: str) -> list[MessageSeen]:
        """Messages of this name that came, oldest first."""
        return [m for m in self.messages if not m.sent and message_name(m.command.command_field) == message]


@dataclass(slots=True)
class OperationStory:
    """One operation of a face."""

    number: int
    messages: deque[MessageNotice] = field(default_factory=lambda: deque(maxlen=KEPT_MESSAGES))
    pending: int = 0
    began_stores: int = 0
    """C-STORE-RQs that had come on any association when it began."""
    data: int = 0
    """Bytes of data sets that came with its messages."""
    refused: Refused = field(default_factory=dict)

    def keep(self, notice: MessageNotice) -> None:
        """Remember a message, with its data set where that is in memory and there is room; a temporary file is not kept
        from going."""
        data = notice.data
        if isinstance(data, EncodedData):
            self.data += notice.data_length
            if self.data > KEPT_DATA:
                notice = replace(notice, data=None)
        elif isinstance(data, FileData) and data.owner is not None:
            notice = replace(notice, data=None)
        self.messages.append(notice)
        if notice.direction is Direction.RECEIVED and notice.command.status and notice.command.is_response:
            self._refusal(notice)

    def _refusal(self, response: MessageNotice) -> None:
        key = response.command.command_field, response.command.status
        if key in self.refused or len(self.refused) == KEPT_REFUSALS or status_class(key[1] or 0) not in _REFUSED:
            return
        number = response.command.responded_to
        asked = (m for m in reversed(self.messages) if m.direction is Direction.SENT and not m.command.is_response)
        request = next((m for m in asked if m.command.message_id == number), None)
        self.refused[key] = request and replace(request, data=None), replace(response, data=None)

    def request(self) -> MessageNotice | None:
        """The first request sent that is kept."""
        return next((m for m in self.messages if m.direction is Direction.SENT and not m.command.is_response), None)

    def response(self) -> MessageNotice | None:
        """The last response received."""
        return next(
            (m for m in reversed(self.messages) if m.direction is Direction.RECEIVED and m.command.is_response), None
        )

    def proof(self, text: str, message: MessageNotice | None) -> tuple[Proof, ...]:
        if message is None:
            return ()
        sent = message.direction is Direction.SENT
        return (Proof(text=text, association=message.association, time=message.time, sent=sent),)


class Stories:
    """Associations and operations by number, the oldest forgotten."""

    def __init__(self) -> None:
        self.associations: OrderedDict[int, AssociationStory] = OrderedDict()
        self.operations: OrderedDict[int, OperationStory] = OrderedDict()
        self.stores_received = 0
        """C-STORE-RQs received on any association."""
        self._takes: dict[type[Notice], Callable[[Any], None]] = {
            AssociationNotice: self._association,
            PduNotice: self._pdu,
            MessageNotice: self._message,
            FindingNotice: self._finding,
            StoredNotice: self._stored,
        }

    def take(self, notice: Notice) -> None:
        take = self._takes.get(type(notice))
        if take is not None:
            take(notice)

    def association(self, number: int) -> AssociationStory:
        """What is known of an association; begun here where nothing is, and the oldest forgotten above the bound."""
        story = self.associations.get(number)
        if story is None:
            story = self.associations[number] = AssociationStory(number)
            while len(self.associations) > KEPT_ASSOCIATIONS:
                self.associations.popitem(last=False)
        return story

    def operation(self, number: int) -> OperationStory:
        """The same of an operation."""
        story = self.operations.get(number)
        if story is None:
            story = self.operations[number] = OperationStory(number, began_stores=self.stores_received)
            while len(self.operations) > KEPT_OPERATIONS:
                self.operations.popitem(last=False)
        return story

    def ended(self, status: StatusNotice) -> OperationStory:
        """The story of an operation that has ended, which is forgotten."""
        return self.operations.pop(status.operation, None) or OperationStory(status.operation)

    def _association(self, n: AssociationNotice) -> None:
        story = self.association(n.association)
        story.requestor, story.peer, story.phase = n.requestor, n.peer, n.phase
        story.proposal = n.proposal or story.proposal
        story.negotiated = n.negotiated or story.negotiated
        story.tls = n.tls or story.tls
        story.sentence = n.sentence or story.sentence
        story.started = story.started or n.clock
        if n.phase is AssociationPhase.ESTABLISHED:
            story.established = n.clock
        if n.outcome is not None:
            story.outcome, story.cause, story.ended = n.outcome, n.cause, n.clock
            story.rejection, story.abort = n.rejection, n.abort

    def _pdu(self, n: PduNotice) -> None:
        story = self.associations.get(n.association) or self.association(n.association)
        story.pdus.append(_pdu_seen(n.time, n.type, n.direction is Direction.SENT, n.state_after))

    def _message(self, n: MessageNotice) -> None:
        story = self.associations.get(n.association) or self.association(n.association)
        seen = _message_seen(n.time, n.direction is Direction.SENT, n.command, n.duration, n.unsolicited)
        story.messages.append(seen)
        if n.direction is Direction.RECEIVED and n.command.command_field == _STORE:
            self.stores_received += 1
        if n.operation is not None:
            operation = self.operations.get(n.operation) or self.operation(n.operation)
            operation.keep(n)
            if operation.refused:
                story.refused = operation.refused

    def _stored(self, n: StoredNotice) -> None:
        """Each file is an operation of its own; what it was refused with belongs to that of all files too."""
        for result in n.results:
            if not result.status or result.association is None:
                continue
            exchange = self.association(result.association).refused.get((_STORED, result.status))
            refused = self.operation(n.operation).refused
            if exchange is not None and len(refused) < KEPT_REFUSALS:
                refused.setdefault((_STORED, result.status), exchange)

    def _finding(self, n: FindingNotice) -> None:
        self.association(n.association).findings.append(n)
