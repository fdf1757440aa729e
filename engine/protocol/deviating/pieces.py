"""What goes onto the wire, and when: what a deviation makes of a PDU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace

from engine.model.scripting import Deviation
from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True)
class Put:
    """Bytes to send. own: they are (what became of) the PDU that was to be sent, not one beside it.

    pace: (bytes at a time, seconds after each).
    """

    data: bytes = field(repr=False)
    own: bool = False
    pace: tuple[int, float] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """What follows goes out so much later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Mute:
    """Nothing more is sent or closed from here on."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The connection is not closed by us any more."""


@dataclass(frozen=True, slots=True)
class End:
    """The connection is closed, or reset."""

    reset: bool = False


Piece = Put | Wait | Mute | Hold | End
Change = Callable[[list[Piece], Deviation], list[Piece]]


def on_bytes(change: Callable[[bytes, Deviation], bytes | list[Piece]]) -> Change:
    """A change of the PDU's own bytes; it may give several pieces for them."""

    def apply(pieces: list[Piece], deviation: Deviation) -> list[Piece]:
        made: list[Piece] = []
        for piece in pieces:
            if not isinstance(piece, Put) or not piece.own:
                made.append(piece)
                continue
            new = change(piece.data, deviation)
            made += [replace(piece, data=new)] if isinstance(new, bytes) else new
        return made

    return apply


def own(data: bytes) -> Put:
    return Put(data, own=True)
