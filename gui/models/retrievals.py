"""Several retrievals, one after the other, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.commands import Retrieve
from engine.model.notices import Outcome, StatusNotice

_GOES_ON = (Outcome.SUCCESS, Outcome.WARNING, Outcome.FAILURE)
"""Outcomes after which the next one is asked for: the peer answered, and nobody stopped it."""


class Retrievals:
    """What is still to be asked, and how what was asked has ended."""

    def __init__(self, asked: Iterable[Retrieve] = ()) -> None:
        self._left = list(asked)
        self._ended: list[StatusNotice] = []

    def next(self) -> Retrieve:
        """The one to ask now. IndexError when there is none left."""
        return self._left.pop(0)

    def ended(self, status: StatusNotice) -> bool:
        """One has ended so; whether the next one is to be asked."""
        self._ended.append(status)
        return bool(self._left) and status.outcome in _GOES_ON

    def verdict(self) -> tuple[str, str]:
        """How they went together, and its role (ok, warning); ("", "") when there was but one."""
        number = len(self._ended) + len(self._left)
        if number < 2:
            return "", ""
        arrived = sum(s.received or 0 for s in self._ended)
        good = sum(s.outcome is Outcome.SUCCESS for s in self._ended)
        words = f"{good} of {number} retrievals went well; {arrived:,} instances arrived here."
        worst = next((s for s in self._ended if s.outcome is not Outcome.SUCCESS), None)
        if worst is None:
            return words, "ok"
        return f"{words} {worst.sentence} {worst.verdict}".strip(), "warning"
