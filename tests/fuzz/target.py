"""What a target is: one entry of the engine for foreign bytes, and what it may raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """run: takes any bytes; whatever it raises is a fault, documented exceptions it swallows itself.

    seeds: what to begin with. largest: bytes of an input. text: changed by lines and words.
    seconds: processor time an input may take.
    """

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    largest: int = 4096
    text: bool = False
    seconds: float = 5.0
