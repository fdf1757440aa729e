"""A diagnosis as a value."""

from __future__ import annotations

from enum import Enum

from engine.standard.lean import dataclass


class Setting(Enum):
    """What a mend changes, of the peer called or of the operation that failed."""

    CALLED_AE_TITLE = "called AE title"
    CALLING_AE_TITLE = "calling AE title"
    HOST = "host"
    PORT = "port"
    TLS = "TLS"
    """value: bool."""
    TLS_CHECK_HOST_NAME = "host-name check"
    """value: bool."""
    CONNECT_TIMEOUT = "connect time-out"
    """value: seconds, as for the other time-outs."""
    ACSE_TIMEOUT = "ACSE time-out"
    DIMSE_TIMEOUT = "DIMSE time-out"
    ASYNC_WINDOW = "asynchronous operations window"
    """value: None, to propose none."""
    USER_IDENTITY = "user identity"
    """value: None, to give none."""
    EXTENDED_NEGOTIATION = "extended negotiation"
    """value: None, to propose none."""
    APPLICATION_CONTEXT = "application context"
    SYNTAXES = "transfer syntaxes"
    """value: (abstract syntax, transfer syntaxes to propose besides)."""
    CONTEXT = "presentation context"
    """value: (abstract syntax, transfer syntaxes) to propose."""
    SCP_ROLE = "SCP role"
    """value: abstract syntaxes to propose the SCP role for."""
    LISTEN = "listener"
    """value: port; start the built-in peer there."""
    MOVE_DESTINATION = "move destination"
    MAXIMUM_LENGTH = "maximum length"


@dataclass(frozen=True, slots=True)
class Mend:
    """One setting that would mend it. words: of its button, in the imperative."""

    setting: Setting
    value: object
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What shows it: a row of the trace, and which bytes of its PDU.

    time: seconds since the epoch of the PDU or message, None for the association as a whole. sent: its direction.
    """

    text: str
    association: int
    time: float | None = None
    sent: bool | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why something failed, in four sentences."""

    rule: str
    """Its name, "reject.called-title"."""
    title: str
    """The cause in a few words."""
    happened: str
    """What was seen on the wire."""
    cause: str
    """What it likely comes from."""
    change: str
    """What to change, and where."""
    clause: str
    proofs: tuple[Proof, ...] = ()
    mends: tuple[Mend, ...] = ()
    association: int = 0
    operation: int | None = None
    peer: str = ""
    """The product the peer says it is, "" when it said nothing known."""
