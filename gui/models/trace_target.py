"""What a row of the log points at in the trace."""

from __future__ import annotations

from engine.standard.lean import dataclass
from engine.trace.diagnosis.model import Diagnosis


@dataclass(frozen=True, slots=True)
class TraceTarget:
    """An association, and the PDU that was sent or received at or before a time.

    time: seconds since the epoch. sent: True sent, False received, None either; of no PDU when `time` is None.
    """

    association: int
    time: float | None = None
    sent: bool | None = None
    message: bool = False
    """Whether a message was told at that time, after its PDUs."""
    ahead: float | None = None
    """Seconds the time of day was ahead of the monotonic clock then: it may have been set since, so that times come
    twice. None where that is not known."""
    diagnosis: Diagnosis | None = None
    """What explains it, to be shown first."""
