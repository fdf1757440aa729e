"""The operations and notifications one side invoked and that have no final response yet (PS3.7 7.5)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import field

from engine.standard.lean import dataclass
from engine.standard.messages import SERVICES, ServiceRow, message_for

LARGEST_ID = 0xFFFF
ANSWERED = "has had its final response"
REMEMBERED = 256
"""Message IDs of which it is remembered how they ended, so that a late or second response can be explained."""


@dataclass(slots=True, eq=False)
class Invoked:
    """One of them. Times are in the caller's clock, in seconds; deadline None: it is waited for without end."""

    operation: int
    message_id: int
    context_id: int
    command_field: int | None
    sent: float
    deadline: float | None = None

    @property
    def service(self) -> ServiceRow | None:
        row = message_for(self.command_field or 0)
        return SERVICES.get(row.service) if row else None

    @property
    def has_pending(self) -> bool:
        """Whether Pending responses to it show that it goes on: other services have none (PS3.7 Table 7.5-1)."""
        service = self.service
        return service is None or service.multiple_responses


@dataclass(slots=True)
class Outstanding:
    """All of them, oldest first. timeout: seconds each waits for its next response, 0 for without end."""

    timeout: float = 0.0
    _invoked: list[Invoked] = field(default_factory=list)
    _ended: OrderedDict[int, str] = field(default_factory=OrderedDict)
    _last_id: int = 0

    def __len__(self) -> int:
        return len(self._invoked)

    @property
    def operations(self) -> tuple[int, ...]:
        return tuple(i.operation for i in self._invoked)

    def next_id(self) -> int | None:
        """The next Message ID from 1 to 65535 that is not outstanding (PS3.7 9.1.1.1.1); None when all are."""
        taken = {i.message_id for i in self._invoked} if self._invoked else ()
        for _ in range(LARGEST_ID):
            self._last_id = self._last_id % LARGEST_ID + 1
            if self._last_id not in taken:
                return self._last_id
        return None

    @property
    def following(self) -> int:
        """What `next_id` gives when none is outstanding."""
        return self._last_id % LARGEST_ID + 1

    def add(self, invoked: Invoked, now: float) -> None:
        self._ended.pop(invoked.message_id, None)
        self._invoked.append(invoked)
        self.moved_on(invoked, now)

    def moved_on(self, invoked: Invoked, now: float) -> None:
        """Something was seen of it: its time starts again."""
        invoked.deadline = now + self.timeout if self.timeout else None

    def end(self, invoked: Invoked, how: str) -> None:
        """It is over; `how` completes the sentence "the Message ID ..."."""
        self._invoked.remove(invoked)
        self._ended[invoked.message_id] = how
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)  # of a plain dict, whoever looks for the first passes all that are gone

    def clear(self) -> None:
        self._invoked.clear()

    def find(self, operation: int) -> Invoked | None:
        for invoked in self._invoked:
            if invoked.operation == operation:
                return invoked
        return None

    def asked(self, message_id: int | None, context_id: int) -> Invoked | None:
        """The one a response is to; of several with its Message ID rather the one on its context."""
        if len(self._invoked) == 1:
            return self._invoked[0] if self._invoked[0].message_id == message_id else None
        candidates = [i for i in self._invoked if i.message_id == message_id]
        return next((i for i in candidates if i.context_id == context_id), candidates[0] if candidates else None)

    def to_cancel(self, message_id: int | None) -> Invoked | None:
        """The one a C-CANCEL-RQ is for: by its Message ID, else (None) the newest whose service has a cancel."""
        if message_id is not None:
            return next((i for i in self._invoked if i.message_id == message_id), None)
        return next((i for i in reversed(self._invoked) if i.service and i.service.cancel), None)

    def with_sub_operations(self) -> list[Invoked]:
        """Those a request of the peer may be a sub-operation of, which shows that they go on (PS3.7 9.1.3)."""
        return [i for i in self._invoked if i.service and i.service.sub_operations]

    def overdue(self, now: float) -> list[Invoked]:
        return [i for i in self._invoked if i.deadline is not None and i.deadline <= now]

    def next_timeout(self) -> float | None:
        return min((i.deadline for i in self._invoked if i.deadline is not None), default=None)

    def why_not(self, message_id: int | None) -> str:
        """Why no response to this Message ID was due, to complete "the Message ID ..."."""
        if message_id is None:
            return "is missing"
        return self._ended.get(message_id, "is not that of a request of ours")
