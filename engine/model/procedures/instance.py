"""Reading instances."""

from __future__ import annotations

from engine.standard.lean import dataclass

from .base import Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadInstance(Procedure):
    """N-GET of one instance (PS3.7 10.1.2), once or again and again."""

    sop_class_uid: str
    sop_instance_uid: str
    attributes: tuple[int, ...] = ()
    """Tags asked for; () asks for all the SCP has (PS3.7 10.1.2.1.5)."""
    context_uid: str = ""
    """Abstract syntax of the context; "" is the SOP class, or what else it can go through, as the peer accepts."""
    every: float | None = None
    """Read again so many seconds after each answer, until the user cancels; None reads once."""
    times: int | None = None
    """With `every`: an end after so many readings."""
