"""What the DIMSE exchange tells: messages that came, and what they belong to."""

from __future__ import annotations

from engine.model.command_set import CommandSet
from engine.model.dataset import EncodedData, FileData
from engine.standard.lean import dataclass
from engine.standard.status import StatusClass, status_class
from engine.wire.issues import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One whole message from the peer.

    abstract_syntax, transfer_syntax: of its context; "" when that was not accepted. data_length: bytes of the data set.
    issues: departures seen while it was put together and matched.
    """

    context_id: int
    abstract_syntax: str
    transfer_syntax: str
    command: CommandSet
    command_bytes: bytes
    data: EncodedData | FileData | None
    data_length: int
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request to be served; `key` names it for `respond`."""

    message: Received
    key: int


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """A response to `operation`; `final` unless its status is Pending; `duration`: seconds since the request."""

    operation: int
    message: Received
    final: bool
    duration: float


@dataclass(frozen=True, slots=True)
class CancelReceived:
    """C-CANCEL-RQ; `key` is that of the request it cancels, None when no such request is being served."""

    message: Received
    key: int | None


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A message that belongs to nothing; `sentence` says why."""

    message: Received
    sentence: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No response to `operation` came in time. It is not waited for any more."""

    operation: int


Event = RequestReceived | ResponseReceived | CancelReceived | Unsolicited | TimedOut


def is_pending(response: CommandSet) -> bool:
    """Whether more responses follow. One without a status is the last: nobody could tell what to wait for."""
    status = response.status
    return bool(status) and status_class(status or 0) is StatusClass.PENDING
