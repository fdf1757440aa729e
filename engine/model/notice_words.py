"""The words notices use: which way, where something is in its life, how it ended and why."""

from __future__ import annotations

from enum import Enum

from engine.standard.status import StatusClass


class Direction(Enum):
    """Which way something passed, as we see it; in a recording, as its requestor did."""

    SENT = "sent"
    RECEIVED = "received"


class AssociationPhase(Enum):
    """Where an association is in its life."""

    CONNECTING = "connecting"
    NEGOTIATING = "negotiating"
    ESTABLISHED = "established"
    REJECTED = "rejected"
    RELEASING = "releasing"
    RELEASED = "released"
    ABORTED = "aborted"
    FAILED = "failed"
    """Connection failed, timed out, or the transport closed without release or abort."""


FINAL_PHASES = frozenset(
    {AssociationPhase.REJECTED, AssociationPhase.RELEASED, AssociationPhase.ABORTED, AssociationPhase.FAILED}
)


class Outcome(Enum):
    """How a whole operation ended; the command line's exit codes follow it."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    """A failure status."""
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    ABORTED = "aborted"
    TIMED_OUT = "timed out"
    CONNECTION_FAILED = "connection failed"
    NOT_SENT = "not sent"
    """Nothing could be sent: no accepted context, unreadable file, bad data."""


OUTCOMES = {
    StatusClass.SUCCESS: Outcome.SUCCESS,
    StatusClass.WARNING: Outcome.WARNING,
    StatusClass.CANCEL: Outcome.CANCELLED,
    StatusClass.PENDING: Outcome.SUCCESS,
}
"""What the status of a response means for its operation; any other is a failure."""


class Cause(Enum):
    """What ended an association other than its release, a reject or an abort whose values tell it."""

    NONE = ""
    SETTINGS = "settings"
    """Ours could not be used: nothing was sent."""
    ADDRESS_UNKNOWN = "address unknown"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CONNECT_FAILED = "connect failed"
    CONNECT_TIMED_OUT = "connect timed out"
    NO_REQUEST = "no request"
    """Connected, and sent no A-ASSOCIATE-RQ."""
    NO_ANSWER = "no answer"
    """To the A-ASSOCIATE-RQ."""
    NO_RESPONSE = "no response"
    """To a DIMSE request."""
    NO_RELEASE = "no release"
    """No answer to the A-RELEASE-RQ."""
    IDLE = "idle"
    STALLED = "stalled"
    """The peer did not read."""
    CLOSED = "closed"
    """The peer closed or broke the connection."""
    PROTOCOL = "protocol"
    """The peer broke the protocol and we aborted."""
    FOREIGN = "foreign"
    """The peer's bytes were another protocol's."""
    TLS_AT_PLAIN = "tls at plain"
    """TLS came where this side speaks none."""
    PLAIN_AT_TLS = "plain at tls"
    """DICOM without TLS came where this side speaks TLS."""
    TLS_REFUSED = "tls refused"
    """We did not accept the peer's certificate."""
    TLS_ALERT = "tls alert"
    """The peer ended TLS with an alert."""
    TLS_FAILED = "tls failed"
    TLS_TIMED_OUT = "tls timed out"
    SCRIPT = "script"
    """A rule of our own script wanted it."""
    STORAGE = "storage"
    """What was received could not be kept, or what was to be sent not be read."""


class StepState(Enum):
    """Where a step of a procedure is."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not done: what came before it failed, or the association ended."""


SHOWN = 256
"""Characters of an Error Comment (0000,0902) in a sentence. It has 64 at most, and from a broken peer 100,000."""


def commented(comment: str) -> str:
    """An Error Comment as a sentence goes on with it; "" for none."""
    said = comment if len(comment) <= SHOWN else f"{comment[:SHOWN]}… ({len(comment)} characters)"
    return f" — {said}" if said else ""
