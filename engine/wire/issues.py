"""What was noticed while reading bytes; judged by `engine.conformance`."""

from __future__ import annotations

from engine.standard.lean import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """A departure from the Standard seen while decoding.

    text: a sentence. start, end: the bytes it is about. clause: where the Standard says so.
    """

    text: str
    start: int
    end: int
    clause: str
