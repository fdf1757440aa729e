"""What all tabs of the builder know together: the association, its contexts, message IDs, requests to answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from engine.model.association import Negotiated, Proposal
from engine.model.limits import Limits
from engine.model.notices import Direction, MessageNotice
from engine.standard.messages import MESSAGES, SERVICES, MessageRow, message_for
from engine.standard.status import StatusClass, status_class
from gui.pace import INTERVAL, Pace

KEPT_REQUESTS = 50
"""Received requests offered for answering: more than a person keeps waiting."""
KEPT_INSTANCES = 200
"""Created instances offered as UIDs: a morning of trying MPPS and print."""
MAXIMUM_MESSAGE_ID = 0xFFFF
_CREATE, _CREATED, _DELETED = (MESSAGES[n].command_field for n in ("N-CREATE-RQ", "N-CREATE-RSP", "N-DELETE-RSP"))


class Known(QObject):
    """`changed` when something automatic values or lists depend on is another; of many changes at once, told once."""

    changed = Signal()
    waiting = Signal()
    """Another request waits for its answer, or one less."""

    def __init__(self, limits: Callable[[], Limits], parent: QObject | None = None) -> None:
        """limits: of the data sets that are read, as the user has set them by now."""
        super().__init__(parent)
        self.limits = limits
        self.negotiated: Negotiated | None = None
        self.association: int | None = None
        self.proposal: Proposal | None = None
        self.requests: deque[MessageNotice] = deque(maxlen=KEPT_REQUESTS)
        self.instances: deque[tuple[str, str]] = deque(maxlen=KEPT_INSTANCES)
        self._last_id = 0
        self._pending = False
        self._waits = Pace(self)
        self._waits.due.connect(self.waiting)
        self._pace = Pace(self, 2 * INTERVAL)
        self._pace.due.connect(self.settle)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._pace.ask)
        self._creating: dict[int, tuple[str, str]] = {}

    def settle(self) -> None:
        """Tell now what is still to be told, for somebody who needs it to be true (before sending)."""
        if not self._pending:
            return
        self._pending = False
        self.changed.emit()

    def _soon(self) -> None:
        """After this batch, and not too often."""
        if not self._pending:
            self._pending = True
            self._timer.start(0)

    @property
    def next_message_id(self) -> int:
        """What the engine will most likely give the next request of the association."""
        return self._last_id % MAXIMUM_MESSAGE_ID + 1

    @property
    def calling_ae_title(self) -> str:
        if self.negotiated is not None:
            return self.negotiated.calling_ae_title
        return self.proposal.local.ae_title if self.proposal is not None else ""

    def fitting_request(self, message: MessageRow) -> MessageNotice | None:
        """The latest request waiting that a response answers."""
        if message.kind != "response":
            return None
        field = MESSAGES[SERVICES[message.service].request].command_field
        return next((r for r in reversed(self.requests) if r.command.command_field == field), None)

    def waits(self, association: int | None, message_id: int | None) -> MessageNotice | None:
        """The received request with this Message ID, if it waits for its answer."""
        key = (association, message_id)
        return next((r for r in self.requests if (r.association, r.command.message_id) == key), None)

    def latest_instances(self) -> list[str]:
        """UIDs known to exist at the peer, the latest first."""
        return [uid for _sop_class, uid in reversed(self.instances)]

    def titles(self) -> list[str]:
        """AE titles worth offering: ours first."""
        called = self.negotiated.called_ae_title if self.negotiated else ""
        peer = self.proposal.peer.ae_title if self.proposal else ""
        return list(dict.fromkeys(filter(None, (self.calling_ae_title, called, peer))))

    def set_negotiated(self, negotiated: Negotiated | None, association: int | None) -> None:
        if (negotiated, association) != (self.negotiated, self.association):
            if association != self.association:
                self._last_id = 0
            self.negotiated, self.association = negotiated, association
            self.changed.emit()

    def set_proposal(self, proposal: Proposal | None) -> None:
        if proposal != self.proposal:
            self.proposal = proposal
            self.changed.emit()

    def take(self, notice: MessageNotice) -> None:
        """Learn from a message, sent or received."""
        command = notice.command
        field = command.command_field
        row = message_for(field or 0)
        kind = row.kind if row else ""
        if notice.direction is Direction.SENT and kind == "request":
            if notice.association == self.association and (number := command.message_id) is not None:
                self._last_id = number
                self._soon()
            if field == _CREATE and notice.operation is not None:
                self._creating[notice.operation] = command.sop_class_uid, command.sop_instance_uid
                while len(self._creating) > KEPT_INSTANCES:
                    del self._creating[next(iter(self._creating))]
        elif notice.direction is Direction.RECEIVED and kind == "request":
            self.requests.append(notice)
            self._soon()
            self._waits.ask()
        elif notice.direction is Direction.SENT and kind == "response":
            answered = (notice.association, command.responded_to)
            self._keep([r for r in self.requests if (r.association, r.command.message_id) != answered])
        elif field in (_CREATED, _DELETED):
            self._answered(notice)

    def forget(self, association: int) -> None:
        """The association has ended: nothing on it can be answered any more."""
        self._keep([r for r in self.requests if r.association != association])

    def _keep(self, requests: list[MessageNotice]) -> None:
        if len(requests) != len(self.requests):
            self.requests = deque(requests, maxlen=KEPT_REQUESTS)
            self._soon()
            self._waits.ask()

    def _answered(self, notice: MessageNotice) -> None:
        """Remember what was created, forget what was deleted."""
        command = notice.command
        succeeded = status_class(command.status or 0) in (StatusClass.SUCCESS, StatusClass.WARNING)
        if command.command_field == _CREATED and notice.operation is not None:
            asked = self._creating.pop(notice.operation, ("", ""))
            pair = command.sop_class_uid or asked[0], command.sop_instance_uid or asked[1]
            if succeeded and pair[1]:
                self.instances.append(pair)
                self._soon()
        elif command.command_field == _DELETED and succeeded:
            pair = command.sop_class_uid, command.sop_instance_uid
            if pair in self.instances:
                self.instances.remove(pair)
                self._soon()
