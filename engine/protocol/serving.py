"""The operations and notifications the peer invoked and that have not had their final response from us (PS3.7 7.5)."""

from __future__ import annotations

from dataclasses import field

from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData
from engine.standard.lean import dataclass
from engine.standard.messages import RESPONSE_BIT

from .exchange_events import Received

REQUEST = 8 * 1024
"""Bytes a request that waits for its answer keeps beside its data set: what serves it, and its command set."""


@dataclass(slots=True, eq=False)
class Served:
    """One of them. key: by which it is answered. size: bytes it keeps."""

    key: int
    context_id: int
    command: CommandSet
    size: int


@dataclass(slots=True)
class Serving:
    """All of them, oldest first. held: bytes they keep until they are answered."""

    held: int = 0
    _served: list[Served] = field(default_factory=list)
    _last_key: int = 0

    def __len__(self) -> int:
        return len(self._served)

    def add(self, message: Received) -> int:
        """A request arrived; its key."""
        self._last_key += 1
        data = message.data
        size = REQUEST + len(data.data) if isinstance(data, EncodedData) else REQUEST
        self.held += size
        self._served.append(Served(self._last_key, message.context_id, message.command, size))
        return self._last_key

    def passed(self) -> None:
        """A request arrived and was answered at once."""
        self._last_key += 1

    def end(self, served: Served) -> None:
        """It has had its final response."""
        self._served.remove(served)
        self.held -= served.size

    def clear(self) -> None:
        self._served.clear()
        self.held = 0

    def find(self, key: int) -> Served | None:
        return next((s for s in self._served if s.key == key), None)

    def with_id(self, message_id: int | None) -> Served | None:
        """The oldest with this Message ID."""
        return next((s for s in self._served if s.command.message_id == message_id), None)

    def answered_by(self, response: CommandSet) -> Served | None:
        """The one a response is to: by its Message ID, else (none given) the oldest of the same service."""
        number = response.responded_to
        if number is not None:
            return self.with_id(number)
        asked = (response.command_field or 0) & ~RESPONSE_BIT
        return next((s for s in self._served if s.command.command_field == asked), None)
