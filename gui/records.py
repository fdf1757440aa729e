"""What the window knows of an association, of an echo, of the built-in peer."""

from __future__ import annotations

from engine.model.association import Negotiated, Peer, Proposal
from engine.model.notices import FINAL_PHASES, AssociationPhase, Outcome
from engine.model.tls import TlsSettings, TlsVerdict
from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationRecord:
    """One association as the window sees it."""

    association: int
    peer: Peer
    phase: AssociationPhase
    requestor: bool = True
    state: str = "Sta1"
    proposal: Proposal | None = None
    negotiated: Negotiated | None = None
    sentence: str = ""
    established_after: float | None = None
    """Seconds from the start to the established association."""
    tls: TlsVerdict | None = None
    """What the TLS handshake came to; None without TLS."""
    held: bool = False
    """Opened to be held (Associate), not for a single operation."""
    auto_answer: bool = True
    """Whether the engine answers the requests that come in; else they wait for the user."""

    @property
    def established(self) -> bool:
        return self.phase is AssociationPhase.ESTABLISHED

    @property
    def finished(self) -> bool:
        return self.phase in FINAL_PHASES

    @property
    def opening(self) -> bool:
        return self.phase in (AssociationPhase.CONNECTING, AssociationPhase.NEGOTIATING)


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoReport:
    """How an Echo ended."""

    operation: int
    peer: Peer
    outcome: Outcome
    time: float
    round_trip: float | None
    """Seconds from C-ECHO-RQ to C-ECHO-RSP; None when no response came."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerState:
    """The built-in peer."""

    listener: int | None = None
    listening: bool = False
    starting: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    ae_title: str = ""
    sentence: str = ""
    tls: TlsSettings | None = None
    """None: plain TCP."""
    faults: int = 0
    """Rules of its script that are switched on: it departs from the Standard on purpose."""
    failed: bool = False
    """It was to start and could not; one that was stopped has not failed."""

    @property
    def loopback(self) -> bool:
        return self.host in ("127.0.0.1", "::1", "localhost")
